"""Second readers, slow and obvious: what a file holds, straight from the definition of its format."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import sparse
from scipy.io import mmread


def same(found: Any, expected: Any) -> bool:
    """Equal values (NaN equals NaN) and equal shapes; sparse matrices are compared dense."""
    if isinstance(expected, list):
        return found == expected
    if isinstance(found, pa.Table):
        if not isinstance(expected, pa.Table):
            return expected == found
        return found.schema == expected.schema and repr(found.to_pydict()) == repr(expected.to_pydict())
    found = found.toarray() if sparse.issparse(found) else np.asarray(found)
    expected = expected.toarray() if sparse.issparse(expected) else np.asarray(expected)
    return found.shape == expected.shape and np.array_equal(found, expected, equal_nan=True)


def npy(file: bytes, options: dict[str, Any]) -> Any:
    stream = io.BytesIO(file)
    array = np.load(stream, allow_pickle=False)
    assert not stream.read(), "bytes after the array"
    return _rows(array)


def _rows(array: np.ndarray) -> Any:
    if array.dtype.kind == "U":
        return array.tolist()
    array = array.reshape(array.shape[0], math.prod(array.shape[1:]))
    return array.astype(np.float32 if array.dtype.itemsize < 4 else np.float64)


def npz(file: bytes, options: dict[str, Any]) -> Any:
    archive = np.load(io.BytesIO(file), allow_pickle=False)
    if "format" in archive.files:
        matrix = _sparse_parts(archive)
        assert np.isfinite(matrix.data).all()
        return matrix.astype(np.float64)
    rows = _rows(archive["X"] if "X" in archive.files else _only_matrix(archive))
    assert isinstance(rows, list) or np.isfinite(rows).all()
    return rows


def _sparse_parts(archive: Any) -> Any:
    """What ``scipy.sparse.load_npz`` does, but for members that say nothing about the matrix."""
    form, data, shape = archive["format"].item().decode(), archive["data"], tuple(archive["shape"])
    if form == "coo":
        return sparse.coo_array((data, (archive["row"], archive["col"])), shape=shape)
    make = {"csr": sparse.csr_array, "csc": sparse.csc_array}[form]
    return make((data, archive["indices"], archive["indptr"]), shape=shape)


def _only_matrix(archive: Any) -> np.ndarray:
    if len(archive.files) == 1:
        return archive[archive.files[0]]
    (matrix,) = [archive[name] for name in archive.files if archive[name].ndim >= 2]
    return matrix


def parquet(file: bytes, options: dict[str, Any]) -> Any:
    """Only the columns that are asked for: damage elsewhere in the file does not count."""
    wanted = (
        options.get("columns") or [options["column"]] if "column" in options or "columns" in options else None
    )
    if wanted is None and options.get("kind") != "table":
        schema = pq.read_schema(pa.BufferReader(file))
        wanted = [
            name for name, kind in zip(schema.names, schema.types, strict=True) if _is_vector(kind)
        ] or None
    return _from_table(pq.read_table(pa.BufferReader(file), columns=wanted), options)


def arrow(file: bytes, options: dict[str, Any]) -> Any:
    is_file = file.startswith(b"ARROW1")
    reader = pa.ipc.open_file(file) if is_file else pa.ipc.open_stream(file)
    return _from_table(reader.read_all(), options)


def _from_table(table: pa.Table, options: dict[str, Any]) -> Any:
    if options.get("kind") == "table":
        return table
    if "column" in options:
        return table.column(options["column"]).to_pylist()
    if "columns" in options:
        rows = [table.column(name).to_pylist() for name in options["columns"]]
        return np.array(rows, dtype=np.float64).T
    vectors = [c.to_pylist() for c in table.columns if _is_vector(c.type)]
    if len(vectors) == 1:
        return np.array(vectors[0], dtype=np.float64) if vectors[0] else np.empty((0, 3))
    return table


def _is_vector(kind: pa.DataType) -> bool:
    types = pa.types
    is_list = types.is_fixed_size_list(kind) or types.is_list(kind) or types.is_large_list(kind)
    return is_list and (types.is_floating(kind.value_type) or types.is_integer(kind.value_type))


def delimited(file: bytes, options: dict[str, Any], delimiter: str) -> Any:
    """By Python's csv module; only for ``header=True``."""
    text = file.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    assert "\0" not in text
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    names = next(row for row in rows if row)
    names = [name.strip() or f"column{place}" for place, name in enumerate(names, start=1)]
    body = [row for row in rows if row or len(names) == 1][1:]
    body = [row or [""] for row in body]
    assert all(len(row) == len(names) for row in body), "ragged"
    columns = {name: [row[place] for row in body] for place, name in enumerate(names)}
    assert len(columns) == len(names), "a name twice"
    if "column" in options:
        cells = columns[options["column"]]
        return cells if not all(map(is_numeric, cells)) else np.array([[number(cell)] for cell in cells])
    if options.get("kind") == "table":
        return AnyTable(columns)
    wanted = options.get("columns") or [name for name in names if _is_numeric_column(columns[name])]
    if options.get("kind") != "points" and "columns" not in options and len(wanted) < len(names):
        return columns[names[0]] if len(names) == 1 else AnyTable(columns)
    return np.array([[number(cell) for cell in columns[name]] for name in wanted], dtype=float).T


