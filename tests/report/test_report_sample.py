"""What a page holds of large data: bounded, nested, and the same every time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_builders import deep_with_levels, nested, wide_and_deep
from scipy import sparse

from partita.report.sample import choose_members, choose_parts, outline, spread_positions


@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(1, 40))
def test_positions_are_few_spread_and_inside(start: int, length: int, most: int) -> None:
    positions = spread_positions(start, start + length, most)
    assert len(positions) <= most
    assert len(positions) >= min(length, most) // 2
    assert np.all((positions >= start) & (positions < start + length))
    assert len(set(np.diff(positions).tolist())) <= 1


@given(st.integers(0, 3000), st.integers(1, 3000), st.data())
def test_positions_are_nested(start: int, length: int, data: st.DataObject) -> None:
    inner = data.draw(st.integers(start, start + length))
    end = data.draw(st.integers(inner, start + length))
    outer = set(spread_positions(start, start + length, 16).tolist())
    assert {p for p in outer if inner <= p < end} <= set(spread_positions(inner, end, 16).tolist())


@given(st.integers(1, 80), st.integers(0, 5))
def test_chosen_parts_are_a_tree_of_the_largest(most: int, seed: int) -> None:
    h = wide_and_deep(300, 4, 4, seed=seed)
    parts = choose_parts(h, most)
    assert len(parts) == min(most, h.n_parts)
    assert set(h.parent[parts[1:]].tolist()) <= set(parts.tolist())
    left = np.setdiff1d(np.arange(h.n_parts), parts)
    assert not len(left) or h.sizes[left].max() <= h.sizes[parts].min()


@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_typical_members_are_the_nearest_to_the_mean(kind: str) -> None:
    h = nested(200)
    X = np.random.default_rng(3).normal(size=(200, 4))
    rows = X if kind == "dense" else sparse.csr_matrix(X)
    members = choose_members(h, np.arange(h.n_parts), rows, np.full(h.n_parts, 5), 10**6)
    for part, found in enumerate(members):
        items = h.members(part)
        distance = np.linalg.norm(X[items] - X[items].mean(axis=0), axis=1)
        assert set(found.tolist()) == set(items[np.argsort(distance)[:5]].tolist())


def test_the_largest_parts_are_served_first() -> None:
    h = wide_and_deep(2000, 5, 4)
    members = choose_members(h, np.arange(h.n_parts), None, np.full(h.n_parts, 8), 100)
    served = np.array([len(found) > 0 for found in members])
    assert served[0]
    assert not served.all()
    assert h.sizes[served].min() >= h.sizes[~served].max()
    assert len(set(np.concatenate(members).tolist())) <= 100 + 8


def test_members_belong_to_their_part() -> None:
    h = wide_and_deep(500, 3, 4)
    for part, found in enumerate(choose_members(h, np.arange(h.n_parts), None, np.full(h.n_parts, 6), 10**6)):
        assert set(found.tolist()) <= set(h.members(part).tolist())
        assert len(found) >= min(3, h.sizes[part])


def test_named_parts_come_before_others() -> None:
    h = deep_with_levels()
    named = outline(h).tolist()
    assert named == sorted({0, *h.levels[1].tolist(), *h.levels[2].tolist()})
    assert choose_parts(h, len(named)).tolist() == named
    assert set(named) <= set(choose_parts(h, len(named) + 3).tolist())
    assert outline(wide_and_deep(40, 3, 2)).tolist() == list(range(wide_and_deep(40, 3, 2).n_parts))
