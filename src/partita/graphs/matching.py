"""Which node of one graph is which of another: by partition trees, then by common neighbours. For users."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError, InvalidParameterError
from partita._core.memory import check_memory
from partita._core.params import Integer, check_parameters
from partita._core.threads import thread_scope
from partita.graphs._input import InputGraph, as_graph
from partita.hierarchy._arrays import as_integers

_RULES = {"depth": Integer(low=1, high=3), "max_iter": Integer(low=0)}
_MOST_FOUND = 5
_MOST_SIGNS = 5
_APART = 1e9
_LEAST_VARIANCE = 1e-9


@dataclass(frozen=True, eq=False)
class Matching:
    """Which node of a second graph stands for each node of a first.

    Attributes
    ----------
    nodes : int64[n]
        The node of the second graph for each of the first, -1 where it has none left.
    common_edges : int
        Edges of the first graph whose two ends are joined in the second too.
    agreement : float
        Common edges over those of the graph that has fewer; 1 for isomorphic graphs.
    settled : float
        Share of the matched nodes that have no more common neighbours with another node (of their community)
        than with the one given.
    n_iter : int
        Rounds of matching by common neighbours.
    converged : bool
        Whether the last round changed nothing.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> A = np.triu(rng.random((60, 60)) < 0.3, 1).astype(float)
    >>> A += A.T
    >>> order = rng.permutation(60)
    >>> found = match_graphs(A, A[order][:, order])
    >>> found.agreement, found.settled
    (1.0, 1.0)
    """

    nodes: np.ndarray
    common_edges: int
    agreement: float
    settled: float
    n_iter: int
    converged: bool


def match_graphs(
    first: Any,
    second: Any,
    *,
    communities: Any = None,
    depth: int = 1,
    max_iter: int = 50,
    n_jobs: int | None = None,
) -> Matching:
    """Match the nodes of two graphs that are noisy copies of one: no seeds, no names.

    *When to choose this*: two networks of the same people under other names, graphs of some hundred to some
    thousand nodes with many edges a node (some dozen at least), of which most are in both.

    Parameters
    ----------
    first, second : graphs
        As ``BottomUp`` takes them. Weights are not looked at.
    communities : None, int, or pair of array-like of int
        Communities that correspond: labels of the nodes of both graphs, with the same numbers. A number k has
        ``BottomUp`` look for k communities in each, and all ways to pair them tried (at most 5). None: one.
    depth : int
        Depth of the partition trees, 1 to 3: each level divides neighbours by the signs of their numbers of
        edges to the parts before.
    max_iter : int
        Most rounds of matching by common neighbours.
    n_jobs : int, optional
        Threads; the result is the same for any number.

    Returns
    -------
    matching : Matching

    Raises
    ------
    InvalidDataError
        For graphs or labels that can't be used.
    BudgetError
        When n_first times n_second numbers don't fit into the memory budget.

    Notes
    -----
    The partition tree of a node divides its neighbours by community and by whether they have more or fewer
    edges than the mean of their community to each community (at greater depth: to each class of nodes
    before). A leaf's signature is the sum over its nodes of those surpluses, to each community; two nodes are
    as far apart as the squared differences of their signatures over their variances, on average over the
    leaves. The assignment of least distance is the start. Then, until nothing changes, nodes are matched anew
    by the number of their neighbours that are matched to one another.

    The paper draws its leaves from deeper trees at random, proves exact recovery where degrees grow, and
    extends from its smallest community by seeds; here all leaves count and all communities are matched at
    once. O(n^2 L) for L leaves and O(n^3) for each assignment, n^2 numbers of memory.

    References
    ----------
    J. Yang, D. Shin and H. W. Chung, Efficient algorithms for exact graph matching on correlated stochastic
    block models with constant correlation, ICML 2023. https://arxiv.org/abs/2305.19666

    C. Mao, M. Rudelson and K. Tikhomirov, Exact matching of random graphs with constant correlation, Probab.
    Theory Relat. Fields 186 (2023). https://doi.org/10.1007/s00440-022-01184-3

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> A = np.triu(rng.random((80, 80)) < 0.3, 1).astype(float)
    >>> A += A.T
    >>> names = rng.permutation(80)
    >>> found = match_graphs(A, A[names][:, names])
    >>> bool((names[found.nodes] == np.arange(80)).all()), found.agreement
    (True, 1.0)
    """
    check_parameters("match_graphs", _RULES, {"depth": depth, "max_iter": max_iter})
    with thread_scope(n_jobs):
        pair = (as_graph(first, name="first"), as_graph(second, name="second"))
        check_memory(
            48 * max(pair[0].n, pair[1].n) ** 2,
            what=f"Distances of {pair[0].n} by {pair[1].n} nodes",
            alternative="match communities one by one",
        )
        both = [_dense(given) for given in pair]
        found = [_matched(both, labels, depth, max_iter) for labels in _labels_of(pair, communities, both)]
        return _given(max(found, key=lambda m: m.common_edges), pair)


def _dense(given: InputGraph) -> np.ndarray:
    from scipy.sparse import csr_array

    g = given.graph
    ones = np.ones(len(g.indices), np.float32)
    return csr_array((ones, g.indices, g.indptr), shape=(given.n, given.n)).toarray()


def _labels_of(
    pair: tuple[InputGraph, InputGraph], communities: Any, both: list[np.ndarray]
) -> list[list[np.ndarray]]:
    """Ways to label the nodes of both graphs, in canonical order."""
    if communities is None:
        return [[np.zeros(given.n, np.intp) for given in pair]]
    if isinstance(communities, (int, np.integer)) and not isinstance(communities, bool):
        return _found_labels(int(communities), both)
    if not isinstance(communities, (tuple, list)) or len(communities) != 2:
        raise InvalidParameterError(
            "The communities are not valid.",
            name="communities",
            allowed=f"None, a number from 1 to {_MOST_FOUND}, or labels of both graphs as a pair",
            got=communities,
        )
    labels = [
        given.canonical(as_integers(own, f"communities[{i}]", length=given.n))
        for i, (own, given) in enumerate(zip(communities, pair))
    ]
    only = np.setxor1d(labels[0], labels[1])
    if len(only):
        raise InvalidDataError(
            f"Community {only[0]} is in one of the graphs only.",
            name="communities",
            hint="use the same numbers",
        )
    names = np.unique(labels[0])
    return [[np.searchsorted(names, own) for own in labels]]


def _found_labels(k: int, both: list[np.ndarray]) -> list[list[np.ndarray]]:
    from partita.graphs.bottom_up import BottomUp

    if not 1 <= k <= _MOST_FOUND:
        raise InvalidParameterError(
            "Too many communities to try all ways to pair them.",
            name="communities",
            allowed=f"1 to {_MOST_FOUND}",
            got=k,
            hint="give labels of both graphs, with the same numbers",
        )
    first, second = (BottomUp(k).fit(A).labels_.astype(np.intp) for A in both)
    return [[first, np.array(way)[second]] for way in permutations(range(k))]


def _matched(both: list[np.ndarray], labels: list[np.ndarray], depth: int, max_iter: int) -> Matching:
    """Matching in canonical numbers."""
    from scipy.optimize import linear_sum_assignment

    apart = labels[0][:, None] != labels[1][None, :]
    cost = _distances(*(_signatures(A, own, depth) for A, own in zip(both, labels)))
    rows, columns = linear_sum_assignment(np.where(apart, _APART, cost))
    rounds, converged = 0, False
    common = _common(both, rows, columns)
    while rounds < max_iter and not converged:
        # Distances settle what common neighbours leave open; they count for less than one of these.
        score = np.where(apart, -_APART, common - 0.5 * cost / (1.0 + cost.max(initial=0.0)))
        new_rows, new_columns = linear_sum_assignment(score, maximize=True)
        converged = np.array_equal(rows, new_rows) and np.array_equal(columns, new_columns)
        rows, columns = new_rows, new_columns
        common = _common(both, rows, columns)
        rounds += 1
    return _summed_up(both, rows, columns, np.where(apart, -1.0, common), rounds, converged)


def _common(both: list[np.ndarray], rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Neighbours of each pair of nodes that are matched to one another, float32[n, n']."""
    return both[0][:, rows] @ both[1][columns]


