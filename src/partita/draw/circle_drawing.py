"""``draw.circle``: overlapping parts on a circle, every item where its memberships pull it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import diags_array

from partita._core.errors import InvalidDataError
from partita._core.params import Integer, OneOf, Real, Rule, check_parameters
from partita.draw._labels import ASCENT, LINE, Box, Places, fit
from partita.draw._palette import hex_colours, palette
from partita.draw._svg import THEMES, SvgWriter, clean, dots_path
from partita.draw.drawing import Drawing
from partita.graphs.part_order import order_parts
from partita.hierarchy import Cover

_RULES: dict[str, Rule] = {
    "size": Real(low=100.0, high=20_000.0),
    "max_dots": Integer(low=1, high=1_000_000),
    "theme": OneOf(THEMES),
}
_EXACT = 13
_MOST_PARTS = 1000
_LEAST_ARC = 0.15
_MARGIN = 96.0


class PartCycle(NamedTuple):
    """Parts in a circle."""

    order: np.ndarray
    """intp[k]: the largest part first, then towards the one of its two neighbours that is more alike."""
    similarity: float
    """Sum of the similarities of neighbours, all the way round."""
    exact: bool
    """Whether no other cycle has more."""


def circle(
    cover: Any,
    *,
    names: Any = None,
    size: float = 800.0,
    max_dots: int = 20_000,
    title: str | None = None,
    theme: str = "auto",
) -> Drawing:
    """Parts around a circle, parts that share items side by side, and items between the parts that hold them.

    An item that is sure of its part lies on the rim; one that several parts share lies between them, the
    nearer to the middle the less they are neighbours.

    *When to choose this*: soft memberships of a few dozen parts at most, to see which parts run into one
    another and which items are unsure.

    Parameters
    ----------
    cover : Cover, or matrix of shape (n, k)
        Weights of items in parts, at least 0, dense or ``scipy.sparse``. Items without weight are left out.
    names : sequence of str, length k, optional
    size : float
        Width and height in pixels.
    max_dots : int
        Of more items only so many are drawn, spread evenly over the places; the drawing says so.
    title : str, optional
        What the picture is, for screen readers.
    theme : {"auto", "light", "dark"}

    Returns
    -------
    drawing : Drawing
        ``measures``: "similarity" of neighbours, all the way round; "exact": 1 where no other cycle has more;
        "unsure": the share of items nearer to the middle than half the radius.

    Raises
    ------
    InvalidDataError
        For weights that are negative or not finite, no part at all, or more than 1000.

    Notes
    -----
    The cycle is that of the largest sum of similarities (cosines of columns of memberships): by dynamic
    programming over sets up to 13 parts, beyond by 2-opt and Or-opt from greedy starts. Arcs between parts
    are as wide as the parts are unlike; none is less than a seventh of the mean. The deep clustering that the
    paper takes memberships from is not here; any memberships do.
    O(n k^2) for the similarities of full memberships.

    References
    ----------
    T. Huang, S. Cheng, S. Z. Li and Z. Zhang, High-dimensional clustering onto Hamiltonian cycle, ICML 2023.
    https://arxiv.org/abs/2304.14531

    M. Held and R. Karp, A dynamic programming approach to sequencing problems, J. SIAM 10 (1962).
    https://doi.org/10.1137/0110015

    Examples
    --------
    >>> import numpy as np
    >>> import partita as pt
    >>> memberships = np.array([[1.0, 0, 0], [0.5, 0.5, 0], [0, 1, 0], [0, 0.5, 0.5], [0, 0, 1.0]])
    >>> pt.draw.circle(memberships).measures["exact"]
    1.0
    """
    check_parameters("circle", _RULES, {"size": size, "max_dots": max_dots, "theme": theme})
    matrix = (cover if isinstance(cover, Cover) else Cover(cover)).matrix
    k = matrix.shape[1]
    if not 0 < k <= _MOST_PARTS:
        raise InvalidDataError(
            "That isn't a number of parts to draw.", name="cover", allowed=f"1 to {_MOST_PARTS}", got=k,
            hint="take a coarser level",
        )  # fmt: skip
    texts = _names(names, k)
    total = np.asarray(matrix.sum(axis=1)).ravel()
    held = np.flatnonzero(total > 0)
    share = diags_array(1.0 / total[held]) @ matrix[held]
    likeness = part_similarity(share)
    weight = np.asarray(share.sum(axis=0)).ravel()
    cycle = part_cycle(likeness, weight)
    anchors = part_anchors(likeness, cycle.order)
    places = share @ anchors
    svg = SvgWriter(size, size, title or f"{len(held):,} items between {k:,} parts", theme=theme)
    _paint(svg, places, np.asarray(share.argmax(axis=1)).ravel(), anchors, weight, cycle, texts, max_dots)
    unsure = float((np.hypot(*places.T) < 0.5).mean()) if len(places) and k > 1 else 0.0
    measures = {"similarity": cycle.similarity, "exact": float(cycle.exact), "unsure": unsure}
    return Drawing(svg.render(), "circle", size, size, measures=measures)


def part_similarity(share: Any) -> np.ndarray:
    """The cosine of the memberships of each two parts, float64 (k, k); 0 for a part without items."""
    products = (share.T @ share).toarray()
    length = np.sqrt(np.diag(products))
    length[length == 0.0] = 1.0
    likeness = products / np.outer(length, length)
    return np.minimum(np.maximum(likeness, likeness.T), 1.0)


def part_cycle(likeness: np.ndarray, weight: np.ndarray) -> PartCycle:
    """The cycle through all parts along which neighbours are most alike. IN float64 (k, k), float64[k]."""
    k = len(likeness)
    if k < 4:
        order = np.argsort(-weight, kind="stable")
        return PartCycle(order, _around(likeness, order), True)
    apart = 1.0 - likeness
    np.fill_diagonal(apart, 0.0)
    first = int(np.argmax(weight))
    # A cycle is a path that ends in a second copy of where it began; what leads there costs so much more
    # that no path passes through.
    far = 2.0 * k
    doubled = np.zeros((k + 1, k + 1))
    doubled[:k, :k] = apart
    doubled[k, :k] = doubled[:k, k] = apart[first] + far
    doubled[k, first] = doubled[first, k] = 2.0 * far
    ordered = order_parts(doubled, first=first, exact_up_to=_EXACT + 1)
    order = ordered.order[:-1]
    if likeness[order[-1], first] > likeness[order[1], first]:
        order = np.concatenate([order[:1], order[:0:-1]])
    return PartCycle(order, _around(likeness, order), ordered.exact)


def part_anchors(likeness: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Points of the unit circle, float64 (k, 2), the first part on top, then clockwise."""
    k = len(order)
    if k == 1:
        return np.zeros((1, 2))
    gap = 1.0 - likeness[order, np.roll(order, -1)]
    gap = np.maximum(gap, _LEAST_ARC * gap.mean()) if gap.any() else np.ones(k)
    before = np.concatenate([[0.0], np.cumsum(gap)[:-1]])
    angle = 2.0 * np.pi * before / gap.sum()
    anchors = np.empty((k, 2))
    anchors[order] = np.column_stack([np.sin(angle), -np.cos(angle)])
    return anchors


