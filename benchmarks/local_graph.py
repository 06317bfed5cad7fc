"""Local clusters, look-ups of neighbourhoods, profiles and distances of graphs.

    python benchmarks/harness.py local-graph --threads 1 --repeats 3
    python benchmarks/harness.py alike --threads 1 --repeats 3
    python benchmarks/local_graph.py attributes | index | profile | oracle

``local-graph``: clusters around 25 seeds of each of 8 kinds of goods in Amazon's photo section (7,650 goods
bought together; ``PARTITA_DATA``), each told the volume of its kind; ``f1`` is the mean against the kind.
``alike``: the ten nodes of most similar neighbours, for 300 nodes of a graph of 10^6 edges, beside exact rows
of the matrix product by SciPy; ``recall`` counts ties as found.
Run alone: F1 with and without attributes, recall and time of the index by its shape, the bounds of community
profiles, and the stretch of oracles.
"""

from __future__ import annotations

import gzip
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from contests import Contest, Fit
from scipy.sparse import coo_array, csr_matrix, diags_array, eye_array

_SEEDS_EACH = 25
_RECALL_NODES = 300


def real(*parts: str) -> Path:
    return Path(os.environ["PARTITA_DATA"]).joinpath(*parts)


def symmetric(tail: np.ndarray, head: np.ndarray, n: int) -> csr_matrix:
    """An unweighted graph without loops."""
    half = coo_array((np.ones(len(tail)), (tail, head)), shape=(n, n)).tocsr()
    A = ((half + half.T) > 0).astype(float)
    A.setdiag(0)
    A.eliminate_zeros()
    return csr_matrix(A)


def read_edges(path: Path, n: int, **options: Any) -> csr_matrix:
    with gzip.open(path, "rt") as file:
        ends = np.loadtxt(file, dtype=int, **options)
    return symmetric(ends[:, 0], ends[:, 1], n)


def read_labels(path: Path) -> np.ndarray:
    return np.loadtxt(path, delimiter=",", skiprows=1, dtype=int)[:, 1]


def photo() -> tuple[csr_matrix, np.ndarray]:
    labels = read_labels(real("graphs-coauthor-amazon", "amazon_photo.labels.csv"))
    path = real("graphs-coauthor-amazon", "amazon_photo.edges.csv.gz")
    return read_edges(path, len(labels), delimiter=",", skiprows=1), labels


def citations(name: str) -> tuple[csr_matrix, np.ndarray, csr_matrix]:
    labels = read_labels(real("graphs-planetoid", f"{name}.labels.csv"))
    with np.load(real("graphs-planetoid", f"{name}.features.npz")) as held:
        words = csr_matrix((held["data"], held["indices"], held["indptr"]), shape=tuple(held["shape"]))
    path = real("graphs-planetoid", f"{name}.edges.csv.gz")
    return read_edges(path, len(labels), delimiter=",", skiprows=1), labels, words


def letters() -> csr_matrix:
    return read_edges(real("graphs-email-eu-core", "edges.txt.gz"), 1005)


