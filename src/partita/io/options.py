"""The options of ``read``, checked once. Callers: the readers of this room."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from partita._core.errors import InvalidParameterError
from partita._core.params import Flag, Integer, OneOf, Optional, Rule, check_parameters

KINDS = ("points", "graph", "text", "table")
TABULAR = ("parquet", "arrow", "csv", "tsv", "jsonl")
TEXTUAL = ("csv", "tsv", "jsonl", "txt", "folder", "mtx", "metis", "hgr", "edges")
GRAPHS = ("mtx", "metis", "edges", "csv", "tsv", "txt", "npy", "npz", "parquet", "arrow", "jsonl")
FORMATS = ("npy", "npz", *TABULAR, "txt", "folder", "mtx", "metis", "hgr", "edges")

_USED_BY: dict[str, tuple[str, ...]] = {
    "column": TABULAR,
    "columns": TABULAR,
    "id_column": TABULAR,
    "delimiter": ("csv", "txt", "edges"),
    "header": ("csv", "tsv", "txt"),
    "encoding": TEXTUAL,
    "array": ("npz",),
    "directed": GRAPHS,
    "duplicates": GRAPHS,
    "loops": GRAPHS,
    "signed": GRAPHS,
    "n_nodes": GRAPHS,
}
_RULES: dict[str, Rule] = {
    "kind": OneOf(("auto", *KINDS)),
    "format": OneOf(("auto", *FORMATS)),
    "header": OneOf(("auto", True, False)),
    "directed": OneOf(("auto", True, False)),
    "duplicates": OneOf(("error", "sum", "first", "max")),
    "loops": OneOf(("error", "drop", "keep")),
    "signed": Flag(),
    "n_nodes": Optional(Integer(low=0, high=2**31 - 1)),
}


@dataclass(frozen=True)
class Options:
    """Every option of ``read``; its docstring tells what each one means."""

    kind: str = "auto"
    format: str = "auto"
    column: str | None = None
    columns: Sequence[str] | None = None
    id_column: str | None = "auto"
    delimiter: str | None = None
    header: bool | str = "auto"
    encoding: str = "utf-8"
    array: str | None = None
    directed: bool | str = "auto"
    duplicates: str = "error"
    loops: str = "error"
    signed: bool = False
    n_nodes: int | None = None

    def check(self) -> None:
        """Refuse values outside the rules.

        Raises
        ------
        InvalidParameterError
            With the option's name and what it may be.
        """
        check_parameters("partita.io.read", _RULES, {name: getattr(self, name) for name in _RULES})
        for name in ("column", "array", "id_column"):
            _check(name, getattr(self, name), _is_word, "None or a non-empty string")
        _check("columns", self.columns, _is_words, "None or a non-empty list of different column names")
        _check("delimiter", self.delimiter, _is_character, "None or one ASCII character")
        _check("encoding", self.encoding, _is_encoding, "the name of a text encoding, such as 'utf-8'")
        if self.column is not None and self.columns is not None:
            raise InvalidParameterError(
                "column= and columns= can't both be given.",
                name="column",
                hint="column= takes one text or vector column, columns= several numeric ones",
            )

    def check_used_by(self, form: str) -> None:
        """Refuse options that files of format `form` have no use for, so that none is dropped silently."""
        default = Options()
        for field in fields(self):
            used_by = _USED_BY.get(field.name, FORMATS)
            if form not in used_by and getattr(self, field.name) != getattr(default, field.name):
                raise InvalidParameterError(
                    f"The option {field.name!r} has no meaning for {form} data.",
                    name=field.name,
                    allowed=f"{field.name}= with the formats {', '.join(used_by)}",
                    got=getattr(self, field.name),
                    hint=f"leave {field.name}= out, or set format=",
                )


def _check(name: str, value: Any, accepts: Any, allowed: str) -> None:
    if value is not None and not accepts(value):
        raise InvalidParameterError(
            f"The {name!r} parameter of partita.io.read is not valid.", name=name, allowed=allowed, got=value
        )


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_words(value: Any) -> bool:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return False
    return len(value) > 0 and all(_is_word(word) for word in value) and len(set(value)) == len(value)


def _is_character(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 1 and value.isascii() and value not in '"\r\n\0'


def _is_encoding(value: Any) -> bool:
    try:
        return isinstance(value, str) and codecs.lookup(value)._is_text_encoding
    except (LookupError, ValueError):
        return False
