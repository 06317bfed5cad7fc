"""Matrix Market files (.mtx), coordinate and array. Callers: ``reader``.

Boisvert, Pozo and Remington, "The Matrix Market exchange formats: initial design", NISTIR 5935 (1996),
doi:10.6028/NIST.IR.5935.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from partita._core.memory import check_memory
from partita.io.faults import broken, unusable
from partita.io.matrices import dense_source, sparse_source
from partita.io.options import Options
from partita.io.source import Source
from partita.io.streams import Buffer, load_text
from partita.io.tokens import Tokens

_HINT = "the first line reads '%%MatrixMarket matrix coordinate|array real|integer|pattern general|symmetric'"


class _Banner(NamedTuple):
    layout: str
    field: str
    symmetry: str


def read_matrix_market(path: Path, options: Options, note: str) -> Source:
    """A sparse or dense matrix: square and symmetric is a graph, anything else points."""
    data, recoded = load_text(path, options.encoding)
    banner = _banner(data, path)
    tokens = Tokens(data, path, comment=b"%")
    notes = [text for text in (note, recoded) if text]
    notes.append(f"Matrix Market: {banner.layout} {banner.field} {banner.symmetry}")
    if banner.layout == "array":
        return _dense(tokens, banner, path, options, notes)
    matrix, line = _coordinate(tokens, banner, path)
    return sparse_source(matrix, path, options, notes, line=line)


def _banner(data: Buffer, path: Path) -> _Banner:
    first = bytes(data[:200]).split(b"\n", 1)[0]
    words = first.decode("ascii", errors="replace").split()
    if len(words) != 5 or words[0] != "%%MatrixMarket" or words[1].lower() != "matrix":
        raise broken(path, "the first line is not a Matrix Market banner", line=1, hint=_HINT)
    banner = _Banner(*(word.lower() for word in words[2:]))
    if banner.field == "complex" or banner.symmetry == "hermitian":
        raise unusable(path, "a complex matrix", line=1, hint="take the real part or the modulus first")
    known = (
        banner.layout in ("coordinate", "array")
        and banner.field in ("real", "double", "integer", "pattern")
        and banner.symmetry in ("general", "symmetric", "skew-symmetric")
        and not (banner.field == "pattern" and (banner.layout, banner.symmetry) != ("coordinate", "general"))
    ) or (banner.layout, banner.field, banner.symmetry) == ("coordinate", "pattern", "symmetric")
    if not known:
        raise broken(
            path, "a Matrix Market type that does not exist", line=1, got=" ".join(banner), hint=_HINT
        )
    return banner


def _size_line(tokens: Tokens, expected: int, path: Path) -> list[int]:
    counts = tokens.words_per_line()
    first = int(np.argmax(counts > 0)) if len(tokens) else 0
    found = int(counts[first]) if len(tokens) else 0
    if found != expected:
        raise broken(
            path,
            f"the line of sizes has {found} words, not {expected}",
            line=first + 1,
            hint="'rows columns entries' for coordinate, 'rows columns' for array",
        )
    sizes = [int(size) for size in tokens.integers(np.arange(expected), "a size")]
    if min(sizes) < 0 or max(sizes[:2]) > 2**31 - 1:
        raise broken(path, "a negative size, or one above 2**31 - 1", line=first + 1, hint="check the sizes")
    return sizes


def _coordinate(tokens: Tokens, banner: _Banner, path: Path) -> tuple[Any, Any]:
    from scipy.sparse import coo_array

    rows, columns, entries = _size_line(tokens, 3, path)
    width = 2 if banner.field == "pattern" else 3
    at = _entries(tokens, 3, width, entries, path).reshape(-1, width)
    i = tokens.integers(at[:, 0], "a row number") - 1
    j = tokens.integers(at[:, 1], "a column number") - 1
    values = _values(tokens, at[:, 2], banner) if width == 3 else np.ones(entries)

    def line(entry: int) -> int:
        return tokens.line_number(int(at[entry, 0]))

    _check_range(i, rows, "row", line, path)
    _check_range(j, columns, "column", line, path)
    check_memory(
        16 * rows + 96 * entries,
        what=f"The {rows} x {columns} matrix of {path}",
        alternative="check the sizes",
    )
    if banner.symmetry != "general":
        _check_triangle(i, j, rows, columns, banner, line, path)
    _check_once(i, j, columns, line, path)
    off = i != j if banner.symmetry != "general" else np.zeros(i.size, dtype=bool)
    sign = -1.0 if banner.symmetry == "skew-symmetric" else 1.0
    entries_ij = (np.concatenate((i, j[off])), np.concatenate((j, i[off])))
    matrix = coo_array(
        (np.concatenate((values, sign * values[off])), entries_ij), shape=(rows, columns)
    ).tocsr()
    matrix.sort_indices()
    key = i * columns + j
    order = np.argsort(key, kind="stable")

    def line_of(row: int, column: int) -> int:
        """Line of an entry of the matrix; in a symmetric file it may stand mirrored."""
        for wanted in (row * columns + column, column * columns + row):
            place = int(np.searchsorted(key[order], wanted))
            if place < order.size and key[order[place]] == wanted:
                return line(int(order[place]))
        return 1

    return matrix, line_of


def _entries(tokens: Tokens, skip: int, width: int, entries: int, path: Path) -> np.ndarray:
    used = np.flatnonzero(tokens.words_per_line())[1:]
    tokens.check_width(
        used,
        width,
        f"an entry of {{words}} words, not {width}",
        "one entry per line, as the first line announces",
    )
    if used.size != entries:
        raise broken(
            path,
            f"the sizes promise {entries} entries and {used.size} follow",
            hint="the file is cut short, or the line of sizes is wrong",
        )
    return np.arange(skip, len(tokens))


def _values(tokens: Tokens, which: np.ndarray, banner: _Banner) -> np.ndarray:
    if banner.field != "integer":
        return tokens.reals(which, "the value")
    values = tokens.integers(which, "the value")
    large = np.abs(values) > 2**53
    if large.any():
        bad = int(which[np.argmax(large)])
        raise unusable(
            tokens.path,
            "an integer above 2**53, which float64 can't hold exactly",
            line=tokens.line_number(bad),
            got=tokens.text(bad),
            hint="rescale the values",
        )
    return values.astype(np.float64)


def _check_range(index: np.ndarray, size: int, what: str, line: Any, path: Path) -> None:
    outside = (index < 0) | (index >= size)
    if outside.any():
        bad = int(np.argmax(outside))
        raise broken(
            path,
            f"a {what} number outside 1 to {size}",
            line=line(bad),
            got=int(index[bad]) + 1,
            hint="rows and columns are counted from 1; correct the entry or the line of sizes",
        )


def _check_triangle(
    i: np.ndarray, j: np.ndarray, rows: int, columns: int, banner: _Banner, line: Any, path: Path
) -> None:
    if rows != columns:
        raise broken(path, f"a {banner.symmetry} matrix of {rows} x {columns}", hint="symmetric means square")
    wrong = i < j if banner.symmetry == "symmetric" else i <= j
    if wrong.any():
        bad = int(np.argmax(wrong))
        raise broken(
            path,
            f"the entry {i[bad] + 1} {j[bad] + 1} is above the diagonal of a {banner.symmetry} matrix",
            line=line(bad),
            hint="symmetric files hold the lower triangle only; for all entries write 'general'",
        )


def _check_once(i: np.ndarray, j: np.ndarray, columns: int, line: Any, path: Path) -> None:
    key = i * columns + j
    order = np.argsort(key, kind="stable")
    again = np.flatnonzero(key[order[1:]] == key[order[:-1]])
    if again.size:
        first, second = int(order[again[0]]), int(order[again[0] + 1])
        raise broken(
            path,
            f"the entry {i[second] + 1} {j[second] + 1} stands already in line {line(first)}",
            line=line(second),
            hint="keep one entry for each place of the matrix",
        )


def _dense(tokens: Tokens, banner: _Banner, path: Path, options: Options, notes: list[str]) -> Source:
    rows, columns = _size_line(tokens, 2, path)
    check_memory(24 * rows * columns, what=f"The matrix of {path}", alternative="check the sizes")
    if banner.symmetry == "general":
        values = _values(tokens, _entries(tokens, 2, 1, rows * columns, path), banner)
        return dense_source(np.ascontiguousarray(values.reshape(columns, rows).T), path, options, notes)
    if rows != columns:
        raise broken(path, f"a {banner.symmetry} matrix of {rows} x {columns}", hint="symmetric means square")
    skew = banner.symmetry == "skew-symmetric"
    stored = rows * (rows - 1) // 2 if skew else rows * (rows + 1) // 2
    values = _values(tokens, _entries(tokens, 2, 1, stored, path), banner)
    matrix = np.zeros((rows, rows))
    j, i = np.triu_indices(rows, k=int(skew))  # the file goes down the columns of the lower triangle
    matrix[j, i] = -values if skew else values
    matrix[i, j] = values
    return dense_source(matrix, path, options, notes)
