"""Parquet and Arrow IPC files. Callers: ``reader``.

Arrow checks little when it opens a file, so every table is validated in full before a value is looked at, and
Parquet pages that carry a checksum are held to it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from partita._core.errors import PartitaError
from partita._core.memory import check_memory
from partita.io.columns import plan_columns
from partita.io.faults import broken
from partita.io.options import Options
from partita.io.places import magic_of, no_access, wrong_magic
from partita.io.source import Source
from partita.io.streams import Buffer, is_packed, load
from partita.io.tables import table_source

_END_OF_STREAM = bytes(4)  # Arrow takes a stream without it, but then one cut between batches reads as whole
_DAMAGED = "the file is damaged or cut short; write or copy it again"


def read_parquet(path: Path, options: Options, note: str) -> Source:
    """The columns that are asked for (or fit) of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        stream = pa.BufferReader(load(path)) if is_packed(path) else pa.OSFile(str(path))
        with stream, pq.ParquetFile(stream, page_checksum_verification=True) as file:
            _check_claims(file.metadata, path)
            plan = None if options.kind == "graph" else plan_columns(file.schema_arrow, path, options)
            table = file.read(columns=None if plan is None else plan.needed)
            promised = file.metadata.num_rows
        table.validate(full=True)
    except (pa.ArrowException, OSError, UnicodeDecodeError, OverflowError, MemoryError) as error:
        if isinstance(error, PartitaError):
            raise
        if not is_packed(path) and magic_of(path) != "parquet":
            raise wrong_magic(path, "parquet") from error
        raise _arrow_fault(path, error) from error
    if table.num_rows != promised:
        raise broken(path, "fewer rows than the footer promises", hint=_DAMAGED)
    return table_source(table, path, options, [note], plan=plan)


def read_arrow(path: Path, options: Options, note: str) -> Source:
    """The table of an Arrow IPC file (also Feather) or stream, memory-mapped."""
    import pyarrow as pa

    data = load(path, mapped=True)
    if data[:4] == b"FEA1":
        raise broken(
            path, "is a Feather file of version 1", hint="write it again with pyarrow.feather, version 2"
        )
    if not is_packed(path) and magic_of(path) not in (None, "arrow"):
        raise wrong_magic(path, "arrow")
    try:
        table = _ipc_table(pa.BufferReader(pa.py_buffer(data)), data, path)
        table.validate(full=True)
    except (pa.ArrowException, OSError, UnicodeDecodeError, OverflowError, MemoryError) as error:
        if isinstance(error, PartitaError):
            raise
        raise _arrow_fault(path, error) from error
    return table_source(table, path, options, [note])


def _ipc_table(source: Any, data: Buffer, path: Path) -> Any:
    import pyarrow as pa

    if data[:6] == b"ARROW1":
        with pa.ipc.open_file(source) as reader:
            return reader.read_all()
    with pa.ipc.open_stream(source) as reader:
        table = reader.read_all()
    if not data[: source.tell()].endswith(_END_OF_STREAM) or source.tell() != len(data):
        raise broken(path, "the stream does not stop at its end mark", hint=_DAMAGED)
    return table


def _check_claims(metadata: Any, path: Path) -> None:
    """Refuse row counts and sizes that would exhaust memory, before anything is allocated."""
    rows, claimed = metadata.num_rows, 0
    for index in range(metadata.num_row_groups):
        group = metadata.row_group(index)
        if group.num_rows < 0 or group.total_byte_size < 0:
            raise broken(path, "the footer holds a negative size", hint=_DAMAGED)
        claimed += group.total_byte_size
    if rows < 0:
        raise broken(path, "the footer holds a negative number of rows", hint=_DAMAGED)
    check_memory(
        max(claimed, rows * max(1, metadata.num_columns)),
        what=f"The {rows} rows that {path} claims",
        alternative="read fewer columns with column= or columns=, or rewrite the file in parts",
    )


def _arrow_fault(path: Path, error: Exception) -> Exception:
    if isinstance(error, PermissionError):
        return no_access(path, error)
    text = str(error).strip().split("\n")[0] or type(error).__name__
    return broken(path, f"Arrow can't read it ({text})", hint=_DAMAGED)
