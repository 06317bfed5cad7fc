"""Coordinates for the nodes of a graph, started from a partition. For users."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from partita._core.errors import InfeasibleError, InvalidDataError
from partita._core.params import Integer, OneOf, Real, Rule, check_parameters
from partita._core.threads import thread_scope
from partita.graphs._input import InputGraph, as_graph
from partita.hierarchy import MadeBy
from partita.kernels.csr import Graph, contract, row_sums

_RULES: dict[str, Rule] = {
    "n_dimensions": Integer(low=1),
    "start": OneOf(("partition", "random")),
    "max_rounds": Integer(low=0),
    "tol": Real(low=0.0),
}
_CITATION = (
    "W. Lin, F. He, F. Zhang, X. Cheng, H. Cai, Initialization for network embedding: a graph partition "
    "approach, WSDM 2020, arXiv:1908.10697"
)
_DEGREE, _SPARE = 8, 8


@dataclass(frozen=True)
class Embedding:
    """Coordinates of nodes.

    Attributes
    ----------
    vectors : float64 (n, d)
        In the order in which nodes were given.
    values : float64[d]
        Eigenvalues of the normalised adjacency behind the columns, largest first, without the trivial one.
    n_rounds : int
        Rounds of fine-tuning.
    residual : float
        Largest norm of what a column misses of being an eigenvector.
    made_by : MadeBy

    Examples
    --------
    >>> import numpy as np
    >>> ring = np.roll(np.eye(12), 1, axis=0)
    >>> found = embed(ring + ring.T, 2, parts=np.arange(12) // 2)
    >>> found.values.round(3).tolist(), found.residual < 1e-3
    ([0.866, 0.866], True)
    """

    vectors: np.ndarray
    values: np.ndarray
    n_rounds: int
    residual: float
    made_by: MadeBy


def embed(
    graph: Any,
    n_dimensions: int = 32,
    *,
    start: str = "partition",
    parts: Any = None,
    max_rounds: int = 20,
    tol: float = 1e-3,
) -> Embedding:
    """Spectral coordinates of nodes: those of the parts of a partition first, then made fine.

    Parameters
    ----------
    graph : what ``scipy.sparse`` holds, networkx or igraph graph, edges (n_edges, 2 or 3)
        Undirected.
    n_dimensions : int
        Columns; less than the number of nodes.
    start : {"partition", "random"}
        "random" is there for comparison.
    parts : array-like of int, shape (n,), optional
        Labels to start from. Default: ``MultilevelPartition`` into ``max(4 d, sqrt(n))`` parts, at most
        one for each four nodes.
    max_rounds : int
        Rounds of fine-tuning, each of 8 products with the graph; 0 copies the coordinates of the parts.
    tol : float
        Residual at which it stops.

    Returns
    -------
    embedding : Embedding
        A column is an eigenvector of the normalised adjacency, as long as the root of its eigenvalue (0 for
        negative ones) times the root of n; nodes that are near over many short ways are near in it.

    Raises
    ------
    InvalidParameterError, InvalidDataError
    InfeasibleError
        For as many dimensions as nodes.

    Notes
    -----
    The graph of the parts has the normalised adjacency of the graph, as seen by vectors that are constant on
    parts; so its eigenvectors are the best start of that form. Fine-tuning is subspace iteration with
    Chebyshev filters of degree 8. In the paper the coordinates are learnt from random walks; the course is
    the same: divide, embed the small graph, copy, spread, fine-tune. O((d + 8) e) a round.

    References
    ----------
    W. Lin, F. He, F. Zhang, X. Cheng and H. Cai, Initialization for network embedding: a graph partition
    approach, WSDM 2020. https://arxiv.org/abs/1908.10697

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.linalg import block_diag
    >>> A = block_diag(np.ones((6, 6)), np.ones((6, 6))) - np.eye(12)
    >>> A[0, 6] = A[6, 0] = 1
    >>> found = embed(A, 1, parts=[0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
    >>> bool((found.vectors[:6, 0] * found.vectors[6:, 0] < 0).all())
    True
    """
    started = time.perf_counter()
    parameters = {"n_dimensions": n_dimensions, "start": start, "max_rounds": max_rounds, "tol": tol}
    check_parameters("embed", _RULES, parameters)
    given = graph if isinstance(graph, InputGraph) else as_graph(graph)
    if n_dimensions >= given.n:
        raise InfeasibleError(
            f"n_dimensions={n_dimensions} is not less than the {given.n} nodes.",
            f"n_dimensions={max(given.n - 1, 0)}",
            name="n_dimensions",
            got=n_dimensions,
        )
    with thread_scope(1):
        walk, root = _normalised(given.graph)
        width = min(n_dimensions + 1 + _SPARE, given.n)
        if start == "partition":
            labels = given.canonical(_labels(given, graph, n_dimensions, parts))
            basis = _from_parts(given.graph, root, labels, width)
        else:
            basis = np.random.default_rng(0).standard_normal((given.n, width))
        values, vectors, n_rounds, residual = _refined(walk, basis, n_dimensions + 1, max_rounds, tol)
    columns = _signed(vectors[:, 1:]) * np.sqrt(np.maximum(values[1:], 0.0)) * np.sqrt(given.n)
    from partita import __version__

    made_by = MadeBy(
        method="embed",
        parameters=parameters,
        version=__version__,
        fingerprint=given.fingerprint,
        converged=residual <= tol,
        seconds=time.perf_counter() - started,
        citation=_CITATION,
        certificates={"residual": residual},
        notes=given.notes,
    )
    return Embedding(given.given(columns), values[1:], n_rounds, residual, made_by)


def _normalised(graph: Graph) -> tuple[Any, np.ndarray]:
    """The adjacency over the roots of degrees, and these; a node without edges keeps to itself."""
    from scipy.sparse import csr_array, diags_array

    n = len(graph.loops)
    degree = np.empty(n)
    row_sums(graph.indptr, graph.weights, np.zeros(n), degree)
    root = np.sqrt(np.where(degree > 0, degree, 1.0))
    scale = diags_array(1.0 / root)
    matrix = csr_array((graph.weights, graph.indices, graph.indptr), shape=(n, n))
    return (scale @ matrix @ scale).tocsr(), root


def _labels(given: InputGraph, graph: Any, n_dimensions: int, parts: Any) -> np.ndarray:
    if parts is None:
        from partita.graphs.multilevel_partition import MultilevelPartition

        count = min(max(1, given.n // 4), max(4 * n_dimensions, int(np.sqrt(given.n))))
        return MultilevelPartition(count, imbalance=0.5, mode="thorough").fit(graph).labels_
    labels = np.asarray(parts)
    if labels.shape != (given.n,) or labels.dtype.kind not in "iu" or (labels < 0).any():
        raise InvalidDataError(
            "Parts to start from are one label for each node.",
            name="parts",
            allowed=f"integers of at least 0, shape ({given.n},)",
            got=f"{labels.dtype} of shape {labels.shape}",
        )
    return np.unique(labels, return_inverse=True)[1].astype(np.int32)


def _from_parts(graph: Graph, root: np.ndarray, labels: np.ndarray, width: int) -> np.ndarray:
    """The leading vectors that are constant on parts but for degrees, and fixed random ones to fill up."""
    count = int(labels.max()) + 1
    small = contract(graph, np.ascontiguousarray(labels, np.int32), count)
    weight = np.zeros((count, count))
    tail = np.repeat(np.arange(count), np.diff(small.indptr))
    weight[tail, small.indices] = small.weights
    weight[np.arange(count), np.arange(count)] += small.loops
    size = np.sqrt(np.bincount(labels, root**2, count))
    values, vectors = np.linalg.eigh(weight / size[:, None] / size)
    leading = vectors[:, np.argsort(-values)[:width]]
    basis = (leading / size[:, None])[labels] * root[:, None]
    missing = width - basis.shape[1]
    if missing:
        basis = np.hstack((basis, np.random.default_rng(0).standard_normal((len(labels), missing))))
    return basis


def _refined(
    walk: Any, basis: np.ndarray, wanted: int, max_rounds: int, tol: float
) -> tuple[np.ndarray, np.ndarray, int, float]:
    """The leading eigenvectors by filtered subspace iteration from a basis."""
    n_rounds = 0
    values, basis, residual = _ritz(walk, basis, wanted)
    while residual > tol and n_rounds < max_rounds:
        values, basis, residual = _ritz(walk, _filtered(walk, basis, values[-1]), wanted)
        n_rounds += 1
    return values[:wanted], basis[:, :wanted], n_rounds, residual


def _ritz(walk: Any, basis: np.ndarray, wanted: int) -> tuple[np.ndarray, np.ndarray, float]:
    basis = np.linalg.qr(basis)[0]
    image = walk @ basis
    values, turn = np.linalg.eigh(0.5 * (basis.T @ image + image.T @ basis))
    order = np.argsort(-values, kind="stable")
    values, basis, image = values[order], basis @ turn[:, order], image @ turn[:, order]
    missed = np.linalg.norm(image[:, :wanted] - basis[:, :wanted] * values[:wanted], axis=0)
    return values, basis, float(missed.max(initial=0.0))


def _filtered(walk: Any, basis: np.ndarray, cut: float) -> np.ndarray:
    """A Chebyshev polynomial of the walk that is small from -1 to `cut` and grows above."""
    middle, half = 0.5 * (cut - 1.0), max(0.5 * (cut + 1.0), 1e-3)
    before, now = basis, (walk @ basis - middle * basis) / half
    for _ in range(_DEGREE - 1):
        before, now = now, 2.0 * (walk @ now - middle * now) / half - before
    return now / np.linalg.norm(now, axis=0)


def _signed(vectors: np.ndarray) -> np.ndarray:
    """Columns with the sign that makes their sum of cubes positive."""
    cubes = (vectors**3).sum(axis=0)
    return vectors * np.where(cubes < 0, -1.0, 1.0)
