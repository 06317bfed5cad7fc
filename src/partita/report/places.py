"""Where the items lie on the page's map. Callers: ``report.payload``."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError
from partita.hierarchy import Hierarchy
from partita.report.sample import spread_positions

_MOST_POINTS = 60_000
_STEPS = 65535.0
_OUTSIDE = 0.001


def check_positions(positions: Any, n_items: int) -> np.ndarray | None:
    """`positions` as float64[n, 2].

    Raises
    ------
    InvalidDataError
        When the shape is another, or a position isn't finite.
    """
    if positions is None:
        return None
    places = np.asarray(positions)
    if places.shape != (n_items, 2) or places.dtype.kind not in "fiu":
        raise InvalidDataError(
            "positions doesn't fit the hierarchy.",
            name="positions",
            allowed=f"numbers of shape ({n_items}, 2)",
            got=f"{places.dtype} of shape {places.shape}",
        )
    places = places.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(places).all(axis=1))
    if len(bad):
        raise InvalidDataError(f"The position of item {int(bad[0])} is not finite.", name="positions")
    return places


def point_columns(h: Hierarchy, X: Any, positions: np.ndarray | None) -> dict[str, Any] | None:
    """A spread of items on a plane: `positions` where given, else the plane along which the rows vary most.

    Returns
    -------
    points : dict or None
        ``position`` in the order of the hierarchy, ascending; ``x`` and ``y`` in 65535ths; ``source`` in
        words. None when there are neither positions nor rows of at least two columns.
    """
    if h.n_items == 0 or (positions is None and (X is None or X.shape[1] < 2)):
        return None
    spread = spread_positions(0, h.n_items, _MOST_POINTS)
    items = h.order[spread]
    if positions is not None:
        plane, source = positions[items], "places were given"
    elif X.shape[1] == 2:
        plane, source = _dense(X, items), "places are the two columns"
    else:
        plane, source = _widest_plane(_dense(X, items)), "places are on the plane along which rows vary most"
    x, y = _steps(plane)
    return {"position": spread, "x": x, "y": y, "source": source}


def _dense(X: Any, items: np.ndarray) -> np.ndarray:
    rows = X[items]
    return np.nan_to_num(np.asarray(rows.toarray() if hasattr(rows, "toarray") else rows, dtype=np.float64))


def _widest_plane(rows: np.ndarray) -> np.ndarray:
    """The first two principal components, the largest weight of each positive."""
    centred = rows - rows.mean(axis=0)
    if centred.shape[1] <= len(centred):
        axes = np.linalg.eigh(centred.T @ centred)[1][:, :-3:-1]
    else:
        axes = np.linalg.svd(centred, full_matrices=False)[2][:2].T
    if axes.shape[1] < 2:
        axes = np.column_stack([axes, np.zeros((axes.shape[0], 2 - axes.shape[1]))])
    signs = np.sign(axes[np.abs(np.round(axes, 9)).argmax(axis=0), np.arange(2)])
    return centred @ (axes * np.where(signs == 0, 1.0, signs))


def _steps(plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both coordinates in 65535ths of one square; the farthest few of a thousand come to its rim."""
    low, high = np.quantile(plane, [_OUTSIDE, 1 - _OUTSIDE], axis=0)
    side = float((high - low).max()) or 1.0
    margin = 0.05 * side
    middle = (low + high) / 2
    steps = np.clip((plane - middle) / (side + 2 * margin) + 0.5, 0.0, 1.0) * _STEPS
    rounded = np.rint(steps).astype(np.uint16)
    return rounded[:, 0], np.uint16(_STEPS) - rounded[:, 1]
