"""Communities: a planted graph of any size, and the real graphs, against igraph and leidenalg.

    python benchmarks/harness.py communities --rows 1000000 --threads 2 --repeats 1
    PARTITA_DATA=... python benchmarks/communities.py [names of graphs]

The contest hands every entrant the edges of one graph as an array; the clock of igraph and leidenalg runs
while they build theirs of it, as it does for Partita. Run alone, this prints a table of the real graphs: the
least, middle and greatest modularity of five seeds of the peers, and Partita's, which knows no seed. Times of
the search alone stand beside each other, and so do those to read the edges and search (with Partita's tree).
igraph runs its two iterations, and once more until nothing changes.
"""

from __future__ import annotations

import gzip
import os
import random
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from contests import Contest, Fit

SETS = {
    "karate": "graphs-small-groundtruth/karate.gml",
    "dolphins": "graphs-small-groundtruth/dolphins.gml",
    "polbooks": "graphs-small-groundtruth/polbooks.gml",
    "email": "graphs-email-eu-core/edges.txt.gz",
    "cora": "graphs-planetoid/cora.edges.csv.gz",
    "citeseer": "graphs-planetoid/citeseer.edges.csv.gz",
    "power grid": "graphs-hierarchical-real/ucte_powergrid_edges.txt",
    "bitcoin, positive": "graphs-signed-bitcoin/bitcoin_alpha.csv.gz",
    "amazon photo": "graphs-coauthor-amazon/amazon_photo.edges.csv.gz",
    "3elt": "graphs-walshaw/3elt.graph.gz",
    "add20": "graphs-walshaw/add20.graph.gz",
    "data": "graphs-walshaw/data.graph.gz",
    "uk": "graphs-walshaw/uk.graph.gz",
    "whitaker3": "graphs-walshaw/whitaker3.graph.gz",
    "crack": "graphs-walshaw/crack.graph.gz",
    "wing_nodal": "graphs-walshaw/wing_nodal.graph.gz",
    "fe_4elt2": "graphs-walshaw/fe_4elt2.graph.gz",
    "4elt": "graphs-walshaw/4elt.graph.gz",
    "cs4": "graphs-walshaw/cs4.graph.gz",
    "cti": "graphs-walshaw/cti.graph.gz",
    "memplus": "graphs-walshaw/memplus.graph.gz",
    "delaunay_n15": "graphs-metis-kahip/delaunay_n15.graph.gz",
    "rgg_n_2_15": "graphs-metis-kahip/rgg_n_2_15_s0.graph.gz",
    "20 x 10 x 100": "",
}


# --- graphs -------------------------------------------------------------------------------------------------


