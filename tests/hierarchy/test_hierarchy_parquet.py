"""The Parquet writer: whatever it writes, Arrow reads."""

from __future__ import annotations

import io

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita.hierarchy import parquet
from partita.hierarchy._arrays import as_column

KINDS = ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"]


def _written(columns, limit=parquet.PAGE_LIMIT):
    file = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "PAGE_LIMIT", limit)
        about = parquet.write_parquet(file, columns, {"key": "value"})
    return file.getvalue(), about


def _as_lists(array):
    return [list(row) if isinstance(row, tuple) else row for row in array.tolist()]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [0, 1, 7, 8, 9, 1000])
def test_numbers_of_every_type(kind, rows):
    rng = np.random.default_rng(rows)
    flat = rng.integers(0, 2**63, rows).astype(kind) if kind[0] != "f" else rng.normal(size=rows).astype(kind)
    columns = {
        "flat": flat,
        "wide": np.ascontiguousarray(np.stack([flat, flat[::-1], flat], axis=1)),
        "none": np.zeros((rows, 0), dtype=kind),
    }
    for limit in (parquet.PAGE_LIMIT, 600):
        data, about = _written(columns, limit)
        table = pq.read_table(io.BytesIO(data))
        table.validate(full=True)
        for name, array in columns.items():
            assert table[name].to_pylist() == array.tolist()
        assert table.schema.field("flat").type.to_pandas_dtype() == np.dtype(kind).type
        assert all((run.offset + run.levels) % parquet.ALIGN == 0 for column in about for run in column.runs)
        if limit == 600 and rows == 1000:
            assert len(about[0].runs) > 5


@given(st.lists(st.tuples(st.text(max_size=5), st.lists(st.text(max_size=4), max_size=4)), max_size=30))
def test_texts_and_lists(rows):
    columns = {"text": as_column(np.array([t for t, _ in rows], dtype=object), "text", len(rows))}
    if rows:
        columns["list"] = as_column([words for _, words in rows], "list", len(rows))
    for limit in (parquet.PAGE_LIMIT, 300):
        data, _ = _written(columns, limit)
        table = pq.read_table(io.BytesIO(data))
        for name, array in columns.items():
            assert table[name].to_pylist() == _as_lists(array)


def test_values_lie_as_in_memory():
    values = np.random.default_rng(0).normal(size=100)
    data, about = _written({"x": values})
    run = about[0].runs[0]
    assert np.array_equal(np.frombuffer(data, np.float64, 100, run.offset), values)
    assert pq.ParquetFile(io.BytesIO(data)).metadata.metadata[b"key"] == b"value"


@pytest.mark.parametrize("data", [b"", b"\x05\0\0\0abc", b"\x01\0\0\0\xff", b"\x01\0\0\0ab"])
def test_damaged_texts(data):
    with pytest.raises(ValueError, match=r"cut short|too long|decode"):
        parquet.read_texts(memoryview(data), 1)


def test_damaged_lists():
    levels = parquet._list_levels(np.array([2, 0, 1]))[0]
    assert parquet.read_levels(levels, 4).tolist() == [2, 0, 1]
    for broken in (
        levels[:5],
        levels[:4] + b"\x03\xff" + levels[6:],
        b"\x02\0\0\0\x03\x0e\x02\0\0\0\x03\x00",
    ):
        with pytest.raises(ValueError, match="list column"):
            parquet.read_levels(broken, 4)
