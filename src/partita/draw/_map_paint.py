"""Paints a map: items as dots or shades, parts as outlined regions, labels. Callers: ``draw.map``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from partita.draw._contours import area, density, height_around, outlines
from partita.draw._labels import ASCENT, LINE, Box, Places, fit
from partita.draw._palette import Colours, hex_colours
from partita.draw._svg import INK, PAPER, SvgWriter, dots_path, number, polygon_path

_CELL = 4.0
_BLUR = 2.5
_WITHIN = 0.9
_FEWEST = 5
_ISLET = 0.03
_MOST_REGIONS = 80
_SHADES = (0.15, 0.3, 0.5, 0.75, 1.0)
_SHADE_CELL = 3.0
_LINES = (2.2, 1.3, 0.8)
_LETTERS = ((20.0, 13.0), (14.0, 10.0), (11.0, 8.0))
_NARROWEST = 70.0


class Region(NamedTuple):
    """The part of a level whose region is drawn, and where."""

    part: int
    rank: int
    items: int
    lines: list[np.ndarray]
    peak: tuple[float, float]
    width: float


def colour_rules(svg: SvgWriter, colours: Colours, parts: np.ndarray) -> dict[int, str]:
    """The classes of the colours of some parts; -1 is for items in none. Dots are dark on light paper."""
    pairs = list(zip(hex_colours(colours.dark), hex_colours(colours.light)))
    number_of = {pair: i for i, pair in enumerate(dict.fromkeys(pairs[part] for part in parts.tolist()))}
    for (day, night), i in number_of.items():
        svg.rule(f"p{i}", light=f"fill:{day}", dark=f"fill:{night}")
        svg.rule(f"s{i}", light=f"stroke:{day}", dark=f"stroke:{night}")
    return {-1: "faint", **{part: f"p{number_of[pairs[part]]}" for part in parts.tolist()}}


def paint_dots(
    svg: SvgWriter, points: np.ndarray, part: np.ndarray, kinds: dict[int, str], size: float
) -> None:
    """One path of dots a colour, in the order of the parts."""
    for own in np.unique(part).tolist():
        kind = "rule" if own < 0 else f"s{kinds[own][1:]}"
        svg.path(
            dots_path(points[part == own]), kind=kind, fill="none", stroke_width=size,
            stroke_linecap="round", stroke_opacity=0.7,
        )  # fmt: skip


def paint_shades(svg: SvgWriter, points: np.ndarray, part: np.ndarray, kinds: dict[int, str]) -> None:
    """Cells of a grid in the colour of the part that is strongest there, the denser the fuller."""
    shape = int(svg.height / _SHADE_CELL) + 1, int(svg.width / _SHADE_CELL) + 1
    owners = np.unique(part)
    best, owner, total = np.zeros(shape), np.full(shape, -1, np.intp), np.zeros(shape)
    for own in owners.tolist():
        grid = density(points[part == own], shape, _SHADE_CELL, 0.0)
        total += grid
        stronger = grid > best
        best[stronger], owner[stronger] = grid[stronger], own
    some = total > 0
    bounds = np.quantile(total[some], np.linspace(0, 1, len(_SHADES) + 1)[1:-1])
    shade = np.searchsorted(bounds, total, side="left")
    for own in owners.tolist():
        for step, opacity in enumerate(_SHADES):
            d = "".join(_runs(some & (owner == own) & (shade == step)))
            if d:
                svg.path(d, kind=kinds[own], fill_opacity=opacity)


def _runs(chosen: np.ndarray) -> Iterator[str]:
    """Rectangles over runs of chosen cells in each row."""
    side = number(_SHADE_CELL)
    for row in np.flatnonzero(chosen.any(axis=1)).tolist():
        edges = np.flatnonzero(np.diff(np.concatenate([[False], chosen[row], [False]]).astype(np.int8)))
        for first, last in edges.reshape(-1, 2).tolist():
            wide = number((last - first) * _SHADE_CELL)
            yield f"M{number(first * _SHADE_CELL)} {number(row * _SHADE_CELL)}h{wide}v{side}h-{wide}z"


def regions_of(
    points: np.ndarray, label: np.ndarray, parts: np.ndarray, rank: int, width: float, height: float
) -> list[Region]:
    """Outlines around nine tenths of the items of the largest parts of a level, the largest first."""
    shape = int(height / _CELL) + 1, int(width / _CELL) + 1
    size = np.bincount(label[label >= 0], minlength=len(parts))
    largest = np.argsort(-size, kind="stable")[:_MOST_REGIONS]
    found = []
    for own in largest[size[largest] >= _FEWEST].tolist():
        here = points[label == own]
        grid = density(here, shape, _CELL, _BLUR)
        level = height_around(grid, _WITHIN)
        lines = _without_islets([line * _CELL for line in outlines(grid, level)])
        row, column = np.unravel_index(np.argmax(grid), shape)
        wide = max((float(np.ptp(line[:, 0])) for line in lines), default=0.0)
        peak = (float(column) + 0.5) * _CELL, (float(row) + 0.5) * _CELL
        found.append(Region(int(parts[own]), rank, int(size[own]), lines, peak, wide))
    return found


def _without_islets(lines: list[np.ndarray]) -> list[np.ndarray]:
    areas = [area(line) for line in lines]
    least = _ISLET * max(areas, default=0.0)
    return [line for line, own in zip(lines, areas) if own >= least]


def paint_regions(svg: SvgWriter, regions: list[Region], names: list[str], kinds: dict[int, str]) -> None:
    """Fills, fine levels above coarse ones, with names as tips."""
    for region in regions:
        d = "".join(polygon_path(line) for line in region.lines)
        kind, tip = kinds[region.part], f"{names[region.part]}\n{region.items:,} items"
        svg.path(d, kind=kind, fill_opacity=0.08, fill_rule="evenodd", tip=tip)
        line = _LINES[min(region.rank, len(_LINES) - 1)]
        svg.path(d, kind=f"s{kind[1:]}", fill="none", stroke_width=line, stroke_linejoin="round")


def paint_names(svg: SvgWriter, regions: list[Region], names: list[str], places: Places) -> int:
    """Names where parts are densest, coarse levels and large parts first; how many found room."""
    halo = "stroke-width:3px;stroke-linejoin:round;paint-order:stroke"
    svg.rule(
        "name",
        light=f"fill:{INK['light']};stroke:{PAPER['light']};{halo}",
        dark=f"fill:{INK['dark']};stroke:{PAPER['dark']};{halo}",
    )
    count = 0
    for region in regions:
        largest, smallest = _LETTERS[min(region.rank, len(_LETTERS) - 1)]
        bold = region.rank == 0
        label = fit(
            names[region.part], max(_NARROWEST, region.width), largest * LINE, largest=largest,
            smallest=smallest, bold=bold,
        )  # fmt: skip
        if label is None:
            continue
        tall, half = label.size * LINE, label.width / 2
        middle = min(max(region.peak[0], half), svg.width - half)
        for shift in (0.0, -1.0, 1.0, -2.0, 2.0):
            top = region.peak[1] + (shift - 0.5) * tall
            box = Box(middle - half, top, middle + half, top + tall)
            if 0 <= top <= svg.height - tall and places.take(box):
                svg.text(
                    middle, top + ASCENT * label.size, label.text, label.size, kind="name",
                    text_anchor="middle", font_weight="bold" if bold else None,
                )  # fmt: skip
                count += 1
                break
    return count
