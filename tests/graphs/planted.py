"""Random graphs with communities within communities."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp


def planted_graph(
    sizes: list[int], rates: list[float], fanout: tuple[int, ...], seed: int = 0
) -> tuple[sp.csr_array, np.ndarray]:
    """A graph of leaf communities, and the leaf of each node (shuffled).

    Two nodes are joined with ``rates[d]``, d the number of levels that they share; `fanout` says how many
    communities each level holds, from the top.
    """
    rng = np.random.default_rng(seed)
    leaf = np.repeat(np.arange(len(sizes)), sizes)
    shared = np.zeros((len(sizes), len(sizes)), int)
    width = len(sizes)
    for children in fanout:
        width //= children
        group = np.arange(len(sizes)) // width
        shared += group[:, None] == group
    n = len(leaf)
    edge = np.triu(rng.random((n, n)) < np.array(rates)[shared][np.ix_(leaf, leaf)], 1)
    order = rng.permutation(n)
    A = sp.csr_array((edge | edge.T).astype(float))
    return A[order][:, order], leaf[order]
