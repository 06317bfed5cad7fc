"""Words of a numeric text file, found and turned into numbers by whole arrays. Callers: the graph readers.

No token is touched by Python code: a mask finds the words, Arrow parses them. A million edges take a fraction
of a second; Python code looks for the place only when something is wrong.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from partita._core.memory import check_memory
from partita.io.faults import broken, unusable
from partita.io.streams import Buffer

_BYTES_PER_BYTE = 24  # peak of all arrays made here, per byte of the file


class Tokens:
    """The words of a text, in order.

    Parameters
    ----------
    data : buffer
        The text.
    path : Path
        Where it came from, for messages.
    separators : bytes
        What separates words on a line.
    comment : bytes
        Lines whose first character is one of these hold no words.

    Attributes
    ----------
    start, stop : int64[t]
        Where each word stands in the text.
    line : int64[t]
        0-based line of each word.
    is_comment : bool[n_lines]
        Which lines are comments.
    n_lines : int
        Number of lines; a last line without line end counts.
    """

    def __init__(
        self, data: Buffer | bytes, path: Path, *, separators: bytes = b" \t\r", comment: bytes = b""
    ) -> None:
        check_memory(
            _BYTES_PER_BYTE * len(data), what=f"Parsing {path}", alternative="convert it to .npz or .parquet"
        )
        self.path = path
        self.bytes = np.frombuffer(data, dtype=np.uint8)
        is_space = np.zeros(256, dtype=bool)
        is_space[list(separators + b"\n")] = True
        blank = np.ones(self.bytes.size + 2, dtype=bool)
        np.take(is_space, self.bytes, out=blank[1:-1])
        edge = np.flatnonzero(blank[1:] != blank[:-1])
        self.start, self.stop = edge[::2], edge[1::2]
        line_ends = np.flatnonzero(self.bytes == 10)
        ends_open = self.bytes.size > 0 and self.bytes[-1] != 10
        self.n_lines = line_ends.size + int(ends_open)
        self.line = np.searchsorted(line_ends, self.start)
        self.is_comment = np.zeros(self.n_lines, dtype=bool)
        if comment:
            self._drop_comments(comment)

    def __len__(self) -> int:
        return self.start.size

    def _drop_comments(self, marks: bytes) -> None:
        lines, first = np.unique(self.line, return_index=True)
        marked = np.isin(self.bytes[self.start[first]], np.frombuffer(marks, dtype=np.uint8))
        self.is_comment[lines[marked]] = True
        kept = ~self.is_comment[self.line]
        self.start, self.stop, self.line = self.start[kept], self.stop[kept], self.line[kept]

    def words_per_line(self) -> np.ndarray:
        """How many words each line holds: int64[n_lines]."""
        return np.bincount(self.line, minlength=self.n_lines)

    def check_width(self, lines: np.ndarray, width: int, what: str, hint: str) -> None:
        """Refuse the first of `lines` that does not hold `width` words; `what` tells of its ``{words}``.

        Raises
        ------
        FileFormatError
            With the line.
        """
        counts = self.words_per_line()[lines]
        ragged = counts != width
        if ragged.any():
            bad = int(np.argmax(ragged))
            raise broken(self.path, what.format(words=counts[bad]), line=int(lines[bad]) + 1, hint=hint)

    def text(self, index: int) -> str:
        """The word at `index`."""
        word = self.bytes[self.start[index] : self.stop[index]].tobytes()
        return word.decode("utf-8", errors="backslashreplace")

    def line_number(self, index: int) -> int:
        """1-based line of the word at `index`."""
        return int(self.line[index]) + 1

    def integers(self, which: np.ndarray, what: str) -> np.ndarray:
        """The words at `which` as int64; `what` names them in messages.

        Raises
        ------
        FileFormatError
            With the line of the first word that isn't an integer.
        """
        import pyarrow as pa

        words = self._strings(which)
        is_digit = np.zeros(256, dtype=bool)
        is_digit[list(b"-0123456789")] = True
        body = np.frombuffer(words.buffers()[2], dtype=np.uint8) if len(words) else np.empty(0, np.uint8)
        if not is_digit[body].all():  # Arrow would take 0x1f
            foreign = np.flatnonzero(~is_digit[body])[0]
            offsets = np.frombuffer(words.buffers()[1], dtype=np.int64)
            raise self._not_a_number(which[np.searchsorted(offsets, foreign, side="right") - 1], what)
        return self._cast(words, pa.int64(), which, what)

    def reals(self, which: np.ndarray, what: str) -> np.ndarray:
        """The words at `which` as finite float64.

        Raises
        ------
        FileFormatError
            With the line of the first word that isn't a number.
        InvalidDataError
            With the line of the first that is NaN or infinite.
        """
        import pyarrow as pa

        values = self._cast(self._strings(which), pa.float64(), which, what)
        finite = np.isfinite(values)
        if not finite.all():
            index = which[np.argmin(finite)]
            raise unusable(
                self.path,
                f"{what} is NaN, infinite or too large for float64",
                line=self.line_number(index),
                got=self.text(index),
                hint="remove the line, or give it a finite number",
            )
        return values

    def words(self, which: np.ndarray) -> Any:
        """The words at `which` as an Arrow array of strings."""
        return self._strings(which)

    def _strings(self, which: np.ndarray) -> Any:
        import pyarrow as pa

        start, stop = self.start[which], self.stop[which]
        offsets = np.zeros(start.size + 1, dtype=np.int64)
        np.cumsum(stop - start, out=offsets[1:])
        place = np.repeat(start - offsets[:-1], stop - start) + np.arange(offsets[-1])
        body = self.bytes[place]
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(body)]
        return pa.Array.from_buffers(pa.large_string(), start.size, buffers)

    def _cast(self, words: Any, target: Any, which: np.ndarray, what: str) -> np.ndarray:
        import pyarrow as pa

        try:
            return words.cast(target).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            bad = _first_bad(words, target)
            raise self._not_a_number(which[bad], what) from None

    def _not_a_number(self, index: int, what: str) -> Exception:
        return broken(
            self.path,
            f"{what} is not a number that can be read here",
            line=self.line_number(index),
            got=self.text(index),
            hint="correct or remove the line; if the file is of another format, set format=",
        )


def _first_bad(words: Any, target: Any) -> int:
    import pyarrow as pa

    low, high = 0, len(words)  # invariant: the first bad word is in [low, high)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            words[low:middle].cast(target)
        except pa.ArrowInvalid:
            high = middle
        else:
            low = middle
    return low
