"""Paints the regions of a treemap: fills, borders, dots, labels. Callers: ``draw.treemap``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.draw._drawn import Drawn
from partita.draw._labels import ASCENT, LINE, Box, Label, Places, fit
from partita.draw._layouts import areas_extents
from partita.draw._palette import hex_colours, palette
from partita.draw._room import widest_room
from partita.draw._svg import PAPER, SvgWriter, dots_path, polygons_paths
from partita.kernels.treemap import Polygons

_SEEN = 0.9
_OWN_MARK = 3.0
_BORDERS = (3.0, 2.0, 1.2, 0.8)
_LEAF_BORDER = 0.6
_HEADINGS = ((1, 22.0, 13.0), (2, 15.0, 10.5))


class Regions(NamedTuple):
    """The nodes of a drawn tree that have a region, and the regions."""

    node: np.ndarray
    """intp[r]: nodes of the drawn tree, ascending."""
    parent: np.ndarray
    """intp[r]: in rows of `node`."""
    polygons: Polygons

    @classmethod
    def empty(cls) -> Regions:
        """No node has weight."""
        none = np.empty(0, np.intp)
        return cls(none, none, Polygons(np.empty((0, 2)), np.zeros(1, np.intp)))

    def corners(self, row: int) -> np.ndarray:
        """The corners of one region."""
        return self.polygons.corners[self.polygons.offset[row] : self.polygons.offset[row + 1]]


def paint(svg: SvgWriter, drawn: Drawn, regions: Regions, names: list[str]) -> None:
    """Write all marks of a treemap."""
    if len(regions.node) == 0:
        return
    leaf = drawn.leaf[regions.node]
    area, extent = areas_extents(regions.polygons)
    kinds = _colour_rules(svg, drawn)
    paths = polygons_paths(*regions.polygons)
    svg.rule("leaf", light=f"stroke:{PAPER['light']}", dark=f"stroke:{PAPER['dark']}")
    _paint_leaves(svg, drawn, regions, kinds, paths, leaf, extent.min(axis=1), names)
    _paint_borders(svg, drawn.depth[regions.node], regions, paths, leaf)
    _paint_dots(svg, drawn, regions, leaf, np.minimum(extent.min(axis=1), area / extent.max(axis=1)))
    _paint_labels(svg, drawn, regions, leaf, names)


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
    svg: SvgWriter, drawn: Drawn, regions: Regions, kinds: list[str], paths: list[str], leaf: np.ndarray,
    thin: np.ndarray, names: list[str],
) -> None:  # fmt: skip
    """A mark for each leaf that one can point at; the smaller ones of a colour together in one path."""
    total = drawn.weight[0]
    small: dict[str, list[str]] = {}
    large = thin >= _OWN_MARK
    for row in np.flatnonzero(leaf & ~large).tolist():
        small.setdefault(kinds[regions.node[row]], []).append(paths[row])
    for kind, together in small.items():
        svg.path("".join(together), kind=kind)
    with svg.group(kind="leaf", stroke_width=_LEAF_BORDER):
        for row in np.flatnonzero(leaf & large).tolist():
            node = int(regions.node[row])
            svg.path(paths[row], kind=kinds[node], tip=_tip(drawn, node, total, names))


def _tip(drawn: Drawn, node: int, total: float, names: list[str]) -> str:
    part, items = int(drawn.part[node]), int(drawn.items[node])
    name = names[part] or f"part {part}"
    if drawn.own[node]:
        name = f"{name}, in no sub-part"
    count = f"{items:,} item{'' if items == 1 else 's'}"
    return f"{name}\n{count}, {100 * drawn.weight[node] / total:.3g} %"


def _paint_borders(
    svg: SvgWriter, depth: np.ndarray, regions: Regions, paths: list[str], leaf: np.ndarray
) -> None:
    """The outlines of inner nodes, deep ones first, so that the wide ones of the top lie above."""
    for deep in range(len(_BORDERS), 0, -1):
        at_depth = (depth == deep) if deep < len(_BORDERS) else (depth >= deep)
        lines = [paths[row] for row in np.flatnonzero(at_depth & ((deep == 1) | ~leaf)).tolist()]
        if lines:
            svg.path("".join(lines), kind="edge", stroke_width=_BORDERS[deep - 1], stroke_linejoin="round")


def _paint_dots(svg: SvgWriter, drawn: Drawn, regions: Regions, leaf: np.ndarray, thin: np.ndarray) -> None:
    """A dot for each leaf too thin to be seen, and for each without weight."""
    rows = np.flatnonzero(leaf & (thin < _SEEN)).tolist()
    points = [_middle(regions.corners(row)) for row in rows] + _weightless_points(drawn, regions)
    if points:
        svg.path(
            dots_path(np.array(points)), kind="line", stroke_width=1.2, stroke_linecap="round", fill="none"
        )


def _middle(corners: np.ndarray) -> np.ndarray:
    """The middle of the first side that has a length; it lies in the region whatever its shape."""
    return (corners[0] + corners[len(corners) // 2]) / 2 if len(corners) == 4 else corners[:2].mean(axis=0)


def _weightless_points(drawn: Drawn, regions: Regions) -> list[np.ndarray]:
    """Places for leaves without weight: along a side of the region of the nearest node above that has one."""
    row_of = np.full(len(drawn.parent), -1, dtype=np.intp)
    row_of[regions.node] = np.arange(len(regions.node))
    guests: dict[int, int] = {}
    for node in np.flatnonzero(drawn.leaf & (drawn.weight <= 0)).tolist():
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


def _paint_labels(svg: SvgWriter, drawn: Drawn, regions: Regions, leaf: np.ndarray, names: list[str]) -> None:
    """Headings of the upper parts, then the names of leaves where there is room."""
    places = Places()
    depth = drawn.depth[regions.node]
    for deep, largest, smallest in _HEADINGS:
        for row in np.flatnonzero((depth == deep) & ~leaf).tolist():
            _heading(
                svg, regions.corners(row), names[drawn.part[regions.node[row]]], largest, smallest, places
            )
    for row in np.flatnonzero(leaf).tolist():
        node = int(regions.node[row])
        if not drawn.own[node]:
            _leaf_label(svg, regions.corners(row), names[drawn.part[node]], places)


def _heading(
    svg: SvgWriter, corners: np.ndarray, name: str, largest: float, smallest: float, places: Places
) -> None:
    """The name of an inner part at the top of its region, on a plate that lets the leaves shine through."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    wanted = min(largest, 0.22 * float(high[1] - low[1]))
    if not name or wanted < smallest:
        return
    pad = 4.0
    for top in (low[1] + pad, low[1] + 0.25 * (high[1] - low[1]), (low[1] + high[1]) / 2):
        left, right = widest_room(corners, float(top), float(top + wanted * LINE))
        label = fit(name, right - left - 3 * pad, wanted * LINE, largest=wanted, smallest=smallest, bold=True)
        if label is None:
            continue
        box = Box(left + pad, float(top), left + 2 * pad + label.width, float(top) + label.size * LINE)
        if places.take(box):
            _plate(svg, box)
            svg.text(
                left + 1.5 * pad, box.top + ASCENT * label.size, label.text, label.size, font_weight="bold"
            )
            return


