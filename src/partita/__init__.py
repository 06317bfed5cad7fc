"""Partita divides any data into nested parts, and lets one use the parts.

The public names are resolved on first use, so that ``import partita`` costs
next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from partita._core.lazy import lazy_names

__version__ = "0.1.0"

_PUBLIC = {
    "BudgetError": "partita._core.errors",
    "Cover": "partita.hierarchy",
    "FileFormatError": "partita._core.errors",
    "Hierarchy": "partita.hierarchy",
    "InfeasibleError": "partita._core.errors",
    "InvalidDataError": "partita._core.errors",
    "InvalidParameterError": "partita._core.errors",
    "MissingPackageError": "partita._core.errors",
    "NOISE": "partita.hierarchy",
    "Partition": "partita.hierarchy",
    "PartitaError": "partita._core.errors",
    "Progress": "partita._core.progress",
    "compare": "partita.hierarchy",
    "divide": "partita._divide",
    "load": "partita.hierarchy",
}
_ROOMS = (
    "dissimilarities",
    "draw",
    "graphs",
    "hierarchy",
    "io",
    "points",
    "report",
    "search",
    "text",
    "transport",
)

__all__ = [
    "NOISE",
    "BudgetError",
    "Cover",
    "FileFormatError",
    "Hierarchy",
    "InfeasibleError",
    "InvalidDataError",
    "InvalidParameterError",
    "MissingPackageError",
    "PartitaError",
    "Partition",
    "Progress",
    "__version__",
    "compare",
    "dissimilarities",
    "divide",
    "draw",
    "graphs",
    "hierarchy",
    "io",
    "load",
    "points",
    "report",
    "search",
    "text",
    "transport",
]

if TYPE_CHECKING:
    from partita import dissimilarities, draw, graphs, hierarchy, io, points, report, search, text, transport
    from partita._core.errors import (
        BudgetError,
        FileFormatError,
        InfeasibleError,
        InvalidDataError,
        InvalidParameterError,
        MissingPackageError,
        PartitaError,
    )
    from partita._core.progress import Progress
    from partita._divide import divide
    from partita.hierarchy import NOISE, Cover, Hierarchy, Partition, load
    from partita.hierarchy.compare import compare

__getattr__, __dir__ = lazy_names(__name__, _PUBLIC, _ROOMS)