def made(n: int, seed: int) -> csr_matrix:
    """About ten edges a node; seven in ten lie within groups of 40."""
    rng = np.random.default_rng(seed)
    tail = rng.integers(0, n, 10 * n)
    near = np.minimum(tail // 40 * 40 + rng.integers(0, 40, 10 * n), n - 1)
    return symmetric(tail, np.where(rng.random(10 * n) < 0.7, near, rng.integers(0, n, 10 * n)), n)


def seeds_of(labels: np.ndarray, each: int) -> list[int]:
    """Nodes evenly taken from each class."""
    found = []
    for c in np.unique(labels[labels >= 0]):
        members = np.flatnonzero(labels == c)
        found += members[np.linspace(0, len(members) - 1, each).astype(int)].tolist()
    return found


def f1(nodes: np.ndarray, members: np.ndarray) -> float:
    return 2 * np.isin(nodes, members).sum() / (len(nodes) + len(members))


# --- contests -----------------------------------------------------------------------------------------------


def photo_data(n: int, seed: int) -> tuple[csr_matrix, np.ndarray, dict[str, Any]]:
    A, labels = photo()
    degree = np.asarray(A.sum(axis=1)).ravel()
    volume = {int(c): float(degree[labels == c].sum()) for c in np.unique(labels)}
    seeds = seeds_of(labels, _SEEDS_EACH)
    return A, labels, {"seeds": seeds, "volumes": [volume[int(labels[s])] for s in seeds]}


def judge_local(X: csr_matrix, found: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    seeds = seeds_of(truth, _SEEDS_EACH)
    scores = [f1(np.flatnonzero(own), np.flatnonzero(truth == truth[s])) for s, own in zip(seeds, found)]
    return {"f1": float(np.mean(scores))}


def _square(X: csr_matrix, facts: dict[str, Any]) -> tuple[csr_matrix, list[int], list[float]]:
    """The rehearsal gets some rows: their columns, and seeds among them."""
    if X.shape[0] == X.shape[1]:
        return X, facts["seeds"], facts["volumes"]
    n = X.shape[0]
    return X[:, :n].tocsr(), [s for s in facts["seeds"] if s < n][:2], facts["volumes"][:2]


def partita_local(method: str) -> Any:
    def entrant() -> Fit:
        from partita.graphs import LocalCluster

        def fit(X: csr_matrix, facts: dict[str, Any]) -> np.ndarray:
            A, seeds, volumes = _square(X, facts)
            found = np.zeros((len(seeds), A.shape[0]), bool)
            local = LocalCluster(seeds[0], method).fit(A)
            for row, seed, volume in zip(found, seeds, volumes):
                row[local.set_params(volume=volume).around(seed).nodes] = True
            return found

        return fit

    return entrant


def networkit_nibble() -> Fit:
    import networkit as nk

    def fit(X: csr_matrix, facts: dict[str, Any]) -> np.ndarray:
        A, seeds, volumes = _square(X, facts)
        entries = A.tocoo()
        graph = nk.Graph(A.shape[0])
        for u, v in zip(*(ends.tolist() for ends in entries.coords)):
            if u < v:
                graph.addEdge(u, v)
        found = np.zeros((len(seeds), A.shape[0]), bool)
        for row, seed, volume in zip(found, seeds, volumes):
            row[list(nk.scd.PageRankNibble(graph, 0.1, 1.0 / (8.0 * volume)).expandOneCommunity(seed))] = True
        return found

    return fit


def made_data(n: int, seed: int) -> tuple[csr_matrix, np.ndarray, dict[str, Any]]:
    A = made(n, seed)
    nodes = np.linspace(0, n - 1, _RECALL_NODES).astype(int)
    return A, None, {"nodes": nodes.tolist()}


def exact_rows(A: csr_matrix, nodes: np.ndarray) -> np.ndarray:
    """Jaccard similarities of the neighbourhoods of some nodes with all, float64 (len, n)."""
    degree = np.diff(A.indptr)
    common = (A[nodes] @ A).toarray()
    similar = common / np.maximum(degree[nodes][:, None] + degree - common, 1)
    similar[np.arange(len(nodes)), nodes] = 0.0
    return similar


def judge_alike(X: csr_matrix, found: np.ndarray, truth: Any) -> dict[str, float]:
    nodes = np.linspace(0, X.shape[0] - 1, _RECALL_NODES).astype(int)
    return {"recall": recall(exact_rows(X, nodes), found)}


def recall(similar: np.ndarray, found: np.ndarray) -> float:
    """The share of the most similar ten that are found, one of equal similarity being as good."""
    hits = wanted = 0
    for own, got in zip(similar, found):
        best = np.sort(own)[::-1][: len(got)]
        best = best[best > 0]
        if len(best):
            hits += int((own[got[got >= 0]] >= best[-1] - 1e-12).sum())
            wanted += len(best)
    return hits / wanted


def partita_alike() -> Fit:
    from partita.graphs import NeighbourhoodIndex

    def fit(X: csr_matrix, facts: dict[str, Any]) -> np.ndarray:
        A = X[:, : X.shape[0]].tocsr()
        index = NeighbourhoodIndex.build(A.maximum(A.T))
        nodes = [node for node in facts["nodes"] if node < A.shape[0]]
        found = np.full((len(nodes), 10), -1)
        for row, node in zip(found, nodes):
            best = index.similar(node, 10).nodes
            row[: len(best)] = best
        return found

    return fit


def scipy_alike() -> Fit:
    def fit(X: csr_matrix, facts: dict[str, Any]) -> np.ndarray:
        A = X[:, : X.shape[0]].tocsr()
        nodes = [node for node in facts["nodes"] if node < A.shape[0]]
        return np.array(
            [np.argsort(-exact_rows(A, np.array([node]))[0], kind="stable")[:10] for node in nodes]
        )

    return fit


CONTESTS = {
    "local-graph": Contest(
        "local-graph",
        "clusters around nodes",
        7650,
        photo_data,
        {
            "partita flow": partita_local("flow"),
            "partita pagerank": partita_local("pagerank"),
            "networkit nibble": networkit_nibble,
        },
        judge_local,
        {},
    ),
    "alike": Contest(
        "alike",
        "nodes of similar neighbours",
        120_000,
        made_data,
        {"partita Index": partita_alike, "scipy exact": scipy_alike},
        judge_alike,
        {},
    ),
}


# --- tables -------------------------------------------------------------------------------------------------


def smoothed(A: csr_matrix, X: np.ndarray, steps: int) -> np.ndarray:
    """Attributes averaged over neighbours and the node itself."""
    walk = A + eye_array(A.shape[0])
    walk = diags_array(1.0 / np.asarray(walk.sum(axis=1)).ravel()) @ walk
    for _ in range(steps):
        X = walk @ X
    return np.asarray(X)


def word_attributes(A: csr_matrix, words: csr_matrix) -> np.ndarray:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize

    return smoothed(A, TruncatedSVD(64, random_state=0).fit_transform(normalize(words.astype(float))), 2)


def place_attributes(A: csr_matrix) -> np.ndarray:
    """32 singular vectors of the normalised matrix: all that there is where nodes have no attributes."""
    from scipy.sparse.linalg import svds

    scale = diags_array(1.0 / np.sqrt(np.maximum(np.asarray(A.sum(axis=1)).ravel(), 1.0)))
    left, values, _ = svds(scale @ A @ scale, 32, v0=np.ones(A.shape[0]))
    return left * values * np.sqrt(A.shape[0])


def attributes_table(each: int = 10) -> None:
    from partita.graphs import LocalCluster

    A, labels = photo()
    sets = {"amazon_photo": (A, labels, place_attributes(A))}
    for name in ("cora", "citeseer"):
        B, kinds, words = citations(name)
        sets[name] = (B, kinds, word_attributes(B, words))
    for name, (A, labels, X) in sets.items():
        degree = np.asarray(A.sum(axis=1)).ravel()
        for method in ("flow", "pagerank"):
            usual = LocalCluster(0, method).fit(A, attributes=X).made_by_.choices["gamma"]
            cells = []
            for share in (0.0, 1.0, 4.0):
                started, scores = time.perf_counter(), []
                local = LocalCluster(0, method, gamma=share * usual).fit(A, attributes=X if share else None)
                for seed in seeds_of(labels, each):
                    members = np.flatnonzero(labels == labels[seed])
                    local.set_params(volume=float(degree[members].sum()))
                    scores.append(f1(local.around(seed).nodes, members))
                seconds = (time.perf_counter() - started) / len(scores)
                cells.append(f"{np.mean(scores):.4f} ({seconds:.3f} s)")
            alone, usual_one, more = cells
            print(f"{name:14} {method:10} edges alone {alone}, gamma {usual_one}, 4 gamma {more}", flush=True)


def index_table() -> None:
    from partita.graphs import NeighbourhoodIndex

    graphs = {"email-Eu-core": letters(), "amazon_photo": photo()[0], "made": made(120_000, 5)}
    for name, A in graphs.items():
        nodes = np.linspace(0, A.shape[0] - 1, _RECALL_NODES).astype(int)
        similar = exact_rows(A, nodes)
        for bands, rows in ((64, 1), (100, 2), (200, 2)):
            started = time.perf_counter()
            index = NeighbourhoodIndex.build(A, n_bands=bands, band_rows=rows)
            built = time.perf_counter() - started
            found, times = np.full((len(nodes), 10), -1), []
            for row, node in zip(found, nodes):
                started = time.perf_counter()
                best = index.similar(int(node), 10).nodes
                times.append(time.perf_counter() - started)
                row[: len(best)] = best
            grown = []
            for rank in ("mean", "pagerank"):
                started = time.perf_counter()
                for node in nodes[:30]:
                    index.community([int(node)], 50, rank=rank)
                grown.append(1e3 * (time.perf_counter() - started) / 30)
            print(
                f"{name:14} {A.nnz // 2:8,} edges, {bands:3} bands of {rows}: "
                f"recall {recall(similar, found):.4f}, "
                f"built {built:.2f} s, query {1e3 * np.median(times):.2f} ms (99 %: "
                f"{1e3 * np.quantile(times, 0.99):.2f}), community {grown[0]:.1f} / {grown[1]:.1f} ms, "
                f"{index.nbytes / 2**20:.0f} MiB",
                flush=True,
            )


def largest_piece(A: csr_matrix) -> csr_matrix:
    """The largest component: unions of whole ones would cut nothing, at nearly every volume."""
    from scipy.sparse.csgraph import connected_components

    piece = connected_components(A, directed=False)[1]
    kept = np.flatnonzero(piece == np.bincount(piece).argmax())
    return A[kept][:, kept].tocsr()


def profile_table() -> None:
    from partita.graphs import community_profile

    graphs = {"email-Eu-core": letters(), "cora": citations("cora")[0], "amazon_photo": photo()[0]}
    for name, whole in graphs.items():
        A = largest_piece(whole)
        profiles, seconds = [], []
        for flow_volume in (0.0, 512.0):
            started = time.perf_counter()
            profiles.append(community_profile(A, per_octave=1, flow_volume=flow_volume))
            seconds.append(time.perf_counter() - started)
        print(f"{name}: {seconds[0]:.1f} s, with flows {seconds[1]:.1f} s")
        print("  volume up to: bound by eigenvectors, with flows - found")
        for volume, *cells in zip(
            profiles[0].volumes[1:], profiles[0].lower, profiles[1].lower, profiles[1].upper
        ):
            print(f"  {volume:10,.0f}: {cells[0]:.4f}, {cells[1]:.4f} - {cells[2]:.4f}", flush=True)


def oracle_table() -> None:
    from partita.graphs import DistanceOracle, LowDiameter

    side = np.arange(150 * 150).reshape(150, 150)
    tail = np.concatenate((side[:, :-1].ravel(), side[:-1].ravel()))
    head = np.concatenate((side[:, 1:].ravel(), side[1:].ravel()))
    graphs = {"grid 150 x 150": symmetric(tail, head, side.size), "amazon_photo": photo()[0]}
    for name, A in graphs.items():
        certificates = LowDiameter().fit(A).made_by_.certificates
        overlap = ", ".join(f"{x:.1f}" for x in certificates["overlap_mean"])
        print(f"{name}: parts met by a ball of an eighth of the bound, level by level: {overlap}")
        for count in (1, 4, 16, 64):
            started = time.perf_counter()
            oracle = DistanceOracle(count).fit(A)
            seconds, facts = time.perf_counter() - started, oracle.made_by_.certificates
            i, j = np.random.default_rng(0).integers(0, A.shape[0], (2, 100_000))
            started = time.perf_counter()
            oracle.distances(i, j)
            query = 1e6 * (time.perf_counter() - started) / len(i)
            print(
                f"  {count:2} trees: stretch {facts['stretch_mean']:.3f} (most {facts['stretch_max']:.1f}), "
                f"{seconds:.1f} s, {query:.2f} us a pair, {oracle.nbytes_ / 2**20:.0f} MiB",
                flush=True,
            )


if __name__ == "__main__":
    tables = {
        "attributes": attributes_table,
        "index": index_table,
        "profile": profile_table,
        "oracle": oracle_table,
    }
    for wanted in sys.argv[1:] or tables:
        tables[wanted]()
