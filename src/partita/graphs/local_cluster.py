"""LocalCluster: the cluster around a node, found without a look at the rest of the graph. For users."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partita._core.errors import InvalidDataError, InvalidParameterError
from partita._core.params import Integer, OneOf, Optional, Real, Rule
from partita.graphs._input import InputGraph, as_graph
from partita.graphs._local_search import Ground, Outcome, Plan, check_attributes
from partita.hierarchy import Hierarchy, MadeBy, assemble
from partita.hierarchy.maker import HierarchyMaker
from partita.hierarchy.rows import check_points

_CITATIONS = {
    "flow": "S. Yang, K. Fountoulakis, Weighted flow diffusion for local graph clustering with node "
    "attributes: an algorithm and statistical guarantees, ICML 2023, arXiv:2301.13187",
    "pagerank": "R. Andersen, F. Chung, K. Lang, Local graph partitioning using PageRank vectors, FOCS 2006, "
    "doi:10.1109/FOCS.2006.44",
}


@dataclass(frozen=True)
class LocalPart:
    """A local cluster, and what was met on the way to it.

    Attributes
    ----------
    nodes : intp[k]
        Its nodes, ascending.
    values : float64[k]
        How strongly the spread reached each of them; 0 for nodes that refinement added.
    conductance, cut, volume : float
        Weight that leaves the cluster over the volume of its smaller side; with attributes every edge counts
        what these leave of it, and the volume is that of the cluster. ``volume`` is in weights as given.
    n_met : int
        Nodes that were seen at all.
    met_volume : float
        The volume of nodes whose edges were looked at: the work is proportional to it.
    converged : bool
        Whether the spread and the refinement came to their ends.
    gap : float or None
        After refinement: the share of the cut that the last flow left open. At 0 the flow proves that no
        subset ("mqi"), or no set by the criterion of "around", is better.

    Examples
    --------
    >>> import numpy as np
    >>> part = LocalPart(np.array([0, 2]), np.ones(2), 0.1, 1.0, 10.0, 5, 14.0, True, None)
    >>> len(part)
    2
    """

    nodes: np.ndarray
    values: np.ndarray
    conductance: float
    cut: float
    volume: float
    n_met: int
    met_volume: float
    converged: bool
    gap: float | None

    def __len__(self) -> int:
        """The number of its nodes."""
        return len(self.nodes)


class LocalCluster(HierarchyMaker):
    """The cluster around one or a few nodes, with edges, and attributes of nodes where there are any.

    *When to choose this*: you know a node and want its surroundings, in a graph of which the rest does not
    matter. For all communities at once take ``Communities``; for what is like a node rather than tied to it,
    ``NeighbourhoodIndex``.

    Parameters
    ----------
    seed : int, str or list of them
        The node, or nodes, to start from: numbers, or names where the graph has names.
    method : {"flow", "pagerank"}
        "flow" lets mass flow from the seeds, of which every node keeps its own volume; "pagerank" spreads it
        by a random walk that returns. The first finds clusters whose inside is wide, in more time.
    volume : float, optional
        About how much volume (sum of degrees) the cluster has; sets of half to double of it are taken.
        Default: amounts grow from the seeds' own until the spread is eight times as large as the best set.
    gamma : float, optional
        Decay of an edge's weight with the squared distance of its ends' attributes,
        ``exp(-gamma |x - y|^2)``. Default: a quarter over the mean of these distances over edges; attributes
        that say much deserve more.
    refine : {"none", "mqi", "around"}
        Improve the set by largest flows: "mqi" finds the subset of least conductance, with a proof; "around"
        a better set near it, that may gain nodes too (`locality` tells how near).
    teleport : float
        For "pagerank": the share of mass that stays at each push.
    locality : float
        For "around": the penalty of volume outside the first set; at most its volume over this is looked at.
    max_volume : float, optional
        The mass that spreads never fills more than this volume. Default, and at most: .9 of the graph's.
    max_iter : int
        Rounds of pushes for each amount of mass. What is left unsettled is pushed with the next amount;
        ``converged`` tells whether all came to rest.

    Attributes
    ----------
    part_ : LocalPart
        The cluster: nodes, conductance, how much of the graph was met.
    hierarchy_ : Hierarchy
        The root, and the cluster as its one part.
    labels_ : int32[n]
        0 in the cluster, -1 elsewhere.
    n_features_in_ : int
        Columns of the attributes, where there are any.
    made_by_ : MadeBy
        Certificates: conductance, cut, volume and, after refinement, the open share of the flow.

    Notes
    -----
    ``fit`` checks the whole graph, O(e log e), and holds it; the search itself, and every further ``around``,
    works on the rows that it meets and on nothing else, by hash maps. The cluster is the sweep set of least
    conductance over all amounts of mass. Nodes of equal value enter a sweep together, and pushes go in
    rounds, so that the numbers of nodes make no difference. A set of more than half the graph's volume is not
    taken where there are attributes, since the rest's volume would not be known.

    References
    ----------
    S. Yang and K. Fountoulakis, Weighted flow diffusion for local graph clustering with node attributes: an
    algorithm and statistical guarantees, ICML 2023. https://arxiv.org/abs/2301.13187

    R. Andersen, F. Chung and K. Lang, Local graph partitioning using PageRank vectors, FOCS 2006.
    https://doi.org/10.1109/FOCS.2006.44

    K. Lang and S. Rao, A flow-based method for improving the expansion or conductance of graph cuts, IPCO
    2004. https://doi.org/10.1007/978-3-540-25960-7_25

    R. Andersen and K. Lang, An algorithm for improving graph partitions, SODA 2008.
    https://dl.acm.org/doi/10.5555/1347082.1347154

    L. N. Veldt, D. F. Gleich and M. W. Mahoney, A simple and strongly-local flow-based method for cut
    improvement, ICML 2016. https://arxiv.org/abs/1605.08490

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.linalg import block_diag
    >>> A = block_diag(np.ones((5, 5)), np.ones((7, 7))) - np.eye(12)
    >>> A[4, 5] = A[5, 4] = 1
    >>> local = LocalCluster(0).fit(A)
    >>> local.part_.nodes.tolist(), round(local.part_.conductance, 4)
    ([0, 1, 2, 3, 4], 0.0476)
    >>> local.around(9).nodes.tolist()
    [5, 6, 7, 8, 9, 10, 11]
    """

    _rules: ClassVar[dict[str, Rule]] = {
        "method": OneOf(("flow", "pagerank")),
        "volume": Optional(Real(low=0.0, open_low=True)),
        "gamma": Optional(Real(low=0.0)),
        "refine": OneOf(("none", "mqi", "around")),
        "teleport": Real(low=1e-6, high=0.999),
        "locality": Real(low=0.0),
        "max_volume": Optional(Real(low=0.0, open_low=True)),
        "max_iter": Integer(low=1),
    }

    def __init__(
        self,
        seed: Any = 0,
        method: str = "flow",
        *,
        volume: float | None = None,
        gamma: float | None = None,
        refine: str = "none",
        teleport: float = 0.1,
        locality: float = 0.5,
        max_volume: float | None = None,
        max_iter: int = 20,
    ) -> None:
        self.seed = seed
        self.method = method
        self.volume = volume
        self.gamma = gamma
        self.refine = refine
        self.teleport = teleport
        self.locality = locality
        self.max_volume = max_volume
        self.max_iter = max_iter

    def fit(self, graph: Any, y: Any = None, attributes: Any = None) -> LocalCluster:
        """Check and hold `graph`, and find the cluster around the seeds.

        Parameters
        ----------
        graph : what ``scipy.sparse`` holds, networkx or igraph graph, edges (n_edges, 2 or 3)
            Undirected, with weights of at least 0.
        y : ignored
        attributes : array-like of shape (n, d), optional
            One row for each node. Dense: take ``sklearn.decomposition.TruncatedSVD`` of sparse ones.

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError, InvalidDataError
            Also for a seed that is no node.
        """
        started = time.perf_counter()
        self._check_parameters()
        given = graph if isinstance(graph, InputGraph) else as_graph(graph)
        rows = None
        if attributes is not None:
            rows = check_attributes(check_points(self, attributes, reset=True), given.n)
        ground = Ground(given, rows, self.gamma)
        seeds = _seeds(self.seed, ground)
        self._ground = ground
        self.part_ = _part(ground, ground.search(seeds, self._plan(ground)))
        labels = np.full(given.n, -1, np.int32)
        labels[self.part_.nodes] = 0
        made_by = self._record(ground, time.perf_counter() - started)
        self._set_hierarchy(_as_hierarchy(labels, ground.place, made_by))
        return self

    def around(self, seed: Any) -> LocalPart:
        """The cluster around other seeds in the graph of ``fit``; the rest of the graph is not looked at.

        Parameters
        ----------
        seed : int, str or list of them

        Returns
        -------
        part : LocalPart
        """
        check_is_fitted(self)
        self._check_parameters()
        outcome = self._ground.search(_seeds(seed, self._ground), self._plan(self._ground))
        return _part(self._ground, outcome)

    def _plan(self, ground: Ground) -> Plan:
        limit = np.inf if self.max_volume is None else float(self.max_volume)
        return Plan(
            self.method, self.volume, self.refine, self.teleport, self.locality, limit, int(self.max_iter)
        )

    def _record(self, ground: Ground, seconds: float) -> MadeBy:
        from partita import __version__

        part = self.part_
        certificates = {"conductance": part.conductance, "cut": part.cut, "volume": part.volume}
        if part.gap is not None:
            certificates["open_share_of_flow"] = part.gap
        met = f"{part.n_met:,} of {ground.given.n:,} nodes were met"
        return MadeBy(
            method="LocalCluster",
            parameters=self._plain_parameters(),
            version=__version__,
            fingerprint=ground.given.fingerprint,
            choices={} if self.gamma is not None or ground.space.as_given else {"gamma": ground.gamma},
            cost=part.conductance,
            converged=part.converged,
            seconds=seconds,
            citation=_CITATIONS[self.method],
            certificates=certificates,
            notes=(*ground.given.notes, met),
        )


def _as_hierarchy(labels: np.ndarray, rank: np.ndarray, made_by: MadeBy) -> Hierarchy:
    hierarchy, _ = assemble(
        np.where(labels == 0, 1, 0), [-1, 0], [1.0, 0.0], levels=[[1]], item_rank=rank, made_by=made_by
    )
    return hierarchy


def _part(ground: Ground, outcome: Outcome) -> LocalPart:
    nodes = ground.given.order[outcome.nodes].astype(np.intp)
    order = np.argsort(nodes)
    found = outcome.found
    return LocalPart(
        nodes[order], outcome.values[order], found.conductance, found.cut, found.volume, outcome.n_met,
        outcome.met_volume, outcome.converged, outcome.gap,
    )  # fmt: skip


def _seeds(seed: Any, ground: Ground) -> np.ndarray:
    """Canonical numbers of the seeds, ascending, each once."""
    wanted = [seed] if isinstance(seed, str) or np.ndim(seed) == 0 else list(seed)
    if not wanted:
        raise InvalidParameterError("There is no seed.", name="seed", allowed="at least one node", got=seed)
    return np.unique(ground.place[[_number(one, ground) for one in wanted]])


def _number(one: Any, ground: Ground) -> int:
    """The given number of the node that a seed names."""
    names = ground.given.names
    if names is not None:
        number = ground.number_of.get(str(one) if names.dtype == object else one)
        if number is None:
            raise InvalidDataError(f"The seed {one!r} is no node of the graph.", name="seed", got=one)
        return number
    if isinstance(one, (bool, np.bool_)) or not isinstance(one, (int, np.integer)):
        raise InvalidParameterError("A seed is a node's number.", name="seed", allowed="an integer", got=one)
    n = ground.given.n
    if not 0 <= one < n:
        allowed = f"0 to {n - 1}" if n else "a graph with at least one node"
        raise InvalidDataError(
            f"The seed {one} is no node of the graph.", name="seed", allowed=allowed, got=int(one)
        )
    return int(one)
