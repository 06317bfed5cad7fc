"""``draw.map``: rows in the plane, with the parts of a hierarchy as labelled regions at several levels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from partita._core.errors import InvalidDataError
from partita._core.params import Integer, OneOf, Real, Rule, check_parameters
from partita._core.progress import Progress
from partita.draw._drawn import part_names
from partita.draw._labels import Box, Places, text_width
from partita.draw._map_paint import (
    Region,
    colour_rules,
    paint_dots,
    paint_names,
    paint_regions,
    paint_shades,
    regions_of,
)
from partita.draw._palette import palette
from partita.draw._plane import plane_positions
from partita.draw._svg import THEMES, SvgWriter
from partita.draw.drawing import Drawing
from partita.hierarchy import Hierarchy

_RULES: dict[str, Rule] = {
    "width": Real(low=100.0, high=20_000.0),
    "height": Real(low=100.0, high=20_000.0),
    "max_dots": Integer(low=0, high=1_000_000),
    "theme": OneOf(THEMES),
}
_MARGIN = 24.0
_CAPTION = 18.0
_OUTLIERS = 0.0005
_JUDGED = 10_000
_NEAR = 10
_MOST_LEVELS = 3
_MOST_PARTS = 150


def map(
    X: Any,
    h: Hierarchy,
    *,
    positions: Any = None,
    levels: Any = None,
    names: Any = None,
    width: float = 960.0,
    height: float = 720.0,
    max_dots: int = 20_000,
    title: str | None = None,
    theme: str = "auto",
    n_jobs: int | None = None,
    progress: Progress | bool | None = None,
) -> Drawing:
    """A map of rows in the plane, near rows near, with parts as outlined and named regions at several levels.

    Parameters
    ----------
    X : array-like of shape (n, d), or None
        The rows; not looked at when `positions` are given.
    h : Hierarchy
        Of the same rows.
    positions : array-like of shape (n, 2), optional
        Where the rows lie. Default: ``plane_positions(X)``.
    levels : int or sequence of int, optional
        Named levels whose parts are outlined, coarse to fine, at most 3. Default: up to three of those with
        at most 150 parts, the root left out.
    names : sequence of str, length m, optional
        A name a part; default: ``part_data["name"]``, else ``part_data["terms"]``, else its number.
    width, height : float
        Size in pixels.
    max_dots : int
        More items are shown as shades of density, each cell in the colour of the part that is strongest
        there; the drawing says so.
    title : str, optional
        What the picture is, for screen readers.
    theme : {"auto", "light", "dark"}
    n_jobs : int, optional
    progress : bool or Progress, optional

    Returns
    -------
    drawing : Drawing
        With the ``measures`` "items"; "agreement": the share of items (of up to 10,000, spread evenly) whose
        part at the finest level drawn is that of most of their 10 nearest items on the map; and "names": how
        many regions have room for theirs.

    Raises
    ------
    InvalidDataError
        When rows, positions or names don't fit the hierarchy.
    InvalidParameterError

    Notes
    -----
    A region is the outline around nine tenths of a part's items, by density, without islets of less than 3 %
    of its largest piece. The 80 largest parts of a level with 5 items or more have one; parts of the same
    items are outlined once. A coordinate beyond all but 0.05 % of the items is drawn at the rim.

    References
    ----------
    J. Tang, J. Liu, M. Zhang and Q. Mei, Visualizing large-scale and high-dimensional data, WWW 2016.
    https://arxiv.org/abs/1602.00370

    Examples
    --------
    >>> import numpy as np
    >>> import partita as pt
    >>> X = np.random.default_rng(0).normal(size=(90, 4)) + 9 * np.repeat(np.eye(4)[:3], 30, axis=0)
    >>> h = pt.Hierarchy.from_labels([np.repeat([0, 1, 2], 30)])
    >>> pt.draw.map(X, h).measures["agreement"]
    1.0
    """
    values = {"width": width, "height": height, "max_dots": max_dots, "theme": theme}
    check_parameters("map", _RULES, values)
    chosen = _chosen_levels(h, levels)
    texts = [text or f"part {part}" for part, text in enumerate(part_names(h, names))]
    if positions is None:
        positions = plane_positions(X, n_jobs=n_jobs, progress=progress)
    places = _checked_positions(positions, h.n_items)
    labels = [_level_labels(h, parts) for parts in chosen]
    order = np.lexsort((labels[-1], places[:, 1], places[:, 0]))
    places, labels = places[order], [label[order] for label in labels]
    points = _to_page(places, width, height)
    title = title or f"Map of {h.n_items:,} items in {len(chosen[-1]):,} parts"
    svg = SvgWriter(width, height, title, theme=theme)
    regions: list[Region] = []
    for rank, (parts, label) in enumerate(zip(chosen, labels)):
        known = {(h.start[region.part], h.stop[region.part]) for region in regions}
        found = regions_of(points, label, parts, rank, width, height - _CAPTION)
        regions += [region for region in found if (h.start[region.part], h.stop[region.part]) not in known]
    _paint_items(svg, h, points, chosen[-1], labels[-1], regions, max_dots, texts)
    room = Places()
    distinct = {(h.start[part], h.stop[part]) for parts in chosen for part in parts.tolist()}
    said = _caption(h.n_items, max_dots, len(regions), len(distinct))
    svg.text(8, height - 6, said, 11, kind="faint")
    room.take(Box(8, height - _CAPTION, 8 + 11 * text_width(said), height))
    named = paint_names(svg, regions, texts, room)
    measures = {"items": float(h.n_items), "agreement": _agreement(places, labels[-1]), "names": float(named)}
    return Drawing(svg.render(), "map", width, height, measures=measures)


def _paint_items(
    svg: SvgWriter, h: Hierarchy, points: np.ndarray, parts: np.ndarray, label: np.ndarray,
    regions: list[Region], max_dots: int, names: list[str],
) -> None:  # fmt: skip
    colours = palette(h.parent, h.sizes.astype(np.float64))
    shown = np.unique(np.concatenate([parts, np.array([r.part for r in regions], np.intp)]))
    kinds = colour_rules(svg, colours, shown)
    part = np.where(label >= 0, parts[np.maximum(label, 0)], -1)
    if h.n_items > max_dots:
        paint_shades(svg, points, part, kinds)
    else:
        size = float(np.clip(200.0 / np.sqrt(max(1, h.n_items)), 1.6, 7.0))
        paint_dots(svg, points, part, kinds, size)
    paint_regions(svg, regions, names, kinds)


def _caption(n: int, max_dots: int, outlined: int, all_parts: int) -> str:
    shown = f"{n:,} items" if n <= max_dots else f"{n:,} items as shades of density, not one by one"
    left_out = "" if outlined == all_parts else f"; outlines of {outlined:,} of {all_parts:,} parts"
    return f"{shown}{left_out}. Nearness is kept, distances are not."


def _chosen_levels(h: Hierarchy, levels: Any) -> list[np.ndarray]:
    """The parts of the levels to outline, coarse to fine."""
    if levels is not None:
        wanted: Sequence[int] = [int(levels)] if isinstance(levels, (int, np.integer)) else list(levels)
        if not 0 < len(wanted) <= _MOST_LEVELS:
            raise InvalidDataError(
                "That isn't a number of levels to draw.",
                name="levels",
                allowed=f"1 to {_MOST_LEVELS} of them",
                got=levels,
            )
        return sorted((h._level(level) for level in wanted), key=len)
    named = [parts for parts in h.levels[1:] if len(parts) <= _MOST_PARTS] or list(h.levels[1:2])
    if not named:
        children = h.children(0)
        return [children if len(children) else np.zeros(1, np.intp)]
    picks = np.unique(np.linspace(0, len(named) - 1, min(_MOST_LEVELS, len(named))).round().astype(int))
    return [named[pick] for pick in picks.tolist()]


def _level_labels(h: Hierarchy, parts: np.ndarray) -> np.ndarray:
    """Which of `parts`, disjoint, each item is in; -1 for none."""
    label = np.full(h.n_items, -1, np.intp)
    for number, part in enumerate(parts.tolist()):
        label[h.members(part)] = number
    return label


def _checked_positions(positions: Any, n: int) -> np.ndarray:
    array = np.asarray(positions, dtype=np.float64)
    if array.shape != (n, 2):
        raise InvalidDataError(
            "Rows and hierarchy don't fit.", name="X", allowed=f"{n} rows, as the hierarchy has items",
            got=f"positions of shape {array.shape}",
        )  # fmt: skip
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        raise InvalidDataError(
            f"The position of item {wrong[0][0]} is not finite.",
            name="positions",
            got=array[wrong[0][0]].tolist(),
        )
    return array


def _to_page(positions: np.ndarray, width: float, height: float) -> np.ndarray:
    """Positions in pixels: the middle of the page is the middle of nearly all of them."""
    if not len(positions):
        return positions
    low, high = np.quantile(positions, [_OUTLIERS, 1.0 - _OUTLIERS], axis=0)
    room = np.array([width, height - _CAPTION]) - 2 * _MARGIN
    span = np.maximum(high - low, 1e-300)
    scale = float((room / span).min()) if (high > low).any() else 0.0
    page = (positions - (low + high) / 2) * scale + _MARGIN + room / 2
    return np.clip(page, _MARGIN / 3, [width - _MARGIN / 3, height - _CAPTION - _MARGIN / 3])


def _agreement(positions: np.ndarray, label: np.ndarray) -> float:
    """How many items are of the part of most of their nearest on the map; ties go to the lower part."""
    n = len(positions)
    if n < 2:
        return 1.0
    judged = np.unique(np.linspace(0, n - 1, min(n, _JUDGED)).astype(np.intp))
    k = min(_NEAR, n - 1)
    near = cKDTree(positions).query(positions[judged], k=k + 1)[1]
    itself = near == judged[:, None]
    itself[~itself.any(axis=1), k] = True
    others = label[near[~itself].reshape(len(judged), k)]
    others.sort(axis=1)
    run = np.ones(others.shape, np.intp)
    for p in range(1, k):
        run[:, p] = np.where(others[:, p] == others[:, p - 1], run[:, p - 1] + 1, 1)
    winner = others[np.arange(len(judged)), run.argmax(axis=1)]
    return float((winner == label[judged]).mean())
