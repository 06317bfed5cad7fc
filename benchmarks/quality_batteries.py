"""PPP beside named peers on the batteries of clustering-data-v1, as adjusted Rand index.

    PARTITA_DATA=... python benchmarks/quality_batteries.py --python .peers/bin/python --cache peers.jsonl
    PARTITA_DATA=... python benchmarks/quality_batteries.py --batteries fcps uci --sets

Two tables: entrants that find the number of parts themselves, and entrants that are told it. A set's score
is the best over its reference labelings; rows whose reference label is 0 (noise) are left out, and an
entrant's own noise counts as one more part. A battery's score is the mean over its sets.

Partita gets the raw columns, in the environment that runs this script. Peers get standardised columns, in
the environment of ``--python`` (scikit-learn, hdbscan, evoc, genieclust). Nobody is tuned: what is not the
default stands in the notes below the tables. ``--cache`` keeps the scores of the peers, one JSON line each;
delete the file after changing a peer.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

_BATTERIES = ("fcps", "other", "uci", "sipu", "g2mg")
_SYNTHETIC = "g2mg"
_WARD_ROWS = 20_000
_FULL_COLUMNS = 12
_SWEEP_END, _SWEEP_RISES = 120, 4
_EVOC_COLUMNS, _GENIE_COLUMNS = 5, 2
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_NOTES = f"""\
HDBSCAN 1 %: min_cluster_size of 1 % of the rows, at least 5. EVoC: random_state=0. EVoC fails on fewer than
{_EVOC_COLUMNS} columns and Genie on one: there they get columns of zeros. A failure scores 0.
Gaussian mixtures: full covariances up to {_FULL_COLUMNS} columns, diagonal above, random_state=0; the sweep
goes up from k = 1 and ends after {_SWEEP_RISES} k without a better BIC, or at {_SWEEP_END}.
k-means: n_init=10, random_state=0. Ward leaves out sets above {_WARD_ROWS:,} rows (memory)."""

Row = dict[str, Any]


def list_sets(batteries: list[str]) -> list[str]:
    """Names "battery/set", battery by battery, the small files first."""
    root = os.environ.get("PARTITA_DATA")
    if not root:
        raise SystemExit("set PARTITA_DATA to the folder that holds clustering-data-v1")
    folder = Path(root) / "clustering-data-v1"
    files = [
        file
        for battery in batteries
        for file in sorted((folder / battery).glob("*.data.gz"), key=lambda file: file.stat().st_size)
    ]
    return [f"{file.parent.name}/{file.name.removesuffix('.data.gz')}" for file in files]


def load(name: str) -> tuple[np.ndarray, list[np.ndarray]]:
    """The rows of a set and its reference labelings."""
    stem = Path(os.environ["PARTITA_DATA"]) / "clustering-data-v1" / name
    references = sorted(stem.parent.glob(f"{stem.name}.labels*.gz"))
    return np.loadtxt(gzip.open(f"{stem}.data.gz"), ndmin=2), [
        np.loadtxt(gzip.open(file), dtype=np.int64) for file in references
    ]


def score(reference: np.ndarray, labels: np.ndarray) -> float:
    from sklearn.metrics import adjusted_rand_score

    known = reference > 0
    return float(adjusted_rand_score(reference[known], labels[known]))


def best_told(references: list[np.ndarray], divide: Callable[[int], np.ndarray]) -> tuple[float, int]:
    """The best score over the references, each told its own k; and that k."""
    return max((score(y, divide(k)), k) for y in references for k in [len(np.unique(y[y > 0]))])


def run_partita(name: str, _: set[str]) -> Iterator[Row]:
    import partita as pt

    X, references = load(name)
    began = time.perf_counter()
    ppp = pt.points.PPP().fit(X)
    seconds = time.perf_counter() - began
    free = max(score(y, ppp.labels_) for y in references)
    yield {"entrant": "PPP", "score": free, "k": ppp.n_clusters_, "seconds": seconds}

    def cut(k: int) -> np.ndarray:
        labels: np.ndarray = ppp.hierarchy_.cut(n_clusters=k).labels
        return labels

    told, k = best_told(references, cut)
    yield {"entrant": "PPP cut", "score": told, "k": k, "seconds": seconds}


def run_peers(name: str, done: set[str]) -> Iterator[Row]:
    """Every peer that is not yet `done` on one set."""
    from sklearn.preprocessing import StandardScaler

    wanted = [peer for peer in (*_TOLD, *_FREE) if peer not in done]
    if not wanted:
        return
    X, references = load(name)
    X = StandardScaler().fit_transform(X)
    for peer in wanted:
        began = time.perf_counter()
        row: Row = {"entrant": peer, "score": None, "k": None}
        try:
            if peer in _FREE:
                labels = _FREE[peer](X)
                row["score"], row["k"] = max(score(y, labels) for y in references), len(np.unique(labels))
            elif peer != "Ward" or len(X) <= _WARD_ROWS:
                divide = _TOLD[peer]
                row["score"], row["k"] = best_told(references, lambda k, divide=divide: divide(X, k))
        except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            row |= {"score": 0.0, "error": f"{type(error).__name__}: {error}"[:200]}
        yield row | {"seconds": time.perf_counter() - began}


def hdbscan_default(X: np.ndarray) -> np.ndarray:
    import hdbscan

    return hdbscan.HDBSCAN().fit_predict(X)


def hdbscan_share(X: np.ndarray) -> np.ndarray:
    import hdbscan

    return hdbscan.HDBSCAN(min_cluster_size=max(5, len(X) // 100)).fit_predict(X)


def evoc_default(X: np.ndarray) -> np.ndarray:
    import evoc

    return evoc.EVoC(random_state=0).fit_predict(pad(X, _EVOC_COLUMNS).astype(np.float32))


def pad(X: np.ndarray, least: int) -> np.ndarray:
    """At least so many columns, with zeros, for peers that refuse fewer; no distance changes."""
    return np.pad(X, ((0, 0), (0, max(0, least - X.shape[1]))))


def mixture(X: np.ndarray, k: int) -> Any:
    from sklearn.mixture import GaussianMixture

    shape = "full" if X.shape[1] <= _FULL_COLUMNS else "diag"
    return GaussianMixture(k, covariance_type=shape, random_state=0).fit(X)


def mixture_sweep(X: np.ndarray) -> np.ndarray:
    best, labels, rises = np.inf, np.zeros(len(X), np.int64), 0
    for k in range(1, min(_SWEEP_END, len(X)) + 1):
        fitted = mixture(X, k)
        bic = fitted.bic(X)
        rises = 0 if bic < best else rises + 1
        if bic < best:
            best, labels = bic, fitted.predict(X)
        if rises == _SWEEP_RISES:
            break
    return labels


def mixture_told(X: np.ndarray, k: int) -> np.ndarray:
    return mixture(X, k).predict(X)


def kmeans(X: np.ndarray, k: int) -> np.ndarray:
    from sklearn.cluster import KMeans

    return KMeans(k, n_init=10, random_state=0).fit_predict(X)


def ward(X: np.ndarray, k: int) -> np.ndarray:
    from sklearn.cluster import AgglomerativeClustering

    return AgglomerativeClustering(k).fit_predict(X)


def genie(X: np.ndarray, k: int) -> np.ndarray:
    import genieclust

    return genieclust.Genie(n_clusters=k).fit_predict(pad(X, _GENIE_COLUMNS))


_FREE = {
    "HDBSCAN": hdbscan_default,
    "HDBSCAN 1 %": hdbscan_share,
    "EVoC": evoc_default,
    "Gaussian mixture, BIC": mixture_sweep,
}
_TOLD = {"k-means": kmeans, "Ward": ward, "Gaussian mixture": mixture_told, "Genie": genie}


def main() -> int:
    args = parse()
    if args.side:
        return run_side(args)
    rows = known_rows(args.cache)
    batteries = ["--batteries", *args.batteries]
    for side, python in (("partita", sys.executable), ("peers", args.python)):
        command = [python, __file__, "--side", side, *batteries]
        if side == "peers" and args.cache:
            command += ["--cache", args.cache]
        rows += collect(command, args.cache if side == "peers" else None)
    sets = list_sets(args.batteries)
    rows = [row for row in rows if row["set"] in sets]
    print_table("Without k", ["PPP", *_FREE], rows, args.batteries)
    print_table("Told k", ["PPP cut", *_TOLD], rows, args.batteries)
    print(_NOTES)
    for row in rows:
        if "error" in row:
            print(f"{row['entrant']} failed on {row['set']}: {row['error']}")
    if args.sets:
        print_sets(sets, rows)
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batteries", nargs="+", choices=_BATTERIES, default=list(_BATTERIES))
    parser.add_argument("--python", default=sys.executable, help="the interpreter that has the peers")
    parser.add_argument("--cache", metavar="FILE", help="scores of the peers, read and appended to")
    parser.add_argument("--sets", action="store_true", help="print every set too")
    parser.add_argument("--side", choices=["partita", "peers"], help="run one side and print JSON lines")
    return parser.parse_args()


def run_side(args: argparse.Namespace) -> int:
    warnings.simplefilter("ignore")
    run = {"partita": run_partita, "peers": run_peers}[args.side]
    known = known_rows(args.cache) if args.side == "peers" else []
    for name in list_sets(args.batteries):
        done = {row["entrant"] for row in known if row["set"] == name}
        for row in run(name, done):
            print(json.dumps({"set": name, **row}), flush=True)
    return 0


def known_rows(cache: str | None) -> list[Row]:
    if not cache or not Path(cache).exists():
        return []
    return [json.loads(line) for line in Path(cache).read_text().splitlines()]


def collect(command: list[str], cache: str | None) -> list[Row]:
    """Run one side on one thread; its rows, appended to `cache` as they come."""
    environment = dict(os.environ, PARTITA_PROGRESS="0") | dict.fromkeys(_THREAD_VARIABLES, "1")
    rows = []
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if not line.startswith("{"):
                continue
            rows.append(json.loads(line))
            if cache:
                with open(cache, "a") as file:
                    file.write(line)
    if process.returncode:
        raise SystemExit(f"a side failed with exit code {process.returncode}: {' '.join(command)}")
    return rows


def print_table(title: str, entrants: list[str], rows: list[Row], batteries: list[str]) -> None:
    """Mean ARI per battery, and the means of those means."""
    means = ["all", *([f"without {_SYNTHETIC}"] if {_SYNTHETIC} < set(batteries) else [])]
    print(f"\n| {title} | {' | '.join([*batteries, *means])} | seconds |")
    print("|---|" + "---:|" * (len(batteries) + len(means) + 1))
    for entrant in entrants:
        mine = [row for row in rows if row["entrant"] == entrant and row["score"] is not None]
        per = {b: [row["score"] for row in mine if row["set"].startswith(f"{b}/")] for b in batteries}
        mean = {b: float(np.mean(values)) if values else np.nan for b, values in per.items()}
        cells = [mean[b] for b in batteries] + [np.mean(list(mean.values()))]
        if len(means) > 1:
            cells.append(np.mean([value for b, value in mean.items() if b != _SYNTHETIC]))
        shown = " | ".join(f"{cell:.3f}" for cell in cells)
        left_out = sum(row["entrant"] == entrant and row["score"] is None for row in rows)
        name = entrant + (f" ({left_out} left out)" if left_out else "")
        print(f"| {name} | {shown} | {sum(row['seconds'] for row in mine):.0f} |")
    print()


def print_sets(sets: list[str], rows: list[Row]) -> None:
    """Every set: what PPP scores and finds, and the best peer of either kind."""
    print(f"\n{'set':24}{'PPP':>7}{'k':>6}{'cut':>8}{'k':>6}   best peer without k, told k")
    for name in sets:
        here = {row["entrant"]: row for row in rows if row["set"] == name}
        line = f"{name:24}"
        for entrant in ("PPP", "PPP cut"):
            row = here.get(entrant)
            line += f"{row['score']:>7.3f}{row['k']:>6} " if row else " " * 14
        for peers in (_FREE, _TOLD):
            scored = [(here[p]["score"], p) for p in peers if here.get(p, {}).get("score") is not None]
            line += "  {:.3f} {}".format(*max(scored)) if scored else ""
        print(line)


if __name__ == "__main__":
    sys.exit(main())
