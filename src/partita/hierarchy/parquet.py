"""A small Parquet writer whose columns can be mapped into memory: PLAIN, uncompressed, one aligned page each.

General writers compress, mix encodings and start values at odd offsets, so that reading means decoding. Here
the values of a column lie in the file as they lie in memory, at a multiple of 64 bytes, and the writer says
where. Any Parquet reader reads the result. Called by ``hierarchy.files``.

Format: https://github.com/apache/parquet-format; its structures are written in Thrift's compact protocol.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple

import numpy as np

ALIGN = 64
PAGE_LIMIT = 2**31 - 2**20
_MAGIC = b"PAR1"
_BOOLEAN, _INT32, _INT64, _FLOAT, _DOUBLE, _BYTES = 0, 1, 2, 4, 5, 6
_UTF8, _LIST = 0, 3
_PLAIN, _RLE = 0, 3
_REQUIRED, _REPEATED = 0, 2
_I32, _I64, _BINARY, _SEQUENCE, _STRUCT = 5, 6, 8, 9, 12
_KINDS = {
    "b1": (_BOOLEAN, None),
    "i1": (_INT32, 15),
    "i2": (_INT32, 16),
    "i4": (_INT32, None),
    "i8": (_INT64, None),
    "u1": (_INT32, 11),
    "u2": (_INT32, 12),
    "u4": (_INT32, 13),
    "u8": (_INT64, 14),
    "f4": (_FLOAT, None),
    "f8": (_DOUBLE, None),
}
_STORED = {"i1": "<i4", "i2": "<i4", "u1": "<i4", "u2": "<i4"}
# Values go to the file in pieces of this many, so that little is copied at a time.
_CHUNK = 2**20


class Run(NamedTuple):
    """Where the rows of one page lie: `levels` bytes of list structure, then `values` bytes of values."""

    offset: int
    levels: int
    values: int
    rows: int
    entries: int


@dataclass
class Written:
    """What a column's reader must know."""

    name: str
    kind: str
    dtype: str
    shape: list[int]
    runs: list[Run]
    crc: int = 0


@dataclass
class _Column:
    """One column to be written: flat values, and how many belong to each row (None: one each)."""

    name: str
    array: np.ndarray
    kind: str
    dtype: str
    lengths: np.ndarray | None

    def page(self, low: int, high: int) -> tuple[bytes, Iterator[bytes | memoryview], int, int]:
        """List structure, values in pieces, their size in bytes, and the number of entries of some rows."""
        rows = self.array[low:high]
        if self.kind == "texts":
            data = _plain_texts(list(rows))
            return b"", iter([data]), len(data), high - low
        if self.kind == "lists":
            assert self.lengths is not None
            data = _plain_texts([text for row in rows for text in row])
            levels, entries = _list_levels(self.lengths[low:high])
            return levels, iter([data]), len(data), entries
        levels, entries = b"", high - low
        if rows.ndim > 1:
            levels, entries = _list_levels(np.full(high - low, _row_length(rows)))
        flat = rows.reshape(-1)
        return levels, _pieces(flat, self.dtype), _stored_bytes(flat.size, self.dtype), entries

    def size(self, low: int, high: int) -> int:
        """An upper bound of the bytes of a page of some rows."""
        rows = self.array[low:high]
        if self.kind == "numbers":
            return 9 * rows.size + 64
        texts = rows if self.kind == "texts" else [text for row in rows for text in row]
        return sum(4 + 4 * len(text) for text in texts) + (high - low) + 64


def write_parquet(
    file: BinaryIO, columns: Mapping[str, np.ndarray], note: Mapping[str, str]
) -> list[Written]:
    """Write columns of one length to an open binary file.

    Parameters
    ----------
    file : binary file, at its start
    columns : mapping of str to ndarray
        As `as_column` returns them: numbers of any shape a row, object arrays of str, or of tuples of str.
    note : mapping of str to str
        Key-value metadata of the file.

    Returns
    -------
    written : list of Written
        Where each column's values lie, with their CRC-32.
    """
    prepared = [_prepared(name, array) for name, array in columns.items()]
    n_rows = len(prepared[0].array)
    written = [Written(c.name, c.kind, c.dtype, list(c.array.shape[1:]), []) for c in prepared]
    file.write(_MAGIC)
    position, groups = len(_MAGIC), []
    for low, high in _row_groups(prepared, n_rows):
        chunks = []
        for column, entry in zip(prepared, written):
            chunk, position = _write_chunk(file, position, column, entry, low, high)
            chunks.append(chunk)
        groups.append((chunks, high - low))
    footer = _footer(prepared, groups, n_rows, {**note, "ARROW:schema": _arrow_schema(prepared)})
    file.write(footer + len(footer).to_bytes(4, "little") + _MAGIC)
    return written


def _prepared(name: str, array: np.ndarray) -> _Column:
    if array.dtype.kind == "O":
        if len(array) and isinstance(array[0], tuple):
            return _Column(name, array, "lists", "", np.array([len(row) for row in array], dtype=np.intp))
        return _Column(name, array, "texts", "", None)
    return _Column(name, array, "numbers", array.dtype.str[1:], None)


