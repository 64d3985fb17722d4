"""A compiled study in a few lines for a terminal."""

from __future__ import annotations

from collections import Counter

from synthassay.reading.compiling import Compiled


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
