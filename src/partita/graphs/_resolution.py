"""Communities by modularity at one resolution. Called by ``BottomUp``."""

from __future__ import annotations

import numpy as np

from partita.graphs._leiden import Problem, no_limits, one_start
from partita.kernels.csr import Graph, row_sums


def partition_at(graph: Graph, resolution: float, max_size: int | None) -> np.ndarray:
    """Labels int32[n] that no move improves: modularity with so much weight on its size term.

    Parameters
    ----------
    graph : Graph
    resolution : float
        1 is modularity; with more, communities are smaller.
    max_size : int, optional
        Most nodes of a community.
    """
    n = len(graph.loops)
    degree = np.empty(n)
    row_sums(graph.indptr, graph.weights, graph.loops, degree)
    total = degree.sum()
    if total == 0.0:
        return np.arange(n, dtype=np.int32)
    problem = Problem(graph, degree[:, None], np.array([[resolution / total]]))
    limits = no_limits(n)
    if max_size is not None:
        limits = limits._replace(most=float(max_size))
    return one_start(problem, limits, np.arange(n, dtype=np.int32), 0, 1)
