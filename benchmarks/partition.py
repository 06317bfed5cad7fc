"""Balanced parts of graphs against METIS and KaMinPar, nested parts against flat ones, personalities.

    python benchmarks/partition.py flat FOLDER… --mode fast --parts 2 4 8 16 32 64
    python benchmarks/partition.py nested FILE… --mode fast --branches 4 4 4
    python benchmarks/partition.py circuits FOLDER --parts 2

    python benchmarks/partition.py flat FOLDER… --mode strong --keep RESULTS --seconds 150

FOLDERs hold METIS .graph files (.gz); for `circuits`, hMETIS .hgr files. Peers that can be imported take part
(pymetis, kaminpar). All run in this process on the same graphs, in turns; Partita compiles on another graph
first. With ``--keep``, what was found stands in a folder, and a call goes on where the one before ended: the
time is looked at before each graph and number of parts. Partita's time is that of ``fit`` from a SciPy matrix
on ``--threads`` threads; METIS's that of ``part_graph`` from CSR arrays, KaMinPar's that of
``compute_partition`` on one thread. Cuts are computed here, from labels alone.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import sparse

import partita as pt

_IMBALANCE = 0.03


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("contest", choices=("flat", "nested", "circuits"))
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--mode", nargs="+", default=["fast"])
    parser.add_argument("--parts", nargs="+", type=int, default=[2, 4, 8, 16, 32, 64])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", nargs="+", help="names of graphs")
    parser.add_argument("--branches", nargs="+", type=int, default=[4, 4, 4])
    parser.add_argument("--mapping", choices=("even", "first"), default="even", help="of static circuits")
    parser.add_argument("--keep", type=Path, help="a folder for results, to go on from there")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin nothing after so many")
    parser.add_argument("--quietly", action="store_true", help="print the means alone")
    args = parser.parse_args()
    return {"flat": flat, "nested": nested, "circuits": circuits}[args.contest](args)


def files_of(args: argparse.Namespace, suffix: str) -> list[Path]:
    found = [
        f for path in args.paths for f in (sorted(path.glob(f"*{suffix}*")) if path.is_dir() else [path])
    ]
    seen = {f.name: f for f in found if not args.only or f.name.split(".")[0] in args.only}
    return list(seen.values())


def cut_of(matrix: sparse.csr_array, labels: np.ndarray) -> float:
    tail = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return float(matrix.data[labels[tail] != labels[matrix.indices]].sum() / 2)


def entrants(
    args: argparse.Namespace, file: Path, matrix: sparse.csr_array, weight: np.ndarray
) -> dict[str, Callable]:
    """Each takes a number of parts and returns labels; what is read or built before is not timed."""
    made = {
        f"partita {mode}": lambda k, mode=mode: (
            pt.graphs.MultilevelPartition(
                k,
                imbalance=_IMBALANCE,
                mode=mode,
                n_jobs=args.threads,
                node_weights=weight if (weight != 1).any() else None,
            )
            .fit(matrix)
            .labels_
        )
        for mode in args.mode
    }
    try:
        import pymetis

        rows = pymetis.CSRAdjacency(matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32))
        prices = matrix.data.astype(np.int32) if (matrix.data != 1).any() else None
        sizes = weight.astype(np.int32) if (weight != 1).any() else None
        for name, recursive in (("metis kway", False), ("metis recursive", True)):
            made[name] = lambda k, recursive=recursive: pymetis.part_graph(
                k, adjacency=rows, eweights=prices, vweights=sizes, recursive=recursive
            )[1]
    except ImportError:
        print("pymetis is missing")
    try:
        import kaminpar

        plain = Path(tempfile.mkdtemp()) / "graph.metis"
        held = file.read_bytes()
        plain.write_bytes(gzip.decompress(held) if file.suffix == ".gz" else held)
        graph = kaminpar.load_graph(str(plain), kaminpar.GraphFileFormat.METIS)
        solver = kaminpar.KaMinPar(num_threads=1, ctx=kaminpar.context_by_name("strong"))
        made["kaminpar strong"] = lambda k: solver.compute_partition(graph, k=k, eps=_IMBALANCE)
    except ImportError:
        print("kaminpar is missing")
    return made


def flat(args: argparse.Namespace) -> int:
    rehearse(args)
    results: dict[str, list[tuple[float, float, float]]] = {}
    begun = time.perf_counter()
    for file in files_of(args, ".graph"):
        source = pt.io.read(file)
        matrix = source.data
        weight = source.extra.get("node_weights", np.ones((matrix.shape[0], 1)))[:, 0]
        solvers = entrants(args, file, matrix, weight)
        for k in args.parts:
            if time.perf_counter() - begun > args.seconds:
                print(f"{file.name}, {k} parts, and what follows is for the next call")
                summary(results)
                return 0
            try:
                pt.graphs.MultilevelPartition(k, mode="fast", node_weights=weight).fit(matrix)
            except pt.InfeasibleError as refusal:
                print(f"{file.name}, {k} parts, is left out: {refusal.reason}")
                continue
            for name, solve in solvers.items():
                row = kept(args.keep, f"{file.name} {k} {name}", solve, k, matrix, weight)
                results.setdefault(name, []).append(row)
                if not args.quietly:
                    cut, seconds, load = row
                    print(f"{file.name:24} {k:4} {name:18} {cut:8.0f} {seconds:8.3f} s  load {load:.3f}")
    summary(results)
    return 0


def judged(
    solve: Callable, k: int, matrix: sparse.csr_array, weight: np.ndarray
) -> tuple[float, float, float]:
    """Cut, seconds, and the largest load over the mean (inf: a part is empty)."""
    start = time.perf_counter()
    labels = np.asarray(solve(k))
    seconds = time.perf_counter() - start
    load = np.bincount(labels, weight, minlength=k).max() * k / weight.sum()
    return cut_of(matrix, labels), seconds, float(load) if np.bincount(labels, minlength=k).min() else np.inf


def kept(
    folder: Path | None, name: str, solve: Callable, k: int, matrix: sparse.csr_array, weight: np.ndarray
) -> tuple[float, float, float]:
    """What was found before under this name, or is now."""
    if folder is None:
        return judged(solve, k, matrix, weight)
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{name.replace(' ', '_')}.json"
    if not place.exists():
        place.write_text(json.dumps(judged(solve, k, matrix, weight)))
    cut, seconds, load = json.loads(place.read_text())
    return cut, seconds, load


def rehearse(args: argparse.Namespace) -> None:
    path = sparse.diags_array(np.ones(999), offsets=1, shape=(1000, 1000))
    for mode in args.mode:
        for n_parts in (3, (2, 2)):
            pt.graphs.MultilevelPartition(n_parts, mode=mode, n_jobs=args.threads).fit(path + path.T)


def summary(results: dict[str, list[tuple[float, float, float]]]) -> None:
    """Geometric means, total time, and the largest load over the mean (inf: a part is empty)."""
    table = {name: np.array(rows) for name, rows in results.items()}
    print(f"{'geometric means':18} {'cut':>10} {'ms':>9} {'total s':>9} {'worst load':>10}")
    for name, rows in table.items():
        cut, seconds = np.exp(np.log(np.maximum(rows[:, :2], 1e-9)).mean(axis=0))
        print(f"{name:18} {cut:10.2f} {1e3 * seconds:9.2f} {rows[:, 1].sum():9.2f} {rows[:, 2].max():10.4f}")


def nested(args: argparse.Namespace) -> int:
    rehearse(args)
    for file in files_of(args, ".graph"):
        matrix = pt.io.read(file).data
        for mode in args.mode:
            options = {"mode": mode, "imbalance": _IMBALANCE, "n_jobs": args.threads}
            start = time.perf_counter()
            made = pt.graphs.MultilevelPartition(tuple(args.branches), **options).fit(matrix)
            seconds = time.perf_counter() - start
            for level, k in enumerate(np.cumprod(args.branches).tolist()):
                one = pt.graphs.MultilevelPartition(k, **options).fit(matrix).cut_
                load = np.bincount(made.hierarchy_.labels(level + 1)).max() * k / matrix.shape[0]
                print(
                    f"{file.name} {mode} {k:3}: nested {made.cuts_[level]:.0f}, flat {one:.0f}, "
                    f"ratio {made.cuts_[level] / one:.4f}, load {load:.4f}"
                )
            print(f"{file.name} {mode}: nested in {seconds:.2f} s", flush=True)
    return 0


def circuits(args: argparse.Namespace) -> int:
    """Three ways to handle nodes of two personalities.

    3 of 10 nodes can be many LUTs, or a DSP and few LUTs; the others are LUTs. Devices hold equal LUTs, and
    DSPs for half of the flexible nodes, the even ones three times as many as the odd ones. *static*: each
    node is mapped first, such that all devices together are filled, then the parts are made; *after*: parts
    of equal LUTs, then each part is mapped toward its goals; *dynamic*: both at once. Mapped first are every
    second flexible node ("even"), or the first ones of the file as long as the goals allow ("first"): where
    numbers of neighbours are near each other, these lie together.
    """
    ratios = []
    for file in files_of(args, ".hgr"):
        nets = read_nets(file)
        for k in args.parts:
            found = compare_mappings(nets, k, args)
            ratios.append((found["dynamic"][0] / found["static"][0], found["dynamic"][1] / found["after"][1]))
            text = "; ".join(
                f"{name} cut {cut:.0f} deviation {away:.4f}" for name, (cut, away) in found.items()
            )
            print(f"{file.name:30} {k:3}: {text}", flush=True)
    cut = np.exp(np.log([a for a, _ in ratios]).mean())
    away = np.mean([b for _, b in ratios])
    print(
        f"cut against static (geometric mean) {cut:.3f}; deviation against re-mapping after (mean) {away:.3f}"
    )
    return 0


def read_nets(file: Path) -> sparse.csr_array:
    """Nodes by nets of an hMETIS file; weights are left aside."""
    text = gzip.decompress(file.read_bytes()).decode()
    lines = [line for line in text.splitlines() if not line.startswith("%")]
    n_nets, n_nodes = (int(word) for word in lines[0].split()[:2])
    pins = [np.array(line.split(), dtype=int) - 1 for line in lines[1 : n_nets + 1]]
    columns = np.repeat(np.arange(n_nets), [len(net) for net in pins])
    matrix = sparse.csr_array(
        (np.ones(len(columns)), (np.concatenate(pins), columns)), shape=(n_nodes, n_nets)
    )
    matrix.data[:] = 1.0
    return matrix


def compare_mappings(nets: sparse.csr_array, k: int, args: argparse.Namespace) -> dict:
    from partita.graphs._net_parts import NetProblem, balanced_ways, nets_of, place
    from partita.kernels.nets import remap

    n, rng = nets.shape[0], np.random.default_rng(0)
    flexible, plain, large = rng.random(n) < 0.3, rng.integers(1, 5, n), rng.integers(6, 13, n)
    choices = [
        np.array([[large[u], 0], [max(1, large[u] // 8), 1]] if flexible[u] else [[plain[u], 0]], float)
        for u in range(n)
    ]
    start = np.concatenate(([0], np.cumsum([len(c) for c in choices])))
    share = np.where(np.arange(k) % 2 == 0, 1.5, 0.5) / k
    half = flexible & (np.cumsum(flexible) % 2 == 0)
    wanted = np.where(flexible & ~half, large, np.where(half, np.maximum(1, large // 8), plain)).sum()
    goal = np.column_stack((np.full(k, wanted / k), half.sum() * share))
    all_ways = nets_of(nets, start, np.concatenate(choices))
    way = start[:-1] + half if args.mapping == "even" else balanced_ways(all_ways, goal)
    options = {"hypergraph": True, "imbalance": 0.02, "mode": args.mode[0], "n_jobs": args.threads}
    capacity = goal * 1.02
    dynamic = pt.graphs.MultilevelPartition(k, personalities=choices, capacity=capacity, **options).fit(nets)
    mapped = all_ways.need[way]
    static = static_parts(nets, k, mapped, goal, options)
    options["imbalance"] = 0.02
    even = pt.graphs.MultilevelPartition(k, node_weights=mapped[:, 0], **options).fit(nets)
    none = np.zeros_like(goal)
    free = NetProblem(all_ways, np.full_like(goal, np.inf), goal, np.full(n, -1, np.int32), True, none)
    after = place(free, all_ways, even.parts_, way)
    remap(all_ways, after, goal, 50)
    return {
        "dynamic": (dynamic.cut_, deviation(dynamic.part_weights_, goal)),
        "static": (static.cut_, deviation(static.part_weights_, goal)),
        "after": (even.cut_, deviation(after.load, goal)),
    }


def static_parts(nets, k, mapped, goal, options):
    """Parts of the mapped nodes under the tightest of some capacities for which there are any."""
    for room in (1.02, 1.05, 1.1, 1.2, 1.5):
        try:
            return pt.graphs.MultilevelPartition(k, node_weights=mapped, capacity=goal * room, **options).fit(
                nets
            )
        except pt.InfeasibleError:
            print(f"    static mapping: nothing within {room:.2f} of the goals")
    raise SystemExit("no static mapping fits")


def deviation(load: np.ndarray, goal: np.ndarray) -> float:
    """Mean distance of loads from goals, relative to these, over parts and resources."""
    return float(np.abs(load / goal - 1.0).mean())


if __name__ == "__main__":
    sys.exit(main())
