"""A tree in the hyperbolic plane, with distances that can be trusted (Sarkar's construction)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from partita._core.errors import InvalidDataError, InvalidParameterError
from partita._core.threads import map_blocks, thread_scope
from partita.kernels.hyperbolic import frames_walk, nodes_distances, nodes_fit

_MOST_PAIRS = 1 << 27
_GROWTH = 1.25
_BLOCK = 64


class Fit(NamedTuple):
    """What was measured on an embedded tree."""

    distortion: float
    """The largest ratio of hyperbolic to tree distance by the smallest; at least 1."""
    average_precision: float
    """Mean average precision: 1 when the nodes next to each node are nearer to it than all others."""
    n_sources: int
    """From how many nodes the distances to all others were measured; exact when from all."""


@dataclass(frozen=True)
class HyperbolicTree:
    """A tree whose nodes are points of the hyperbolic plane.

    Attributes
    ----------
    parent : intp[t]
        -1 for the root, otherwise a node before it.
    angle : float64[t]
        The direction of each node from its parent, in the parent's frame (there, its own parent is at pi).
    length : float64[t]
        Hyperbolic length of the edge above each node; 0 for the root.
    given : float64[t]
        Its length in the tree.

    Examples
    --------
    >>> import partita as pt
    >>> tree = pt.draw.embed_tree([-1, 0, 0, 1, 1], epsilon=0.1)
    >>> tree.positions(focus=1).shape, bool(tree.positions(focus=1)[1] == 0)
    ((5,), True)
    """

    parent: np.ndarray
    angle: np.ndarray
    length: np.ndarray
    given: np.ndarray

    def distances(self, node: int) -> np.ndarray:
        """Hyperbolic distances from one node to all, float64[t]; O(t).

        Accurate to about 1e-12 wherever the node is: computed edge by edge, not from coordinates in the disc.
        """
        out = np.empty(len(self.parent))
        nodes_distances(self.parent, self.angle, self.length, self._node(node), out)
        return out

    def positions(self, focus: int = 0) -> np.ndarray:
        """Points of the Poincaré disc, complex128[t], with the node `focus` in the middle; O(t).

        Nodes further than about 37 from the focus lie on the rim as far as float64 can tell.
        """
        n = len(self.parent)
        a, b = np.empty(n, np.complex128), np.empty(n, np.complex128)
        scale, along = np.empty(n), np.empty(n)
        frames_walk(self.parent, self.angle, self.length, self.given, self._node(focus), a, b, scale, along)
        return b / np.conj(a)

    @cached_property
    def fit(self) -> Fit:
        """Distortion and mean average precision, over all pairs of up to about 11,000 nodes; else sampled."""
        return measure(self)

    def _node(self, node: int) -> int:
        if not 0 <= node < len(self.parent):
            raise InvalidParameterError(
                f"The tree has no node {node}.",
                name="focus",
                allowed=f"0 to {len(self.parent) - 1}",
                got=node,
            )
        return int(node)


def embed_tree(
    parent: Any, lengths: Any = None, *, epsilon: float = 0.1, n_jobs: int | None = None
) -> HyperbolicTree:
    """A tree in the hyperbolic plane, with distances within a factor of 1 + epsilon of those along the tree.

    *When to choose this*: whenever distances in a tree, or its neighbourhoods, are wanted as a geometry of
    two dimensions, which the flat plane has no room for.

    Parameters
    ----------
    parent : array-like of int, shape (t,)
        -1 for the first node, the root; otherwise a node before it.
    lengths : array-like of float, shape (t,), optional
        Positive lengths of the edges above each node (that of the root is ignored). Default: 1 each.
    epsilon : float
        The distortion is at most ``1 + epsilon``, up to one factor for all distances.
    n_jobs : int, optional

    Returns
    -------
    tree : HyperbolicTree

    Raises
    ------
    InvalidDataError
        For a parent that doesn't stand before its child, and lengths that are not positive, naming the node.
    InvalidParameterError
        For an epsilon that is not above 0.

    Notes
    -----
    Sarkar's construction: the edges of a node leave at equal angles, with lengths times
    ``(1 + epsilon) / epsilon * 2 * log(2 d / pi)``, d the largest degree, by the shortest edge. The result
    is measured, over all pairs of up to about 11,000 nodes, and the lengths grow until it holds. O(t) for
    the tree, O(t^2) for the certificate.

    References
    ----------
    F. Sala, C. De Sa, A. Gu and C. Ré, Representation tradeoffs for hyperbolic embeddings, ICML 2018.
    https://arxiv.org/abs/1804.03329

    R. Sarkar, Low distortion Delaunay embedding of trees in hyperbolic plane, Graph Drawing 2011.
    https://doi.org/10.1007/978-3-642-25878-7_34

    Examples
    --------
    >>> tree = embed_tree([-1, 0, 0, 1, 1], epsilon=0.1)
    >>> tree.fit.distortion <= 1.1, tree.fit.average_precision
    (True, 1.0)
    """
    parent = checked_parent(parent)
    given = checked_lengths(lengths, len(parent))
    if not 0.0 < epsilon < np.inf:
        raise InvalidParameterError(
            "epsilon is not valid.", name="epsilon", allowed="a number above 0", got=epsilon
        )
    shortest = float(given[1:].min(initial=np.inf))
    degree = degrees(parent)
    scale = (
        (1.0 + epsilon) / epsilon * 2.0 * np.log(max(2.0, 2.0 * degree.max() / np.pi)) / min(shortest, 1e300)
    )
    angle = equal_angles(parent)
    with thread_scope(n_jobs):
        while True:
            tree = HyperbolicTree(parent, angle, given * scale, given)
            if tree.fit.distortion <= 1.0 + epsilon:
                return tree
            scale *= _GROWTH


def measure(tree: HyperbolicTree) -> Fit:
    """Distances from all nodes, or from as many as 2**27 pairs allow, spread evenly over the numbering."""
    n = len(tree.parent)
    if n < 2:
        return Fit(1.0, 1.0, n)
    count = min(n, max(1, _MOST_PAIRS // n))
    sources = np.unique(np.linspace(0, n - 1, count).astype(np.intp))
    lowest, highest, precision = (np.empty(len(sources)) for _ in range(3))
    map_blocks(
        lambda s, e: nodes_fit(
            tree.parent, tree.angle, tree.length, tree.given, sources, s, e, lowest, highest, precision
        ),
        len(sources),
        _BLOCK,
    )
    distortion = max(1.0, float(highest.max() / lowest.min()))
    return Fit(distortion, float(precision.mean()), len(sources))


def degrees(parent: np.ndarray) -> np.ndarray:
    """Edges at each node, intp[t]."""
    degree = np.bincount(parent[1:], minlength=len(parent))
    degree[1:] += 1
    return degree


def equal_angles(parent: np.ndarray) -> np.ndarray:
    """Directions of children at equal angles, the parent's own parent taking the one at pi; float64[t]."""
    n = len(parent)
    degree = degrees(parent)
    order = np.argsort(parent, kind="stable")[1:]
    above = parent[order]
    first = np.searchsorted(above, above, side="left")
    rank = np.arange(n - 1) - first
    slot = np.where(above == 0, rank, rank + 1)
    angle = np.zeros(n)
    angle[order] = np.where(above == 0, 0.0, np.pi) + 2.0 * np.pi * slot / degree[above]
    return angle


