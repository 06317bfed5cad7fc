"""Communities of a graph by moves of nodes: Leiden's phases for many objectives. For users."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from partita._core.errors import InfeasibleError, InvalidDataError, InvalidParameterError
from partita._core.params import AnyOf, Flag, Instance, Integer, OneOf, Optional, Real, Rule, Seed
from partita._core.progress import Progress, progress_scope
from partita._core.threads import thread_scope
from partita.graphs import _leiden as engine
from partita.graphs._community_tree import community_hierarchy, joins_above
from partita.graphs._input import InputGraph, as_graph, canonical_layers
from partita.graphs._limits import Groups, check_sizes, grouped, is_connected, large_enough
from partita.graphs._objectives import UNDIRECTED, Objective, bipartite, multiplex, two_sides
from partita.graphs._tree import record
from partita.hierarchy.maker import HierarchyMaker
from partita.kernels.csr import compact, components, contract
from partita.kernels.moves import moves_run, part_sums

_CITATION = (
    "V. A. Traag, L. Waltman, N. J. van Eck, From Louvain to Leiden: guaranteeing well-connected "
    "communities, Scientific Reports 9 (2019), doi:10.1038/s41598-019-41695-z, arXiv:1810.08473"
)
_SIGNED = ("signed", "multicut", "cpm")
_FEW_EDGES = 1000
_STARTS, _STARTS_OF_FEW = 2, 8
_CYCLES, _CYCLES_OF_FEW = 1, 3
_STEP = 1.5
_MOST_STEPS = 80
_ROUNDS = 5


class Communities(HierarchyMaker):
    """Groups of nodes with more weight within than their sizes let expect, each of them connected.

    *When to choose this*: a graph, and no number of parts known. "modularity" compares with a random graph of
    the same degrees; "cpm" needs a density as `resolution`, and then has no limit below which it misses small
    communities. Choose ``BottomUp`` where the levels matter more than one partition, and
    ``MultilevelPartition`` where parts must be of equal size.

    Parameters
    ----------
    objective : {"modularity", "cpm", "directed", "bipartite", "signed", "multicut", "multiplex"}
        What is made large. "cpm": weight within less `resolution` times the pairs within. "directed": of the
        matrix as it stands, (u, v) from u to v. "bipartite": Barber's. "signed": positive edges within and
        negative ones between, each against its own random graph. "multicut": the weight within alone, so
        that negative weights divide (correlation clustering). "multiplex": the sum of the modularities of a
        list of graphs over the same nodes.
    resolution : float
        Larger values give smaller communities. "multicut" has none.
    n_clusters : int, optional
        So many communities. More than are found: the resolution is raised until there are as many; fewer:
        those are joined that pay at the largest resolution. Goes with `must_link` and none of the limits.
    min_size, max_size : int, optional
        Fewest and most nodes of a community.
    fixed : array-like of int, shape (n,), optional
        Nodes with equal labels stay together, those with different ones apart; -1 is free.
    must_link, cannot_link : array-like of int, shape (p, 2), optional
        Pairs of nodes, by number, that are in one community, or in two.
    sides : array-like of bool, shape (n,), optional
        For "bipartite", the side of each node; by default found by colouring. A matrix that is not square is
        taken as one from rows to columns, and its columns are the nodes behind the rows.
    layer_weights : array-like of float, optional
        For "multiplex", the share of each layer, negative ones allowed; default: all 1.
    n_starts : int, optional
        Starts from different orders of nodes, joined by moves of what all of them keep together. Default: 2,
        and 8 for graphs of up to 1,000 edges. More of them, with more iterations, find more.
    max_iter : int, optional
        Most iterations of a start, and of the moves after starts are joined; they end before when one gains
        less than 1e-5 of all weight. Default: 1, and 3 for graphs of up to 1,000 edges.
    random_state : None, int or generator
        Accepted, and without effect: nothing here is random.
    n_jobs : int, optional
        Threads for the starts; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Attributes
    ----------
    hierarchy_ : Hierarchy
        Levels: the root and the communities. Above these, joins with height 1 / (1 + s), where s is the
        resolution at which the join pays; below, the pieces of which the communities grew. What no edge
        joins meets in a root of height inf.
    labels_ : int32[n]
        The communities, the largest first.
    n_clusters_ : int
    quality_ : float
        The objective as the papers define it, recomputed from the labels: modularity between -1/2 and 1;
        for "cpm" and "multicut" a weight, each edge once.
    pieces_ : tuple of int32[n]
        The pieces of each aggregation, coarse to fine, each within those before.
    made_by_ : MadeBy
        Certificates: ``quality``, ``connected`` (of positive edges, with nodes that must be together counted
        as joined), ``n_components``, ``smallest`` and ``largest`` community.

    Raises
    ------
    InvalidDataError
        For weights that the objective does not take, and edges within a side.
    InfeasibleError
        For wishes that contradict each other, more communities than nodes, fewer than components, or sizes
        that can't be met.

    Notes
    -----
    The phases of Traag, Waltman and van Eck (2019) without chance: nodes are looked at in an order of
    content, and take the move that gains most, also in the refinement; after the last level nodes at borders
    move again at every level, coarse to fine, as in Rotta and Noack (2011), doi:10.1145/1963190.1970376. The
    starts are joined after Ovelgönne and Geyer-Schulz (2012), doi:10.1090/conm/588/11701. A final check
    divides communities that are not connected.
    Renumbered nodes give the renumbered result, except for nodes that no neighbourhood tells apart.

    Time: O(e) for each level of an iteration, for e edges; memory: 24 bytes for each of the 2 e entries,
    as much again while the graph is read, and up to as much for each start that runs at once.

    Examples
    --------
    Two triangles and an edge between them:

    >>> edges = [[0, 1], [0, 2], [1, 2], [2, 3], [3, 4], [3, 5], [4, 5]]
    >>> found = Communities().fit(edges)
    >>> found.labels_.tolist(), round(found.quality_, 4)
    ([0, 0, 0, 1, 1, 1], 0.3571)
    """

    _rules: ClassVar[Mapping[str, Rule]] = {
        "objective": OneOf((*UNDIRECTED, "bipartite", "multiplex")),
        "resolution": Real(low=0.0),
        "n_clusters": Optional(Integer(low=1)),
        "min_size": Optional(Integer(low=1)),
        "max_size": Optional(Integer(low=1)),
        "n_starts": Optional(Integer(low=1, high=64)),
        "max_iter": Optional(Integer(low=1, high=100)),
        "random_state": Seed(),
        "n_jobs": Optional(Integer()),
        "progress": Optional(AnyOf((Flag(), Instance((Progress,), "a partita Progress object")))),
    }

    quality_: float
    pieces_: tuple[np.ndarray, ...]

    def __init__(
        self,
        objective: str = "modularity",
        *,
        resolution: float = 1.0,
        n_clusters: int | None = None,
        min_size: int | None = None,
        max_size: int | None = None,
        fixed: Any = None,
        must_link: Any = None,
        cannot_link: Any = None,
        sides: Any = None,
        layer_weights: Any = None,
        n_starts: int | None = None,
        max_iter: int | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.objective = objective
        self.resolution = resolution
        self.n_clusters = n_clusters
        self.min_size = min_size
        self.max_size = max_size
        self.fixed = fixed
        self.must_link = must_link
        self.cannot_link = cannot_link
        self.sides = sides
        self.layer_weights = layer_weights
        self.n_starts = n_starts
        self.max_iter = max_iter
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, graph: Any, y: Any = None) -> Communities:
        """Find the communities of a graph.

        Parameters
        ----------
        graph : adjacency matrix, edges, networkx or igraph graph; a list of them for "multiplex"
            What ``partita.io.read`` gives for a graph, too.
        y : ignored

        Returns
        -------
        self
        """
        started = time.perf_counter()
        self._check_parameters()
        self._check_together()
        with thread_scope(self.n_jobs), progress_scope(self.progress) as progress:
            progress.start("Reading the graph", None)
            given, objective = self._read(graph)
            least, most = float(self.min_size or 0), float(self.max_size or np.inf)
            groups = grouped(given, self.fixed, self.must_link, self.cannot_link, least, most)
            self._check_feasible(objective, groups, least, most)
            progress.start("Moving nodes", None)
            labels, choices = self._communities(objective, groups, least)
            progress.start("Building the tree", None)
            self._finish(given, objective, groups, labels, choices, started)
        return self

    def _check_together(self) -> None:
        if self.min_size is not None and self.max_size is not None and self.min_size > self.max_size:
            raise InvalidParameterError(
                "min_size is larger than max_size.", name="min_size", got=(self.min_size, self.max_size)
            )
        limits = ("min_size", "max_size", "fixed", "cannot_link")
        given = [name for name in limits if getattr(self, name) is not None]
        if self.n_clusters is not None and given:
            raise InvalidParameterError(
                f"n_clusters and {given[0]} don't go together.",
                name="n_clusters",
                hint="leave one of them out; hierarchy_.cut(n_clusters=…) cuts any result",
            )
        for name, objective in (("sides", "bipartite"), ("layer_weights", "multiplex")):
            if getattr(self, name) is not None and self.objective != objective:
                raise InvalidParameterError(f"{name} is for objective={objective!r}.", name=name)

    def _read(self, graph: Any) -> tuple[InputGraph, Objective]:
        """The graph in canonical numbers, and what is to be made large."""
        if self.objective == "multiplex":
            return self._read_layers(graph)
        if self.objective == "bipartite":
            graph, sides = _squared(graph, self.sides)
            given = as_graph(graph)
            shown = given.order if given.names is None else given.names[given.order]
            side = None if sides is None else given.canonical(_checked_sides(sides, given.n))
            return given, bipartite(given.graph, self.resolution, two_sides(given.graph, side, shown))
        given = as_graph(graph, directed=self.objective == "directed", signed=self.objective in _SIGNED)
        return given, UNDIRECTED[self.objective](given.graph, self.resolution)

    def _read_layers(self, layers: Any) -> tuple[InputGraph, Objective]:
        if not isinstance(layers, (list, tuple)) or not len(layers):
            raise InvalidDataError(
                "objective='multiplex' takes a list of graphs over the same nodes.",
                name="graph",
                got=type(layers).__name__,
            )
        share = np.ones(len(layers)) if self.layer_weights is None else np.asarray(self.layer_weights, float)
        if share.shape != (len(layers),) or not np.isfinite(share).all():
            raise InvalidDataError(
                "layer_weights must give a finite number for every layer.",
                name="layer_weights",
                allowed=f"shape ({len(layers)},)",
                got=share,
            )
        given, graphs = canonical_layers(layers)
        return given, multiplex(graphs, self.resolution, share)

    def _check_feasible(self, objective: Objective, groups: Groups, least: float, most: float) -> None:
        graph = objective.problem.graph
        if groups.count < len(groups.label):
            graph = contract(graph, groups.label, groups.count)
        if self.min_size is not None:
            check_sizes(graph, least, most)
        if self.n_clusters is None:
            return
        fewest = components(engine.positive(graph))[1]
        possible = min(max(self.n_clusters, fewest), groups.count)
        if possible != self.n_clusters:
            raise InfeasibleError(
                f"{groups.count} nodes (or groups of them) in {fewest} components can't make "
                f"{self.n_clusters} communities.",
                f"n_clusters={possible}",
                name="n_clusters",
                got=self.n_clusters,
            )

    def _communities(
        self, objective: Objective, groups: Groups, least: float
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Labels of canonical nodes, int32[n], and what was chosen."""
        problem = _grouped_problem(objective.problem, groups)
        few = len(problem.graph.indices) <= 2 * _FEW_EDGES
        effort = {
            "n_starts": self.n_starts or (_STARTS_OF_FEW if few else _STARTS),
            "max_iter": self.max_iter or (_CYCLES_OF_FEW if few else _CYCLES),
        }
        choices: dict[str, Any] = {key: value for key, value in effort.items() if not getattr(self, key)}
        labels = engine.communities(problem, groups.limits, *effort.values())
        if least > 1.0:
            labels = _of_least_size(problem, groups, labels, least)
        labels = compact(labels[groups.label], len(groups.label))[0]
        if self.n_clusters is not None:
            labels = self._so_many(objective, groups, labels, tuple(effort.values()), choices)
        return labels, choices

    def _so_many(
        self,
        objective: Objective,
        groups: Groups,
        labels: np.ndarray,
        effort: tuple[int, ...],
        choices: dict[str, Any],
    ) -> np.ndarray:
        """Labels with the number of communities asked for."""
        wanted, factor = int(self.n_clusters or 0), 1.0
        if objective.problem.form.any():
            for _ in range(_MOST_STEPS):
                if int(labels.max(initial=-1)) + 1 >= wanted:
                    break
                factor *= _STEP
                sharper = objective.problem._replace(form=objective.problem.form * factor)
                problem = _grouped_problem(sharper, groups)
                found = engine.communities(problem, groups.limits, *effort)
                labels = compact(found[groups.label], len(groups.label))[0]
        if int(labels.max(initial=-1)) + 1 < wanted:  # nothing divides further by itself
            labels = groups.label
        if factor > 1.0:
            choices["resolution"] = self.resolution * factor
        joins = joins_above(objective, labels)
        choices["n_clusters"] = f"{joins.n_blocks} communities joined to {wanted}"
        return joins.cut_labels(wanted)

    def _finish(
        self,
        given: InputGraph,
        objective: Objective,
        groups: Groups,
        labels: np.ndarray,
        choices: dict[str, Any],
        started: float,
    ) -> None:
        problem = _grouped_problem(objective.problem, groups)
        upper = np.empty(groups.count, np.int32)
        upper[groups.label] = labels
        pieces = [piece[groups.label] for piece in engine.pieces_within(problem, upper)]
        quality, sizes = objective.quality(labels), np.bincount(labels)
        certificates = {
            "quality": quality,
            "connected": is_connected(objective.problem.graph, labels, groups),
            "n_components": int(components(engine.positive(objective.problem.graph))[1]),
            "smallest": int(sizes.min(initial=given.n)),
            "largest": int(sizes.max(initial=0)),
        }
        seconds = time.perf_counter() - started
        made_by = record(
            self, given, choices, certificates, _CITATION, seconds, cost=-quality, converged=True
        )
        resolution = self.resolution if objective.problem.form.any() else 0.0
        joins = joins_above(objective, labels)
        self._set_hierarchy(community_hierarchy(given, labels, pieces, joins, resolution, made_by))
        self.quality_ = quality
        self.pieces_ = tuple(given.given(piece) for piece in pieces[::-1])


