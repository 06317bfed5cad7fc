"""BipartiteSBM: its description against the definition, planted blocks, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

import partita as pt
from oracles.descriptions import nats_of_table, partitions_within
from partita.graphs import BipartiteSBM
from partita.graphs._bipartite import Blocks, make_tables
from partita.kernels.bipartite import log_partitions

PATTERN = np.array([[1, 1, 0, 0, 0, 1], [0, 1, 1, 1, 0, 0], [0, 0, 0, 1, 1, 1], [1, 0, 1, 0, 1, 0]])


def planted(
    n: int, edges: int, noise: float = 0.05, seed: int = 0
) -> tuple[sp.csr_array, np.ndarray, np.ndarray]:
    """n rows in 4 blocks, n columns in 6."""
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(np.arange(n) % 4), rng.permutation(np.arange(n) % 6)
    rate = (PATTERN + noise) / (PATTERN + noise).sum() * edges / (n / 4 * n / 6)
    table = rng.poisson(rate[np.ix_(rows, columns)]) > 0
    return sp.csr_array(table.astype(float)), rows, columns


def small_table(data: st.DataObject) -> np.ndarray:
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    shape = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    return rng.poisson(rng.choice([0.5, 1.5]), shape).astype(float)


def test_planted_four_by_six():
    table, rows, columns = planted(500, 7000)
    found = BipartiteSBM().fit(table)
    assert found.n_blocks_ == (4, 6)
    assert adjusted_mutual_info_score(rows, found.row_labels_) == 1.0
    assert adjusted_mutual_info_score(columns, found.column_labels_) > 0.95
    found.hierarchy_.check()
    assert [len(level) for level in found.hierarchy_.levels] == [1, 2, 10]
    truth = Blocks.of_matrix(table, (rows.astype(np.int32), columns.astype(np.int32))).nats()
    assert found.description_length_ <= truth


@given(data=st.data())
@settings(max_examples=30)
def test_description_by_definition(data: st.DataObject):
    table = small_table(data)
    labels = []
    for n in table.shape:
        k = data.draw(st.integers(1, n))
        rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
        labels.append(np.concatenate([np.arange(k), rng.integers(0, k, n - k)]).astype(np.int32))
    for general in (False, True):
        blocks = Blocks.of_matrix(sp.csr_array(table), (labels[0], labels[1]), general)
        assert blocks.nats() == pytest.approx(nats_of_table(table, *labels, general=general), abs=1e-8)


@given(data=st.data())
@settings(max_examples=15)
def test_certificate_and_no_move_or_merge_is_shorter(data: st.DataObject):
    table = small_table(data)
    found = BipartiteSBM().fit(table)
    rows, columns = found.row_labels_, found.column_labels_
    if table.sum() == 0:
        return
    nats = nats_of_table(table, rows, columns)
    assert found.made_by_.certificates["description_length"] == pytest.approx(nats, abs=1e-8)
    for side, labels in enumerate((rows, columns)):
        for v in range(len(labels)):
            for s in range(labels.max() + 1):
                moved = labels.copy()
                moved[v] = s
                if len(np.unique(moved)) == labels.max() + 1:
                    both = (moved, columns) if side == 0 else (rows, moved)
                    assert nats_of_table(table, *both) >= nats - 1e-7


@pytest.mark.parametrize(
    ("m", "n"), [(5, 3), (300, 12), (399, 399), (500, 20), (900, 60), (900, 900), (700, 3)]
)
def test_partitions_of_a_number(m: int, n: int):
    true = np.log(float(partitions_within(m, n)))
    assert log_partitions(m, n, make_tables(10)) == pytest.approx(true, rel=1e-2 if m >= 400 else 1e-12)


def test_order_of_rows_and_columns_does_not_matter():
    table, _, _ = planted(120, 1500, seed=3)
    rng = np.random.default_rng(1)
    p, q = rng.permutation(120), rng.permutation(120)
    one, other = BipartiteSBM().fit(table), BipartiteSBM(n_jobs=1).fit(table[p][:, q])
    assert one.description_length_ == other.description_length_
    np.testing.assert_array_equal(one.row_labels_[p], other.row_labels_)
    np.testing.assert_array_equal(one.column_labels_[q], other.column_labels_)


def test_one_graph_with_sides_is_the_same():
    table, _, _ = planted(60, 700, seed=5)
    square = sp.block_array([[None, table], [table.T, None]]).tocsr()
    shuffle = np.random.default_rng(0).permutation(120)
    sides = (np.arange(120) >= 60)[shuffle].astype(int)
    one = BipartiteSBM().fit(table)
    other = BipartiteSBM().fit(square[shuffle][:, shuffle], sides=sides)
    assert one.description_length_ == pytest.approx(other.description_length_)
    assert adjusted_rand_score(one.labels_[shuffle], other.labels_) == 1.0


def test_prior_of_two_kinds_resolves_smaller_blocks():
    """Bicliques, joined by nothing: most of a size that are told apart from their pairs."""

    def most_resolved(general: bool) -> int:
        resolved = [1]
        for k in range(2, 60, 2):
            table = sp.csr_array(np.kron(np.eye(k), np.ones((10, 10))))
            alone = np.repeat(np.arange(k, dtype=np.int32), 10)
            apart, joined = (Blocks.of_matrix(table, (x, x), general).nats() for x in (alone, alone // 2))
            resolved += [k] if apart < joined else []
        return max(resolved)

    assert most_resolved(general=False) >= 1.9 * most_resolved(general=True)


def test_asked_numbers_of_blocks():
    table, _, _ = planted(60, 700, seed=2)
    for k in [(1, 1), (2, 3), (5, 5), (60, 60)]:
        assert BipartiteSBM(n_clusters=k).fit(table).n_blocks_ == k


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (2, 2), (1, 1)])
def test_no_edges(shape: tuple[int, int]):
    found = BipartiteSBM().fit(np.zeros(shape))
    assert found.n_blocks_ == (min(shape[0], 1), min(shape[1], 1))
    assert len(found.labels_) == sum(shape)
    found.hierarchy_.check()


def test_southern_women():
    networkx = pytest.importorskip("networkx")
    graph = networkx.davis_southern_women_graph()
    table = networkx.bipartite.biadjacency_matrix(graph, graph.graph["top"])
    found = BipartiteSBM(n_clusters=(2, 3)).fit(table)
    assert found.description_length_ == pytest.approx(
        nats_of_table(table.toarray(), found.row_labels_, found.column_labels_)
    )
    # The two groups of the ethnographers; the ninth woman, Pearl, they place in both.
    assert set(found.row_labels_[:8]) == {1}
    assert set(found.row_labels_[9:]) == {0}


def test_refusals():
    with pytest.raises(pt.InfeasibleError, match="3 rows can't make 4 blocks"):
        BipartiteSBM(n_clusters=(4, 1)).fit(np.ones((3, 3)))
    with pytest.raises(ValueError, match="n_clusters"):
        BipartiteSBM(n_clusters=(4,)).fit(np.ones((3, 3)))
    with pytest.raises(pt.InvalidDataError, match="not a whole number"):
        BipartiteSBM().fit(np.full((3, 3), 0.5))
    with pytest.raises(pt.InvalidDataError, match="joins two nodes of one side"):
        BipartiteSBM().fit(np.ones((3, 3)) - np.eye(3), sides=[0, 0, 1])
    with pytest.raises(pt.InvalidDataError, match="negative"):
        BipartiteSBM().fit(-np.ones((2, 2)))
