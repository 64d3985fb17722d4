"""A form that a person completes in a browser: one file, no server; saving writes a file of answers."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from synthassay.appraise.answers import YES_NO
from synthassay.records.appraisal import Appraisal
from synthassay.records.base import write_text
from synthassay.records.instrument import Instrument, Purpose


def form_name(instrument: Instrument) -> str:
    """Return the file name of an instrument's form."""
    return f"appraisal-{instrument.name}.html"


def write_form(instrument: Instrument, appraisal: Appraisal, run: Path) -> Path:
    """Write the form into the run folder, with what the run proves filled in.

    The page may run its own script alone (by hash), load nothing and send nothing. Equal runs give equal bytes.

    Raises:
        RunError: It cannot be written.
    """
    folder = files("synthassay.appraise") / "templates"
    script = (folder / "form.js").read_text(encoding="utf-8")
    environment = Environment(
        loader=PackageLoader("synthassay.appraise"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    facts = {
        "instrument": instrument.name,
        "instrument_sha256": appraisal.instrument_sha256,
        "run_sha256": appraisal.run_sha256,
    }
    page = environment.get_template("form.html.j2").render(
        css=(folder / "form.css").read_text(encoding="utf-8"),
        script=script,
        script_hash=f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}",
        facts=json.dumps(facts),
        run_name=run.resolve().name,
        instrument=instrument,
        items={item.item: item for item in appraisal.items},
        conditions={item.item: item for item in appraisal.conditions},
        levels={domain.domain: domain for domain in appraisal.domains},
        judges=instrument.purpose is Purpose.RISK,
        yes_no=YES_NO,
    )
    path = run / form_name(instrument)
    write_text(path, page)
    return path
