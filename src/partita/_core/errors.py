"""Every error that Partita raises on purpose. Callers: all rooms above; users catch ``PartitaError``."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import partial
from typing import Any


class PartitaError(Exception):
    """Base of all errors that Partita raises on purpose.

    Parameters
    ----------
    message : str
        What was wrong, and where (row, column, file).
    name : str, optional
        The argument, column or file concerned.
    allowed : str, optional
        What would have been accepted.
    got : object, optional
        What came instead; shown by ``repr``, shortened.
    hint : str, optional
        What to do about it.
    """

    def __init__(
        self,
        message: str,
        *,
        name: str | None = None,
        allowed: str | None = None,
        got: Any = None,
        hint: str | None = None,
    ) -> None:
        self.message, self.allowed, self.got, self.hint = message, allowed, got, hint
        super().__init__(self._text())
        self.name = name  # after: ImportError's own __init__ clears it

    def _text(self) -> str:
        lines = [self.message]
        if self.allowed is not None:
            lines.append(f"Allowed: {self.allowed}")
        if self.got is not None:
            lines.append(f"Got: {shorten(self.got)}")
        if self.hint is not None:
            lines.append(f"Hint: {self.hint}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        fields = {"name": self.name, "allowed": self.allowed, "got": _sendable(self.got), "hint": self.hint}
        return partial(type(self), **fields), (self.message,)


class InvalidParameterError(PartitaError, ValueError, TypeError):
    """An argument is outside what its rule allows."""


class InvalidDataError(PartitaError, ValueError):
    """The data can't be used as they are: NaN, infinities, wrong shape or type, broken laws."""


class InvalidTypeError(InvalidDataError, TypeError):
    """The data are of a type that can't be read as numbers."""


class FileFormatError(InvalidDataError):
    """A file or folder is truncated, corrupt, foreign or of an unknown format."""


class InfeasibleError(PartitaError, ValueError):
    """The request can't be met by any answer; nothing was computed.

    Parameters
    ----------
    reason : str
        Which bounds conflict.
    smallest_relaxation : str
        The smallest change of the request that can be met.
    name, got : optional
        As for `PartitaError`.
    """

    def __init__(
        self, reason: str, smallest_relaxation: str, *, name: str | None = None, got: Any = None
    ) -> None:
        self.reason, self.smallest_relaxation = reason, smallest_relaxation
        super().__init__(reason, name=name, got=got, hint=smallest_relaxation)

    def __reduce__(self) -> tuple[Any, ...]:
        fields = {"name": self.name, "got": _sendable(self.got)}
        return partial(type(self), **fields), (self.reason, self.smallest_relaxation)


class BudgetError(PartitaError, MemoryError):
    """The work needs more memory than the budget allows; refused before it starts."""


class MissingPackageError(PartitaError, ImportError):
    """An optional package is needed and not installed."""


class _Shown(str):
    """The text of a value that stayed in another process."""

    __slots__ = ()
    __repr__ = str.__str__


def _sendable(value: Any) -> Any:
    """`value` if it is plain, else its text: an error about a lock or a generator can still be pickled."""
    return value if value is None or isinstance(value, (bool, int, float, str)) else _Shown(shorten(value))


def shorten(value: Any, width: int = 120) -> str:
    """``repr(value)`` cut to `width` characters."""
    text = repr(value)
    return text if len(text) <= width else text[: width - 1] + "…"


def did_you_mean(word: str, known: Iterable[str], otherwise: str | None = None) -> str | None:
    """A hint that names the closest known word, or `otherwise` when nothing is close."""
    close = difflib.get_close_matches(str(word), list(known), n=1)
    return f"did you mean {close[0]!r}?" if close else otherwise
