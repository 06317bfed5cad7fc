"""Running the command line inside the test's own process."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from partita.cli._app import app
from partita.hierarchy import Hierarchy, MadeBy

sys.path.append(str(Path(__file__).parent.parent / "report"))
RUNNER = CliRunner()


def run(*arguments: object, code: int = 0) -> Any:
    """The result of ``partita ARGUMENTS``, which must end with `code` and without a traceback."""
    result = RUNNER.invoke(app, [str(argument) for argument in arguments], prog_name="partita")
    assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
    assert "Traceback" not in result.stderr + result.stdout
    return result


def run_json(*arguments: object, code: int = 0) -> Any:
    """The JSON that ``partita ARGUMENTS --json`` prints; nothing else may stand on standard output."""
    return json.loads(run(*arguments, "--json", code=code).stdout)


def small(folder: Path, name: str = "small.partita") -> Path:
    """A saved hierarchy of 12 items: two coarse parts, four fine ones, with names and separability."""
    h = Hierarchy.from_labels([[0] * 6 + [1] * 6, [0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 3]])
    columns = {
        "name": ["", "left", "left large", "left small", "right", "right large", "rechts klein ✓"],
        "separability": [1.0, 0.9, 0.8, 0.7, 0.6, 0.3, 0.0],
    }
    h = h.replace(part_data=columns, made_by=MadeBy("PPP", version="0", seconds=0.25))
    return h.save(folder / name)
