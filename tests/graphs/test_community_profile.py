"""The community profile against all sets of small graphs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import block_array, csr_array

from partita.graphs.profile import community_profile


def all_sets(A: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Volume and conductance of every set of at most half the volume."""
    n = len(A)
    inside = (np.arange(1, 2**n - 1)[:, None] >> np.arange(n) & 1).astype(float)
    volume = inside @ A.sum(1)
    cut = np.einsum("si,ij,sj->s", inside, A, 1.0 - inside)
    fits = (volume > 0) & (volume <= A.sum() / 2)
    return volume[fits], cut[fits] / volume[fits]


@given(data=st.data(), n=st.integers(3, 9))
def test_no_set_lies_below_the_bound(data: st.DataObject, n: int):
    above = data.draw(st.lists(st.sampled_from([0, 0, 1, 1, 3, 0.5]), min_size=n * n, max_size=n * n))
    half = np.triu(np.reshape(above, (n, n)).astype(float), 1)
    A = half + half.T
    profile = community_profile(A, n_vectors=data.draw(st.integers(0, n)))
    if not A.any():
        assert len(profile.upper) == 0
        return
    volume, conductance = all_sets(A)
    for c in range(len(profile.upper)):
        here = (volume > profile.volumes[c]) & (volume <= profile.volumes[c + 1])
        if here.any():
            assert conductance[here].min() >= profile.lower[c] - 1e-9
            assert profile.upper[c] >= conductance[here].min() - 1e-9
        else:
            assert not len(profile.parts[c])


def test_one_vector_gives_the_easy_side_of_cheegers_inequality():
    A = np.ones((20, 20)) - np.eye(20)
    profile = community_profile(A, n_vectors=2, per_octave=8)
    gap = 20 / 19
    share = profile.volumes[1:] / A.sum()
    assert profile.lower == pytest.approx(gap * (1 - share), rel=1e-6)


def test_planted_parts_show_at_their_volume_and_the_bound_is_of_use():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(10), 40)
    chance = np.where(labels[:, None] == labels, 0.5, 0.01)
    half = np.triu(rng.random((400, 400)) < chance, 1)
    A = csr_array((half + half.T).astype(float))
    profile = community_profile(A, n_seeds=20)
    volume = float(A.sum()) / 10
    at = int(np.searchsorted(profile.volumes, volume) - 1)
    near = profile.upper[at - 1 : at + 2]
    assert near.min() < 0.2
    assert (profile.lower <= profile.upper + 1e-12).all()
    small = profile.volumes[1:] < volume / 8
    assert profile.lower[small].min() > 0.4
    assert (
        labels[profile.parts[at - 1 + int(near.argmin())]]
        == labels[profile.parts[at - 1 + int(near.argmin())][0]]
    ).mean() > 0.9


def test_a_large_graph_goes_by_lanczos_with_the_same_bound():
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(8), 200)
    tail, head = rng.integers(0, 1600, (2, 20_000))
    keep = (tail != head) & ((labels[tail] == labels[head]) | (rng.random(20_000) < 0.02))
    half = csr_array((np.ones(keep.sum()), (tail[keep], head[keep])), shape=(1600, 1600))
    A = csr_array(((half + half.T) > 0).astype(float))
    few = community_profile(A, n_seeds=8, n_vectors=12)
    assert few.made_by.certificates["residual"] < 1e-6
    assert (few.lower <= few.upper + 1e-12).all()
    degree = np.asarray(A.sum(axis=1)).ravel()
    tied = np.flatnonzero(degree)
    scaled = A.toarray()[np.ix_(tied, tied)] / np.sqrt(np.outer(degree[tied], degree[tied]))
    dense = np.linalg.eigvalsh(np.eye(len(tied)) - scaled)
    spectral = dense[1] * (1 - few.volumes[1:] / A.sum())
    assert (few.lower >= spectral - 1e-6).all()


@pytest.mark.parametrize("pieces", [1, 40])
def test_equal_eigenvalues_are_not_passed_over(pieces: int):
    clique = np.ones((5, 5)) - np.eye(5)
    rings = []
    for _ in range(pieces):
        count = 320 // pieces
        ring = np.kron(np.eye(count), clique)
        here = 5 * np.arange(count)
        ring[here, (here + 6) % (5 * count)] = ring[(here + 6) % (5 * count), here] = 1.0
        rings.append(csr_array(ring))
    A = block_array([[rings[i] if i == j else None for j in range(pieces)] for i in range(pieces)])
    profile = community_profile(A, n_seeds=4, n_vectors=20)
    assert (profile.lower <= profile.upper + 1e-12).all()
    if pieces > 1:
        own = float(A.sum()) / pieces
        assert profile.lower[np.searchsorted(profile.volumes, own) - 1] < 1e-9
        assert profile.lower[profile.volumes[1:] < own / 8].min() > 0.01


def test_refusals():
    with pytest.raises(ValueError, match="n_seeds"):
        community_profile(np.ones((3, 3)), n_seeds=0)
