"""Pictures of nested parts as SVG, names resolved on first use. Callers: report, cli, users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from partita._core.lazy import lazy_names

_PUBLIC = {
    "Drawing": "partita.draw.drawing",
    "HyperbolicPoints": "partita.draw._hyperbolic_mds",
    "HyperbolicTree": "partita.draw._hyperbolic_tree",
    "circle": "partita.draw.circle_drawing",
    "embed_tree": "partita.draw._hyperbolic_tree",
    "hyperbolic": "partita.draw.hyperbolic_drawing",
    "hyperbolic_mds": "partita.draw._hyperbolic_mds",
    "map": "partita.draw.map_drawing",
    "plane_positions": "partita.draw._plane",
    "treemap": "partita.draw.treemap_drawing",
}

__all__ = [
    "Drawing",
    "HyperbolicPoints",
    "HyperbolicTree",
    "circle",
    "embed_tree",
    "hyperbolic",
    "hyperbolic_mds",
    "map",
    "plane_positions",
    "treemap",
]

if TYPE_CHECKING:
    from partita.draw._hyperbolic_mds import HyperbolicPoints, hyperbolic_mds
    from partita.draw._hyperbolic_tree import HyperbolicTree, embed_tree
    from partita.draw._plane import plane_positions
    from partita.draw.circle_drawing import circle
    from partita.draw.drawing import Drawing
    from partita.draw.hyperbolic_drawing import hyperbolic
    from partita.draw.map_drawing import map
    from partita.draw.treemap_drawing import treemap

__getattr__, __dir__ = lazy_names(__name__, _PUBLIC)
