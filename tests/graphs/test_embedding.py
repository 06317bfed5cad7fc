"""Embeddings against dense eigenvectors, and what a start from parts saves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

import partita as pt
from partita.graphs.embedding import embed


def planted(groups: int, size: int, seed: int) -> tuple[csr_array, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(groups), size)
    half = np.triu(rng.random((len(labels),) * 2) < np.where(labels[:, None] == labels, 0.3, 0.01), 1)
    return csr_array((half + half.T).astype(float)), labels


@pytest.mark.parametrize("start", ["partition", "random"])
def test_columns_are_eigenvectors(start: str):
    A, labels = planted(6, 30, 0)
    found = embed(A, 5, start=start, parts=labels, tol=1e-8, max_rounds=200)
    root = np.sqrt(A.sum(axis=1))
    values, vectors = np.linalg.eigh(A.toarray() / np.outer(root, root))
    assert found.values == pytest.approx(values[::-1][1:6], abs=1e-8)
    for j in range(5):
        column = found.vectors[:, j] / np.linalg.norm(found.vectors[:, j])
        assert abs(column @ vectors[:, -2 - j]) == pytest.approx(1.0, abs=1e-6)
        assert np.linalg.norm(found.vectors[:, j]) == pytest.approx(np.sqrt(values[-2 - j] * 180))
    assert found.made_by.converged


def test_a_start_from_parts_saves_rounds():
    A, labels = planted(12, 40, 1)
    near = np.where(np.arange(480) % 10 == 0, (labels + 1) % 12, labels)
    copied = embed(A, 11, parts=near, max_rounds=0)
    fine = embed(A, 11, parts=near)
    blind = embed(A, 11, start="random")
    assert fine.residual <= 1e-3
    assert blind.residual <= 1e-3
    assert fine.n_rounds <= blind.n_rounds
    assert (
        embed(A, 11, parts=near, max_rounds=1).residual
        < 0.2 * embed(A, 11, start="random", max_rounds=1).residual
    )
    assert copied.values.sum() > 2.0 * embed(A, 11, start="random", max_rounds=0).values.sum()
    assert (fine.values > copied.values - 1e-12).all()


def test_it_makes_its_own_parts():
    A, labels = planted(5, 30, 3)
    found = embed(A, 4)
    assert found.residual <= 1e-3
    assert found.values == pytest.approx(embed(A, 4, parts=labels).values, abs=1e-5)


def test_numbers_of_nodes_make_no_difference():
    A, labels = planted(4, 25, 2)
    shuffle = np.random.default_rng(0).permutation(100)
    one = embed(A, 3, parts=labels)
    moved = embed(A[shuffle][:, shuffle], 3, parts=labels[shuffle])
    assert np.allclose(moved.vectors, one.vectors[shuffle], atol=1e-10)


def test_isolated_nodes_and_refusals():
    A = np.zeros((4, 4))
    A[0, 1] = A[1, 0] = 1.0
    assert np.isfinite(embed(A, 2, parts=[0, 0, 1, 2]).vectors).all()
    with pytest.raises(pt.InfeasibleError, match="n_dimensions=4"):
        embed(A, 4)
    with pytest.raises(pt.InvalidDataError, match="one label"):
        embed(A, 2, parts=[0, 1])
    with pytest.raises(ValueError, match="start"):
        embed(A, 2, start="zero")
