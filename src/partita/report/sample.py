"""Which parts and members a page holds: bounded, and the same every time. Callers: ``report.payload``."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita.hierarchy import Hierarchy

MOST_PARTS = 120_000
_CANDIDATE_ROWS = 400_000


def outline(h: Hierarchy) -> np.ndarray:
    """The parts of the named levels, ascending: what one sees first of a deep tree; all if none is named.

    Returns
    -------
    parts : intp[p]
        The root is the first.
    """
    if len(h.levels) <= 1:
        return np.arange(h.n_parts, dtype=np.intp)
    return np.unique(np.concatenate(h.levels)).astype(np.intp)


def choose_parts(h: Hierarchy, most: int = MOST_PARTS) -> np.ndarray:
    """The `most` largest parts, those of the named levels before others, in preorder.

    Returns
    -------
    parts : intp[<= most]
        Ascending part ids; the root is the first.
    """
    if h.n_parts <= most:
        return np.arange(h.n_parts, dtype=np.intp)
    unnamed = np.ones(h.n_parts, bool)
    unnamed[outline(h)] = False
    unnamed[0] = False
    by_size = np.lexsort((np.arange(h.n_parts), -h.sizes, unnamed))
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


def choose_members(
    h: Hierarchy, parts: np.ndarray, X: Any, per_part: np.ndarray, most: int
) -> list[np.ndarray]:
    """Sample members of each part: those nearest to its mean when there is `X`, else spread over its slice.

    Parameters
    ----------
    h : Hierarchy
    parts : intp[p]
        Parts to sample.
    X : array or sparse matrix (n, d), or None
    per_part : intp[p]
        Members of each part, at most.
    most : int
        Distinct members in all, about. Parts with more to show are served first, then larger ones; the rest
        stay empty.

    Returns
    -------
    members : list of intp
        Item ids, one array a part, nearest to the mean first or in the hierarchy's order.
    """
    chosen: list[np.ndarray] = [np.empty(0, np.intp)] * len(parts)
    seen: set[int] = set()
    fair = min(4096, _CANDIDATE_ROWS // max(1, len(parts)))
    for index in np.lexsort((parts, -h.sizes[parts], -per_part)):
        if len(seen) >= most:
            break
        start, stop = int(h.start[parts[index]]), int(h.stop[parts[index]])
        if X is None:
            members = np.asarray(h.order[spread_positions(start, stop, int(per_part[index]))])
        else:
            candidates = np.asarray(
                h.order[spread_positions(start, stop, max(fair, 8 * int(per_part[index])))]
            )
            members = _nearest_to_mean(X, candidates, int(per_part[index]))
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
