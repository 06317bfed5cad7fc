"""Points for the distances of a hierarchy: measured truly, never better than can be, good on known cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import partita as pt
from partita.draw import embed_ultrametric


def linked(seed, n):
    """A dendrogram of random points of very different distances."""
    from scipy.cluster.hierarchy import linkage

    rng = np.random.default_rng(seed)
    return pt.Hierarchy.from_linkage(
        linkage(rng.standard_normal((n, 2)) * 10 ** rng.uniform(0, 3, (n, 1)), "average")
    )


def slow_ratios(h, positions):
    i, j = np.triu_indices(h.n_items, 1)
    height = h.cophenetic(i, j)
    apart = height > 0
    return np.linalg.norm(positions[i] - positions[j], axis=1)[apart] / height[apart]


@given(seed=st.integers(0, 10**6), n=st.integers(2, 60), d=st.integers(1, 4))
def test_distances_lie_between_heights_and_the_distortion_times_these(seed, n, d):
    h = linked(seed, n)
    points = embed_ultrametric(h, n_components=d)
    ratio = slow_ratios(h, points.positions)
    assert ratio.min() == pytest.approx(1.0)
    assert ratio.max() == pytest.approx(points.distortion)
    assert points.least_distortion <= points.distortion * (1 + 1e-9)
    assert points.n_sources == n


@pytest.mark.parametrize(("d", "most"), [(1, 100.0), (2, 18.0), (3, 10.0)])
def test_items_that_are_equally_far_apart_fill_a_grid(d, most):
    h = pt.Hierarchy.from_labels([np.zeros(100, int)], heights=[1.0])
    assert embed_ultrametric(h, n_components=d).distortion <= most


def test_a_spine_stays_close_to_what_can_be():
    n = 200
    Z = np.column_stack(
        [np.r_[0, n : 2 * n - 2], np.arange(1, n), 1.02 ** np.arange(n - 1), np.arange(2, n + 1)]
    )
    points = embed_ultrametric(pt.Hierarchy.from_linkage(Z))
    assert points.distortion <= 12 * points.least_distortion


def test_items_at_height_0_coincide():
    h = pt.Hierarchy.from_labels([[0, 0, 1, 1]], heights=[0.0])
    positions = embed_ultrametric(h).positions
    assert np.array_equal(positions[0], positions[1])
    assert not np.array_equal(positions[0], positions[2])


@pytest.mark.parametrize("labels", [[], [0], [0, 0]])
def test_nothing_to_tell_apart(labels):
    h = pt.Hierarchy.from_labels([np.array(labels, dtype=int)], heights=[0.0])
    points = embed_ultrametric(h, n_components=3)
    assert points.positions.shape == (len(labels), 3)
    assert points.distortion == points.least_distortion == 1.0


def test_dimensions_that_cannot_be_are_refused():
    with pytest.raises(pt.InvalidParameterError, match="n_components"):
        embed_ultrametric(pt.Hierarchy.from_labels([[0, 1]]), n_components=0)
