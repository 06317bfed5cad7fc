"""k-medoids beside the Rust implementation (the package kmedoids) on given distances, and what PAM takes.

    PARTITA_DATA=... python benchmarks/medoids.py swap --peer-python /path/with/kmedoids/bin/python
    PARTITA_DATA=... python benchmarks/medoids.py pam --peer-python /path/with/kmedoids/bin/python
    PARTITA_DATA=... python benchmarks/medoids.py silhouette --peer-python /path/with/kmedoids/bin/python
    PARTITA_DATA=... python benchmarks/medoids.py condensed
    python benchmarks/medoids.py batch --rows 200000 --parts 100

``swap``: FasterPAM on the Euclidean distances of MNIST digits (10,000 of them), float32, both with the matrix
given and on the same number of threads. ``check`` and ``place`` of Partita are what its ``fit`` does beside:
the matrix is looked through for faults, items are put in an order of content, labels and levels are made.
``pam``: the swaps of FasterPAM against those of the original PAM, both from the same BUILD, on scikit-learn's
digits. ``silhouette``: FasterMSC, and DynMSC from 32 medoids down, on the distances of 5,000 digits: the
average medoid silhouette and the number of medoids. ``condensed``: FasterPAM on the condensed distances of
10,000 digits, once within a memory budget that holds their square, once without. ``batch``: the one-batch
method on a mixture, its loss against that of FasterPAM on as many rows as
fit, and its peak memory. Every run is a fresh process; entrants take turns.
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

import numpy as np
from contests import blobs, mnist_data

PARTITA = """
import time
import numpy as np
from partita._core.progress import Progress
from partita._core.threads import thread_scope
from partita.dissimilarities import KMedoids
from partita.dissimilarities._precomputed import PrecomputedItems, check_square
from partita.dissimilarities import _choose
from partita.dissimilarities._swap import SILHOUETTE, Problem, start_rows, swap_best, swap_eagerly
def fit(D, k, start):
    seconds = {}
    with thread_scope(THREADS):
        began = time.perf_counter()
        items = PrecomputedItems(check_square(D), None)
        seconds["check"] = time.perf_counter() - began
        began = time.perf_counter()
        problem = Problem(items.matrix(), items.weight, items.candidates)
        rows = start_rows(problem, k, "first") if start is None else np.array(start)
        if START:
            began = time.perf_counter()
        if METHOD == "fasterpam":
            outcome = swap_eagerly(problem, rows, None, THREADS, Progress())
        elif METHOD == "fastermsc":
            outcome = swap_eagerly(problem, rows, None, THREADS, Progress(), SILHOUETTE)
        elif METHOD == "dynmsc":
            _choose._MOST = k
            outcome, _ = _choose.choose_medoids(problem, None, THREADS, Progress())
        else:
            outcome = swap_best(problem, rows, None, pairwise=METHOD == "pam")
        seconds["swap"] = time.perf_counter() - began
    began = time.perf_counter()
    if METHOD == "fasterpam" and start is None:
        KMedoids(k, n_jobs=THREADS).fit(D)
    seconds["fit"] = time.perf_counter() - began
    return outcome.rows, outcome.n_swap, seconds
"""
RUST = """
import time
import kmedoids
import numpy as np
def fit(D, k, start):
    began = time.perf_counter()
    if METHOD == "fasterpam":
        options = dict(init="random", random_state=SEED, n_cpu=THREADS)
    elif METHOD in ("fastermsc", "dynmsc"):
        options = dict(init="random", random_state=SEED)
    else:
        options = {}
    call = getattr(kmedoids, METHOD)
    found = call(D, k if start is None else np.array(start, dtype=np.uint64), max_iter=10000, **options)
    return found.medoids.astype(int), getattr(found, "n_swap", 0), {"swap": time.perf_counter() - began}
