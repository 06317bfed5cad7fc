"""Measures of likeness against scikit-learn and against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

import partita as pt
from oracles.tree_oracles import expected_information, mutual_information
from partita.hierarchy import Partition
from partita.kernels.tree_compare import expected_information as fast_expected

TWINS = {
    "ari": metrics.adjusted_rand_score,
    "ami": metrics.adjusted_mutual_info_score,
    "nmi": metrics.normalized_mutual_info_score,
    "mi": metrics.mutual_info_score,
    "rand": metrics.rand_score,
    "homogeneity": metrics.homogeneity_score,
    "completeness": metrics.completeness_score,
    "v_measure": metrics.v_measure_score,
    "fowlkes_mallows": metrics.fowlkes_mallows_score,
}


def check_against_scikit_learn(a, b):
    ours = pt.compare(a, b)
    for name, twin in TWINS.items():
        if name == "ami" and ours["vi"] == 0.0:
            assert ours["ami"] == 1.0  # scikit-learn divides rounding errors where all labels are distinct
        else:
            assert ours[name] == pytest.approx(twin(a, b), rel=0, abs=1e-10), name


@given(st.lists(st.tuples(st.integers(-1, 4), st.integers(-1, 3)), min_size=1, max_size=40))
def test_small_against_scikit_learn(pairs):
    check_against_scikit_learn([a for a, _ in pairs], [b for _, b in pairs])


@pytest.mark.parametrize(
    ("n", "ka", "kb"), [(500, 2, 400), (3000, 60, 60), (3000, 3000, 20), (20000, 500, 700)]
)
def test_large_against_scikit_learn(n, ka, kb):
    rng = np.random.default_rng(n + ka)
    a = rng.integers(0, ka, n)
    b = np.where(rng.random(n) < 0.5, a % kb, (rng.pareto(1.0, n) * 3).astype(int) % kb)
    check_against_scikit_learn(a, b)


@given(st.lists(st.integers(0, 2), min_size=2, max_size=7), st.data())
def test_expected_information_over_all_permutations(a, data):
    b = [data.draw(st.integers(0, 2)) for _ in a]
    sizes = [np.unique(np.bincount(x)[np.bincount(x) > 0], return_counts=True) for x in (a, b)]
    arrays = [array.astype(float) for pair in sizes for array in pair]
    fast = fast_expected(*arrays, float(len(a)))
    assert fast == pytest.approx(expected_information(a, b), abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_variation_of_information(pairs):
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    wanted = mutual_information(a, a) + mutual_information(b, b) - 2 * mutual_information(a, b)
    there, back = pt.compare(a, b), pt.compare(b, a)
    assert there["vi"] == pytest.approx(wanted, abs=1e-12)
    assert there["vi"] == pytest.approx(back["vi"], abs=1e-12)
    assert there["homogeneity"] == pytest.approx(back["completeness"], abs=1e-12)


def test_labels_of_every_kind():
    a = ["x", "x", "y", "z"]
    for b in (
        [7, 7, -5, 10**15],
        np.array([1, 1, 0, 2], dtype=np.uint8),
        Partition([0, 0, 1, 2]),
        np.array(["q", "q", "r", "s"], dtype=object),
    ):
        measured = pt.compare(a, b)
        assert (measured["ari"], measured["ami"], measured["vi"]) == (1.0, 1.0, 0.0)
    assert pt.compare([True, False], [0, 1])["ari"] == 1.0
    wide = np.array([-(2**62), 2**62])
    assert pt.compare(wide, [0, 1])["n_parts_a"] == 2
    assert pt.compare(np.array([-100, 100], dtype=np.int8), [0, 1])["n_parts_a"] == 2


def test_noise_as_a_part_or_left_out():
    a, b = [0, 0, 1, -1], [0, 0, 1, 1]
    assert pt.compare(a, b)["n_items"] == 4
    dropped = pt.compare(a, b, noise="drop")
    assert (dropped["n_items"], dropped["ari"]) == (3, 1.0)


@pytest.mark.parametrize(
    ("a", "b", "error"),
    [
        ([0, 1], [0], pt.InvalidDataError),
        ([0.5, 1], [0, 1], pt.InvalidDataError),
        ([[0, 1]], [[0, 1]], pt.InvalidDataError),
        (5, 5, pt.InvalidDataError),
    ],
)
def test_what_is_no_partition(a, b, error):
    with pytest.raises(error):
        pt.compare(a, b)
    with pytest.raises(pt.InvalidParameterError):
        pt.compare([0], [0], noise="x")
