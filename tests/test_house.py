"""The laws of the house: sizes, words, docstrings, floors; each is a test, so that no law is only a wish."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "src" / "synthassay").rglob("*.py"))
IDS = [path.relative_to(ROOT / "src").as_posix() for path in SOURCES]
LONGEST_FILE, LONGEST_FUNCTION = 400, 50
BANNED_IN_NAMES = {"fake", "fakes", "gt", "utils", "util", "helper", "helpers", "misc", "stuff", "tmp2"}
# what may execute what a user opens
UNSAFE = re.compile(
    r"\bpickle\.loads?\b|\ballow_pickle\s*=\s*True|\btorch\.load\((?!.*weights_only=True)|\byaml\.load\(|"
    r"(?<![\w.])eval\(|(?<![\w.])exec\(|shell\s*=\s*True"
)


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_files_and_functions_are_short(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") < LONGEST_FILE
    for function in functions(ast.parse(text)):
        docstring = ast.get_docstring(function, clean=False)
        own = (function.end_lineno or 0) - function.lineno + 1 - (docstring.count("\n") + 1 if docstring else 0)
        assert own < LONGEST_FUNCTION, f"{function.name} has {own} lines"


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_public_things_are_documented(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the module says nothing about itself"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} is not documented"


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_names_use_the_glossary(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {argument.arg for node in ast.walk(tree) if isinstance(node, ast.arguments) for argument in node.args}
    names |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)} | {path.stem}
    used = {part for name in names for part in re.split(r"_|(?<=[a-z])(?=[A-Z])", name.lower())}
    assert not used & BANNED_IN_NAMES


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_nothing_that_a_user_opens_can_execute_code(path):
    assert not UNSAFE.search(path.read_text(encoding="utf-8"))


def test_the_laws_can_be_broken():
    assert UNSAFE.search("torch.load(path)")
    assert not UNSAFE.search("torch.load(path, weights_only=True)")
    assert UNSAFE.search("np.load(p, allow_pickle=True)")
    assert not UNSAFE.search("model.eval()")


def test_imports_go_down_only():
    tool = Path(sys.executable).with_name("lint-imports")
    if not tool.exists():
        pytest.skip("import-linter is not installed: pip install synthassay[check]")
    found = subprocess.run([tool], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout[-3000:]


def test_help_imports_neither_torch_nor_numpy():
    code = (
        "import sys, synthassay.cli; "
        "print([m for m in ('torch', 'numpy', 'pydantic', 'scipy', 'matplotlib') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_report_needs_no_torch():
    code = (
        "import sys; sys.modules['torch'] = None; sys.modules['lightning_fabric'] = None; "
        "import synthassay.report.build, synthassay.images.verify, synthassay.protocols"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr[-2000:]


def test_every_source_file_is_tested():
    """By a test file of its name, by a test that imports it, by a doctest, or through a tested file of its folder."""
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = {path.stem.removeprefix("test_") for path in (ROOT / "tests").rglob("test_*.py")}

    def directly(path: Path) -> bool:
        module = module_of(path)
        package, _, stem = module.rpartition(".")
        imported = re.search(rf"from {package} import [^\n]*\b{stem}\b", tests)
        return path.stem in named or module in tests or bool(imported) or ">>>" in path.read_text(encoding="utf-8")

    def through_its_folder(path: Path) -> bool:
        beside = [other for other in path.parent.glob("*.py") if other != path and directly(other)]
        return any(f"{module_of(path)} import" in other.read_text(encoding="utf-8") for other in beside)

    sources = [path for path in SOURCES if path.name not in ("__init__.py", "base.py", "shapes.py")]
    assert not [module_of(path) for path in sources if not directly(path) and not through_its_folder(path)]


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
