"""Makers of parts from vectors, names resolved on first use. Called by text, the doors and users."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'partita.points' has no attribute {name!r}")
    value = getattr(importlib.import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
