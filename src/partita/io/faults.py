"""Errors that tell the file, the line and what to do. Callers: the readers of this room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from partita._core.errors import FileFormatError, InvalidDataError


def broken(path: Path, what: str, *, hint: str, line: int | None = None, got: Any = None) -> FileFormatError:
    """A file that isn't what its format asks for."""
    return FileFormatError(f"{_place(path, line)}: {what}", name=str(path), got=got, hint=hint)


def unusable(
    path: Path, what: str, *, hint: str, line: int | None = None, got: Any = None
) -> InvalidDataError:
    """A well-formed file whose data can't be used."""
    return InvalidDataError(f"{_place(path, line)}: {what}", name=str(path), got=got, hint=hint)


def _place(path: Path, line: int | None) -> str:
    return str(path) if line is None else f"{path}, line {line}"
