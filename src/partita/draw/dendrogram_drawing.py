"""Dendrograms: the tree with its heights on an axis, collapsed to what there is room for."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from partita._core.params import OneOf, Real, Rule, check_parameters
from partita.draw._axis import ticks
from partita.draw._collapse import Shown, collapse
from partita.draw._drawn import Drawn, drawn_tree, leaf_nodes, part_names
from partita.draw._labels import fit, text_width
from partita.draw._palette import hex_colours, palette
from partita.draw._svg import FAINT, THEMES, SvgWriter, line_path
from partita.draw.drawing import Drawing
from partita.hierarchy import Hierarchy

_RULES: dict[str, Rule] = {
    "width": Real(low=160.0, high=20_000.0),
    "height": Real(low=80.0, high=20_000.0),
    "theme": OneOf(THEMES),
}
_ROW, _LEFT, _TOP, _BOTTOM = 15.0, 28.0, 8.0, 46.0
_SIZE, _LETTERS = 11.0, 80


class _Frame(NamedTuple):
    """Where heights and rows lie in the picture."""

    left: float
    right: float
    lowest: float
    highest: float
    row: float
    tree_bottom: float

    def x(self, height: float) -> float:
        """Heights grow to the left; an infinite one stands a little beyond the others."""
        if math.isinf(height):
            return self.left - 14
        return self.right - (height - self.lowest) / (self.highest - self.lowest) * (self.right - self.left)


def dendrogram(
    h: Hierarchy,
    *,
    sample_weight: Any = None,
    width: float = 960.0,
    height: float = 600.0,
    depth: int | None = None,
    levels: Any = None,
    names: Any = None,
    title: str | None = None,
    theme: str = "auto",
) -> Drawing:
    """The tree from the root at the left to the items at the right, every part at its height on an axis.

    As many parts are shown as there are rows, the highest first; what is collapsed stands as a wedge, and the
    picture says how much it is. Items that lie in no child of their part have a dashed row of their own.

    Parameters
    ----------
    h : Hierarchy
        What to draw.
    sample_weight : array-like (n,), optional
        Weights of the items, for which parts are shown of equally high ones; default: 1 each.
    width, height : float
        Size in pixels; a row takes 15.
    depth : int, optional
        Draw parts at most so many edges below the root.
    levels : int or sequence of int, optional
        Draw only the parts of these named levels.
    names : sequence of str, length m, optional
        A name a part; default: ``part_data["name"]``, else ``part_data["terms"]``.
    title : str, optional
        What the picture is, for screen readers.
    theme : {"auto", "light", "dark"}
        Colours for light or dark paper; ``"auto"`` follows the reader's setting.

    Returns
    -------
    drawing : Drawing
        ``measures`` has the number of nodes shown and hidden. O(n + m log m).

    Raises
    ------
    InvalidParameterError
        For a size that is too small or too large, or an unknown theme, or a level that isn't there.
    InvalidDataError
        When weights or names don't fit.

    Examples
    --------
    >>> import partita as pt
    >>> h = pt.Hierarchy.from_linkage([[0, 1, 1.0, 2], [2, 3, 2.0, 2], [4, 5, 4.0, 4]])
    >>> pt.draw.dendrogram(h, width=300, height=150)
    Drawing(dendrogram, 300 x 150; shown 3, hidden 0)
    """
    check_parameters("dendrogram", _RULES, {"width": width, "height": height, "theme": theme})
    drawn = drawn_tree(h, sample_weight, depth=depth, levels=levels)
    texts = part_names(h, names)
    heights = h.height[drawn.part]
    room = max(2, int((height - _TOP - _BOTTOM) / _ROW))
    shown = collapse(drawn, heights, room)
    svg = SvgWriter(width, height, title or f"Dendrogram of {h.n_items:,} items", theme=theme)
    _Painter(svg, drawn, shown, heights, texts).paint()
    hidden = len(drawn.parent) - int((shown.node >= 0).sum())
    facts = {"shown": float(len(drawn.parent) - hidden), "hidden": float(hidden)}
    return Drawing(svg.render(), "dendrogram", width, height, measures=facts)


class _Painter:
    """Paints the rows of a collapsed tree."""

    def __init__(
        self, svg: SvgWriter, drawn: Drawn, shown: Shown, heights: np.ndarray, names: list[str]
    ) -> None:
        self.svg, self.drawn, self.shown, self.heights, self.names = svg, drawn, shown, heights, names
        self.leaf = leaf_nodes(shown.parent)
        colours = palette(drawn.parent, drawn.weight)
        self.colours = list(zip(hex_colours(colours.light), hex_colours(colours.dark)))
        finite = heights[np.isfinite(heights)]
        lowest, highest = min(0.0, finite.min(initial=0.0)), finite.max(initial=0.0)
        rows = int(self.leaf.sum())
        bottom = svg.height - _BOTTOM
        self.frame = _Frame(
            _LEFT, svg.width - 20 - self._longest(), lowest, highest if highest > lowest else lowest + 1.0,
            (bottom - _TOP) / rows, bottom,
        )  # fmt: skip

    def paint(self) -> None:
        """The axis, then branches, wedges and names, then what isn't shown."""
        self.svg.rule("wedge", light=f"stroke:{FAINT['light']}", dark=f"stroke:{FAINT['dark']}")
        self._axis()
        y = self._rows()
        for row in range(len(y)):
            if self.leaf[row]:
                self._leaf(row, y[row])
        self._branches(y)
        self._note()

    def _longest(self) -> float:
        """Pixels for the longest name, at most four tenths of the picture."""
        leaves = np.flatnonzero(self.leaf).tolist()
        widths = [_SIZE * text_width(self._text(row)[:_LETTERS]) for row in leaves]
        return min(max(widths), 0.4 * self.svg.width)

    def _height(self, row: int) -> float:
        node = int(self.shown.node[row])
        return float(self.heights[node if node >= 0 else 0])

    def _rows(self) -> list[float]:
        """The height in the picture of each node: leaves in rows, others amid their children."""
        y = np.zeros(len(self.leaf))
        y[self.leaf] = _TOP + (np.arange(int(self.leaf.sum())) + 0.5) * self.frame.row
        low, high = np.full(len(y), np.inf), np.full(len(y), -np.inf)
        for row in range(len(y) - 1, -1, -1):
            if not self.leaf[row]:
                y[row] = (low[row] + high[row]) / 2
            up = self.shown.parent[row]
            if up >= 0:
                low[up], high[up] = min(low[up], y[row]), max(high[up], y[row])
        return y.tolist()

    def _branches(self, y: list[float]) -> None:
        """From each part's height across to its parent's, then along that to the parent's row."""
        lines: dict[bool, list[str]] = {False: [], True: []}
        for row in range(1, len(y)):
            up = int(self.shown.parent[row])
            node = int(self.shown.node[row])
            own = node < 0 or bool(self.drawn.own[node])
            across, start = self.frame.x(self._height(up)), self.frame.x(self._height(row))
            end = self.frame.right if own else start
            lines[own].append(line_path([(end, y[row]), (across, y[row])]))
            lines[False].append(line_path([(across, y[row]), (across, y[up])]))
        self.svg.path("".join(lines[False]), kind="line", stroke_width=1.2, stroke_linecap="round")
        if lines[True]:
            self.svg.path("".join(lines[True]), kind="rule", stroke_width=1, stroke_dasharray="2 3")

    def _leaf(self, row: int, y: float) -> None:
        """A wedge from the part's height to the items, and its name."""
        node = int(self.shown.node[row])
        frame, half = self.frame, min(5.0, 0.36 * self.frame.row)
        if node >= 0 and not self.drawn.own[node]:
            tip = max(frame.x(self._height(row)), 1.0)
            wedge = np.array([[tip, y], [frame.right, y - half], [frame.right, y + half]])
            self.svg.polygon(wedge, kind=f"{self._kind(node)} wedge", stroke_width=0.6, tip=self._text(row))
        label = fit(self._text(row), self.svg.width - frame.right - 12, max(frame.row, 11.0), largest=_SIZE)
        if label is not None:
            self.svg.text(frame.right + 8, y + 0.36 * label.size, label.text, label.size)

    def _kind(self, node: int) -> str:
        light, dark = self.colours[node]
        kind = f"c{light[1:]}{dark[1:]}"
        self.svg.rule(kind, light=f"fill:{light}", dark=f"fill:{dark}")
        return kind

    def _text(self, row: int) -> str:
        node, hidden = int(self.shown.node[row]), int(self.shown.hidden[row])
        if node < 0:
            return f"{hidden:,} more parts"
        items = int(self.drawn.items[node])
        count = f"{items:,} item{'' if items == 1 else 's'}"
        if self.drawn.own[node]:
            return f"{count} in no sub-part"
        part = int(self.drawn.part[node])
        name = self.names[part] or f"part {part}"
        return f"{name} · {count}" + (f" in {hidden:,} parts" if hidden else "")

    def _axis(self) -> None:
        frame = self.frame
        base = frame.tree_bottom + 4
        self.svg.line(frame.left, base, frame.right, base, kind="rule")
        for value, text in ticks(frame.lowest, frame.highest):
            x = frame.x(value)
            self.svg.line(x, base, x, base + 4, kind="rule")
            self.svg.text(x, base + 15, text, 10, kind="faint", text_anchor="middle")
        if np.isinf(self.heights[0]):
            self.svg.text(frame.x(np.inf), base + 15, "∞", 10, kind="faint", text_anchor="middle")

    def _note(self) -> None:
        hidden = len(self.drawn.parent) - int((self.shown.node >= 0).sum())
        words = "height" if not hidden else f"height; {hidden:,} smaller or lower parts lie in the wedges"
        self.svg.text(self.frame.left, self.svg.height - 8, words, 11, kind="faint")
