"""The cards, against the files in the mirror and the page that shows them."""

import hashlib
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from synthassay.data.listing import Fields
from synthassay.data.listings import list_source
from synthassay.data.sources import SOURCES
from synthassay.data.sources.page import PAGE, sources_page
from synthassay.data.sources.public import CARDS

PREPARED = [card for card in CARDS if card.name != "xray-pneumoniamnist-64"]


@pytest.mark.parametrize("card", PREPARED, ids=lambda card: card.name)
def test_hashes_are_those_of_the_prepared_files(real_data, card):
    for name, known in card.files.items():
        assert hashlib.sha256((real_data / card.name / name).read_bytes()).hexdigest() == known


@pytest.mark.parametrize("card", [card for card in PREPARED if card.layout != "slide"], ids=lambda card: card.name)
def test_counts_and_roles_are_those_of_the_files(real_data, card, monkeypatch):
    monkeypatch.setenv("SYNTHASSAY_DATA", str(real_data))
    listing = list_source(card, Fields())
    assert len(listing.cases) == card.cases
    assert len({case.subject for case in listing.cases}) == card.subjects
    assert {role for case in listing.cases for role in case.images} == set(card.roles)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_every_card_has_licence_citation_and_a_place_to_read_on(card):
    assert SOURCES.get(card.name) is card
    assert card.licence
    assert re.search(r"doi:10\.|arXiv:|brain-development|Carnegie", card.citation)
    assert re.match(r"https?://", card.origin)
    assert not card.url or card.url.endswith("/")
    assert all(re.fullmatch(r"[0-9a-f]{64}|md5:[0-9a-f]{32}", known) for known in card.files.values())


def test_a_card_refuses_unknown_fields_and_odd_names():
    with pytest.raises(ValidationError):
        CARDS[0].model_validate({**CARDS[0].model_dump(), "name": "Not A Name"})
    with pytest.raises(ValidationError):
        CARDS[0].model_validate({**CARDS[0].model_dump(), "mood": "good"})


def test_the_page_of_sources_is_in_step_with_the_cards():
    path = Path(__file__).resolve().parents[3] / PAGE
    assert path.read_text(encoding="utf-8") == sources_page(), "write it anew: python -m synthassay.data.sources.page"
