"""What all verbs share: clean ends, where words go, and reading labels from any file."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import typer

from partita._core.errors import FileFormatError, InvalidParameterError, PartitaError

COULD_NOT, USED_WRONGLY, INTERRUPTED = 1, 2, 130

F = TypeVar("F", bound=Callable[..., Any])


def guarded(verb: F) -> F:
    """The verb with clean ends: a short message and an exit code in place of a traceback."""

    @functools.wraps(verb)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            _write_any_letter()
            result = verb(*args, **kwargs)
            sys.stdout.flush()
            return result
        except InvalidParameterError as error:
            fail(error, USED_WRONGLY)
        except PartitaError as error:
            fail(error, COULD_NOT)
        except KeyboardInterrupt:
            typer.echo("Interrupted; nothing was changed.", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _forget_output()
            raise typer.Exit(COULD_NOT) from None
        except OSError as error:
            fail(error, COULD_NOT)
        except MemoryError:
            fail("There is not enough memory for this.\nHint: take fewer rows, or float32", COULD_NOT)

    return run  # type: ignore[return-value]


def check_source(path: str | Path) -> None:
    """Refuse a file that isn't there before anything else is loaded."""
    if not Path(path).exists():
        raise FileFormatError(
            f"There is no file or folder {str(path)!r}.",
            name="source",
            hint=f"the working folder is {Path.cwd()}",
        )


def fail(error: Exception | str, code: int) -> NoReturn:
    """Say what went wrong on standard error, and end."""
    if isinstance(error, OSError) and not isinstance(error, PartitaError):
        where = f"{error.filename}: " if error.filename else ""
        error = f"{where}{error.strerror or error}"
    lines = str(error).splitlines() or [type(error).__name__]
    typer.secho("Error: ", fg=typer.colors.RED, bold=True, nl=False, err=True)
    for line in lines:
        typer.secho(line, err=True, dim=line.startswith(("Allowed:", "Got:")))
    raise typer.Exit(code)


def tell(text: str = "") -> None:
    """Say something beside the result, on standard error."""
    typer.echo(text, err=True)


def print_json(value: Any) -> None:
    """One JSON value on standard output; NaN and infinities as null."""
    typer.echo(json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def load(path: Path) -> Any:
    """The hierarchy in a ``.partita`` folder."""
    from partita.hierarchy import load

    return load(path)


def item_names(h: Any) -> list[Any]:
    """The ids of the items, or their row numbers."""
    return list(range(h.n_items)) if h.item_ids is None else [_plain(i) for i in h.item_ids]


def read_labels(path: Path, column: str | None = None) -> Any:
    """One label an item from ``.npy``, ``.csv``, ``.tsv``, ``.txt`` or ``.parquet``; see ``cli._labels``."""
    from partita.cli._labels import read_label_columns

    columns = read_label_columns(path)
    if column is None:
        return columns[list(columns)[-1]]
    if column not in columns:
        raise InvalidParameterError(
            f"{path} has no column {column!r}.", name="column", allowed=", ".join(columns), got=column
        )
    return columns[column]


def _plain(value: Any) -> Any:
    """`value` in JSON's own types."""
    import math

    import numpy as np

    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def _write_any_letter() -> None:
    """A terminal or pipe that lacks a letter gets an escape, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _forget_output() -> None:
    """Let the interpreter's last flush go nowhere, since the reader of the pipe has left."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
