"""Makers of parts from vectors, names resolved on first use. Called by text, the doors and users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from partita._core.lazy import lazy_names

_PUBLIC = {
    "DenseVote": "partita.points.dense_vote",
    "HierarchicalKMeans": "partita.points.hierarchical_kmeans",
    "KMeans": "partita.points.kmeans",
    "PPP": "partita.points.ppp",
    "SphericalKMeans": "partita.points.spherical_kmeans",
    "TreeMixture": "partita.points.tree_mixture",
}

__all__ = ["PPP", "DenseVote", "HierarchicalKMeans", "KMeans", "SphericalKMeans", "TreeMixture"]

if TYPE_CHECKING:
    from partita.points.dense_vote import DenseVote
    from partita.points.hierarchical_kmeans import HierarchicalKMeans
    from partita.points.kmeans import KMeans
    from partita.points.ppp import PPP
    from partita.points.spherical_kmeans import SphericalKMeans
    from partita.points.tree_mixture import TreeMixture

__getattr__, __dir__ = lazy_names(__name__, _PUBLIC)
