"""The columns of X in which a part stands out. Callers: ``report.payload``."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError
from partita.hierarchy import Hierarchy
from partita.report.sample import spread_positions

MOST_COLUMNS = 500
_SHOWN = 6
_LEAST = 0.25
_ROWS = 2_000_000


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


def standing_out(h: Hierarchy, parts: np.ndarray, X: np.ndarray) -> list[list[tuple[int, float]]]:
    """For every part the columns in which its mean lies farthest from the mean of all, in deviations of all.

    Parameters
    ----------
    h : Hierarchy
    parts : intp[p]
    X : array (n, d)
        Dense rows; a bounded and evenly spread sample of them is read.

    Returns
    -------
    columns : list of list of (column, deviations)
        At most six a part, the farthest first; differences below a quarter of a deviation are left out.
    """
    most = int(np.clip(_ROWS // max(1, len(parts) * X.shape[1]), 16, 4096))

    def rows(part: int) -> np.ndarray:
        positions = spread_positions(int(h.start[part]), int(h.stop[part]), 10 * most if part == 0 else most)
        return np.asarray(X[np.sort(h.order[positions])], dtype=np.float64)

    everything = rows(0)
    if len(everything) == 0:
        return [[] for _ in parts]
    mean, deviation = everything.mean(axis=0), everything.std(axis=0)
    scale = np.divide(1.0, deviation, out=np.zeros_like(deviation), where=deviation > 0)
    return [_farthest((rows(part).mean(axis=0) - mean) * scale) if h.sizes[part] else [] for part in parts]


def _farthest(away: np.ndarray) -> list[tuple[int, float]]:
    order = np.lexsort((np.arange(len(away)), -np.round(np.abs(away), 6)))[:_SHOWN]
    return [(int(j), round(float(away[j]), 2)) for j in order if abs(away[j]) >= _LEAST]
