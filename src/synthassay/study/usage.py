"""What a stage cost: wall time, processor time, and the most memory that it held."""

from __future__ import annotations

import time
from pathlib import Path

_PROCESS = Path("/proc/self")


class Usage:
    """Counts from its construction on, for the whole process.

    >>> sorted(Usage().so_far())[:1]
    ['cpu_seconds']
    """

    def __init__(self) -> None:
        self._reset = _forget_peak()
        self._wall = time.monotonic()
        self._processor = time.process_time()

    @property
    def seconds(self) -> float:
        """Wall time in seconds."""
        return time.monotonic() - self._wall

    def so_far(self) -> dict[str, float]:
        """Return ``seconds``, ``cpu_seconds`` (all threads) and, where Linux tells it, ``peak_mib`` (resident memory).

        The peak is absent elsewhere: other systems know the peak of a process, not of a part of its life.
        """
        found = {
            "seconds": round(self.seconds, 3),
            "cpu_seconds": round(time.process_time() - self._processor, 3),
        }
        peak = _peak_mib() if self._reset else None
        return found if peak is None else {**found, "peak_mib": peak}


def _forget_peak() -> bool:
    try:
        (_PROCESS / "clear_refs").write_text("5", encoding="ascii")  # proc(5): resets VmHWM to what is held now
    except OSError:
        return False
    return True


def _peak_mib() -> float | None:
    try:
        lines = (_PROCESS / "status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) / 1024, 1)
    return None
