"""How a delimited text is written: its delimiter and whether it has a header. Callers: ``delimited``.

Python's ``csv.Sniffer`` guesses from letter frequencies and is often wrong on text; here a delimiter wins
when it cuts every sampled row into the same number of fields.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import NamedTuple

from partita.io.options import Options

_CANDIDATES = (",", "\t", ";", "|")
_SAMPLE_ROWS = 200
_MISSING = {"", "na", "n/a", "nan", "null", "none", "?", "-"}


class Sample(NamedTuple):
    """The beginning of a text, and whether it is all of it."""

    text: str
    whole: bool


@dataclass(frozen=True)
class Dialect:
    """Delimiter (``" "`` for any run of blanks), header, column names, and notes on what was inferred."""

    delimiter: str
    header: bool
    names: tuple[str, ...]
    notes: tuple[str, ...]


def find_dialect(sample: Sample, options: Options, *, tabs: bool) -> Dialect:
    """The dialect of a text by its first rows; options override what is inferred."""
    notes: list[str] = []
    delimiter = "\t" if tabs else options.delimiter
    if delimiter is None:
        delimiter = _find_delimiter(sample)
        shown = {"\t": "tab", " ": "blanks"}.get(delimiter, repr(delimiter))
        notes.append(f"delimiter: {shown}")
    rows = sampled_rows(sample, delimiter)
    header = options.header if isinstance(options.header, bool) else _has_header(rows)
    if options.header == "auto":
        notes.append("the first row is a header" if header else "no header: columns are column1, column2, …")
    first = rows[0] if rows else []
    names = tuple(
        (cell.strip() if header else "") or f"column{place}" for place, cell in enumerate(first, start=1)
    )
    return Dialect(delimiter, header, names, tuple(notes))


def sampled_rows(sample: Sample, delimiter: str) -> list[list[str]]:
    """The first rows, without empty ones and without a last row that the sample cuts."""
    if delimiter == " ":
        lines = sample.text.split("\n")[: _SAMPLE_ROWS + 1]
        rows = [line.split() for line in lines]
    else:
        rows = []
        reader = csv.reader(io.StringIO(sample.text, newline=""), delimiter=delimiter)
        try:
            for row in reader:
                rows.append(row)
                if len(rows) > _SAMPLE_ROWS:
                    break
        except csv.Error:  # a field longer than the csv module takes: what came before serves
            pass
    if len(rows) > 1 and not sample.whole and len(rows) <= _SAMPLE_ROWS:
        rows.pop()
    return [row for row in rows if row]


def _find_delimiter(sample: Sample) -> str:
    best, best_score = "", (0.0, 0)
    for candidate in _CANDIDATES:
        rows = sampled_rows(sample, candidate)
        widths = [len(row) for row in rows]
        if not widths:
            continue
        common = max(set(widths), key=lambda width: (widths.count(width), width))
        score = (widths.count(common) / len(widths), common)
        if common > 1 and score > best_score:
            best, best_score = candidate, score
    if best and best_score[0] > 0.5:
        return best
    blank = sampled_rows(sample, " ")
    numeric = sum(len(row) > 1 and all(map(is_number, row)) for row in blank)
    if blank and 2 * numeric >= len(blank):
        return " "
    return best or ","


def _has_header(rows: list[list[str]]) -> bool:
    """Whether the first row names columns: numbers below it, or no number in it and no repeat below."""
    if not rows:
        return False
    first, below = rows[0], rows[1:]
    named = [not is_number(cell) and cell.strip().lower() not in _MISSING for cell in first]
    for place, is_name in enumerate(named):
        column = [
            row[place] for row in below if len(row) > place and row[place].strip().lower() not in _MISSING
        ]
        if is_name and column and all(is_number(cell) for cell in column):
            return True
    if not any(named) or any(is_number(cell) for cell in first):
        return False
    repeats = (cell in {row[place] for row in below if len(row) > place} for place, cell in enumerate(first))
    return len(set(first)) == len(first) and not any(repeats)


def is_number(cell: str) -> bool:
    """Whether a cell reads as a decimal number, or as NaN or an infinity written out."""
    text = cell.strip()
    if "_" in text or not text.isascii():
        return False
    try:
        float(text)
    except ValueError:
        return False
    return True
