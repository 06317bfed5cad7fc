"""Label files: what is written is read again; what can't be labels is refused with a reason."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import partita as pt
from partita.cli._labels import read_label_columns, write_labels

COLUMNS = {"coarse": np.array([0, 0, 1, -1]), "fine": np.array([0, 1, 2, -1])}


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".npy"])
def test_round_trip(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"labels{suffix}"
    write_labels(path, ["a", "b, c", "d", "e"], COLUMNS)
    found = list(read_label_columns(path).values())
    assert [values.tolist() for values in found] == [values.tolist() for values in COLUMNS.values()]


def test_one_column_of_npy_is_a_vector(tmp_path: Path) -> None:
    write_labels(tmp_path / "l.npy", [0, 1], {"label": np.array([3, 4], np.int32)})
    assert np.load(tmp_path / "l.npy").shape == (2,)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1\n2\n2\n", {"level_1": [1, 2, 2]}),
        ("label\n1\n2\n", {"label": [1, 2]}),
        ("item,label\nx,1\ny,2\n", {"label": [1, 2]}),
        ("item,kind\nx,cat\ny,dog\n", {"kind": [0, 1]}),
        ("cat\ndog\ncat\n", {"level_1": [0, 1, 0]}),
        ("\ufeffid,label\n0,-1\n1,5\n", {"label": [-1, 5]}),
    ],
)
def test_heads_and_words(tmp_path: Path, text: str, wanted: dict[str, list[int]]) -> None:
    path = tmp_path / "l.csv"
    path.write_text(text, encoding="utf-8")
    assert {name: values.tolist() for name, values in read_label_columns(path).items()} == wanted


@given(st.binary(max_size=80), st.sampled_from([".csv", ".tsv", ".npy", ".parquet", ".txt"]))
def test_any_bytes_are_labels_or_refused(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / f"x{suffix}"
    path.write_bytes(junk)
    with contextlib.suppress(pt.PartitaError):
        assert len({len(values) for values in read_label_columns(path).values()}) == 1


@given(st.integers(0, 400))
def test_truncated_files_are_refused(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    folder = tmp_path_factory.mktemp("cut")
    write_labels(folder / "whole.parquet", list(range(4)), COLUMNS)
    write_labels(folder / "whole.npy", list(range(4)), COLUMNS)
    for suffix in (".parquet", ".npy"):
        data = (folder / f"whole{suffix}").read_bytes()
        (folder / f"cut{suffix}").write_bytes(data[: min(length, len(data) - 1)])
        with pytest.raises(pt.FileFormatError):
            read_label_columns(folder / f"cut{suffix}")


def test_ragged_rows_are_named(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("a,b\n1,2\n1\n")
    with pytest.raises(pt.FileFormatError, match="Row 3"):
        read_label_columns(tmp_path / "l.csv")


def test_unknown_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(pt.InvalidParameterError, match=r"labels\.doc"):
        write_labels(tmp_path / "labels.doc", [0], {"label": np.zeros(1, int)})
    (tmp_path / "l.doc").touch()
    with pytest.raises(pt.FileFormatError, match=r"l\.doc"):
        read_label_columns(tmp_path / "l.doc")