def _grouped_problem(problem: engine.Problem, groups: Groups) -> engine.Problem:
    if groups.count == problem.n:
        return problem
    return problem.contracted(groups.label, groups.count)


def _of_least_size(problem: engine.Problem, groups: Groups, labels: np.ndarray, least: float) -> np.ndarray:
    """Labels of communities that are large enough and connected."""
    limits = groups.limits._replace(least=least)
    pull, order = problem.vectors @ problem.form, np.arange(problem.n, dtype=np.int32)
    for _ in range(_ROUNDS):
        labels = large_enough(problem, limits, labels)
        moved = labels.copy()
        moves_run(problem.graph, problem.vectors, pull, limits, order, engine.tolerance(problem), moved)
        moved = compact(moved, problem.n)[0]
        whole = engine.connected(problem, limits, moved, 0)
        sizes = part_sums(problem.graph.node_weight[:, None].copy(), whole, int(whole.max(initial=-1)) + 1)
        if sizes.min(initial=np.inf) >= least:
            return whole
        labels = whole
    return large_enough(problem, limits, labels)


def _squared(graph: Any, sides: Any) -> tuple[Any, Any]:
    """A matrix from rows to columns as a graph of both, and which nodes are columns."""
    shape = getattr(graph, "shape", None)
    from scipy.sparse import block_array, csr_array, issparse

    if shape is None or len(shape) != 2 or shape[0] == shape[1]:
        return graph, sides
    if sides is None and 2 <= shape[1] <= 3 and not issparse(graph):  # edges
        return graph, sides

    matrix = csr_array(graph)
    return block_array([[None, matrix], [matrix.T, None]]).tocsr(), np.arange(sum(shape)) >= shape[0]


def _checked_sides(sides: Any, n: int) -> np.ndarray:
    array = np.asarray(sides)
    if array.shape != (n,):
        raise InvalidDataError(
            "sides must give the side of every node.", name="sides", allowed=f"shape ({n},)", got=array.shape
        )
    values = np.unique(array)
    if len(values) > 2:
        raise InvalidDataError("sides has more than two values.", name="sides", got=values[:5].tolist())
    return array == values[-1] if len(values) else array.astype(bool)
