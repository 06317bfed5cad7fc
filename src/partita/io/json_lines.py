"""JSON lines: objects, vectors or strings, one on each line. Callers: ``reader``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from partita._core.errors import PartitaError
from partita.io.faults import broken, unusable
from partita.io.options import Options
from partita.io.source import Source
from partita.io.streams import as_text, load_text
from partita.io.tables import table_source

_HINT = "write one JSON value per line, all of one form (json.dumps does)"


def read_json_lines(path: Path, options: Options, note: str) -> Source:
    """Objects become a table, lists of numbers points, strings text; empty lines are skipped."""
    import pyarrow as pa

    data, recoded = load_text(path, options.encoding)
    rows, lines = _parse(as_text(data, path), path)
    if not rows:
        raise broken(path, "holds no JSON values, only empty lines", hint=_HINT)
    form = type(rows[0])
    for row, line in zip(rows, lines, strict=True):
        if type(row) is not form or form not in (dict, list, str):
            raise broken(
                path,
                "the lines must all be objects, all lists of numbers or all strings",
                line=line,
                got=row,
                hint=_HINT,
            )
    if form is dict:
        names = dict.fromkeys(name for row in rows for name in row)
        columns = {name: [row.get(name) for row in rows] for name in names}
    else:
        columns = {"line": rows}
    arrays = {name: _column(name, values, lines, path) for name, values in columns.items()}
    if not arrays:
        raise unusable(path, "every object is empty", hint="objects need at least one key")
    notes = [text for text in (note, recoded) if text]
    return table_source(pa.table(arrays), path, options, notes, line=lines.__getitem__)


def _parse(text: str, path: Path) -> tuple[list[Any], list[int]]:
    decoder = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)
    rows, lines = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip(" \t\r")
        if not stripped:
            continue
        try:
            rows.append(decoder.decode(stripped))
        except (ValueError, RecursionError) as error:
            what = "nested too deeply" if isinstance(error, RecursionError) else str(error)
            raise broken(path, f"not valid JSON ({what})", line=number, got=stripped, hint=_HINT) from error
        lines.append(number)
    return rows, lines


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON; drop or fill in missing values")


def _column(name: str, values: list[Any], lines: list[int], path: Path) -> Any:
    """An Arrow array of one form; a mixture is refused at its first line."""
    import pyarrow as pa

    forms: dict[str, int] = {}
    for value, line in zip(values, lines, strict=True):
        form = _form(value)
        if form is not None:
            forms.setdefault(form, line)
    if len(forms) > 1:
        (first, _), (other, line) = list(forms.items())[:2]
        raise broken(
            path,
            f"{name!r} holds {other} here and {first} above",
            line=line,
            hint="give every line the same form",
        )
    try:
        if forms.keys() == {"a list of numbers"}:
            return pa.array(_as_floats(values), pa.list_(pa.float64()))
        if forms.keys() == {"a number"} and any(isinstance(value, float) for value in values):
            return pa.array([None if value is None else float(value) for value in values], pa.float64())
        return pa.array(values)
    except (pa.ArrowException, OverflowError, UnicodeError, TypeError, ValueError) as error:
        raise _cell_fault(name, values, lines, path, error) from error


def _as_floats(values: list[Any]) -> list[Any]:
    return [
        None if row is None else [None if value is None else float(value) for value in row] for row in values
    ]


def _form(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, dict):
        return "an object"
    is_numeric = all(item is None or type(item) in (int, float) for item in value)
    return "a list of numbers" if is_numeric else "a list of other things"


def _cell_fault(name: str, values: list[Any], lines: list[int], path: Path, error: Exception) -> PartitaError:
    import pyarrow as pa

    for value, line in zip(values, lines, strict=True):
        try:
            pa.array([value])
            _as_floats([value]) if isinstance(value, list) else float(value) if isinstance(
                value, int
            ) else None
        except (pa.ArrowException, OverflowError, UnicodeError, TypeError, ValueError) as cause:
            return unusable(path, f"{name!r} can't be taken up ({cause})", line=line, got=value, hint=_HINT)
    return unusable(path, f"{name!r} can't be taken up ({error})", hint=_HINT)
