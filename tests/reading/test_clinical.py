"""Measurements on the clinical axis."""

from __future__ import annotations

import numpy as np
import pytest

from reading.studies import named, simulated
from synthassay.reading.analysis import Order, analyse
from synthassay.reading.clinical import clinical_measurements
from synthassay.reading.generalising import Judging
from synthassay.records.reader_result import Artefact
from synthassay.records.vocabulary import Axis, Better


def test_each_treatment_gets_its_area_with_the_interval_of_the_headline():
    found = analyse(named(simulated(2.0, 1.0), "vae", "pgan"), Order())
    rows = clinical_measurements(found)
    assert [row.of for row in rows] == ["vae", "pgan"]
    for row, mean in zip(rows, found.rrrc.single, strict=True):
        assert row.axis is Axis.CLINICAL
        assert (row.value, row.interval.low, row.interval.high) == (mean.estimate, *mean.ci)
        assert (row.n, row.better, row.metric) == (120, Better.HIGHER, "reader_auc")


def test_a_turing_test_has_chance_for_its_target():
    found = analyse(simulated(0.3), Order(cut=0.0, turing=True, judging=Judging(0.5, 0.1)))
    rows = {row.metric: row for row in clinical_measurements(found)}
    assert (rows["reader_auc"].better, rows["reader_auc"].target) == (Better.TARGET, 0.5)
    assert rows["reader_error_rate"].value == found.turing[0].hype
    assert rows["reader_d_prime"].value == pytest.approx(np.mean([g.d_prime for g in found.turing[0].readers]))
    assert rows["reader_sensitivity"].interval.low == found.at_cut[0].rrrc.single[0].ci[0]


def test_what_cannot_be_generalised_is_a_row_with_its_reason():
    ratings = simulated(1.0, readers=1)
    (row,) = clinical_measurements(analyse(ratings, Order(method="ustat")))
    assert row.value is None
    assert "one reader" in row.not_measured


def test_artefacts_are_better_the_fewer():
    seen = Artefact(artefact="seam", cases=50, present=5, share=0.1, ci=(0.03, 0.22), readers=3, agreement=0.7)
    *_, row = clinical_measurements(analyse(simulated(1.0), Order(), title="vae", artefacts=(seen,)))
    assert (row.stratum, row.value, row.better, row.n) == ("artefact=seam", 0.1, Better.LOWER, 50)
