"""One graph of every kind that a maker of graphs takes, renumbered, damaged and given in other forms."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import scipy.sparse as sp
from scipy.io import mmwrite

from laws.registry import GraphCase

SYMMETRIC = ("graph", "signed graph")
SQUARE = (*SYMMETRIC, "directed graph", "acyclic graph")


@cache
def sample(kind: str) -> sp.csr_array:
    """Four groups of 18 in two pairs; no two nodes look alike, and all weights are exact in float32."""
    rng = np.random.default_rng(4)
    group = np.repeat(np.arange(4), 18)
    near = 1 + (group[:, None] // 2 == group // 2) + 4 * (group[:, None] == group)
    chance = np.array([0.0, 0.02, 0.12, 0.0, 0.0, 0.0, 0.6])[near]
    A = np.where(rng.random((72, 72)) < chance, rng.integers(1, 9, (72, 72)), 0).astype(float)
    if kind == "table":
        return sp.csr_array(np.where(A > 0, A % 3 + 1, 0)[:, ::2])
    if kind == "hypergraph":
        return sp.csr_array((A > 0) * rng.integers(1, 9, 72).astype(float))
    if kind == "directed graph":
        np.fill_diagonal(A, 0.0)
        return sp.csr_array(A)
    A = np.triu(A, 1)
    if kind == "acyclic graph":
        return sp.csr_array(A)
    A = A + A.T
    if kind == "signed graph":
        A = np.where((A > 0) & (group[:, None] != group), -A, A)
    return sp.csr_array(A)


def n_items(kind: str, A: Any) -> int:
    """Items of a graph: a table has its rows and columns."""
    return A.shape[0] + A.shape[1] if kind == "table" else A.shape[0]


def renumbered(kind: str, A: sp.csr_array, rng: np.random.Generator) -> tuple[sp.csr_array, np.ndarray]:
    """The graph with items in another order, and the old number of each item."""
    order = rng.permutation(A.shape[0])
    if kind == "table":
        columns = rng.permutation(A.shape[1])
        return A[order][:, columns], np.concatenate((order, A.shape[0] + columns))
    if kind == "hypergraph":
        return A[order][:, rng.permutation(A.shape[1])], order
    return A[order][:, order], order


def placed(case: GraphCase, order: np.ndarray, **options: Any) -> Any:
    """The maker, with its seed node where this went."""
    maker = case.make(**options)
    return maker.set_params(seed=int(np.argmax(order == 0))) if "seed" in maker.get_params() else maker


def other_forms(kind: str, A: sp.csr_array) -> Iterator[Any]:
    """The same graph in every other form that holds it."""
    wide = sp.csr_array(A)
    wide.indptr, wide.indices = wide.indptr.astype(np.int64), wide.indices.astype(np.int64)
    loose = A.tocoo()
    shuffle = np.random.default_rng(0).permutation(loose.nnz)
    ends = tuple(one[shuffle] for one in loose.coords)
    halves = sp.coo_array(
        (np.tile(loose.data[shuffle] / 2, 2), tuple(np.tile(one, 2) for one in ends)), shape=A.shape
    )
    backwards = sp.csr_array(A, copy=True)
    for row in range(A.shape[0]):
        own = slice(backwards.indptr[row], backwards.indptr[row + 1])
        backwards.indices[own] = backwards.indices[own][::-1].copy()
        backwards.data[own] = backwards.data[own][::-1].copy()
    yield from (A.asformat(form) for form in ("csc", "coo", "lil", "dok", "bsr", "dia"))
    yield from (sp.csr_matrix(A), wide, backwards, A.toarray(), A.toarray().astype(np.float32))
    yield A.astype(np.int32)
    if kind != "hypergraph":  # repeated entries are summed, but a pin is there or not
        yield halves
    if kind in SYMMETRIC:
        yield nx.from_scipy_sparse_array(A)
        yield sp.triu(A)
        yield np.column_stack((*sp.triu(A).coords, sp.triu(A).data))
    elif kind in SQUARE:
        yield nx.from_scipy_sparse_array(A, create_using=nx.DiGraph)


def files(kind: str, A: sp.csr_array, folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The graph in every format of files that holds it, and the options to read it."""
    entries = A.tocoo()
    directed = kind in SQUARE and kind not in SYMMETRIC
    if kind == "hypergraph":
        price = A.max(axis=0).toarray().ravel()
        nets = [A[:, [j]].nonzero()[0] + 1 for j in range(A.shape[1])]
        lines = [" ".join(map(str, [int(p), *net])) for p, net in zip(price, nets) if len(net)]
        (folder / "a.hgr").write_text("\n".join([f"{len(lines)} {A.shape[0]} 1", *lines, ""]))
        yield folder / "a.hgr", {}
        return
    mmwrite(folder / "a.mtx", entries, symmetry="symmetric" if kind in SYMMETRIC else "general")
    options = {"directed": True} if directed else {}
    yield folder / "a.mtx", {**options, "signed": True} if kind in SQUARE else {}
    if kind not in SQUARE:
        return
    half = sp.triu(A).tocoo() if kind in SYMMETRIC else entries
    ends = [f"{3 * u - 100},{3 * v - 100},{w}" for u, v, w in zip(*half.coords, half.data)]
    (folder / "a.edges").write_text("\n".join(["source,target,weight", *ends[::-1], ""]))
    yield folder / "a.edges", {**options, "signed": True}
    if kind == "graph":
        rows = []
        for u in range(A.shape[0]):
            own = slice(A.indptr[u], A.indptr[u + 1])
            rows.append(" ".join(f"{v + 1} {int(w)}" for v, w in zip(A.indices[own], A.data[own])))
        (folder / "a.graph").write_text("\n".join([f"{A.shape[0]} {A.nnz // 2} 1", *rows, ""]))
        yield folder / "a.graph", {}


def broken(kind: str, A: sp.csr_array) -> Iterator[tuple[Any, str]]:
    """What is not a graph of this kind, and words of the message."""
    below = "negative|whole|at least 0"
    for value, words in ((np.nan, "finite|NaN|whole"), (np.inf, "finite|infin|whole"), (-2.0, below)):
        if value == -2.0 and kind == "signed graph":
            continue
        bad = sp.csr_array(A, copy=True)
        bad.data[3] = value
        if kind in SYMMETRIC:
            bad = sp.csr_array(bad.maximum(bad.T) if value == np.inf else bad)
        yield bad, words if kind not in SYMMETRIC or value != -2.0 else "negative|symmetric"
    yield A.astype(complex), "real|numbers"
    yield np.array([["a", "b"], ["c", "d"]]), "real|numbers"
    yield None, "graph|matrix|table"
    yield np.zeros((2, 2, 2)), "graph|matrix|table"
    if kind in SQUARE:
        yield sp.csr_array((3, 4)), "not square"
        yield np.zeros((5, 4)), "read as a graph"
