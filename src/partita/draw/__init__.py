"""Pictures of nested parts as SVG, names resolved on first use. Callers: report, cli, users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from partita._core.lazy import lazy_names

_PUBLIC = {
    "Drawing": "partita.draw.drawing",
    "HyperbolicPoints": "partita.draw._hyperbolic_mds",
    "HyperbolicTree": "partita.draw._hyperbolic_tree",
    "UltrametricPoints": "partita.draw._ultrametric",
    "circle": "partita.draw.circle_drawing",
    "dendrogram": "partita.draw.dendrogram_drawing",
    "embed_tree": "partita.draw._hyperbolic_tree",
    "embed_ultrametric": "partita.draw._ultrametric",
    "hyperbolic": "partita.draw.hyperbolic_drawing",
    "hyperbolic_mds": "partita.draw._hyperbolic_mds",
    "icicle": "partita.draw.icicle_drawing",
    "map": "partita.draw.map_drawing",
    "plane_positions": "partita.draw._plane",
    "treemap": "partita.draw.treemap_drawing",
}

__all__ = [
    "Drawing",
    "HyperbolicPoints",
    "HyperbolicTree",
    "UltrametricPoints",
    "circle",
    "dendrogram",
    "embed_tree",
    "embed_ultrametric",
    "hyperbolic",
    "hyperbolic_mds",
    "icicle",
    "map",
    "plane_positions",
    "treemap",
]

if TYPE_CHECKING:
    from partita.draw._hyperbolic_mds import HyperbolicPoints, hyperbolic_mds
    from partita.draw._hyperbolic_tree import HyperbolicTree, embed_tree
    from partita.draw._plane import plane_positions
    from partita.draw._ultrametric import UltrametricPoints, embed_ultrametric
    from partita.draw.circle_drawing import circle
    from partita.draw.dendrogram_drawing import dendrogram
    from partita.draw.drawing import Drawing
    from partita.draw.hyperbolic_drawing import hyperbolic
    from partita.draw.icicle_drawing import icicle
    from partita.draw.map_drawing import map
    from partita.draw.treemap_drawing import treemap

__getattr__, __dir__ = lazy_names(__name__, _PUBLIC)
