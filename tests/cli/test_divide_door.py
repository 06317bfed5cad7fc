"""``pt.divide``: one door for every kind of data, and clear words for what it can't take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import sparse

import partita as pt
import partita.cli.divide as command_help
from partita._divide import METHODS


def blobs(n: int = 120, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 3)) * 0.3 + np.repeat(np.eye(3) * 8, n // 3, axis=0)


TRUTH = np.repeat(np.arange(3), 40)
TEXTS = [
    f"{topic} number {i}"
    for topic in ("cats and dogs are pets", "cars need petrol and roads", "bread with butter and jam")
    for i in range(40)
]


def test_an_array_goes_to_ppp() -> None:
    h = pt.divide(blobs())
    assert pt.compare(h.cut(level=-1), TRUTH)["ari"] == 1.0
    assert h.made_by.method == "PPP"
    assert h.made_by.choices["kind"] == "points"
    assert h.made_by.choices["method"] == "ppp"


def test_lists_and_whole_numbers_are_points() -> None:
    rows = np.rint(blobs() * 10).astype(int)
    assert pt.divide(rows.tolist()) == pt.divide(rows)


def test_options_reach_the_maker() -> None:
    h = pt.divide(blobs(), method="hierarchical_kmeans", n_clusters=3)
    assert len(h.levels[-1]) == 3
    assert h.made_by.parameters["n_clusters"] == 3


@pytest.mark.parametrize(("method", "maker"), [("kmeans", "KMeans"), ("spherical-kmeans", "SphericalKMeans")])
def test_flat_makers_are_behind_the_door(method: str, maker: str) -> None:
    h = pt.divide(blobs(), method=method, n_clusters=3)
    assert h.made_by.method == maker
    assert len(h.levels[-1]) == 3


QUICK = {"likelihood-sdp": {"n_clusters": 3, "max_rows": 24, "max_rounds": 1, "max_iter": 50}}


@pytest.mark.parametrize(("kind", "method"), [(k, m) for k in ("points", "text") for m in METHODS[k]])
def test_every_method_divides_a_small_set_and_stands_in_the_help(kind: str, method: str) -> None:
    data: Any = blobs() if kind == "points" else TEXTS
    h = pt.divide(data, kind=kind, method=method, **QUICK.get(method, {}))
    h.check()
    assert h.n_items == 120
    assert (h.n_parts > 1) == (method != "rare-groups")  # three large parts hold no rare group
    assert h.made_by.choices["method"] == method
    assert method in (pt.divide.__doc__ or "")
    assert f" {method}," in command_help._METHODS or f" {method}." in command_help._METHODS


def test_sparse_rows_are_divided_by_direction_when_told_that_they_are_points() -> None:
    rows = sparse.random(60, 20, 0.3, format="csr", random_state=0)
    h = pt.divide(rows, kind="points", method="spherical-kmeans", n_clusters=4)
    assert (h.n_items, len(h.levels[-1])) == (60, 4)


def test_texts_go_to_a_topic_tree() -> None:
    h = pt.divide(TEXTS)
    assert h.made_by.choices["kind"] == "text"
    assert h.n_items == 120
    assert "name" in h.part_data
    assert pt.divide(np.array(TEXTS)) == h
    assert pt.divide(pd.Series(TEXTS)) == h


@pytest.mark.parametrize("make", [pa.table, pd.DataFrame])
def test_numeric_columns_of_a_table_are_points(make: Any) -> None:
    X = blobs()
    columns = {"a": X[:, 0] * 1000, "b": X[:, 1], "c": X[:, 2], "who": [f"w{i}" for i in range(120)]}
    h = pt.divide(make(columns))
    assert pt.compare(h.cut(level=-1), TRUTH)["ari"] == 1.0
    assert h.made_by.choices["columns"] == ["a", "b", "c"]
    assert "who" in h.made_by.choices["left out"]
    assert pt.divide(make(columns), columns=["b", "c"]).made_by.choices["columns"] == ["b", "c"]


def test_a_named_column_is_text() -> None:
    h = pt.divide(pa.table({"n": list(range(120)), "words": TEXTS}), column="words")
    assert h.made_by.choices["kind"] == "text"
    assert h.content_equal(pt.divide(TEXTS))


def test_a_path_is_read(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", blobs())
    h = pt.divide(tmp_path / "x.npy")
    assert h == pt.divide(blobs())
    assert h.made_by.choices["source"] == str(tmp_path / "x.npy")
    lines = [json.dumps({"text": text}) for text in TEXTS]
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    assert pt.divide(str(tmp_path / "t.jsonl"), column="text").made_by.choices["kind"] == "text"


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"data": blobs(), "kind": "pionts"}, pt.InvalidParameterError, "did you mean 'points'"),
        ({"data": blobs(), "method": "pp"}, pt.InvalidParameterError, "did you mean 'ppp'"),
        ({"data": blobs(), "method": "topic-tree"}, pt.InvalidParameterError, "ppp"),
        ({"data": blobs(), "min_sizes": 3}, pt.InvalidParameterError, "did you mean 'min_size'"),
        ({"data": blobs(), "min_size": -3}, pt.InvalidParameterError, "min_size"),
        ({"data": blobs(), "column": "x"}, pt.InvalidParameterError, "table"),
        ({"data": sparse.csr_array((5, 4))}, pt.InvalidDataError, "not square"),
        ({"data": blobs(), "kind": "graph"}, pt.InvalidDataError, "node ids of the graph"),
        ({"data": pa.table({"w": ["a", "b"]})}, pt.InvalidDataError, "no numeric column"),
        ({"data": pa.table({"w": [1.0, None]})}, pt.InvalidDataError, "Row 1 of column 'w'"),
        (
            {"data": pa.table({"word": [1.0]}), "column": "wrod"},
            pt.InvalidParameterError,
            "did you mean 'word'",
        ),
        ({"data": np.array([[1.0, np.nan]])}, pt.InvalidDataError, "row 0"),
        ({"data": {"a": 1}}, pt.PartitaError, ""),
        ({"data": 5}, pt.PartitaError, ""),
        ({"data": ["a", 5]}, pt.PartitaError, ""),
    ],
)
def test_what_can_not_be_divided_is_refused_with_a_reason(
    given: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as caught:
        pt.divide(**given)
    assert words.lower() in str(caught.value).lower()


@pytest.mark.parametrize("n_items", [1, 2])
def test_tiny_data(n_items: int) -> None:
    assert pt.divide(np.zeros((n_items, 2))).n_items == n_items
    assert pt.divide(["word"] * n_items).n_items == n_items


def test_no_rows_are_refused() -> None:
    with pytest.raises(pt.InvalidDataError):
        pt.divide(np.zeros((0, 2)))
