"""Partita's makers beside named peers on the batteries of clustering-data-v1, as adjusted Rand index.

    PARTITA_DATA=... python benchmarks/quality_batteries.py --python .peers/bin/python --cache peers.jsonl
    PARTITA_DATA=... python benchmarks/quality_batteries.py --batteries fcps uci --sets

Two tables: entrants that find the number of parts themselves, and entrants that are told it; and a third
with the best peer and the best of Partita's makers on each battery, and beside them the default without k. A
set's score is the best over its reference labelings; rows whose reference label is 0 (noise) are left out,
and an entrant's own noise counts as one more part. A battery's score is the mean over its sets.

PPP, which scales columns itself, gets them raw, in the environment that runs this script. Partita's other
makers and the peers get standardised columns, the peers in the environment of ``--python`` (scikit-learn,
SciPy, hdbscan, evoc, genieclust). Nobody is tuned: what is not the default stands in the notes below the
tables. ``--cache`` keeps the scores of the peers, ``--own-cache`` those of Partita, one JSON line each;
delete the file after changing an entrant. ``--side`` runs one side alone, into its cache, and ``--seconds``
ends it after a while, so that a long run can be made in pieces.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
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
k-means: n_init=10, random_state=0. The peers' Ward, average, complete and single linkage and our average
and complete leave out sets above {_WARD_ROWS:,} rows (memory). Where ties leave no cut of ours into k parts,
the next finer is taken."""

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


def run_partita(name: str, done: set[str]) -> Iterator[Row]:
    """Every maker of Partita that is not yet `done` on one set."""
    if "PPP cut" not in done:
        yield from run_ppp(name)
    wanted = [entrant for entrant in (*_OWN_TOLD, *_OWN_FREE) if entrant not in done]
    if not wanted:
        return
    X, references = load(name)
    X = standardised(X)
    for entrant in wanted:
        began = time.perf_counter()
        row: Row = {"entrant": entrant, "score": None, "k": None}
        if entrant in _OWN_FREE:
            labels = _OWN_FREE[entrant](X)
            row["score"], row["k"] = max(score(y, labels) for y in references), len(np.unique(labels))
        elif entrant not in _OWN_QUADRATIC or len(X) <= _WARD_ROWS:
            row["score"], row["k"] = best_told(references, _OWN_TOLD[entrant](X))
        yield row | {"seconds": time.perf_counter() - began}


def standardised(X: np.ndarray) -> np.ndarray:
    """Columns of mean 0 and deviation 1; constant ones stay 0."""
    deviation = X.std(axis=0)
    return (X - X.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)


def own_linkage(method: str) -> Callable[[np.ndarray], Callable[[int], np.ndarray]]:
    """Cuts of one dendrogram; where ties leave no cut into k parts, the next finer one."""

    def divide(X: np.ndarray) -> Callable[[int], np.ndarray]:
        import partita as pt

        h = pt.points.Linkage(method).fit(X).hierarchy_

        def cut(k: int) -> np.ndarray:
            for more in range(len(X)):
                try:
                    labels: np.ndarray = h.cut(n_clusters=k + more).labels
                    return labels
                except pt.InfeasibleError:
                    continue
            raise AssertionError("single rows are a cut")

        return cut

    return divide


def own_kmeans(X: np.ndarray) -> Callable[[int], np.ndarray]:
    import partita as pt

    return lambda k: pt.points.KMeans(n_clusters=k).fit(X).labels_


def own_hdbscan(X: np.ndarray) -> np.ndarray:
    import partita as pt

    return pt.points.HDBSCAN().fit(X).labels_


