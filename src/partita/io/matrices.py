"""Arrays and sparse matrices as points or graphs, without a silent loss of digits. Callers: this room."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from partita._core.memory import check_memory
from partita.io.edges import EdgeList, adjacency
from partita.io.faults import unusable
from partita.io.options import Options
from partita.io.source import Source

_EXACT = 2**53  # the largest integer up to which float64 holds all
_SMALL = (np.dtype(bool), np.dtype("i1"), np.dtype("u1"), np.dtype("i2"), np.dtype("u2"), np.dtype("f2"))

LineOfEntry = Callable[[int, int], int]


def dense_source(
    array: np.ndarray,
    path: Path,
    options: Options,
    notes: list[str],
    *,
    names: np.ndarray | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Source:
    """An array as text (strings), points, or a graph (``kind="graph"``, an adjacency matrix)."""
    if array.dtype.kind in "US":
        return _text_source(array, path, options, notes)
    if options.kind in ("text", "table"):
        raise unusable(
            path,
            f"holds numbers of type {array.dtype}, which can't be read as {options.kind}",
            hint="leave kind= out to read them as points",
        )
    points = as_points(_two_axes(array, path, notes), path, notes)
    if options.kind == "graph":
        from scipy.sparse import csr_array

        check_finite(points, path)
        return sparse_source(csr_array(points), path, options, notes, names=names, extra=extra)
    if not isinstance(points, np.memmap):
        check_finite(points, path)
    return Source("points", points, names, tuple(notes), str(path), extra or {})


def sparse_source(
    matrix: Any,
    path: Path,
    options: Options,
    notes: list[str],
    *,
    line: LineOfEntry | None = None,
    names: np.ndarray | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Source:
    """A CSR matrix with sorted columns as a graph (square and symmetric, or asked for) or as points.

    Raises
    ------
    InvalidDataError
        When the matrix is square without being symmetric and no option tells what it is; for NaN and
        infinities; for what ``edges.adjacency`` refuses.
    """
    if options.kind in ("text", "table"):
        raise unusable(path, f"holds a sparse matrix, not {options.kind}", hint="leave kind= out")
    rows, columns = matrix.shape
    matrix.data = as_points(matrix.data.reshape(-1, 1), path, []).ravel()
    _check_finite_entries(matrix, path, line)
    if _is_graph(matrix, path, options, notes):
        if rows != columns:
            raise unusable(
                path, f"the {rows} x {columns} matrix is no graph", hint="an adjacency matrix is square"
            )
        return _graph(matrix, path, options, notes, line, names, extra)
    return Source("points", matrix, names, tuple(notes), str(path), extra or {})


def as_points(
    array: np.ndarray, path: Path, notes: list[str], columns: Sequence[str] | None = None
) -> np.ndarray:
    """`array` in native float32 or float64, by the smallest of the two that holds every value exactly.

    Raises
    ------
    InvalidDataError
        For types that aren't real numbers, and integers above 2**53.
    """
    dtype = array.dtype
    if dtype.kind not in "fiub" or dtype.itemsize > 8:
        raise unusable(
            path,
            f"the values are of type {dtype}, not real numbers",
            hint="save them as float32 or float64 (a complex array as two real ones)",
        )
    target = np.dtype(np.float32 if dtype.newbyteorder("=") in (*_SMALL, np.float32) else np.float64)
    if dtype == target:
        return array
    check_memory(
        target.itemsize * array.size,
        what=f"Converting {path} from {dtype} to {target}",
        alternative="save the array as float32, which is opened without a copy",
    )
    if dtype.kind in "iu" and dtype.itemsize > 4:
        _check_exact(array, path, columns)
    if dtype.newbyteorder("=") != target:
        notes.append(f"{dtype} converted to {target}, which holds every value exactly")
    return np.asarray(array).astype(target)  # asarray: a copy is no memmap any more


def check_finite(points: np.ndarray, path: Path) -> None:
    """Refuse NaN and infinities, naming the first row and column (both counted from 0)."""
    rows = max(1, (1 << 22) // max(1, points.shape[1]))
    for begin in range(0, points.shape[0], rows):
        finite = np.isfinite(points[begin : begin + rows])
        if not finite.all():
            row, column = (int(place) for place in np.argwhere(~finite)[0])
            raise unusable(
                path,
                f"row {begin + row}, column {column} (counted from 0) is not a finite number",
                got=float(points[begin + row, column]),
                hint="drop or fill in missing values first",
            )


def _two_axes(array: np.ndarray, path: Path, notes: list[str]) -> np.ndarray:
    if array.ndim == 0:
        raise unusable(path, "holds a single number, not rows", hint="save an array of shape (rows, columns)")
    if array.ndim == 1:
        notes.append(f"one axis of {array.size} numbers: taken as {array.size} points of one column")
        return array.reshape(-1, 1)
    if array.ndim > 2:
        width = int(np.prod(array.shape[1:]))
        notes.append(f"shape {array.shape}: each of the {array.shape[0]} items flattened to {width} columns")
        return array.reshape(array.shape[0], width)
    return array


def _check_exact(array: np.ndarray, path: Path, columns: Sequence[str] | None) -> None:
    if array.size == 0 or (int(array.max()) <= _EXACT and int(array.min()) >= -_EXACT):
        return
    row, column = (int(p) for p in np.argwhere((array > _EXACT) | (array < -_EXACT))[0])
    raise unusable(
        path,
        f"row {row}, column {column if columns is None else repr(columns[column])} (counted from 0) holds an "
        "integer above 2**53, which float64 can't hold exactly",
        got=int(array[row, column]),
        hint="if the column holds ids, take it as id_column=; otherwise rescale it",
    )


def _text_source(array: np.ndarray, path: Path, options: Options, notes: list[str]) -> Source:
    if array.ndim != 1 or array.dtype.kind == "S" or options.kind not in ("auto", "text"):
        raise unusable(
            path,
            f"holds strings ({array.dtype}) of shape {array.shape}",
            hint="a single axis of str is read as text; for anything else save numbers",
        )
    check_memory(array.nbytes + 60 * array.size, what=f"The strings of {path}", alternative="use .parquet")
    code = np.frombuffer(array.tobytes(), np.dtype(np.uint32).newbyteorder(array.dtype.byteorder))
    if code.size and code.max() > sys.maxunicode:
        row = int((code > sys.maxunicode).argmax()) * array.size // code.size
        reason = f"holds an invalid string in row {row}: a code point beyond the last one"
        raise unusable(path, reason, hint="save the strings again")
    try:
        documents = array.tolist()
        for document in documents:
            document.encode("utf-8")
    except (UnicodeError, ValueError) as error:
        raise unusable(path, f"holds an invalid string ({error})", hint="save the strings again") from error
    notes.append("an array of strings: each is one document")
    return Source("text", documents, None, tuple(notes), str(path))


def _check_finite_entries(matrix: Any, path: Path, line: LineOfEntry | None) -> None:
    finite = np.isfinite(matrix.data)
    if not finite.all():
        bad = int(np.argmin(finite))
        row, column = int(np.searchsorted(matrix.indptr, bad, side="right")) - 1, int(matrix.indices[bad])
        raise unusable(
            path,
            f"row {row}, column {column} (counted from 0) is not a finite number",
            line=None if line is None else line(row, column),
            got=float(matrix.data[bad]),
            hint="drop or fill in missing values first",
        )


def _is_graph(matrix: Any, path: Path, options: Options, notes: list[str]) -> bool:
    rows, columns = matrix.shape
    if options.kind != "auto":
        return options.kind == "graph"
    if rows != columns:
        notes.append(f"a sparse matrix of {rows} rows and {columns} columns: taken as points")
        return False
    difference = matrix - matrix.T
    if difference.nnz == 0 or not difference.data.any():
        notes.append("a square symmetric sparse matrix: taken as a graph (kind='points' takes it as rows)")
        return True
    if options.directed != "auto":
        return True
    raise unusable(
        path,
        "the sparse matrix is square without being symmetric: it may be a directed graph or plain rows",
        hint="set kind='points', or kind='graph' with directed=True or directed=False",
    )


def _graph(
    matrix: Any,
    path: Path,
    options: Options,
    notes: list[str],
    line: LineOfEntry | None,
    names: np.ndarray | None,
    extra: Mapping[str, Any] | None,
) -> Source:
    entries = matrix.tocoo()
    tail, head = entries.row.astype(np.int64), entries.col.astype(np.int64)

    def where(edge: int) -> int | None:
        return None if line is None else line(int(tail[edge]), int(head[edge]))

    edges = EdgeList(
        tail, head, entries.data.astype(np.float64), matrix.shape[0], where, lambda v: f"{v} (from 0)"
    )
    adjacent, said = adjacency(edges, path, options)
    return Source("graph", adjacent, names, tuple(notes + said), str(path), extra or {})
