from __future__ import annotations

from xml.etree import ElementTree

import pytest

from synthassay.records.appraisal import Appraisal, DomainJudgement, Level
from synthassay.report.risk_plots import LEVELS, SIGNS, risk_summary, traffic_light

SVG = "{http://www.w3.org/2000/svg}"
EVIL = '<script>alert(1)</script>&"'


def appraisal(*levels: Level, overall: Level = Level.HIGH, title: str = "Risk") -> Appraisal:
    domains = tuple(
        DomainJudgement(domain=f"d{i}", title=f"Domain {i} & more", level=level, by="the rule", why=EVIL)
        for i, level in enumerate(levels)
    )
    return Appraisal(
        instrument="own", title=title, purpose="risk of bias", source="s", instrument_sha256="", run_sha256="",
        items=(), domains=domains, overall=overall,
    )  # fmt: skip


def rows(count: int = 3) -> list[tuple[str, Appraisal]]:
    return [(f"run {i} {EVIL}", appraisal(*LEVELS, title=EVIL)) for i in range(count)]


@pytest.mark.parametrize("draw", [traffic_light, risk_summary])
@pytest.mark.parametrize("count", [1, 3, 40])
def test_plots_are_xml_without_script(draw, count):
    root = ElementTree.fromstring(draw(rows(count)))
    assert root.tag == f"{SVG}svg"
    assert not root.findall(f".//{SVG}script")
    assert not [e for e in root.iter() if any(name.startswith("on") for name in e.attrib)]


def test_a_light_for_each_domain_of_each_run_and_for_the_whole():
    root = ElementTree.fromstring(traffic_light(rows(3)))
    said = [e.text for e in root.iter(f"{SVG}title")]
    assert len(said) == 3 * (4 + 1)
    assert sum("Domain 2 & more: high" in (text or "") for text in said) == 3


def test_nothing_is_drawn_outside():
    for draw in (traffic_light, risk_summary):
        root = ElementTree.fromstring(draw(rows(5)))
        width, height = (float(v) for v in root.attrib["viewBox"].split()[2:])
        for e in root.iter():
            place = e.attrib.get("transform", "")
            if place.startswith("translate(") and "rotate" not in place and "scale" not in place:
                x, y = (float(v) for v in place.removeprefix("translate(").rstrip(")").split())
                assert 0 < x < width
                assert 0 < y < height


def test_each_level_has_a_sign_of_its_own():
    assert len(set(SIGNS.values())) == len(Level)


def test_shares_of_a_bar_add_up():
    four = [("a", appraisal(Level.LOW)), ("b", appraisal(Level.LOW)), ("c", appraisal(Level.HIGH)),
            ("d", appraisal(Level.UNCLEAR, overall=Level.LOW))]  # fmt: skip
    root = ElementTree.fromstring(risk_summary(four))
    bars = [r for r in root.iter(f"{SVG}rect") if r.attrib.get("class") != "plate"]
    first = [float(r.attrib["width"]) for r in bars if r.attrib["y"] == bars[0].attrib["y"]]
    assert first == [210.0, 105.0, 105.0]
    said = [e.text for e in root.iter(f"{SVG}title")]
    assert "Domain 0 & more: low in 2 of 4" in said
    assert "Overall: low in 1 of 4" in said


def test_what_cannot_stand_side_by_side_is_refused():
    for draw in (traffic_light, risk_summary):
        with pytest.raises(ValueError, match="nothing to draw"):
            draw([])
        with pytest.raises(ValueError, match="nothing to draw"):
            draw([("a", appraisal())])
        with pytest.raises(ValueError, match="different instruments"):
            draw([("a", appraisal(Level.LOW)), ("b", appraisal(Level.LOW, Level.LOW))])


@pytest.mark.parametrize("length", [6, 40, 70])
def test_long_titles_make_room_for_themselves(length):
    title = "Evaluation: participants and data sources of all the sites".ljust(length, "x")[:length]
    domain = DomainJudgement(domain="d", title=title, level=Level.LOW, by="the rule", why="y")
    one = appraisal(Level.LOW).model_copy(update={"domains": (domain,) * 8})
    lights = ElementTree.fromstring(traffic_light([("a", one)]))
    tilted = next(e for e in lights.iter(f"{SVG}text") if e.text == title)
    top = float(tilted.attrib["transform"].split(")")[0].split()[1])
    assert top > 6.5 * 0.669 * length
    last = [e for e in lights.iter(f"{SVG}text") if e.text == title][-1]
    x = float(last.attrib["transform"].removeprefix("translate(").split()[0])
    assert x + 6.5 * 0.743 * length < float(lights.attrib["width"])
    bars = ElementTree.fromstring(risk_summary([("a", one)]))
    label = next(e for e in bars.iter(f"{SVG}text") if e.text == title)
    assert float(label.attrib["x"]) > 6.5 * length
