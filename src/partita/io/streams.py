"""Bytes and text of a file: mapped, unpacked, decoded. Callers: the readers of this room."""

from __future__ import annotations

import gzip
import mmap
import zlib
from pathlib import Path
from typing import Any

from partita._core.memory import check_memory, memory_budget
from partita.io.faults import broken
from partita.io.places import empty, no_access

Buffer = bytes | mmap.mmap

_CHUNK = 1 << 20
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_BOM = b"\xef\xbb\xbf"


def is_packed(path: Path) -> bool:
    """Whether the file is compressed as a whole (.gz or .zst)."""
    return path.suffix.lower() in (".gz", ".zst")


def load(path: Path, *, mapped: bool = False) -> Buffer:
    """All bytes of a file, unpacked if it is a .gz or .zst.

    Parameters
    ----------
    path : Path
        The file.
    mapped : bool
        Whether to map an uncompressed file instead of reading it. Only for formats whose data stay mapped: a
        file that someone cuts short while it is mapped ends the process.

    Raises
    ------
    FileFormatError
        When it is empty, can't be read or is damaged.
    BudgetError
        When the unpacked bytes exceed the memory budget (so a bomb of zeros ends here too).
    """
    try:
        if path.stat().st_size == 0:
            raise empty(path)
        with path.open("rb") as file:
            if mapped and not is_packed(path):
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        data = _unpack(path) if is_packed(path) else _read_all(path)
    except OSError as error:
        raise no_access(path, error) from error
    if not data:
        raise broken(
            path, "holds nothing once unpacked", hint="write the file again; nothing was saved in it"
        )
    return data


def load_text(path: Path, encoding: str) -> tuple[Buffer, str | None]:
    """All bytes of a text file in UTF-8 without byte order mark, and a note where something was changed.

    The text is known to hold no NUL; whether it is valid UTF-8 is the caller's to check (``as_text``).
    """
    data = load(path)
    if encoding.lower().replace("_", "-") not in ("utf-8", "utf8", "utf-8-sig"):
        check_memory(6 * len(data), what=f"Decoding {path}", alternative="convert the file to UTF-8 first")
        return _recode(data, path, encoding), f"decoded from {encoding}"
    if data[:2] in _WIDE_MARKS:
        raise broken(path, "is UTF-16 text, not UTF-8", hint="set encoding='utf-16'")
    _refuse_nul(data, path)
    if data[:3] == _BOM:
        if len(data) == 3:
            raise broken(path, "is empty but for a byte order mark", hint="write the file again")
        return data[3:], "a byte order mark at the start was skipped"
    return data, None


def as_text(data: Buffer | bytes, path: Path) -> str:
    """`data` decoded as UTF-8.

    Raises
    ------
    FileFormatError
        With the line of the first byte that isn't UTF-8.
    """
    check_memory(5 * len(data), what=f"The text of {path}", alternative="split the file into smaller ones")
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError as error:
        raise broken(
            path,
            f"byte 0x{error.object[error.start]:02x} is not valid UTF-8",
            line=line_at(data, error.start),
            hint="if the text is in another encoding, set it, for example encoding='latin-1'",
        ) from error


def line_at(data: Buffer | bytes, position: int) -> int:
    """The 1-based line that holds the byte at `position`."""
    return data[:position].count(b"\n") + 1


def _refuse_nul(data: Buffer, path: Path) -> None:
    nul = data.find(b"\0")
    if nul >= 0:
        raise broken(
            path,
            "a NUL byte, which no text file holds",
            line=line_at(data, nul),
            hint="the file is binary, damaged, or UTF-16 (then set encoding='utf-16')",
        )


def _recode(data: Buffer, path: Path, encoding: str) -> bytes:
    try:
        text = str(data, encoding)
        recoded = text.removeprefix("\ufeff").encode("utf-8")
    except UnicodeError as error:
        raise broken(
            path, f"is not text in {encoding} ({error})", hint="check encoding=; most files are utf-8"
        ) from error
    if not recoded:
        raise broken(path, "is empty once decoded", hint="write the file again")
    _refuse_nul(recoded, path)
    return recoded


def _read_all(path: Path) -> bytes:
    check_memory(path.stat().st_size, what=f"Reading {path}", alternative="read a part of the file")
    return path.read_bytes()


def _unpack(path: Path) -> bytes:
    import pyarrow as pa

    limit = memory_budget()
    pieces: list[bytes] = []
    total = 0
    try:
        with _unpacker(path) as stream:
            while piece := stream.read(_CHUNK):
                pieces.append(piece)
                total += len(piece)
                if 2 * total > limit:
                    check_memory(2 * total, what=f"Unpacking {path}", alternative="unpack it to disk first")
    except (OSError, EOFError, zlib.error, pa.ArrowException) as error:
        if isinstance(error, PermissionError):
            raise
        raise broken(
            path,
            f"the compressed data are damaged or cut short, or not {path.suffix} at all ({error})",
            hint="copy or download the file again; a file that was never compressed loses the suffix",
        ) from error
    return b"".join(pieces)


def _unpacker(path: Path) -> Any:
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rb")
    import pyarrow as pa

    return pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
