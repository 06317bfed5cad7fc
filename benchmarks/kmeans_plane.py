"""Time against inertia: k-means of Partita beside faiss, superkmeans and scikit-learn, several settings each.

    python benchmarks/kmeans_plane.py --peer-python /path/with/peers/bin/python --parts 1000
    python benchmarks/kmeans_plane.py --data mnist.npy --parts 700 --repeats 3 --only partita,superkmeans

Each fit is a fresh process with the rows already in memory; entrants take turns. A fit on few rows goes
before, so that kernels come from the cache. All run on ``--threads`` threads, every OpenBLAS on the same
kernels (``--coretype``). Times include the labels of all rows; ``train`` is the time until the centres are
there (scikit-learn doesn't tell the two apart). Inertia is that of the labels and centres each returns, over
all rows, in float64. At the end: the peers' settings that no setting of Partita beats in inertia and by
either clock, if any, the speed of products in an exact assignment, and what is gained where centres are
spared. ``--only share`` prints that alone.
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

from kmeans_faiss import mixture

PARTITA = """
import partita
from partita.points import {maker}
class Learnt(partita.Progress):
    at = 0.0
    def start(self, label, total=None):
        if label.startswith("Assign"):
            self.at = time.perf_counter()
def fit(X, k):
    learnt = Learnt()
    fitted = {maker}(k, progress=learnt, {options}).fit(X)
    return fitted.labels_, fitted.cluster_centers_, learnt.at
fit(X[:50_000], 200)
"""
FAISS = """
import faiss
faiss.omp_set_num_threads(THREADS)
def fit(X, k):
    kmeans = faiss.Kmeans(X.shape[1], k, {options})
    kmeans.train(X)
    train = time.perf_counter()
    return kmeans.index.search(X, 1)[1][:, 0], kmeans.centroids, train
"""
SUPERKMEANS = """
from superkmeans import SuperKMeans
def fit(X, k):
    kmeans = SuperKMeans(k, X.shape[1], n_threads=THREADS, {options})
    centers = kmeans.train(X)
    train = time.perf_counter()
    return kmeans.assign_training_points(X, centers), centers, train
"""
SKLEARN = """
import sklearn.cluster
def fit(X, k):
    fitted = sklearn.cluster.{maker}(k, random_state=0, n_init=1, {options}).fit(X)
    return fitted.labels_, fitted.cluster_centers_, None
"""
CHILD = """
import json, resource, sys, time
import numpy as np
X = np.load(PATH)
CODE
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before, began = peak(), time.perf_counter()
labels, centers, train = fit(X, PARTS)
seconds, after = time.perf_counter() - began, peak()
inertia = 0.0
for start in range(0, len(X), 65536):
    block = slice(start, start + 65536)
    apart = X[block] - centers[labels[block]].astype(np.float32)
    inertia += float(np.einsum("ij,ij->", apart, apart, dtype=np.float64))
print(json.dumps({"seconds": seconds, "train": (train or began + seconds) - began, "peak_mib": after - before,
                  "inertia": inertia, "parts": len(np.unique(labels))}))
"""
SHARE = """
import json, time
import numpy as np
from threadpoolctl import threadpool_limits
from partita.points import KMeans, _prune
X = np.load(PATH)[:200_000]
least, _prune._LEAST_WORK = _prune._LEAST_WORK, float("inf")
fitted = KMeans(PARTS, swaps=0, max_iter=1, polish=0, rows_per_cell=8).fit(X)
def best(call, times):
    spans = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        spans.append(time.perf_counter() - began)
    return min(spans)
seconds, labels = best(lambda: fitted.predict(X), 3), fitted.predict(X)
centers = np.ascontiguousarray(fitted.cluster_centers_.T)
flops = 2.0 * X.shape[1] * centers.shape[1]
with threadpool_limits(THREADS):
    bare = best(lambda: X[:8192] @ centers, 20)
reached, sgemm = flops * len(X) / seconds, flops * min(8192, len(X)) / bare
_prune._LEAST_WORK = least
began = time.perf_counter()
same = bool((fitted.predict(X) == labels).all())
first = time.perf_counter() - began
spared = best(lambda: fitted.predict(X), 3)
print(json.dumps({"reached": reached / 1e9, "sgemm": sgemm / 1e9, "all": seconds, "spared": spared,
                  "first": first, "same": same, "rows": len(X)}))
