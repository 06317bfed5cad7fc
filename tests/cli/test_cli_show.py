"""What ``partita show`` prints: everything, aligned, on any terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_tools import run, run_json, small

import partita as pt
from partita.hierarchy import Hierarchy


def test_names_sizes_shares_and_bars(tmp_path: Path) -> None:
    lines = run("show", small(tmp_path)).stdout.splitlines()
    assert lines[0] == "12 items in 7 parts; named levels of 2 > 4 · PPP · 0.25 s"
    row = next(line for line in lines if "left small" in line)
    assert row.split() == ["│", "└──", "#3", "left", "small", "2", "16.7", "%", "━━━━━━──", "0.70"]
    assert lines[1].startswith("small.partita")
    sizes = [line.rindex(" %") for line in lines if " %" in line]
    assert len(set(sizes)) == 1
    assert len(sizes) == 7


def test_depth_children_and_what_is_left_out(tmp_path: Path) -> None:
    path = small(tmp_path)
    shallow = run("show", path, "--depth", 1).stdout
    assert "left small" not in shallow
    assert "4 smaller or deeper parts not shown" in shallow
    h = Hierarchy.from_labels([np.repeat(np.arange(6), np.arange(7, 1, -1))])
    few = run("show", h.save(tmp_path / "wide.partita"), "--children", 2).stdout
    assert "4 smaller parts" in few
    assert few.count(" #") == 2


@pytest.mark.parametrize("width", [20, 24, 40, 60, 200])
def test_no_line_is_wider_than_asked(tmp_path: Path, width: int) -> None:
    output = run("show", small(tmp_path), "--width", width).stdout.splitlines()
    tree = [line for line in output if "left" in line or "right" in line or "#" in line]
    assert len(tree) >= 6
    assert max(map(len, tree)) <= width


def test_plain_letters_where_the_terminal_has_no_others(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "partita.cli", "show", str(small(tmp_path))]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    result = subprocess.run(command, capture_output=True, env=environment, check=True)
    text = result.stdout.decode("ascii")
    assert "|-- #1 left" in text
    assert "######.. 0.70" in text
    assert result.stderr == b""


def test_no_colours_in_a_pipe(tmp_path: Path) -> None:
    assert "\x1b" not in run("show", small(tmp_path)).stdout


def test_letters_that_steer_a_terminal_are_not_printed(tmp_path: Path) -> None:
    h = Hierarchy.from_labels([[0, 0, 1]])
    h = h.replace(part_data={"name": ["", "\x1b[31mred\x07\nnext", "[bold]markup[/bold]"]})
    output = run("show", h.save(tmp_path / "x.partita")).stdout
    assert "\x1b" not in output
    assert "\x07" not in output
    assert "[bold]markup[/bold]" in output


def test_single_and_noise_items_have_a_line(tmp_path: Path) -> None:
    noise = Hierarchy([0, 1, 2], [-1, 0], [0, 0], [3, 2], [1.0, 0.0])
    assert "(own items, in no sub-part)" in run("show", noise.save(tmp_path / "n.partita")).stdout
    single = noise.replace(own_items_are="singletons")
    assert "(single items)" in run("show", single.save(tmp_path / "s.partita")).stdout


def test_a_deep_chain_is_printed_without_recursion(tmp_path: Path) -> None:
    m = 700
    h = Hierarchy(
        np.arange(m), np.arange(-1, m - 1), np.zeros(m, int), np.arange(m, 0, -1), np.arange(m, 0, -1.0)
    )
    output = run("show", h.save(tmp_path / "chain.partita"), "--depth", m, "--width", 200).stdout
    assert output.count("\n") > m


def test_empty_hierarchy(tmp_path: Path) -> None:
    h = Hierarchy([], [-1], [0], [0], [0.0])
    assert "0 items in 1 part" in run("show", h.save(tmp_path / "e.partita")).stdout


def test_json_holds_every_part(tmp_path: Path) -> None:
    path = small(tmp_path)
    h = pt.load(path)
    found = run_json("show", path)
    assert [part["size"] for part in found["parts"]] == h.sizes.tolist()
    assert [part["parent"] for part in found["parts"]] == [None, *h.parent[1:].tolist()]
    assert found["parts"][6]["name"] == "rechts klein ✓"
    assert found["parts"][6]["quality"] == 0.0
    assert found["levels"] == [level.tolist() for level in h.levels]
    assert len(run_json("show", path, "--depth", 0)["parts"]) == 1


def test_named_levels_first_and_every_part_on_request(tmp_path: Path) -> None:
    """A binary tree of depth 3 whose depths 1 and 3 are named: depth 2 is passed over."""
    parent = [-1, 0, 1, 2, 2, 1, 5, 5, 0]
    start, stop = [0, 0, 0, 0, 1, 2, 2, 3, 4], [6, 4, 2, 1, 2, 4, 3, 4, 6]
    h = Hierarchy(np.arange(6), parent, start, stop, [3.0, 2, 1, 0, 0, 1, 0, 0, 2])
    h = h.replace(levels=[[0], [1, 8], [3, 4, 6, 7, 8]])
    path = h.save(tmp_path / "x.partita")
    output = run("show", path).stdout
    assert "#2 " not in output
    assert "│   ├── #3 " in output
    assert "2 parts between and below the named levels not shown" in output
    every = run("show", path, "--every-part").stdout
    assert all(f"#{part} " in every for part in range(1, 9))
    assert "not shown" not in every
