"""Makers of parts from distances of any kind, names resolved on first use. Called by the doors and users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from partita._core.lazy import lazy_names

_PUBLIC: dict[str, str] = {
    "ExcisiveClustering": "partita.dissimilarities.excisive",
    "KMedoids": "partita.dissimilarities.kmedoids",
    "SchemeReport": "partita.dissimilarities.schemes",
    "check_scheme": "partita.dissimilarities.schemes",
}

__all__ = ["ExcisiveClustering", "KMedoids", "SchemeReport", "check_scheme"]

if TYPE_CHECKING:
    from partita.dissimilarities.excisive import ExcisiveClustering
    from partita.dissimilarities.kmedoids import KMedoids
    from partita.dissimilarities.schemes import SchemeReport, check_scheme

__getattr__, __dir__ = lazy_names(__name__, _PUBLIC)
