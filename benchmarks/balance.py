"""Cells of bounded size: the price in inertia and in time, beside k-means-constrained.

    python benchmarks/balance.py equal --peer-python /path/with/k-means-constrained/bin/python
    python benchmarks/balance.py power
    python benchmarks/balance.py assign

``equal``: 20,000 x 64 rows into 100 cells of 200 rows each, beside k-means-constrained with one start
(``n_init=1``). ``power``: 200,000 x 64 rows of a power-law mixture into 500 cells within 5 % of equal size,
nested ones by ``HierarchicalKMeans`` and flat ones by ``balance_cells``, beside the former without bounds.
``assign``: one exact assignment to given centres.

Each fit is a fresh process with the rows in memory; the two take turns, on ``--threads`` threads and the same
BLAS kernels. A fit on few rows goes before, so that kernels come from the cache. Inertia is that of labels
about the means of their cells.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PARTITA = """
from partita.transport import balance_cells
def fit(X, k):
    n = len(X)
    return balance_cells(X, X[:k], n // k, -(-n // k)).labels
"""
CONSTRAINED = """
from k_means_constrained import KMeansConstrained
def fit(X, k):
    n = len(X)
    X = np.array(X, np.float64)
    model = KMeansConstrained(k, size_min=n // k, size_max=-(-n // k), n_init=1, random_state=SEED)
    return model.fit(X).labels_
"""
FREE = """
from partita.points import HierarchicalKMeans
def fit(X, k):
    return HierarchicalKMeans(k).fit(X).labels_
"""
NESTED = FREE.replace("(k)", "(k, balance=1.05)")
FLAT = """
from partita.points import HierarchicalKMeans
from partita.transport import balance_cells
def fit(X, k):
    n, centers = len(X), HierarchicalKMeans(k).fit(X).cluster_centers_
    return balance_cells(X, centers, int(np.ceil(n / k / 1.05)), int(1.05 * n / k)).labels
"""
ASSIGN = """
from partita.transport import capacity_assign
def fit(X, k):
    n = len(X)
    return capacity_assign(X, X[:k], n // k, -(-n // k))[0]
"""
CHILD = """
import json, sys, time
import numpy as np
CODE
def high(field):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024
X = np.load(PATH)
fit(X[:WARM].copy(), 10)
try:
    open("/proc/self/clear_refs", "w").write("5")
except OSError:
    pass
before, began = high("VmRSS:"), time.perf_counter()
labels = np.asarray(fit(X, PARTS))
seconds, peak = time.perf_counter() - began, high("VmHWM:") - before
inertia = 0.0
for cell in range(PARTS):
    rows = X[labels == cell].astype(np.float64)
    if len(rows):
        inertia += float(((rows - rows.mean(axis=0)) ** 2).sum())
sizes = np.bincount(labels, minlength=PARTS)
print(json.dumps({"seconds": seconds, "peak_mib": peak, "inertia": inertia, "smallest": int(sizes.min()),
                  "largest": int(sizes.max()), "variation": float(sizes.std() / sizes.mean())}))
"""


def nested_mixture(n: int, path: Path) -> None:
    """200 uneven components in 20 groups, decaying spectrum, rotated; 64 columns."""
    import numpy as np

    rng = np.random.default_rng(2)
    d, groups, each = 64, 20, 10
    spectrum = ((1 + np.arange(d)) ** -0.5).astype("f4")
    coarse = rng.standard_normal((groups, d), dtype="f4") * spectrum
    centers = np.repeat(coarse, each, 0) + rng.standard_normal((groups * each, d), dtype="f4") * spectrum
    weights = np.exp(rng.standard_normal(groups * each))
    component = rng.choice(groups * each, size=n, p=weights / weights.sum())
    noise = rng.standard_normal((n, d), dtype="f4") * spectrum * np.float32(0.45)
    rotation = np.linalg.qr(rng.standard_normal((d, d)))[0].astype("f4")
    np.save(path, (centers[component] + noise) @ rotation)


def power_mixture(n: int, path: Path) -> None:
    """1,000 components with sizes in proportion to 1 / rank, decaying spectrum, rotated; 64 columns."""
    import numpy as np

    rng = np.random.default_rng(3)
    d, components = 64, 1000
    spectrum = ((1 + np.arange(d)) ** -0.5).astype("f4")
    centers = rng.standard_normal((components, d), dtype="f4") * spectrum
    weights = 1.0 / (1.0 + np.arange(components))
    component = rng.choice(components, size=n, p=weights / weights.sum())
    noise = rng.standard_normal((n, d), dtype="f4") * spectrum * np.float32(0.7)
    rotation = np.linalg.qr(rng.standard_normal((d, d)))[0].astype("f4")
    np.save(path, (centers[component] + noise) @ rotation)


def run(python: str, code: str, args: argparse.Namespace, data: Path, seed: int = 0) -> dict[str, float]:
    """One fit in a process of its own."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "PARTITA_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, str(args.threads))}
    environment.pop("OPENBLAS_CORETYPE", None)
    if args.coretype:
        environment["OPENBLAS_CORETYPE"] = args.coretype
    facts = {"CODE": code, "PATH": repr(str(data)), "PARTS": str(args.parts), "WARM": "2000"}
    text = CHILD
    for name, value in {**facts, "SEED": str(seed)}.items():
        text = text.replace(name, value)
    done = subprocess.run([python, "-c", text], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{python} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def report(name: str, runs: list[dict[str, float]], base: list[dict[str, float]]) -> None:
    """A line with medians, the spread of the times, and ratios to the first entrant."""
    middle = {key: statistics.median(one[key] for one in runs) for key in runs[0]}
    first = {key: statistics.median(one[key] for one in base) for key in base[0]}
    seconds = [one["seconds"] for one in runs]
    print(
        f"{name:20} {middle['seconds']:8.3f} s ({min(seconds):.3f} to {max(seconds):.3f})"
        f"  peak +{middle['peak_mib']:5.0f} MiB  inertia {middle['inertia']:.6g}"
        f"  sizes {middle['smallest']:.0f}-{middle['largest']:.0f}, variation {middle['variation']:.4f}"
        f"  time x{middle['seconds'] / first['seconds']:.4f}"
        f"  inertia x{middle['inertia'] / first['inertia']:.4f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("contest", choices=("equal", "power", "assign"))
    parser.add_argument("--rows", type=int)
    parser.add_argument("--parts", type=int)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peer-repeats", type=int, default=1)
    parser.add_argument("--coretype", default="SkylakeX", help="OPENBLAS_CORETYPE for both; empty: unset")
    parser.add_argument("--peer-python", default=sys.executable, help="a Python with k-means-constrained")
    parser.add_argument("--data", type=Path, help="float32 rows as .npy, instead of the mixture")
    args = parser.parse_args()
    power = args.contest == "power"
    args.parts = args.parts or (500 if power else 100)
    rows = args.rows or (200_000 if power else 20_000)
    with tempfile.TemporaryDirectory() as folder:
        data = args.data or Path(folder) / "rows.npy"
        if args.data is None:
            (power_mixture if power else nested_mixture)(rows, data)
        here = sys.executable
        if args.contest == "assign":
            runs = [run(here, ASSIGN, args, data) for _ in range(args.repeats)]
            report("capacity_assign", runs, runs)
            return
        ours, theirs, flat = [], [], []
        for repeat in range(args.repeats):
            if power:
                theirs.append(run(here, FREE, args, data))
                ours.append(run(here, NESTED, args, data))
                flat.append(run(here, FLAT, args, data))
            else:
                ours.append(run(here, PARTITA, args, data))
                if repeat < args.peer_repeats:
                    theirs.append(run(args.peer_python, CONSTRAINED, args, data, repeat))
    report("without bounds" if power else "k-means-constrained", theirs, theirs)
    report("balance=1.05" if power else "partita", ours, theirs)
    if power:
        report("balance_cells", flat, theirs)


if __name__ == "__main__":
    main()