"""
CHILD = """
import json, sys
import numpy as np
D, START = np.load(PATH), START_ROWS
fit(D[:300, :300].copy(), min(K, 20), None if START is None else list(range(min(K, 20))))
rows, swaps, seconds = fit(D, K, START)
near = np.sort(D[rows].astype(np.float64), axis=0)
loss, own = float(near[0].sum()), near[0] / np.maximum(near[min(1, len(rows) - 1)], 1e-300)
told = {"seconds": seconds, "loss": loss, "silhouette": 1 - own.mean(), "k": len(rows), "swaps": int(swaps)}
print(json.dumps(told))
"""


CONDENSED = """
import json, os
import numpy as np
from partita.dissimilarities import KMedoids
D = np.load(PATH)
few = int(round((1 + (1 + 8 * len(D)) ** 0.5) / 2)) // 20
KMedoids(3, n_jobs=THREADS).fit(D[: few * (few - 1) // 2])
if BUDGET:
    os.environ["PARTITA_MEMORY"] = "64KiB"
    KMedoids(2, n_jobs=THREADS).fit(D[: 200 * 199 // 2])
    os.environ["PARTITA_MEMORY"] = BUDGET
def memory(what):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(what)) // 1024
open("/proc/self/clear_refs", "w").write("5")
before = memory("VmRSS")
found = KMedoids(K, n_jobs=THREADS).fit(D)
peak = memory("VmHWM") - before
told = {"seconds": found.made_by_.seconds, "loss": found.inertia_, "peak": peak, "swaps": found.n_swap_}
print(json.dumps(told))
"""


def run(python: str, code: str, threads: int, **names: object) -> dict:
    """One fit in a process of its own; `names` are set before the code."""
    child = "" if code is CONDENSED else CHILD
    text = "\n".join([f"THREADS = {threads}", *(f"{k} = {v!r}" for k, v in names.items()), code, child])
    environment = dict(os.environ, PARTITA_NUM_THREADS=str(threads), RAYON_NUM_THREADS=str(threads))
    done = subprocess.run([python, "-c", text], capture_output=True, text=True, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr.strip().splitlines()[-1])
    return json.loads(done.stdout.splitlines()[-1])


def distances(X: np.ndarray) -> np.ndarray:
    """Euclidean distances, float32 (n, n), symmetric to the bit."""
    from scipy.spatial.distance import pdist, squareform

    if len(X) <= 3000:
        return squareform(pdist(X)).astype(np.float32)
    squares = np.einsum("ij,ij->i", X, X)
    D = np.sqrt(np.maximum(squares[:, None] + squares - 2 * (X @ X.T), 0))
    D = np.maximum(D, D.T)
    np.fill_diagonal(D, 0)
    return D


def swap(args: argparse.Namespace, folder: Path) -> None:
    """FasterPAM of both, from their own starts."""
    X, _, _ = mnist_data(args.rows or 10_000, 0)
    path = folder / "distances.npy"
    np.save(path, distances(X / np.float32(255)))
    titles = {
        "k": 5,
        "rust s": 8,
        "swap s": 8,
        "times": 6,
        "fit s": 8,
        "loss": 8,
        "rust swaps": 11,
        "swaps": 6,
    }
    print(*(f"{title:>{width}}" for title, width in titles.items()))
    for k in args.parts or (10, 100, 200):
        ours, rust = [], []
        for repeat in range(args.repeats):
            shared = {"METHOD": "fasterpam", "K": k, "PATH": str(path), "START_ROWS": None, "SEED": repeat}
            ours.append(run(sys.executable, PARTITA, args.threads, **shared))
            rust.append(run(args.peer_python, RUST, args.threads, **shared))
        mine, fit = (statistics.median(r["seconds"][part] for r in ours) for part in ("swap", "fit"))
        theirs = statistics.median(r["seconds"]["swap"] for r in rust)
        loss = ours[0]["loss"] / statistics.median(r["loss"] for r in rust)
        print(
            f"{k:5d} {theirs:8.3f} {mine:8.3f} {theirs / mine:6.1f} {fit:8.3f} {loss:8.5f} "
            f"{rust[0]['swaps']:11d} {ours[0]['swaps']:6d}"
        )


def silhouette(args: argparse.Namespace, folder: Path) -> None:
    """FasterMSC and DynMSC of both, from their own starts."""
    X, _, _ = mnist_data(args.rows or 5_000, 0)
    path = folder / "distances.npy"
    np.save(path, distances(X / np.float32(255)))
    for method, parts in (("fastermsc", args.parts or (10, 32)), ("dynmsc", (32,))):
        for k in parts:
            ours, rust = [], []
            for repeat in range(args.repeats):
                shared = {"METHOD": method, "K": k, "PATH": str(path), "START_ROWS": None, "SEED": repeat}
                ours.append(run(sys.executable, PARTITA, args.threads, **shared))
                rust.append(run(args.peer_python, RUST, args.threads, **shared))
            told = " ".join(
                f"{name} {statistics.median(r['seconds']['swap'] for r in runs):.2f} s, silhouette "
                f"{statistics.median(r['silhouette'] for r in runs):.4f}, k {[r['k'] for r in runs]};"
                for name, runs in (("partita", ours), ("rust", rust))
            )
            print(f"{method} k={k}: {told}", flush=True)


def condensed(args: argparse.Namespace, folder: Path) -> None:
    """FasterPAM on condensed distances: with their square, and row by row."""
    from scipy.spatial.distance import squareform

    X, _, _ = mnist_data(args.rows or 10_000, 0)
    path = folder / "distances.npy"
    D = squareform(distances(X / np.float32(255)), checks=False)
    np.save(path, D)
    for k in args.parts or (10, 100):
        for budget in ("", str(D.nbytes)):
            told = run(sys.executable, CONDENSED, args.threads, K=k, PATH=str(path), BUDGET=budget)
            print(f"k={k} {'row by row' if budget else 'square'}: {told}", flush=True)


def pam(args: argparse.Namespace, folder: Path) -> None:
    """The swaps of FasterPAM and of the original PAM (Rust's, and ours where it is asked for) from BUILD."""
    from sklearn.datasets import load_digits

    from partita.dissimilarities._precomputed import PrecomputedItems
    from partita.dissimilarities._swap import Problem, start_rows

    D = distances(load_digits().data)
    path = folder / "distances.npy"
    np.save(path, D)
    items = PrecomputedItems(D, None)
    problem = Problem(D, items.weight, items.candidates)
    for k in args.parts or (100, 200):
        start = [int(row) for row in start_rows(problem, k, "build")]
        shared = {"K": k, "PATH": str(path), "START_ROWS": start, "SEED": 0}
        ours = [run(sys.executable, PARTITA, 1, METHOD="fasterpam", **shared) for _ in range(args.repeats)]
        rust = run(args.peer_python, RUST, 1, METHOD="pam", **shared)
        mine = statistics.median(r["seconds"]["swap"] for r in ours)
        theirs = rust["seconds"]["swap"]
        print(
            f"k={k}: PAM (Rust) {theirs:.2f} s, FasterPAM {1000 * mine:.1f} ms, {theirs / mine:.0f} times, "
            f"loss {ours[0]['loss'] / rust['loss']:.5f}",
            flush=True,
        )
        if args.own:
            own = run(sys.executable, PARTITA, args.threads, METHOD="pam", **shared)
            print(f"      PAM (Partita) {own['seconds']['swap']:.2f} s, swaps {own['swaps']}", flush=True)


def batch(args: argparse.Namespace, folder: Path) -> None:
    """One batch on all rows, in a process whose peak is told; and against FasterPAM on as many as fit."""
    import resource

    from partita.dissimilarities import KMedoids

    k = (args.parts or [100])[0]
    X = np.load(args.data) if args.data else blobs(args.rows or 200_000, 64, 60, 0, spread=1.0)[0]
    few = X[: args.fit]
    one = KMedoids(k, metric="euclidean", method="onebatch", n_jobs=args.threads).fit(few)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    large = KMedoids(k, metric="euclidean", method="onebatch", n_jobs=args.threads).fit(X)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(X)} rows: {large.made_by_.seconds:.1f} s, loss {large.inertia_:.1f}, peak {peak:.0f} MiB "
          f"(before: {before:.0f})")  # fmt: skip
    full = KMedoids(k, metric="euclidean", n_jobs=args.threads).fit(few)
    print(
        f"{len(few)} rows: one batch {one.made_by_.seconds:.1f} s, FasterPAM {full.made_by_.seconds:.1f} s, "
        f"loss {one.inertia_ / full.inertia_:.5f}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("swap", "pam", "silhouette", "condensed", "batch"))
    parser.add_argument("--peer-python", default=sys.executable, help="a Python that has kmedoids")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--parts", type=int, nargs="+")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--fit", type=int, default=20_000, help="rows for FasterPAM beside the one batch")
    parser.add_argument("--data", help="a .npy of rows for the one batch")
    parser.add_argument("--own", action="store_true", help="also run Partita's PAM")
    args = parser.parse_args()
    tasks = {"swap": swap, "pam": pam, "silhouette": silhouette, "condensed": condensed, "batch": batch}
    with tempfile.TemporaryDirectory() as folder:
        tasks[args.what](args, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