def _row_groups(columns: list[_Column], n_rows: int) -> list[tuple[int, int]]:
    rows = n_rows
    while rows > 1:
        bounds = [(low, min(low + rows, n_rows)) for low in range(0, n_rows, rows)]
        if all(column.size(*bound) < PAGE_LIMIT for column in columns for bound in bounds):
            return bounds
        rows = (rows + 1) // 2
    return [(low, low + 1) for low in range(n_rows)]


def _write_chunk(
    file: BinaryIO, position: int, column: _Column, entry: Written, low: int, high: int
) -> tuple[dict[str, Any], int]:
    levels, pieces, size, entries = column.page(low, high)
    header = _page_header(len(levels) + size, entries)
    pad = -(position + len(header) + len(levels)) % ALIGN
    file.write(bytes(pad) + header + levels)
    page = position + pad
    crc = zlib.crc32(levels, entry.crc)
    for piece in pieces:
        file.write(piece)
        crc = zlib.crc32(piece, crc)
    entry.crc = crc
    entry.runs.append(Run(page + len(header), len(levels), size, high - low, entries))
    total = len(header) + len(levels) + size
    return {"column": column, "page": page, "entries": entries, "bytes": total}, page + total


def _pieces(flat: np.ndarray, dtype: str) -> Iterator[bytes | memoryview]:
    if dtype == "b1":
        yield np.packbits(flat, bitorder="little").tobytes()
        return
    stored = _STORED.get(dtype, "<" + dtype)
    for low in range(0, flat.size, _CHUNK):
        piece = np.ascontiguousarray(flat[low : low + _CHUNK].astype(stored, copy=False))
        yield memoryview(piece.view(np.uint8).data)


def _stored_bytes(count: int, dtype: str) -> int:
    return (count + 7) // 8 if dtype == "b1" else count * np.dtype(_STORED.get(dtype, "<" + dtype)).itemsize


def stored_dtype(dtype: str) -> np.dtype:
    """The type in which values of a column lie in the file."""
    return np.dtype(_STORED.get(dtype, "<" + dtype))


def is_storable(dtype: str) -> bool:
    """Whether `dtype` (such as ``"f8"``) is one that this module writes."""
    return dtype in _KINDS


def _row_length(rows: np.ndarray) -> int:
    return int(np.prod(rows.shape[1:], dtype=np.int64))


def _plain_texts(texts: list[str]) -> bytes:
    parts: list[bytes] = []
    for text in texts:
        data = text.encode("utf-8")
        parts += (len(data).to_bytes(4, "little"), data)
    return b"".join(parts)


def _list_levels(lengths: np.ndarray) -> tuple[bytes, int]:
    """Repetition and definition levels of lists: one bit an entry each; an empty list is one entry."""
    taken = np.maximum(lengths, 1)
    entries = int(taken.sum())
    repeated, defined = np.ones(entries, dtype=bool), np.ones(entries, dtype=bool)
    first = np.cumsum(taken) - taken
    repeated[first] = False
    defined[first[lengths == 0]] = False
    return _packed(repeated) + _packed(defined), entries


def _packed(bits: np.ndarray) -> bytes:
    data = np.packbits(bits, bitorder="little").tobytes()
    payload = _varint((len(data) << 1) | 1) + data
    return len(payload).to_bytes(4, "little") + payload


def read_levels(data: bytes, entries: int) -> np.ndarray:
    """The length of each list, from what `write_parquet` put before the values.

    Raises
    ------
    ValueError
        When the bytes are not such levels.
    """
    bits = []
    for _ in range(2):
        size = int.from_bytes(data[:4], "little")
        payload, data = data[4 : 4 + size], data[4 + size :]
        skip = len(payload) - (entries + 7) // 8
        if skip < 1 or len(payload) != size:
            raise ValueError("the structure of a list column is cut short")
        packed = np.frombuffer(payload, dtype=np.uint8)[skip:]
        bits.append(np.unpackbits(packed, bitorder="little")[:entries].astype(bool))
    repeated, defined = bits
    first = np.flatnonzero(~repeated)
    if entries and (len(first) == 0 or first[0] != 0):
        raise ValueError("the structure of a list column is broken")
    lengths = np.diff(np.append(first, entries))
    empty = ~defined[first]
    if (lengths[empty] != 1).any():
        raise ValueError("the structure of a list column is broken")
    lengths[empty] = 0
    return lengths


def read_texts(data: memoryview, count: int) -> list[str]:
    """`count` texts from PLAIN values.

    Raises
    ------
    ValueError
        When the values are cut short, too long, or no texts.
    """
    texts, position = [], 0
    for _ in range(count):
        stop = position + 4 + int.from_bytes(data[position : position + 4], "little")
        if stop > len(data):
            raise ValueError("a text column is cut short")
        texts.append(str(data[position + 4 : stop], "utf-8"))
        position = stop
    if position != len(data):
        raise ValueError("a text column is too long")
    return texts


