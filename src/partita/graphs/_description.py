"""How many nats a partition of a graph takes: the degree-corrected block model. For this room.

T. P. Peixoto, Nonparametric Bayesian inference of the microcanonical stochastic block model, Phys. Rev. E 95
(2017), doi:10.1103/PhysRevE.95.012317, arXiv:1610.02703; levels above blocks as in Phys. Rev. X 4 (2014),
doi:10.1103/PhysRevX.4.011047.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from partita.kernels.csr import Graph, contract
from partita.kernels.density_link import counts_describe, merges_describe, merges_sum


def log_choose(n: np.ndarray | float, k: np.ndarray | float) -> np.ndarray:
    """The logarithm of the binomial coefficient."""
    return gammaln(np.add(n, 1.0)) - gammaln(np.add(k, 1.0)) - gammaln(np.subtract(n, k) + 1.0)


def log_factorial(x: np.ndarray | float) -> np.ndarray:
    """The logarithm of x!."""
    return gammaln(np.add(x, 1.0))


def log_multisets(cells: np.ndarray | float, count: np.ndarray | float) -> np.ndarray:
    """The logarithm of the number of ways to put `count` alike into `cells`; 0 for no cells."""
    cells = np.maximum(cells, 1.0)
    return gammaln(np.add(cells, count)) - gammaln(cells) - gammaln(np.add(count, 1.0))


def block_cells(n_blocks: np.ndarray | float) -> np.ndarray:
    """Pairs of blocks, a block with itself too."""
    return np.multiply(n_blocks, np.add(n_blocks, 1.0)) / 2.0


def partition_nats(n: float, n_blocks: np.ndarray | int, log_sizes: np.ndarray) -> np.ndarray:
    """Nats that say which node is in which block; `log_sizes` is the sum of ln(size!) over blocks."""
    return log_choose(n - 1.0, n_blocks - 1.0) + log_factorial(n) - log_sizes + np.log(n)


def graph_nats(graph: Graph) -> float:
    """What does not depend on blocks: edges that are there several times, and the orders of their ends."""
    degree = np.add.reduceat(np.append(graph.weights, 0.0), graph.indptr[:-1]) if len(graph.indices) else 0.0
    degree = np.where(np.diff(graph.indptr) > 0, degree, 0.0) + graph.loops
    repeats = 0.5 * log_factorial(graph.weights).sum()
    own = 0.5 * graph.loops
    return float(repeats + (log_factorial(own) + own * np.log(2.0)).sum() - log_factorial(degree).sum())


def description_length(graph: Graph, labels: np.ndarray, n_blocks: int) -> float:
    """Nats of a graph of edges without weights, described by its blocks and nothing above them."""
    blocks = contract(graph, np.ascontiguousarray(labels, np.int32), n_blocks)
    none = np.empty(0, np.int64)
    return float(graph_nats(graph) + blocks_nats(blocks, none, none)[0] + uniform_nats(blocks, n_blocks))


def uniform_nats(blocks: Graph, n_blocks: np.ndarray | float) -> np.ndarray:
    """Nats of the counts of edges between so many blocks, when nothing is known of them but their sum."""
    return log_multisets(block_cells(n_blocks), 0.5 * (blocks.weights.sum() + blocks.loops.sum()))


def blocks_nats(blocks: Graph, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Nats of edges, degrees and the partition, the counts between blocks being known.

    Parameters
    ----------
    blocks : Graph
        The contracted graph; ``node_weight`` counts nodes.
    left, right : int64[m]
        Merges, as ``density_link`` numbers them.

    Returns
    -------
    nats : float64[m + 1]
        Before and after each merge.
    """
    size, ends = _grown(blocks.node_weight, left, right), _grown(_ends(blocks), left, right)
    counts = len(blocks.loops) - np.arange(len(left) + 1.0)
    alone = log_factorial(ends) + log_multisets(size, ends)
    change = np.empty(len(left))
    links = merges_describe(blocks, left, right, change) + np.concatenate([[0.0], np.cumsum(change)])
    return (
        links
        + _running(alone, left, right)
        + partition_nats(float(blocks.node_weight.sum()), counts, _running(log_factorial(size), left, right))
    )


def counts_nats(groups: Graph, size: np.ndarray) -> float:
    """Nats of the counts of edges between the parts of a level, given those between groups; and of these.

    Parameters
    ----------
    groups : Graph
        The graph contracted to the groups.
    size : int64[len(groups)]
        Parts in each group.
    """
    links = float(counts_describe(groups, size.astype(np.float64)))
    return links + float(partition_nats(float(size.sum()), len(size), log_factorial(size).sum()))


def _ends(blocks: Graph) -> np.ndarray:
    rows = np.repeat(np.arange(len(blocks.loops)), np.diff(blocks.indptr))
    return blocks.loops + np.bincount(rows, blocks.weights, minlength=len(blocks.loops))


def _grown(of_block: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """A sum for blocks and for every merge of them."""
    sums = np.empty(len(of_block) + len(left))
    merges_sum(np.ascontiguousarray(of_block, np.float64), left, right, sums)
    return sums


def _running(term: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The sum of a term over what is there before and after each merge."""
    n = len(term) - len(left)
    change = term[n:] - term[left] - term[right]
    return term[:n].sum() + np.concatenate([[0.0], np.cumsum(change)])
