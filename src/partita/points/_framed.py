"""Rows shifted and scaled so that squares are numbers, in content order. For the model-based makers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita.hierarchy.rows import CanonicalRows, canonical_rows

_MOST = 1e100


@dataclass(frozen=True)
class Framed:
    """Rows as ``(X * factor - shift) * scale``, all near 1; both factors are powers of two.

    Attributes
    ----------
    rows : CanonicalRows
        Of the framed rows, float64.
    factor, scale : float
    shift : float64[d]
    """

    rows: CanonicalRows
    factor: float
    shift: np.ndarray
    scale: float

    def see(self, X: np.ndarray) -> np.ndarray:
        """Rows in the frame, float64 (b, d); what lies very far is brought nearer."""
        with np.errstate(over="ignore"):
            seen = (X.astype(np.float64) * self.factor - self.shift) * self.scale
        return np.clip(seen, -_MOST, _MOST) + 0.0

    def undo(self, framed: np.ndarray) -> np.ndarray:
        """Rows of the frame in the units of the data, float64 (b, d)."""
        return (framed / self.scale + self.shift) / self.factor


def frame_rows(X: np.ndarray, weight: np.ndarray | None) -> Framed:
    """The frame of the rows of `X` that have weight; the same for any order of the rows."""
    rows = canonical_rows(X, weight)
    points = rows.points[rows.weight > 0.0].astype(np.float64)
    factor = _power_of_two(points)
    points *= factor
    shift = 0.5 * (points.min(axis=0) + points.max(axis=0))
    scale = _power_of_two(points - shift)
    framed = Framed(rows, factor, shift, scale)
    return Framed(canonical_rows(framed.see(X), weight), factor, shift, scale)


def _power_of_two(X: np.ndarray) -> float:
    """What brings the largest value near 1, exactly."""
    largest = float(np.abs(X).max(initial=0.0))
    return float(2.0 ** np.clip(-np.frexp(largest)[1], -1000, 1000)) if largest > 0.0 else 1.0
