"""Every number that other programs print of two public reader studies, to all printed digits."""

from __future__ import annotations

import numpy as np
import pytest

from stats.mrmc.published import expected, imrmc, printed, van_dyke
from synthassay.stats.mrmc.areas import areas
from synthassay.stats.mrmc.covariance import covariance
from synthassay.stats.mrmc.obuchowski_rockette import (
    components,
    fixed_readers_random_cases,
    random_readers_fixed_cases,
    random_readers_random_cases,
    reader_differences,
)
from synthassay.stats.mrmc.shares import sensitivity
from synthassay.stats.mrmc.ustatistic import moments, ustatistic


def close(found, wanted):
    """Equal to printed digits, element by element."""
    wanted, found = np.atleast_1d(wanted), np.atleast_1d(found)
    assert len(wanted) == len(found)
    for f, w in zip(found.tolist(), wanted.tolist(), strict=True):
        assert f == printed(w)


def analysed(case="", method="jackknife"):
    ratings = van_dyke(case)
    figures = areas(ratings)
    cov = covariance(ratings, figures, method)
    return figures.values, cov, components(figures.values, cov)


def test_areas_and_mean_squares():
    published = expected()["VanDyke"]["published"]
    values, _, parts = analysed()
    close(values[0], published["empirical_auc"]["1"])
    close(values[1], published["empirical_auc"]["2"])
    close(values.mean(axis=1), published["treatment_means"])
    anova = published["anova"]
    close([parts.ms_t, parts.ms_r, parts.ms_tr], [anova["MS_T"], anova["MS_R"], anova["MS_TR"]])
    close(parts.ms_r_within, anova["MS_R_per_treatment"])
    close([parts.ms_r * 4, parts.ms_tr * 4], [anova["SS_R"], anova["SS_TR"]])


@pytest.mark.parametrize("method", ["jackknife", "DeLong", "unbiased"])
def test_components_and_random_readers(method):
    published = expected()["VanDyke"]["published"][method]
    values, _, parts = analysed(method=method.lower())
    for name, key in (
        ("var", "var_error"),
        ("cov1", "cov1"),
        ("cov2", "cov2"),
        ("cov3", "cov3"),
        ("var_r", "var_R"),
        ("var_tr", "var_TR"),
    ):
        assert getattr(parts, name) == printed(published[key])
    found, wanted = random_readers_random_cases(values, parts), published["RRRC"]
    pair = found.differences[0, 1]
    assert found.denominator == printed(wanted["denominator"])
    assert found.df1 == wanted["df1"]
    assert found.df2 == printed(wanted["df2"])
    assert found.p == printed(wanted["p"])
    assert pair.se == printed(wanted["se"])
    close(pair.interval(), wanted["ci"])
    if method != "jackknife":  # there F and t are printed to two decimals, t cut off instead of rounded
        assert found.statistic == printed(wanted["F"])
        assert pair.estimate / pair.se == printed(wanted["t"])
    assert found.statistic == pytest.approx(wanted["F"], abs=0.005)
    assert pair.estimate == printed(published["RRRC"].get("diff", -0.04380032))
    for mean, one in zip(found.single, wanted["single"], strict=True):
        assert mean.se == printed(one["se"])
        assert mean.df == printed(one["df"])
        close(mean.interval(), one["ci"])
    if "cov2" in wanted["single"][0]:
        close(parts.cov2_within, [one["cov2"] for one in wanted["single"]])


def test_correlations_of_errors():
    _, _, parts = analysed()
    published = expected()["VanDyke"]["published"]["jackknife"]
    close([parts.cov1 / parts.var, parts.cov2 / parts.var, parts.cov3 / parts.var], published["corr"])


def test_fixed_readers():
    values, cov, parts = analysed()
    published = expected()["VanDyke"]["published"]["jackknife"]["FRRC"]
    found = fixed_readers_random_cases(values, parts)
    pair = found.differences[0, 1]
    # one printed number has ten significant digits, of which the last does not agree with its own components
    assert found.denominator == pytest.approx(published["denominator"], rel=5e-8)
    assert found.statistic == printed(published["X2"])
    assert (found.df1, found.df2) == (published["df"], np.inf)
    assert found.p == printed(published["p"])
    assert pair.se == printed(published["se"])
    assert pair.estimate / pair.se == printed(published["z"])
    close(pair.interval(), published["ci"])
    close([mean.se for mean in found.single], [one["se"] for one in published["single"]])
    close(parts.var_within, [one["var_error"] for one in published["single"]])
    close(parts.cov2_within, [one["cov2"] for one in published["single"]])
    for mean, one in zip(found.single, published["single"], strict=True):
        close(mean.interval(), one["ci"])
    readers = reader_differences(values, cov, 0, 1)
    close([c.estimate for c in readers], published["per_reader"]["diff"])
    close([c.se for c in readers], published["per_reader"]["se"])
    close([c.p() for c in readers], published["per_reader"]["p"])
    own = np.sqrt(np.diag(cov)).reshape(values.shape)
    close(own[0], published["reader_auc_se"]["1"])
    close(own[1], published["reader_auc_se"]["2"])


def test_fixed_cases():
    values, _, parts = analysed()
    published = expected()["VanDyke"]["published"]["jackknife"]["RRFC"]
    found = random_readers_fixed_cases(values, parts)
    pair = found.differences[0, 1]
    assert found.statistic == printed(published["F"])
    assert (found.df1, found.df2) == (published["df1"], published["df2"])
    assert found.p == printed(published["p"])
    assert pair.se == printed(published["se"])
    assert pair.estimate / pair.se == printed(published["t"])
    close(pair.interval(), published["ci"])
    close([mean.se for mean in found.single], published["single_se"])


