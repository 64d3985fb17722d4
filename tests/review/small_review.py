"""A review of a few records, made as a user makes one."""

from __future__ import annotations

from synthassay.records.review import Choice, Decision, Stage, Stream
from synthassay.review.project import Project, start_project
from synthassay.review.screening import checked

QUESTION = "Do synthetic images help where real ones are few?"
RIS = """\
TY  - JOUR
TI  - {title}
AU  - {author}
PY  - {year}
T2  - Medical Physics
VL  - 4
SP  - {page}
EP  - {page}9
DO  - {doi}
AB  - {abstract}
ER  -
"""


def ris(number, *, title="", doi="", author="Kim, S.", year=2021, abstract="We made images."):
    return RIS.format(
        title=title or f"Synthetic images of organ {'abcdefghijklmnop'[number]} by a generator of our own",
        doi=doi or f"10.5555/x{number}",
        author=author,
        year=year,
        page=100 + number,
        abstract=abstract,
    )


def small_review(path, *, records=6, reviewers=("anna", "bert"), texts=None):
    """A folder with two databases: all records in the first, the first two again in the second."""
    start_project(path, title="A small review", question=QUESTION, reviewers=reviewers)
    project = Project(path)
    texts = texts or [ris(n) for n in range(records)]
    for spaces, (name, some) in enumerate((("PubMed", texts), ("Scopus", texts[:2]))):
        file = path.parent / f"{name}.ris"
        file.write_text("\n".join(some) + f"\n{' ' * spaces}\n", encoding="utf-8")
        project.import_file(file, source=name)
    return Project(path)


def add_citations(project, number):
    file = project.path.parent / "cited.ris"
    file.write_text("\n".join(ris(8 + n) for n in range(number)), encoding="utf-8")
    project.import_file(file, source="Reference lists", stream=Stream.CITATION)


def decide(project, record, stage, choice, *, by=("anna", "bert"), reason=""):
    made = [
        Decision(record=record, stage=Stage(stage), reviewer=name, choice=Choice(choice), reason=reason) for name in by
    ]
    project.add_decisions(checked(made, project))