class AnyTable(list):
    """Columns of cells as they are written; equals an Arrow table that prints them alike."""

    def __init__(self, columns: dict[str, list[str]]) -> None:
        super().__init__(columns.items())

    def __eq__(self, table: object) -> bool:
        if not isinstance(table, pa.Table) or table.schema.names != [name for name, _ in self]:
            return False
        return all(_prints(table.column(i), cells) for i, (_, cells) in enumerate(self))

    __hash__ = None  # type: ignore[assignment]


def _prints(column: pa.ChunkedArray, cells: list[str]) -> bool:
    if len(column) != len(cells):
        return False
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        return not pa.types.is_string(column.type) or column.to_pylist() == cells
    pairs = zip(column.to_pylist(), cells, strict=True)
    return all(cell.strip().lower() in _NULLS if value is None else value == number(cell) or value != value
               for value, cell in pairs)  # fmt: skip


_NULLS = {
    "",
    "#n/a",
    "#n/a n/a",
    "#na",
    "-1.#ind",
    "-1.#qnan",
    "-nan",
    "1.#ind",
    "1.#qnan",
    "n/a",
    "na",
    "null",
    "nan",
}


def _is_numeric_column(cells: list[str]) -> bool:
    words = {cell.strip().lower() for cell in cells}
    if words and words <= {"true", "false", "0", "1"}:
        return True
    is_hex = any(word.startswith("0x") for word in words)
    if is_hex:  # Arrow takes hexadecimal integers, but not among decimal fractions
        return all(word.startswith("0x") or word.lstrip("-").isdigit() for word in words)
    return bool(cells) and all(map(is_numeric, cells))


def is_numeric(cell: str) -> bool:
    try:
        number(cell)
    except ValueError:
        return False
    return True


def number(cell: str) -> float:
    text = cell.strip(" \t")
    if "_" in text or not text.isascii() or text != text.strip():
        raise ValueError(cell)
    if text.lower().startswith("0x"):
        return float(int(text, 16))
    if text.lower() in ("true", "false"):
        return float(text.lower() == "true")
    return float(text)


def json_lines(file: bytes, options: dict[str, Any]) -> Any:
    lines = [line.strip(" \t\r") for line in file.removeprefix(b"\xef\xbb\xbf").decode().split("\n")]
    rows = [json.loads(line) for line in lines if line]
    if "column" in options:
        rows = [row[options["column"]] for row in rows]
    if isinstance(rows[0], dict):
        rows = _only_column(rows)
    if isinstance(rows[0], str):
        assert all(isinstance(row, str) for row in rows)
        return rows
    array = np.array(rows, dtype=np.float64)
    return array.reshape(len(rows), -1)