def _summed_up(
    both: list[np.ndarray],
    rows: np.ndarray,
    columns: np.ndarray,
    common: np.ndarray,
    rounds: int,
    converged: bool,
) -> Matching:
    nodes = np.full(len(both[0]), -1, np.int64)
    nodes[rows] = columns
    shared = int((both[0][np.ix_(rows, rows)] * both[1][np.ix_(columns, columns)]).sum()) // 2
    fewer = min(int(A.sum()) // 2 for A in both)
    settled = common[rows, columns] >= common[rows].max(axis=1, initial=0.0)
    return Matching(
        nodes,
        shared,
        shared / fewer if fewer else 1.0,
        float(settled.mean()) if len(rows) else 1.0,
        rounds,
        converged,
    )


def _given(found: Matching, pair: tuple[InputGraph, InputGraph]) -> Matching:
    held = found.nodes >= 0
    nodes = np.full(pair[0].n, -1, np.int64)
    nodes[pair[0].order[held]] = pair[1].order[found.nodes[held]]
    return Matching(nodes, found.common_edges, found.agreement, found.settled, found.n_iter, found.converged)


@dataclass(frozen=True)
class _Signatures:
    """Surpluses of edges of the leaves of each node's partition tree, float64[n, leaves], and variances."""

    surplus: np.ndarray
    variance: np.ndarray


def _signatures(A: np.ndarray, labels: np.ndarray, depth: int) -> _Signatures:
    k = int(labels.max(initial=-1)) + 1
    surplus = _surplus(A, labels, k, labels)
    classes, n_classes = labels, k
    for _ in range(depth):
        towards = _surplus(A, classes, n_classes, labels)[:, :_MOST_SIGNS]
        classes = _divided(labels, towards)
        n_classes = k << towards.shape[1]
    leaf = np.zeros((len(A), n_classes))
    leaf[np.arange(len(A)), classes] = 1.0
    spread = np.zeros((k, k))
    for c in range(k):
        spread[c] = surplus[labels == c].var(axis=0)
    columns, variances = [], []
    for c in range(surplus.shape[1]):
        columns.append(A @ (leaf * surplus[:, c : c + 1]))
        variances.append(A @ (leaf * spread[labels, c][:, None]))
    if not columns:
        return _Signatures(np.zeros((len(A), 0)), np.zeros((len(A), 0)))
    return _Signatures(np.hstack(columns), np.hstack(variances))


def _surplus(A: np.ndarray, classes: np.ndarray, n_classes: int, labels: np.ndarray) -> np.ndarray:
    """Edges of each node to each class, less the mean of its community; float64[n, n_classes]."""
    own = np.zeros((len(A), n_classes))
    own[np.arange(len(A)), classes] = 1.0
    counts = A @ own
    for c in np.unique(labels):
        counts[labels == c] -= counts[labels == c].mean(axis=0)
    return counts


def _divided(labels: np.ndarray, surplus: np.ndarray) -> np.ndarray:
    """Classes of nodes by community and by the signs of their surpluses; the same numbers in all graphs."""
    bits = (surplus > 0.0).astype(np.intp) @ (1 << np.arange(surplus.shape[1], dtype=np.intp))
    return labels * (1 << surplus.shape[1]) + bits


def _distances(first: _Signatures, second: _Signatures) -> np.ndarray:
    """Mean over leaves of squared differences over variances, float64[n, n']."""
    total = np.zeros((len(first.surplus), len(second.surplus)))
    leaves = first.surplus.shape[1]
    for leaf in range(leaves):
        variance = first.variance[:, leaf, None] + second.variance[None, :, leaf] + _LEAST_VARIANCE
        total += np.square(first.surplus[:, leaf, None] - second.surplus[None, :, leaf]) / variance
    return total / max(leaves, 1)
