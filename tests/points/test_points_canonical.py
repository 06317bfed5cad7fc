"""Content order: distinct rows, whatever their order, type or sign of zero."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from oracles.points import distinct_rows
from partita.hierarchy.rows import canonical_rows, unit_rows
from partita.kernels.canonical import column_keys, rows_hash, rows_merge, rows_nonfinite, rows_settle

FEW = st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 1e300, -1e300, 5e-324])
matrices = hnp.arrays(
    np.float64, st.tuples(st.integers(0, 40), st.integers(1, 4)), elements=FEW | st.floats(-1e9, 1e9)
)


@given(X=matrices, seed=st.integers(0, 99))
def test_distinct_rows_in_the_same_order_from_any_order(X, seed):
    rows = canonical_rows(X)
    oracle = distinct_rows(X)
    assert rows.n_distinct == len(oracle)
    np.testing.assert_array_equal(rows.points[rows.inverse] + 0.0, X + 0.0)
    for key, positions in oracle.items():
        assert len({int(rows.inverse[i]) for i in positions}) == 1
        assert rows.weight[rows.inverse[positions[0]]] == len(positions)
        assert tuple(rows.points[rows.inverse[positions[0]]] + 0.0) == key
    order = np.random.default_rng(seed).permutation(len(X))
    again = canonical_rows(X[order])
    np.testing.assert_array_equal(again.points + 0.0, rows.points + 0.0)
    np.testing.assert_array_equal(again.inverse, rows.inverse[order])
    assert again.fingerprint == rows.fingerprint


@given(X=hnp.arrays(np.float32, (25, 3), elements=st.floats(-1e6, 1e6, width=32)))
def test_float32_and_float64_agree(X):
    np.testing.assert_array_equal(canonical_rows(X).inverse, canonical_rows(X.astype(np.float64)).inverse)


@given(
    X=hnp.arrays(np.float64, (20, 2), elements=st.integers(0, 1).map(float)),
    weight=hnp.arrays(np.float64, 20, elements=st.floats(0, 10)),
    seed=st.integers(0, 99),
)
def test_weights_of_equal_rows_add_up_alike_in_any_order(X, weight, seed):
    rows = canonical_rows(X, weight)
    np.testing.assert_allclose(rows.weight, np.bincount(rows.inverse, weight), rtol=1e-12)
    order = np.random.default_rng(seed).permutation(len(X))
    np.testing.assert_array_equal(canonical_rows(X[order], weight[order]).weight, rows.weight)


@given(X=hnp.arrays(np.float64, st.tuples(st.integers(1, 30), st.integers(1, 3)), elements=FEW))
def test_rows_of_equal_hash_are_settled_by_value(X):
    hashes = np.zeros(len(X), np.uint64)
    order = np.random.default_rng(len(X)).permutation(len(X))
    rows_settle(X, hashes, order)
    expected = sorted(range(len(X)), key=lambda i: (*(X[i] + 0.0), i))
    assert order.tolist() == expected
    first, inverse = np.empty(len(X), np.intp), np.empty(len(X), np.intp)
    assert rows_merge(X, hashes, order, first, inverse) == len(distinct_rows(X))


def test_hashes_are_spread_and_see_every_column():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 4, (4096, 6)).astype(np.float32)
    X = np.unique(X, axis=0)
    hashes = np.empty(len(X), np.uint64)
    rows_hash(X, 0, len(X), column_keys(6), hashes)
    assert len(np.unique(hashes)) == len(X)
    share = np.bincount((hashes >> np.uint64(60)).astype(int), minlength=16) / len(X)
    assert share.max() < 2 / 16


def test_the_first_rows_are_a_fair_sample():
    X = np.sort(np.random.default_rng(1).standard_normal(40_000))[:, None]
    sample = canonical_rows(X).first[:4000]
    assert abs(X[sample].mean()) < 0.06
    assert abs(X[sample].std() - 1) < 0.05


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_first_value_that_is_not_finite(kind):
    X = np.full((50, 3), np.finfo(kind).max, kind)
    assert rows_nonfinite(X, 0, 50) == -1
    X[40, 1], X[30, 2] = np.nan, -np.inf
    assert rows_nonfinite(X, 0, 50) == 30 * 3 + 2
    assert rows_nonfinite(X, 31, 50) == 40 * 3 + 1
    assert rows_nonfinite(X, 41, 50) == -1


@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e200, 5e-324, 1e308])
def test_unit_rows_at_any_scale(scale):
    X = np.array([[3.0, 4.0], [0.0, 0.0], [-1.0, 0.0]]) * min(scale, 4e307)
    unit = unit_rows(X)
    lengths = np.linalg.norm(unit, axis=1)
    np.testing.assert_allclose(lengths, [1, 0, 1], rtol=1e-15)
    if scale != 5e-324:
        np.testing.assert_allclose(unit[0], [0.6, 0.8], rtol=1e-14)
    assert unit_rows(X.astype(np.float32, copy=False) if scale == 1 else X).dtype == (
        np.float32 if scale == 1 else np.float64
    )
