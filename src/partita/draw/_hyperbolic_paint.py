"""Paints what lies in the Poincaré disc: geodesics, nodes, names. Callers: ``draw.hyperbolic``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.draw._drawn import Drawn
from partita.draw._labels import ASCENT, LINE, Box, Places, fit
from partita.draw._palette import hex_colours, palette
from partita.draw._svg import INK, PAPER, SvgWriter, dots_path, number

_MARGIN = 12.0
_SHORTEST_EDGE = 0.4
_OWN_MARK = 1.4
_EDGES = (2.0, 1.4, 1.0, 0.7)
_MOST_NAMES = 400


class Disc(NamedTuple):
    """Where the unit disc lies on the page."""

    middle: float
    radius: float

    @classmethod
    def of(cls, svg: SvgWriter) -> Disc:
        """The largest that fits."""
        return cls(svg.width / 2, svg.width / 2 - _MARGIN)

    def page(self, z: np.ndarray) -> np.ndarray:
        """Pixels, float64 (t, 2), of points complex128[t]."""
        return np.column_stack([self.middle + self.radius * z.real, self.middle + self.radius * z.imag])


def paint_nodes(svg: SvgWriter, disc: Disc, drawn: Drawn, z: np.ndarray, names: list[str]) -> None:
    """A tree: edges, then nodes as large as nearness to the middle and weight make them, then names."""
    colours = palette(drawn.parent, drawn.weight)
    pairs = list(zip(hex_colours(colours.dark), hex_colours(colours.light)))
    kinds = _rules(svg, pairs)
    page = disc.page(z)
    room = 1.0 - np.abs(z) ** 2
    share = np.sqrt(drawn.weight / max(float(drawn.weight[0]), 1e-300))
    size = disc.radius * room * (0.012 + 0.03 * share)
    _rim(svg, disc)
    _paint_edges(svg, disc, drawn, z, page, kinds)
    large = size >= _OWN_MARK
    _paint_dots(svg, page[~large], [kinds[v] for v in np.flatnonzero(~large).tolist()])
    for v in np.flatnonzero(large).tolist():
        svg.circle(
            page[v, 0], page[v, 1], size[v], kind=f"f{kinds[v]}", tip=_tip(drawn, v, names),
            fill_opacity=0.5 if drawn.own[v] else None,
        )  # fmt: skip
    texts = ["" if drawn.own[v] else names[drawn.part[v]] for v in range(len(z))]
    _paint_names(svg, page, np.maximum(size, 1.0), room, texts)


def paint_points(svg: SvgWriter, disc: Disc, z: np.ndarray, labels: np.ndarray, names: list[str]) -> None:
    """Points in the colours of their labels, and names."""
    groups, which = np.unique(labels, return_inverse=True)
    parent = np.concatenate([[-1], np.zeros(len(groups), np.intp)]).astype(np.intp)
    colours = palette(parent, np.concatenate([[float(len(z))], np.bincount(which, minlength=len(groups))]))
    pairs = list(zip(hex_colours(colours.dark[1:]), hex_colours(colours.light[1:])))
    kinds = _rules(svg, pairs)
    page, room = disc.page(z), 1.0 - np.abs(z) ** 2
    order = np.lexsort((which, page[:, 1], page[:, 0])).tolist()
    _rim(svg, disc)
    for v in order:
        kind = "faint" if labels[v] < 0 else f"f{kinds[which[v]]}"
        svg.circle(page[v, 0], page[v, 1], max(1.5, 5.0 * room[v]), kind=kind, tip=names[v] or None)
    _paint_names(svg, page, np.maximum(1.5, 5.0 * room), room, names)


def geodesic(disc: Disc, z: complex, w: complex) -> str:
    """The path of the geodesic from `z` to `w`: an arc at right angles to the rim, or a straight line."""
    x, y = disc.middle + disc.radius * w.real, disc.middle + disc.radius * w.imag
    turn = z.real * w.imag - z.imag * w.real
    begin = f"M{number(disc.middle + disc.radius * z.real)} {number(disc.middle + disc.radius * z.imag)}"
    if abs(turn) < 1e-9:
        return f"{begin}L{number(x)} {number(y)}"
    first, second = (1.0 + abs(z) ** 2) / 2.0, (1.0 + abs(w) ** 2) / 2.0
    center = complex(first * w.imag - second * z.imag, second * z.real - first * w.real) / turn
    radius = number(disc.radius * abs(z - center))
    return f"{begin}A{radius} {radius} 0 0 {int(turn < 0)} {number(x)} {number(y)}"


def _rules(svg: SvgWriter, pairs: list[tuple[str, str]]) -> list[str]:
    number_of = {pair: i for i, pair in enumerate(dict.fromkeys(pairs))}
    for (day, night), i in number_of.items():
        svg.rule(f"f{i}", light=f"fill:{day}", dark=f"fill:{night}")
        svg.rule(f"s{i}", light=f"stroke:{day};fill:none", dark=f"stroke:{night};fill:none")
    return [str(number_of[pair]) for pair in pairs]


def _rim(svg: SvgWriter, disc: Disc) -> None:
    svg.circle(disc.middle, disc.middle, disc.radius, kind="rule", stroke_width=1)


def _paint_edges(
    svg: SvgWriter, disc: Disc, drawn: Drawn, z: np.ndarray, page: np.ndarray, kinds: list[str]
) -> None:
    """Edges of a depth and colour together; those too short to be seen are left out."""
    together: dict[tuple[int, str], list[str]] = {}
    depth = np.minimum(drawn.depth, len(_EDGES)).tolist()
    long = np.hypot(*(page[1:] - page[drawn.parent[1:]]).T) >= _SHORTEST_EDGE
    for v in (np.flatnonzero(long) + 1).tolist():
        d = geodesic(disc, complex(z[drawn.parent[v]]), complex(z[v]))
        together.setdefault((depth[v], kinds[v]), []).append(d)
    for (deep, kind), paths in sorted(together.items(), key=lambda group: -group[0][0]):
        svg.path("".join(paths), kind=f"s{kind}", stroke_width=_EDGES[deep - 1])


def _paint_dots(svg: SvgWriter, points: np.ndarray, kinds: list[str]) -> None:
    """Nodes that are small so near to the rim, as dots; of those on one spot one is enough."""
    spots = np.rint(points * 2).astype(np.int64)
    keep = np.unique(spots, axis=0, return_index=True)[1] if len(spots) else np.empty(0, np.intp)
    together: dict[str, list[int]] = {}
    for i in np.sort(keep).tolist():
        together.setdefault(kinds[i], []).append(i)
    for kind, own in together.items():
        svg.path(dots_path(points[own]), kind=f"s{kind}", stroke_width=1.6, stroke_linecap="round")


def _tip(drawn: Drawn, v: int, names: list[str]) -> str:
    name = names[drawn.part[v]] or f"part {drawn.part[v]}"
    if drawn.own[v]:
        name = f"{name}, in no sub-part"
    return f"{name}\n{int(drawn.items[v]):,} item{'' if drawn.items[v] == 1 else 's'}"


def _paint_names(
    svg: SvgWriter, page: np.ndarray, size: np.ndarray, room: np.ndarray, names: list[str]
) -> None:
    """Names beside their nodes, those nearest to the middle first, where none overlaps another."""
    halo = "stroke-width:3px;stroke-linejoin:round;paint-order:stroke"
    svg.rule(
        "name",
        light=f"fill:{INK['light']};stroke:{PAPER['light']};{halo}",
        dark=f"fill:{INK['dark']};stroke:{PAPER['dark']};{halo}",
    )
    places, left = Places(), _MOST_NAMES
    for v in np.argsort(-room, kind="stable").tolist():
        if not names[v] or not left:
            continue
        wanted = float(np.clip(15.0 * room[v], 8.0, 15.0))
        label = fit(names[v], 140.0, wanted * LINE, largest=wanted, smallest=8.0)
        if label is None:
            continue
        for box in _boxes(page[v], size[v] + 2.0, label.width, label.size * LINE):
            inside = box.left >= 0 and box.top >= 0 and box.right <= svg.width and box.bottom <= svg.height
            if inside and places.take(box):
                svg.text(box.left, box.top + ASCENT * label.size, label.text, label.size, kind="name")
                left -= 1
                break


def _boxes(point: np.ndarray, away: float, width: float, tall: float) -> list[Box]:
    """Beside a node: to the right, to the left, below, above."""
    x, y = float(point[0]), float(point[1])
    corners = (
        (x + away, y - tall / 2),
        (x - away - width, y - tall / 2),
        (x - width / 2, y + away),
        (x - width / 2, y - away - tall),
    )
    return [Box(left, top, left + width, top + tall) for left, top in corners]
