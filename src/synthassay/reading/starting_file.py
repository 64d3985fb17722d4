"""The commented file that ``synthassay reader new`` writes, one for each kind of study."""

from __future__ import annotations

from typing import NamedTuple

from synthassay.records.reader_study import StudyKind


class Start(NamedTuple):
    """What differs between starting files."""

    title: str
    question: str
    instructions: str
    arms: str
    rest: str


_TWO_ARMS = """\
[[arms]]
name = "real"
role = "real"
path = "real"                 # folder of images; a case is a file's name without suffix

[[arms]]
name = "synthetic"
role = "synthetic"
path = "synthetic"            # or runs/<study>/synthetic/<name>
"""
_CONTROLS = """
[[arms]]                      # readers who miss plainly degraded images see nothing: the study's own sensitivity
name = "degraded"
role = "positive_control"
count = 4                     # made of so many real images, which are then shown nowhere else

[[arms]]                      # real images judged as if synthetic: must stay at chance
name = "real-again"
role = "negative_control"
count = 4
"""
_SCALE = """
[scale]
finding = "a pneumonia"       # asked: How likely is ...?
type = "continuous"           # 0 to 100; or ordinal with points = 5 or 6
marks = "none"                # one: most suspicious place (LROC); many: all places, each with a rating (FROC)
"""
_ITEMS = """
artefacts = ["blur", "checkerboard", "seam", "wrong anatomy"]

[[items]]
name = "realism"
text = "This image could come from my own department."

[[items]]
name = "anatomy"
text = "The anatomy is plausible."

[[items]]
name = "artefact"
text = "Artefacts disturb my reading."
"""

STARTS: dict[StudyKind, Start] = {
    StudyKind.TURING: Start(
        "Reading of chest radiographs",
        "Can experienced readers tell synthetic radiographs from real ones, image by image?",
        "Each image is real or synthetic. The share of synthetic images is not told.",
        _TWO_ARMS + _CONTROLS,
        "",
    ),
    StudyKind.CHOICE: Start(
        "Comparison of chest radiographs",
        "Can experienced readers find the synthetic radiograph beside a real one?",
        "One of the images of each trial is synthetic, the others are real. Choose the synthetic one.",
        _TWO_ARMS + _CONTROLS,
        "",
    ),
    StudyKind.QUALITY: Start(
        "Rating of chest radiographs",
        "How do experienced readers rate realism, anatomy and artefacts of synthetic radiographs against real ones?",
        "Rate each image by itself.",
        _TWO_ARMS,
        "",
    ),
    StudyKind.DIAGNOSTIC: Start(
        "Diagnosis on head CT",
        "Is the finding diagnosed as well on synthetic images as on the real ones of the same patients?",
        "Read each case as you would at work. Some cases show the finding, some do not.",
        _TWO_ARMS,
        _SCALE,
    ),
    StudyKind.CHANGE: Start(
        "Diagnosis with an aid",
        "Does the aid, whose model was trained with synthetic images, change diagnoses for the better?",
        "Rate each case; then the aid appears, and you rate once more. The first rating is kept.",
        """\
[[arms]]
name = "cases"
role = "real"
path = "real"

[[arms]]
name = "aid"
role = "aid"
path = "aid"                  # an image per case, shown beside it; words stand in the table's column `note`
""",
        _SCALE,
    ),
}


_CASES = (
    'cases = "cases.csv"           # columns case, truth (0 or 1), and as wanted subject, note, x, y, slice, radius'
)
_SUBJECTS = '# cases = "cases.csv"         # columns case, subject: whose image it is, where a patient has several'
_ALTERNATIVES = "\nalternatives = 2              # images per trial: 2-AFC, 4-AFC ..."
_CROSSED = """
crossed = true                # every case in every arm; false: a case belongs to one arm
sessions = "mixed"            # arms change places within a session; by_arm: one arm a session"""
_OFFERED = """\
# [[windows]]                 # windows to choose from, in the images' unit; the first is shown first
# name = "lung"
# low = -1350
# high = 150

# [reencode]                  # where arms give themselves away: done to every image of every arm alike
# reason = "The real radiographs have many sizes, the synthetic ones have one."
# size = [256, 256]
# levels = 256
"""


def starting_file(kind: StudyKind) -> str:
    """Return the commented file of a kind of reader study."""
    start = STARTS[kind]
    truth = kind in (StudyKind.DIAGNOSTIC, StudyKind.CHANGE)
    artefacts, _, items = _ITEMS.strip().partition("\n\n") if kind is StudyKind.QUALITY else ("", "", "")
    asked = _ALTERNATIVES if kind is StudyKind.CHOICE else _CROSSED if kind is StudyKind.DIAGNOSTIC else ""
    parts = [
        _opening(kind, start, _CASES if truth else _SUBJECTS),
        artefacts,
        start.arms.rstrip(),
        items,
        _design(asked, washout=28 if kind is StudyKind.DIAGNOSTIC else 0),
        start.rest.strip(),
        _analysis("non_inferiority" if truth else "equivalence"),
        _OFFERED.rstrip(),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _opening(kind: StudyKind, start: Start, cases: str) -> str:
    return f"""\
# A reader study.  Fix it: synthassay reader compile THIS_FILE --out FOLDER.  Read it: synthassay reader serve FOLDER
schema_version = 1
title = "{start.title}"       # readers see it: it must not give the arms away
question = "{start.question}"
kind = "{kind}"
instructions = "{start.instructions}"
seed = 20260101               # root of every order
readers = 4                   # or their codes: ["anna-k", "r17"], never their names
{cases}"""


def _design(asked: str, *, washout: int) -> str:
    return f"""\
[design]{asked}
practice = 4                  # cases to get used to the room; not analysed
repeats = 0.1                 # share shown twice, for agreement within readers
least_gap = 10                # trials at least in between
catch = 2                     # trials that say what to answer
blocks = 2                    # a break is offered between them
washout_days = {washout:<2}             # between sessions
go_back = false               # whether an answer may be changed"""


def _analysis(hypothesis: str) -> str:
    return f"""\
[analysis]                    # fixed before anyone reads
hypothesis = "{hypothesis}"
margin = 0.05                 # the largest difference that would not matter
alpha = 0.05"""
