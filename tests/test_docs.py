"""Code in the documentation runs; links lead somewhere; commands exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
IDS = [page.relative_to(ROOT).as_posix() for page in PAGES]
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.M | re.S)


def blocks(page: Path, language: str) -> list[str]:
    return [code for kind, code in BLOCK.findall(page.read_text(encoding="utf-8")) if kind == language]


WITH_PYTHON = [page for page in PAGES if blocks(page, "python")]


@pytest.mark.parametrize("page", WITH_PYTHON, ids=[p.relative_to(ROOT).as_posix() for p in WITH_PYTHON])
def test_python_blocks_run(page, tmp_path):
    code = "\n".join(blocks(page, "python"))
    script = tmp_path / "page.py"
    script.write_text(code, encoding="utf-8")
    command = [sys.executable, "-W", "error::DeprecationWarning:__main__", str(script)]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert found.returncode == 0, found.stderr[-3000:]


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_toml_blocks_are_studies_that_can_be_read(page, tmp_path):
    from synthassay.records.study_file import read_study

    for code in blocks(page, "toml"):
        (tmp_path / "study.toml").write_text(code, encoding="utf-8")
        read_study(tmp_path / "study.toml")


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_local_links_lead_somewhere(page):
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_commands_in_the_documentation_exist(page):
    from typer.main import get_command

    from synthassay.cli import app

    known = set(get_command(app).commands)
    for code in blocks(page, "console") + blocks(page, "sh"):
        for name in re.findall(r"^\$?\s*(?:\.venv/bin/)?synthassay ([a-z]+)", code, re.M):
            assert name in known, name
