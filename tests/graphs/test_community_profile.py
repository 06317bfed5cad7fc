"""The community profile against all sets of small graphs."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import block_array, csr_array

from partita.graphs._input import as_graph
from partita.graphs._profile_bound import absorbing
from partita.graphs.profile import community_profile
from partita.kernels.absorb import flow_absorbed


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


@given(data=st.data(), n=st.integers(3, 8))
def test_flows_are_the_least_cuts_with_a_price(data: st.DataObject, n: int):
    above = data.draw(st.lists(st.sampled_from([0, 0, 1, 1, 3, 0.5]), min_size=n * n, max_size=n * n))
    half = np.triu(np.reshape(above, (n, n)).astype(float), 1)
    given_graph = as_graph(half + half.T)
    graph, A = given_graph.graph, (half + half.T)[np.ix_(given_graph.order, given_graph.order)]
    degree, price = A.sum(1), data.draw(st.sampled_from([1e-3, 0.1, 0.3, 0.77, 1.0]))
    state = absorbing(graph)
    inside = (np.arange(1, 2**n)[:, None] >> np.arange(n) & 1).astype(float)
    worth = np.einsum("si,ij,sj->s", inside, A, 1.0 - inside) + price * (inside @ degree)
    for node in range(n):
        flow, _ = flow_absorbed(graph, state, degree, node, price)
        assert flow + price * degree[node] == pytest.approx(worth[inside[:, node] > 0].min(), abs=1e-9)
    assert not state.flow.any()
    assert not state.taken.any()


def test_hanging_pieces_are_bounded_by_flows_and_certificates_can_be_recomputed():
    rng = np.random.default_rng(2)
    tree = nx.random_labeled_tree(400, seed=3)
    tree.add_edges_from(rng.integers(0, 400, (150, 2)).tolist())
    tree.remove_edges_from(nx.selfloop_edges(tree))
    order = rng.permutation(400)
    A = nx.to_scipy_sparse_array(tree, nodelist=range(400), dtype=float, format="csr")[order][:, order]
    profile = community_profile(A, n_seeds=400, per_octave=1)
    alone = community_profile(A, n_seeds=4, per_octave=1, flow_volume=0.0)
    assert (profile.lower <= profile.upper + 1e-12).all()
    assert (profile.lower[:3] >= 0.4 * profile.upper[:3]).all()
    assert (profile.lower[:3] > 2.0 * alone.lower[:3]).all()
    record = profile.made_by.certificates
    assert (profile.lower[: len(record["flow_bounds"])] >= record["flow_bounds"]).all()
    network = nx.DiGraph()
    for u, v in zip(*A.nonzero()):
        network.add_edge(int(u), int(v), capacity=1.0)
    degree = np.asarray(A.sum(axis=1)).ravel()
    for high, bound, node, price, flow in zip(
        profile.volumes[1:], *(record[name] for name in ("flow_bounds", "flow_nodes", "flow_prices", "flows"))
    ):
        if node < 0:
            continue
        for v in range(400):
            network.add_edge(v, "sink", capacity=price * degree[v] if v != node else 0.0)
        least = nx.minimum_cut_value(network, node, "sink")
        assert flow == pytest.approx(least, abs=1e-9)
        assert bound == pytest.approx((least + price * degree[node]) / high - price, abs=1e-9)


def test_refusals():
    with pytest.raises(ValueError, match="n_seeds"):
        community_profile(np.ones((3, 3)), n_seeds=0)
