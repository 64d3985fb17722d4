"""The answer claims what the numbers show, in words that follow the outcome."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from synthassay.records.base import write_lines
from synthassay.report.contents import read_contents
from synthassay.report.findings import findings
from synthassay.report.requirements import requirements
from synthassay.report.story import answer, headline, limits

MakeRun = Callable[..., Path]


def answer_of(run: Path):
    contents = read_contents(run)
    names = contents.pseudonyms()
    return answer(contents, findings(contents, names), requirements(contents, names), names)


def test_the_headline_is_the_best_generator_on_the_first_measure_of_the_task(make_run: MakeRun):
    best = headline(read_contents(make_run()))
    assert best is not None and (best.metric, best.of, best.stratum) == ("mae", "pgan", "")


def test_a_study_that_augments_asks_about_utility_first(make_run: MakeRun):
    run = make_run()
    (run / "study.toml").write_text(
        (run / "study.toml").read_text(encoding="utf-8").replace('"translate"', '"augment"'), encoding="utf-8"
    )
    rows = [m for m in read_contents(run).measurements if m.metric != "tstr"]
    measured = next(m for m in read_contents(run).measurements if m.metric == "tstr" and m.of == "vae")
    rows.append(measured.model_copy(update={"value": 0.8, "not_measured": ""}))
    write_lines(run / "measurements.jsonl", rows)
    best = headline(read_contents(run))
    assert best is not None and (best.metric, best.of) == ("tstr", "vae")


def test_an_error_in_hounsfield_units_is_told_before_a_likeness_without_a_unit(make_run: MakeRun):
    run = make_run()
    rows = list(read_contents(run).measurements)
    rows.sort(key=lambda m: m.metric != "ssim")
    write_lines(run / "measurements.jsonl", rows)
    assert headline(read_contents(run)).metric == "ssim"
    write_lines(
        run / "measurements.jsonl", [m.model_copy(update={"unit": "HU"} if m.metric == "mae" else {}) for m in rows]
    )
    assert headline(read_contents(run)).metric == "mae"


def test_a_generator_that_loses_is_said_to_lose(make_run: MakeRun):
    run = make_run(generators=("vae",), baselines=("identity",))
    (run / "evaluation/comparisons.json").unlink()
    rows = list(read_contents(run).measurements)
    swapped = [m.model_copy(update={"of": {"vae": "identity", "identity": "vae"}.get(m.of, m.of)}) for m in rows]
    write_lines(run / "measurements.jsonl", swapped)
    assert "vae reached 47.5 [45.4, 50.0]" in answer_of(run).found
    assert "worse than the best baseline, identity (42.0 [39.9, 44.5])" in answer_of(run).found


def test_overlap_is_said_to_show_nothing(make_run: MakeRun):
    run = make_run(generators=("pgan",), baselines=("identity",))
    (run / "evaluation/comparisons.json").unlink()
    wide = [
        m.model_copy(update={"interval": m.interval.model_copy(update={"low": 0.0, "high": 99.0})}) if m.interval else m
        for m in read_contents(run).measurements
    ]
    write_lines(run / "measurements.jsonl", wide)
    assert "not told apart from the best baseline, identity" in answer_of(run).found


def test_images_that_count_as_copies_are_warned_of(make_run: MakeRun):
    run = make_run(pictures=True)
    expected = "1 of the 4 images of pgan that come nearest to a real one and 1 of the 4 images of vae"
    assert answer_of(run).warning.startswith(expected)  # distances 1.9, 2.3, 2.7, 3.1; a copy is below 2.0
    for path in (run / "evaluation").glob("*/neighbours.json"):
        path.write_text(path.read_text(encoding="utf-8").replace('"threshold": 2.0', '"threshold": 1.9'), "utf-8")
    assert answer_of(run).warning == ""


def test_without_a_baseline_the_floor_between_real_sets_is_told(make_run: MakeRun):
    run = make_run(outside=True, baselines=())
    rows = [m for m in read_contents(run).measurements if m.metric == "frechet"]
    write_lines(run / "measurements.jsonl", rows)
    assert "reached 3.1 [2.5, 3.9]" in answer_of(run).found
    assert "between real sets of equal size it is 1.20 [0.90, 1.60]; no baseline" in answer_of(run).found


def test_each_part_of_the_answer_is_one_sentence(make_run: MakeRun):
    told = answer_of(make_run())
    for sentence in (told.asked, told.found, told.not_shown):
        assert sentence.endswith(".") and ". " not in sentence


def test_limits_name_unmet_requirements_missing_axes_and_one_seed(make_run: MakeRun):
    contents = read_contents(make_run())
    text = " ".join(limits(contents, requirements(contents, contents.pseudonyms())))
    assert "Unmet requirement: Structures keep their size and place (pgan): the cohort has no label maps." in text
    assert "measured on the utility axis." in text and "measured on the fidelity axis." not in text
    assert "trained once, with one seed" in text and "No external site was held out" in text
