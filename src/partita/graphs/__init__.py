"""Makers of parts from graphs, names resolved on first use. Called by text, the doors and users."""

from __future__ import annotations

from partita._core.lazy import lazy_names

_PUBLIC: dict[str, str] = {}

__all__: list[str] = []

__getattr__, __dir__ = lazy_names(__name__, _PUBLIC)
