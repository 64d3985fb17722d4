"""Run the demonstration: on real CT where it is at hand, else on virtual patients; say which and where."""

from __future__ import annotations

import os
import sys
from pathlib import Path

STUDIES = Path(__file__).resolve().parents[1] / "studies"


def main() -> int:
    """Run the study that the data at hand allow, and print where its report is."""
    from synthassay.data.sources import SOURCES, fetch
    from synthassay.errors import SynthassayError
    from synthassay.study.console import Voice
    from synthassay.study.run import run_study

    voice = Voice()
    study = STUDIES / "demo-virtual.toml"
    if os.environ.get("SYNTHASSAY_DATA"):
        try:
            fetch(SOURCES.get("ct-openkbp-headneck"))
            study = STUDIES / "demo-real.toml"
        except SynthassayError as problem:
            voice.say(f"no real CT: {problem}")
    kind = "real CT" if "real" in study.stem else "virtual patients"
    voice.say(f"demonstration on {kind} ({study.name})")
    try:
        run = run_study(study, Path("runs") / study.stem, voice)
    except SynthassayError as problem:
        voice.say(str(problem))
        return problem.exit_code
    voice.say(f"report: {(run / 'report.html').resolve()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
