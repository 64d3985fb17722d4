"""A compiled study in a few lines for a terminal."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from synthassay.reading.compiling import Compiled, read_design
from synthassay.reading.progress import reader_progress
from synthassay.reading.room import Room
from synthassay.reading.store import Store, database_url


def design_lines(made: Compiled) -> list[str]:
    """Return what was fixed: readers, trials, sessions, hashes, and give-aways that were accepted."""
    design, truth = made.design, made.truth
    one = design.readers[0]
    purposes = Counter(trial.purpose.value for trial in truth.trials if trial.reader == one.reader)
    parts = ", ".join(f"{count} {purpose}" for purpose, count in sorted(purposes.items()))
    return [
        f"{design.title} ({design.kind})",
        f"{len(design.readers)} reader(s), {len(one.trials)} trials each ({parts}), {design.sessions} session(s)",
        f"{len(truth.stimuli)} images encoded, without names and headers",
        *(f"accepted: {found.words}" for found in truth.give_aways),
        f"design {design.digest()}",
        f"truth  {design.truth_sha256}",
        f"Keep {made.folder / 'truth.json'} away from readers; register the two hashes before anyone reads.",
        f"Next: synthassay reader invite {made.folder} {one.reader}; synthassay reader serve {made.folder}",
    ]


def progress_lines(folder: Path, database: str = "") -> list[str]:
    """Return one line per reader: how many are read, in which session, and how long a case takes."""
    design = read_design(folder)
    store = Store(database_url(folder, database), design.digest())
    try:
        found = reader_progress(Room(folder, design, store, time.time))
    finally:
        store.close()
    width = max(len(line["reader"]) for line in found)
    return [
        f"{line['reader']:<{width}}  {line['done']:>4} of {line['total']}"
        + (f"  session {line['session']} of {line['sessions']}" if line["session"] else "  finished or waiting")
        + (f"  {line['median_s']} s a case" if line["median_s"] is not None else "")
        for line in found
    ]
