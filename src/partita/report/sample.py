"""Which parts and members a page holds: bounded, and the same every time. Callers: ``report.payload``."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita.hierarchy import Hierarchy

MOST_PARTS = 20_000
_CANDIDATE_ROWS = 400_000


def choose_parts(h: Hierarchy, most: int = MOST_PARTS) -> np.ndarray:
    """The `most` largest parts, in preorder. No parent is smaller than its child, so the choice is a tree.

    Returns
    -------
    parts : intp[<= most]
        Ascending part ids; the root is the first.
    """
    if h.n_parts <= most:
        return np.arange(h.n_parts, dtype=np.intp)
    by_size = np.lexsort((np.arange(h.n_parts), -np.asarray(h.sizes)))
    return np.sort(by_size[:most]).astype(np.intp)


def spread_positions(start: int, stop: int, most: int) -> np.ndarray:
    """At most `most` positions of ``start..stop``, evenly spread: multiples of a power of two.

    The samples are nested: what is chosen for a slice and lies in a sub-slice is chosen for that too, so that
    a tree of parts shares its samples.
    """
    step = 1
    while _multiples(start, stop, step) > most:
        step *= 2
    return np.arange(-(-start // step) * step, stop, step, dtype=np.intp)


def choose_members(h: Hierarchy, parts: np.ndarray, X: Any, per_part: int, most: int) -> list[np.ndarray]:
    """Sample members of each part: those nearest to its mean when there is `X`, else spread over its slice.

    Parameters
    ----------
    h : Hierarchy
    parts : intp[p]
        Parts to sample.
    X : array or sparse matrix (n, d), or None
    per_part : int
        Members a part, at most.
    most : int
        Distinct members in all, about; the largest parts are served first, the rest stay empty.

    Returns
    -------
    members : list of intp[<= per_part]
        Item ids, one array a part, nearest to the mean first or in the hierarchy's order.
    """
    chosen: list[np.ndarray] = [np.empty(0, np.intp)] * len(parts)
    seen: set[int] = set()
    most_candidates = int(np.clip(_CANDIDATE_ROWS // max(1, len(parts)), per_part, 4096))
    for index in np.argsort(-np.asarray(h.sizes)[parts], kind="stable"):
        if len(seen) >= most:
            break
        start, stop = int(h.start[parts[index]]), int(h.stop[parts[index]])
        if X is None:
            members = np.asarray(h.order[spread_positions(start, stop, per_part)])
        else:
            candidates = np.asarray(h.order[spread_positions(start, stop, most_candidates)])
            members = _nearest_to_mean(X, candidates, per_part)
        chosen[index] = members
        seen.update(members.tolist())
    return chosen


def _nearest_to_mean(X: Any, candidates: np.ndarray, most: int) -> np.ndarray:
    if len(candidates) == 0:
        return candidates
    rows = X[candidates]
    if hasattr(rows, "toarray"):
        mean = np.asarray(rows.mean(axis=0)).ravel()
        norms = np.asarray(rows.multiply(rows).sum(axis=1)).ravel()
    else:
        rows = np.asarray(rows, dtype=np.float64)
        mean = rows.mean(axis=0)
        norms = np.einsum("ij,ij->i", rows, rows)
    distance = norms - 2.0 * np.asarray(rows @ mean).ravel()
    nearest = np.lexsort((np.arange(len(candidates)), np.round(distance, 9)))[:most]
    return candidates[nearest]


def _multiples(start: int, stop: int, step: int) -> int:
    return -(-stop // step) - -(-start // step)
