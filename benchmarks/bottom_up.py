"""Hierarchical communities: a planted hierarchy against named peers, and the phase diagram of the paper.

    python benchmarks/harness.py hsbm --threads 2 --repeats 3
    python benchmarks/bottom_up.py phase docs/_static/bottom_up_phase.svg
    python benchmarks/bottom_up.py real /path/to/data
    python benchmarks/bottom_up.py bipartite
    python benchmarks/bottom_up.py matching
    python benchmarks/bottom_up.py scale

``hsbm``: 20 communities of 10 communities of 100 nodes, about 135,000 edges; ``bottom`` and ``top`` are AMI
with the 200 and the 20, of the levels that an entrant returns (the nearest in number of parts). ``phase``:
graphs of two sides of eight communities each: exact recovery of the sides, bottom-up and top-down, and the
curves where it becomes possible. ``real``: graphs of known communities. ``scale``: the planted hierarchy of
``hsbm`` with 10^5 to 10^6 nodes. Runs print what they find.
"""

from __future__ import annotations

import argparse
import gzip
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from contests import Contest, Fit
from scipy.sparse import csr_array, csr_matrix, triu


def tree_edges(blocks: list[tuple[int, float]], n: int, seed: int) -> np.ndarray:
    """Edges (m, 2) of n nodes: for each (size, mean degree), pairs within blocks of that size."""
    rng = np.random.default_rng(seed)
    ends = []
    for size, degree in blocks:
        u = rng.integers(0, n, rng.poisson(n * degree / 2))
        ends.append(np.column_stack([u, u // size * size + rng.integers(0, size, len(u))]))
    edges = np.sort(np.concatenate(ends), axis=1)
    return np.unique(edges[edges[:, 0] < edges[:, 1]], axis=0)


def hsbm_data(n: int, seed: int) -> tuple[csr_array, np.ndarray, dict[str, Any]]:
    """The planted hierarchy over shuffled nodes, and its communities of 100."""
    n = max(n // 1000, 2) * 1000
    edges = tree_edges([(100, 8.0), (1000, 3.8), (n, 1.9)], n, seed)
    shuffled = np.random.default_rng(seed + 1).permutation(n)
    truth = np.empty(n, np.int64)
    truth[shuffled] = np.arange(n) // 100
    return adjacency(shuffled[edges], n), truth, {}


def judge_levels(X: csr_array, labels: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """AMI of the levels (columns of `labels`) that come nearest in number to both planted levels."""
    from sklearn.metrics import adjusted_mutual_info_score as ami

    levels = labels.reshape(len(truth), -1).T
    counts = np.array([len(np.unique(level)) for level in levels])
    out = {}
    for name, wanted in (("bottom", truth), ("top", truth // 10)):
        nearest = levels[np.abs(np.log(counts / len(np.unique(wanted)))).argmin()]
        out[name] = float(ami(wanted, nearest))
        out[f"{name}_parts"] = float(len(np.unique(nearest)))
    return out


def adjacency(edges: np.ndarray, n: int) -> csr_array:
    """The symmetric matrix of edges."""
    both = np.concatenate([edges, edges[:, ::-1]])
    return csr_array((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(n, n))


def square(X: csr_array) -> csr_array:
    """The graph, or for the rehearsal that of its first nodes."""
    return csr_array(X[:, : X.shape[0]])


def bottom_up() -> Fit:
    from partita.graphs import BottomUp

    def fit(X: csr_array, facts: dict[str, Any]) -> np.ndarray:
        h = BottomUp(n_jobs=facts["threads"]).fit(square(X)).hierarchy_
        return np.column_stack([h.labels(level) for level in range(min(1, len(h.levels) - 1), len(h.levels))])

    return fit


def igraph_levels(method: str) -> Callable[[], Fit]:
    def entrant() -> Fit:
        import igraph

        def fit(X: csr_array, facts: dict[str, Any]) -> np.ndarray:
            upper = triu(square(X)).tocoo()
            g = igraph.Graph(n=X.shape[0], edges=np.column_stack([upper.row, upper.col]))
            if method == "leiden":
                levels = [g.community_leiden("modularity", n_iterations=2)]
            else:
                levels = g.community_multilevel(return_levels=True)
            return np.column_stack([level.membership for level in levels])

        return fit

    return entrant


def infomap_levels() -> Fit:
    import infomap

    def fit(X: csr_array, facts: dict[str, Any]) -> np.ndarray:
        upper = triu(square(X)).tocoo()
        model = infomap.Infomap(silent=True, seed=1)
        model.add_links(np.column_stack([upper.row, upper.col]))
        model.run()
        paths = dict(model.get_multilevel_modules())
        depth = max(len(path) for path in paths.values())
        labels = np.full((X.shape[0], depth), -1)
        for node, path in paths.items():
            labels[node, : len(path)] = path
        codes = [np.unique(labels[:, : j + 1], axis=0, return_inverse=True)[1] for j in range(depth)]
        return np.column_stack([code.ravel() for code in codes])

    return fit


def paris() -> Fit:
    from sknetwork.hierarchy import Paris, cut_straight

    def fit(X: csr_array, facts: dict[str, Any]) -> np.ndarray:
        tree = Paris().fit_predict(csr_matrix(square(X)))
        return np.column_stack([cut_straight(tree, n_clusters=k) for k in (20, 200)])

    return fit


CONTESTS = {
    "hsbm": Contest(
        "hsbm",
        "communities within communities",
        20_000,
        hsbm_data,
        {
            "partita BottomUp": bottom_up,
            "igraph Leiden": igraph_levels("leiden"),
            "igraph multilevel": igraph_levels("multilevel"),
            "Infomap": infomap_levels,
            "sknetwork Paris": paris,
        },
        judge_levels,
        {},
    )
}


LEAVES = 8  # of each of the two sides


def threshold(a_top: float, a_mid: np.ndarray, a_low: np.ndarray) -> np.ndarray:
    """The Chernoff-Hellinger divergence, in units of ln(n) / n, of two leaves on different sides.

    Rates are ``a ln(n) / n``: `a_low` within a leaf, `a_mid` between leaves of one side, `a_top` across.
    The upper level can be recovered exactly where it exceeds 1.
    """
    low, mid = (np.square(np.sqrt(a) - np.sqrt(a_top)) for a in (a_low, a_mid))
    return (low + (LEAVES - 1) * mid) / (2 * LEAVES)


def blind_threshold(a_top: float, a_mid: np.ndarray, a_low: np.ndarray) -> np.ndarray:
    """The same for one who takes each side for one community, of mean rate."""
    mean = (a_low + (LEAVES - 1) * a_mid) / LEAVES
    return np.square(np.sqrt(mean) - np.sqrt(a_top)) / 2.0


def phase_graph(n: int, rates: tuple[float, float, float], seed: int) -> tuple[csr_array, np.ndarray]:
    """A graph of leaves in two sides, and the side of each node."""
    rng = np.random.default_rng(seed)
    leaf = np.arange(n) * 2 * LEAVES // n
    side = leaf // LEAVES
    a_top, a_mid, a_low = (a * np.log(n) / n for a in rates)
    rate = np.where(leaf[:, None] == leaf, a_low, np.where(side[:, None] == side, a_mid, a_top))
    edge = np.triu(rng.random((n, n)) < rate, 1)
    return csr_array((edge | edge.T).astype(float)), side


def phase(n: int, a_top: float, grid_mid: np.ndarray, grid_low: np.ndarray, draws: int) -> np.ndarray:
    """Shares of draws in which the upper level was exact: (2, mid, low), bottom-up and top-down."""
    from partita.graphs import BottomUp, TopDown

    exact = np.zeros((2, len(grid_mid), len(grid_low)))
    for i, a_mid in enumerate(grid_mid):
        for j, a_low in enumerate(grid_low):
            for draw in range(draws):
                A, side = phase_graph(n, (a_top, a_mid, a_low), 1000 * draw + 31 * i + j)
                for way, maker in enumerate((BottomUp(bottom="bethe-hessian"), TopDown(max_depth=1))):
                    exact[way, i, j] += is_exact(maker.fit(A).hierarchy_, side) / draws
        print(f"a_mid = {a_mid:g}: {exact[:, i].mean(axis=1).round(2).tolist()}", file=sys.stderr, flush=True)
    return exact


def is_exact(tree: Any, truth: np.ndarray) -> bool:
    """Whether the two parts right under the root are the two sides."""
    if len(tree.children(0)) != 2 or len(tree.own_items(0)):
        return False
    side = np.zeros(tree.n_items, np.int64)
    side[tree.members(int(tree.children(0)[1]))] = 1
    return bool((side == truth).all() or (side != truth).all())


def draw_phase(exact: np.ndarray, a_top: float, mid: np.ndarray, low: np.ndarray, path: Path) -> None:
    """The two diagrams beside each other, with both thresholds."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    plt.rcParams["svg.hashsalt"] = "partita"
    figure, axes = plt.subplots(1, 2, figsize=(9.2, 4.1), sharey=True, constrained_layout=True)
    x, y = np.meshgrid(np.linspace(low[0], low[-1], 300), np.linspace(mid[0], mid[-1], 300))
    for axis, share, title in zip(axes, exact, ("bottom-up", "top-down")):
        shown = axis.pcolormesh(low, mid, share, vmin=0, vmax=1, cmap="cividis", shading="nearest")
        axis.contour(x, y, threshold(a_top, y, x), [1.0], colors="#c8102e", linewidths=2)
        blind = blind_threshold(a_top, y, x)
        axis.contour(x, y, blind, [1.0], colors="#c8102e", linewidths=2, linestyles="--")
        axis.set(title=title, xlabel="rate within a leaf, $a_2$")
    axes[0].set_ylabel("rate between leaves of one side, $a_1$")
    figure.colorbar(shown, ax=axes, label="share of graphs whose upper level is exact")
    figure.savefig(path, metadata={"Date": None})


def run_phase(path: Path, draws: int) -> None:
    a_top, mid, low = 2.0, np.linspace(2.5, 7.0, 10), np.linspace(10.0, 64.0, 10)
    started = time.perf_counter()
    exact = phase(800, a_top, mid, low, draws)
    draw_phase(exact, a_top, mid, low, path)
    possible = threshold(a_top, *np.meshgrid(mid, low, indexing="ij")) > 1.0
    seen = blind_threshold(a_top, *np.meshgrid(mid, low, indexing="ij")) > 1.0
    regions = {"above both thresholds": seen, "between them": possible & ~seen, "below both": ~possible}
    for name, share in zip(("bottom-up", "top-down"), exact):
        shares = (f"{share[held].mean():.3f} {where}" for where, held in regions.items())
        print(f"{name}: exact in {', '.join(shares)}")
    print(f"{time.perf_counter() - started:.0f} s -> {path}")


def run_real(data: Path) -> None:
    """Email of departments, and the power grid (which has no known communities)."""
    from sklearn.metrics import adjusted_mutual_info_score as ami

    from partita.graphs import BottomUp, TopDown

    def rows(name: str, opened: Any = open) -> np.ndarray:
        with opened(data / name, "rt") as file:
            return np.loadtxt(file, dtype=np.int64, comments="#")

    edges = rows("graphs-email-eu-core/edges.txt.gz", gzip.open)[:, :2]
    labels = rows("graphs-email-eu-core/labels.txt")
    truth = labels[np.argsort(labels[:, 0]), 1]
    A = adjacency(np.unique(np.sort(edges[edges[:, 0] != edges[:, 1]], axis=1), axis=0), len(truth))
    A.data[:] = 1.0
    for maker in (BottomUp(bottom="bethe-hessian"), BottomUp(bottom="moves"), BottomUp(), TopDown()):
        started = time.perf_counter()
        tree = maker.fit(A)
        counts = [len(level) for level in tree.hierarchy_.levels]
        print(f"email-Eu-core {maker}: levels {counts}, AMI {ami(truth, tree.labels_):.3f}, "
              f"inversions {tree.made_by_.certificates['inversions']}, "
              f"{time.perf_counter() - started:.2f} s")  # fmt: skip
    grid = rows("graphs-hierarchical-real/ucte_powergrid_edges.txt")[:, :2]
    names, ends = np.unique(grid, return_inverse=True)
    B = adjacency(np.unique(np.sort(ends.reshape(-1, 2), axis=1), axis=0), len(names))
    for maker in (BottomUp(bottom="bethe-hessian"), BottomUp(bottom="moves"), TopDown()):
        tree = maker.fit(B)
        counts = [len(level) for level in tree.hierarchy_.levels]
        print(f"power grid {maker}: levels {counts}, {tree.made_by_.certificates}")


def run_bipartite() -> None:
    """The planted (4, 6) of 1,000 nodes at several mean degrees; ten draws each."""
    from sklearn.metrics import adjusted_mutual_info_score as ami

    from partita.graphs import BipartiteSBM

    pattern = (
        np.array([[1, 1, 0, 0, 0, 1], [0, 1, 1, 1, 0, 0], [0, 0, 0, 1, 1, 1], [1, 0, 1, 0, 1, 0]]) + 0.05
    )
    rows, columns = np.arange(500) % 4, np.arange(500) % 6
    for edges in (3000, 4000, 5000, 7000, 10_000):
        rate = pattern / pattern.sum() * edges / (125 * 500 / 6)
        found, agree, seconds = 0, [], []
        for seed in range(10):
            table = csr_array(
                (np.random.default_rng(seed).poisson(rate[np.ix_(rows, columns)]) > 0).astype(float)
            )
            started = time.perf_counter()
            fit = BipartiteSBM().fit(table)
            seconds.append(time.perf_counter() - started)
            found += fit.n_blocks_ == (4, 6)
            agree.append((ami(rows, fit.row_labels_), ami(columns, fit.column_labels_)))
        print(f"{edges} edges: (4, 6) in {found} of 10, AMI {np.mean(agree, axis=0).round(3).tolist()}, "
              f"{np.median(seconds):.2f} s")  # fmt: skip


def run_matching() -> None:
    """Two communities, rates .5 and .2: nodes matched rightly at several correlations; three draws each."""
    from partita.graphs import match_graphs

    for n in (400, 1000):
        for kept in (0.98, 0.95, 0.9, 0.85, 0.8):
            right = []
            for seed in range(3):
                rng = np.random.default_rng(seed)
                side = np.arange(n) * 2 // n
                parent = np.triu(rng.random((n, n)) < np.where(side[:, None] == side, 0.5, 0.2), 1)
                first, second = (parent & (rng.random((n, n)) < kept) for _ in range(2))
                order = rng.permutation(n)
                A, B = (half + half.T.astype(float) for half in (first, second))
                found = match_graphs(A, B[order][:, order], communities=(side, side[order]))
                right.append((order[found.nodes] == np.arange(n)).mean())
            print(f"n = {n}, edges kept {kept}: matched rightly {np.round(right, 3).tolist()}")


def run_scale(sizes: list[int]) -> None:
    """The planted hierarchy at growing size, two threads; memory is the most that the process ever held.

    Agreement is the adjusted Rand index: the adjusted mutual information would take longer than the fit.
    """
    import resource

    from sklearn.metrics import adjusted_rand_score

    from partita.graphs import BottomUp

    BottomUp(n_jobs=2).fit(hsbm_data(40_000, 1)[0])  # compiles
    for n in sizes:
        X, truth, _ = hsbm_data(n, 0)
        started = time.perf_counter()
        tree = BottomUp(n_jobs=2).fit(X)
        seconds = time.perf_counter() - started
        h, counts = tree.hierarchy_, [len(level) for level in tree.hierarchy_.levels]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{n} nodes, {X.nnz // 2} edges: {seconds:.1f} s, {peak:.0f} MiB, levels {counts}, inversions "
              f"{tree.made_by_.certificates['inversions']}", flush=True)  # fmt: skip
        for wanted in (truth, truth // 10):
            near = int(np.abs(np.log(np.array(counts) / len(np.unique(wanted)))).argmin())
            alike = adjusted_rand_score(h.labels(near), wanted)
            print(f"  {counts[near]} parts for {len(np.unique(wanted))}: ARI {alike:.4f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("phase", "real", "bipartite", "matching", "scale"))
    parser.add_argument("path", nargs="?", type=Path, help="the picture to write, or the folder of data")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 300_000, 1_000_000])
    args = parser.parse_args()
    if args.what == "phase":
        run_phase(args.path or Path("bottom_up_phase.svg"), args.draws)
    elif args.what == "real":
        run_real(args.path)
    elif args.what == "scale":
        run_scale(args.sizes)
    else:
        (run_bipartite if args.what == "bipartite" else run_matching)()


if __name__ == "__main__":
    main()
