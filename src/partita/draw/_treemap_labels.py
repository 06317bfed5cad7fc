"""Labels of a treemap: headings of the upper parts, names of leaves. Callers: ``_treemap_paint``."""

from __future__ import annotations

import numpy as np

from partita.draw._drawn import Drawn
from partita.draw._labels import ASCENT, LINE, Box, Label, Places, fit
from partita.draw._layouts import Regions
from partita.draw._room import widest_room
from partita.draw._svg import SvgWriter

_HEADINGS = ((1, 22.0, 13.0), (2, 15.0, 10.5))
_PAD = 4.0


def paint_labels(svg: SvgWriter, drawn: Drawn, regions: Regions, names: list[str]) -> None:
    """Headings of the upper parts, then the names of leaves where there is room."""
    places, leaf = Places(), regions.leaf
    depth = drawn.depth[regions.node]
    for deep, largest, smallest in _HEADINGS:
        for row in np.flatnonzero((depth == deep) & ~leaf).tolist():
            name = names[drawn.part[regions.node[row]]]
            _heading(svg, regions.corners(row), name, largest, smallest, places)
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
    below = _HEADINGS[0][1] * LINE + 2 * _PAD
    tall = high[1] - low[1]
    for top in (low[1] + _PAD, low[1] + min(below, 0.25 * tall), low[1] + 0.25 * tall, low[1] + 0.5 * tall):
        left, right = widest_room(corners, float(top), float(top + wanted * LINE))
        label = fit(
            name, right - left - 3 * _PAD, wanted * LINE, largest=wanted, smallest=smallest, bold=True
        )
        if label is None:
            continue
        box = Box(left + _PAD, float(top), left + 2 * _PAD + label.width, float(top) + label.size * LINE)
        if places.take(box):
            _plate(svg, box)
            svg.text(
                left + 1.5 * _PAD, box.top + ASCENT * label.size, label.text, label.size, font_weight="bold"
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
