"""The one decorator of all kernels, and the one switch for their disk cache (``PARTITA_KERNEL_CACHE=0``)."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any

import numba

CACHE = os.environ.get("PARTITA_KERNEL_CACHE", "1").strip() != "0"


def jit(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """``numba.njit`` that releases the GIL and caches on disk; `options` (inline …) pass through."""
    settings: dict[str, Any] = {"nogil": True, "cache": CACHE, "error_model": "numpy", **options}
    return _compiled(settings) if function is None else _compiled(settings)(function)


def _compiled(settings: dict[str, Any]) -> Callable[..., Any]:
    """The decorator; without a cache where neither the package nor the user's cache folder can be written."""

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(**settings)(function)
        except RuntimeError as error:
            if "no locator available" not in str(error):
                raise
        warnings.warn(
            "There is no folder to keep compiled kernels in: every process compiles them anew. "
            "Set NUMBA_CACHE_DIR to a folder that can be written, or PARTITA_KERNEL_CACHE=0 to hear no more.",
            RuntimeWarning,
            stacklevel=1,
        )
        return numba.njit(**{**settings, "cache": False})(function)

    return decorate
