"""The loop: what it descends, in which order, what it leaves, and that a kill at any moment changes nothing."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import train_in_a_process
from generators.examination import Bodies
from generators.tiny_generator import TinyGenerator
from synthassay.errors import DataError, RunError
from synthassay.generators.base import GeneratorSettings
from synthassay.networks.batch import Batch, Facts
from synthassay.networks.weights import read_tensors
from synthassay.records.base import sha256_of
from synthassay.train import Progress, batch_positions, only, train

TESTS = Path(__file__).parent
FACTS = Facts(1, 0, ("clear", "opaque"), (16, 16))


def tiny(kind: type[TinyGenerator] = TinyGenerator, **settings: Any) -> TinyGenerator:
    torch.manual_seed(0)
    return kind(GeneratorSettings(**{"images_seen": 160, "batch": 8, "learning_rate": 1e-2, **settings}), FACTS)


def run(generator: TinyGenerator, folder: Path, **changes: Any) -> Any:
    examples, held_out = Bodies(30, 16, 0, FACTS.classes), Bodies(8, 16, 0, FACTS.classes, seed=6)
    return train(generator, examples, held_out, folder=folder, **{"seed": 3, "checkpoint_seconds": 0, **changes})


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "training.jsonl").read_text().splitlines()]


class StoppedError(Exception):
    pass


def stop_at(images: int):
    def stop(now: Progress) -> None:
        if now.images_seen >= images:
            raise StoppedError

    return stop


def test_every_epoch_shows_every_example_once() -> None:
    shown = [p for seen in range(0, 90, 6) for p in batch_positions(7, seen, 6, 30)]
    epochs = [shown[i : i + 30] for i in (0, 30, 60)]
    assert all(sorted(epoch) == list(range(30)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_batch_order_does_not_depend_on_where_one_begins() -> None:
    assert batch_positions(7, 28, 8, 10) == [p for k in range(28, 36) for p in batch_positions(7, k, 1, 10)]
    assert batch_positions(7, 0, 10, 10) != batch_positions(8, 0, 10, 10)


def test_batch_larger_than_the_examples_goes_round() -> None:
    shown = batch_positions(1, 0, 9, 3)
    assert [shown.count(i) for i in range(3)] == [3, 3, 3]


def test_only_the_phase_takes_gradients() -> None:
    generator = tiny()
    only(generator, generator.judge)
    assert {n.split(".")[0] for n, p in generator.named_parameters() if p.requires_grad} == {"judge"}


def test_both_phases_are_trained_and_the_average_follows(tmp_path: Path) -> None:
    generator = tiny()
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    result = run(generator, tmp_path)
    moved = {n.split(".")[0] for n, v in generator.state_dict().items() if not torch.equal(v, before[n])}
    assert moved == {"painter", "judge", "ema", "seen"}
    assert int(generator.ema.updates) == 20
    assert result.images_seen == 160
    assert result.parameters == sum(p.numel() for m in (generator.painter, generator.judge) for p in m.parameters())


def test_log_has_terms_validation_and_learning_rate(tmp_path: Path) -> None:
    run(tiny(), tmp_path)
    logged = lines(tmp_path)
    assert [line["images_seen"] for line in logged] == list(range(8, 168, 8))
    assert logged[0]["train"].keys() == {"painter/pixels", "painter/judged", "judge/judged"}
    assert "painter/pixels" in logged[-1]["validation"]
    assert logged[0]["learning_rate"]["painter"] == pytest.approx(1e-2)
    assert logged[10]["learning_rate"]["judge"] == pytest.approx(1e-2 * (1 - 0.5 * 10 / 20))
    speeds = [json.loads(line)["images_per_second"] for line in (tmp_path / "timing.jsonl").read_text().splitlines()]
    assert len(speeds) == 20
    assert min(speeds) > 0


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    told: list[Progress] = []
    run(tiny(), tmp_path, progress=told.append)
    assert [now.images_seen for now in told] == list(range(8, 168, 8))
    assert told[-1].images_total == 160
    assert told[-1].seconds_left == 0


class Plain(TinyGenerator):
    """No dropout, no noise, no batch statistics: the gradient of a batch is that of its pieces together."""

    def phases(self) -> dict[str, torch.nn.Module]:
        return {"judge": self.judge}

    def loss(self, phase: str, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        assert batch.target is not None
        return {"error": (self.judge(batch.target) - batch.target).square().mean()}


@pytest.mark.parametrize("micro_batch", [1, 3, 8])
def test_pieces_give_the_gradient_of_the_whole_batch(tmp_path: Path, micro_batch: int) -> None:
    whole, pieces = tiny(Plain, images_seen=40), tiny(Plain, images_seen=40, micro_batch=micro_batch)
    run(whole, tmp_path / "whole")
    run(pieces, tmp_path / "pieces")
    for name, value in whole.judge.state_dict().items():
        torch.testing.assert_close(pieces.judge.state_dict()[name], value, rtol=1e-4, atol=1e-5)
    assert lines(tmp_path / "pieces")[-1]["train"] == pytest.approx(lines(tmp_path / "whole")[-1]["train"], rel=1e-4)


class Staged(TinyGenerator):
    """The painter first, the judge from step 10 on, which begins with what is measured then."""

    def due(self, phase: str, step: int) -> bool:
        return (phase == "judge") == (step >= 10)

    def before_step(self, step: int, examples: Any, rng: torch.Generator) -> None:
        if step == 10:
            self.seen = examples.batch(range(3)).target.mean((1, 2, 3)) + torch.randn(3, generator=rng)


def test_stages_step_one_after_the_other_and_log_their_own_terms(tmp_path: Path) -> None:
    generator = tiny(Staged)
    run(generator, tmp_path)
    logged = lines(tmp_path)
    assert {"/".join(sorted(line["train"])) for line in logged[:10]} == {"painter/judged/painter/pixels"}
    assert {"/".join(sorted(line["train"])) for line in logged[10:]} == {"judge/judged"}
    assert float(generator.seen.abs().sum()) != 0


@pytest.mark.parametrize("stop", [72, 80, 88])
def test_killed_where_a_stage_begins_it_ends_with_the_same_bytes(tmp_path: Path, stop: int) -> None:
    whole = run(tiny(Staged), tmp_path / "whole")
    with pytest.raises(StoppedError):
        run(tiny(Staged), tmp_path / "cut", progress=stop_at(stop))
    assert run(tiny(Staged), tmp_path / "cut").weights_sha256 == whole.weights_sha256


@pytest.mark.parametrize("stop", [8, 80, 152])
def test_stopped_and_run_again_gives_the_same_bytes(tmp_path: Path, stop: int) -> None:
    whole = run(tiny(), tmp_path / "whole")
    with pytest.raises(StoppedError):
        run(tiny(), tmp_path / "cut", progress=stop_at(stop))
    torch.manual_seed(99)  # a later process has other global random numbers
    resumed = run(tiny(), tmp_path / "cut")
    assert resumed.resumed_from == stop - 8
    assert resumed.weights_sha256 == whole.weights_sha256
    assert sha256_of(tmp_path / "cut/training.jsonl") == sha256_of(tmp_path / "whole/training.jsonl")
    assert sorted(p.name for p in (tmp_path / "cut").iterdir()) == [
        "timing.jsonl",
        "training.jsonl",
        "weights.safetensors",
    ]


def test_twice_from_the_start_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    first, second = run(tiny(), tmp_path / "1"), run(tiny(), tmp_path / "2")
    assert first.weights_sha256 == second.weights_sha256
    assert run(tiny(), tmp_path / "3", seed=4).weights_sha256 != first.weights_sha256


def test_finished_training_is_not_repeated(tmp_path: Path) -> None:
    first = run(tiny(), tmp_path)

    def never(now: Progress) -> None:
        raise AssertionError("trained again")

    again_with = tiny()
    again = run(again_with, tmp_path, progress=never)
    assert (again.weights_sha256, again.resumed_from) == (first.weights_sha256, 160)
    stored = read_tensors(tmp_path / "weights.safetensors")[0]
    assert all(torch.equal(value, stored[name]) for name, value in again_with.state_dict().items())


def test_checkpoint_of_another_training_is_not_gone_on_from(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        run(tiny(), tmp_path, progress=stop_at(80))
    assert run(tiny(), tmp_path, inputs="other images").resumed_from == 0


def test_global_random_numbers_are_left_alone(tmp_path: Path) -> None:
    generator = tiny()
    before = torch.random.get_rng_state()
    run(generator, tmp_path)
    assert torch.equal(before, torch.random.get_rng_state())
    assert not torch.are_deterministic_algorithms_enabled()


class Classical(TinyGenerator):
    def phases(self) -> dict[str, torch.nn.Module]:
        return {}


def test_family_without_phases_is_only_prepared(tmp_path: Path) -> None:
    generator = tiny(Classical)
    result = run(generator, tmp_path)
    assert result.images_seen == 0
    stored = read_tensors(tmp_path / "weights.safetensors")[0]
    assert stored["seen"].shape == (3,)
    assert lines(tmp_path) == []


class Diverging(TinyGenerator):
    def loss(self, phase: str, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        terms = super().loss(phase, batch, rng)
        if phase == "judge" and int(self.ema.updates) == 12:
            terms["judged"] = terms["judged"] * torch.nan
        return terms


def test_loss_that_is_not_finite_stops_with_step_terms_and_remedy(tmp_path: Path) -> None:
    with pytest.raises(RunError) as caught:
        run(tiny(Diverging), tmp_path)
    message = str(caught.value)
    assert all(part in message for part in ("step 12", "'judge'", "'judged': nan", "learning_rate"))
    kept, note = read_tensors(tmp_path / "checkpoint.safetensors")
    assert note["step"] == 12
    assert all(bool(torch.isfinite(value).all()) for value in kept.values())
    assert not (tmp_path / "weights.safetensors").exists()


class Exploding(TinyGenerator):
    def after_step(self, images_seen: int) -> None:
        if images_seen == 80:
            with torch.no_grad():
                self.judge.bias.fill_(torch.inf)


def test_weights_that_are_not_finite_never_reach_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"judge\.bias"):
        run(tiny(Exploding), tmp_path)
    assert read_tensors(tmp_path / "checkpoint.safetensors")[1]["step"] == 9


def test_full_disk_is_told_and_the_old_checkpoint_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run(tiny(), tmp_path / "whole")
    with pytest.raises(StoppedError):
        run(tiny(), tmp_path / "cut", progress=stop_at(80))
    before = sha256_of(tmp_path / "cut/checkpoint.safetensors")

    def full(path: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(Path, "write_bytes", full)
        with pytest.raises(RunError, match="disk is full"):
            run(tiny(), tmp_path / "cut")
    assert sha256_of(tmp_path / "cut/checkpoint.safetensors") == before
    assert not list((tmp_path / "cut").glob(".partial-*"))
    assert run(tiny(), tmp_path / "cut").weights_sha256 == whole.weights_sha256


def test_damaged_checkpoint_is_named_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        run(tiny(), tmp_path, progress=stop_at(80))
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(RunError, match=r"checkpoint\.safetensors.*Remove it"):
        run(tiny(), tmp_path)


def test_nothing_to_learn_from_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no subject is in train"):
        train(tiny(), Bodies(0, 16, 0, ()), Bodies(0, 16, 0, ()), folder=tmp_path, seed=1)


def process(folder: Path) -> subprocess.Popen:
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])
    command = [sys.executable, str(TESTS / "train_in_a_process.py"), str(folder)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    )


def test_killed_at_any_moment_and_run_again_gives_the_same_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """SIGKILL: no handler runs, nothing is flushed."""
    killed = process(tmp_path / "cut")
    for line in killed.stdout:
        if int(line) >= 160:
            killed.send_signal(signal.SIGKILL)
            break
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert (tmp_path / "cut/checkpoint.safetensors").exists()
    assert not (tmp_path / "cut/weights.safetensors").exists()

    threads = torch.get_num_threads()
    train_in_a_process.main(tmp_path / "cut")
    assert int(capsys.readouterr().out.split()[0]) > 8
    train_in_a_process.main(tmp_path / "whole")
    torch.set_num_threads(threads)
    for name in ("weights.safetensors", "training.jsonl"):
        assert sha256_of(tmp_path / "cut" / name) == sha256_of(tmp_path / "whole" / name)
