"""Icicles: every part a bar as wide as its weight, under the bar of its parent."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita._core.params import OneOf, Real, Rule, check_parameters
from partita.draw._axis import ticks
from partita.draw._drawn import Drawn, drawn_tree, part_names
from partita.draw._labels import LINE, fit
from partita.draw._palette import hex_colours, palette
from partita.draw._svg import THEMES, SvgWriter
from partita.draw.drawing import Drawing
from partita.hierarchy import Hierarchy

_RULES: dict[str, Rule] = {
    "by": OneOf(("depth", "height")),
    "width": Real(low=64.0, high=20_000.0),
    "height": Real(low=64.0, high=20_000.0),
    "theme": OneOf(THEMES),
}
_LEAST_BAND, _LEAST_BAR, _LABELLED = 9.0, 0.75, 22.0
_AXIS, _NOTE, _ROOT_BAND = 44.0, 20.0, 26.0


def icicle(
    h: Hierarchy,
    *,
    by: str = "depth",
    sample_weight: Any = None,
    width: float = 960.0,
    height: float = 480.0,
    depth: int | None = None,
    levels: Any = None,
    names: Any = None,
    title: str | None = None,
    theme: str = "auto",
) -> Drawing:
    """Bars from the root at the top downwards: as wide as the weight of the part, below that of its parent.

    Items that lie in no child of their part have a grey bar. Bars too narrow to be seen, and levels for which
    there is no room, are left out, and the picture says how many parts that concerns.

    Parameters
    ----------
    h : Hierarchy
        What to draw.
    by : {"depth", "height"}
        A band for each level of the tree; or bars that end at the height of their part, on an axis.
    sample_weight : array-like (n,), optional
        A weight an item, none negative; default: 1 each.
    width, height : float
        Size in pixels.
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
        ``measures`` has the number of nodes shown and hidden. O(n + m).

    Raises
    ------
    InvalidParameterError
        For a size that is too small or too large, or an unknown theme, or a level that isn't there.
    InvalidDataError
        When weights or names don't fit.

    Examples
    --------
    >>> import partita as pt
    >>> h = pt.Hierarchy.from_labels([[0, 0, 0, 1, 1, 2]])
    >>> pt.draw.icicle(h, width=300, height=100)
    Drawing(icicle, 300 x 100; shown 4, hidden 0)
    """
    check_parameters("icicle", _RULES, {"by": by, "width": width, "height": height, "theme": theme})
    drawn = drawn_tree(h, sample_weight, depth=depth, levels=levels)
    texts = part_names(h, names)
    left = _AXIS if by == "height" else 0.0
    across = left + _across(drawn) * (width - left)
    down = _by_height(h, drawn, height) if by == "height" else _by_depth(drawn, height)
    svg = SvgWriter(width, height, title or f"Icicle of {h.n_items:,} items", theme=theme)
    seen = (across[:, 1] - across[:, 0] >= _LEAST_BAR) & (down[:, 1] - down[:, 0] > 0)
    _paint(svg, drawn, across, down, seen, texts)
    if by == "height":
        _paint_axis(svg, h, height)
    hidden = int((~seen).sum())
    if hidden:
        words = f"{hidden:,} parts are too small or too deep to be seen"
        svg.text(6, height - 6, words, 11, kind="faint")
    facts = {"shown": float(seen.sum()), "hidden": float(hidden)}
    return Drawing(svg.render(), "icicle", width, height, measures=facts)


def _across(drawn: Drawn) -> np.ndarray:
    """Where the bar of each node begins and ends, shares of the root's, float64[t, 2]."""
    count = len(drawn.parent)
    total = float(drawn.weight[0]) or 1.0
    share = (drawn.weight / total).tolist()
    parent = drawn.parent.tolist()
    begin, cursor = [0.0] * count, [0.0] * count
    for v in range(1, count):
        begin[v] = cursor[v] = cursor[parent[v]]
        cursor[parent[v]] += share[v]
    begins = np.array(begin)
    return np.column_stack([begins, begins + np.array(share)])


def _by_depth(drawn: Drawn, height: float) -> np.ndarray:
    """The top and bottom of each bar: equal bands, and none below the last that fits."""
    depth = drawn.depth
    room = height - _NOTE
    bands = min(int(depth.max()) + 1, int(room / _LEAST_BAND))
    first = min(_ROOT_BAND, room / bands) if bands > 1 else room
    edges = np.append(0.0, np.linspace(first, room, bands))
    edges = np.append(edges, room)
    capped = np.minimum(depth, bands)
    return np.column_stack([edges[capped], edges[np.minimum(capped + 1, bands)]])