def _around(likeness: np.ndarray, order: np.ndarray) -> float:
    pairs = likeness[order, np.roll(order, -1)]
    return float(pairs.sum()) if len(order) > 2 else float(pairs[: len(order) - 1].sum())


def _names(names: Any, k: int) -> list[str]:
    if names is None:
        return [f"part {part}" for part in range(k)]
    if isinstance(names, str) or len(names) != k:
        raise InvalidDataError(
            "names doesn't fit.", name="names", allowed=f"{k} texts, one a part", got=names
        )
    return [clean(name) for name in names]


def _paint(
    svg: SvgWriter, places: np.ndarray, own: np.ndarray, anchors: np.ndarray, weight: np.ndarray,
    cycle: PartCycle, names: list[str], max_dots: int,
) -> None:  # fmt: skip
    middle = svg.width / 2
    radius = middle - min(_MARGIN, 0.2 * svg.width)
    parent = np.concatenate([[-1], np.zeros(len(weight), np.intp)]).astype(np.intp)
    colours = palette(parent, np.concatenate([[float(weight.sum())], weight[cycle.order]]))
    kinds = np.empty(len(weight), np.intp)
    kinds[cycle.order] = np.arange(len(weight))
    for i, (day, night) in enumerate(zip(hex_colours(colours.dark[1:]), hex_colours(colours.light[1:]))):
        svg.rule(f"f{i}", light=f"fill:{day}", dark=f"fill:{night}")
        svg.rule(f"s{i}", light=f"stroke:{day};fill:none", dark=f"stroke:{night};fill:none")
    svg.circle(middle, middle, radius, kind="rule", stroke_width=0.8)
    order = np.lexsort((own, places[:, 1], places[:, 0]))
    drawn = order[np.unique(np.linspace(0, len(order) - 1, min(max_dots, len(order))).astype(np.intp))]
    page, dot = middle + radius * places[drawn], float(np.clip(200.0 / np.sqrt(max(1, len(drawn))), 1.6, 7.0))
    for part in cycle.order.tolist():
        here = page[own[drawn] == part]
        if len(here):
            svg.path(
                dots_path(here), kind=f"s{kinds[part]}", stroke_width=dot, stroke_linecap="round",
                stroke_opacity=0.6,
            )  # fmt: skip
    _paint_parts(svg, middle + radius * anchors, anchors, weight, kinds, cycle.order, names)
    if len(drawn) < len(order):
        svg.text(8, svg.height - 8, f"{len(drawn):,} of {len(order):,} items shown.", 11, kind="faint")


def _paint_parts(
    svg: SvgWriter, page: np.ndarray, anchors: np.ndarray, weight: np.ndarray, kinds: np.ndarray,
    order: np.ndarray, names: list[str],
) -> None:  # fmt: skip
    places = Places()
    share = np.sqrt(weight / max(float(weight.max(initial=0.0)), 1e-300))
    for part in order.tolist():
        size = 3.0 + 6.0 * float(share[part])
        svg.circle(
            page[part, 0], page[part, 1], size, kind=f"f{kinds[part]}",
            tip=f"{names[part]}\n{weight[part]:,.4g} items by weight",
        )  # fmt: skip
    for part in order[np.argsort(-weight[order], kind="stable")].tolist():
        size = 6.0 + 6.0 * float(share[part])
        x, y = (page[part] + size * anchors[part]).tolist()
        room = svg.width - x if anchors[part, 0] >= 0 else x
        label = fit(names[part], room - 4, 14 * LINE, largest=14.0)
        if label is None:
            continue
        left = x - label.width * (1.0 - float(anchors[part, 0])) / 2.0
        left = min(max(left, 2.0), svg.width - label.width - 2.0)
        tall = label.size * LINE
        top = y - tall * (1.0 - float(anchors[part, 1])) / 2.0
        if places.take(Box(left, top, left + label.width, top + tall)):
            svg.text(left, top + ASCENT * label.size, label.text, label.size)
