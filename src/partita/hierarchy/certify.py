"""Certificates that the tree alone can prove; ``Hierarchy.check`` recomputes them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from partita._core.errors import InvalidDataError

if TYPE_CHECKING:
    from partita.hierarchy.model import Hierarchy


def noise_per_level(h: Hierarchy) -> list[int]:
    """Items in no part, for each named level."""
    return [int(h.n_items - h.sizes[level].sum()) for level in h.levels]


def imbalance_per_level(h: Hierarchy) -> list[float]:
    """For each named level, the largest part over the mean part, minus one; 0 is perfect balance."""
    return [
        float(h.sizes[level].max() / h.sizes[level].mean() - 1.0) if h.sizes[level].sum() else 0.0
        for level in h.levels
    ]


def largest_per_level(h: Hierarchy) -> list[int]:
    """Items in the largest part of each named level."""
    return [int(h.sizes[level].max(initial=0)) for level in h.levels]


CERTIFICATES: dict[str, Callable[[Hierarchy], Any]] = {
    "noise_per_level": noise_per_level,
    "imbalance_per_level": imbalance_per_level,
    "largest_per_level": largest_per_level,
}


def check_certificates(h: Hierarchy) -> None:
    """Recompute those of ``made_by.certificates`` that need the tree alone (`CERTIFICATES`).

    Raises
    ------
    InvalidDataError
        When a certificate does not hold.
    """
    for name, recompute in CERTIFICATES.items():
        if name not in h.made_by.certificates:
            continue
        claimed, true = h.made_by.certificates[name], recompute(h)
        if not _agree(claimed, true):
            raise InvalidDataError(
                f"The certificate {name!r} does not hold.", name=name, allowed=repr(true), got=claimed
            )


def _agree(claimed: Any, true: list[Any]) -> bool:
    claimed = claimed.tolist() if isinstance(claimed, np.ndarray) else claimed
    if not isinstance(claimed, (list, tuple)) or len(claimed) != len(true):
        return False
    numbers = all(isinstance(c, (int, float, np.number)) for c in claimed)
    return numbers and all(math.isclose(c, t, rel_tol=1e-9, abs_tol=1e-12) for c, t in zip(claimed, true))