def _by_height(h: Hierarchy, drawn: Drawn, height: float) -> np.ndarray:
    """Bars end at the height of their part; leaves and own items end at the bottom."""
    at = _heights_down(h, height)[drawn.part]
    top = np.where(drawn.parent >= 0, at[drawn.parent], 0.0)
    bottom = np.where(drawn.leaf, height - _NOTE, at)
    return np.column_stack([top, bottom])


def _heights_down(h: Hierarchy, height: float) -> np.ndarray:
    """Where the height of each part lies in the picture; the largest below a band for the root's bar."""
    low, high = _range(h)
    share = np.clip((high - h.height) / (high - low), 0.0, 1.0)
    return _LABELLED + share * (height - _NOTE - _LABELLED)


def _range(h: Hierarchy) -> tuple[float, float]:
    finite = h.height[np.isfinite(h.height)]
    low, high = min(0.0, float(finite.min(initial=0.0))), float(finite.max(initial=0.0))
    return low, high if high > low else low + 1.0


def _paint(
    svg: SvgWriter, drawn: Drawn, across: np.ndarray, down: np.ndarray, seen: np.ndarray, names: list[str]
) -> None:
    colours = palette(drawn.parent, drawn.weight)
    light, dark = hex_colours(colours.light), hex_colours(colours.dark)
    svg.rule("own", light="fill:#d9d9de", dark="fill:#45464d")
    svg.rule("few", light="fill:#ededf0", dark="fill:#26272d")
    for box in _hidden_boxes(drawn, across, down, seen):
        svg.polygon(box, kind="few", tip="parts too small to be seen")
    with svg.group(stroke_width=0.7, kind="edge"):
        for node in np.flatnonzero(seen).tolist():
            kind = "own" if drawn.own[node] else f"c{light[node][1:]}"
            if not drawn.own[node]:
                svg.rule(kind, light=f"fill:{light[node]}", dark=f"fill:{dark[node]}")
            svg.polygon(_box(*across[node], *down[node]), kind=kind, tip=_tip(drawn, node, names))
    for node in np.flatnonzero(seen & ~drawn.own & (across[:, 1] - across[:, 0] >= _LABELLED)).tolist():
        (x0, x1), (y0, y1) = across[node], down[node]
        label = fit(names[drawn.part[node]], x1 - x0 - 6, y1 - y0, largest=13)
        if label is not None:
            base = y0 + min((y1 - y0) / 2, LINE * 10) + 0.36 * label.size
            svg.text((x0 + x1) / 2, base, label.text, label.size, text_anchor="middle")


def _hidden_boxes(drawn: Drawn, across: np.ndarray, down: np.ndarray, seen: np.ndarray) -> list[np.ndarray]:
    """One pale bar under each shown part for its children too narrow to be seen, behind those that are."""
    boxes: dict[int, list[float]] = {}
    narrow = ~seen & (down[:, 1] > down[:, 0])
    narrow[0] = False
    for node in np.flatnonzero(narrow & seen[drawn.parent]).tolist():
        (x0, x1), (y0, y1) = across[node].tolist(), down[node].tolist()
        box = boxes.setdefault(int(drawn.parent[node]), [x0, x1, y0, y1])
        box[1], box[3] = x1, max(box[3], y1)
    return [_box(*box) for box in boxes.values() if box[1] - box[0] >= _LEAST_BAR]


def _box(x0: float, x1: float, y0: float, y1: float) -> np.ndarray:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def _tip(drawn: Drawn, node: int, names: list[str]) -> str:
    part, items = int(drawn.part[node]), int(drawn.items[node])
    name = names[part] or f"part {part}"
    count = f"{items:,} item{'' if items == 1 else 's'}"
    return f"{name}, in no sub-part\n{count}" if drawn.own[node] else f"{name}\n{count}"


def _paint_axis(svg: SvgWriter, h: Hierarchy, height: float) -> None:
    low, high = _range(h)
    room = height - _NOTE - _LABELLED
    svg.line(_AXIS - 4, _LABELLED, _AXIS - 4, height - _NOTE, kind="rule")
    for value, text in ticks(low, high):
        y = _LABELLED + (high - value) / (high - low) * room
        svg.line(_AXIS - 8, y, _AXIS - 4, y, kind="rule")
        svg.text(_AXIS - 10, y + 3.5, text, 10, kind="faint", text_anchor="end")
