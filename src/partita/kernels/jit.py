"""The one decorator of all kernels, and the one switch for their disk cache (``PARTITA_KERNEL_CACHE=0``)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numba

CACHE = os.environ.get("PARTITA_KERNEL_CACHE", "1").strip() != "0"


def jit(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """``numba.njit`` that releases the GIL and caches on disk; `options` (inline …) pass through."""
    settings: dict[str, Any] = {"nogil": True, "cache": CACHE, "error_model": "numpy", **options}
    return numba.njit(**settings) if function is None else numba.njit(**settings)(function)
