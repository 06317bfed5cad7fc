"""The columns of X in which a part stands out. Callers: ``report.payload``."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError
from partita.hierarchy import Hierarchy
from partita.report.parts import clip
from partita.report.sample import spread_positions

MOST_COLUMNS = 500
_SHOWN = 6
_SHOWN_IN_ALL = 300_000
_LEAST = 25
_MOST_VALUES = 400_000_000
_MOST_MEANS = 12_000_000
_CHUNK = 4_000_000


def check_columns(columns: Any, X: Any) -> list[str] | None:
    """Names of the columns of `X`, or None when there are none.

    Raises
    ------
    InvalidDataError
        When there is no X, or another number of columns.
    """
    if columns is None:
        return None
    names = [str(name) for name in columns]
    width = None if X is None else X.shape[1]
    if len(names) != width:
        raise InvalidDataError(
            f"There are {len(names)} column names, and X has {width or 'no'} columns.",
            name="columns",
            hint="give one name a column of X",
        )
    return names


def standing_out(h: Hierarchy, parts: np.ndarray, X: Any, names: list[str] | None) -> dict[str, Any] | None:
    """For every part the columns in which its mean lies farthest from the mean of all.

    Parameters
    ----------
    h : Hierarchy
    parts : intp[p]
    X : array (n, d)
        Dense rows; of more than 4e8 values an evenly spread share is read.
    names : list of str or None
        Names of the columns.

    Returns
    -------
    far : dict or None
        ``name`` of every column; ``start``, ``column`` and ``away``: for each part at most six columns, the
        farthest first, with the distance in hundredths of the standard deviation of all; what is nearer than
        a quarter of a deviation is left out. None for sparse rows and more than 500 columns. O(n d + p d).
    """
    if not isinstance(X, np.ndarray) or X.shape[1] > MOST_COLUMNS or X.dtype.kind not in "fiub":
        return None
    served = parts[: len(parts)]
    most = max(1, _MOST_MEANS // max(1, X.shape[1]))
    if len(parts) > most:
        served = np.sort(parts[np.lexsort((parts, -h.sizes[parts]))[:most]])
    away = _away(h, served, X)
    each = int(np.clip(_SHOWN_IN_ALL // max(1, len(parts)), 3, _SHOWN))
    columns = np.argsort(-np.abs(away), axis=1, kind="stable")[:, :each]
    chosen = np.take_along_axis(away, columns, axis=1)
    kept = np.abs(chosen) >= _LEAST
    count = np.zeros(len(parts), dtype=np.intp)
    count[np.searchsorted(parts, served)] = kept.sum(axis=1)
    known = names or [f"column {j}" for j in range(X.shape[1])]
    return {
        "name": [clip(name, 80) for name in known],
        "start": np.concatenate([[0], np.cumsum(count)]),
        "column": columns[kept],
        "away": chosen[kept],
    }


def _away(h: Hierarchy, parts: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Hundredths of deviations between the mean of each part and that of all, int16[p, d]."""
    positions = spread_positions(0, h.n_items, max(1, _MOST_VALUES // max(1, X.shape[1])))
    if len(positions) == 0:
        return np.zeros((len(parts), X.shape[1]), dtype=np.int16)
    items = h.order[positions]
    mean, deviation = _moments(X, items)
    scale = np.divide(1.0, deviation, out=np.zeros_like(deviation), where=deviation > 0)
    bounds = np.concatenate([h.start[parts], h.stop[parts]])
    edges = np.searchsorted(positions, bounds)
    places, back = np.unique(edges, return_inverse=True)
    sums = _prefix_sums(X, items, places, mean, scale)
    first, last = back[: len(parts)], back[len(parts) :]
    rows = (places[last] - places[first])[:, None]
    away = (sums[last] - sums[first]) / np.maximum(rows, 1)
    return np.rint(np.clip(100 * away, -32_000, 32_000)).astype(np.int16)


def _moments(X: np.ndarray, items: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column over `items`, in two passes."""
    step = max(1, _CHUNK // X.shape[1])
    total, square = np.zeros(X.shape[1]), np.zeros(X.shape[1])
    for begin in range(0, len(items), step):
        total += np.asarray(X[items[begin : begin + step]], dtype=np.float64).sum(axis=0)
    mean = total / len(items)
    for begin in range(0, len(items), step):
        square += ((np.asarray(X[items[begin : begin + step]], dtype=np.float64) - mean) ** 2).sum(axis=0)
    return mean, np.sqrt(square / len(items))


def _prefix_sums(
    X: np.ndarray, items: np.ndarray, places: np.ndarray, mean: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """Sums of the standardised rows before each of the ascending `places`, float64[len(places), d]."""
    step = max(1, _CHUNK // X.shape[1])
    sums = np.zeros((len(places), X.shape[1]))
    carry = np.zeros(X.shape[1])
    for begin in range(0, len(items), step):
        rows = (np.asarray(X[items[begin : begin + step]], dtype=np.float64) - mean) * scale
        running = np.cumsum(rows, axis=0) + carry
        inside = slice(*np.searchsorted(places, [begin + 1, begin + len(rows) + 1]))
        sums[inside] = running[places[inside] - begin - 1]
        carry = running[-1]
    return sums
