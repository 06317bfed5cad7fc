"""Treemaps: a region for every part, nested, its area the share of its weight."""

from __future__ import annotations

from typing import Any

from partita._core.params import OneOf, Real, Rule, check_parameters
from partita.draw._drawn import drawn_tree, heaviest_first, part_names
from partita.draw._layouts import LAYOUTS, measure, regions_of
from partita.draw._svg import THEMES, SvgWriter
from partita.draw._treemap_paint import paint
from partita.draw.drawing import Drawing
from partita.hierarchy import Hierarchy

_RULES: dict[str, Rule] = {
    "layout": OneOf(tuple(LAYOUTS)),
    "width": Real(low=16.0, high=20_000.0),
    "height": Real(low=16.0, high=20_000.0),
    "order": OneOf(("hierarchy", "weight")),
    "theme": OneOf(THEMES),
}


def treemap(
    h: Hierarchy,
    layout: str = "squarified",
    *,
    sample_weight: Any = None,
    width: float = 960.0,
    height: float = 600.0,
    depth: int | None = None,
    levels: Any = None,
    order: str = "hierarchy",
    names: Any = None,
    title: str | None = None,
    theme: str = "auto",
) -> Drawing:
    """A picture in which every part is a region, inside that of its parent, with its share of the area.

    Areas are exact, and what was reached is measured and printed. Siblings keep the order of the hierarchy,
    so that a small change of weights moves them little. Parts too small to be seen, and those without weight,
    are marked by a dot. Labels are as large as fits, are shortened between letters and never overlap.

    Parameters
    ----------
    h : Hierarchy
        What to draw. Items that lie in no child of their part make a region of their own.
    layout : str
        ``"squarified"``: rows of rectangles (Bruls et al.); quick, but slivers are possible.
        ``"rectangular"``: rectangles of bounded aspect ratio, for at most 5 % of a leaf's area (de Berg et
        al., with slack).
        ``"orthoconvex"``: leaves are rectangles, L and S shapes, other parts upright polygons without
        dents; aspects are at most 12 and 64, whatever the tree, unless the picture itself is longer than 8
        times its width. ``"convex"``: convex polygons, upright where they can be; aspects grow with the
        depth at most. ``"polygonal"``: convex polygons, each cut in the direction that leaves the fattest
        parts.
    sample_weight : array-like (n,), optional
        A weight an item, none negative; default: 1 each.
    width, height : float
        Size in pixels.
    depth : int, optional
        Draw parts at most so many edges below the root.
    levels : int or sequence of int, optional
        Draw only the parts of these named levels.
    order : {"hierarchy", "weight"}
        Siblings as they stand, which is stable when weights change; or the heaviest first, which makes
        squarified layouts rounder when there is a `sample_weight`.
    names : sequence of str, length m, optional
        A name a part; default: ``part_data["name"]``, else ``part_data["terms"]``.
    title : str, optional
        What the picture is, for screen readers.
    theme : {"auto", "light", "dark"}
        Colours for light or dark paper; ``"auto"`` follows the reader's setting.

    Returns
    -------
    drawing : Drawing
        ``aspect`` and ``area_error`` are those of the leaves with weight. O(n + m).

    Raises
    ------
    InvalidParameterError
        For an unknown layout or theme, a size outside 16 to 20,000, or a level that isn't there.
    InvalidDataError
        When weights or names don't fit.

    References
    ----------
    Bruls, Huizing, van Wijk, "Squarified Treemaps", 2000, DOI 10.1007/978-3-7091-6783-0_4.

    de Berg, Onak, Sidiropoulos, "Fat Polygonal Partitions with Applications to Visualization and
    Embeddings", 2013, arXiv 1009.1866.

    de Berg, Speckmann, van der Weele, "Treemaps with Bounded Aspect Ratio", 2014, arXiv 1012.1749.

    Examples
    --------
    >>> import partita as pt
    >>> h = pt.Hierarchy.from_labels([[0, 0, 0, 1, 1, 2]])
    >>> pt.draw.treemap(h, width=300, height=200)
    Drawing(squarified treemap, 300 x 200, aspect 2.25, area error 4.4e-16; leaves 3)
    """
    check_parameters(
        "treemap",
        _RULES,
        {"layout": layout, "width": width, "height": height, "order": order, "theme": theme},
    )
    drawn = drawn_tree(h, sample_weight, depth=depth, levels=levels)
    drawn = heaviest_first(drawn) if order == "weight" else drawn
    texts = part_names(h, names)
    regions = regions_of(layout, drawn, width, height)
    heading = title or f"Treemap of {h.n_items:,} items in {h.n_parts:,} parts"
    svg = SvgWriter(width, height, heading, theme=theme)
    paint(svg, drawn, regions, texts)
    leaves = int(drawn.leaf.sum())
    dots = leaves - int(regions.leaf.sum())
    facts = {"leaves": float(leaves)} | ({"without region": float(dots)} if dots else {})
    if len(regions.node) == 0:
        return Drawing(svg.render(), f"{layout} treemap", width, height, measures=facts)
    measured = measure(regions.polygons, regions.leaf, drawn.weight[regions.node])
    return Drawing(svg.render(), f"{layout} treemap", width, height, *measured, facts)
