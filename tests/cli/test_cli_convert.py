"""``partita convert``: nothing that a form can hold is lost on the way."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import numpy as np
import pytest
from cli_tools import run, run_json, small
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import linkage

import partita as pt
from partita.cli._forms import guess_form, read_form
from partita.hierarchy import Hierarchy


@pytest.fixture
def merges() -> np.ndarray:
    return linkage(np.random.default_rng(0).normal(size=(20, 3)), "average")


@pytest.mark.parametrize("suffix", [".npy", ".csv"])
def test_linkage_there_and_back(tmp_path: Path, merges: np.ndarray, suffix: str) -> None:
    source = tmp_path / f"z{suffix}"
    if suffix == ".npy":
        np.save(source, merges)
    else:
        np.savetxt(source, merges, delimiter=",", fmt="%.17g")
    found = run_json("convert", source, tmp_path / "z.partita")
    assert (found["from"], found["n_items"]) == ("linkage", 20)
    run("convert", tmp_path / "z.partita", tmp_path / f"back{suffix}", "--to", "linkage")
    assert read_form(tmp_path / f"back{suffix}", "linkage") == Hierarchy.from_linkage(merges)


def test_json_keeps_everything(tmp_path: Path) -> None:
    h = Hierarchy(
        [2, 0, 1],
        [-1, 0, 0],
        [0, 0, 2],
        [3, 2, 3],
        [np.inf, 0.5, 0.0],
        levels=[[0], [1, 2]],
        part_data={"center": np.array([[0.0, np.nan], [1, 2], [3, 4]]), "name": ["", "a", "ü</script>"]},
        item_ids=["x", "y", "z"],
        own_items_are="singletons",
    )
    path = h.save(tmp_path / "h.partita")
    run("convert", path, tmp_path / "h.json")
    run("convert", tmp_path / "h.json", tmp_path / "back.partita")
    back = pt.load(tmp_path / "back.partita")
    assert back == h
    assert back.own_items_are == "singletons"
    assert back.item_ids is not None
    assert list(back.item_ids) == ["x", "y", "z"]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_labels_there_and_back(tmp_path: Path, suffix: str) -> None:
    path = small(tmp_path)
    run("convert", path, tmp_path / f"labels{suffix}")
    run("convert", tmp_path / f"labels{suffix}", tmp_path / "back.partita")
    h, back = pt.load(path), pt.load(tmp_path / "back.partita")
    for level in (1, 2):
        assert pt.compare(h.labels(level), back.labels(level))["ari"] == 1.0


def test_newick_there_and_back(tmp_path: Path) -> None:
    (tmp_path / "tree.nwk").write_text("((a:1,b:1):1,(c:1,d:1):1);\n")
    run("convert", tmp_path / "tree.nwk", tmp_path / "tree.partita")
    run("convert", tmp_path / "tree.partita", tmp_path / "again.newick")
    run("convert", tmp_path / "again.newick", tmp_path / "again.partita")
    assert pt.load(tmp_path / "again.partita").n_items == 4
    assert pt.load(tmp_path / "again.partita") == pt.load(tmp_path / "tree.partita")


def test_integer_labels_of_four_levels_are_no_linkage(tmp_path: Path) -> None:
    np.save(tmp_path / "l.npy", np.array([[0, 0, 0, 0], [0, 0, 1, 1], [0, 1, 2, 2]]))
    assert guess_form(tmp_path / "l.npy") == "labels"


def test_an_old_file_stays_when_the_new_one_can_not_be_made(tmp_path: Path) -> None:
    old = tmp_path / "z.npy"
    old.write_bytes(b"precious")
    h = Hierarchy([0, 1, 2], [-1, 0, 0, 0], [0, 0, 1, 2], [3, 1, 2, 3], [1.0, 0, 0, 0])
    run("convert", h.save(tmp_path / "h.partita"), tmp_path / "nowhere" / "z.json", code=2)
    run("convert", tmp_path / "h.partita", tmp_path / "z.xyz", code=2)
    assert old.read_bytes() == b"precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["h.partita", "z.npy"]


BROKEN = {
    "empty.json": b"",
    "list.json": b"[]",
    "foreign.json": b'{"format": "other"}',
    "lacking.json": json.dumps({"format": "partita hierarchy, version 1", "order": [0]}).encode(),
    "deep.json": b"[" * 100_000,
    "binary.json": b"\xff\xfe\x00",
    "no.nwk": b"((a,b",
    "no.csv": b"1,2\n3\n",
    "no.npy": b"\x93NUMPY\x01",
    "no.parquet": b"PAR1",
    "no.xyz": b"",
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_end_with_a_reason(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(BROKEN[name])
    code = 2 if name.endswith(".xyz") else 1
    result = run("convert", tmp_path / name, tmp_path / "out.partita", code=code)
    assert result.stderr.startswith("Error: ")
    assert not (tmp_path / "out.partita").exists()


@given(st.data())
def test_any_json_of_the_format_is_a_hierarchy_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    value = st.one_of(
        st.none(),
        st.integers(-3, 5),
        st.text(max_size=3),
        st.lists(st.integers(-2, 4), max_size=4),
        st.floats(),
    )
    keys = ("order", "parent", "start", "stop", "height", "levels", "part_data", "item_ids", "own_items_are")
    record = {"order": [0, 1], "parent": [-1], "start": [0], "stop": [2], "height": [1.0]}
    record |= {key: data.draw(value) for key in data.draw(st.sets(st.sampled_from(keys), min_size=1))}
    path = tmp_path_factory.mktemp("json") / "x.json"
    path.write_text(json.dumps({"format": "partita hierarchy, version 1", **record}))
    with contextlib.suppress(pt.PartitaError):
        assert read_form(path, "json").check()
