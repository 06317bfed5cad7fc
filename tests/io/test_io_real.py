"""Real files, written by others; skipped where PARTITA_DATA doesn't name their folder."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from partita import InvalidDataError
from partita.io import read

pytestmark = pytest.mark.data
RealData = Callable[..., Path]


def test_debian_descriptions(real_data: RealData) -> None:
    source = read(real_data("debian-packages", "packages.parquet"), column="long_description")
    assert source.kind == "text"
    assert len(source.data) == len(source.names) == 63_666
    assert source.names[0] == "0ad"
    assert all(isinstance(text, str) for text in source.data)


def test_debian_table_and_dependencies(real_data: RealData) -> None:
    table = read(real_data("debian-packages", "packages.parquet"))
    assert table.kind == "table"
    assert table.data.num_rows == 63_666
    edges = real_data("debian-packages", "edges.csv.gz")
    graph = read(
        edges,
        kind="graph",
        columns=["source", "target"],
        directed=True,
        duplicates="first",
        loops="drop",
        n_nodes=63_666,
    )
    pairs = {
        tuple(line.split(",")[:2])
        for line in gzip.decompress(edges.read_bytes()).decode().split("\n")[1:]
        if line
    }
    assert graph.data.nnz == sum(u != v for u, v in pairs)


def test_mnist(real_data: RealData) -> None:
    path = real_data("mnist-digits", "mnist.npz")
    source = read(path)
    assert source.data.shape == (70_000, 784)
    assert source.data.dtype == np.float32
    assert np.bincount(source.extra["labels"]).min() > 6000
    np.testing.assert_array_equal(source.data[::5000], np.load(path)["X"][::5000])


@pytest.mark.parametrize(
    ("name", "nodes", "edges"),
    [
        ("graphs-metis-kahip/4elt.graph.gz", 15_606, 45_878),
        ("graphs-metis-kahip/delaunay_n15.graph.gz", 32_768, 98_274),
        ("graphs-metis-kahip/rgg_n_2_15_s0.graph.gz", 32_768, 160_240),
        ("graphs-metis-kahip/example_weighted.graph", 132, 328),
        ("graphs-walshaw/add20.graph.gz", 2_395, 7_462),
        ("graphs-walshaw/memplus.graph.gz", 17_758, 54_196),
        ("graphs-walshaw/wing_nodal.graph.gz", 10_937, 75_488),
    ],
)
def test_metis_graphs(name: str, nodes: int, edges: int, real_data: RealData) -> None:
    matrix = read(real_data(*name.split("/"))).data
    assert matrix.shape == (nodes, nodes)
    assert matrix.nnz == 2 * edges
    assert (matrix != matrix.T).nnz == 0


def test_weights_of_the_kahip_example(real_data: RealData) -> None:
    source = read(real_data("graphs-metis-kahip", "example_weighted.graph"))
    assert source.extra["node_weights"][:3, 0].tolist() == [287, 233, 336]
    assert source.data[[0], [1]].tolist() == [53]


def test_every_walshaw_graph(real_data: RealData) -> None:
    files = sorted(real_data("graphs-walshaw").glob("*.graph.gz"))
    assert len(files) == 12
    for file in files:
        header = gzip.decompress(file.read_bytes()).split()
        assert read(file).data.shape[0] == int(header[0])


def test_fair_tables(real_data: RealData) -> None:
    adult = real_data("tables-fair", "data", "adult.csv")
    assert read(adult).data.shape == (32_561, 15)
    points = read(adult, kind="points")
    assert points.data.shape == (32_561, 6)
    assert "'workclass'" in "".join(points.notes)
    bank = read(real_data("tables-fair", "data", "bank.csv"))
    assert bank.data.shape == (4_521, 17)
    assert "delimiter: ';'" in bank.notes


def test_clinc(real_data: RealData) -> None:
    source = read(real_data("text-clinc150", "clinc150.csv.gz"), column="text")
    assert len(source.data) == 23_700
    assert source.data[0] == "set a warning for when my bank account starts running low"


def test_vectors_of_half_precision(real_data: RealData) -> None:
    path = real_data("vectors-debian-lsa", "X.npy")
    source = read(path)
    assert source.data.dtype == np.float32
    np.testing.assert_array_equal(source.data, np.load(path).astype(np.float32))
    assert isinstance(read(real_data("vectors-glove25", "X.npy")).data, np.memmap)


def test_sparse_features(real_data: RealData) -> None:
    source = read(real_data("graphs-planetoid", "cora.features.npz"))
    assert source.kind == "points"
    assert source.data.shape == (2_708, 1_433)


def test_email_says_what_is_unclear(real_data: RealData) -> None:
    path = real_data("graphs-email-eu-core", "edges.txt.gz")
    with pytest.raises(InvalidDataError, match=r"line 45: the node 54 has an edge to itself \(642 loops"):
        read(path, kind="graph")
    with pytest.raises(InvalidDataError, match="may be directed or not"):
        read(path, kind="graph", loops="drop")
    directed = read(path, kind="graph", loops="drop", directed=True)
    assert directed.data.nnz == 25_571 - 642
    assert directed.data.shape == (1_005, 1_005)


def test_clustering_batteries(real_data: RealData) -> None:
    """Every .data.gz of the collection is a matrix of numbers separated by blanks."""
    folder = real_data("clustering-data-v1")
    for battery in ("fcps", "other", "uci"):
        for file in sorted((folder / battery).glob("*.data.gz")):
            expected = np.loadtxt(file, ndmin=2)
            np.testing.assert_array_equal(read(file, kind="points").data, expected, err_msg=file.name)
