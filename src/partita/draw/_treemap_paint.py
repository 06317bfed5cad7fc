"""Paints the regions of a treemap: fills, borders, dots. Callers: ``draw.treemap``."""

from __future__ import annotations

import numpy as np

from partita.draw._drawn import Drawn
from partita.draw._layouts import Regions, areas_extents
from partita.draw._palette import hex_colours, palette
from partita.draw._svg import PAPER, SvgWriter, dots_path, polygons_paths
from partita.draw._treemap_labels import paint_labels

_SEEN = 0.9
_OWN_MARK = 3.0
_BORDERS = (3.0, 2.0, 1.2, 0.8)
_LEAF_BORDER = 0.6
_DOT = 1.2


def paint(svg: SvgWriter, drawn: Drawn, regions: Regions, names: list[str]) -> None:
    """Write all marks of a treemap."""
    if len(regions.node) == 0:
        return
    area, extent = areas_extents(regions.polygons)
    thin = np.minimum(extent.min(axis=1), area / np.maximum(extent.max(axis=1), _SEEN))
    paths = polygons_paths(*regions.polygons)
    svg.rule("leaf", light=f"stroke:{PAPER['light']}", dark=f"stroke:{PAPER['dark']}")
    _paint_leaves(svg, drawn, regions, paths, thin, names)
    _paint_borders(svg, drawn.depth[regions.node], regions, paths, thin)
    _paint_dots(svg, drawn, regions, thin)
    paint_labels(svg, drawn, regions, names)


def _colour_rules(svg: SvgWriter, drawn: Drawn) -> list[str]:
    """The class of each node's colour."""
    colours = palette(drawn.parent, drawn.weight)
    light, dark = hex_colours(colours.light), hex_colours(colours.dark)
    pairs = list(zip(light, dark))
    kinds = {pair: f"c{i}" for i, pair in enumerate(dict.fromkeys(pairs))}
    for (day, night), kind in kinds.items():
        svg.rule(kind, light=f"fill:{day}", dark=f"fill:{night}")
    return [kinds[pair] for pair in pairs]


def _paint_leaves(
    svg: SvgWriter, drawn: Drawn, regions: Regions, paths: list[str], thin: np.ndarray, names: list[str]
) -> None:
    """A mark for each leaf that one can point at; the smaller ones of a colour together in one path."""
    kinds = _colour_rules(svg, drawn)
    leaf, large = regions.leaf, thin >= _OWN_MARK
    small: dict[str, list[str]] = {}
    for row in np.flatnonzero(leaf & ~large).tolist():
        small.setdefault(kinds[regions.node[row]], []).append(paths[row])
    for kind, together in small.items():
        svg.path("".join(together), kind=kind)
    with svg.group(kind="leaf", stroke_width=_LEAF_BORDER):
        for row in np.flatnonzero(leaf & large).tolist():
            node = int(regions.node[row])
            svg.path(paths[row], kind=kinds[node], tip=_tip(drawn, node, drawn.weight[0], names))


def _tip(drawn: Drawn, node: int, total: float, names: list[str]) -> str:
    part, items = int(drawn.part[node]), int(drawn.items[node])
    name = names[part] or f"part {part}"
    if drawn.own[node]:
        name = f"{name}, in no sub-part"
    count = f"{items:,} item{'' if items == 1 else 's'}"
    return f"{name}\n{count}, {100 * drawn.weight[node] / total:.3g} %"


def _paint_borders(
    svg: SvgWriter, depth: np.ndarray, regions: Regions, paths: list[str], thin: np.ndarray
) -> None:
    """The outlines of inner nodes, deep ones first, so that the wide ones of the top lie above."""
    for deep in range(len(_BORDERS), 0, -1):
        width = _BORDERS[deep - 1]
        at_depth = (depth == deep) if deep < len(_BORDERS) else (depth >= deep)
        # A border must not hide what it surrounds.
        seen = at_depth & (thin > 5 * width) & ((deep == 1) | ~regions.leaf)
        lines = [paths[row] for row in np.flatnonzero(seen).tolist()]
        if lines:
            svg.path("".join(lines), kind="edge", stroke_width=width, stroke_linejoin="round")


def _paint_dots(svg: SvgWriter, drawn: Drawn, regions: Regions, thin: np.ndarray) -> None:
    """A dot for leaves too thin to be seen, and for those without a region; at one place they share it."""
    rows = np.flatnonzero(regions.leaf & (thin < _SEEN)).tolist()
    points = [_middle(regions.corners(row)) for row in rows] + _weightless_points(drawn, regions)
    if points:
        cells = np.unique(np.floor(np.array(points) / (2 * _DOT)), axis=0)
        dots = dots_path((cells + 0.5) * 2 * _DOT)
        svg.path(dots, kind="line", stroke_width=_DOT, stroke_linecap="round", stroke_opacity=0.5)


def _middle(corners: np.ndarray) -> np.ndarray:
    """The middle of a region of four corners, and of a side of another; it lies in the region or on it."""
    return (corners[0] + corners[2]) / 2 if len(corners) == 4 else corners[:2].mean(axis=0)


def _weightless_points(drawn: Drawn, regions: Regions) -> list[np.ndarray]:
    """Places for leaves without a region: along a side of that of the nearest node above."""
    row_of = np.full(len(drawn.parent), -1, dtype=np.intp)
    row_of[regions.node] = np.arange(len(regions.node))
    guests: dict[int, int] = {}
    for node in np.flatnonzero(drawn.leaf & (row_of < 0)).tolist():
        up = int(drawn.parent[node])
        while row_of[up] < 0:
            up = int(drawn.parent[up])
        guests[int(row_of[up])] = guests.get(int(row_of[up]), 0) + 1
    return [point for row, count in guests.items() for point in _along_side(regions.corners(row), count)]


def _along_side(corners: np.ndarray, count: int) -> list[np.ndarray]:
    ends = np.roll(corners, -1, axis=0)
    side = int(np.argmax(((ends - corners) ** 2).sum(axis=1)))
    share = (np.arange(count) + 1) / (count + 1)
    return list(corners[side] + share[:, None] * (ends[side] - corners[side]))
