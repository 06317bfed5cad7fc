"""Parts on a circle: the best cycle, and items where their memberships put them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

import partita as pt
from oracles import planes
from partita.draw import circle
from partita.draw.circle_drawing import part_anchors, part_cycle, part_similarity


def likeness_of(seed: int, k: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    share = rng.random((40, k)) ** 4
    return part_similarity(csr_array(share / share.sum(axis=1, keepdims=True)))


@given(seed=st.integers(0, 10_000), k=st.integers(4, 8))
def test_no_cycle_has_more_similarity(seed, k):
    likeness = likeness_of(seed, k)
    cycle = part_cycle(likeness, np.arange(k, dtype=float))
    assert sorted(cycle.order.tolist()) == list(range(k))
    assert cycle.exact
    assert cycle.similarity == pytest.approx(planes.best_cycle(likeness))
    assert cycle.order[0] == k - 1


@given(seed=st.integers(0, 10_000), k=st.integers(2, 16))
def test_the_cycle_does_not_go_by_the_numbers_of_parts(seed, k):
    rng = np.random.default_rng(seed)
    likeness, weight = likeness_of(seed, k), rng.permutation(k).astype(float)
    turned = rng.permutation(k)
    again = part_cycle(likeness[np.ix_(turned, turned)], weight[turned])
    assert turned[again.order].tolist() == part_cycle(likeness, weight).order.tolist()


def test_many_parts_that_form_a_ring_are_found_in_their_order():
    k = 40
    angle = 2 * np.pi * np.arange(k) / k
    likeness = np.cos(angle[:, None] - angle) / 2 + 0.5
    mixed = np.random.default_rng(0).permutation(k)
    cycle = part_cycle(likeness[np.ix_(mixed, mixed)], np.ones(k))
    steps = np.abs(np.diff(mixed[cycle.order])) % k
    assert not cycle.exact
    assert set(np.minimum(steps, k - steps).tolist()) == {1}


def test_arcs_are_as_wide_as_parts_are_unlike():
    likeness = np.array([[1, 0.8, 0, 0.2], [0.8, 1, 0.2, 0], [0, 0.2, 1, 0.8], [0.2, 0, 0.8, 1]])
    anchors = part_anchors(likeness, np.array([0, 1, 2, 3]))
    np.testing.assert_allclose(np.hypot(*anchors.T), 1.0)
    np.testing.assert_allclose(anchors[0], [0.0, -1.0], atol=1e-12)
    angle = np.unwrap(np.arctan2(anchors[:, 1], anchors[:, 0]))
    np.testing.assert_allclose(np.diff(angle), 2 * np.pi * np.array([0.2, 0.8, 0.2]) / 2.0)


def test_a_cover_is_drawn_the_same_for_any_order_of_its_items():
    rng = np.random.default_rng(0)
    share = rng.dirichlet(np.full(5, 0.2), 300)
    share[share < 0.01] = 0.0
    drawing = circle(pt.Cover(csr_array(share)), names=["<b>", "two", "three", "four", "five"])
    assert drawing.svg == circle(share[::-1], names=["<b>", "two", "three", "four", "five"]).svg
    assert "<b>" not in drawing.svg
    assert drawing.measures["exact"] == 1.0
    assert 0.0 < drawing.measures["unsure"] < 0.5


def test_sure_items_are_on_the_rim_and_torn_ones_inside():
    assert circle(np.repeat(np.eye(4), 5, axis=0)).measures["unsure"] == 0.0
    assert circle(np.full((10, 4), 0.25)).measures["unsure"] == 1.0


def test_more_items_than_dots_are_said():
    svg = circle(np.random.default_rng(0).random((50, 3)), max_dots=10).svg
    assert "10 of 50 items shown" in svg


@pytest.mark.parametrize("k", [1, 2, 3])
def test_few_parts(k):
    assert circle(np.eye(k)).measures["exact"] == 1.0


def test_what_is_no_cover_is_refused():
    with pytest.raises(pt.InvalidDataError, match=r"negative|at least 0|valid"):
        circle([[1.0, -1.0]])
    with pytest.raises(pt.InvalidDataError, match="names"):
        circle(np.eye(2), names=["a"])
    with pytest.raises(pt.InvalidDataError, match="number of parts"):
        circle(np.empty((0, 0)))
