from __future__ import annotations

import json
from collections import Counter, defaultdict

import numpy as np
import pytest
from PIL import Image as Pillow

from reading.small_studies import TWO_ARMS, arm, write_cases, write_pictures
from synthassay.errors import DataError, ReadingError, SpecError
from synthassay.reading.compiling import compile_study, read_design, read_truth
from synthassay.reading.starting_file import starting_file
from synthassay.reading.study_file import read_reader_study
from synthassay.records.reader_study import StudyKind
from synthassay.records.reading import Purpose, Truth


@pytest.mark.parametrize("kind", list(StudyKind))
def test_starting_files_can_be_read(tmp_path, kind):
    (tmp_path / "reader.toml").write_text(starting_file(kind))
    assert read_reader_study(tmp_path / "reader.toml").kind is kind


def test_every_fault_is_told_with_its_line(tmp_path):
    (tmp_path / "reader.toml").write_text(
        'title = "A reading"\nquestion = "Can they be told apart?"\nkind = "turring"\nreaders = 2\n'
        '[[arms]]\nname = "real"\nrole = "real"\npth = "real"\n[design]\nrepeats = 2.0\n'
    )
    with pytest.raises(SpecError) as told:
        read_reader_study(tmp_path / "reader.toml")
    for part in ("line 3, kind", "line 8, arms[0].pth: is not a known name (pth). Did you mean: path?", "line 10"):
        assert part in str(told.value)


@pytest.mark.parametrize("kind, arms, words", [
    ("turing", arm("a", "synthetic", "synthetic"), "exactly one arm of role real"),
    ("turing", arm("a", "real", "real"), "needs an arm to tell from the real one"),
    ("turing", TWO_ARMS + arm("p", "positive_control"), "needs a count"),
    ("turing", arm("a", "real", "x") + arm("a", "synthetic", "y"), "two arms are called 'a'"),
    ("diagnostic", TWO_ARMS, "needs `cases`"),
    ("quality", TWO_ARMS, "needs [[items]]"),
    ("turing", TWO_ARMS + arm("x", "aid", "aid"), "only a change study"),
])  # fmt: skip
def test_contradictions_are_refused(tmp_path, make_study, kind, arms, words):
    with pytest.raises(SpecError, match=".*") as told:
        compile_study(make_study(kind, arms=arms), tmp_path / "out")
    assert words in str(told.value)


def test_the_design_holds_no_truth(tmp_path, make_study):
    made = compile_study(make_study(), tmp_path / "out")
    text = (tmp_path / "out" / "design.json").read_text()
    truth = json.loads((tmp_path / "out" / "truth.json").read_text())
    for stimulus in truth["stimuli"]:
        assert stimulus["case"] not in text
        assert stimulus["sha256"] not in text
    assert "synthetic/" not in text
    for word in ("catch", "repeat", "treatment", 'truth":'):
        assert word not in text
    names = {path.name for path in (tmp_path / "out" / "images").iterdir()}
    assert names == {f"{one.image}.{suffix}" for one in made.truth.stimuli for suffix in ("bin", "json")}


def test_equal_inputs_give_equal_bytes_and_the_folder_is_never_changed(tmp_path, make_study):
    file = make_study()
    compile_study(file, tmp_path / "a")
    compile_study(file, tmp_path / "b")
    for path in (tmp_path / "a").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()
    with pytest.raises(ReadingError, match="exists already"):
        compile_study(file, tmp_path / "a")


def test_a_changed_truth_is_refused(tmp_path, make_study):
    compile_study(make_study(), tmp_path / "out")
    design = read_design(tmp_path / "out")
    assert read_truth(tmp_path / "out", design).digest() == design.truth_sha256
    path = tmp_path / "out" / "truth.json"
    truth = json.loads(path.read_text())
    truth["trials"][5]["truth"] = 1 - truth["trials"][5]["truth"]
    Truth.model_validate(truth).write(path)
    with pytest.raises(ReadingError, match="not the truth that this design was compiled with"):
        read_truth(tmp_path / "out", design)


