"""Requirements: each once, the unmet first, with who met it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from synthassay.records.evaluation import RequirementList
from synthassay.report.contents import read_contents
from synthassay.report.requirements import requirements


def test_unmet_requirements_come_first_and_generators_share_a_requirement(make_run: Callable[..., Path]):
    contents = read_contents(make_run())
    unmet, met = requirements(contents, contents.pseudonyms())
    assert not unmet.met and [(o.of, o.met) for o in unmet.outcomes] == [("pgan", False)]
    assert met.met and [o.of for o in met.outcomes] == ["pgan", "vae"]


def test_one_generator_that_fails_leaves_the_requirement_unmet(make_run: Callable[..., Path]):
    run = make_run()
    path = run / "evaluation/requirements.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"met": true', '"met": false', 1), encoding="utf-8")
    contents = read_contents(run)
    assert [r.met for r in requirements(contents, contents.pseudonyms())] == [False, False]


def test_baselines_are_not_held_against_requirements(make_run: Callable[..., Path]):
    run = make_run()
    path = run / "evaluation/requirements.json"
    written = RequirementList.read(path)
    failed = written.requirements[0].model_copy(update={"of": "identity", "met": False})
    RequirementList(protocol="mri", requirements=(*written.requirements, failed)).write(path)
    contents = read_contents(run)
    assert [r.met for r in requirements(contents, contents.pseudonyms())] == [False, True]


def test_a_run_without_a_protocol_has_none(make_run: Callable[..., Path]):
    contents = read_contents(make_run(measured=False))
    assert requirements(contents, contents.pseudonyms()) == ()
