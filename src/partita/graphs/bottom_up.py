"""Hierarchical communities from the bottom: small parts first, then merges by density. For users."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import numpy as np

from partita._core.errors import InfeasibleError, InvalidDataError, InvalidParameterError
from partita._core.params import AnyOf, Flag, Instance, Integer, OneOf, Optional, Rule, Seed
from partita._core.progress import Progress, progress_scope
from partita._core.threads import thread_scope
from partita.graphs._bottom import Bottom, Search, Wanted, check_feasible
from partita.graphs._input import InputGraph, as_graph
from partita.graphs._resolution import partition_at
from partita.graphs._tree import hierarchy_of, record
from partita.hierarchy._arrays import as_integers
from partita.hierarchy.maker import HierarchyMaker
from partita.kernels.csr import Graph

_CITATION = (
    "M. Dreveton, D. Kuroda, M. Grossglauser, P. Thiran, When does bottom-up beat top-down in hierarchical "
    "community detection?, J. Am. Stat. Assoc. (2026), arXiv:2306.00833"
)
_SPECTRAL_NODES = 3000
_WEIGHTS = ("raw", "log", "binary")


class BottomUp(HierarchyMaker):
    """Find communities at the bottom, then merge those that are joined most densely: a tree of communities.

    *When to choose this*: a graph has communities within communities, and you want all scales as one tree
    whose levels nest. For one flat division by modularity or another objective take ``Communities``; for
    parts of equal size ``MultilevelPartition``.

    Parameters
    ----------
    n_clusters : int, optional
        Parts of the finest named level, exactly. Default: what describes the graph shortest ("moves"), or
        what the spectrum tells ("bethe-hessian").
    bottom : {"auto", "bethe-hessian", "moves"} or array-like of int, shape (n,)
        How parts at the bottom are found.

        - "bethe-hessian": as many as eigenvalues of the Bethe Hessian are negative, by k-means of their
          vectors; the paper's way, for graphs of up to some thousand nodes and some dozen communities;
        - "moves": by modularity at a scan of resolutions; of all of them, and of all cuts of the trees above
          them, that which the degree-corrected block model describes in the fewest nats;
        - "auto": "moves", and up to 3,000 nodes also "bethe-hessian": what describes the graph shorter;
        - labels: parts that you have. All are in the finest level unless `n_clusters` or `max_size` is given.
    max_size : int, optional
        Most nodes of a part of the finest level.
    weights : {"raw", "log", "binary"}
        What the densities count: weights, ``log(1 + weight)``, or edges. The spectrum and descriptions
        always count edges: heavy weights would appear as communities in a spectrum.
    refine : bool
        Move single nodes between the parts found where that makes the edges likelier under the
        degree-corrected block model. Not done for labels that you gave, under `max_size`, nor for more
        than 8,192 parts.
    random_state : None, int or generator
        Accepted, and without effect: nothing here is random.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Attributes
    ----------
    hierarchy_ : Hierarchy
        Parts of the bottom (height 0) and their merges. ``height`` is 1 / density: pairs of nodes for each
        unit of weight between the two sides. Disconnected graphs have a root of height inf.
        ``part_data["density"]`` is the density of a merge, and of the edges within a part of the bottom.
    labels_ : int32[n]
        The finest named level.
    n_clusters_ : int
    made_by_ : MadeBy
        ``certificates``: "inversions" (merges denser than one below them: none, since the linkage is
        reducible), "description_length" (nats of the finest level, edges counted once each) and "n_bottom".

    Raises
    ------
    InvalidDataError
        For a graph that can't be used (see `partita.io`), or labels that don't fit it.
    InfeasibleError
        For more parts than nodes, fewer than connected components, or labels that leave no such cut.

    Notes
    -----
    The density of parts a and b is ``w(a, b) / (|a| |b|)``; the densest pair is merged. The density of a
    merge to a third part is a mean of the two before, so that no merge is denser than one below it.
    Coarser levels are named where they shorten the description: the counts of edges between the parts of a
    level are a graph, which the parts of the level above describe in turn. So the finest level can be much
    finer than flat descriptions allow. A graph without communities has one part.

    "bethe-hessian" looks at the eigenvectors of ``(D + (r^2 - 1) I)^(-1/2) A (D + (r^2 - 1) I)^(-1/2)`` at
    r the square root of the spectral radius of the non-backtracking matrix, for all communities at once; the
    paper takes another r for each. O(m k + n k^2) a round of Lanczos. "moves": O(m) a sweep. Linkage:
    O(k log k) for sparse blocks. Refinement needs k^2 numbers, half a gigabyte at most.

    The result depends neither on the order of nodes nor on `n_jobs`. Nodes that can't be told apart by
    content keep the order in which they came, and where they are truly symmetric either order is right.

    References
    ----------
    M. Dreveton, D. Kuroda, M. Grossglauser and P. Thiran, When does bottom-up beat top-down in hierarchical
    community detection?, 2026. https://arxiv.org/abs/2306.00833

    T. P. Peixoto, Nonparametric Bayesian inference of the microcanonical stochastic block model, Phys. Rev. E
    95 (2017). https://doi.org/10.1103/PhysRevE.95.012317

    Examples
    --------
    Two pairs of cliques, the pairs joined by one edge:

    >>> import numpy as np
    >>> from scipy.linalg import block_diag
    >>> A = block_diag(*[np.ones((6, 6)) - np.eye(6)] * 4)
    >>> A[0, 6] = A[1, 7] = A[12, 18] = A[13, 19] = A[0, 12] = 1
    >>> A = np.maximum(A, A.T)
    >>> tree = BottomUp().fit(A)
    >>> tree.n_clusters_, tree.hierarchy_.cut(n_clusters=2).sizes.tolist()
    (4, [12, 12])
    >>> tree.made_by_.certificates["inversions"]
    0
    """

    _rules: ClassVar[dict[str, Rule]] = {
        "n_clusters": Optional(Integer(low=1)),
        "bottom": AnyOf(
            (
                OneOf(("auto", "bethe-hessian", "moves")),
                Instance((np.ndarray, list, tuple), "labels of the nodes"),
            )
        ),
        "max_size": Optional(Integer(low=1)),
        "weights": OneOf(_WEIGHTS),
        "refine": Flag(),
        "random_state": Seed(),
        "n_jobs": Optional(Integer()),
        "progress": Optional(AnyOf((Flag(), Instance((Progress,), "a partita Progress object")))),
    }

    def __init__(
        self,
        n_clusters: int | None = None,
        *,
        bottom: Any = "auto",
        max_size: int | None = None,
        weights: str = "raw",
        refine: bool = True,
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.bottom = bottom
        self.max_size = max_size
        self.weights = weights
        self.refine = refine
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, graph: Any, y: Any = None) -> BottomUp:
        """Find the communities of a graph and merge them.

        Parameters
        ----------
        graph : sparse or dense adjacency matrix (n, n), edges (m, 2 or 3), networkx or igraph graph
            Undirected, with weights of 0 or more.
        y : ignored

        Returns
        -------
        self
        """
        started = time.perf_counter()
        self._check_parameters()
        with thread_scope(self.n_jobs), progress_scope(self.progress) as progress:
            progress.start("Finding communities", None)
            given = as_graph(graph)
            search = Search(self._weighed(given.graph), Wanted(self.n_clusters, self.max_size, self.refine))
            check_feasible(given.n, search.n_components, self.n_clusters)
            bottom = self._bottom(given, search)
            certificates = {
                "inversions": bottom.tree.inversions,
                "description_length": bottom.nats,
                "n_bottom": bottom.tree.n_blocks,
            }
            choices = bottom.choices | ({"weights": self.weights} if _is_weighted(given.graph) else {})
            made_by = record(
                self, given, choices, certificates, _CITATION, time.perf_counter() - started, converged=True
            )
            self._set_hierarchy(hierarchy_of(given, bottom.tree, bottom.levels, made_by))
        self.n_features_in_ = given.n
        return self

    def _weighed(self, graph: Graph) -> Graph:
        if self.weights == "raw":
            return graph
        weights = np.log1p(graph.weights) if self.weights == "log" else np.ones(len(graph.weights))
        return graph._replace(weights=weights)

    def _bottom(self, given: InputGraph, search: Search) -> Bottom:
        if not isinstance(self.bottom, str):
            return self._of_labels(given, search)
        if self.bottom == "moves" or not len(given.graph.indices):
            return _said(search.by_moves(partition_at), "moves")
        if self.max_size is not None:
            if self.bottom == "bethe-hessian":
                raise InvalidParameterError(
                    'max_size does not go together with bottom="bethe-hessian".',
                    name="max_size",
                    hint='take bottom="moves", which divides until parts are small enough',
                )
            return _said(search.by_moves(partition_at), "moves")
        if self.bottom == "auto" and given.n > _SPECTRAL_NODES:
            return _said(search.by_moves(partition_at), "moves")
        spectral = search.by_spectrum()
        if self.bottom == "bethe-hessian":
            if spectral is None:
                raise InfeasibleError(
                    f"The spectrum does not give {self.n_clusters} parts.",
                    'bottom="moves"',
                    name="n_clusters",
                )
            return _said(spectral, "bethe-hessian")
        moves = search.by_moves(partition_at)
        if spectral is None or moves.nats <= spectral.nats:
            return _said(moves, "moves", other=spectral)
        return _said(spectral, "bethe-hessian", other=moves)

    def _of_labels(self, given: InputGraph, search: Search) -> Bottom:
        labels = as_integers(self.bottom, "bottom", length=given.n)
        if (labels < 0).any():
            row = int(np.argmax(labels < 0))
            raise InvalidDataError(
                f"Node {row} has no part at the bottom.",
                name="bottom",
                allowed="0 or more",
                got=int(labels[row]),
            )
        _, labels = np.unique(given.canonical(labels), return_inverse=True)
        found = search.of_labels(labels.astype(np.int32), {}, keep=True)
        if found is None:
            largest = int(np.bincount(labels).max())
            raise InfeasibleError(
                f"The {int(labels.max()) + 1} parts given leave no such cut.",
                f"n_clusters={int(labels.max()) + 1}, max_size={largest}",
                name="bottom",
            )
        return _said(found, "labels")


def _is_weighted(graph: Graph) -> bool:
    return bool(len(graph.weights)) and bool((graph.weights != 1.0).any())


def _said(bottom: Bottom, how: str, other: Bottom | None = None) -> Bottom:
    choices: dict[str, Any] = {"bottom": how, **bottom.choices}
    if other is not None:
        choices["bottom"] = f"{how}: {bottom.nats:.1f} nats, the other way {other.nats:.1f}"
    return Bottom(bottom.tree, bottom.levels, bottom.nats, choices)
