"""Parquet and Arrow IPC files. Callers: ``reader``.

Arrow checks little when it opens a file, so every table is validated in full before a value is looked at, and
Parquet pages that carry a checksum are held to it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from partita._core.memory import check_memory
from partita.io.columns import plan_columns
from partita.io.faults import broken
from partita.io.options import Options
from partita.io.places import magic_of, no_access, wrong_magic
from partita.io.source import Source
from partita.io.streams import Buffer, is_packed, load
from partita.io.tables import table_source

_DAMAGED = "the file is damaged or cut short; write or copy it again"


def read_parquet(path: Path, options: Options, note: str) -> Source:
    """The columns that are asked for (or fit) of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = load(path)
    if data[:4] != b"PAR1":
        raise wrong_magic(path, "parquet")
    try:
        file = pq.ParquetFile(pa.BufferReader(pa.py_buffer(data)), page_checksum_verification=True)
        _check_claims(file.metadata, len(data), path)
        schema = file.schema_arrow
        plan = None if options.kind == "graph" else plan_columns(schema, path, options)
        table = file.read(columns=None if plan is None else plan.needed)
        table.validate(full=True)
    except (pa.ArrowException, OSError, UnicodeDecodeError, OverflowError, MemoryError) as error:
        raise _arrow_fault(path, error) from error
    if table.num_rows != file.metadata.num_rows:
        raise broken(path, "fewer rows than the footer promises", hint=_DAMAGED)
    return table_source(table, path, options, [note], plan=plan)


def read_arrow(path: Path, options: Options, note: str) -> Source:
    """The table of an Arrow IPC file (also Feather) or stream, memory-mapped."""
    import pyarrow as pa

    data = load(path)
    if data[:4] == b"FEA1":
        raise broken(
            path, "is a Feather file of version 1", hint="write it again with pyarrow.feather, version 2"
        )
    if not is_packed(path) and magic_of(path) not in (None, "arrow"):
        raise wrong_magic(path, "arrow")
    try:
        table = _ipc_table(pa.BufferReader(pa.py_buffer(data)), data)
        table.validate(full=True)
    except (pa.ArrowException, OSError, UnicodeDecodeError, OverflowError, MemoryError) as error:
        raise _arrow_fault(path, error) from error
    return table_source(table, path, options, [note])


def _ipc_table(source: Any, data: Buffer) -> Any:
    import pyarrow as pa

    is_file = data[:6] == b"ARROW1"
    with pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source) as reader:
        return reader.read_all()


def _check_claims(metadata: Any, length: int, path: Path) -> None:
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
