"""The house holds: imports go down only. The contracts stand in pyproject.toml; this test runs them."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import partita

PACKAGE = Path(partita.__file__).parent
PROJECT = Path(__file__).parents[1]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts on the package that lies in `folder`."""
    setup = f"import sys; sys.path.insert(0, {str(folder)!r})"
    code = f"{setup}; from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", code, "--no-cache", "--config", str(PROJECT / "pyproject.toml")]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder)


@pytest.fixture
def copy(tmp_path) -> Path:
    shutil.copytree(PACKAGE, tmp_path / "partita", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_imports_go_down_only():
    result = lint_imports(PACKAGE.parent)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("kernels", "import scipy"),
        ("kernels", "from partita.hierarchy import Hierarchy"),
        ("hierarchy", "def later():\n    from partita.points import PPP"),
        ("_core", "import partita.hierarchy"),
        ("text", "import partita.report"),
    ],
)
def test_an_import_that_runs_up_is_found(copy, room, line):
    (copy / "partita" / room / "intruder.py").write_text(f"{line}\n")
    result = lint_imports(copy)
    assert result.returncode != 0
    assert "BROKEN" in result.stdout


def test_every_room_stands_in_a_layer():
    config = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    layers = next(c["layers"] for c in config["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    named = {room.strip() for layer in layers for room in layer.split("|")}
    rooms = {
        f"partita.{path.stem}"
        for path in PACKAGE.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert rooms - {"partita.__init__"} == named


def lazy_names(tree: ast.AST, rooms: set[str]) -> set[str]:
    """What a module takes through the lazy names of the package, where import-linter cannot follow it."""
    taken = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "partita" and not node.level:
            taken |= {alias.name for alias in node.names} - rooms
        elif isinstance(node, ast.Import):
            taken |= {alias.name for alias in node.names if alias.name == "partita"}
    return taken - {"__version__"}


def test_rooms_import_each_other_by_their_own_names():
    rooms = {path.stem for path in PACKAGE.iterdir()}
    modules = [path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py"]
    found = {str(path): lazy_names(ast.parse(path.read_text()), rooms) for path in modules}
    assert not {path: names for path, names in found.items() if names}


@pytest.mark.parametrize("line", ["import partita", "import partita as pt", "from partita import Hierarchy"])
def test_a_lazy_name_in_a_room_is_found(line):
    assert lazy_names(ast.parse(line), {"io"})
    assert not lazy_names(ast.parse("from partita import io, __version__\nimport partita.io"), {"io"})