# ---------------------------------------------------------------------- Thrift's compact protocol


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _integer(value: int) -> bytes:
    return _varint((value << 1) ^ (value >> 63))


def _text(value: str) -> bytes:
    data = value.encode()
    return _varint(len(data)) + data


def _sequence(kind: int, items: list[bytes]) -> bytes:
    head = bytes([len(items) << 4 | kind]) if len(items) < 15 else bytes([0xF0 | kind]) + _varint(len(items))
    return head + b"".join(items)


def _struct(*fields: tuple[int, int, bytes | None]) -> bytes:
    """Fields as (number, kind, payload), ascending; None is left out."""
    out, last = bytearray(), 0
    for number, kind, payload in fields:
        if payload is not None:
            out += bytes([(number - last) << 4 | kind]) + payload
            last = number
    return bytes(out) + b"\0"


def _page_header(size: int, entries: int) -> bytes:
    data_page = _struct(
        (1, _I32, _integer(entries)),
        (2, _I32, _integer(_PLAIN)),
        (3, _I32, _integer(_RLE)),
        (4, _I32, _integer(_RLE)),
    )
    return _struct(
        (1, _I32, _integer(0)),
        (2, _I32, _integer(size)),
        (3, _I32, _integer(size)),
        (5, _STRUCT, data_page),
    )


def _physical(column: _Column) -> tuple[int, int | None]:
    return _KINDS[column.dtype] if column.kind == "numbers" else (_BYTES, _UTF8)


def _is_list(column: _Column) -> bool:
    return column.kind == "lists" or column.array.ndim > 1


def _schema(column: _Column) -> list[bytes]:
    physical, converted = _physical(column)
    value = _struct(
        (1, _I32, _integer(physical)),
        (3, _I32, _integer(_REQUIRED)),
        (4, _BINARY, _text("element" if _is_list(column) else column.name)),
        (6, _I32, None if converted is None else _integer(converted)),
    )
    if not _is_list(column):
        return [value]
    outer = _struct(
        (3, _I32, _integer(_REQUIRED)),
        (4, _BINARY, _text(column.name)),
        (5, _I32, _integer(1)),
        (6, _I32, _integer(_LIST)),
    )
    middle = _struct((3, _I32, _integer(_REPEATED)), (4, _BINARY, _text("list")), (5, _I32, _integer(1)))
    return [outer, middle, value]


def _chunk(chunk: dict[str, Any]) -> bytes:
    column = chunk["column"]
    path = [column.name, "list", "element"] if _is_list(column) else [column.name]
    about = _struct(
        (1, _I32, _integer(_physical(column)[0])),
        (2, _SEQUENCE, _sequence(_I32, [_integer(_PLAIN), _integer(_RLE)])),
        (3, _SEQUENCE, _sequence(_BINARY, [_text(part) for part in path])),
        (4, _I32, _integer(0)),
        (5, _I64, _integer(chunk["entries"])),
        (6, _I64, _integer(chunk["bytes"])),
        (7, _I64, _integer(chunk["bytes"])),
        (9, _I64, _integer(chunk["page"])),
    )
    return _struct((2, _I64, _integer(chunk["page"])), (3, _STRUCT, about))


def _footer(columns: list[_Column], groups: list[Any], n_rows: int, note: Mapping[str, str]) -> bytes:
    root = _struct((4, _BINARY, _text("schema")), (5, _I32, _integer(len(columns))))
    schema = [root, *(element for column in columns for element in _schema(column))]
    rows = [
        _struct(
            (1, _SEQUENCE, _sequence(_STRUCT, [_chunk(chunk) for chunk in chunks])),
            (2, _I64, _integer(sum(chunk["bytes"] for chunk in chunks))),
            (3, _I64, _integer(count)),
        )
        for chunks, count in groups
    ]
    pairs = [_struct((1, _BINARY, _text(key)), (2, _BINARY, _text(value))) for key, value in note.items()]
    return _struct(
        (1, _I32, _integer(1)),
        (2, _SEQUENCE, _sequence(_STRUCT, schema)),
        (3, _I64, _integer(n_rows)),
        (4, _SEQUENCE, _sequence(_STRUCT, rows)),
        (5, _SEQUENCE, _sequence(_STRUCT, pairs)),
        (6, _BINARY, _text("partita")),
    )


def _arrow_schema(columns: list[_Column]) -> str:
    """Arrow's own schema, so that matrices come back as fixed-size lists and not as lists."""
    import pyarrow as pa

    fields = []
    for column in columns:
        value = pa.string() if column.kind != "numbers" else pa.from_numpy_dtype(np.dtype(column.dtype))
        if column.kind == "lists":
            value = pa.list_(pa.field("element", value, nullable=False))
        elif column.array.ndim > 1:
            value = pa.list_(pa.field("element", value, nullable=False), _row_length(column.array))
        fields.append(pa.field(column.name, value, nullable=False))
    return base64.b64encode(pa.schema(fields).serialize().to_pybytes()).decode()
