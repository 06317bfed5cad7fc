"""AcyclicPartition: edges lead onward, caps hold, and no division of the order into runs cuts less."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from partita._core.errors import InfeasibleError, InvalidDataError
from partita.graphs import AcyclicPartition


def random_dag(n: int, m: int, seed: int) -> sparse.csr_array:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, n, (2, m))
    keep = a != b
    name = rng.permutation(n)
    ends = (name[np.minimum(a, b)[keep]], name[np.maximum(a, b)[keep]])
    return sparse.coo_array((rng.integers(1, 4, keep.sum()).astype(float), ends), shape=(n, n)).tocsr()


def cut_of(matrix: sparse.csr_array, steps: np.ndarray) -> float:
    entries = matrix.tocoo()
    return float(entries.data[steps[entries.coords[0]] != steps[entries.coords[1]]].sum())


@given(
    n=st.integers(1, 9), m=st.integers(0, 20), seed=st.integers(0, 10**6), most=st.none() | st.integers(1, 4)
)
def test_no_runs_of_the_order_cut_less(n, m, seed, most):
    matrix, rng = random_dag(n, m, seed), np.random.default_rng(seed)
    weight = rng.integers(1, 4, n).astype(float)
    cap = float(rng.integers(3, 9))
    best = np.inf
    try:
        made = AcyclicPartition(cap, n_parts=most, node_weights=weight).fit(matrix)
        order = made.order_
    except InfeasibleError:
        made, order = None, AcyclicPartition(cap, node_weights=weight).fit(matrix).order_
    for count in range(most or n):
        for cuts in combinations(range(1, n), count):
            steps = np.empty(n, int)
            steps[order] = np.searchsorted(cuts, np.arange(n), side="right")
            if np.bincount(steps, weight).max() <= cap:
                best = min(best, cut_of(matrix, steps))
    if made is None:
        assert best == np.inf
    else:
        assert made.cut_ == best == cut_of(matrix, made.steps_)


@given(n=st.integers(1, 60), m=st.integers(0, 200), seed=st.integers(0, 10**6))
def test_edges_lead_onward_and_caps_hold(n, m, seed):
    matrix = random_dag(n, m, seed)
    made = AcyclicPartition(7).fit(matrix)
    tail, head = matrix.nonzero()
    assert (made.steps_[tail] <= made.steps_[head]).all()
    assert np.bincount(made.steps_).max() <= 7
    made.hierarchy_.check()


def test_a_chain_is_cut_at_its_light_edges():
    chain = sparse.diags_array([5.0, 1.0, 5.0, 1.0, 5.0], offsets=1, shape=(6, 6))
    assert AcyclicPartition(2).fit(chain).steps_.tolist() == [0, 0, 1, 1, 2, 2]


def test_a_cycle_is_refused():
    with pytest.raises(InvalidDataError, match="cycle"):
        AcyclicPartition(2).fit([[0, 1], [1, 2], [2, 0]])


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"max_weight": 2, "node_weights": [1, 3, 1]}, "max_weight=3"),
        ({"max_weight": 1, "n_parts": 2}, "n_parts=3"),
    ],
)
def test_what_can_not_be_is_refused(options, hint):
    with pytest.raises(InfeasibleError) as caught:
        AcyclicPartition(**options).fit(sparse.csr_array(np.triu(np.ones((3, 3)), 1)))
    assert caught.value.smallest_relaxation.startswith(hint)
