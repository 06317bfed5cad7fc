"""Which columns of a table are the data, and what they are. Callers: ``tables`` and the tabular readers.

The choice looks at the names and types of the columns alone, so that a Parquet file is asked only for the
columns that are needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from partita._core.errors import InvalidParameterError, did_you_mean
from partita.io.faults import unusable
from partita.io.options import Options

ID_NAMES = ("id", "name", "key", "uid", "uuid", "identifier")


@dataclass(frozen=True)
class Plan:
    """What to take from a table.

    Attributes
    ----------
    kind : str
        The kind of the source.
    data : tuple of str
        The columns that hold the data.
    ids : str or None
        The column of names.
    guessed_ids : bool
        Whether `ids` was inferred, and so may be dropped when its values repeat.
    notes : tuple of str
        Why.
    """

    kind: str
    data: tuple[str, ...]
    ids: str | None
    guessed_ids: bool
    notes: tuple[str, ...]

    @property
    def needed(self) -> list[str]:
        """All columns to read, in no need of order."""
        return list(dict.fromkeys([*self.data, *([self.ids] if self.ids is not None else [])]))


def plan_columns(schema: Any, path: Path, options: Options) -> Plan:
    """Choose the columns of a table by their Arrow schema.

    Raises
    ------
    InvalidParameterError
        For a column that isn't there.
    InvalidDataError
        When no column or several fit what is asked.
    """
    names = list(schema.names)
    _check_distinct(names, path)
    if not names:
        raise unusable(path, "a table without columns", hint="write the file again")
    for wanted in (options.column, *(options.columns or ()), _explicit(options.id_column)):
        _check_known(wanted, names, path)
    ids = _ids(schema, options)
    rest = [name for name in names if name != ids or name == options.column]
    types = {name: type_of(schema.field(name).type) for name in names}
    kind, data, why = _choose(rest, types, path, options)
    notes = [why]
    if ids is not None:
        notes.append(f"column {ids!r} taken as the names of the items")
    left = [name for name in names if name not in data and name != ids]
    if left:
        notes.append(f"columns left out: {_listing(left)}")
    return Plan(kind, tuple(data), ids, options.id_column == "auto", tuple(notes))


def type_of(arrow_type: Any) -> str:
    """``"number"``, ``"text"``, ``"vector"`` or ``"other"`` for an Arrow type."""
    import pyarrow as pa

    kinds = pa.types
    if isinstance(arrow_type, pa.BaseExtensionType):
        return type_of(arrow_type.storage_type)
    if kinds.is_dictionary(arrow_type):
        return type_of(arrow_type.value_type)
    is_number = kinds.is_integer, kinds.is_floating, kinds.is_boolean, kinds.is_decimal
    if any(test(arrow_type) for test in is_number):
        return "number"
    if kinds.is_string(arrow_type) or kinds.is_large_string(arrow_type) or str(arrow_type) == "string_view":
        return "text"
    is_list = kinds.is_fixed_size_list, kinds.is_list, kinds.is_large_list
    if any(test(arrow_type) for test in is_list) and type_of(arrow_type.value_type) == "number":
        return "vector"
    return "other"


def _choose(
    rest: list[str], types: dict[str, str], path: Path, options: Options
) -> tuple[str, Sequence[str], str]:
    if options.column is not None:
        return _named(options.column, types, path, options)
    if options.columns is not None:
        return _several(list(options.columns), types, path, options)
    vectors = [name for name in rest if types[name] == "vector"]
    numbers = [name for name in rest if types[name] == "number"]
    texts = [name for name in rest if types[name] == "text"]
    if options.kind == "text":
        return "text", [_only(texts, "text", path)], f"column {texts[0]!r} is the only one of text"
    if options.kind == "table":
        return "table", rest, "read as a table because kind='table' was set"
    if vectors:
        name = _only(vectors, "vector", path)
        return "points", [name], f"column {name!r} holds one vector in each row: taken as points"
    if options.kind == "points":
        if not numbers:
            raise unusable(path, "no column holds numbers", hint=f"the columns are {_listing(rest)}")
        return "points", numbers, f"{len(numbers)} numeric columns taken as points"
    if numbers and len(numbers) == len(rest):
        return "points", numbers, f"every column is numeric: {len(numbers)} columns taken as points"
    if len(texts) == len(rest) == 1:
        return "text", texts, f"column {texts[0]!r} is the only one: its rows are documents"
    why = f"columns of several types ({len(numbers)} numeric, {len(texts)} of text): taken as a table"
    return "table", rest, why + "; kind='points' takes the numeric ones, column= one of text"


def _named(name: str, types: dict[str, str], path: Path, options: Options) -> tuple[str, Sequence[str], str]:
    kind = {"text": "text", "vector": "points", "number": "points"}.get(types[name])
    if kind is None or options.kind not in ("auto", kind):
        raise unusable(
            path,
            f"column {name!r} holds {types[name]} values and can't be read as "
            + ("points or text" if options.kind == "auto" else options.kind),
            hint="column= takes a column of text, of vectors or of numbers",
        )
    return kind, [name], f"column {name!r} taken as {kind} because column= names it"


def _several(
    names: list[str], types: dict[str, str], path: Path, options: Options
) -> tuple[str, Sequence[str], str]:
    if options.kind == "table":
        return "table", names, f"columns {_listing(names)} taken as a table"
    if options.kind == "text":
        raise unusable(path, "columns= can't be read as text", hint="name one column of text with column=")
    wrong = [name for name in names if types[name] != "number"]
    if wrong:
        raise unusable(
            path,
            f"column {wrong[0]!r} holds {types[wrong[0]]} values, not numbers",
            hint="columns= takes numeric columns; with kind='table' it takes any",
        )
    return "points", names, f"columns {_listing(names)} taken as points because columns= names them"


def _only(found: list[str], what: str, path: Path) -> str:
    if len(found) != 1:
        raise unusable(
            path,
            f"{len(found) or 'no'} columns hold {what} values" + (f": {_listing(found)}" if found else ""),
            hint="name one with column=" if found else "set kind= to what the file holds",
        )
    return found[0]


def _ids(schema: Any, options: Options) -> str | None:
    if options.id_column != "auto":
        return options.id_column
    for name in schema.names:
        is_plain = type_of(schema.field(name).type) in ("number", "text")
        if name.strip().lower() in ID_NAMES and is_plain and len(schema.names) > 1:
            taken = {options.column, *(options.columns or ())}
            return None if name in taken else name
    return None


def _explicit(id_column: str | None) -> str | None:
    return None if id_column == "auto" else id_column


def _check_known(name: str | None, names: list[str], path: Path) -> None:
    if name is not None and name not in names:
        raise InvalidParameterError(
            f"{path} has no column {name!r}.",
            name="column",
            allowed=_listing(names),
            got=name,
            hint=did_you_mean(name, names, "take one of the columns above"),
        )


def _check_distinct(names: list[str], path: Path) -> None:
    twice = (
        [name for name in dict.fromkeys(names) if names.count(name) > 1]
        if len(set(names)) < len(names)
        else []
    )
    if twice:
        raise unusable(
            path,
            f"two columns are called {twice[0]!r}",
            hint="rename one; in a .csv, header=False numbers the columns instead",
        )


def _listing(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:12])
    return shown if len(names) <= 12 else f"{shown} and {len(names) - 12} more"
