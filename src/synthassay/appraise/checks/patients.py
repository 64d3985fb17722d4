"""Whose images they are: how many subjects, from where, who was left out, and whether subgroups were looked at."""

from __future__ import annotations

from synthassay.appraise.checks import check
from synthassay.appraise.checks.found import Found, no, of_every_set, pointers, unknown, yes
from synthassay.appraise.dossier import COHORT, REQUIREMENTS, Dossier
from synthassay.protocols import PROTOCOLS
from synthassay.records.appraisal import Pointer
from synthassay.records.vocabulary import Split

NO_COHORT = "the run holds no cohort.json"


@check
def enough_subjects(dossier: Dossier) -> Found:
    """Whether every required measure was made on as many subjects as the protocol asks for."""
    asked = dossier.requirements
    if asked is None or asked.protocol not in PROTOCOLS:
        return unknown("the run does not say by which protocol it was judged")
    required = {
        r.metric: r.least_subjects for r in PROTOCOLS.get(asked.protocol).required(asked.task) if r.least_subjects
    }
    measured = [line for metric in required for line in dossier.of(metric) if line.m.value is not None]
    whole = {(line.m.metric, line.m.of) for line in measured if not line.m.stratum}
    measured = [line for line in measured if not line.m.stratum or (line.m.metric, line.m.of) not in whole]
    few = [line for line in measured if line.m.subjects < required[line.m.metric]]
    if few:
        least = required[few[0].m.metric]
        return no(f"{few[0].m.subjects} subjects where the protocol asks for {least}", *pointers(few))
    if not measured:
        return unknown("no measure for which the protocol asks a number of subjects was made")
    protocol = Pointer(file=REQUIREMENTS, place="protocol", says=asked.protocol)
    return yes("each measure for which the protocol asks it has enough subjects", protocol, *pointers(measured))


@check
def several_sites(dossier: Dossier) -> Found:
    """Whether the real images come from more than one site or scanner, as the cohort names them."""
    if dossier.cohort is None:
        return unknown(NO_COHORT)
    sites = {case.site for case in dossier.cohort.cases} - {""}
    scanners = {case.scanner for case in dossier.cohort.cases} - {""}
    if not sites and not scanners:
        return unknown("the cohort names neither sites nor scanners")
    words = f"{len(sites)} sites and {len(scanners)} scanners are named"
    pointer = Pointer(file=COHORT, place="cases[].site, cases[].scanner", says=words)
    return yes(words, pointer) if len(sites) > 1 or len(scanners) > 1 else no(words, pointer)


@check
def exclusions_recorded(dossier: Dossier) -> Found:
    """Whether the cohort lists what was left out."""
    if dossier.cohort is None:
        return unknown(NO_COHORT)
    out, kept = len(dossier.cohort.excluded), len(dossier.cohort.cases)
    words = f"{out} cases left out, each with its reason; {kept:,} kept"
    return yes(words, Pointer(file=COHORT, place="excluded", says=words))


@check
def subgroups_measured(dossier: Dossier) -> Found:
    """Whether gain was measured by subgroup of patients for every judged set."""
    return of_every_set(
        dossier, "subgroup_gain", lambda _: False,
        good="gain was measured by subgroup", bad="", absent="gain by subgroup was not measured",
    )  # fmt: skip


@check
def subjects_are_patients(dossier: Dossier) -> Found:
    """Whether the subjects can stand for patients at all: virtual ones cannot, and of real ones a person must tell."""
    if dossier.cohort is not None and dossier.cohort.source.startswith("phantom:"):
        pointer = Pointer(file=COHORT, place="source", says=dossier.cohort.source)
        return no("the subjects are virtual patients, computed and not scanned", pointer)
    return unknown("only a person can tell whom the subjects stand for")


@check
def external_set(dossier: Dossier) -> Found:
    """Whether subjects of another site were kept apart."""
    if dossier.cohort is not None:
        external = dossier.cohort.subjects(Split.EXTERNAL)
        words = f"{len(external)} external subjects" if external else "no external subject in the split"
        pointer = Pointer(file=COHORT, place="split", says=words)
        return yes(words, pointer) if external else no("no external site was kept apart", pointer)
    lines = [line for line in dossier.lines if "external" in line.m.metric and line.m.of in dossier.judged]
    measured = [line for line in lines if line.m.value is not None]
    if measured:
        return yes("measured on external images", *pointers(measured))
    return no("no external images were given", *pointers(lines)) if lines else unknown(NO_COHORT)


@check
def source_recorded(dossier: Dossier) -> Found:
    """Whether it is recorded where the data come from."""
    if dossier.cohort is None:
        return unknown(NO_COHORT)
    cohort = dossier.cohort
    licence = f", licence {cohort.licence}" if cohort.licence else ""
    if not cohort.citation:
        return unknown("the cohort names no citation of its data")
    pointer = Pointer(file=COHORT, place="source, citation, licence", says=f"{cohort.citation}{licence}")
    return yes("the source of the data and its citation are recorded", pointer)
