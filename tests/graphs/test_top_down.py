"""TopDown: the baseline of BottomUp."""

from __future__ import annotations

import numpy as np
from scipy.linalg import block_diag

from graphs.planted import planted_graph
from partita.graphs import TopDown


def test_planted_tree_is_found_where_it_is_clear():
    A, z = planted_graph([60] * 4, [0.02, 0.12, 0.6], fanout=(2, 2), seed=1)
    h = TopDown().fit(A).hierarchy_
    h.check()
    for labels, truth in ((h.cut(n_clusters=2).labels, z // 2), (h.labels(), z)):
        assert len({(a, b) for a, b in zip(labels.tolist(), truth.tolist())}) == len(np.unique(truth))
    assert h.made_by.certificates["inversions"] == 0


def test_inversions_are_counted_and_repaired():
    """Two dense groups, of which one holds two that are hardly joined: the lower division is the sparser."""
    A = block_diag(*[np.ones((8, 8)) - np.eye(8)] * 3)
    A[:8, 8:16] = np.eye(8)[:, ::-1]
    A[0:2, 16:] = 1.0
    A[8, 16:20] = 1.0
    tree = TopDown().fit(np.maximum(A, A.T))
    h = tree.hierarchy_
    h.check()
    assert (h.height[h.parent[1:]] >= h.height[1:]).all()


def test_components_come_first_and_the_order_of_nodes_does_not_matter():
    A, _ = planted_graph([30] * 4, [0.0, 0.1, 0.6], fanout=(2, 2), seed=4)
    one = TopDown().fit(A)
    assert np.isinf(one.hierarchy_.height[0])
    p = np.random.default_rng(0).permutation(120)
    np.testing.assert_array_equal(TopDown(n_jobs=1).fit(A[p][:, p]).labels_, one.labels_[p])


def test_depth_and_small_graphs():
    A, _ = planted_graph([30] * 4, [0.02, 0.1, 0.6], fanout=(2, 2), seed=4)
    assert TopDown(max_depth=1).fit(A).n_clusters_ == 2
    for n in (0, 1, 3):
        tree = TopDown().fit(np.zeros((n, n)))
        tree.hierarchy_.check()
        assert len(np.unique(tree.labels_)) == n
