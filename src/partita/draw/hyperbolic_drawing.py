"""``draw.hyperbolic``: a hierarchy, or dissimilarities, in the Poincaré disc."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError, InvalidParameterError
from partita._core.params import OneOf, Optional, Real, Rule, check_parameters
from partita._core.threads import thread_scope
from partita.draw._drawn import Drawn, drawn_tree, part_names
from partita.draw._hyperbolic_mds import hyperbolic_mds
from partita.draw._hyperbolic_paint import Disc, paint_nodes, paint_points
from partita.draw._hyperbolic_tree import (
    HyperbolicTree,
    degrees,
    embed_tree,
    equal_angles,
)
from partita.draw._svg import THEMES, SvgWriter, clean
from partita.draw.drawing import Drawing
from partita.hierarchy import Hierarchy

_RULES: dict[str, Rule] = {
    "epsilon": Optional(Real(low=0.0, open_low=True)),
    "lengths": OneOf(("unit", "height")),
    "size": Real(low=100.0, high=20_000.0),
    "theme": OneOf(THEMES),
}
_SHORTEST = 0.75
_SHORT_SHARE = 0.01


def hyperbolic(
    h: Any,
    *,
    epsilon: float | None = None,
    lengths: str = "unit",
    focus: int = 0,
    depth: int | None = None,
    names: Any = None,
    labels: Any = None,
    size: float = 800.0,
    title: str | None = None,
    theme: str = "auto",
    n_jobs: int | None = None,
) -> Drawing:
    """Parts in the Poincaré disc, which has room for every tree, with `focus` in the middle.

    Parameters
    ----------
    h : Hierarchy, or array-like of shape (n, n)
        What to draw; of dissimilarities, the items are placed by ``hyperbolic_mds``.
    epsilon : float, optional
        Distances in the disc are those along the tree, up to a factor of ``1 + epsilon``, as by
        ``embed_tree``. Small values push everything to the rim. Default: edges as short as they can be drawn
        without crossing others, whatever that does to distances.
    lengths : {"unit", "height"}
        Of edges: 1, or the difference of heights, but at least 1 % of their mean.
    focus : int
        The part in the middle.
    depth : int, optional
        Draw parts at most so many edges below the root.
    names : sequence of str, length m (or n), optional
        A name a part; default: ``part_data["name"]``, else ``part_data["terms"]``. Or a name an item.
    labels : array-like of int (n,), optional
        Colours of items, for dissimilarities; -1 for none.
    size : float
        Width and height in pixels.
    title : str, optional
        What the picture is, for screen readers.
    theme : {"auto", "light", "dark"}
    n_jobs : int, optional

    Returns
    -------
    drawing : Drawing
        Edges are geodesics. ``measures``: "distortion" (the largest ratio of distances in the disc to those
        along the tree, by the smallest), "average precision" (1 when the parts next to each part are nearer
        than all others) and "nodes"; for dissimilarities "distortion", "error" (mean relative) and "scale".
        O(t^2) for t parts, for the measures.

    Raises
    ------
    InvalidDataError, InvalidParameterError

    References
    ----------
    F. Sala, C. De Sa, A. Gu and C. Ré, Representation tradeoffs for hyperbolic embeddings, ICML 2018.
    https://arxiv.org/abs/1804.03329

    J. Lamping, R. Rao and P. Pirolli, A focus+context technique based on hyperbolic geometry for visualizing
    large hierarchies, CHI 1995. https://doi.org/10.1145/223904.223956

    Examples
    --------
    >>> import partita as pt
    >>> h = pt.Hierarchy.from_labels([[0, 0, 0, 1, 1, 2], [0, 0, 1, 2, 3, 4]])
    >>> drawing = pt.draw.hyperbolic(h, epsilon=0.1)
    >>> drawing.measures["distortion"] <= 1.1, drawing.measures["average precision"]
    (True, 1.0)
    """
    values = {"epsilon": epsilon, "lengths": lengths, "size": size, "theme": theme}
    check_parameters("hyperbolic", _RULES, values)
    if not isinstance(h, Hierarchy):
        return _of_distances(h, names, labels, size, title, theme)
    h._part(focus)
    drawn, texts = drawn_tree(h, depth=depth), part_names(h, names)
    middle = np.flatnonzero((drawn.part == focus) & ~drawn.own)
    if not len(middle):
        raise InvalidParameterError(
            f"Part {focus} isn't drawn.", name="focus", got=focus, hint=f"it is deeper than depth={depth}"
        )
    given = np.ones(len(drawn.parent)) if lengths == "unit" else _height_lengths(h, drawn)
    with thread_scope(n_jobs):
        if epsilon is None:
            tree = short_tree(drawn.parent, given)
        else:
            tree = embed_tree(drawn.parent, given, epsilon=epsilon)
        fit = tree.fit
    svg = SvgWriter(size, size, title or f"{h.n_parts:,} parts in the hyperbolic plane", theme=theme)
    paint_nodes(svg, Disc.of(svg), drawn, tree.positions(int(middle[0])), texts)
    measures = {
        "nodes": float(len(drawn.parent)),
        "distortion": fit.distortion,
        "average precision": fit.average_precision,
    }
    return Drawing(svg.render(), "hyperbolic tree", size, size, measures=measures)


def short_tree(parent: np.ndarray, given: np.ndarray) -> HyperbolicTree:
    """A tree whose edges are just so long that subtrees, each in its sector, don't meet.

    From below: a subtree of radius r around its node is seen from its parent under an angle whose sine is
    ``sinh(r) / sinh(length)``, and never under a larger one than all that its own sectors hold.
    """
    degree, radius = degrees(parent), np.zeros(len(parent))
    length = np.zeros(len(parent))
    half = np.pi / np.maximum(degree, 2)
    reach = -np.log(np.tan(half / 2.0))
    stretch = given / given[1:].mean() if len(parent) > 1 else given
    for v in range(len(parent) - 1, 0, -1):
        p = parent[v]
        needed = min(np.arcsinh(np.sinh(min(radius[v], 300.0)) / np.sin(half[p])), reach[p] + reach[v])
        length[v] = max(_SHORTEST, needed) * max(1.0, stretch[v])
        radius[p] = max(radius[p], length[v] + radius[v])
    return HyperbolicTree(parent, equal_angles(parent), length, given)


def _height_lengths(h: Hierarchy, drawn: Drawn) -> np.ndarray:
    """Differences of heights along edges; what has no bound is as long as all that have."""
    height = np.where(drawn.own, 0.0, h.height[drawn.part])
    finite = np.isfinite(height)
    height[~finite] = 2.0 * np.abs(height[finite]).max(initial=0.5)
    given = np.ones(len(height))
    given[1:] = np.abs(height[drawn.parent[1:]] - height[1:])
    mean = given[1:].mean() if len(given) > 1 else 1.0
    return np.maximum(given, _SHORT_SHARE * mean) if mean > 0 else np.ones(len(height))


def _of_distances(
    distances: Any, names: Any, labels: Any, size: float, title: str | None, theme: str
) -> Drawing:
    points = hyperbolic_mds(distances)
    n = len(points.space)
    texts = [""] * n if names is None else [clean(name) for name in names]
    groups = np.zeros(n, np.intp) if labels is None else np.asarray(labels)
    for name, given in (("names", texts), ("labels", groups)):
        if len(given) != n:
            raise InvalidDataError(
                f"{name} doesn't fit.", name=name, allowed=f"{n} of them", got=f"{len(given)}"
            )
    if groups.dtype.kind not in "iu":
        raise InvalidDataError("labels must be integers.", name="labels", got=groups.dtype)
    svg = SvgWriter(size, size, title or f"{n:,} items in the hyperbolic plane", theme=theme)
    positions = points.positions
    plane = positions[:, 0] + 1j * (positions[:, 1] if positions.shape[1] > 1 else 0.0)
    paint_points(svg, Disc.of(svg), plane, groups, texts)
    measures = {"distortion": points.distortion, "error": points.error, "scale": points.scale}
    return Drawing(svg.render(), "hyperbolic map", size, size, measures=measures)