def _plate(svg: SvgWriter, box: Box) -> None:
    svg.rect(
        box.left, box.top, box.right - box.left, box.bottom - box.top, kind="paper", fill_opacity=0.6, rx=3
    )


def _leaf_label(svg: SvgWriter, corners: np.ndarray, name: str, places: Places) -> None:
    """The name of a leaf where its region is widest, as large as fits; nothing where it has no room."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    tall = float(high[1] - low[1])
    if not name or tall < 12 or high[0] - low[0] < 16:
        return
    best: tuple[float, Label, Box] | None = None
    for share in (0.5, 0.3, 0.7, 0.15, 0.85):
        for size in (14.0, 10.0, 8.0):
            half = size * LINE / 2
            y = float(low[1]) + share * tall
            if y - half < low[1] or y + half > high[1]:
                continue
            left, right = widest_room(corners, y - half, y + half)
            label = fit(name, right - left - 4, 2 * half, largest=size)
            if label is None:
                continue
            middle = (left + right) / 2
            box = Box(middle - label.width / 2, y - half, middle + label.width / 2, y + half)
            if places.is_free(box) and (best is None or _goodness(label) > best[0]):
                best = _goodness(label), label, box
        if best is not None and best[1].text == name:
            break
    if best is not None and places.take(best[2]):
        _, label, box = best
        base = (box.top + box.bottom) / 2 + (ASCENT - LINE / 2) * label.size * 0.95
        svg.text((box.left + box.right) / 2, base, label.text, label.size, text_anchor="middle")


def _goodness(label: Label) -> float:
    return len(label.text) * 100 + label.size
