"""From an Arrow table to a source: numbers, vectors, text and names. Callers: the tabular readers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from partita._core.memory import check_memory
from partita.io.columns import Plan, plan_columns, type_of
from partita.io.edge_list import graph_of_ids
from partita.io.faults import unusable
from partita.io.matrices import as_points, check_finite
from partita.io.options import Options
from partita.io.source import Source

LineOfRow = Callable[[int], int | None]


def no_line(row: int) -> None:
    """For files that have no lines."""
    return None


def table_source(
    table: Any,
    path: Path,
    options: Options,
    notes: list[str],
    *,
    plan: Plan | None = None,
    line: LineOfRow = no_line,
) -> Source:
    """The source that a table holds, by `plan` or by its schema; `line` finds the line of a row."""
    import pyarrow as pa

    try:
        if options.kind == "graph":
            return _edge_source(table, path, options, notes, line)
        chosen = plan_columns(table.schema, path, options) if plan is None else plan
        return _planned_source(table, chosen, path, options, notes, line)
    except pa.ArrowException as error:
        raise unusable(
            path,
            f"a column is of a type that Arrow can't turn into numbers or text ({error})",
            hint="choose other columns with column= or columns=, or save plain numbers and strings",
        ) from error


def _planned_source(
    table: Any, plan: Plan, path: Path, options: Options, notes: list[str], line: LineOfRow
) -> Source:
    notes = [*notes, *plan.notes]
    names = None if plan.ids is None else _names(table, plan, path, line)
    if plan.ids is not None and names is None:
        table, plan, notes = _without_ids(table, plan, path, options, notes)
    data = _data(table, plan, path, notes, line)
    return Source(plan.kind, data, names, tuple(notes), str(path))


def _data(table: Any, plan: Plan, path: Path, notes: list[str], line: LineOfRow) -> Any:
    if plan.kind == "table":
        return table.select(list(plan.data))
    if plan.kind == "text":
        return _texts(table.column(plan.data[0]), plan.data[0], path, line)
    if type_of(table.schema.field(plan.data[0]).type) == "vector":
        return _vectors(table.column(plan.data[0]), plan.data[0], path, notes, line)
    return _numbers(table, list(plan.data), path, notes, line)


def _without_ids(
    table: Any, plan: Plan, path: Path, options: Options, notes: list[str]
) -> tuple[Any, Plan, list[str]]:
    """Plan again, without the names: values of a guessed column of names repeat."""
    from dataclasses import replace

    kept = [note for note in notes if note not in plan.notes]
    again = plan_columns(table.schema, path, replace(options, id_column=None))
    said = f"column {plan.ids!r} is no column of names: its values repeat or are missing"
    return table, again, [*kept, *again.notes, said]


def _numbers(table: Any, names: list[str], path: Path, notes: list[str], line: LineOfRow) -> np.ndarray:
    import pyarrow as pa

    types = [table.schema.field(name).type for name in names]
    exact32 = (pa.float32(), pa.float16(), pa.int8(), pa.int16(), pa.uint8(), pa.uint16(), pa.bool_())
    dtype = np.float32 if all(kind in exact32 for kind in types) and pa.float32() in types else np.float64
    check_memory(
        2 * table.num_rows * len(names) * np.dtype(dtype).itemsize,
        what=f"The numbers of {path}",
        alternative="name fewer columns with columns=",
    )
    points = np.empty((table.num_rows, len(names)), dtype)
    for place, name in enumerate(names):
        points[:, place] = _number_column(table.column(name), name, path, line)
    _check_finite_rows(points, names, path, line)
    notes.append(f"points are {points.dtype}")
    return points


def _number_column(column: Any, name: str, path: Path, line: LineOfRow) -> np.ndarray:
    import pyarrow as pa

    column = _plain(column)
    _refuse_nulls(column, name, path, line)
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64(), safe=False)
    values = column.to_numpy()
    if values.size == 0:
        return np.empty(0)
    return as_points(values.reshape(-1, 1), path, [], [name]).ravel()


def _check_finite_rows(points: np.ndarray, names: list[str], path: Path, line: LineOfRow) -> None:
    finite = np.isfinite(points)
    if not finite.all():
        row, place = (int(p) for p in np.argwhere(~finite)[0])
        raise unusable(
            path,
            f"row {row} (counted from 0), column {names[place]!r} is not a finite number",
            line=line(row),
            got=float(points[row, place]),
            hint="drop or fill in missing values first, or choose other columns with columns=",
        )


def _refuse_nulls(column: Any, name: str, path: Path, line: LineOfRow) -> None:
    if column.null_count:
        row = int(np.argmin(column.is_valid().to_numpy()))
        raise unusable(
            path,
            f"row {row} (counted from 0), column {name!r} is missing ({column.null_count} missing in all)",
            line=line(row),
            hint="drop or fill in missing values first, or choose other columns; kind='table' keeps them",
        )


def _vectors(column: Any, name: str, path: Path, notes: list[str], line: LineOfRow) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.compute as pc

    column = _plain(column)
    _refuse_nulls(column, name, path, line)
    n_rows = len(column)
    if pa.types.is_fixed_size_list(column.type):
        width = column.type.list_size
    else:
        lengths = pc.list_value_length(column).to_numpy()
        width = int(lengths[0]) if n_rows else 0
        if (lengths != width).any():
            row = int(np.argmax(lengths != width))
            raise unusable(
                path,
                f"row {row} of column {name!r} holds {lengths[row]} values, the first row {width}",
                line=line(row),
                hint="vectors of one matrix have one length",
            )
    check_memory(16 * n_rows * width, what=f"The vectors of {path}", alternative="save them as .npy")
    flat = pc.list_flatten(column)
    if flat.null_count:
        row = int(np.argmin(flat.is_valid().to_numpy())) // width
        raise unusable(
            path, f"a value is missing in row {row} of {name!r}", line=line(row), hint="fill it in first"
        )
    values = flat.cast(pa.float64(), safe=False) if pa.types.is_decimal(flat.type) else flat
    numpy_values = values.to_numpy() if n_rows * width else np.empty(0, np.float32)
    points = as_points(numpy_values.reshape(n_rows, width), path, notes)
    check_finite(points, path)
    return points


def _texts(column: Any, name: str, path: Path, line: LineOfRow) -> list[str]:
    column = _plain(column)
    _refuse_nulls(column, name, path, line)
    check_memory(
        2 * column.nbytes + 60 * len(column),
        what=f"The texts of {path}",
        alternative="read a part of the file",
    )
    return column.to_pylist()


def _names(table: Any, plan: Plan, path: Path, line: LineOfRow) -> np.ndarray | None:
    """The names of the items; None when a guessed column turns out to repeat or to have gaps."""
    import pyarrow.compute as pc

    column = _plain(table.column(plan.ids))
    repeats = pc.count_distinct(column, mode="all").as_py() < len(column)
    if plan.guessed_ids and (repeats or column.null_count):
        return None
    _refuse_nulls(column, str(plan.ids), path, line)
    values = column.to_pylist()
    if repeats:
        seen: dict[Any, int] = {}
        row, first = next((i, seen[v]) for i, v in enumerate(values) if seen.setdefault(v, i) != i)
        raise unusable(
            path,
            f"rows {first} and {row} (counted from 0) of id_column {plan.ids!r} hold the same id",
            line=line(row),
            got=values[row],
            hint="ids must differ; leave id_column= out to go without",
        )
    if all(type(value) is int and -(2**63) <= value < 2**63 for value in values):
        return np.array(values, dtype=np.int64)
    return np.array([str(value) for value in values], dtype=object)


def _edge_source(table: Any, path: Path, options: Options, notes: list[str], line: LineOfRow) -> Source:
    import pyarrow as pa

    names = _edge_columns(table, path, options)
    notes = [*notes, f"edges from the columns {', '.join(map(repr, names))}"]
    ends = []
    for name in names[:2]:
        column = _plain(table.column(name))
        _refuse_nulls(column, name, path, line)
        if not (pa.types.is_integer(column.type) or type_of(column.type) == "text"):
            raise unusable(
                path, f"column {name!r} holds no node ids but {column.type}", hint="name two with columns="
            )
        ends.append(column.cast(pa.large_string()))
    weight = None
    if len(names) == 3:
        if type_of(table.schema.field(names[2]).type) != "number" and table.num_rows:
            raise unusable(
                path, f"the weight {names[2]!r} is not numeric", hint="name other columns with columns="
            )
        weight = _number_column(table.column(names[2]), names[2], path, line).astype(np.float64)
        _check_finite_rows(weight.reshape(-1, 1), [names[2]], path, line)
    both = (
        pa.concat_arrays([*ends[0].chunks, *ends[1].chunks])
        if table.num_rows
        else pa.array([], pa.large_string())
    )
    return graph_of_ids(both, weight, path, options, notes, lambda edge: line(edge))


def _edge_columns(table: Any, path: Path, options: Options) -> list[str]:
    plan_names = list(table.schema.names)
    if options.columns is not None:
        names = list(options.columns)
    elif {"source", "target"} <= set(plan_names):
        names = ["source", "target"] + (["weight"] if "weight" in plan_names else [])
    else:
        names = plan_names
    if (
        len(names) not in (2, 3)
        or not set(names) <= set(plan_names)
        or len(set(plan_names)) < len(plan_names)
    ):
        raise unusable(
            path,
            "the columns of an edge list can't be told",
            got=plan_names,
            hint="name source, target and perhaps weight with columns=",
        )
    return names


def _plain(column: Any) -> Any:
    """The column without dictionary or extension type."""
    import pyarrow as pa

    if isinstance(column.type, pa.BaseExtensionType):
        chunks = [chunk.storage for chunk in column.chunks]
        column = pa.chunked_array(chunks, column.type.storage_type)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if str(column.type) == "string_view":  # most of Arrow's functions don't take it
        column = column.cast(pa.large_string())
    return column
