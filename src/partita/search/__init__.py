"""Use parts to find things, names resolved on first use: pooled vectors of documents. For users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from partita._core.lazy import lazy_names

_PUBLIC = {
    "Pooled": "partita.search.pooled",
    "pool": "partita.search.pooling",
    "pool_sequence": "partita.search.pooling",
    "pseudo_queries": "partita.search.pooling",
}

__all__ = ["Pooled", "pool", "pool_sequence", "pseudo_queries"]

if TYPE_CHECKING:
    from partita.search.pooled import Pooled
    from partita.search.pooling import pool, pool_sequence, pseudo_queries

__getattr__, __dir__ = lazy_names(__name__, _PUBLIC)
