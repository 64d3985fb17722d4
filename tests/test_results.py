"""The README's tables are what the kept measurements say."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_readmes_tables_come_from_the_kept_measurements():
    where = importlib.util.spec_from_file_location("results", ROOT / "scripts" / "results.py")
    results = importlib.util.module_from_spec(where)
    where.loader.exec_module(results)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert results.rewrite(readme) == readme
    assert "not measured" not in results.table("ct-low-dose")


def test_kept_reports_are_small_and_the_pictures_named_in_the_readme_exist():
    for report in (ROOT / "docs" / "results").glob("*/report.html"):
        assert report.stat().st_size < 3_000_000
    assert (ROOT / "docs" / "images" / "report.png").stat().st_size < 1_000_000
