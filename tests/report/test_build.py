"""The report as its readers get it: valid, alone, safe, readable, and without anybody's name."""

from __future__ import annotations

import hmac
import json
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from synthassay.report import build_report

VOID = {"meta", "link", "img", "br", "hr", "input", "path", "circle", "rect", "polyline"}
MakeRun = Callable[..., Path]


class Page(HTMLParser):
    """A page read strictly: every element closed in order, attributes kept."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == [], f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"attribute twice in <{tag} {names}>"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.text))


VARIATIONS: dict[str, dict[str, object]] = {
    "whole": {"pictures": True},
    "without pictures": {},
    "outside": {"outside": True, "baselines": ()},
    "untrained": {"training": False},
    "one generator": {"generators": ("pgan",), "baselines": ()},
    "nothing measured": {"measured": False},
    "baselines only": {"generators": (), "training": False},
    "forty generators": {"generators": tuple(f"g{i:02}" for i in range(40))},
}


@pytest.fixture(scope="module", params=VARIATIONS, ids=lambda name: name.replace(" ", "-"))
def page(request: pytest.FixtureRequest, written_run: MakeRun) -> Page:
    return Page(build_report(written_run(**VARIATIONS[request.param])).read_text(encoding="utf-8"))


def test_every_kind_of_run_gives_a_well_formed_accessible_page(page: Page):
    identifiers = Counter(a["id"] for _, a in page.elements if "id" in a)
    assert [name for name, times in identifiers.items() if times > 1] == []
    for _, attributes in page.elements:
        for reference in attributes.get("aria-labelledby", "").split():
            assert reference in identifiers
    assert all(a["href"].startswith("#") and a["href"][1:] in identifiers for a in page.all("a"))
    levels = [int(name[1]) for name, _ in page.elements if re.fullmatch(r"h[1-6]", name)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(len(image["alt"]) > 10 for image in page.all("img"))
    assert len(page.all("table")) == len(page.all("caption"))
    assert all(cell.get("scope") in {"col", "row", "rowgroup"} for cell in page.all("th"))
    assert all(svg.get("aria-hidden") == "true" or svg.get("role") == "img" for svg in page.all("svg"))
    assert [a["lang"] for a in page.all("html")] == ["en"]
    assert all(page.all(landmark) for landmark in ("header", "nav", "main", "footer"))


def test_nothing_is_loaded_and_nothing_runs(page: Page):
    assert {image["src"][:22] for image in page.all("img")} <= {"data:image/png;base64,"}
    assert not {name for name, _ in page.elements} & {"script", "link", "iframe", "object", "embed", "form", "base"}
    assert not [name for _, a in page.elements for name in a if name.startswith("on")]
    policy = next(a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")


def test_the_banner_stands_first_and_every_section_is_there(page: Page):
    assert page.words.index("Synthetic images not for diagnosis") < page.words.index("Question and answer")
    ids = [a["id"] for name, a in page.elements if name == "section" and "id" in a and not a["id"].startswith("axis-")]
    assert ids == [
        "answer", "requirements", "numbers", "beside", "cases", "neighbours", "training", "cohort", "provenance",
        "limits", "glossary",
    ]  # fmt: skip


def test_style_sheet_loads_nothing(make_run: MakeRun):
    text = build_report(make_run()).read_text(encoding="utf-8")
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style and "@import" not in style


def test_script_in_every_text_of_a_run_stays_text(make_run: MakeRun):
    attack = "</style></script><script>alert(1)</script><img src=x onerror=alert(1)>"
    run = make_run(title=attack)
    for name in ("measurements.jsonl", "cohort.json", "lock.json", "evaluation/requirements.json"):
        path = run / name
        text = path.read_text(encoding="utf-8")
        for word in ("Mean absolute error", "south", "Linux x86_64", "Structures keep their size and place"):
            text = text.replace(word, attack)
        path.write_text(text, encoding="utf-8")
    page = Page(build_report(run).read_text(encoding="utf-8"))
    assert page.all("script") == []
    assert not [a for a in page.all("img") if "onerror" in a]
    assert page.words.count("<script>alert(1)</script>") > 5


def test_no_identifier_of_a_patient_and_no_path_of_the_data_reaches_the_page(make_run: MakeRun):
    run = make_run(pictures=True)
    text = build_report(run).read_text(encoding="utf-8")
    assert "HOSP" in (run / "cohort.json").read_text(encoding="utf-8")
    assert "HOSP" not in text
    assert "/home/dr-quill" not in text
    assert str(run) not in text


def test_pseudonyms_can_be_resolved_by_the_holder_of_the_run(make_run: MakeRun):
    run = make_run(pictures=True)
    shown = set(re.findall(r"\bS-[0-9a-f]{6}\b", build_report(run).read_text(encoding="utf-8")))
    key = json.loads((run / "pseudonyms.json").read_text(encoding="utf-8"))
    assert shown and shown <= key["subjects"].keys()
    assert all(subject.startswith("HOSP-") for subject in key["subjects"].values())


def test_no_hash_on_the_page_is_a_key_to_the_pseudonyms(make_run: MakeRun):
    run = make_run(pictures=True)
    text = build_report(run).read_text(encoding="utf-8")
    subjects = json.loads((run / "pseudonyms.json").read_text(encoding="utf-8"))["subjects"]
    hashes = re.findall(r"\b[0-9a-f]{64}\b", text)
    assert len(hashes) >= 4
    for digest in hashes:
        guesses = {f"S-{hmac.new(digest.encode(), s.encode(), 'sha256').hexdigest()[:6]}" for s in subjects.values()}
        assert not guesses & subjects.keys()


def test_equal_runs_give_equal_bytes_wherever_they_lie(make_run: MakeRun):
    one, other = (build_report(make_run(name, pictures=True)).read_bytes() for name in ("here", "elsewhere"))
    assert one == other


def test_the_page_is_small(make_run: MakeRun):
    assert build_report(make_run(pictures=True)).stat().st_size < 3_000_000


def test_the_report_says_what_was_found_with_its_interval(make_run: MakeRun):
    words = Page(build_report(make_run()).read_text(encoding="utf-8")).words
    assert "pgan, the best of 2 on this measure, reached 42.0 [39.9, 44.5] arbitrary units" in words
    assert "better than the best baseline, linear_regression (52.9 [50.8, 55.4]; paired difference −11.2" in words
    assert "not measured, because the cohort has no classes" in words
    assert "1 of 2 requirements of the mri protocol is unmet" in words
    assert "subjects in both train and test: 0" in words


def test_nothing_measured_is_said_and_not_hidden(make_run: MakeRun):
    words = Page(build_report(make_run(measured=False)).read_text(encoding="utf-8")).words
    assert "No measure could be made: no synthetic image could be read." in words
    assert "Nothing was measured on the fidelity axis." in words


def test_images_from_outside_are_reported_without_claims_about_a_cohort(make_run: MakeRun):
    words = Page(build_report(make_run(outside=True, baselines=())).read_text(encoding="utf-8")).words
    assert "no baseline was measured beside it" in words
    assert "cannot prove that no subject was on two sides" in words
    assert "kept out of training" not in words


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast_of_4_5_and_shapes_of_3(theme: str):
    css = (Path(build_report.__code__.co_filename).parent / "templates" / "report.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", blocks[{"light": 0, "dark": 1}[theme]]))
    for text in ("ink", "soft", "link", "good", "bad", "blue"):
        for paper in ("paper", "card"):
            assert contrast(colours[text], colours[paper]) >= 4.5, (text, paper)
    assert contrast(colours["banner-ink"], colours["banner"]) >= 4.5
    for shape in ("blue", "orange", "grey", "strong-line"):
        assert contrast(colours[shape], colours["paper"]) >= 3, shape


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    linear = []
    for i in (0, 2, 4):
        value = int(digits[i : i + 2], 16) / 255
        linear.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_contrast_of_black_on_white_is_21():
    assert contrast("#000", "#ffffff") == pytest.approx(21)
