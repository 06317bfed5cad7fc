"""Run Partita and named peers on the same data, in fresh processes, and print ratios and peak memory.

    python benchmarks/harness.py --list
    python benchmarks/harness.py kmeans --rows 100000 --repeats 3
    python benchmarks/harness.py ppp --threads 2 --json results.json

Every run of every entrant is its own process with the same data file, the same number of threads and the
same BLAS kernels (``--coretype``). The entrants take turns, repeat by repeat, so that a machine that slows
down slows all of them. The clock starts when the data are in memory and, unless ``--cold`` is given, after a
small rehearsal that compiles what has to be compiled. Quality is computed here, by the same code for all,
from the labels that the entrant returns.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import bottom_up
import communities
import contests
import density
import linkage
import local_graph
import maps
import members
import pooling
import sinkhorn_pot
import spherical
from contests import Contest
from scipy import sparse

_TOPICS = (
    contests,
    communities,
    density,
    spherical,
    pooling,
    sinkhorn_pot,
    linkage,
    members,
    local_graph,
    maps,
    bottom_up,
)
CONTESTS = {name: contest for topic in _TOPICS for name, contest in topic.CONTESTS.items()}
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "PARTITA_NUM_THREADS",
)
_REHEARSAL_ROWS = 2000


@dataclass(frozen=True)
class Run:
    """What one process measured."""

    seconds: float
    peak_mib: float
    quality: dict[str, float]


def main() -> int:
    args = parse()
    if args.child:
        return child(args)
    if args.list or not args.contest:
        for contest in CONTESTS.values():
            print(f"{contest.name:10} {contest.about}  [{', '.join(contest.entrants)}]")
        return 0
    contest = CONTESTS[args.contest]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.npz"
        X, truth, facts = contest.make_data(args.rows or contest.rows, args.seed)
        save(data, X, truth)
        facts = {**contest.facts, **facts}
        chosen = args.only or list(contest.entrants)
        shape = f"{X.shape[0]:,} x {X.shape[1]} {X.dtype}"
        print(f"{contest.name}: {shape}, {args.threads} threads, {args.repeats} repeats")
        results = compete(contest, chosen, data, facts, args)
    report(results)
    if args.json:
        Path(args.json).write_text(
            json.dumps({name: [vars(run) for run in runs] for name, runs in results.items()})
        )
    return 0 if results else 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("contest", nargs="?", choices=sorted(CONTESTS))
    parser.add_argument("--rows", type=int, help="rows of the data (default: the contest's)")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=0, help="of the data")
    parser.add_argument("--only", nargs="+", metavar="ENTRANT")
    parser.add_argument(
        "--coretype",
        default="SkylakeX" if platform.machine() == "x86_64" else "",
        help="OPENBLAS_CORETYPE for all; '' leaves it alone (default: %(default)r)",
    )
    parser.add_argument("--cold", action="store_true", help="no rehearsal: count compilation too")
    parser.add_argument("--json", metavar="FILE", help="write every single run here")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--child", metavar="ENTRANT", help=argparse.SUPPRESS)
    parser.add_argument("--data", help=argparse.SUPPRESS)
    parser.add_argument("--facts", default="{}", help=argparse.SUPPRESS)
    return parser.parse_args()


def compete(
    contest: Contest, names: list[str], data: Path, facts: dict[str, Any], args: Any
) -> dict[str, list[Run]]:
    """Let the entrants take turns; one that fails is named and left out."""
    results: dict[str, list[Run]] = {name: [] for name in names}
    for _ in range(args.repeats):
        for name in list(results):
            outcome = run_fresh(contest, name, data, facts, args)
            if isinstance(outcome, str):
                print(f"  {name} is left out: {outcome}")
                del results[name]
            else:
                results[name].append(outcome)
    return results


def run_fresh(contest: Contest, name: str, data: Path, facts: dict[str, Any], args: Any) -> Run | str:
    """One run in a process of its own; a text says why there is no result."""
    environment = dict(os.environ, PYTHONHASHSEED="0", PARTITA_PROGRESS="0")
    environment.update(dict.fromkeys(_THREAD_VARIABLES, str(args.threads)))
    if args.coretype:
        environment["OPENBLAS_CORETYPE"] = args.coretype
    command = [
        sys.executable,
        __file__,
        contest.name,
        "--child",
        name,
        "--data",
        str(data),
        "--facts",
        json.dumps(facts),
    ]
    command += ["--threads", str(args.threads), *(["--cold"] if args.cold else [])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    return Run(**json.loads(done.stdout.splitlines()[-1]))


def save(path: Path, X: Any, truth: np.ndarray | None) -> None:
    """Write dense or sparse rows, and the truth where there is one."""
    parts = {"X": X}
    if sparse.issparse(X):
        parts = {"data": X.data, "indices": X.indices, "indptr": X.indptr, "shape": np.array(X.shape)}
    np.savez(path, truth=np.empty(0) if truth is None else truth, **parts)


def load(path: Path) -> tuple[Any, np.ndarray]:
    """The rows that ``save`` wrote, and the truth (empty where there is none)."""
    with np.load(path) as held:
        if "X" in held:
            return np.ascontiguousarray(held["X"]), held["truth"]
        parts = held["data"], held["indices"], held["indptr"]
        return sparse.csr_matrix(parts, shape=tuple(held["shape"])), held["truth"]


def child(args: argparse.Namespace) -> int:
    """Measure one entrant and print the result as one line of JSON."""
    contest, facts = CONTESTS[args.contest], {**json.loads(args.facts), "threads": args.threads}
    X, truth = load(Path(args.data))
    entrant = contest.entrants[args.child]
    fit = entrant()
    if not args.cold:
        fit(X[:_REHEARSAL_ROWS].copy(), {**facts, "n_clusters": min(facts.get("n_clusters", 8), 20)})
    before = reset_peak()
    start = time.perf_counter()
    labels = fit(X, facts)
    seconds, highest = time.perf_counter() - start, peak()
    quality = contest.judge(X, np.asarray(labels), truth if truth.size else None)
    print(json.dumps({"seconds": seconds, "peak_mib": (highest - before) / 2**20, "quality": quality}))
    return 0


def reset_peak() -> int:
    """Start a new high-water mark of memory, where the system can; the memory in use now, in bytes."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return 0
    return _status("VmRSS:")


def peak() -> int:
    """The high-water mark of resident memory, in bytes."""
    if Path("/proc/self/status").exists():
        return _status("VmHWM:")
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def report(results: dict[str, list[Run]]) -> None:
    """Medians with their range, and ratios to the first entrant that finished."""
    rows = {name: runs for name, runs in results.items() if runs}
    if not rows:
        print("nobody finished")
        return
    base = next(iter(rows))
    base_seconds = statistics.median(run.seconds for run in rows[base])
    measures = list(rows[base][0].quality)
    titles = ["seconds", "(range)", "ratio", "peak MiB", *measures]
    print(f"  {'(ratios to the first)':24}" + "".join(f"{title:>14}" for title in titles))
    for name, runs in rows.items():
        seconds = [run.seconds for run in runs]
        middle = statistics.median(seconds)
        memory = statistics.median(run.peak_mib for run in runs)
        cells = [
            f"{middle:.2f}",
            f"{min(seconds):.2f}-{max(seconds):.2f}",
            f"{middle / base_seconds:.2f}",
            f"{memory:,.0f}",
        ]
        cells += [f"{statistics.median(run.quality[m] for run in runs):.6g}" for m in measures]
        print(f"  {name:24}" + "".join(f"{cell:>14}" for cell in cells))


if __name__ == "__main__":
    sys.exit(main())
