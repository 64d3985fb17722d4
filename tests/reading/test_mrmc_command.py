"""The command: its JSON, its refusals, its files."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from stats.mrmc.published import expected, folder, printed
from synthassay.cli import app
from synthassay.errors import ReadingError
from synthassay.records.reader_result import ReaderResult


def run(*words):
    found = CliRunner().invoke(app, ["mrmc", *map(str, words)])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found.stdout


def of(name, *words):
    return json.loads(run(folder() / name, "--json", *words))


def test_json_of_obuchowski_and_rockette():
    found, published = of("VanDyke.csv"), expected()["VanDyke"]["published"]
    assert list(found["auc"]["1"].values()) == [printed(v) for v in published["empirical_auc"]["1"]]
    assert [found["mean"]["1"], found["mean"]["2"]] == [printed(v) for v in published["treatment_means"]]
    assert found["components"]["cov1"] == printed(published["jackknife"]["cov1"])
    dbm, mine = published["jackknife"]["dbm"], found["components"]["dbm"]
    names = ("var_r", "var_c", "var_tr", "var_tc", "var_rc", "var_error")
    assert [mine[k] for k in names] == [printed(v) for v in dbm.values()]
    for key in ("rrrc", "frrc", "rrfc"):
        (pair,) = found[key]["differences"]
        assert (pair["a"], pair["b"]) == ("1", "2")
        assert pair["ci"] == [printed(v) for v in published["jackknife"][key.upper()]["ci"]]
        assert found[key]["p"] == printed(published["jackknife"][key.upper()]["p"])
    assert found["frrc"]["df2"] is None
    assert found["ustat"] is None


def test_json_of_ustatistics():
    published = expected()["iMRMC_example"]["published"]["Ustat"]
    found = of("imrmc_example.csv", "--method", "ustat")["ustat"]
    keys = ["testA", "testB", "testA - testB"]
    assert [found["p"][k] for k in keys] == [printed(v) for v in published["p_BDG"]]
    assert [found["p_normal"][k] for k in keys] == [printed(v) for v in published["p_normal"]]
    assert found["ci_normal"][keys[2]] == [printed(v) for v in published["ci_normal_diff"]]
    assert found["ci"][keys[2]] == [printed(v) for v in published["ci_BDG_diff"]]
    assert [found["df"][k] for k in keys] == [printed(v) for v in published["dfBDG"]]


def test_sensitivity_at_a_cut_is_analysed_beside_the_areas():
    sensitivity, specificity = of("VanDyke.csv", "--cut", 3)["at_cut"]
    published = expected()["VanDyke"]["published"]["binary_sensitivity_threshold_ge_3"]
    assert sensitivity["rrrc"]["p"] == printed(published["p"])
    assert specificity["figure"] == "specificity"
    assert 0 < specificity["mean"]["1"] < 1


@pytest.fixture
def small(tmp_path):
    """One treatment, two readers; the second tells all cases apart."""
    rows = ["reader,treatment,case,truth,rating"]
    rows += [f"r1,a,{k},{int(k > 4)},{(k * 7) % 5}" for k in range(10)]
    rows += [f"r2,a,{k},{int(k > 4)},{k}" for k in range(10)]
    path = tmp_path / "small.csv"
    path.write_text("\n".join(rows))
    return path


def test_a_single_treatment_is_compared_with_a_constant(small):
    loose = json.loads(run(small, "--json", "--reference", 0.7, "--margin", 0.2))
    (pair,), (mean,) = loose["rrrc"]["differences"], loose["rrrc"]["single"]
    assert pair["b"] == "constant 0.7"
    assert pair["estimate"] == pytest.approx(mean["estimate"] - 0.7)
    assert loose["rrrc"]["p"] == pytest.approx(mean["p"])
    assert pair["within"]["equivalent_p"] == pytest.approx(mean["within"]["equivalent_p"])


def test_intervals_are_truncated_when_asked_and_only_then(small):
    assert json.loads(run(small, "--json"))["rrrc"]["single"][0]["ci"][1] > 1
    assert json.loads(run(small, "--json", "--truncate"))["rrrc"]["single"][0]["ci"][1] == 1


def test_missing_readings_are_named_and_ustat_recommended(small):
    lines = small.read_text().splitlines()
    small.write_text("\n".join(line for line in lines if not line.startswith("r2,a,3,")))
    with pytest.raises(ReadingError, match=r"1 readings are missing.*reader r2, treatment a, case 3.*ustat"):
        run(small)
    found = json.loads(run(small, "--json", "--method", "ustat"))
    assert found["design"] == "partly crossed"
    assert 0.5 < found["ustat"]["auc"]["a"] < 1


def test_a_reader_with_one_positive_case_is_refused_by_name(small):
    rows = [f"r3,a,{k},{int(k > 4)},{k}" for k in (0, 1, 9)]
    small.write_text(small.read_text() + "\n" + "\n".join(rows))
    with pytest.raises(ReadingError, match="reader r3 read 1 positive cases in treatment a"):
        run(small)


def test_one_reader_says_nothing_of_others(small):
    small.write_text("\n".join(line for line in small.read_text().splitlines() if not line.startswith("r2")))
    found = json.loads(run(small, "--json"))
    assert found["rrrc"] is None
    assert found["not_done"]["rrrc"]
    assert found["frrc"]["single"][0]["se"] > 0
    found = json.loads(run(small, "--json", "--method", "ustat"))
    assert found["ustat"]["variance"]["a"] is None
    assert found["not_done"]["ustat"]
    fixed = json.loads(run(small, "--json", "--method", "ustat", "--fixed", "readers"))
    assert fixed["ustat"]["variance"]["a"] > 0


@pytest.mark.parametrize(
    "words", [("--method", "dbm"), ("--covariance", "bootstrap"), ("--fixed", "none"), ("--margin", -1)]
)
def test_unknown_choices_are_refused(small, words):
    with pytest.raises(ReadingError, match="no such choice|must be above 0"):
        run(small, *words)


def test_the_record_is_written_and_read(small, tmp_path):
    run(small, "--out", tmp_path / "reader_result.json")
    found = ReaderResult.read(tmp_path / "reader_result.json")
    assert found.readings == 20
    assert found.title == "small"


def test_tables_tell_the_headline(small):
    text = run(small)
    assert "2 readers, 10 cases (5 positive, 5 negative), 20 readings, crossed" in text
    assert "random readers, random cases" in text
