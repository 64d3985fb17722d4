"""The command: its JSON, its refusals, its files."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from stats.mrmc.published import expected, folder, printed
from synthassay.cli import app
from synthassay.errors import ReadingError
from synthassay.records.reader_result import ReaderResult
from synthassay.stats.mrmc.roe_metz import STRUCTURES


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


def test_readers_of_their_own_in_each_treatment_need_ustatistics(tmp_path):
    rng = np.random.default_rng(0)
    rows = [f"{t}{r},{t},c{k},{k % 2},{rng.normal() + k % 2}" for t in "ab" for r in range(4) for k in range(20)]
    path = tmp_path / "own.csv"
    path.write_text("reader,treatment,case,truth,rating\n" + "\n".join(rows))
    with pytest.raises(ReadingError, match="reader b0 read 0 positive cases in treatment a.*ustat"):
        run(path)
    found = json.loads(run(path, "--json", "--method", "ustat"))
    assert found["design"] == "readers nested in treatments"
    assert found["ustat"]["variance"]["a - b"] > 0
    assert found["auc"]["a"]["b0"] is None


def test_perfect_readers_give_numbers_and_no_crash(tmp_path):
    rows = [f"r{r},{t},c{k},{int(k > 9)},{k}" for t in "ab" for r in range(3) for k in range(20)]
    path = tmp_path / "perfect.csv"
    path.write_text("reader,treatment,case,truth,rating\n" + "\n".join(rows))
    for words in ((), ("--method", "ustat"), ("--covariance", "unbiased"), ("--covariance", "delong", "--cut", 10)):
        text = run(path, "--json", "--margin", 0.1, *words)
        assert "NaN" not in text
        assert "Infinity" not in text
        assert json.loads(text)["mean"] == {"a": 1.0, "b": 1.0}
    run(path, "--agreement", "--turing", "--cut", 10, "--bootstrap", 50)


def test_a_figure_that_cannot_be_fitted_is_told(tmp_path):
    rows = [f"r{r},a,c{k},{int(k > 9)},1" for r in range(3) for k in range(20)]
    path = tmp_path / "flat.csv"
    path.write_text("reader,treatment,case,truth,rating\n" + "\n".join(rows))
    with pytest.raises(ReadingError, match="reader r0 gave one rating to all cases of treatment a.*two categories"):
        run(path, "--figure", "binormal")
    said = json.loads(run(path, "--json"))["says"]
    assert "Reader r2 gave one rating to all cases of a, which tells nothing of them." in said
    with pytest.raises(ReadingError, match="lack the column located"):
        run(path, "--figure", "lroc")
    with pytest.raises(ReadingError, match="ustat knows AUC alone"):
        run(path, "--figure", "lroc", "--method", "ustat")
    assert json.loads(run(path, "--json"))["mean"]["a"] == 0.5


def test_lroc_reads_where_the_place_was_right(tmp_path):
    rows = [f"r{r},a,c{k},{int(k > 9)},{(k * 3 + r) % 7},{(k + r) % 2}" for r in range(3) for k in range(20)]
    path = tmp_path / "lroc.csv"
    path.write_text("reader,treatment,case,truth,rating,located\n" + "\n".join(rows))
    located, area = (json.loads(run(path, "--json", "--figure", f))["mean"]["a"] for f in ("lroc", "auc"))
    assert 0 < located < area


def test_a_page_is_written(small, tmp_path):
    text = run(small, "--page", tmp_path / "page.html", "--title", "Ours")
    assert str(tmp_path / "page.html") in text.replace("\n", "")
    assert "<h1>Ours</h1>" in (tmp_path / "page.html").read_text()


def test_the_margin_of_a_turing_test_is_meant_for_chance(small):
    found = json.loads(run(small, "--json", "--turing", "--cut", 3, "--margin", 0.3))
    (mean,), (arm,) = found["rrrc"]["single"], found["turing"]
    assert mean["within"] == arm["auc"]["within"]
    assert mean["within"]["margin"] == 0.3


def clustered(tmp_path, *, images=4, truth="single", gap=False):
    """Two treatments, four readers, 40 images of either truth; images of a patient are nearly alike."""
    rng = np.random.default_rng(3)
    study = STRUCTURES["HL", 1.5].simulate(4, 40, 40, rng, images=images, alike=0.9)
    whose = study.patients if truth == "single" else tuple(f"p{k % 20}" for k in range(80))
    rows = [
        f"{reader},{t},{case},{int(study.truth[k])},{study.score[i, r, k]:.6f},{whose[k]}"
        for i, t in enumerate("ab")
        for r, reader in enumerate(study.readers)
        for k, case in enumerate(study.cases)
        if not (gap and (r, k) == (0, 0))
    ]
    path = tmp_path / "clustered.csv"
    path.write_text("reader,treatment,case,truth,rating,patient\n" + "\n".join(rows))
    return path


def without_patients(path):
    alone = path.with_name("alone.csv")
    alone.write_text("\n".join(line.rpartition(",")[0] for line in path.read_text().splitlines()))
    return alone


@pytest.mark.parametrize("words", [(), ("--covariance", "delong"), ("--method", "ustat"), ("--cut", 0.8)])
def test_images_of_a_patient_widen_the_interval_and_move_nothing(tmp_path, words):
    path = clustered(tmp_path)
    found, blind = (json.loads(run(p, "--json", *words)) for p in (path, without_patients(path)))
    assert (found["patients"], blind["patients"]) == (20, None)
    assert found["mean"] == blind["mean"]
    part = "ustat" if "ustat" in words else "rrrc"
    for mine, theirs in zip(found[part]["single"], blind[part]["single"], strict=True):
        assert mine["se"] > 1.3 * theirs["se"]
    if "--cut" in words:
        for mine, theirs in zip(found["at_cut"], blind["at_cut"], strict=True):
            assert mine["components"]["var"] > 1.5 * theirs["components"]["var"]
    text = run(path, "--agreement", "--bootstrap", 50)
    assert "80 cases (40 positive, 40 negative) of 20 patients" in text


@pytest.mark.parametrize("figure", ["binormal", "lroc"])
def test_other_figures_know_patients_too(tmp_path, figure):
    path = clustered(tmp_path)
    rows = [line.split(",") for line in path.read_text().splitlines()]
    whole = [[*row[:4], f"{float(row[4]):.0f}", row[5], str(int(k % 5 > 0))] for k, row in enumerate(rows[1:])]
    path.write_text("\n".join(",".join(row) for row in [[*rows[0], "located"], *whole]))
    found = json.loads(run(path, "--json", "--figure", figure))
    alone = path.with_name("alone.csv")
    alone.write_text(path.read_text().replace("patient", "nobody"))
    assert found["components"]["var"] > 1.05 * json.loads(run(alone, "--json", "--figure", figure))["components"]["var"]


def test_patients_of_both_truths(tmp_path):
    path = clustered(tmp_path, truth="both")
    found = json.loads(run(path, "--json", "--turing", "--cut", 0.8, "--margin", 0.2))
    assert found["patients"] == 20
    assert found["turing"][0]["auc"]["se"] > 0
    with pytest.raises(ReadingError, match="cases of both truths.*--method or"):
        run(path, "--method", "ustat")


def test_gaps_with_patients_are_for_ustatistics(tmp_path):
    found = json.loads(run(clustered(tmp_path, gap=True), "--json", "--method", "ustat"))
    assert found["design"] == "partly crossed"
    assert found["ustat"]["variance"]["a - b"] > 0


def test_what_patients_do_not_allow_is_told(tmp_path):
    path = clustered(tmp_path)
    with pytest.raises(ReadingError, match="unbiased covariances take one case of each patient"):
        run(path, "--covariance", "unbiased")
    lines = path.read_text().splitlines()
    one_of_each = [line.rpartition(",")[0] + ",of" + line.split(",")[3] for line in lines[1:]]
    path.write_text("\n".join([lines[0], *one_of_each]))
    with pytest.raises(ReadingError, match="two patients of either truth"):
        run(path, "--covariance", "delong")