def own_hdbscan_share(X: np.ndarray) -> np.ndarray:
    import partita as pt

    return pt.points.HDBSCAN(min_cluster_size=max(5, len(X) // 100)).fit(X).labels_


def own_free_linkage(method: str) -> Callable[[np.ndarray], np.ndarray]:
    import partita as pt

    return lambda X: pt.points.Linkage(method).fit(X).labels_


def run_ppp(name: str) -> Iterator[Row]:
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
    wanted = [peer for peer in (*_TOLD, *_FREE) if peer not in done]
    if not wanted:
        return
    X, references = load(name)
    X = standardised(X)
    for peer in wanted:
        began = time.perf_counter()
        row: Row = {"entrant": peer, "score": None, "k": None}
        try:
            if peer in _FREE:
                labels = _FREE[peer](X)
                row["score"], row["k"] = max(score(y, labels) for y in references), len(np.unique(labels))
            elif peer not in _QUADRATIC or len(X) <= _WARD_ROWS:
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


def scipy_linkage(method: str) -> Callable[[np.ndarray, int], np.ndarray]:
    def divide(X: np.ndarray, k: int) -> np.ndarray:
        from scipy.cluster.hierarchy import fcluster, linkage

        return fcluster(linkage(X, method), k, "maxclust")

    return divide


_OWN_TOLD: dict[str, Callable[[np.ndarray], Callable[[int], np.ndarray]]] = {
    "Linkage genie": own_linkage("genie"),
    "Linkage ward": own_linkage("ward"),
    "Linkage average": own_linkage("average"),
    "Linkage complete": own_linkage("complete"),
    "Linkage single": own_linkage("single"),
    "KMeans": own_kmeans,
}
_OWN_QUADRATIC = ("Linkage average", "Linkage complete")
_OWN_FREE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "Linkage ward, no k": lambda X: own_free_linkage("ward")(X),
    "Linkage genie, no k": lambda X: own_free_linkage("genie")(X),
}
if importlib.util.find_spec("partita") and importlib.util.find_spec("partita.points.hdbscan"):
    _OWN_FREE |= {"our HDBSCAN": own_hdbscan, "our HDBSCAN 1 %": own_hdbscan_share}
_FREE = {
    "HDBSCAN": hdbscan_default,
    "HDBSCAN 1 %": hdbscan_share,
    "EVoC": evoc_default,
    "Gaussian mixture, BIC": mixture_sweep,
}
_TOLD = {
    "k-means": kmeans,
    "Ward": ward,
    "Gaussian mixture": mixture_told,
    "Genie": genie,
    "SciPy average": scipy_linkage("average"),
    "SciPy complete": scipy_linkage("complete"),
    "SciPy single": scipy_linkage("single"),
}
_QUADRATIC = ("Ward", "SciPy average", "SciPy complete", "SciPy single")


def main() -> int:
    args = parse()
    if args.child:
        return run_side(args)
    rows = []
    sides = (("partita", sys.executable, args.own_cache), ("peers", args.python, args.cache))
    for side, python, cache in sides:
        command = [python, __file__, "--child", side, "--seconds", str(args.seconds)]
        command += ["--batteries", *args.batteries, *(["--cache", cache] if cache else [])]
        command += ["--only", *args.only] if args.only else []
        rows += known_rows(cache)
        if args.side in (None, side):
            rows += collect(command, cache)
    sets = list_sets(args.batteries)
    rows = [row for row in rows if row["set"] in sets]
    print_table("Without k", ["PPP", *_OWN_FREE, *_FREE], rows, args.batteries)
    print_table("Told k", ["PPP cut", *_OWN_TOLD, *_TOLD], rows, args.batteries)
    print_best(rows, args.batteries)
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
    parser.add_argument("--own-cache", metavar="FILE", help="scores of Partita, read and appended to")
    parser.add_argument("--seconds", type=float, default=1e9, help="end a side after so many, between sets")
    parser.add_argument("--only", nargs="+", metavar="ENTRANT", help="run these alone ('PPP cut' runs PPP)")
    parser.add_argument("--sets", action="store_true", help="print every set too")
    parser.add_argument("--side", choices=["partita", "peers"], help="run one side, take the other as known")
    parser.add_argument("--child", choices=["partita", "peers"], help=argparse.SUPPRESS)
    return parser.parse_args()


def run_side(args: argparse.Namespace) -> int:
    warnings.simplefilter("ignore")
    run = {"partita": run_partita, "peers": run_peers}[args.child]
    known, began = known_rows(args.cache), time.perf_counter()
    for name in list_sets(args.batteries):
        if time.perf_counter() - began > args.seconds:
            break
        done = {row["entrant"] for row in known if row["set"] == name}
        if args.only:
            done |= {*_FREE, *_TOLD, *_OWN_FREE, *_OWN_TOLD, "PPP cut"} - set(args.only)
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


def print_best(rows: list[Row], batteries: list[str]) -> None:
    """The best mean of a battery, among peers and among our makers; the default without k beside."""
    print(f"| Best, k told | {' | '.join(batteries)} |")
    print("|---|" + "---|" * len(batteries))
    for title, entrants in (
        ("peer", list(_TOLD)),
        ("Partita", ["PPP cut", *_OWN_TOLD]),
        ("Partita's default, no k", ["PPP"]),
    ):
        cells = []
        for battery in batteries:
            means = [
                (float(np.mean(scores)), entrant)
                for entrant in entrants
                if (
                    scores := [
                        row["score"]
                        for row in rows
                        if row["entrant"] == entrant
                        and row["score"] is not None
                        and row["set"].startswith(f"{battery}/")
                    ]
                )
            ]
            cells.append("{:.3f} {}".format(*max(means)) if means else "-")
        print(f"| {title} | {' | '.join(cells)} |")
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
