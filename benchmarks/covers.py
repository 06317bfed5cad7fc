"""Covers by rule: copies, seconds, and recall at equal numbers of scanned vectors.

    python benchmarks/covers.py time --rows 1000000 --parts 1000
    python benchmarks/covers.py recall --rows 100000 --parts 1000 --data rows.npy

``time``: each rule over all rows, on ``--threads`` threads, kernels already in the cache. ``peak`` is what is
resident at the most during the rule, above what is resident before it.

``recall``: of ``--rows`` rows the last ``--queries`` are kept back as queries. The parts of an index are
opened in the order of their means' distances; a vector that lies in several opened parts is scanned several
times, and counts as often. Given are the shares of the true 10 nearest that are found when so many vectors
are scanned on average, for no cover ("one part") and for each rule; and what a rule scans, and how many parts
it opens, for a recall of 0.9 and 0.99, with the ratio to "one part". Between whole numbers of opened parts
goes a straight line; where less than one part is to be scanned, there is a dash. ``--metric inner`` takes
the largest inner products instead.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

RULES = {
    "one part": ("top", {"max_copies": 1}),
    "nearest, 2": ("nearest", {"max_copies": 2}),
    "spill, 2": ("spill", {"max_copies": 2}),
    "nearest, 3": ("nearest", {"max_copies": 3}),
    "spill, 3": ("spill", {"max_copies": 3}),
    "closure, 2": ("closure", {"max_copies": 2}),
    "closure, 8": ("closure", {"max_copies": 8}),
    "bisector": ("bisector", {"max_copies": 8}),
}
BUDGETS = (0.01, 0.02, 0.05)
GOALS = (0.9, 0.99)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["time", "recall"])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--parts", type=int, default=1000)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--metric", choices=["euclidean", "inner"], default="euclidean")
    parser.add_argument("--radius", type=float, help="of the bisector rule (default: for about 2 copies)")
    parser.add_argument("--only", nargs="+", choices=sorted(RULES), help="rules (default: all)")
    parser.add_argument("--data", type=Path, help="rows as .npy, instead of a mixture of Gaussians")
    args = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "PARTITA_NUM_THREADS"):
        os.environ[name] = str(args.threads)
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        path = args.data or Path(folder) / "rows.npy"
        if args.data is None:
            from kmeans_faiss import mixture

            mixture(args.rows, path)
        X = np.load(path, mmap_mode="r")[: args.rows]
        print(f"{X.shape[0]:,} x {X.shape[1]} {X.dtype}, {args.parts} parts, {args.threads} threads")
        (measure if args.what == "time" else search)(X, args)


def tree_of(X, parts):
    """The cells of HierarchicalKMeans, as a flat level."""
    import partita as pt

    labels = pt.points.HierarchicalKMeans(parts).fit(X).labels_
    return pt.Hierarchy.from_labels([labels])


def covers(h, X, args):
    """``(name, cover, seconds)`` for each rule; the bisector's radius gives about two copies."""
    radius = args.radius or radius_for(h, X)
    for name in args.only or RULES:
        rule, options = RULES[name]
        if rule == "bisector":
            options = {**options, "radius": radius}
        started = time.perf_counter()
        cover = h.cover(rule, X=X, **options)
        yield name, cover, time.perf_counter() - started


def radius_for(h, X):
    """The median distance of some rows from the nearest border of their part."""
    import numpy as np

    rows = np.random.default_rng(0).choice(len(X), min(len(X), 5000), replace=False)
    labels = h.labels()
    centers = np.stack([X[np.sort(h.members(part))].mean(axis=0) for part in h.levels[-1]])
    gaps = np.sqrt(np.maximum(products_apart(centers, centers), 0.0))
    square, own = products_apart(X[rows], centers), labels[rows]
    square -= square[np.arange(len(rows)), own][:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        margins = np.where(gaps[own] > 0.0, square / (2.0 * gaps[own]), np.inf)
    margins[np.arange(len(rows)), own] = np.inf
    return float(np.median(np.maximum(margins.min(axis=1), 0.0)))


def products_apart(A, B):
    """Squared distances."""
    return (A**2).sum(axis=1)[:, None] + (B**2).sum(axis=1) - 2.0 * (A @ B.T)


def measure(X, args):
    """A line for each rule: seconds, copies, memory."""
    from harness import peak, reset_peak

    h, warm = tree_of(X, args.parts), tree_of(X[:2000], 20)
    for _ in covers(warm, X[:2000], args):
        pass
    args.radius = args.radius or radius_for(h, X)
    before = reset_peak()
    for name, cover, seconds in covers(h, X, args):
        copies = cover.matrix.nnz / cover.n_items
        print(
            f"{name:12} {seconds:7.2f} s  {copies:6.3f} copies  {cover.n_capped:9,} cut short"
            f"  peak +{(peak() - before) / 2**20:5.0f} MiB"
        )
        del cover
        before = reset_peak()


def search(X, args):
    """A line for each rule: recall at each budget."""
    import numpy as np

    X = np.array(X, dtype=np.float32)
    X, queries = X[: -args.queries], X[-args.queries :]
    h = tree_of(X, args.parts)
    keys = -(queries @ X.T) if args.metric == "inner" else products_apart(queries, X)
    true = np.argpartition(keys, 10, axis=1)[:, :10]
    centers = np.stack([X[h.members(part)].mean(axis=0) for part in h.levels[-1]])
    keys = -(queries @ centers.T) if args.metric == "inner" else products_apart(queries, centers)
    opened = np.argsort(keys, axis=1)
    heads = "".join(f"{f'at {share:.0%}':>8}" for share in BUDGETS)
    heads += "".join(f"{f'scanned for {goal}':>22}{f'opened for {goal}':>20}" for goal in GOALS)
    print(f"{'':12}{'copies':>8}{heads}")
    base = None
    for name, cover, _ in covers(h, X, args):
        scanned, recall = curve(cover.matrix, true, opened, cover.sizes)
        cells = ""
        for share in BUDGETS:
            budget = share * len(X)
            found = np.interp(budget, scanned, recall)
            cells += f"{found:8.3f}" if budget >= scanned[0] else f"{'-':>8}"
        costs = [
            float(np.interp(goal, recall, cost))
            for goal in GOALS
            for cost in (scanned, np.arange(1.0, len(scanned) + 1.0))
        ]
        base = base or costs
        for cost, first, (width, digits) in zip(costs, base, ((15, 0), (13, 1)) * len(GOALS)):
            cells += f"{cost:{width},.{digits}f} {f'x{cost / first:.2f}':>6}"
        print(f"{name:12}{cover.matrix.nnz / cover.n_items:8.2f}{cells}")


def curve(matrix, true, opened, sizes):
    """Vectors scanned and recall, on average, for each number of opened parts."""
    import numpy as np

    first, parts = matrix.indptr, matrix.indices
    rank = np.empty_like(opened)
    np.put_along_axis(rank, opened, np.arange(opened.shape[1])[None, :], axis=1)
    found = np.zeros(opened.shape[1])
    for query, near in enumerate(true):
        for item in near:
            found[rank[query, parts[first[item] : first[item + 1]]].min()] += 1.0
    return sizes[opened].cumsum(axis=1).mean(axis=0), found.cumsum() / true.size


if __name__ == "__main__":
    main()
