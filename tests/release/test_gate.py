"""What leaks blocks a release, unless somebody puts in writing why it may go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from release.conftest import KEY, WISHES
from release.small_runs import rows, write_run
from synthassay.errors import RunError
from synthassay.records.measurement import Interval
from synthassay.release.build import ENVELOPE, release_run
from synthassay.release.gate import decide, leakage_audit, read_overrides
from synthassay.release.signing import unseal
from synthassay.release.statement import read_statement
from synthassay.release.verify import verify_release

REASON = "copied_images: the one copy is of a phantom that no patient is"


def failed(items) -> set[str]:
    return {item.name for item in items if not item.passed}


def test_a_set_that_leaks_nothing_passes():
    items = leakage_audit(rows("vae"), "xray", "augment")
    assert [item.name for item in items] == ["nearest_training_ratio", "copied_images"]
    assert failed(items) == set()


def test_copies_too_few_patients_and_silence_fail():
    assert failed(leakage_audit(rows("vae", copied=0.01), "xray", "augment")) == {"copied_images"}
    assert failed(leakage_audit(rows("vae", subjects=3), "xray", "augment")) == {"nearest_training_ratio"}
    assert failed(leakage_audit((), "xray", "augment")) == {"nearest_training_ratio", "copied_images"}
    assert leakage_audit((), "xray", "augment")[0].found == "it was not measured"


@pytest.mark.parametrize(
    ("metric", "value", "low", "leaks"),
    [
        ("membership_inference", 0.2, 0.1, True),
        ("membership_inference", 0.2, -0.1, False),
        ("membership_by_loss", 0.2, 0.1, True),
        ("patient_reidentification", 0.5, 0.01, True),
        ("attribute_inference", -0.5, -0.6, False),
        ("closer_to_training", 0.6, 0.4, False),
        ("closer_to_training", 0.8, 0.6, True),
        ("exposed_patients", 0.01, 0.0, True),
        ("exposed_patients", 0.0, 0.0, False),
    ],
)
def test_an_attack_that_succeeds_fails_the_audit(metric, value, low, leaks):
    interval = Interval(low=low, high=1.0, method="bootstrap")
    row = rows("vae")[0].model_copy(update={"metric": metric, "value": value, "interval": interval})
    assert failed(leakage_audit((*rows("vae"), row), "xray", "augment")) == ({metric} if leaks else set())


def test_strata_and_other_measures_do_not_count():
    row = rows("vae")[0].model_copy(update={"metric": "membership_inference", "stratum": "class=a"})
    assert failed(leakage_audit((*rows("vae"), row), "xray", "augment")) == set()


@pytest.mark.parametrize("text", ["copied_images", "copied_images:", "copied_images: yes", ": because I say so"])
def test_an_override_needs_a_name_and_a_reason(text):
    with pytest.raises(RunError, match="needs a name and a reason"):
        read_overrides([text])


def test_an_override_is_given_once_and_of_what_failed():
    with pytest.raises(RunError, match="twice"):
        read_overrides([REASON, REASON])
    with pytest.raises(RunError, match="of nothing that failed"):
        decide(leakage_audit(rows("vae"), "xray", "augment"), read_overrides([REASON]))


def test_a_failed_audit_blocks_and_an_override_is_signed_and_told(tmp_path):
    run = write_run(tmp_path / "run", copied=0.2)
    with pytest.raises(RunError, match="copied_images: 0.2") as caught:
        release_run(run, tmp_path / "out", KEY, WISHES)
    assert '--override "NAME: reason"' in str(caught.value)
    assert not (tmp_path / "out").exists()
    folder = release_run(run, tmp_path / "out", KEY, replace(WISHES, overrides=[REASON])).folder
    signed = read_statement(unseal(folder / ENVELOPE, KEY.public_key()), "").predicate
    reasons = {item.name: item.override for item in signed.audit}
    assert reasons["copied_images"] == REASON.partition(": ")[2]
    assert reasons["nearest_training_ratio"] == ""
    for name in ("card.md", "croissant.json"):
        assert reasons["copied_images"] in (folder / name).read_text()
    found = verify_release(folder)
    assert found.ok
    assert "overridden in writing: copied_images" in str(found)


def test_a_set_that_nobody_measured_is_blocked(tmp_path):
    run = write_run(tmp_path / "run", subjects=0)
    with pytest.raises(RunError, match="copied_images: it was not measured"):
        release_run(run, tmp_path / "out", KEY, WISHES)


def test_text_in_the_pixels_blocks_until_somebody_says_why(tmp_path, monkeypatch):
    from images.test_lettering import body, written
    from release import small_runs
    from synthassay.images.image import Geometry, Image

    def lettered(kind, i):
        pixels = written(body(i), "HOSP 4711", 16, 255.0) if i == 1 else body(i)
        return Image(pixels[None].clip(0, 255).astype("uint8"), Geometry(spacing_mm=(0.2, 0.2)))

    monkeypatch.setattr(small_runs, "small_image", lettered)
    run = write_run(tmp_path / "run")
    with pytest.raises(RunError, match="burned_in_text: 1 of 3 images have one"):
        release_run(run, tmp_path / "out", KEY, WISHES)
    why = "burned_in_text: looked at, the letters are of a phantom"
    folder = release_run(run, tmp_path / "out", KEY, replace(WISHES, overrides=[why])).folder
    assert verify_release(folder).ok
    assert "looked at, the letters" in (folder / "card.md").read_text()
