"""The whole bench: all failures of a modality, on several processes, resumed where it was stopped."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import lru_cache
from pathlib import Path

import synthassay
from synthassay.bench.detection import LEVEL, POWER, STUDY_PATIENTS
from synthassay.bench.material import Material, Order, gather
from synthassay.bench.responses import Bench
from synthassay.bench.sets import SHARES
from synthassay.bench.sight import sights
from synthassay.errors import NotMeasured
from synthassay.failures.failure import FAILURES, Failure
from synthassay.protocols import PROTOCOLS
from synthassay.records.base import Record, fingerprint
from synthassay.records.bench import FailureBench, InjectedFailure, Response, Sight
from synthassay.records.vocabulary import Modality
from synthassay.study.console import Voice


class Part(Record):
    """What was found of one failure; kept so that a stopped bench goes on with the next one."""

    failure: InjectedFailure
    responses: tuple[Response, ...]
    of: str
    not_tried: str = ""


def run_bench(
    order: Order,
    out: Path,
    voice: Voice,
    *,
    failures: Sequence[str] = (),
    metrics: Sequence[str] = (),
    workers: int = 1,
) -> FailureBench:
    """Try all failures of a modality and write ``bench.json``; the same command again goes on.

    Args:
        order: Which images.
        out: Folder to write.
        voice: Speaks to whoever runs it.
        failures: Names of failures to try; all that the modality has where empty.
        metrics: Names of measures to try; all that apply where empty.
        workers: Processes.

    Raises:
        UnknownName: A failure, measure, protocol or source is unknown.
        DataError: Images cannot be read, or are of too few patients.
    """
    material = gather(order)
    chosen = _chosen(material, failures)
    mark = fingerprint({"order": str(order), "metrics": sorted(metrics), "software": synthassay.__version__})
    done = {failure.name: part for failure in chosen if (part := _kept(out, failure, mark)) is not None}
    pending = [failure.name for failure in chosen if failure.name not in done]
    with voice.track("failures", "failures") as advance:
        for name, responses, reason in _tried(order, pending, tuple(metrics), workers):
            failure = _record(FAILURES.get(name), material.protocol.modality)
            part = Part(failure=failure, responses=tuple(responses), of=mark, not_tried=reason)
            part.write(out / "parts" / f"{name}.json")
            done[name] = part
            advance(len(done), len(chosen), name)
    parts = [done[failure.name] for failure in chosen]
    bench = _assembled(material, order, parts, _command(order, failures, metrics))
    bench.write(out / "bench.json")
    return bench


def _chosen(material: Material, names: Sequence[str]) -> list[Failure]:
    if names:
        return [FAILURES.get(name) for name in names]
    dimensions = len(material.specimens[0].space)
    modality = material.protocol.modality
    return [f for _, f in FAILURES.items() if modality in f.modalities and dimensions in f.dimensions]


def _kept(out: Path, failure: Failure, mark: str) -> Part | None:
    path = out / "parts" / f"{failure.name}.json"
    if not path.is_file():
        return None
    part = Part.read(path)
    return part if part.of == mark else None


def _tried(
    order: Order, names: Sequence[str], metrics: tuple[str, ...], workers: int
) -> Iterator[tuple[str, list[Response], str]]:
    if workers <= 1 or len(names) < 2:
        for name in names:
            yield name, *_try(order, name, metrics)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_one_thread) as pool:
        running = {pool.submit(_try, order, name, metrics): name for name in names}
        for future in as_completed(running):
            yield running[future], *future.result()


def _one_thread() -> None:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"


def _try(order: Order, name: str, metrics: tuple[str, ...]) -> tuple[list[Response], str]:
    try:
        return _bench(order, metrics).responses(FAILURES.get(name)), ""
    except NotMeasured as problem:
        return [], problem.reason


@lru_cache(maxsize=1)
def _bench(order: Order, metrics: tuple[str, ...]) -> Bench:
    return Bench(gather(order), order.seed, metrics)


def _record(failure: Failure, modality: Modality) -> InjectedFailure:
    matter = failure.matter(modality)
    return InjectedFailure(
        name=failure.name,
        title=failure.title,
        unit=failure.unit,
        severities=failure.severities,
        scope=failure.scope,
        matters_at=matter.at,
        matters_why=matter.why,
        source=matter.source,
    )


def _others(
    material: Material, failures: Sequence[InjectedFailure], responses: Sequence[Response]
) -> dict[str, tuple[Sight, ...]]:
    """What protocols of the same modality and unit see, where all of their dominant failures were tried."""
    own, tried = material.protocol, {failure.name for failure in failures}
    found = {}
    for name, protocol in PROTOCOLS.items():
        dominant = {failure for mode in protocol.failure_modes if mode.dominant for failure in mode.enacted_by}
        alike = (protocol.modality, protocol.unit) == (own.modality, own.unit)
        if name != own.name and alike and dominant and dominant <= tried:
            found[name] = tuple(sights(protocol, failures, responses))
    return found


def _command(order: Order, failures: Sequence[str], metrics: Sequence[str]) -> str:
    given = {"-m": order.protocol, "--source": order.source, "--real": order.path or "", "--image": order.image,
             "--subjects": order.subjects, "--slices": order.slices or "", "--spacing": order.spacing_mm or "",
             "--seed": order.seed}  # fmt: skip
    words = [
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in given.items()
        if value != ""
    ]
    words += [f"--failure {name}" for name in failures] + [f"--metric {name}" for name in metrics]
    return " ".join(["synthassay bench failures", *words])


def _assembled(material: Material, order: Order, parts: Sequence[Part], command: str) -> FailureBench:
    failures = tuple(part.failure for part in parts if not part.not_tried)
    responses = tuple(response for part in parts for response in part.responses)
    return FailureBench(
        modality=material.protocol.modality.value,
        protocol=material.protocol.name,
        source=material.source,
        licence=material.licence,
        citation=material.citation,
        images=len(material.specimens),
        subjects=len({specimen.subject for specimen in material.specimens}),
        set_size=round(SHARES[0] * len(material.specimens)),
        study_patients=STUDY_PATIENTS,
        level=LEVEL,
        power=POWER,
        seed=order.seed,
        software=synthassay.__version__,
        failures=failures,
        responses=responses,
        sights=tuple(sights(material.protocol, failures, responses)),
        required=tuple(r.metric for r in material.protocol.requirements if not (r.missing or r.sign)),
        others=_others(material, failures, responses),
        command=command,
        not_tried={part.failure.name: part.not_tried for part in parts if part.not_tried},
        notes=material.notes,
    )
