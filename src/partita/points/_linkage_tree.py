"""From merges to a hierarchy: ties merged at once, a level chosen, items put in place. Called by Linkage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from partita.hierarchy import Hierarchy, MadeBy
from partita.hierarchy.make import assemble
from partita.kernels.lance import Merges
from partita.kernels.tree_make import linkage_repair

# Heights that differ by less are equal: the last digits of sums come from the order of adding.
_SAME = 2.0**-40


@dataclass(frozen=True)
class Dendrogram:
    """Parts as merges, those of equal height as one, in an order where children come first.

    Attributes
    ----------
    parent : intp[p]
        -1 for the root.
    height : float64[p]
    row_part : intp[u]
        The part in which each distinct row first meets another; 0 where there is one row alone.
    """

    parent: np.ndarray
    height: np.ndarray
    row_part: np.ndarray

    @classmethod
    def of_merges(cls, merges: Merges, *, exact: bool) -> Dendrogram:
        """From merges with heights in the units of the data; `exact` keeps every merge as a part."""
        steps = len(merges.height)
        u = steps + 1
        if steps == 0:
            return cls(np.array([-1]), np.zeros(1), np.zeros(1, np.intp))
        height = merges.height.copy()
        # What is left of inversions is rounding: none of the criteria makes any.
        linkage_repair(merges.left.astype(np.intp), merges.right.astype(np.intp), u, height)
        above = np.full(2 * u - 1, -1, np.intp)
        above[merges.left] = above[merges.right] = np.arange(u, 2 * u - 1)
        above[-1], part = 2 * u - 2, np.arange(steps)
        if not exact:
            part = _without_ties(above[u:] - u, height)
        kept = np.flatnonzero(part == np.arange(steps))
        number = np.full(steps, -1, np.intp)
        number[kept] = np.arange(len(kept))
        parent = number[part[above[u:][kept] - u]]
        parent[-1] = -1
        return cls(parent, height[kept], number[part[above[:u] - u]])

    def gains(self) -> np.ndarray:
        """How many more clusters there are when a part is split, intp[p]."""
        held = np.bincount(self.row_part, minlength=len(self.parent))
        held += np.bincount(self.parent[self.parent >= 0], minlength=len(self.parent))
        return held - 1


def _without_ties(parent: np.ndarray, height: np.ndarray) -> np.ndarray:
    """The highest merge that each is one with, intp[p]; parents have larger numbers, the last is its own."""
    part = np.arange(len(height))
    tied = height[parent] <= height * (1.0 + _SAME)
    tied[-1] = False
    for v in np.flatnonzero(tied)[::-1]:
        top = part[parent[v]]
        if height[top] <= height[v] * (1.0 + _SAME):
            part[v] = top
    return part


@dataclass(frozen=True)
class Choice:
    """How many clusters, and why."""

    n_clusters: int
    why: str


def choose(tree: Dendrogram, *, ward: bool) -> Choice:
    """The number of clusters by the heights of a dendrogram, from 2 up to the square root of the rows.

    For Ward by the index of Calinski and Harabasz, which the heights tell; otherwise where the highest merge
    that is left out is largest against the next one. 1 for fewer than three distinct rows.
    """
    u = len(tree.row_part)
    heights, at = np.unique(-tree.height, return_inverse=True)
    heights, gains = -heights, np.bincount(at, tree.gains())
    clusters = 1 + np.cumsum(gains).astype(np.intp)
    possible = (clusters <= max(2, int(np.ceil(np.sqrt(u))))) & (clusters < u)
    if u < 3 or not possible.any():
        return Choice(1, "there is nothing between one cluster and single rows")
    last = int(np.flatnonzero(possible)[-1]) + 1
    following = heights[1 : last + 1]
    if ward:
        growth = np.bincount(at, 0.5 * (tree.height / tree.height.max()) ** 2 * tree.gains())
        within = np.cumsum(growth[::-1])[::-1]
        with np.errstate(divide="ignore"):
            index = (within[0] - within[1 : last + 1]) / within[1 : last + 1]
        index *= (u - clusters[:last]) / (clusters[:last] - 1)
        best = int(np.argmax(index))
        return Choice(int(clusters[best]), "the largest index of Calinski and Harabasz")
    with np.errstate(divide="ignore", over="ignore"):
        gap = np.where(following > 0.0, heights[:last] / following, np.inf)
    best = int(np.argmax(gap))
    return Choice(int(clusters[best]), f"the largest ratio of heights, {gap[best]:.4g}")


def hierarchy_of(
    tree: Dendrogram,
    inverse: np.ndarray,
    rank: np.ndarray,
    n_clusters: int,
    made_by: MadeBy,
) -> tuple[Hierarchy, np.ndarray]:
    """The hierarchy with the cut into `n_clusters` as its finest level.

    Parameters
    ----------
    tree : Dendrogram
    inverse : intp[n]
        The distinct row of each item; several items of a row are a part of height 0.
    rank : intp[n]
        The rank of each item by content.
    n_clusters : int
    made_by : MadeBy

    Returns
    -------
    hierarchy : Hierarchy
    row_part : intp[u]
        The deepest part that holds each distinct row.

    Raises
    ------
    InfeasibleError
        Where ties leave no such cut.
    """
    parent, height, part = _with_repeated(tree, inverse)
    plain, new_id = _assembled(part[inverse], parent, height, rank, [], made_by)
    if n_clusters == 1:
        return plain, new_id[part]
    cut = plain.cut(n_clusters=n_clusters)
    assert cut.parts is not None
    if cut.parts.min() >= 0:
        return plain.replace(levels=[np.zeros(1, np.intp), np.sort(cut.parts)]), new_id[part]
    # A row that is a cluster of the level by itself is a part, so that the level holds it.
    single = np.flatnonzero(np.isin(cut.labels[_first_items(inverse)], np.flatnonzero(cut.parts < 0)))
    old = np.empty(len(parent), np.intp)
    old[new_id] = np.arange(len(parent))
    own = len(parent) + np.arange(len(single))
    level = np.concatenate([old[cut.parts[cut.parts >= 0]], own])
    parent, height = np.concatenate([parent, part[single]]), np.concatenate([height, np.zeros(len(single))])
    part[single] = own
    made, new_id = _assembled(part[inverse], parent, height, rank, [level], made_by)
    return made, new_id[part]


def _with_repeated(tree: Dendrogram, inverse: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parents, heights and the part of each row, with a part for every row that several items share."""
    u, p = len(tree.row_part), len(tree.parent)
    if u == 1:
        return tree.parent, tree.height, tree.row_part.copy()
    repeated = np.flatnonzero(np.bincount(inverse, minlength=u) > 1)
    part = tree.row_part.copy()
    parent = np.concatenate([tree.parent, part[repeated]])
    part[repeated] = p + np.arange(len(repeated))
    return parent, np.concatenate([tree.height, np.zeros(len(repeated))]), part


def _first_items(inverse: np.ndarray) -> np.ndarray:
    """An item of each row."""
    return np.unique(inverse, return_index=True)[1]


def _assembled(
    item_part: np.ndarray,
    parent: np.ndarray,
    height: np.ndarray,
    rank: np.ndarray,
    levels: list[Any],
    made_by: MadeBy,
) -> tuple[Hierarchy, np.ndarray]:
    return assemble(
        item_part, parent, height, levels=levels, item_rank=rank, made_by=made_by,
        own_items_are="singletons",
    )  # fmt: skip