@pytest.mark.parametrize(("column", "name"), [("case2", "nested_cases_in_readers"), ("case3", "nested_cases_in_tests")])
def test_nested_cases(column, name):
    published = expected()["VanDyke"]["published"][name]
    assert van_dyke(column).design == "cases nested in " + ("readers" if column == "case2" else "treatments")
    values, _, parts = analysed(column)
    for mine, key in (("var", "var_error"), ("cov1", "cov1"), ("cov2", "cov2"), ("cov3", "cov3")):
        assert getattr(parts, mine) == printed(published[key])
    found = random_readers_random_cases(values, parts)
    pair = found.differences[0, 1]
    for mine, key in (
        (found.statistic, "F"),
        (found.df2, "df2"),
        (found.p, "p"),
        (pair.se, "se"),
        (found.denominator, "denominator"),
    ):
        if key in published:
            assert mine == printed(published[key])
    if "ci" in published:
        close(pair.interval(), published["ci"])


def test_sensitivity_at_a_cut():
    published = expected()["VanDyke"]["published"]["binary_sensitivity_threshold_ge_3"]
    ratings = van_dyke()
    figures = sensitivity(ratings, 3)
    close(figures.values[0], published["per_reader"]["1"])
    close(figures.values[1], published["per_reader"]["2"])
    close(figures.values.mean(axis=1), published["means"])
    parts = components(figures.values, covariance(ratings, figures, "jackknife"))
    for mine, key in (
        ("ms_t", "MS_T"),
        ("ms_tr", "MS_TR"),
        ("var", "var_error"),
        ("cov1", "cov1"),
        ("cov2", "cov2"),
        ("cov3", "cov3"),
    ):
        assert getattr(parts, mine) == printed(published[key])
    found = random_readers_random_cases(figures.values, parts)
    pair = found.differences[0, 1]
    for mine, key in (
        (found.denominator, "denominator"),
        (found.statistic, "F"),
        (found.df2, "df2"),
        (found.p, "p"),
        (pair.se, "se"),
        (pair.estimate, "diff"),
    ):
        assert mine == printed(published[key])
    close(pair.interval(), published["ci"])


@pytest.mark.parametrize("method", ["DeLong", "jackknife", "unbiased"])
def test_an_independent_recomputation_agrees_to_ten_digits(method):
    wanted = expected()["recomputed"]["VanDyke"][method]
    values, _, parts = analysed(method=method.lower())
    same = {
        "MST": parts.ms_t,
        "MSR": parts.ms_r,
        "MSTR": parts.ms_tr,
        "var": parts.var,
        "cov1": parts.cov1,
        "cov2": parts.cov2,
        "cov3": parts.cov3,
        "varR": parts.var_r,
        "varTR": parts.var_tr,
    }
    for key, value in same.items():
        assert value == pytest.approx(wanted[key], rel=1e-10)
    for key, analysis in (
        ("RRRC", random_readers_random_cases),
        ("FRRC", fixed_readers_random_cases),
        ("RRFC", random_readers_fixed_cases),
    ):
        found = analysis(values, parts)
        assert found.p == pytest.approx(wanted[key]["p"], rel=1e-10)
        assert found.differences[0, 1].se == pytest.approx(wanted[key]["se"], rel=1e-10)
        assert found.statistic == pytest.approx(wanted[key].get("F", wanted[key].get("X2")), rel=1e-10)
    for i, one in enumerate(wanted["single"]):
        mean = random_readers_random_cases(values, parts).single[i]
        assert (mean.estimate, mean.se, mean.df, *mean.interval()) == pytest.approx(
            (one["est"], one["se"], one["df"], one["lo"], one["hi"]), rel=1e-10
        )


def test_ustatistics():
    published = expected()["iMRMC_example"]["published"]
    found = [ustatistic(imrmc(), 0), ustatistic(imrmc(), 1), ustatistic(imrmc(), 0, 1)]
    wanted = published["Ustat"]
    close([u.estimate for u in found], [wanted["AUC_A"], wanted["AUC_B"], wanted["diff"]])
    close([u.variance for u in found], [wanted["var_A"], wanted["var_B"], wanted["var_diff"]])
    close([u.df for u in found], wanted["dfBDG"])
    biased = published["MLE_biased"]
    close([u.biased_variance for u in found], [biased["var_A"], biased["var_B"], biased["var_diff"]])
    against = (0.5, 0.5, 0.0)
    close([u.contrast().p(a) for u, a in zip(found, against, strict=True)], wanted["p_BDG"])
    close(found[2].contrast().interval(), wanted["ci_BDG_diff"])
    exact = [u.contrast(whole_df=False).p(a) for u, a in zip(found, against, strict=True)]
    assert (exact[0], exact[2]) == (printed(0.0378), printed(0.467421))
    assert {k: pytest.approx(v, abs=5e-8) for k, v in published["BCK_Ustat_A"].items()} == moments(
        imrmc(), 0, 0
    ).parts()


def test_ustatistics_equal_obuchowski_and_rockette_with_unbiased_covariances():
    """For a crossed design both are one variance; iMRMC's Hillis df are this house's."""
    figures = areas(imrmc())
    found = random_readers_random_cases(
        figures.values, components(figures.values, covariance(imrmc(), figures, "unbiased"))
    )
    df = [found.single[0].df, found.single[1].df, found.df2]
    close(df, expected()["iMRMC_example"]["published"]["Ustat"]["dfHillis"])
    variances = [found.single[0].se ** 2, found.single[1].se ** 2, found.differences[0, 1].se ** 2]
    assert variances == pytest.approx([ustatistic(imrmc(), i, j).variance for i, j in ((0, None), (1, None), (0, 1))])
