"""Planted truths: measures that follow help perfectly, inversely and not at all; reversals; what cannot be told."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from synthassay.cli import app
from synthassay.errors import RunError
from synthassay.records.base import write_lines
from synthassay.records.comparison import JudgedCases
from synthassay.records.discordance import DISCORDANCE, Discordance
from synthassay.records.measurement import Interval, Measurement
from synthassay.records.vocabulary import Axis, Better
from synthassay.study.discordance import discord

GAIN = np.array([-0.05, -0.03, -0.01, 0.0, 0.01, 0.02, 0.04, 0.05, 0.07, 0.08, 0.1, 0.12])


def row(of, metric, value, *, half=0.0, better=Better.HIGHER, axis=Axis.FIDELITY, **more):
    interval = Interval(low=value - half, high=value + half, method="t") if half else None
    more = {"title": metric.replace("_", " ").capitalize(), "unit": "1", "source": "t", "n": 9, "subjects": 9, **more}
    return Measurement(of=of, metric=metric, value=value, interval=interval, better=better, axis=axis, **more)


def gain_row(of, value, half=0.005, stratum="", metric="auc_gain"):
    return row(of, metric, value, half=half, axis=Axis.UTILITY, stratum=stratum)


def planted(name, gain):
    """A set with this gain under measures that follow it, oppose it, have a target, ignore it, or never vary."""
    place = int(np.flatnonzero(gain == GAIN)[0])
    unrelated = np.random.default_rng(7).permutation(12)[place]
    return [
        gain_row(name, gain),
        row(name, "follows", 10 - 20 * gain, half=0.02, better=Better.LOWER),
        row(name, "opposes", 3 - 8 * gain, half=0.01, axis=Axis.DIVERSITY),
        row(name, "aims", 1 + (-1) ** place * (0.5 - gain), half=0.001, better=Better.TARGET, target=1.0),
        row(name, "ignores", float(unrelated), half=0.3),
        row(name, "constant", 2.0, half=0.1),
        row(name, "leaks", float(place), axis=Axis.LEAKAGE),
    ]


def write_run(folder, rows, real="a"):
    folder.mkdir(exist_ok=True)
    write_lines(folder / "measurements.jsonl", rows)
    judged = JudgedCases(real_sha256=real, references={}, subjects={})
    (folder / "evaluation").mkdir(exist_ok=True)
    judged.write(folder / "evaluation" / "judged.json")
    return folder


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run", [r for i, gain in enumerate(GAIN) for r in planted(f"set_{i:02d}", gain)])


def test_planted_truths_are_recovered(run):
    (block,) = discord([run]).blocks
    found = {row.metric: row for row in block.rows}
    assert set(found) == {"follows", "opposes", "aims", "ignores", "constant"}
    assert found["follows"].tau == found["aims"].tau == pytest.approx(1)
    assert found["opposes"].tau == pytest.approx(-1)
    assert found["follows"].adjusted_p < 0.01 > found["opposes"].adjusted_p
    assert found["follows"].says == "the better it looks, the more it helps"
    assert found["opposes"].says == "the better it looks, the less it helps"
    assert found["ignores"].says == "cannot be told from chance"
    assert found["ignores"].interval.low < 0 < found["ignores"].interval.high
    assert found["constant"].not_correlated == "all sets have the same value"
    assert block.best in ("follows", "aims")
    assert "best proxy" in block.says
    assert "helping less by Opposes" in block.says


def test_reversals_are_named_only_beyond_noise(run, tmp_path):
    (block,) = discord([run]).blocks
    found = {row.metric: row for row in block.rows}
    assert not found["follows"].reversals
    assert found["follows"].within_noise == 0
    first = found["opposes"].reversals[0]
    assert (first.looks_better, first.helps_more) == ("set_00", "set_11")
    blurred = [r.model_copy(update={"interval": Interval(low=-1, high=1, method="t")}) if r.metric == "auc_gain" else r
               for i, gain in enumerate(GAIN) for r in planted(f"set_{i:02d}", gain)]  # fmt: skip
    (block,) = discord([write_run(tmp_path / "blurred", blurred)]).blocks
    opposes = next(row for row in block.rows if row.metric == "opposes")
    assert not opposes.reversals
    assert opposes.within_noise == 66


def test_without_a_measure_that_follows_none_is_called_best(tmp_path):
    rows = [r for i, g in enumerate(GAIN) for r in planted(f"s{i}", g) if r.metric in ("auc_gain", "ignores")]
    (block,) = discord([write_run(tmp_path / "run", rows)]).blocks
    assert not block.best
    assert block.says.startswith("No measure of 1 can be told from chance")


def test_five_sets_cannot_tell(tmp_path):
    rows = [r for i, gain in enumerate(GAIN[:5]) for r in planted(f"set_{i}", gain)]
    (block,) = discord([write_run(tmp_path / "run", rows)]).blocks
    assert block.says == "5 sets cannot tell whether looking good means helping; at least 6 are needed."
    assert block.rows == ()
    assert len(block.sets) == 5


def test_a_set_that_lacks_a_measure_is_left_out_of_it(run, tmp_path):
    rows = [r for i, gain in enumerate(GAIN) for r in planted(f"s{i}", gain) if not (i == 3 and r.metric == "follows")]
    why = row("s4", "ignores", 1.0).model_copy(update={"value": None, "not_measured": "too few"})
    rows = [why if r.metric == "ignores" and r.of == "s4" else r for r in rows]
    (block,) = discord([write_run(tmp_path / "other", rows)]).blocks
    found = {row.metric: row for row in block.rows}
    assert (found["follows"].n, found["follows"].without) == (11, {"s3": "not measured"})
    assert (found["ignores"].n, found["ignores"].without) == (11, {"s4": "too few"})


def test_runs_on_the_same_patients_are_pooled_and_others_are_not(tmp_path):
    first = [r for i, gain in enumerate(GAIN[:6]) for r in planted(f"s{i}", gain)]
    second = [r for i, gain in enumerate(GAIN[6:]) for r in planted(f"s{i}", gain)]
    one, two = write_run(tmp_path / "one", first), write_run(tmp_path / "two", second)
    (block,) = discord([one, two]).blocks
    assert len(block.sets) == 12
    assert {spot.of for spot in block.sets} >= {"one: s0", "two: s0"}
    other = write_run(tmp_path / "three", second, real="b")
    assert [len(block.sets) for block in discord([one, other]).blocks] == [6, 6]


def test_a_gain_with_strata_is_chosen_by_the_user(tmp_path):
    strata = [gain_row(f"s{i}", gain, stratum="real=5%, ratio=1", metric="dice_gain") for i, gain in enumerate(GAIN)]
    rows = [r for i, g in enumerate(GAIN) for r in planted(f"s{i}", g)] + strata
    run = write_run(tmp_path / "run", rows)
    (block,) = discord([run], gain="dice_gain", stratum="real=5%, ratio=1").blocks
    assert (block.gain, block.gain_stratum) == ("dice_gain", "real=5%, ratio=1")
    assert discord([run]).blocks[0].gain == "auc_gain"
    with pytest.raises(RunError, match="real=5%, ratio=1"):
        discord([run], gain="dice_gain", stratum="real=6%, ratio=1")
    with pytest.raises(RunError, match="auc_gain"):
        discord([run], gain="auc_gaim")


def test_an_unfinished_run_says_so(tmp_path):
    (tmp_path / "run").mkdir()
    with pytest.raises(RunError, match="has not been judged to the end"):
        discord([tmp_path / "run"])


def test_the_command_prints_json_and_keeps_page_and_record(run, tmp_path):
    result = CliRunner().invoke(app, ["discord", str(run), "--json", "--out", str(tmp_path / "page.html")])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["blocks"][0]["gain"] == "auc_gain"
    kept = Discordance.read(run / DISCORDANCE)
    assert kept == discord([run])
    page = (run / "discordance.html").read_text(encoding="utf-8")
    assert page == (tmp_path / "page.html").read_text(encoding="utf-8")
    told = CliRunner().invoke(app, ["discord", str(run)], env={"COLUMNS": "200"}).stdout
    assert "set_00 looks better than set_11 on Opposes, and helps less" in told
