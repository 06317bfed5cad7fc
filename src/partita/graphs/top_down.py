"""Hierarchical communities from the top: halves of halves by their spectra. For users who compare."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from partita._core.params import AnyOf, Flag, Instance, Integer, Optional, Rule, Seed
from partita._core.progress import Progress, progress_scope
from partita._core.threads import thread_scope
from partita.graphs._bethe import Spectrum, spectral_labels, spectrum
from partita.graphs._input import InputGraph, as_graph
from partita.graphs._tree import record
from partita.hierarchy import assemble
from partita.hierarchy.maker import HierarchyMaker
from partita.kernels.csr import Graph, components, contract

_CITATION = (
    "T. Li, L. Lei, S. Bhattacharyya, K. Van den Berge, P. Sarkar, P. J. Bickel, E. Levina, Hierarchical "
    "community detection by recursive partitioning, J. Am. Stat. Assoc. 117 (2022), "
    "doi:10.1080/01621459.2020.1833888, arXiv:1810.01509"
)


class TopDown(HierarchyMaker):
    """Divide a graph into two by its spectrum, and each half again, until nothing stands out.

    *When to choose this*: to see what ``BottomUp`` gains; it is the baseline of its paper. Its heights may
    contradict its tree, and a level lost at the top is lost below.

    Parameters
    ----------
    max_depth : int, optional
        Most divisions on the way down to a part.
    min_size : int
        Parts of fewer nodes are not divided.
    random_state : None, int or generator
        Accepted, and without effect: nothing here is random.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Attributes
    ----------
    hierarchy_ : Hierarchy
        A part for every half. ``height`` is 1 / density between the two halves of a part, 0 for parts that
        are not divided. Levels: the root, and the parts that are left.
    labels_ : int32[n]
        The parts that are left.
    n_clusters_ : int
    made_by_ : MadeBy
        ``certificates["inversions"]``: divisions whose halves are joined more densely than those of a
        division below. Their heights are raised, since a hierarchy has none.

    Notes
    -----
    A part is divided if the Bethe Hessian of its own subgraph has two or more negative eigenvalues, by
    2-means of the two leading eigenvectors of its regularised adjacency matrix; connected components are
    parted first. Edges are counted without their weights. O(m) a level and a round of Lanczos.

    References
    ----------
    T. Li et al., Hierarchical community detection by recursive partitioning, 2022.
    https://doi.org/10.1080/01621459.2020.1833888

    M. Dreveton, D. Kuroda, M. Grossglauser and P. Thiran, When does bottom-up beat top-down in hierarchical
    community detection?, 2026. https://arxiv.org/abs/2306.00833

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.linalg import block_diag
    >>> A = block_diag(*[np.ones((9, 9)) - np.eye(9)] * 2)
    >>> A[0, 9] = A[9, 0] = 1
    >>> TopDown().fit(A).hierarchy_.sizes.tolist()
    [18, 9, 9]
    """

    _rules: ClassVar[dict[str, Rule]] = {
        "max_depth": Optional(Integer(low=0)),
        "min_size": Integer(low=2),
        "random_state": Seed(),
        "n_jobs": Optional(Integer()),
        "progress": Optional(AnyOf((Flag(), Instance((Progress,), "a partita Progress object")))),
    }

    def __init__(
        self,
        max_depth: int | None = None,
        *,
        min_size: int = 4,
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.max_depth = max_depth
        self.min_size = min_size
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, graph: Any, y: Any = None) -> TopDown:
        """Divide a graph.

        Parameters
        ----------
        graph : sparse or dense adjacency matrix (n, n), edges (m, 2 or 3), networkx or igraph graph
        y : ignored

        Returns
        -------
        self
        """
        started = time.perf_counter()
        self._check_parameters()
        with thread_scope(self.n_jobs), progress_scope(self.progress) as progress:
            progress.start("Dividing the graph", None)
            given = as_graph(graph)
            plain = given.graph._replace(weights=np.ones(len(given.graph.weights)))
            halves = _divided(plain, self.max_depth, self.min_size)
            self._assemble(given, halves, started)
        self.n_features_in_ = given.n
        return self

    def _assemble(self, given: InputGraph, halves: _Halves, started: float) -> None:
        parent, height = np.array(halves.parent, np.intp), np.array(halves.height)
        inversions = int((height[1:] > height[parent[1:]]).sum())
        made_by = record(
            self,
            given,
            {},
            {"inversions": inversions},
            _CITATION,
            time.perf_counter() - started,
            converged=True,
        )
        leaves = np.setdiff1d(np.arange(len(parent)), parent)
        hierarchy, _ = assemble(
            given.given(halves.node_part),
            parent,
            height,
            levels=[leaves] if len(leaves) > 1 else [],
            item_rank=given.place,
            made_by=made_by,
            item_ids=given.names,
            repair=True,
        )
        self._set_hierarchy(hierarchy)


@dataclass
class _Halves:
    """Parts in the order in which they were made, and the last part of each node."""

    node_part: np.ndarray
    parent: list[int] = field(default_factory=lambda: [-1])
    height: list[float] = field(default_factory=lambda: [0.0])


def _divided(graph: Graph, max_depth: int | None, min_size: int) -> _Halves:
    n = len(graph.loops)
    halves = _Halves(np.zeros(n, np.intp))
    waiting = [(0, np.arange(n), 0)]
    while waiting:
        part, nodes, depth = waiting.pop()
        if max_depth is not None and depth >= max_depth:
            continue
        own = subgraph(graph, nodes)
        labels, count = _halve(own, min_size)
        if count < 2:
            continue
        halves.height[part] = _height(own, labels, count)
        for c in range(count):
            child, members = len(halves.parent), nodes[labels == c]
            halves.parent.append(part)
            halves.height.append(0.0)
            halves.node_part[members] = child
            waiting.append((child, members, depth + 1))
    return halves


def _halve(own: Graph, min_size: int) -> tuple[np.ndarray, int]:
    """Connected components, or two halves where two eigenvalues stand out; else one."""
    piece, count = components(own)
    if count > 1 or len(piece) < min_size:
        return piece, count
    found = spectrum(own, n_most=2)
    if len(found.values) < 2:
        return piece, 1
    labels = spectral_labels(Spectrum(found.radius, found.values[:2], found.vectors[:, :2]))
    return labels, len(np.unique(labels))


def _height(own: Graph, labels: np.ndarray, count: int) -> float:
    if count != 2:
        return np.inf
    blocks = contract(own, np.ascontiguousarray(labels, np.int32), count)
    between = float(blocks.weights[0]) if len(blocks.weights) else 0.0
    return float(np.prod(blocks.node_weight)) / between if between else np.inf


def subgraph(graph: Graph, nodes: np.ndarray) -> Graph:
    """The graph on some nodes, ascending, in their order."""
    n = len(graph.loops)
    number = np.full(n, -1, np.int32)
    number[nodes] = np.arange(len(nodes), dtype=np.int32)
    rows = np.repeat(np.arange(n), np.diff(graph.indptr))
    kept = (number[rows] >= 0) & (number[graph.indices] >= 0)
    count = np.bincount(number[rows[kept]], minlength=len(nodes))
    indptr = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    return Graph(
        indptr, number[graph.indices[kept]], graph.weights[kept], graph.loops[nodes], graph.node_weight[nodes]
    )
