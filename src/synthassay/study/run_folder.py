"""A run folder that only one process writes, and that remembers which stages are finished."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from synthassay.errors import RunError
from synthassay.records.base import fingerprint, sha256_of, write_text
from synthassay.records.lock import StageRecord
from synthassay.study.console import readable
from synthassay.study.usage import Usage


class RunFolder:
    """Where a study's files go, and what of it is done.

    A stage is finished when its record holds the same fingerprint and each of its outputs still has its hash: then
    running the same command again passes it by. A stage whose inputs changed starts anew from an empty place.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.exists() and not path.is_dir():
            raise RunError(str(path), "is a file, not a folder", remedy="Choose another --out.")
        if path.is_dir() and any(path.iterdir()) and not (path / "study.toml").exists() and not self._is_ours():
            raise RunError(
                str(path), "holds files that no synthassay run made", remedy="Choose an empty or a new folder as --out."
            )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder against a second process.

        Raises:
            RunError: Another process works in this folder now.
        """
        stages = self.path / "stages"
        stages.mkdir(parents=True, exist_ok=True)
        lock = FileLock(stages / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            remedy = "Wait for it, or give this run another --out."
            raise RunError(str(self.path), "another process is working in this run folder", remedy=remedy) from None
        try:
            self._sweep()
            yield
        finally:
            lock.release()

    def finished(self, stage: str, of: str, inputs: Any) -> bool:
        """Whether the stage was finished with equal inputs and its outputs are still what they were."""
        record = self._read(stage, of)
        if record is None or record.fingerprint != fingerprint(inputs):
            return False
        return all(
            (self.path / name).is_file() and sha256_of(self.path / name) == digest
            for name, digest in record.outputs.items()
        )

    def begin(self, stage: str, of: str, inputs: Any, places: Iterable[Path]) -> None:
        """Empty ``places`` unless what lies there was begun with equal inputs, so that half-done work goes on."""
        mark = self._mark(stage, of, "begun")
        now = fingerprint(inputs)
        if not mark.is_file() or mark.read_text(encoding="utf-8").strip() != now:
            self._mark(stage, of, "json").unlink(missing_ok=True)
            for place in places:
                if place.is_dir():
                    shutil.rmtree(place)
                else:
                    place.unlink(missing_ok=True)
            write_text(mark, now + "\n")

    def finish(self, stage: str, of: str, inputs: Any, outputs: Iterable[Path]) -> str:
        """Record the stage as finished; return the fingerprint of its outputs for the stages that read them."""
        hashes = {path.relative_to(self.path).as_posix(): sha256_of(path) for path in sorted(outputs)}
        record = StageRecord(stage=stage, of=of, fingerprint=fingerprint(inputs), outputs=hashes)
        record.write(self._mark(stage, of, "json"))
        return self.outputs(stage, of)

    def outputs(self, stage: str, of: str = "") -> str:
        """Fingerprint of what a finished stage wrote."""
        record = self._read(stage, of)
        if record is None:
            raise RunError(str(self.path), f"the stage {stage} {of} has not been finished", remedy="Run it first.")
        return fingerprint(record.outputs)

    @contextmanager
    def timed(self, stage: str, of: str) -> Iterator[Callable[[], str]]:
        """Append what a stage cost to ``timing.jsonl``, the one file that differs between equal runs."""
        usage = Usage()
        yield lambda: readable(usage.seconds)
        line = {"stage": stage, "of": of, **usage.so_far()}
        with (self.path / "timing.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")

    def _mark(self, stage: str, of: str, kind: str) -> Path:
        return self.path / "stages" / (f"{stage}-{of}.{kind}" if of else f"{stage}.{kind}")

    def _read(self, stage: str, of: str) -> StageRecord | None:
        path = self._mark(stage, of, "json")
        try:
            return StageRecord.read(path) if path.is_file() else None
        except RunError:
            return None  # a damaged record means: not finished

    def _is_ours(self) -> bool:
        return (self.path / "stages").is_dir()

    def _sweep(self) -> None:
        for partial in self.path.rglob(".partial-*"):  # left by a process that was killed while writing
            if partial.is_dir():
                shutil.rmtree(partial, ignore_errors=True)
            else:
                partial.unlink(missing_ok=True)
