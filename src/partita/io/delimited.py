"""Comma-, tab- or otherwise separated text, by Arrow's reader. Callers: ``reader``.

RFC 4180 (Shafranovich 2005, doi:10.17487/RFC4180) with any delimiter. Arrow reads in parallel blocks without
counting lines, so the place of a fault is found afterwards, by a slow second look for faulty files only.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from partita._core.memory import check_memory
from partita.io.columns import ID_NAMES
from partita.io.dialect import Dialect, Sample, find_dialect
from partita.io.faults import broken
from partita.io.matrices import check_finite, dense_source
from partita.io.options import Options
from partita.io.source import Source
from partita.io.streams import Buffer, as_text, load_text
from partita.io.tables import table_source
from partita.io.tokens import Tokens

_SAMPLE_BYTES = 1 << 18
_BLOCK = 1 << 22
_LARGEST_BLOCK = (1 << 31) - 1


def read_delimited(path: Path, options: Options, note: str, *, tabs: bool = False) -> Source:
    """A table in text as points, text, a table, or edges with ``kind="graph"``."""
    data, recoded = load_text(path, options.encoding)
    dialect = find_dialect(_sample(data, path), options, tabs=tabs)
    notes = [text for text in (note, recoded, *dialect.notes) if text]
    if not dialect.names:
        raise broken(path, "holds empty lines only", hint="write the file again")
    if dialect.delimiter == " ":
        return _blank_separated(data, dialect, path, options, notes)
    table = _parse(data, dialect, path, options)
    return table_source(table, path, options, notes, line=_line_finder(data, dialect))


def _sample(data: Buffer, path: Path) -> Sample:
    whole = len(data) <= _SAMPLE_BYTES
    head = bytes(data[:_SAMPLE_BYTES])
    if not whole and b"\n" in head:
        head = head[: head.rindex(b"\n") + 1]
    return Sample(as_text(head, path), whole)


def _parse(data: Buffer, dialect: Dialect, path: Path, options: Options) -> Any:
    import pyarrow as pa

    check_memory(2 * len(data), what=f"The table of {path}", alternative="convert it to .parquet in parts")
    _check_quotes(data, dialect, path)
    try:
        table = _arrow_table(data, dialect, options, _BLOCK)
    except (pa.ArrowException, UnicodeDecodeError, OverflowError) as error:
        if "straddling" not in str(error):
            raise _csv_fault(data, dialect, path, error) from error
        table = _retry_in_one_block(data, dialect, path, options)
    return _relaxed(table, dialect, options)


def _retry_in_one_block(data: Buffer, dialect: Dialect, path: Path, options: Options) -> Any:
    """Read again as one block: some row is longer than a block."""
    import pyarrow as pa

    try:
        return _arrow_table(data, dialect, options, min(len(data) + 1, _LARGEST_BLOCK))
    except (pa.ArrowException, UnicodeDecodeError, OverflowError) as error:
        raise _csv_fault(data, dialect, path, error) from error


def _arrow_table(data: Buffer, dialect: Dialect, options: Options, block: int) -> Any:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    texts = {name: pa.string() for name in dialect.names if _may_be_ids(name, options)}
    ignored = len(dialect.names) > 1
    # Arrow would skip an empty first line in the place of the header.
    start = len(data[:_BLOCK]) - len(bytes(data[:_BLOCK]).lstrip(b"\r\n")) if ignored else 0
    return arrow_csv.read_csv(
        pa.BufferReader(pa.py_buffer(memoryview(data)[start:])),
        read_options=arrow_csv.ReadOptions(
            column_names=list(dialect.names), skip_rows_after_names=int(dialect.header), block_size=block
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=dialect.delimiter, newlines_in_values=True, ignore_empty_lines=ignored
        ),
        convert_options=arrow_csv.ConvertOptions(column_types=texts),
    )


def _may_be_ids(name: str, options: Options) -> bool:
    """Ids are kept as they are written: 007 is not 7."""
    if options.id_column == "auto":
        return name.lower() in ID_NAMES
    return name == options.id_column


def _relaxed(table: Any, dialect: Dialect, options: Options) -> Any:
    """Columns that were held as text because they may be ids become numbers where all are plain integers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for place, name in enumerate(table.schema.names):
        column = table.column(place)
        if not _may_be_ids(name, options) or not pa.types.is_string(column.type):
            continue
        plain = pc.all(pc.match_substring_regex(column, r"^(0|-?[1-9][0-9]{0,17})$")).as_py()
        if plain and len(column):
            table = table.set_column(place, name, column.cast(pa.int64()))
    return table