def planted_graph(
    n: int, mean_degree: float, mixing: float, seed: int, community: tuple[int, int] = (20, 1000)
) -> tuple[np.ndarray, np.ndarray]:
    """Edges and communities in the manner of LFR graphs: both degrees and sizes follow power laws.

    A share `mixing` of the edges of a node leads anywhere. A. Lancichinetti, S. Fortunato, F. Radicchi
    (2008), doi:10.1103/PhysRevE.78.046110; ends are matched by chance, and loops and repeats left out.
    """
    rng = np.random.default_rng(seed)
    sizes = _power_law(rng, n // community[0] + 1, 1.5, *community)
    sizes = sizes[: int(np.searchsorted(np.cumsum(sizes), n)) + 1]
    truth = np.repeat(np.arange(len(sizes)), sizes)[:n]
    degree = _power_law(rng, n, 2.5, 1.0, 100.0)
    degree = np.maximum(1, np.round(degree * (mean_degree / degree.mean()))).astype(np.int64)
    within = rng.binomial(degree, 1.0 - mixing)
    inner, outer = np.repeat(np.arange(n), within), np.repeat(np.arange(n), degree - within)
    inner = inner[np.lexsort((rng.random(len(inner)), truth[inner]))]
    outer = rng.permutation(outer)
    pairs = [ends[: len(ends) // 2 * 2].reshape(-1, 2) for ends in (inner, outer)]
    edges = np.sort(np.concatenate(pairs), axis=1)
    edges = edges[edges[:, 0] != edges[:, 1]]
    keys = np.unique(edges[:, 0] * n + edges[:, 1])
    names = rng.permutation(n)
    edges = names[np.column_stack((keys // n, keys % n))]
    seen = np.unique(edges)  # a node that lost its edges is not in the graph
    place = np.full(n, -1)
    place[seen] = np.arange(len(seen))
    labels = np.empty(n, np.int64)
    labels[names] = truth
    return place[edges], labels[seen]


def _power_law(rng: np.random.Generator, n: int, exponent: float, low: float, high: float) -> np.ndarray:
    """Integers between `low` and `high`, of density x ** -exponent."""
    a, b = low ** (1.0 - exponent), high ** (1.0 - exponent)
    return np.floor((a + rng.random(n) * (b - a)) ** (1.0 / (1.0 - exponent))).astype(np.int64)


def nested_blocks(seed: int) -> np.ndarray:
    """20 groups of 10 groups of 100 nodes, about 6.5 edges a node."""
    rng = np.random.default_rng(seed)
    found = []
    for groups, size, share in ((200, 100, 0.08), (20, 1000, 0.004), (1, 20000, 0.0001)):
        pairs = rng.binomial(size * (size - 1) // 2, share, groups)
        base = np.repeat(np.arange(groups) * size, pairs)
        found.append(base[:, None] + rng.integers(0, size, (len(base), 2)))
    edges = np.sort(np.concatenate(found), axis=1)
    return np.unique(edges[edges[:, 0] != edges[:, 1]], axis=0)


def real_edges(name: str) -> np.ndarray:
    """The edges of a real graph, each once, nodes numbered from 0 without gaps."""
    if not SETS[name]:
        return nested_blocks(0)
    path = Path(os.environ["PARTITA_DATA"]) / SETS[name]
    text = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode()
    if ".gml" in path.name:
        words = text.split()
        ends = [(words[i + 1], words[i + 3]) for i, word in enumerate(words) if word == "source"]
    elif ".graph" in path.name:
        lines = [line for line in text.split("\n") if not line.startswith("%")]
        ends = [(u, int(v) - 1) for u, line in enumerate(lines[1:]) for v in line.split()]
    else:
        rows = [line.replace(",", " ").split() for line in text.split("\n")]
        rows = [row for row in rows if len(row) >= 2 and row[0].isdigit()]
        ends = [row[:2] for row in rows if "bitcoin" not in name or (len(row) == 3 and float(row[2]) > 0)]
    edges = np.sort(np.array(ends, dtype=np.int64), axis=1)
    edges = np.unique(edges[edges[:, 0] != edges[:, 1]], axis=0)
    return np.unique(edges, return_inverse=True)[1].reshape(-1, 2)


# --- the contest --------------------------------------------------------------------------------------------


def planted_data(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Edges of a planted graph of about ten edges a node, a third of them leading anywhere."""
    edges, truth = planted_graph(n, 23.0, 0.35, seed)
    return edges, truth, {}


def modularity(edges: np.ndarray, labels: np.ndarray) -> float:
    """Newman's modularity of labels over edges that occur once."""
    sums = np.bincount(labels, weights=np.bincount(edges.ravel(), minlength=len(labels)))
    within = (labels[edges[:, 0]] == labels[edges[:, 1]]).mean()
    return float(within - (sums / (2.0 * len(edges))) @ (sums / (2.0 * len(edges))))


def judge(edges: np.ndarray, labels: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Modularity, agreement with what was planted, number of communities."""
    from sklearn.metrics import adjusted_mutual_info_score

    found = {"modularity": modularity(edges, labels), "communities": float(labels.max() + 1)}
    if len(labels) <= 200_000:
        found["ami"] = float(adjusted_mutual_info_score(truth, labels))
    return found


def by_partita(**options: Any) -> Fit:
    from partita.graphs import Communities

    def fit(edges: np.ndarray, facts: dict[str, Any]) -> np.ndarray:
        return Communities(**options, n_jobs=facts["threads"]).fit(edges).labels_

    return fit


def by_igraph() -> Fit:
    import igraph

    def fit(edges: np.ndarray, facts: dict[str, Any]) -> np.ndarray:
        graph = igraph.Graph(edges)
        return np.array(graph.community_leiden(objective_function="modularity").membership)

    return fit


def by_leidenalg() -> Fit:
    import igraph
    import leidenalg

    def fit(edges: np.ndarray, facts: dict[str, Any]) -> np.ndarray:
        graph = igraph.Graph(edges)
        return np.array(
            leidenalg.find_partition(graph, leidenalg.ModularityVertexPartition, seed=0).membership
        )

    return fit


def by_networkit() -> Fit:
    import networkit
    from scipy.sparse import coo_matrix

    def fit(edges: np.ndarray, facts: dict[str, Any]) -> np.ndarray:
        networkit.setNumberOfThreads(facts["threads"])
        n = int(edges.max()) + 1
        matrix = coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
        graph = networkit.GraphFromCoo(matrix, n=n, weighted=False, directed=False)
        found = networkit.community.detectCommunities(
            graph, algo=networkit.community.ParallelLeiden(graph), inspect=False
        )
        return np.unique(np.array(found.getVector()), return_inverse=True)[1]

    return fit


CONTESTS = {
    "communities": Contest(
        "communities",
        "communities of a planted graph, ten edges a node",
        100_000,
        planted_data,
        {
            "partita": by_partita,
            "partita-1-start": lambda: by_partita(n_starts=1),
            "igraph-leiden": by_igraph,
            "leidenalg": by_leidenalg,
            "networkit-leiden": by_networkit,
        },
        judge,
    )
}


# --- the table ----------------------------------------------------------------------------------------------


def timed(call: Any, repeats: int) -> tuple[list[Any], float]:
    """Results, and the middle of the seconds."""
    results, seconds = [], []
    for repeat in range(repeats):
        started = time.perf_counter()
        results.append(call(repeat))
        seconds.append(time.perf_counter() - started)
    return results, statistics.median(seconds)


def peers(edges: np.ndarray) -> dict[str, tuple[list[float], float]]:
    """Modularities of five seeds, and seconds, for each peer."""
    import igraph
    import leidenalg

    built, building = timed(lambda _: igraph.Graph(edges), 5)
    graph = built[0]

    def with_igraph(iterations: int) -> Any:
        def call(seed: int) -> Any:
            random.seed(seed)
            return graph.community_leiden(objective_function="modularity", n_iterations=iterations).membership

        return call

    def with_leidenalg(seed: int) -> Any:
        return leidenalg.find_partition(graph, leidenalg.ModularityVertexPartition, seed=seed).membership

    out: dict[str, tuple[list[float], float]] = {"building their graph": ([], building)}
    for name, call in (
        ("igraph", with_igraph(2)),
        ("igraph, stable", with_igraph(-1)),
        ("leidenalg", with_leidenalg),
    ):
        found, seconds = timed(call, 5)
        out[name] = (sorted(modularity(edges, np.array(labels)) for labels in found), seconds)
    return out


def ours(edges: np.ndarray) -> tuple[float, float, float, float]:
    """Modularity, and the seconds of reading, of the search, and of all with the tree."""
    from partita._core.threads import thread_scope
    from partita.graphs import Communities
    from partita.graphs._limits import grouped

    maker = Communities()
    found, whole = timed(lambda _: maker.fit(edges), 7)
    read, reading = timed(lambda _: maker._read(edges), 7)
    given, objective = read[0]
    groups = grouped(given, None, None, None, 0.0, np.inf)
    with thread_scope(None):
        _, searching = timed(lambda _: maker._communities(objective, groups, 0.0), 7)
    return modularity(edges, found[0].labels_), reading, searching, whole


def main() -> int:
    ratios = []
    for name in sys.argv[1:] or SETS:
        edges = real_edges(name)
        quality, reading, searching, whole = ours(edges)
        cells = [
            f"{name:18} n {int(edges.max()) + 1:6} m {len(edges):7}",
            f"{quality:.5f} read {1e3 * reading:.1f} search {1e3 * searching:.1f} all {1e3 * whole:.1f} ms",
        ]
        found = peers(edges)
        for peer, (values, seconds) in found.items():
            shown = f"{values[0]:.5f} {values[2]:.5f} {values[4]:.5f} " if values else ""
            cells.append(f"{peer} {shown}{1000 * seconds:.1f} ms")
        search, built = found["igraph"][1], found["building their graph"][1]
        ratios.append((searching / search, whole / (built + search)))
        cells.append(f"of igraph's time: search {ratios[-1][0]:.2f}, all {ratios[-1][1]:.2f}")
        print(" | ".join(cells), flush=True)
    middle = np.exp(np.log(ratios).mean(axis=0))
    print(f"geometric means of igraph's time: search {middle[0]:.2f}, all {middle[1]:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