def checked_parent(parent: Any) -> np.ndarray:
    """Parents as intp[t], each before its children."""
    array = np.asarray(parent)
    if array.ndim != 1 or not len(array) or array.dtype.kind not in "iu":
        raise InvalidDataError(
            "parent is no tree.", name="parent", allowed="a list of integers, -1 first", got=parent
        )
    array = np.ascontiguousarray(array, dtype=np.intp)
    numbers = np.arange(len(array))
    wrong = np.flatnonzero((array >= numbers) | ((array < 0) != (numbers == 0)))
    if len(wrong):
        raise InvalidDataError(
            f"The parent of node {wrong[0]} is not valid.",
            name="parent",
            allowed="-1 for node 0, otherwise a node before it",
            got=int(array[wrong[0]]),
        )
    return array


def checked_lengths(lengths: Any, n: int) -> np.ndarray:
    """Lengths of edges, float64[t], 0 for the root."""
    array = np.ones(n) if lengths is None else np.array(lengths, dtype=np.float64)
    if array.shape != (n,):
        raise InvalidDataError(
            "lengths has the wrong shape.", name="lengths", allowed=f"shape ({n},)", got=array.shape
        )
    wrong = np.flatnonzero(~(np.isfinite(array[1:]) & (array[1:] > 0))) + 1
    if len(wrong):
        raise InvalidDataError(
            f"The length of the edge above node {wrong[0]} is not valid.",
            name="lengths",
            allowed="finite numbers above 0",
            got=float(array[wrong[0]]),
        )
    array[0] = 0.0
    return array
