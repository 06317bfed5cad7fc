"""Pictures of nested parts as SVG, names resolved on first use. Callers: report, cli, users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from partita._core.lazy import lazy_names

_PUBLIC = {
    "Drawing": "partita.draw.drawing",
    "treemap": "partita.draw.treemap",
}

__all__ = ["Drawing", "treemap"]

if TYPE_CHECKING:
    from partita.draw.drawing import Drawing
    from partita.draw.treemap import treemap

__getattr__, __dir__ = lazy_names(__name__, _PUBLIC)
