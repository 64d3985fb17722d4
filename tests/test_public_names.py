from pathlib import Path

import pytest

import synthassay

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "public-names.md"


@pytest.mark.parametrize("name", synthassay.__all__)
def test_public_names_exist_are_documented_and_stand_on_the_page(name):
    assert getattr(synthassay, name).__doc__
    assert f"| `{name}` |" in PAGE.read_text(encoding="utf-8")


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = synthassay.nothing
    assert "run_study" in dir(synthassay)
