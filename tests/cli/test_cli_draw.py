"""The verb ``draw``."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_tools import run, run_json, small


@pytest.mark.parametrize("layout", ["squarified", "rectangular", "dendrogram", "icicle"])
def test_a_picture_in_each_layout(tmp_path: Path, layout: str) -> None:
    out = tmp_path / "x.svg"
    told = run("draw", small(tmp_path), "-o", out, "--layout", layout, "--width", 400, "--height", 300)
    assert told.stdout.strip() == str(out)
    assert "400 x 300" in told.stderr
    assert "rechts klein" in out.read_text(encoding="utf-8")


def test_json_and_the_chosen_parts(tmp_path: Path) -> None:
    facts = run_json("draw", small(tmp_path), "-o", tmp_path / "x.svg", "--level", 1)
    assert facts["leaves"] == 2
    assert facts["area_error"] < 1e-12
    assert run_json("draw", small(tmp_path), "-o", tmp_path / "x.svg", "--depth", 2)["leaves"] == 4


def test_without_a_name_it_is_that_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run("draw", small(tmp_path))
    assert (tmp_path / "small.svg").exists()


def test_what_cannot_be_drawn(tmp_path: Path) -> None:
    path = small(tmp_path)
    assert "did you mean 'icicle'" in run("draw", path, "--layout", "icicles", code=2).stderr
    assert "--depth" in run("draw", path, "--layout", "hyperbolic", "--level", 2, code=2).stderr
    assert ".svg, .png or .pdf" in run("draw", path, "-o", tmp_path / "x.gif", code=2).stderr
    assert "There is no" in run("draw", tmp_path / "none.partita", code=1).stderr
