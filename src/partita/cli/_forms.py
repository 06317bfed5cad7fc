"""The files that ``partita convert`` reads and writes."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from partita._core.atomic import written_aside
from partita._core.errors import FileFormatError, InvalidParameterError
from partita.cli._labels import read_label_columns, write_labels
from partita.cli._run import item_names
from partita.hierarchy import Hierarchy, load

_FORMAT = "partita hierarchy, version 1"
_NEWICK = (".nwk", ".newick", ".tree", ".tre")
_TARGETS = {".partita": "partita", ".json": "json", ".npy": "linkage", ".csv": "labels", ".tsv": "labels",
            ".parquet": "labels", **dict.fromkeys(_NEWICK, "newick")}  # fmt: skip


def guess_form(path: Path) -> str:
    """What a file holds, by its ending; of ``.npy`` and ``.csv`` by whether four columns are a linkage."""
    if not path.exists():
        raise FileFormatError(
            f"There is no file {str(path)!r}.", name="source", hint="look for a typing error"
        )
    if path.is_dir():
        return "partita"
    suffix = path.suffix.lower()
    if suffix in (".npy", ".csv"):
        return "linkage" if _looks_like_linkage(path) else "labels"
    return _known(path, suffix, "source")


def guess_target(path: Path) -> str:
    """What to write, by the ending; ``.npy`` is a linkage and ``.csv`` labels unless ``--to`` says else."""
    return _known(path, path.suffix.lower(), "target")


def read_form(path: Path, form: str) -> Hierarchy:
    """The hierarchy in a file."""
    if form == "partita":
        return load(path)
    if form == "linkage":
        return Hierarchy.from_linkage(_read_matrix(path))
    if form == "labels":
        return Hierarchy.from_labels(list(read_label_columns(path).values()))
    text = _read_text(path)
    return Hierarchy.from_newick(text) if form == "newick" else _from_json(text, path)


def write_form(h: Hierarchy, path: Path, form: str) -> None:
    """Write the hierarchy to a file, aside and renamed."""
    if form == "partita":
        h.save(path)
    elif form == "labels":
        write_labels(path, item_names(h), _level_columns(h))
    elif form == "linkage":
        _write_matrix(h.to_linkage(), path)
    else:
        text = h.to_newick() + "\n" if form == "newick" else _to_json(h)
        with written_aside(path) as aside:
            aside.write_text(text, encoding="utf-8")


def _known(path: Path, suffix: str, name: str) -> str:
    if suffix not in _TARGETS:
        raise InvalidParameterError(
            f"The ending of {path.name!r} is not known.",
            name=name,
            allowed=", ".join(_TARGETS),
            hint="name the form with --from or --to",
        )
    return _TARGETS[suffix]


def _level_columns(h: Hierarchy) -> dict[str, np.ndarray]:
    """Labels of every named level below the root, coarse to fine; of the root when there is no other."""
    levels = range(1, len(h.levels)) if len(h.levels) > 1 else range(1)
    return {f"level_{j}": h.labels(j) for j in levels}


def _looks_like_linkage(path: Path) -> bool:
    try:
        matrix = _read_matrix(path)
    except FileFormatError:
        return False
    n_items = len(matrix) + 1
    whole = np.all(matrix[:, [0, 1, 3]] == np.rint(matrix[:, [0, 1, 3]]))
    return bool(len(matrix) and whole and matrix[-1, 3] == n_items and matrix[:, :2].max() <= 2 * n_items - 3)


def _read_matrix(path: Path) -> np.ndarray:
    try:
        if path.suffix.lower() == ".npy":
            matrix = np.load(path, allow_pickle=False)
        else:
            with path.open(encoding="utf-8-sig", newline="") as file:
                matrix = np.array([[float(word) for word in row] for row in csv.reader(file) if row])
    except (ValueError, EOFError, csv.Error, UnicodeDecodeError) as error:
        raise FileFormatError(f"{path.name} is not a matrix of numbers: {error}", name="source") from error
    if matrix.ndim != 2 or matrix.shape[1] != 4 or matrix.dtype.kind not in "iuf":
        raise FileFormatError(
            f"{path.name} is not a linkage.",
            name="source",
            allowed="a matrix of shape (n - 1, 4), as SciPy makes it",
            got=f"{matrix.dtype} of shape {matrix.shape}",
        )
    return matrix.astype(np.float64)


def _write_matrix(matrix: np.ndarray, path: Path) -> None:
    with written_aside(path) as aside:
        if path.suffix.lower() == ".npy":
            np.save(aside, matrix)
        else:
            np.savetxt(aside, matrix, delimiter=",", fmt="%.17g")


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileFormatError(f"{path.name} is not a text file: {error}", name="source") from error


def _to_json(h: Hierarchy) -> str:
    """All arrays of the hierarchy; infinities and NaN as words, since JSON has neither."""
    columns = {name: _words(np.asarray(values).tolist()) for name, values in h.part_data.items()}
    record = {
        "format": _FORMAT,
        **{name: getattr(h, name).tolist() for name in ("order", "parent", "start", "stop")},
        "height": _words(h.height.tolist()),
        "levels": [level.tolist() for level in h.levels],
        "part_data": columns,
        "item_ids": None if h.item_ids is None else item_names(h),
        "own_items_are": h.own_items_are,
    }
    return json.dumps(record, ensure_ascii=True, allow_nan=False) + "\n"


def _from_json(text: str, path: Path) -> Hierarchy:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"{path.name} is not JSON: {error}", name="source") from error
    if not isinstance(record, dict) or record.get("format") != _FORMAT:
        raise FileFormatError(
            f"{path.name} is JSON, but not of a hierarchy.",
            name="source",
            hint="only files that 'partita convert … .json' wrote can be read",
        )
    missing = [name for name in ("order", "parent", "start", "stop", "height") if name not in record]
    if missing:
        raise FileFormatError(f"{path.name} lacks {', '.join(missing)}.", name="source")
    columns = record.get("part_data") or {}
    if not isinstance(columns, dict):
        raise FileFormatError(f"The part_data of {path.name} is not an object of columns.", name="source")
    order, parent, start, stop = (record[name] for name in ("order", "parent", "start", "stop"))
    return Hierarchy(
        order,
        parent,
        start,
        stop,
        _numbers(record["height"]),
        levels=record.get("levels"),
        part_data={name: _numbers(values) for name, values in columns.items()},
        item_ids=record.get("item_ids"),
        own_items_are=record.get("own_items_are", "noise"),
    )


def _words(value: Any) -> Any:
    if isinstance(value, list):
        return [_words(inner) for inner in value]
    return {"number": str(value)} if isinstance(value, float) and not math.isfinite(value) else value


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbers(inner) for inner in value]
    return float(value["number"]) if isinstance(value, dict) and set(value) == {"number"} else value
