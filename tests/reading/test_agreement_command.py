"""The command: published coefficients, words, gaps, patients, refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from stats.mrmc.published import expected, folder, printed
from synthassay.cli import app
from synthassay.errors import ReadingError
from synthassay.records.agreement_result import AgreementReport
from synthassay.stats.agreement.bland_altman import limits_of_agreement
from synthassay.stats.agreement.icc import FORMS, intraclass


def run(*words):
    found = CliRunner().invoke(app, ["agreement", *map(str, words)])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found.stdout


def of(path, *words):
    (result,) = json.loads(run(path, "--json", "--draws", 100, *words))["results"]
    return result


def named(result):
    return {(c["coefficient"], *c["readers"]) if len(c["readers"]) == 2 else c["coefficient"]: c
            for c in result["coefficients"]}  # fmt: skip


def written(tmp_path, text):
    path = tmp_path / "raters.csv"
    path.write_text(text)
    return path


def measured(tmp_path, *, patients=False, cases=30):
    rng = np.random.default_rng(0)
    size = rng.normal(50, 10, cases)
    values = size[:, None] + np.array([0, 1, -2]) + rng.normal(0, 3, (cases, 3))
    lines = ["case,ann,ben,cec" + (",patient" if patients else "")]
    for k, row in enumerate(values):
        lines.append(f"c{k}," + ",".join(f"{v:.4f}" for v in row) + (f",p{k // 3}" if patients else ""))
    return written(tmp_path, "\n".join(lines)), values.round(4)


def test_published_coefficients():
    found = named(of(folder() / "agreement_raw4raters.csv", "--scale", "nominal"))
    published = expected()["agreement_raw4raters"]["published"]
    names = {
        "Gwet's AC1": "gwet_AC1",
        "Fleiss' kappa": "fleiss_kappa",
        "Krippendorff's alpha, nominal": "krippendorff_alpha_nominal",
        "Conger's kappa": "conger_kappa",
        "Brennan and Prediger": "brennan_prediger",
    }
    for mine, theirs in names.items():
        assert found[mine]["estimate"] == printed(published[theirs][0])
    assert found["share of pairs agreeing"]["estimate"] == printed(published["percent_agreement"])


def test_cohen_of_a_published_table_in_words(tmp_path):
    table = expected()["agreement_table_3x3"]
    words, lines, k = ("low", "mid", "top"), ["case;a;b"], 0
    for i, row in enumerate(table["table"]):
        for j, count in enumerate(row):
            lines += [f"c{k + n};{words[i]};{words[j]}" for n in range(count)]
            k += count
    result = of(written(tmp_path, "\n".join(lines)))
    assert result["categories"] == ["low", "mid", "top"]
    assert named(result)["Cohen's kappa", "a", "b"]["estimate"] == printed(table["cohen_kappa"][0])
    assert {c["scale"] for c in result["coefficients"]} == {"nominal"}
    ordered = of(written(tmp_path, "\n".join(lines)), "--order", "low,mid,top")
    weighted = named(ordered)["Cohen's kappa, quadratic weights", "a", "b"]
    assert weighted["estimate"] > printed(table["cohen_kappa"][0]).expected
    backwards = of(written(tmp_path, "\n".join(lines)), "--order", "mid,low,top")
    assert named(backwards)["Cohen's kappa, quadratic weights", "a", "b"]["estimate"] < weighted["estimate"]


def test_measurements(tmp_path):
    path, values = measured(tmp_path)
    result = of(path)
    found, forms = named(result), intraclass(values)
    for form in FORMS:
        row = found[f"ICC({form})"]
        assert row["estimate"] == pytest.approx(forms[form].estimate)
        assert row["analytic"] == pytest.approx([forms[form].low, forms[form].high])
        assert row["ci"][0] < row["estimate"] < row["ci"][1]
    assert found["Krippendorff's alpha, interval"]["estimate"] > 0.7
    limits = limits_of_agreement(values[:, 0], values[:, 1])
    (two,) = [one for one in result["limits"] if (one["a"], one["b"]) == ("ann", "ben")]
    assert (two["bias"], two["low"], two["high"]) == pytest.approx((limits.bias, limits.low, limits.high))
    assert two["bias_ci"] == pytest.approx([limits.bias_interval.low, limits.bias_interval.high])
    assert result["categories"] == []


def test_intervals_draw_patients(tmp_path):
    alone = of(measured(tmp_path)[0])
    found = of(measured(tmp_path, patients=True)[0])
    assert (found["patients"], alone["patients"]) == (10, None)
    assert "bootstrap of cases" in found["limits"][0]["method"]
    assert named(found)["ICC(A,1)"]["estimate"] == named(alone)["ICC(A,1)"]["estimate"]
    assert named(found)["ICC(A,1)"]["ci"] != named(alone)["ICC(A,1)"]["ci"]


def test_long_tables_are_read_treatment_by_treatment(tmp_path):
    found = json.loads(run(folder() / "VanDyke.csv", "--json", "--draws", 100, "--scale", "ordinal"))["results"]
    assert [result["treatment"] for result in found] == ["1", "2"]
    assert all(len(result["readers"]) == 5 for result in found)
    assert all(0 < c["estimate"] < 1 for result in found for c in result["coefficients"])


def test_equal_seeds_give_equal_bytes_and_tables_tell_all(tmp_path):
    path, _ = measured(tmp_path)
    assert run(path, "--json", "--draws", 100) == run(path, "--json", "--draws", 100)
    text = run(path, "--draws", 100, "--out", tmp_path / "out.json")
    assert AgreementReport.read(tmp_path / "out.json").results[0].cases == 30
    for words in ("ICC(A,1)", "Krippendorff's alpha, interval", "ann - ben: bias", "upper limit"):
        assert words in text
    assert "…" not in text


def test_one_category_has_no_chance_to_be_corrected_for(tmp_path):
    result = of(written(tmp_path, "case,a,b\n" + "\n".join(f"c{k},1,1" for k in range(6))))
    found = named(result)
    assert found["share of pairs agreeing", "a", "b"]["estimate"] == 1
    assert found["Fleiss' kappa", "a", "b"]["estimate"] is None
    assert found["Fleiss' kappa", "a", "b"]["note"]
    assert found["ICC(1,1)", "a", "b"]["note"] == "all ratings are equal"


@pytest.mark.parametrize(
    ("text", "words", "why"),
    [
        ("case,a\nc1,1\n", (), "fewer than two raters"),
        ("case,a,b\nc1,1,2\nc1,2,2\n", (), "case c1 twice .rows 2, 3"),
        ("reader,case,rating\nr1,c1,1\nr1,c1,2\nr2,c1,1\n", (), "rated case c1 twice .rows 2, 3"),
        ("reader,case,rating\nr1,c1,1\nr1,c2,2\n", (), "fewer than two raters"),
        ("case,a,b\nc1,1,x\nc2,1,2\n", (), "words among numbers .row 2"),
        ("case,a,b\nc1,NA,\nc2,.,nan\n", (), "holds no ratings"),
        ("case,a,b\nc1,1,2\nc2,1,2\nc3,1,\n", (), "fewer than three cases"),
        ("case,a,b\nc1,x,y\nc2,x,y\nc3,y,y\n", ("--order", "x,z"), "not in the order .rows 2, 3, 4"),
        ("case,a,b\nc1,x,y\nc2,x,y\nc3,y,y\n", ("--scale", "interval"), "words have no distances"),
        ("case,a,b\nc1,1,2\nc2,x,y\n", ("--scale", "ratio"), "no such choice"),
        ("case,a,b\nc1,1,2\nc2,x,y\n", ("--weights", "cubic"), "no such choice"),
        ("case,a,b,patient\nc1,1,2,p\nc2,1,2,\n", (), "patient is not stated .row 3"),
        ("case,a,b\n,1,2\n", (), "without a name .row 2"),
    ],
)
def test_refusals(tmp_path, text, words, why):
    with pytest.raises(ReadingError, match=why):
        run(written(tmp_path, text), *words)


def test_measurements_are_no_categories(tmp_path):
    with pytest.raises(ReadingError, match="more than 25 different ratings"):
        run(measured(tmp_path)[0], "--scale", "nominal")