def _blank_separated(
    data: Buffer, dialect: Dialect, path: Path, options: Options, notes: list[str]
) -> Source:
    """A matrix whose numbers are separated by any run of blanks, which Arrow's reader does not take."""
    tokens = Tokens(data, path, comment=b"#")
    width = len(dialect.names)
    tokens.check_width(
        np.flatnonzero(tokens.words_per_line())[int(dialect.header) :],
        width,
        f"{{words}} values where the first row has {width}",
        "every row needs the same number of columns",
    )
    which = np.arange(width if dialect.header else 0, len(tokens))
    points = tokens.reals(which, "a value").reshape(-1, width)
    check_finite(points, path)
    return dense_source(points, path, options, notes)


def _csv_rows(data: Buffer, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Line on which each row begins, and its fields; empty lines are passed over as Arrow does."""
    stream = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", errors="replace", newline="")
    reader = csv.reader(stream, delimiter=dialect.delimiter)
    begin = 1
    try:
        for row in reader:
            if row or len(dialect.names) == 1:
                yield begin, row
            begin = reader.line_num + 1
    except csv.Error:  # longer fields than the csv module takes: the place stays unknown from here
        return


def _line_finder(data: Buffer, dialect: Dialect) -> Any:
    def line(row: int) -> int | None:
        wanted = row + int(dialect.header)
        return next(
            (begin for index, (begin, _) in enumerate(_csv_rows(data, dialect)) if index == wanted), None
        )

    return line


def _csv_fault(data: Buffer, dialect: Dialect, path: Path, error: Exception) -> Exception:
    as_text(data, path)  # raises where the text isn't UTF-8
    width = len(dialect.names)
    for line, row in _csv_rows(data, dialect):
        if row and len(row) != width:
            return broken(
                path,
                f"{len(row)} fields where the first row has {width}",
                line=line,
                got=row,
                hint=f"quote fields that hold {dialect.delimiter!r} or a quote, or set delimiter=",
            )
    reason = str(error).split("\n")[0]
    return broken(
        path, f"can't be parsed as delimited text ({reason})", hint="check the quotes and the delimiter"
    )


def _check_quotes(data: Buffer, dialect: Dialect, path: Path) -> None:
    """Refuse quotes that do not pair up: one that stays open swallows rows without an error.

    Where every quote stands beside a delimiter, a line end or another quote, they do pair up. Anything else
    is judged by the csv module, which lets quotes inside unquoted fields pass.
    """
    content = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(content == ord('"'))
    beside = np.frombuffer(f'{dialect.delimiter}\r\n"'.encode(), np.uint8)
    before, after = quotes[0::2], quotes[1::2]
    before, after = before[before > 0] - 1, after[after < content.size - 1] + 1
    if (
        quotes.size % 2 == 0
        and np.isin(content[before], beside).all()
        and np.isin(content[after], beside).all()
    ):
        return
    stream = io.StringIO(as_text(data, path), newline="")
    reader = csv.reader(stream, delimiter=dialect.delimiter, strict=True)
    begin = 1
    try:
        for _ in reader:
            begin = reader.line_num + 1
    except csv.Error as error:
        if quotes.size % 2 == 0 and "field larger" in str(error):
            return  # the csv module's own bound, no fault of the file
        raise broken(
            path,
            f"the quotes of the row that begins here do not pair up ({error})",
            line=begin,
            hint='close the quoted field; a quote inside one is written twice ("")',
        ) from error