def test_a_turing_study_is_balanced_and_repeats(tmp_path, make_study):
    design = "practice = 4\ncatch = 2\nrepeats = 0.2\nleast_gap = 5\nblocks = 2"
    arms = (
        TWO_ARMS
        + arm("degraded", "positive_control", more="count = 2")
        + arm("null", "negative_control", more="count = 2")
    )
    made = compile_study(make_study(count=16, arms=arms, design=design, readers="3"), tmp_path / "out")
    for plan in made.design.readers:
        told = {one.trial: one for one in made.truth.trials if one.reader == plan.reader}
        assert list(told) == [trial.name for trial in plan.trials]
        purposes = Counter(one.purpose for one in told.values())
        assert purposes == {Purpose.PRACTICE: 4, Purpose.MAIN: 28, Purpose.REPEAT: 6, Purpose.CATCH: 2}
        shown = Counter(trial.images for trial in plan.trials if told[trial.name].purpose is Purpose.MAIN)
        assert set(shown.values()) == {1}
        practice = {trial.images for trial in plan.trials if trial.practice}
        assert not practice & set(shown)
        for one in told.values():
            assert one.truth == int(one.treatment != "real")
            if one.purpose is Purpose.REPEAT:
                assert told[one.repeat_of].case == one.case
                gap = list(told).index(one.trial) - list(told).index(one.repeat_of)
                assert gap > 5
        blocks = defaultdict(Counter)
        for trial in plan.trials:
            if told[trial.name].purpose is Purpose.MAIN:
                blocks[told[trial.name].treatment][trial.block] += 1
        assert all(max(c.values()) - min(c[b] for b in (0, 1)) <= 1 for c in blocks.values())
    orders = {tuple(trial.images for trial in plan.trials) for plan in made.design.readers}
    assert len(orders) == 3


def test_targets_of_choices_stand_evenly_at_each_place(tmp_path, make_study):
    design = "alternatives = 4\npractice = 0\ncatch = 0\nrepeats = 0.0"
    made = compile_study(make_study("choice", count=12, design=design, readers="4"), tmp_path / "out")
    arm_of = {one.image: one.arm for one in made.truth.stimuli}
    by_case = defaultdict(Counter)
    for plan in made.design.readers:
        told = {one.trial: one for one in made.truth.trials if one.reader == plan.reader}
        places = Counter(one.truth for one in told.values())
        assert places == {0: 3, 1: 3, 2: 3, 3: 3}
        for trial in plan.trials:
            assert [arm_of[image] == "synthetic" for image in trial.images].index(True) == told[trial.name].truth
            assert len(set(trial.images)) == 4
            by_case[told[trial.name].case][told[trial.name].truth] += 1
    assert all(set(places.values()) == {1} for places in by_case.values())


def test_paired_choices_show_the_same_case(tmp_path, make_study):
    made = compile_study(make_study("choice", design="paired = true\npractice = 2\ncatch = 0"), tmp_path / "out")
    case_of = {one.image: one.case for one in made.truth.stimuli}
    for trial in made.design.readers[0].trials:
        assert len({case_of[image] for image in trial.images}) == 1


@pytest.mark.parametrize("sessions", ["mixed", "by_arm"])
def test_a_crossed_diagnostic_study_reads_every_case_in_every_arm(tmp_path, make_study, sessions):
    write_cases(tmp_path / "cases.csv", 12)
    design = f'practice = 2\ncatch = 0\nrepeats = 0.0\nwashout_days = 28.0\nsessions = "{sessions}"'
    file = make_study("diagnostic", design=design, extra='cases = "cases.csv"', readers="2")
    made = compile_study(file, tmp_path / "out")
    assert made.design.sessions == 2
    first_arm = []
    for plan in made.design.readers:
        told = {one.trial: one for one in made.truth.trials if one.reader == plan.reader}
        main = [t for t in plan.trials if told[t.name].purpose is Purpose.MAIN]
        assert Counter((told[t.name].case, told[t.name].treatment) for t in main).most_common(1)[0][1] == 1
        assert len(main) == 20
        for session in (0, 1):
            cases = [told[t.name].case for t in main if t.session == session]
            assert len(set(cases)) == len(cases) == 10
            arms = Counter(told[t.name].treatment for t in main if t.session == session)
            assert len(arms) == (2 if sessions == "mixed" else 1)
        first_arm.append(told[next(t for t in main if t.session == 0).name].treatment)
    if sessions == "by_arm":
        assert set(first_arm) == {"real", "synthetic"}


