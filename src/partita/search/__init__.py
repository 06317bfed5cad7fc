"""Use parts to find things, names resolved on first use: pooled vectors of documents. For users."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'partita.search' has no attribute {name!r}")
    value = getattr(importlib.import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
