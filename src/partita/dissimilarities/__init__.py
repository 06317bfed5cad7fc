"""Makers of parts from distances of any kind, names resolved on first use. Called by the doors and users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from partita._core.lazy import lazy_names

_PUBLIC: dict[str, str] = {
    "KMedoids": "partita.dissimilarities.kmedoids",
}

__all__ = ["KMedoids"]

if TYPE_CHECKING:
    from partita.dissimilarities.kmedoids import KMedoids

__getattr__, __dir__ = lazy_names(__name__, _PUBLIC)
