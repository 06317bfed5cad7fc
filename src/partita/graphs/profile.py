"""The network community profile: the best community of each volume, and what none can beat. For users."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from partita._core.params import Integer, Real, Rule, check_parameters
from partita._core.progress import Progress, progress_scope
from partita.graphs._input import InputGraph, as_graph
from partita.graphs._local_search import Ground
from partita.graphs._met import MetRows
from partita.graphs._profile_bound import FlowBound, flow_bounds, low_vectors, lower_bounds
from partita.graphs._spread import rank_stages
from partita.graphs._sweep import ranked_slots, sweep
from partita.hierarchy import MadeBy

_RULES: dict[str, Rule] = {
    "n_seeds": Integer(low=1),
    "n_vectors": Integer(low=0),
    "per_octave": Integer(low=1, high=16),
    "teleport": Real(low=1e-6, high=0.999),
    "flow_volume": Real(low=0.0),
}
_CITATION = (
    "J. Leskovec, K. Lang, A. Dasgupta, M. Mahoney, Community structure in large networks, Internet Math. 6 "
    "(2009), arXiv:0810.1355; Y. Huang, C. Seshadhri, D. Gleich, Theoretical bounds on the network community "
    "profile from low-rank semi-definite programming, ICML 2023, arXiv:2303.14550"
)


@dataclass(frozen=True)
class CommunityProfile:
    """Conductance against volume.

    Attributes
    ----------
    volumes : float64[b + 1]
        Borders of the classes of volume, up to half of the graph's; class i holds volumes above
        ``volumes[i]`` up to ``volumes[i + 1]``.
    upper : float64[b]
        The least conductance found in each class; inf where no set was.
    lower : float64[b]
        No set of nodes of a volume in the class has less.
    parts : tuple of intp arrays
        The set behind each ``upper``; empty where there is none.
    made_by : MadeBy

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.linalg import block_diag
    >>> A = block_diag(*[np.ones((6, 6))] * 4) - np.eye(24)
    >>> for i in range(0, 24, 6):
    ...     A[i, i - 1] = A[i - 1, i] = 1
    >>> profile = community_profile(A)
    >>> best = int(profile.upper.argmin())
    >>> profile.parts[best].size, bool((profile.lower <= profile.upper).all())
    (6, True)
    """

    volumes: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    parts: tuple[np.ndarray, ...]
    made_by: MadeBy


def community_profile(
    graph: Any,
    *,
    n_seeds: int = 64,
    n_vectors: int = 64,
    per_octave: int = 2,
    teleport: float = 0.05,
    flow_volume: float = 512.0,
    progress: bool | Progress | None = None,
) -> CommunityProfile:
    """For each volume the best community found, and a bound that no community of that volume beats.

    Parameters
    ----------
    graph : what ``scipy.sparse`` holds, networkx or igraph graph, edges (n_edges, 2 or 3)
        Undirected.
    n_seeds : int
        Nodes from which sets are searched by PageRank, evenly taken; all of a smaller graph.
    n_vectors : int
        Low eigenvectors of the normalised Laplacian behind the bound; 0 leaves the bound at 0.
    per_octave : int
        Classes of volume for each doubling.
    teleport : float
        Of the PageRank.
    flow_volume : float
        Classes of a volume up to this, in units of the lightest edge, are bounded by flows around every node
        too; 0 leaves these out.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Returns
    -------
    profile : CommunityProfile

    Raises
    ------
    InvalidParameterError, InvalidDataError

    Notes
    -----
    The unit vector of a set, its degrees' roots, has the conductance as its quotient with the normalised
    Laplacian. Its share along one eigenvector is bounded, for the volumes of a class, by the best fractional
    choice of nodes; its share within the first k together by their best leverage scores. The least quotient
    that these caps allow is the bound: with two vectors at least the easy side of Cheeger's inequality,
    ``lambda_2 (1 - v / vol)``. It holds to the residual of the eigenvectors, which is taken off. Above 1,500
    nodes these come from Lanczos' method: components are put in by hand, and the lowest vector beside all
    that were found is sought by itself, so that a copy that was passed over only lowers the bound. More than
    512 components leave it at 0.

    Small volumes are bounded by flows around every node, too. A set S that holds node i has
    ``cut(S) + p vol(S) >= F``, F the largest flow out of i of which every other node absorbs p times its
    volume, and i itself keeps as much; so its conductance is at least ``F / h - p`` for volumes up to h. The
    price p is sought for each node, and the least over all nodes is the bound: near the truth in graphs with
    small pieces that hang by an edge, where low eigenvectors are many. A flow looks at a volume of about h.

    The paper cited second bounds the same quantity by a semidefinite programme.

    References
    ----------
    J. Leskovec, K. Lang, A. Dasgupta and M. Mahoney, Community structure in large networks, Internet
    Mathematics 6 (2009). https://arxiv.org/abs/0810.1355

    Y. Huang, C. Seshadhri and D. Gleich, Theoretical bounds on the network community profile from low-rank
    semi-definite programming, ICML 2023. https://arxiv.org/abs/2303.14550

    Examples
    --------
    >>> import numpy as np
    >>> ring = np.roll(np.eye(64), 1, axis=0)
    >>> profile = community_profile(ring + ring.T)
    >>> bool(profile.upper[-1] == 1 / 31), bool(0 < profile.lower[-1] <= 1 / 32)
    (True, True)
    """
    started = time.perf_counter()
    parameters = {
        "n_seeds": n_seeds, "n_vectors": n_vectors, "per_octave": per_octave, "teleport": teleport,
        "flow_volume": flow_volume,
    }  # fmt: skip
    check_parameters("community_profile", _RULES, parameters)
    given = graph if isinstance(graph, InputGraph) else as_graph(graph)
    ground = Ground(given, None, None)
    volumes = _classes(ground, per_octave)
    with progress_scope(progress) as shown:
        upper, parts = _search(ground, volumes, n_seeds, teleport, shown)
        shown.start("bounds")
        vectors = low_vectors(given.graph, ground.degree, n_vectors)
        lower = lower_bounds(vectors, ground.degree[ground.degree > 0], volumes)
        lightest = float(given.graph.weights.min(initial=np.inf))
        most = flow_volume * lightest if np.isfinite(lightest) else 0.0
        flows = flow_bounds(given.graph, ground.degree, volumes, most, lower)
    certificates = {"residual": vectors.residual, "vectors": len(vectors.values)} | _certified(given, flows)
    lower[: len(flows)] = np.maximum(lower[: len(flows)], [flow.bound for flow in flows])
    from partita import __version__

    made_by = MadeBy(
        method="community_profile",
        parameters=parameters,
        version=__version__,
        fingerprint=given.fingerprint,
        seconds=time.perf_counter() - started,
        citation=_CITATION,
        certificates=certificates,
        notes=given.notes,
    )
    return CommunityProfile(volumes, upper, lower, parts, made_by)


def _certified(given: InputGraph, flows: list[FlowBound]) -> dict[str, list[float]]:
    """The node (as given), price and flow behind each bound by flows; node -1 where these say no more."""
    return {
        "flow_bounds": [flow.bound for flow in flows],
        "flow_nodes": [int(given.order[flow.node]) if flow.node >= 0 else -1 for flow in flows],
        "flow_prices": [flow.price for flow in flows],
        "flows": [flow.flow for flow in flows],
    }


def _classes(ground: Ground, per_octave: int) -> np.ndarray:
    """Borders of volume from just below the least degree to half the volume, in equal ratios."""
    degree = ground.degree[ground.degree > 0]
    if not len(degree):
        return np.zeros(1)
    low, high = 0.999 * degree.min(), 0.5 * ground.total
    if high <= low:
        return np.array([low, max(high, degree.min())])
    count = max(1, round(per_octave * np.log2(high / low)))
    borders = np.geomspace(low, high, count + 1)
    borders[-1] = high * (1.0 + 1e-12)
    return borders


def _search(
    ground: Ground, volumes: np.ndarray, n_seeds: int, teleport: float, progress: Progress
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """The least conductance of sweep sets in each class of volume, and these sets."""
    n, classes = ground.given.n, len(volumes) - 1
    upper = np.full(classes, np.inf)
    parts = [np.empty(0, np.intp)] * classes
    nodes = np.flatnonzero(ground.degree > 0)
    seeds = (
        nodes[np.unique(np.linspace(0, len(nodes) - 1, min(n_seeds, len(nodes))).astype(np.int64))]
        if n
        else nodes
    )
    progress.start("communities", len(seeds))
    for seed in seeds:
        rows = MetRows(ground.graph, ground.degree, ground.features, 0.0)
        start = float(ground.degree[seed])
        budgets = start * 4.0 ** np.arange(
            1, 2 + np.ceil(np.log(max(ground.total / start, 1.0)) / np.log(4.0))
        )
        for _ in rank_stages(rows, np.array([seed]), 2.0 * budgets, teleport, 1000):
            _take_best(ground, rows, volumes, upper, parts)
        progress.advance()
    return upper, tuple(parts)


def _take_best(
    ground: Ground, rows: MetRows, volumes: np.ndarray, upper: np.ndarray, parts: list[np.ndarray]
) -> None:
    slots, ends = ranked_slots(rows, per_volume=True)
    if not len(slots):
        return
    _, volume, conductance = sweep(rows, slots, ground.space)
    place = np.searchsorted(volumes, volume[ends], side="left") - 1
    within = (place >= 0) & (place < len(upper))
    for end, c in zip(ends[within], place[within]):
        if conductance[end] < upper[c] * (1.0 - 1e-12):
            upper[c] = conductance[end]
            parts[c] = np.sort(ground.given.order[rows.nodes[slots[: end + 1]]]).astype(np.intp)
