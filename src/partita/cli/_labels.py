"""Label files: one row an item, one column a partition. Callers: ``compare``, ``convert``, ``cut``."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import numpy as np

from partita._core.atomic import written_aside
from partita._core.errors import FileFormatError, InvalidParameterError

ITEM_NAMES = ("item", "id", "item_id", "index", "")
_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".npy")


def read_label_columns(path: Path) -> dict[str, np.ndarray]:
    """The label columns of a file, coarse to fine; a first column named "item" or "id" is left aside.

    Raises
    ------
    FileFormatError
        When the file is empty, ragged or of an unknown kind.
    """
    suffix = path.suffix.lower()
    if not path.exists():
        raise FileFormatError(f"There is no file {str(path)!r}.", name="path", hint="look for a typing error")
    if suffix == ".npy":
        return _from_array(path)
    if suffix == ".parquet":
        columns = _from_parquet(path)
    elif suffix in (".csv", ".tsv", ".txt"):
        columns = _from_text(path, "," if suffix == ".csv" else "\t")
    else:
        raise FileFormatError(
            f"{path.name} is not a label file.", name="path", allowed=", ".join((*_SUFFIXES, ".partita"))
        )
    if len(columns) > 1:
        columns = {k: v for i, (k, v) in enumerate(columns.items()) if i or k.lower() not in ITEM_NAMES}
    return {name: np.unique(values, return_inverse=True)[1] if values.dtype.kind not in "iu" else values
            for name, values in columns.items()}  # fmt: skip


def write_labels(path: Path | None, names: list[Any], columns: dict[str, np.ndarray]) -> None:
    """Write label columns to a ``.csv``, ``.tsv``, ``.parquet`` or ``.npy`` file, or as CSV to stdout."""
    if path is None:
        _write_rows(sys.stdout, names, columns, ",")
        return
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".tsv", ".parquet", ".npy"):
        raise InvalidParameterError(
            f"Labels can't be written to {path.name!r}.",
            name="out",
            allowed="a .csv, .tsv, .parquet or .npy file",
        )
    with written_aside(path) as aside:
        if suffix == ".npy":
            stacked = np.stack(list(columns.values()), axis=1)
            np.save(aside, stacked[:, 0] if stacked.shape[1] == 1 else stacked)
        elif suffix == ".parquet":
            import pyarrow as pa
            import pyarrow.parquet as pq

            pq.write_table(pa.table({"item": names, **columns}), aside)
        else:
            with aside.open("w", encoding="utf-8", newline="") as file:
                _write_rows(file, names, columns, "," if suffix == ".csv" else "\t")


def _write_rows(file: Any, names: list[Any], columns: dict[str, np.ndarray], comma: str) -> None:
    writer = csv.writer(file, delimiter=comma, lineterminator="\n")
    writer.writerow(["item", *columns])
    writer.writerows(zip(names, *(values.tolist() for values in columns.values())))


def _from_array(path: Path) -> dict[str, np.ndarray]:
    try:
        array = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise FileFormatError(f"{path.name} is not a .npy file of numbers: {error}", name="path") from error
    if array.ndim not in (1, 2) or array.dtype.kind not in "iufb" or 0 in array.shape[1:]:
        raise FileFormatError(
            f"{path.name} holds no labels.",
            name="path",
            allowed="whole numbers of shape (n,) or (n, levels)",
            got=f"{array.dtype} of shape {array.shape}",
        )
    if array.dtype.kind == "f" and not np.all(np.isfinite(array) & (array == np.rint(array))):
        raise FileFormatError(f"{path.name} holds numbers that are not whole.", name="path", allowed="labels")
    matrix = array.reshape(len(array), -1).astype(np.int64)
    return {f"level_{j + 1}": matrix[:, j] for j in range(matrix.shape[1])}


def _from_parquet(path: Path) -> dict[str, np.ndarray]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:
            table = pq.ParquetFile(file).read()
    except (pa.ArrowException, OSError) as error:
        raise FileFormatError(f"{path.name} is not a Parquet file: {error}", name="path") from error
    for name in table.column_names:
        if table.column(name).null_count:
            raise FileFormatError(f"Column {name!r} of {path.name} has missing labels.", name=name)
    return {name: np.asarray(table.column(name).to_pylist()) for name in table.column_names}


def _from_text(path: Path, comma: str) -> dict[str, np.ndarray]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file, delimiter=comma) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileFormatError(f"{path.name} is not a text file of labels: {error}", name="path") from error
    if not rows:
        raise FileFormatError(f"{path.name} is empty.", name="path")
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise FileFormatError(
                f"Row {number} of {path.name} has {len(row)} fields and row 1 has {len(rows[0])}.",
                name="path",
            )
    headed = _is_head(rows)
    names = rows[0] if headed else [f"level_{j + 1}" for j in range(len(rows[0]))]
    return {name: _column([row[j] for row in rows[headed:]]) for j, name in enumerate(names)}


def _is_head(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns: no number in it, and one in the next or a name of ids."""
    if any(map(_is_whole, rows[0])):
        return False
    return rows[0][0].strip().lower() in ITEM_NAMES[:-1] or (len(rows) > 1 and any(map(_is_whole, rows[1])))


def _column(words: list[str]) -> np.ndarray:
    return np.array([int(w) for w in words], np.int64) if all(map(_is_whole, words)) else np.array(words, str)


def _is_whole(word: str) -> bool:
    text = word.strip()
    return text.removeprefix("-").isascii() and text.removeprefix("-").isdigit()
