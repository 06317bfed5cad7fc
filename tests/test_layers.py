"""The house holds: imports go down only. The contracts stand in pyproject.toml; this test runs them."""

from __future__ import annotations

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