"""


def entrants(k: int) -> dict[str, str]:
    """The code of every setting, by name."""
    few = "rows_per_cell=32, swaps=2, max_iter=1" if k > 2048 else "rows_per_cell=64, swaps=2, max_iter=2"
    quick = "rows_per_cell=24, swaps=1, max_iter=1" if k > 2048 else "rows_per_cell=64, swaps=1, max_iter=1"
    faster = (
        "rows_per_cell=16, swaps=1, max_iter=0"
        if k > 2048
        else "rows_per_cell=32, swaps=1, max_iter=0, polish=0"
    )
    fastest = (
        "rows_per_cell=10, swaps=1, max_iter=0"
        if k > 2048
        else "rows_per_cell=32, swaps=0, max_iter=0, polish=0"
    )
    nested, flat = "HierarchicalKMeans", "KMeans"
    found = {
        "partita nested, fastest": PARTITA.format(maker=nested, options=fastest),
        "partita nested, faster": PARTITA.format(maker=nested, options=faster),
        "partita nested, quick": PARTITA.format(maker=nested, options=quick),
        "partita nested, fast": PARTITA.format(maker=nested, options=few),
        "partita nested": PARTITA.format(maker=nested, options=""),
        "partita nested, long": PARTITA.format(maker=nested, options="swaps=8, max_iter=30, tol=3e-4"),
        "partita nested, thorough": PARTITA.format(
            maker=nested, options="rows_per_cell=512, swaps=8, max_iter=30, tol=3e-4, polish=5"
        ),
        "partita flat, fast": PARTITA.format(maker=flat, options=few),
        "partita flat": PARTITA.format(maker=flat, options=""),
        "partita flat, thorough": PARTITA.format(
            maker=flat, options="rows_per_cell=1024, swaps=8, max_iter=30, tol=2e-4"
        ),
        "superkmeans nested": SUPERKMEANS.format(options="hierarchical=True"),
        "superkmeans nested 10+10+3": SUPERKMEANS.format(
            options="hierarchical=True, iters_mesoclustering=10, iters_fineclustering=10, iters_refinement=3"
        ),
        "superkmeans flat": SUPERKMEANS.format(options="hierarchical=False"),
        "superkmeans flat, full": SUPERKMEANS.format(
            options="hierarchical=False, sampling_fraction=1.0, max_points_per_cluster=10**9, iters=25"
        ),
        "faiss": FAISS.format(options=""),
        "faiss, full": FAISS.format(options="max_points_per_centroid=10**9, niter=25"),
        "sklearn mini-batch": SKLEARN.format(
            maker="MiniBatchKMeans", options="batch_size=16 * 1024, init='k-means++'"
        ),
        "sklearn Lloyd": SKLEARN.format(maker="KMeans", options="init='k-means++'"),
    }
    return found


def run(python: str, code: str, args: argparse.Namespace, data: Path) -> dict[str, float]:
    """One process."""
    count = str(args.threads)
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "PARTITA_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, count)}
    environment.pop("OPENBLAS_CORETYPE", None)
    if args.coretype:
        environment["OPENBLAS_CORETYPE"] = args.coretype
    for name, value in (("THREADS", count), ("PARTS", str(args.parts)), ("PATH", repr(str(data)))):
        code = code.replace(name, value)
    done = subprocess.run([python, "-c", code], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{python} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def middle(runs: list[dict[str, float]]) -> dict[str, float]:
    """Medians."""
    return {key: statistics.median(one[key] for one in runs) for key in runs[0]}


def report(medians: dict[str, dict[str, float]]) -> None:
    """A line for each setting, and the peers' settings that stand."""
    for name, one in sorted(medians.items(), key=lambda item: item[1]["seconds"]):
        print(
            f"{name:28} {one['seconds']:8.2f} s  train {one['train']:8.2f} s  inertia {one['inertia']:.6g}"
            f"  parts {one['parts']:.0f}  peak +{one['peak_mib']:.0f} MiB"
        )
    ours = [one for name, one in medians.items() if name.startswith("partita")]
    stand = [
        f"{name} by {clock}"
        for name, one in medians.items()
        for clock in ("seconds", "train")
        if not name.startswith("partita")
        and not any(own[clock] <= one[clock] and own["inertia"] <= one["inertia"] for own in ours)
    ]
    print("peers that no setting of Partita beats in time and inertia:", "; ".join(stand) or "none")


def names_of(text: str) -> tuple[str, ...]:
    """Beginnings of names; those with commas in them are told apart by semicolons."""
    return tuple(filter(None, text.split(";" if ";" in text else ",")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--parts", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--coretype", default="SkylakeX", help="OPENBLAS_CORETYPE for all; empty: unset")
    parser.add_argument("--peer-python", default=sys.executable, help="a Python that has the peers")
    parser.add_argument("--data", type=Path, help="float32 rows as .npy, instead of the mixture")
    parser.add_argument("--only", default="", help="settings whose names begin so, by commas or semicolons")
    parser.add_argument("--without", default="", help="settings to leave out, likewise")
    args = parser.parse_args()
    only, without = names_of(args.only), names_of(args.without)
    chosen = {
        name: code
        for name, code in entrants(args.parts).items()
        if (not only or name.startswith(only)) and not (without and name.startswith(without))
    }
    with tempfile.TemporaryDirectory() as folder:
        data = args.data or Path(folder) / "rows.npy"
        if args.data is None:
            mixture(args.rows, data)
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in chosen}
        for _ in range(args.repeats):
            for name, code in chosen.items():
                python = sys.executable if name.startswith("partita") else args.peer_python
                runs[name].append(run(python, CHILD.replace("CODE", code), args, data))
                print(name, json.dumps(runs[name][-1]), file=sys.stderr, flush=True)
        share = run(sys.executable, SHARE, args, data)
    report({name: middle(some) for name, some in runs.items()})
    print(
        f"exact assignment, all products: {share['reached']:.0f} GFLOP/s of {share['sgemm']:.0f} of sgemm,"
        f" {100 * share['reached'] / share['sgemm']:.0f} %"
    )
    print(
        f"exact assignment of {share['rows']} rows: all products {share['all']:.3f} s, as it is chosen"
        f" {share['spared']:.3f} s ({share['first']:.3f} s the first time),"
        f" {'the same labels' if share['same'] else 'OTHER LABELS'}"
    )


if __name__ == "__main__":
    main()