def test_cases_that_arms_do_not_share_are_refused(tmp_path, make_study):
    file = make_study("diagnostic", extra='cases = "cases.csv"')
    (tmp_path / "synthetic" / "case-03.png").unlink()
    write_cases(tmp_path / "cases.csv", 12)
    with pytest.raises(DataError, match="do not hold the same cases.*case-03"):
        compile_study(file, tmp_path / "out")


def test_a_change_study_shows_the_aid_after_the_case(tmp_path, make_study):
    write_pictures(tmp_path / "aid", 12, seed=5)
    write_cases(tmp_path / "cases.csv", 12)
    arms = arm("cases", "real", "real") + arm("aid", "aid", "aid")
    made = compile_study(make_study("change", arms=arms, extra='cases = "cases.csv"'), tmp_path / "out")
    told = {one.trial: one for one in made.truth.trials}
    trials = made.design.readers[0].trials
    main = [t for t in trials if told[t.name].purpose in (Purpose.MAIN, Purpose.REPEAT)]
    for before, after in zip(main[::2], main[1::2], strict=True):
        assert told[before.name].treatment == "unaided"
        assert told[after.name].treatment == "aided"
        assert told[before.name].case == told[after.name].case
        assert after.images[0] == before.images[0]
        assert len(after.images) == 2
        assert after.linked
    catches = [t for t in trials if told[t.name].purpose is Purpose.CATCH]
    assert [len(t.images) for t in catches] == [1]
    assert catches[0].notice.startswith("Attention check")


def test_places_of_findings_reach_the_truth_only(tmp_path, make_study):
    (tmp_path / "cases.csv").write_text(
        "case,truth,x,y,radius\n"
        + "".join(f"case-{i:02d},{i % 2},{'10,12,3' if i % 2 else ',,'}\n" for i in range(12))
        + "case-01,1,30,31,4\n"
    )
    file = make_study("diagnostic", extra='cases = "cases.csv"', arms=arm("real", "real", "real"))
    with file.open("a") as stream:
        stream.write('[scale]\nmarks = "many"\n')
    made = compile_study(file, tmp_path / "out")
    assert {len(one.places) for one in made.truth.trials if one.case == "case-01"} == {2}
    assert "radius" not in (tmp_path / "out" / "design.json").read_text()


@pytest.mark.parametrize("table, words", [
    ("case,truth\ncase-01,2\n", "line 2: has a truth that is neither 0 nor 1"),
    ("case,truth,name\ncase-01,1,Jane\n", "has other columns"),
    ("case,truth\ncase-01,1\ncase-01,1\n", "line 3: repeats a case"),
    ("case,truth,x,y,radius\ncase-01,0,1,1,1\n", "places a finding in a case whose truth is 0"),
    ("case,truth,x,y,radius\ncase-01,1,a,1,1\n", "a place without numbers"),
])  # fmt: skip
def test_a_wrong_table_is_told_by_line(tmp_path, make_study, table, words):
    (tmp_path / "cases.csv").write_text(table)
    with pytest.raises(DataError) as told:
        compile_study(make_study("diagnostic", extra='cases = "cases.csv"'), tmp_path / "out")
    assert words in str(told.value)


def test_the_positive_control_is_seen_in_the_picture_and_not_in_the_file(tmp_path, make_study):
    arms = TWO_ARMS + arm("degraded", "positive_control", more="count = 3")
    made = compile_study(make_study(arms=arms), tmp_path / "out")
    for one in made.truth.stimuli:
        pixels = np.frombuffer((tmp_path / "out" / "images" / f"{one.image}.bin").read_bytes(), np.uint8)
        source = np.asarray(Pillow.open(tmp_path / one.source.split(",")[0]), dtype=float)
        likeness = np.corrcoef(pixels, source.ravel())[0, 1]
        assert (pixels.min(), pixels.max()) == (0, 255)
        assert likeness < 0.95 if one.arm == "degraded" else likeness == pytest.approx(1)


def test_what_was_compiled_is_told(tmp_path, make_study):
    from synthassay.reading.summary import design_lines

    made = compile_study(make_study(), tmp_path / "out")
    lines = design_lines(made)
    assert f"design {made.design.digest()}" in lines
    assert f"truth  {made.design.truth_sha256}" in lines
