"""Labels that fit: the width of a text, the largest size that fits a box, and boxes that don't overlap.

Widths are those of the wider of two common sans-serif faces, so that a text fits whichever the reader has.
Callers: the drawings.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from partita.draw._graphemes import graphemes

LINE = 1.25
ASCENT = 0.93
_FIFTIETHS = "168KAQH/55:K1412AAAAAAAAAA22KKK=TDDFHC@HG0:C=MGICIFC@FDSDCD525K=:@A=A@3AA//>/RA@AA6<5A?J??<A2AK"
_FIFTIETHS_BOLD = (
    "38<KDTM188<K4644DDDDDDDDDD55KKK@SHHFKDDKK4=HASKLFLHFDJHYHFF848K=:CE?EC7EE33C3VEDEE:?9EBPBB?E4EK"
)
_ASCII = {chr(32 + i): (ord(c) - 33) / 50 for i, c in enumerate(_FIFTIETHS)}
_ASCII_BOLD = {chr(32 + i): (ord(c) - 33) / 50 for i, c in enumerate(_FIFTIETHS_BOLD)}
_WIDE, _CAPITAL, _OTHER = 1.35, 0.86, 0.72
_FEWEST_LETTERS = 5
_LONGEST = 300
_CELL = 64.0


class Label(NamedTuple):
    """A text that fits, and the size of its letters in pixels."""

    text: str
    size: float
    width: float


class Box(NamedTuple):
    """A rectangle in pixels."""

    left: float
    top: float
    right: float
    bottom: float


def text_width(text: str, *, bold: bool = False) -> float:
    """The width of `text` in units of its size, on the safe side.

    Examples
    --------
    >>> text_width("ill") < text_width("WWW")
    True
    """
    return sum(_letter_width(letter, bold) for letter in text)


@lru_cache(maxsize=8192)
def _letter_width(letter: str, bold: bool) -> float:
    known = (_ASCII_BOLD if bold else _ASCII).get(letter)
    if known is not None:
        return known
    base = unicodedata.normalize("NFD", letter)[0]
    if base != letter and base in _ASCII:
        return _letter_width(base, bold)
    kind = unicodedata.category(letter)
    if kind in ("Mn", "Me", "Cf"):
        return 0.0
    if kind == "So" or unicodedata.east_asian_width(letter) in "WF":
        return _WIDE
    return (_CAPITAL if kind == "Lu" or ord(letter) > 0x0900 else _OTHER) * (1.1 if bold else 1.0)


def fit(
    text: str,
    width: float,
    height: float,
    *,
    largest: float = 14.0,
    smallest: float = 8.0,
    bold: bool = False,
) -> Label | None:
    """`text` as large as a box allows, or shortened between letters and ended with ``…``.

    Parameters
    ----------
    text : str
        A clean text on one line.
    width, height : float
        The room in pixels.
    largest, smallest : float
        Sizes of letters in pixels.
    bold : bool
        Whether it is written bold.

    Returns
    -------
    label : Label or None
        None when fewer than five letters of a longer text would remain.

    Examples
    --------
    >>> fit("communities", 200, 40).text, fit("communities", 40, 40).text, fit("communities", 30, 40)
    ('communities', 'commu…', None)
    """
    if not text or height < smallest * LINE:
        return None
    whole = text_width(text, bold=bold) if len(text) <= _LONGEST else float("inf")
    size = min(largest, height / LINE, width / max(whole, 1e-9))
    if size >= smallest:
        return Label(text, size, size * whole)
    return _shortened(text, width / smallest, smallest, bold)


def _shortened(text: str, room: float, size: float, bold: bool) -> Label | None:
    """The longest beginning that fits with an ellipsis behind it."""
    letters = graphemes(text[:_LONGEST])
    if len(text) > _LONGEST:
        letters.pop()  # its rest may lie behind the part that was read
    used = text_width("…", bold=bold)
    kept = 0
    for letter in letters:
        used += text_width(letter, bold=bold)
        if used > room:
            break
        kept += 1
    words = "".join(letters[:kept]).rstrip()
    if kept < _FEWEST_LETTERS or not words:
        return None
    short = f"{words}…"
    return Label(short, size, size * text_width(short, bold=bold))


class Places:
    """Boxes that were given away; a new one is kept when it overlaps none of them.

    Examples
    --------
    >>> places = Places()
    >>> places.take(Box(0, 0, 10, 10)), places.take(Box(5, 5, 15, 15)), places.take(Box(10, 0, 20, 10))
    (True, False, True)
    """

    def __init__(self) -> None:
        self._taken: dict[tuple[int, int], list[Box]] = {}

    def is_free(self, box: Box) -> bool:
        """Whether `box` overlaps none of those taken; touching is no overlap."""
        return not any(_overlap(box, other) for cell in _cells(box) for other in self._taken.get(cell, ()))

    def take(self, box: Box) -> bool:
        """Take `box` if it is free, and say whether it was."""
        free = self.is_free(box)
        if free:
            for cell in _cells(box):
                self._taken.setdefault(cell, []).append(box)
        return free


def place(boxes: Iterable[Box]) -> list[bool]:
    """Which boxes are kept when each is taken in turn unless it overlaps one before."""
    places = Places()
    return [places.take(box) for box in boxes]


def _overlap(a: Box, b: Box) -> bool:
    return a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom


def _cells(box: Box) -> list[tuple[int, int]]:
    columns = range(int(box.left // _CELL), int(box.right // _CELL) + 1)
    rows = range(int(box.top // _CELL), int(box.bottom // _CELL) + 1)
    return [(column, row) for column in columns for row in rows]
