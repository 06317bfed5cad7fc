"""Where a file is and what its name and first bytes say it is. Callers: ``reader``."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from partita._core.errors import InvalidParameterError, did_you_mean
from partita.io.faults import broken
from partita.io.options import FORMATS

SUFFIXES = {
    ".npy": "npy",
    ".npz": "npz",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".ipc": "arrow",
    ".feather": "arrow",
    ".csv": "csv",
    ".data": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".txt": "txt",
    ".mtx": "mtx",
    ".mm": "mtx",
    ".graph": "metis",
    ".metis": "metis",
    ".hgr": "hgr",
    ".edges": "edges",
    ".edgelist": "edges",
}
PACKED = (".gz", ".zst")
_MAGIC = {
    b"\x93NUMPY": "npy",
    b"PK\x03\x04": "npz",
    b"PAR1": "parquet",
    b"ARROW1": "arrow",
    b"%%MatrixMarket": "mtx",
}


def find(path: Any) -> Path:
    """`path` as a Path that exists and is a regular file or a folder.

    Raises
    ------
    InvalidParameterError
        When it isn't a path, or nothing (or something that can't be read, such as a pipe) stands there.
    FileFormatError
        When the system refuses access to it.
    """
    if not isinstance(path, (str, os.PathLike)) or not isinstance(os.fspath(path), str):
        raise InvalidParameterError(
            "partita.io.read needs the path of a file or folder.",
            name="path",
            allowed="a str or pathlib.Path",
            got=path,
        )
    where = Path(path)
    try:
        mode = where.expanduser().stat().st_mode
    except FileNotFoundError:
        raise _missing(where) from None
    except (OSError, ValueError, RuntimeError) as error:
        raise no_access(where, error) from error
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise InvalidParameterError(
            f"{where} is neither a file nor a folder (a pipe, socket or device).",
            name="path",
            hint="save the data to a file first",
        )
    return where.expanduser()


def no_access(path: Path, error: Exception) -> Exception:
    """The error for a file that the system doesn't let us read."""
    if isinstance(error, NotADirectoryError):
        return _missing(path)
    reason = getattr(error, "strerror", None) or str(error)
    return broken(path, f"can't be opened ({reason})", hint="check the path and that you may read the file")


def format_of(path: Path, wanted: str) -> tuple[str, str]:
    """The format of `path`, and a note on how it was found.

    Raises
    ------
    FileFormatError
        When neither the name nor the first bytes tell.
    """
    if wanted != "auto":
        return wanted, f"read as {wanted} because format={wanted!r} was set"
    if path.is_dir():
        return "folder", "a folder: every text file in it is one document"
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    if suffixes and suffixes[-1] in SUFFIXES:
        return SUFFIXES[
            suffixes[-1]
        ], f"read as {SUFFIXES[suffixes[-1]]} because of the suffix {suffixes[-1]}"
    form = magic_of(path)
    if form is None:
        raise broken(
            path,
            f"the format can't be told from {'the suffix ' + suffixes[-1] if suffixes else 'the name'}",
            hint=f"set format= to one of {', '.join(FORMATS)}",
        )
    return form, f"read as {form} because of the first bytes of the file"


def check_content(path: Path, form: str) -> None:
    """Refuse an empty file, and a folder where `form` is that of a file (or the other way round)."""
    if (form == "folder") != path.is_dir():
        actual, asked = ("folder", "file") if path.is_dir() else ("file", "folder")
        raise broken(path, f"is a {actual}, not a {asked}", hint="leave format= out, or name another path")
    if form != "folder" and path.stat().st_size == 0:
        raise empty(path)


def empty(path: Path) -> Exception:
    """The error for a file of no bytes."""
    return broken(path, "is empty (0 bytes)", hint="write the file again; nothing was saved in it")


def magic_of(path: Path) -> str | None:
    """The format that the first bytes announce, or None."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise no_access(path, error) from error
    return next((form for magic, form in _MAGIC.items() if head.startswith(magic)), None)


def wrong_magic(path: Path, form: str) -> Exception:
    """The error for a file that doesn't begin as a `form` file must."""
    actual = magic_of(path)
    if actual is None or actual == form:
        hint = "the file is damaged or of another format; write it again, or set format="
    else:
        hint = f"its first bytes are those of {actual}: set format={actual!r}"
    return broken(path, f"does not begin as a {form} file must", hint=hint)


def _missing(path: Path) -> Exception:
    parent = path.expanduser().parent
    if not parent.is_dir():
        return InvalidParameterError(
            f"There is no file {path}: the folder {parent} does not exist.",
            name="path",
            hint=f"check the path; the working folder is {Path.cwd()}",
        )
    try:
        known = [entry.name for entry in parent.iterdir()]
    except OSError:
        known = []
    return InvalidParameterError(
        f"There is no file {path}.",
        name="path",
        hint=did_you_mean(path.name, known, f"check the name; the working folder is {Path.cwd()}"),
    )
