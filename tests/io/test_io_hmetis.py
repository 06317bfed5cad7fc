"""hMETIS files: all four formats, and refusals that name the line."""

from __future__ import annotations

import numpy as np
import pytest

import partita as pt
from partita._core.errors import FileFormatError, InvalidDataError


@pytest.mark.parametrize(
    ("text", "matrix", "weights"),
    [
        ("% a comment\n2 3\n1 2\n2 3\n", [[1, 0], [1, 1], [0, 1]], None),
        ("2 3 1\n5 1 2\n7 2 3\n", [[5, 0], [5, 7], [0, 7]], None),
        ("2 3 10\n1 2\n2 3\n4\n5\n6\n", [[1, 0], [1, 1], [0, 1]], [4, 5, 6]),
        ("2 3 11\n5 1 2\n7 2 3\n4\n5\n6\n", [[5, 0], [5, 7], [0, 7]], [4, 5, 6]),
    ],
)
def test_formats(tmp_path, text, matrix, weights):
    file = tmp_path / "a.hgr"
    file.write_text(text)
    source = pt.io.read(file)
    assert source.kind == "hypergraph"
    assert np.array_equal(source.data.toarray(), matrix)
    assert ("node_weights" in source.extra) == (weights is not None)
    if weights is not None:
        assert source.extra["node_weights"][:, 0].tolist() == weights


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("1 2 3 4\n1 2\n", FileFormatError, "header"),
        ("2 3\n1 2\n", FileFormatError, "promises 2 lines"),
        ("1 3\n1 4\n", InvalidDataError, "outside 1 to 3"),
        ("1 3\n1 1\n", InvalidDataError, "twice"),
        ("1 3 1\n0 1 2\n", InvalidDataError, "not positive"),
        ("1 2 10\n1 2\n1 2 3\n4\n", FileFormatError, "line 4"),
        ("1 2 10\n1 2\n3\n-4\n", InvalidDataError, "negative weight"),
        ("0 999999999999\n", InvalidDataError, "2147483647"),
    ],
)
def test_refusals(tmp_path, text, error, words):
    file = tmp_path / "a.hgr"
    file.write_text(text)
    with pytest.raises(error, match=words):
        pt.io.read(file)


def test_parts_of_a_file(tmp_path):
    file = tmp_path / "a.hgr"
    file.write_text("3 4 10\n1 2\n2 3\n3 4\n1\n1\n1\n1\n")
    made = pt.graphs.MultilevelPartition(2).fit(pt.io.read(file))
    assert made.cut_ == 1
    assert made.labels_.tolist() in ([0, 0, 1, 1], [1, 1, 0, 0])
