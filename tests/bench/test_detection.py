import numpy as np
import pytest
from scipy import stats

from synthassay.bench.detection import LEVEL, STUDY_PATIENTS, badness, seen, seen_from
from synthassay.errors import NotMeasured
from synthassay.records.vocabulary import Better


def draws(mean, n=200, seed=0, spread=1.0):
    return np.random.default_rng(seed).normal(mean, spread, n)


def look(undamaged, damaged, better=Better.LOWER, target=None, study=True):
    return seen(undamaged, damaged, better, target, rng=np.random.default_rng(7), study=study)


def test_power_is_that_of_the_normal_law():
    found = look({"": draws(0, 4000)}, [{"": draws(shift, 4000, seed=shift)} for shift in (1, 2, 3)])
    expected = 1 - stats.norm.cdf(stats.norm.ppf(1 - LEVEL) - np.array([1, 2, 3]))
    assert found.power == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("strata", [1, 2, 8])
def test_false_alarms_stay_at_the_level_however_many_strata_are_looked_at(strata):
    alarms = []
    for seed in range(60):
        values = {f"s{i}": draws(0, 60, seed=1000 * seed + i) for i in range(strata)}
        alarms.append(look(values, [values]).false_alarms)
    assert np.mean(alarms) <= LEVEL + 0.01


def test_a_value_that_gets_better_is_not_seen():
    better_values = look({"": draws(0)}, [{"": draws(-5)}])
    assert better_values.power[0] < LEVEL + 0.02
    assert better_values.study_power == (0.0,)
    higher = look({"": draws(0)}, [{"": draws(-5)}], Better.HIGHER)
    assert higher.power[0] > 0.95


def test_leaving_the_target_on_either_side_is_seen():
    for shift in (-6, 6):
        found = look({"": draws(1)}, [{"": draws(1 + shift)}], Better.TARGET, 1.0)
        assert found.power[0] > 0.95
        assert found.study_power[0] > 0.99
    nearer = look({"": draws(5)}, [{"": draws(1)}], Better.TARGET, 1.0)
    assert nearer.power[0] < 0.06


def test_a_mean_over_patients_sees_what_single_images_do_not():
    found = look({"": draws(0, 400)}, [{"": draws(0.8, 400, seed=3)}])
    expected = stats.norm.cdf(0.8 * np.sqrt(STUDY_PATIENTS) - stats.norm.ppf(0.95) * np.sqrt(1 + STUDY_PATIENTS / 400))
    assert found.power[0] < 0.4
    assert found.study_power[0] == pytest.approx(expected, abs=0.05)


def test_a_constant_measure_sees_any_change_and_nothing_else():
    still = np.zeros(60)
    found = look({"": still}, [{"": still}, {"": still + 0.01}])
    assert found.power == (0.0, 1.0)
    assert found.false_alarms == 0


def test_the_stratum_that_sees_best_is_named():
    calm, hurt = draws(0), draws(9)
    found = look({"bone": calm, "air": calm}, [{"bone": hurt, "air": calm}])
    assert found.stratum == "bone"


def test_what_could_not_be_measured_is_not_seen():
    found = look({"": draws(0, 80)}, [{"": np.full(80, np.nan)}, {}])
    assert found.power == (0.0, 0.0)


def test_too_few_values_are_refused():
    with pytest.raises(NotMeasured, match="38 undamaged values; it has 30"):
        look({"": draws(0, 30)}, [{"": draws(9, 30)}])


def test_badness_and_first_severity():
    assert badness(np.array([1.0, 3.0]), Better.HIGHER, None).tolist() == [-1.0, -3.0]
    assert badness(np.array([1.0, 3.0]), Better.TARGET, 2.0).tolist() == [1.0, 1.0]
    assert seen_from((1, 2), (0.2, 0.3)) is None


def test_few_draws_have_the_bound_of_the_normal_law():
    alarms, power = [], []
    for seed in range(300):
        found = seen(
            {"": draws(0, 12, seed=seed)}, [{"": draws(4, 12, seed=1000 + seed)}], Better.LOWER, None,
            rng=np.random.default_rng(0), study=False, few_draws=True,
        )  # fmt: skip
        alarms.append(found.false_alarms)
        power.append(found.power[0])
    assert np.mean(alarms) == pytest.approx(LEVEL, abs=0.015)
    assert np.mean(power) > 0.9
    with pytest.raises(NotMeasured, match="10 undamaged values; it has 6"):
        seen({"": draws(0, 6)}, [{"": draws(4, 6)}], Better.LOWER, None, rng=None, study=False, few_draws=True)
