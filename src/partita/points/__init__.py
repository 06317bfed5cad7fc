"""Makers of parts from vectors, names resolved on first use. Called by text, the doors and users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from partita._core.lazy import lazy_names

_PUBLIC = {
    "HierarchicalKMeans": "partita.points.hierarchical_kmeans",
    "KMeans": "partita.points.kmeans",
    "PPP": "partita.points.ppp",
    "SphericalKMeans": "partita.points.spherical_kmeans",
}

__all__ = ["PPP", "HierarchicalKMeans", "KMeans", "SphericalKMeans"]

if TYPE_CHECKING:
    from partita.points.hierarchical_kmeans import HierarchicalKMeans
    from partita.points.kmeans import KMeans
    from partita.points.ppp import PPP
    from partita.points.spherical_kmeans import SphericalKMeans

__getattr__, __dir__ = lazy_names(__name__, _PUBLIC)
