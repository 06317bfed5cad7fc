"""Makers of parts from graphs, names resolved on first use. Called by text, the doors and users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from partita._core.lazy import lazy_names

_PUBLIC = {
    "LocalCluster": "partita.graphs.local_cluster",
    "LocalPart": "partita.graphs.local_cluster",
    "NeighbourhoodIndex": "partita.graphs.neighbourhood_index",
    "Ranked": "partita.graphs.neighbourhood_index",
}

__all__ = [
    "LocalCluster",
    "LocalPart",
    "NeighbourhoodIndex",
    "Ranked",
]

if TYPE_CHECKING:
    from partita.graphs.local_cluster import LocalCluster, LocalPart
    from partita.graphs.neighbourhood_index import NeighbourhoodIndex, Ranked

__getattr__, __dir__ = lazy_names(__name__, _PUBLIC)