def _only_column(rows: list[dict[str, Any]]) -> list[Any]:
    """The values of the one key, or of the one that holds lists."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    (key,) = keys if len(keys) == 1 else [k for k in keys if isinstance(rows[0].get(k), list)]
    return [row[key] for row in rows]


def lines(file: bytes, options: dict[str, Any]) -> list[str]:
    encoding = options.get("encoding", "utf-8")
    text = file.decode(encoding)
    if encoding == "utf-8":
        text = text.removeprefix("\ufeff")
    assert "\0" not in text
    parts = text.split("\n")
    parts = parts[:-1] if parts[-1] == "" else parts
    return [part[:-1] if part.endswith("\r") else part for part in parts]


def folder_of_two(file: bytes, options: dict[str, Any]) -> list[str]:
    text = file.decode(options.get("encoding", "utf-8"))
    return ["plain", text.removeprefix("\ufeff") if options.get("encoding") is None else text]


def mtx(file: bytes, options: dict[str, Any]) -> Any:
    matrix = mmread(io.BytesIO(file.removeprefix(b"\xef\xbb\xbf")))
    dense = matrix.toarray() if sparse.issparse(matrix) else matrix
    assert np.isfinite(dense).all()
    return dense.astype(np.float64)


def metis(file: bytes, options: dict[str, Any]) -> np.ndarray:
    """Line by line, as section 4.1.1 of the METIS manual tells."""
    text = file.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    rows = [line.split() for line in text.split("\n") if not line.lstrip(" \t\r").startswith("%")]
    if text.endswith("\n"):
        rows.pop()
    while not rows[0]:
        rows.pop(0)
    n, m = int(rows[0][0]), int(rows[0][1])
    fmt = (rows[0][2] if len(rows[0]) > 2 else "0").zfill(3)
    n_weights = int(rows[0][3]) if len(rows[0]) > 3 else 1
    skip = int(fmt[0] == "1") + (n_weights if fmt[1] == "1" else 0)
    assert len(rows) > n
    assert not any(rows[n + 1 :])
    weights: dict[tuple[int, int], float] = {}
    for vertex, words in enumerate(rows[1 : n + 1]):
        assert len(words) >= skip
        assert all(int(word) >= 0 for word in words)
        numbers = [int(word) for word in words[skip:]]
        pairs = zip(numbers[::2], numbers[1::2], strict=True) if fmt[2] == "1" else ((v, 1) for v in numbers)
        for neighbour, weight in pairs:
            assert 1 <= neighbour <= n
            assert neighbour - 1 != vertex
            assert (vertex, neighbour - 1) not in weights
            assert weight > 0
            weights[vertex, neighbour - 1] = weight
    assert len(weights) == 2 * m
    assert all(weights[v, u] == weight for (u, v), weight in weights.items())
    matrix = np.zeros((n, n))
    for place, weight in weights.items():
        matrix[place] = weight
    return matrix


def hgr(file: bytes, options: dict[str, Any]) -> np.ndarray:
    """Net by net, as the hMETIS manual tells."""
    text = file.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    rows = [line.split() for line in text.split("\n") if not line.lstrip(" \t\r").startswith("%")]
    rows = [row for row in rows if row]
    assert 2 <= len(rows[0]) <= 3
    m, n = int(rows[0][0]), int(rows[0][1])
    fmt = int(rows[0][2]) if len(rows[0]) > 2 else 0
    assert fmt in (0, 1, 10, 11)
    assert len(rows) == 1 + m + (n if fmt >= 10 else 0)
    matrix = np.zeros((n, m))
    for net, row in enumerate(rows[1 : m + 1]):
        price, pins = (int(row[0]), row[1:]) if fmt % 10 else (1, row)
        assert price > 0
        assert len(set(map(int, pins))) == len(pins)
        for pin in pins:
            assert 1 <= int(pin) <= n
            matrix[int(pin) - 1, net] = price
    weights = rows[m + 1 :]
    assert len({len(row) for row in weights}) <= 1
    assert all(int(word) >= 0 for row in weights for word in row)
    return matrix


_HEADERS = (
    ["source", "target"],
    ["source", "target", "weight"],
    ["source", "target", "w"],
    ["source", "target", "value"],
)


def edges(file: bytes, options: dict[str, Any]) -> np.ndarray:
    """Edge by edge through a dictionary."""
    rows = []
    for line in file.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").split("\n"):
        words = line.replace(",", " ").replace(";", " ").replace("\t", " ").replace("\r", " ").split(" ")
        words = [word for word in words if word]
        if words and words[0][0] not in "#%":
            assert line.encode("utf-8"), "comments alone may hold other bytes"
            rows.append(words)
    width = len(rows[0])
    assert width in (2, 3)
    assert all(len(row) == width for row in rows)
    if [word.lower() for word in rows[0]] in _HEADERS:
        rows.pop(0)
    ids = _node_rows([word for row in rows for word in row[:2]], options.get("n_nodes"))
    n = options.get("n_nodes") or len(set(ids.values()))
    weights: dict[tuple[int, int], float] = {}
    directed, rule = options.get("directed", "auto"), options.get("duplicates", "error")
    for row in rows:
        u, v, weight = ids[row[0]], ids[row[1]], float(row[2]) if width == 3 else 1.0
        assert math.isfinite(weight)
        assert weight >= 0
        assert u != v or options.get("loops") == "drop"
        if u == v:
            continue
        place = (min(u, v), max(u, v)) if directed is False else (u, v)
        assert place not in weights or rule == "sum"
        weights[place] = weights.get(place, 0.0) + weight
    if directed == "auto":
        twins = {place for place in weights if place[::-1] in weights}
        assert not twins or len(twins) == len(weights)
        assert all(weights[place] == weights[place[::-1]] for place in twins)
    matrix = np.zeros((n, n))
    for (u, v), weight in weights.items():
        matrix[u, v] = weight
        if directed is not True:
            matrix[v, u] = weight
    return matrix


def _node_rows(words: list[str], n_nodes: int | None) -> dict[str, int]:
    """Row of every id: its rank as a number if all are plain integers, else as text."""
    plain = all(
        word.isascii() and str(_integer(word)) == word and len(word.lstrip("-")) <= 18 for word in words
    )
    if n_nodes is not None:
        assert plain
        assert all(0 <= int(word) < n_nodes for word in words)
        return {word: int(word) for word in words}
    ordered = sorted(set(words), key=int if plain else None)
    return {word: row for row, word in enumerate(ordered)}


def _integer(word: str) -> int | None:
    return int(word) if word.lstrip("-").isdigit() and word.lstrip("-").isascii() else None
