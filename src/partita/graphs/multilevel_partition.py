"""MultilevelPartition: a given number of parts within bounds, nested on request, and few edges cut."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import numpy as np

from partita._core.errors import InfeasibleError, InvalidParameterError
from partita._core.params import AnyOf, Flag, Instance, Integer, OneOf, Optional, Real, Rule, Seed
from partita._core.progress import Progress, progress_scope
from partita._core.threads import thread_scope
from partita.graphs._connect import connect_parts
from partita.graphs._input import InputGraph, as_graph
from partita.graphs._multilevel import PLANS, Problem, divide, excess_at
from partita.graphs._nested_parts import Nesting, divide_nested, level_cuts
from partita.graphs._part_bounds import (
    Bounds,
    bounds_of,
    check_feasible,
    check_fixed,
    check_resources,
    relaxed,
    shares_of,
)
from partita.hierarchy import Hierarchy, MadeBy
from partita.hierarchy.maker import HierarchyMaker
from partita.kernels.csr import components

_CITATION = (
    "G. Karypis, V. Kumar, A fast and high quality multilevel scheme for partitioning irregular graphs, "
    "SIAM J. Sci. Comput. 20 (1998), doi:10.1137/S1064827595287997; P. Sanders, C. Schulz, Engineering "
    "multilevel graph partitioning algorithms (2011), doi:10.1007/978-3-642-23719-5_40"
)


class MultilevelPartition(HierarchyMaker):
    """Divide a graph into parts of about equal weight that cut few edges, at one level or nested.

    *When to choose this*: the number of parts and their balance are given (machines, shards, solvers), and
    what crosses between parts costs. Where the graph should say how many communities there are and how large,
    take ``Communities`` or ``BottomUp``.

    Parameters
    ----------
    n_parts : int or tuple of int
        Parts; or, for nested parts, into how many each part is divided, from the top: (4, 4, 4) gives levels
        of 4, 16 and 64.
    imbalance : float
        How much heavier than its share a part may be, at every level. For integer weights the cap is
        ``floor((1 + imbalance) * ceil(total / k))``, otherwise ``(1 + imbalance) * total / k``.
    node_weights : array-like of shape (n,) or (n, r), optional
        What each node uses of each of r resources; every resource is capped in every part. Default: 1 each,
        or the weights that a METIS file brings.
    min_weight : float, optional
        What every part of the finest level holds at least, of every resource. A part is never empty anyway.
    capacity : array-like of shape (r,) or (k, r), optional
        What each part of the finest level can hold of each resource, in the place of a cap by `imbalance`;
        for hypergraphs and personalities. Parts above hold what theirs hold together.
    personalities : sequence of array-like of shape (p, r), optional
        For each node the ways to realise it, each with what it uses of each resource (an array (n, p, r)
        with rows of NaN where there are fewer). The one that serves best is chosen with the part. Needs
        `capacity`.
    hypergraph : bool
        Whether X is a matrix of nodes by nets (an entry is the price of its net) instead of a graph.
    objective : {"cut", "connectivity"}
        Of a hypergraph: the price of the nets cut, or that times the number of parts reached, less one.
    part_shares : array-like of shape (k,) or (k, r), optional
        Shares of the parts of the finest level, in any unit. Default: equal.
    fixed : array-like of int of shape (n,), optional
        The part (of the finest level) that a node must be in, -1 where it is free.
    connected : bool
        Whether each part of the finest level must be connected (in a hypergraph by nets that nodes of the
        part share). Parts are mended after the search, at the cost of some cut.
    mode : {"fast", "thorough", "strong"}
        How much is tried: one partition; two, with longer searches, in about three times the time; or
        several, recombined in cycles.
    random_state : None, int or generator
        Chooses the searches. None is a fixed seed; the result depends neither on the order of nodes nor on
        `n_jobs`.
    n_jobs : int, optional
        Threads.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Attributes
    ----------
    hierarchy_ : Hierarchy
        A named level for each entry of `n_parts`.
    labels_ : int32[n]
        Parts of the finest level, the one of most nodes first.
    parts_ : int32[n]
        The same parts by the numbers that `fixed` and `part_shares` use.
    cut_ : float
        Weight of the edges between parts of the finest level.
    cuts_ : list of float
        The cut of each level, coarse to fine.
    part_weights_ : float64 (k, r)
        What each part of `parts_` holds.
    imbalance_ : float
        Largest excess over the mean, over all parts, levels and resources (over the share with
        `part_shares`).
    personalities_ : int32[n]
        The realisation of each node, by its place in `personalities`; only with `personalities`.
    n_clusters_ : int
    made_by_ : MadeBy
        ``certificates``: cuts, and loads and caps of every level; whether parts are connected.

    Notes
    -----
    Heavy edges are contracted until some dozens of nodes a part are left; these are divided by repeated
    bisection (grown from single nodes, refined, the best of several), and on every level on the way back
    searches from single boundary nodes move nodes by gain, each rolled back to its best prefix. "strong"
    makes several partitions and refines the best within the overlay with another, whose common parts are
    contracted further. Of nested parts every level is also divided alone; they start around each of these and
    from the top down, with room kept for the levels below, and are refined with caps at every level and a
    price for the cut at every level, highest where a level lags most behind itself alone. Those of
    hypergraphs and personalities come from the top down.

    Nodes of several personalities choose when they move: the way that strains the part's capacities least;
    where none fits, nodes already there change theirs in place (which costs no cut) until it does, or the
    move is undone. A cluster of a coarse hypergraph can be realised as it is, or with as little of one
    resource as its members allow, for each resource.

    O(m) time a level for "fast" and "thorough", in about twice a logarithm of levels; O(m) memory.

    Bounds are kept always, or refused: ``InfeasibleError`` comes before the work where a bound provably can't
    be met, and after it where no packing of heavy nodes was found.

    References
    ----------
    G. Karypis and V. Kumar, A fast and high quality multilevel scheme for partitioning irregular graphs, SIAM
    Journal on Scientific Computing 20 (1998). https://doi.org/10.1137/S1064827595287997

    P. Sanders and C. Schulz, Engineering multilevel graph partitioning algorithms, ESA (2011).
    https://doi.org/10.1007/978-3-642-23719-5_40

    A. Gregerson, A. Chadha and K. Morrow, Multi-personality partitioning for heterogeneous systems, FPT
    (2013). https://doi.org/10.1109/FPT.2013.6718375

    P. Sanders and C. Schulz, Distributed evolutionary graph partitioning, ALENEX (2012).
    https://arxiv.org/abs/1110.0477

    Examples
    --------
    >>> import numpy as np
    >>> ring = np.column_stack((np.arange(16), np.roll(np.arange(16), -1)))
    >>> parts = MultilevelPartition(4).fit(ring)
    >>> parts.cut_, np.bincount(parts.labels_).tolist()
    (4.0, [4, 4, 4, 4])
    >>> MultilevelPartition((2, 2)).fit(ring).cuts_
    [2.0, 4.0]
    """

    _rules: ClassVar[dict[str, Rule]] = {
        "n_parts": AnyOf((Integer(low=1), Instance((tuple, list), "a tuple of integers of at least 1"))),
        "imbalance": Real(low=0.0),
        "min_weight": Optional(Real(low=0.0)),
        "hypergraph": Flag(),
        "objective": OneOf(("cut", "connectivity")),
        "connected": Flag(),
        "mode": OneOf(("fast", "thorough", "strong")),
        "random_state": Seed(),
        "n_jobs": Optional(Integer()),
        "progress": Optional(AnyOf((Flag(), Instance((Progress,), "a partita Progress object")))),
    }

    parts_: np.ndarray
    personalities_: np.ndarray
    cut_: float
    cuts_: list[float]
    part_weights_: np.ndarray
    imbalance_: float

    def __init__(
        self,
        n_parts: int | tuple[int, ...] = 2,
        *,
        imbalance: float = 0.03,
        node_weights: Any = None,
        min_weight: float | None = None,
        part_shares: Any = None,
        capacity: Any = None,
        personalities: Any = None,
        hypergraph: bool = False,
        objective: str = "cut",
        fixed: Any = None,
        connected: bool = False,
        mode: str = "fast",
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.n_parts = n_parts
        self.imbalance = imbalance
        self.node_weights = node_weights
        self.min_weight = min_weight
        self.part_shares = part_shares
        self.capacity = capacity
        self.personalities = personalities
        self.hypergraph = hypergraph
        self.objective = objective
        self.fixed = fixed
        self.connected = connected
        self.mode = mode
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, y: Any = None) -> MultilevelPartition:
        """Divide the graph `X`.

        Parameters
        ----------
        X : sparse or dense square matrix, networkx or igraph graph, edges (n_edges, 2 or 3), or io.Source
            An undirected graph with weights of at least 0; with ``hypergraph=True`` a sparse or dense matrix
            of shape (n, n_nets). A hypergraph from ``partita.io.read`` is one without being told.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError, InvalidDataError
        InfeasibleError
            For more parts than nodes, nodes heavier than a cap, floors above what there is; and where no
            packing into the caps was found, with an imbalance for which there is one.
        """
        started = time.perf_counter()
        self._check_parameters()
        branches = self._branches()
        k = int(np.prod(branches))
        with thread_scope(self.n_jobs), progress_scope(self.progress):
            if self._has_nets(X):
                return self._fit_nets(X, branches, started)
            given, weight, fixed = self._see(X, k)
            levels = self._bounds(branches, weight)
            for bounds in levels:
                check_feasible(weight, bounds, np.full_like(fixed, -1) if bounds is not levels[-1] else fixed)
            finest = levels[-1]
            problem = Problem(given.graph, weight, finest.cap, finest.floor, np.ones(k, np.int64), fixed)
            labels = self._solve(problem, branches, levels)
            self._keep(given, problem, labels, branches, levels, started)
        return self

    def _has_nets(self, X: Any) -> bool:
        from partita.graphs._net_fit import is_hypergraph

        told = self.hypergraph or self.personalities is not None or self.capacity is not None
        return told or is_hypergraph(X)

    def _fit_nets(self, X: Any, branches: tuple[int, ...], started: float) -> MultilevelPartition:
        from partita.graphs._net_fit import fit_nets

        found = fit_nets(self, X, branches, PLANS[self.mode], _small_seed(self.random_state), started)
        self.cut_, self.cuts_ = found.costs[-1], found.costs
        self.parts_, self.part_weights_, self.imbalance_ = found.parts, found.load, found.imbalance
        if self.personalities is not None:
            self.personalities_ = found.personalities
        self._set_hierarchy(found.hierarchy)
        return self

    def _branches(self) -> tuple[int, ...]:
        branches = (self.n_parts,) if not isinstance(self.n_parts, (tuple, list)) else tuple(self.n_parts)
        rule = Integer(low=1)
        if not branches or not all(rule.accepts(branch) for branch in branches):
            raise InvalidParameterError(
                "The 'n_parts' parameter of MultilevelPartition is not valid.",
                name="n_parts",
                allowed="an integer of at least 1, or a tuple of such integers",
                got=self.n_parts,
            )
        return tuple(int(branch) for branch in branches)

    def _see(self, X: Any, k: int) -> tuple[InputGraph, np.ndarray, np.ndarray]:
        """The graph, resources and fixed parts, in an order of nodes by content."""
        given = as_graph(X)
        brought = getattr(X, "extra", None) or {}
        asked = self.node_weights if self.node_weights is not None else brought.get("node_weights")
        weight, fixed = check_resources(asked, given.n), check_fixed(self.fixed, given.n, k)
        if asked is not None or self.fixed is not None:
            given = _ordered_by(given, np.column_stack((weight, fixed)))
        return given, given.canonical(weight), given.canonical(fixed)

    def _bounds(self, branches: tuple[int, ...], weight: np.ndarray) -> list[Bounds]:
        """Bounds of each level, coarse to fine."""
        shares = shares_of(self.part_shares, int(np.prod(branches)), weight.shape[1])
        levels, n_parts = [], 1
        for level, branch in enumerate(branches):
            n_parts *= branch
            together = shares.reshape(n_parts, -1, weight.shape[1]).sum(axis=1)
            floor = self.min_weight if level == len(branches) - 1 else None
            levels.append(bounds_of(weight, together, self.imbalance, floor))
        return levels

    def _solve(self, problem: Problem, branches: tuple[int, ...], levels: list[Bounds]) -> np.ndarray:
        plan, seed = PLANS[self.mode], _small_seed(self.random_state)
        if self.connected:
            _check_components(problem)
        if len(branches) == 1:
            labels = divide(problem, plan, seed)
        else:
            labels = divide_nested(Nesting(problem, branches, [bounds.cap for bounds in levels], plan, seed))
        if self.connected:
            labels = connect_parts(problem, labels)
        self._refuse_unmet(problem, labels, branches, levels)
        return labels

    def _refuse_unmet(
        self, problem: Problem, labels: np.ndarray, branches: tuple[int, ...], levels: list[Bounds]
    ) -> None:
        needed = 0.0
        for bounds in levels:
            load = _loads(problem.weight, labels // (problem.k // len(bounds.cap)), len(bounds.cap))
            if (load > bounds.cap).any():
                needed = max(needed, float((load / np.maximum(bounds.ideal, 1e-300)).max()))
        if needed > 0.0:
            raise InfeasibleError(
                f"No division into parts within imbalance={self.imbalance:g} was found: heavy nodes don't "
                "pack.",
                f"imbalance={relaxed(needed)} (for this there is one; the smallest possible is not known)",
                name="imbalance",
                got=self.imbalance,
            )
        if excess_at(problem, labels) > 0.0:
            raise InfeasibleError(
                f"No division was found in which every part holds {self.min_weight or 0:g}.",
                f"min_weight={_loads(problem.weight, labels, problem.k).min():g}",
                name="min_weight",
                got=self.min_weight,
            )

    def _keep(
        self,
        given: InputGraph,
        problem: Problem,
        labels: np.ndarray,
        branches: tuple[int, ...],
        levels: list[Bounds],
        started: float,
    ) -> None:
        from partita import __version__

        self.cuts_ = level_cuts(problem, labels, branches)
        self.cut_ = self.cuts_[-1]
        self.parts_ = given.given(labels)
        self.part_weights_ = _loads(problem.weight, labels, problem.k)
        nested = [labels // (problem.k // len(bounds.cap)) for bounds in levels]
        loads = [_loads(problem.weight, part, len(bounds.cap)) for part, bounds in zip(nested, levels)]
        shares = shares_of(self.part_shares, problem.k, problem.weight.shape[1])
        excess = [_excess(load, shares, problem.weight.sum(axis=0)) for load in loads]
        self.imbalance_ = max(excess)
        made_by = MadeBy(
            method=type(self).__name__,
            parameters=self._plain_parameters(),
            version=__version__,
            fingerprint=given.fingerprint,
            cost=self.cut_,
            seconds=time.perf_counter() - started,
            citation=_CITATION,
            certificates={
                "cuts": self.cuts_,
                "excess_per_level": excess,
                "loads": [load.tolist() for load in loads],
                "caps": [bounds.cap.tolist() for bounds in levels],
            },
            notes=given.notes,
        )
        arrays = [given.given(np.asarray(part, np.int32)) for part in nested]
        self._set_hierarchy(
            Hierarchy.from_labels(arrays, item_rank=given.place, item_ids=given.names, made_by=made_by)
        )


def _loads(weight: np.ndarray, labels: np.ndarray, k: int) -> np.ndarray:
    columns = [np.bincount(labels, weight[:, r], minlength=k) for r in range(weight.shape[1])]
    return np.column_stack(columns)


def _excess(load: np.ndarray, shares: np.ndarray, total: np.ndarray) -> float:
    ideal = shares.reshape(len(load), -1, len(total)).sum(axis=1) * total
    return float((load / np.where(ideal > 0, ideal, 1.0)).max() - 1.0)


def _small_seed(random_state: Any) -> int:
    from partita._core.rng import seed_from

    return seed_from(random_state) % (1 << 31)


def _check_components(problem: Problem) -> None:
    count = int(components(problem.graph)[1])
    if count > problem.k:
        raise InfeasibleError(
            f"A graph of {count} components can't be divided into {problem.k} connected parts.",
            f"n_parts={count}, or connected=False",
            name="connected",
        )


def _ordered_by(given: InputGraph, content: np.ndarray) -> InputGraph:
    """The same graph with nodes in an order that their content decides too."""
    from scipy.sparse import csr_array, diags_array

    graph = given.graph
    kind = np.unique(content[given.order], axis=0, return_inverse=True)[1].ravel() + 1.0
    n = given.n
    matrix = csr_array((graph.weights, graph.indices, graph.indptr), shape=(n, n))
    again = as_graph(matrix + diags_array(kind), loops="keep")
    plain = again.graph._replace(loops=np.zeros(n))
    return InputGraph(plain, given.order[again.order], given.names, again.fingerprint, given.notes)
