from synthassay.bench.sight import sights
from synthassay.protocols import FailureMode, Protocol, Requirement
from synthassay.records.bench import InjectedFailure, Response
from synthassay.records.vocabulary import Axis, Better, Modality, Unit

WHY = {"matters_why": "because", "source": "doi:x"}
BLUR = InjectedFailure(name="blur", title="Blur", unit="mm", severities=(1, 2, 4), scope="case", matters_at=2.0, **WHY)


def response(metric, seen_from, study=None):
    return Response(
        metric=metric, axis=Axis.FIDELITY, better=Better.LOWER, per="case", failure="blur", seen_from=seen_from,
        study_seen_from=study,
    )  # fmt: skip


def protocol(*metrics):
    return Protocol(
        "p", "P", Modality.CT, Unit.HU, None, "",
        tuple(Requirement(m, Axis.FIDELITY, "why", "doi:x") for m in metrics),
        (FailureMode("Blurred", (), "missed", metrics, "doi:x", enacted_by=("blur",), dominant=True),),
    )  # fmt: skip


def test_only_required_measures_count_and_only_in_time():
    found = [response("mae", 4.0), response("ssim", None, 2.0), response("spectrum", 1.0)]
    (sight,) = sights(protocol("mae", "ssim"), [BLUR], found)
    assert sight.seen_by == ("ssim",)
    assert (sight.first_seen, sight.by) == (2.0, "ssim")
    assert (sight.mode, sight.dominant, sight.blind) == ("Blurred", True, False)


def test_a_late_sight_is_a_blind_spot_with_the_severity_that_is_seen():
    (sight,) = sights(protocol("mae"), [BLUR], [response("mae", 4.0)])
    assert sight.blind
    assert (sight.first_seen, sight.by) == (4.0, "mae")
    (nothing,) = sights(protocol("mae"), [BLUR], [response("mae", None)])
    assert nothing.blind
    assert nothing.first_seen is None


def test_a_measure_with_too_many_false_alarms_sees_nothing():
    calm = response("ssim", 1.0).model_copy(update={"false_alarms": 2 / 12, "n": 12})
    wolf = response("mae", 1.0).model_copy(update={"false_alarms": 3 / 12, "n": 12})
    (sight,) = sights(protocol("mae", "ssim"), [BLUR], [calm, wolf])
    assert sight.seen_by == ("ssim",)
    (blind,) = sights(protocol("mae"), [BLUR], [wolf])
    assert blind.blind
    assert blind.first_seen is None
