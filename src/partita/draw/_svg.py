"""The SVG writer of all drawings: marks in, one deterministic and safe text out. Callers: the drawings.

Every text and attribute is escaped; there is no way to write a script or a reference to the outside.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np

THEMES = ("auto", "light", "dark")
FONT = "Helvetica,Arial,'Liberation Sans','Noto Sans',sans-serif"
INK = {"light": "#1b1b1f", "dark": "#f4f4f6"}
PAPER = {"light": "#ffffff", "dark": "#15161a"}
FAINT = {"light": "#6b6b75", "dark": "#a3a3ad"}
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BIDI_CONTROLS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


def clean(text: Any) -> str:
    """`text` on one line: no control characters, lone surrogates or marks that turn what follows around."""
    flat = " ".join(_FORBIDDEN.sub("\ufffd", str(text)).split())
    return _BIDI_CONTROLS.sub("", flat)


def escape(text: Any) -> str:
    """`text`, cleaned, for an element or attribute; right-to-left words keep to themselves."""
    words = clean(text)
    if _RIGHT_TO_LEFT.search(words):
        words = f"\u2068{words}\u2069"
    return words.translate(_ESCAPES)


def number(value: float) -> str:
    """`value` with at most two decimals, as short as can be: ``"3"``, ``"0.5"``, ``"-1.25"``.

    Examples
    --------
    >>> number(3.0), number(-0.001), number(1 / 3)
    ('3', '0', '0.33')
    """
    return _hundredths(round(float(value) * 100))


class _Texts(dict[int, str]):
    """The text of whole hundredths, made once each."""

    def __missing__(self, hundredths: int) -> str:
        sign = "-" if hundredths < 0 else ""
        whole, part = divmod(abs(hundredths), 100)
        text = f"{sign}{whole}" + (f".{part:02d}".rstrip("0") if part else "")
        if len(self) < 1_000_000:
            self[hundredths] = text
        return text


_TEXTS = _Texts()
_hundredths = _TEXTS.__getitem__


def polygon_path(corners: np.ndarray) -> str:
    """The path of one closed polygon, float64[c, 2]; horizontal and vertical sides take one number."""
    points = np.rint(np.asarray(corners, dtype=np.float64) * 100).astype(np.int64).tolist()
    return _closed(points)


def polygons_paths(corners: np.ndarray, offset: np.ndarray) -> list[str]:
    """The paths of many polygons: polygon v has the corners ``offset[v]:offset[v + 1]``."""
    points = np.rint(corners * 100).astype(np.int64).tolist()
    bounds = offset.tolist()
    return [_closed(points[start:stop]) for start, stop in pairwise(bounds)]


def _closed(points: list[list[int]]) -> str:
    if not points:
        return ""
    x, y = points[0]
    words = [f"M{_TEXTS[x]} {_TEXTS[y]}"]
    for across, down in points[1:]:
        if across == x and down == y:
            continue
        if down == y:
            words.append(f"H{_TEXTS[across]}")
        elif across == x:
            words.append(f"V{_TEXTS[down]}")
        else:
            words.append(f"L{_TEXTS[across]} {_TEXTS[down]}")
        x, y = across, down
    return "".join([*words, "Z"])


class SvgWriter:
    """Collects marks in the order in which they are painted, and the rules of their classes.

    Parameters
    ----------
    width, height : float
        Size in pixels.
    title : str
        What the picture is, for screen readers.
    theme : {"auto", "light", "dark"}
        Whether colours follow the reader's setting.

    Notes
    -----
    Attributes are given as keywords, with ``_`` for ``-``; ``kind`` is the class. A `tip` is shown when the
    pointer rests on the mark.

    Examples
    --------
    >>> svg = SvgWriter(100, 50, "a dot")
    >>> svg.rule("dot", light="fill:#036", dark="fill:#9cf")
    >>> svg.circle(50, 25, 10, kind="dot", tip="here & now")
    >>> "here &amp; now" in svg.render()
    True
    """

    def __init__(self, width: float, height: float, title: str, *, theme: str = "auto") -> None:
        self.width, self.height, self.title, self.theme = width, height, title, theme
        self._light: dict[str, str] = {}
        self._dark: dict[str, str] = {}
        self._marks: list[str] = []
        for kind, colour in (("paper", PAPER), ("ink", INK), ("faint", FAINT)):
            self.rule(kind, light=f"fill:{colour['light']}", dark=f"fill:{colour['dark']}")
        for kind, colour in (("edge", PAPER), ("line", INK), ("rule", FAINT)):
            self.rule(kind, light=f"fill:none;stroke:{colour['light']}", dark=f"stroke:{colour['dark']}")

    def rule(self, kind: str, *, light: str, dark: str | None = None) -> None:
        """The style of a class, in light and in dark; `dark` is for what differs."""
        self._light[kind] = light
        if dark is not None and dark != light:
            self._dark[kind] = dark

    def polygon(self, corners: np.ndarray, *, tip: str | None = None, **attributes: Any) -> None:
        """One closed polygon, float64[c, 2]."""
        self._mark("path", {"d": polygon_path(corners), **attributes}, tip)

    def path(self, d: str, *, tip: str | None = None, **attributes: Any) -> None:
        """A path of letters and numbers that the caller has made with `number`."""
        self._mark("path", {"d": d, **attributes}, tip)

    def circle(self, x: float, y: float, r: float, *, tip: str | None = None, **attributes: Any) -> None:
        """One circle."""
        self._mark("circle", {"cx": x, "cy": y, "r": r, **attributes}, tip)

    def rect(
        self, x: float, y: float, width: float, height: float, *, tip: str | None = None, **attributes: Any
    ) -> None:
        """One rectangle."""
        self._mark("rect", {"x": x, "y": y, "width": width, "height": height, **attributes}, tip)

    def line(self, x1: float, y1: float, x2: float, y2: float, **attributes: Any) -> None:
        """One straight line."""
        self._mark("line", {"x1": x1, "y1": y1, "x2": x2, "y2": y2, **attributes}, None)

    def text(self, x: float, y: float, words: str, size: float, **attributes: Any) -> None:
        """One line of text; `y` is the height of its baseline."""
        given = {"kind": "ink", **attributes}
        place = f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}"'
        self._marks.append(f"<text {place}{_written(given)}>{escape(words)}</text>\n")

    @contextmanager
    def group(self, *, tip: str | None = None, **attributes: Any) -> Iterator[None]:
        """Marks made inside share these attributes."""
        self._marks.append(f"<g{_written(attributes)}>{_tip(tip)}")
        yield
        self._marks.append("</g>\n")

    def render(self) -> str:
        """The whole document."""
        size = f'width="{number(self.width)}" height="{number(self.height)}"'
        box = f'viewBox="0 0 {number(self.width)} {number(self.height)}"'
        name = escape(self.title)
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box} role="img" aria-label="{name}"'
        paper = f'<rect class="paper" width="{number(self.width)}" height="{number(self.height)}"/>'
        body = "".join(self._marks)
        return f'{head} font-family="{FONT}">\n<style>{self._style()}</style>\n{paper}\n{body}\n</svg>\n'

    def _style(self) -> str:
        light, dark = _rules(self._light), _rules(self._dark)
        if self.theme == "auto" and dark:
            dark = f"@media (prefers-color-scheme:dark){{{dark}}}"
        return light if self.theme == "light" else light + dark

    def _mark(self, element: str, attributes: dict[str, Any], tip: str | None) -> None:
        inner = _tip(tip)
        end = f">{inner}</{element}>\n" if inner else "/>\n"
        self._marks.append(f"<{element}{_written(attributes)}{end}")


def dots_path(points: np.ndarray) -> str:
    """A path that shows a round dot at each of some points (p, 2) when stroked with round ends."""
    rows = np.rint(np.asarray(points, dtype=np.float64) * 100).astype(np.int64).tolist()
    return "".join(f"M{_TEXTS[x]} {_TEXTS[y]}h0" for x, y in rows)


def line_path(points: Sequence[Sequence[float]] | np.ndarray) -> str:
    """An open path through points (p, 2)."""
    return "".join(f"{'L' if i else 'M'}{number(x)} {number(y)}" for i, (x, y) in enumerate(points))


def _rules(styles: dict[str, str]) -> str:
    return "".join(f".{kind}{{{style}}}" for kind, style in styles.items())


def _written(attributes: dict[str, Any]) -> str:
    return "".join(_attribute(name, value) for name, value in attributes.items() if value is not None)


def _attribute(name: str, value: Any) -> str:
    name = "class" if name == "kind" else name.replace("_", "-")
    if isinstance(value, (int, float, np.number)):
        if not math.isfinite(value):
            raise ValueError(f"{name} is {value}")
        return f' {name}="{number(float(value))}"'
    return f' {name}="{escape(value)}"'


def _tip(lines: str | Iterable[str] | None) -> str:
    if lines is None:
        return ""
    rows = lines.split("\n") if isinstance(lines, str) else list(lines)
    return f"<title>{'&#10;'.join(escape(row) for row in rows)}</title>"
