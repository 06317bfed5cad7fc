"""The bottom partition by the Bethe Hessian: how many communities there are, and which. For this room.

L. Dall'Amico, R. Couillet, N. Tremblay, A unified framework for spectral clustering in sparse graphs, JMLR 22
(2021), arXiv:2003.09198; A. Saade, F. Krzakala, L. Zdeborová, Spectral clustering of graphs with the Bethe
Hessian, NeurIPS 2014, arXiv:1406.1880.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from partita._core.memory import check_memory
from partita.kernels.csr import Graph

_DENSE = 400
_FIRST_TRIED = 8


class Spectrum(NamedTuple):
    """Eigenpairs of the regularised adjacency matrix that stand out.

    Attributes
    ----------
    radius : float
        Spectral radius of the non-backtracking matrix; 0 for a forest.
    values : float64[k]
        Eigenvalues above 1 / sqrt(radius), from the largest on (or as many as were asked for).
    vectors : float64[n, k]
    """

    radius: float
    values: np.ndarray
    vectors: np.ndarray


def spectrum(graph: Graph, n_vectors: int | None = None, n_most: int | None = None) -> Spectrum:
    """The informative eigenpairs of a graph whose weights are all 1.

    They are those of ``(D + (r^2 - 1) I)^(-1/2) A (D + (r^2 - 1) I)^(-1/2)`` above 1/r, r the square root of
    the radius: as many as the Bethe Hessian at r has negative eigenvalues, by the law of inertia.

    Parameters
    ----------
    graph : Graph
    n_vectors : int, optional
        So many, instead of those that stand out.
    n_most : int, optional
        Look for so many at most.
    """
    matrix = adjacency(graph)
    radius = non_backtracking_radius(matrix)
    n = matrix.shape[0]
    if radius <= 1.0 + 1e-9:
        return Spectrum(radius, np.ones(min(n, 1)), np.ones((n, min(n, 1))))
    scale = 1.0 / np.sqrt(np.diff(matrix.indptr) + radius - 1.0)
    matrix = _scaled(matrix, scale)
    if n_vectors is not None:
        values, vectors = _largest(matrix, n_vectors)
        return Spectrum(radius, values, vectors)
    most, tried = n if n_most is None else min(n, n_most), min(_FIRST_TRIED, n)
    while True:
        values, vectors = _largest(matrix, min(tried, most))
        found = int((values > 1.0 / np.sqrt(radius)).sum())
        if found < len(values) or len(values) >= most:
            return Spectrum(radius, values[: max(found, 1)], vectors[:, : max(found, 1)])
        tried *= 2


def spectral_labels(found: Spectrum) -> np.ndarray:
    """Communities by k-means of the rows of the eigenvectors, of length 1; int32[n]."""
    from partita.points.kmeans import KMeans

    n, k = found.vectors.shape
    if k <= 1:
        return np.zeros(n, np.int32)
    length = np.linalg.norm(found.vectors, axis=1, keepdims=True)
    rows = np.divide(found.vectors, length, out=np.zeros_like(found.vectors), where=length > 0.0)
    distinct = len(np.unique(rows, axis=0))
    return KMeans(n_clusters=min(k, distinct)).fit(rows).labels_


def adjacency(graph: Graph) -> Any:
    """The adjacency matrix with weights 1, CSR."""
    from scipy.sparse import csr_array

    n = len(graph.loops)
    return csr_array((np.ones(len(graph.indices)), graph.indices, graph.indptr), shape=(n, n))


def non_backtracking_radius(matrix: Any) -> float:
    """The largest real eigenvalue of the non-backtracking matrix, from its 2n x 2n form."""
    from scipy.sparse import block_array, eye_array

    n = matrix.shape[0]
    degree = np.diff(matrix.indptr).astype(np.float64)
    if n == 0 or matrix.nnz == 0:
        return 0.0
    corner = eye_array(n, format="csr")
    companion = block_array([[matrix, _diagonal(1.0 - degree)], [corner, None]], format="csr")
    if 2 * n <= _DENSE:
        values = np.linalg.eigvals(companion.toarray())
        return float(max(0.0, values.real[np.abs(values.imag) < 1e-7].max(initial=0.0)))
    return _leading(companion)


def _leading(companion: Any) -> float:
    from scipy.sparse.linalg import ArpackNoConvergence, eigs

    start = np.ones(companion.shape[0])
    try:
        values = eigs(companion, k=1, which="LR", v0=start, tol=1e-7, return_eigenvectors=False)
    except ArpackNoConvergence as stopped:
        values = stopped.eigenvalues
    return float(values.real.max(initial=0.0))


def _diagonal(values: np.ndarray) -> Any:
    from scipy.sparse import diags_array

    return diags_array(values, format="csr")


def _scaled(matrix: Any, scale: np.ndarray) -> Any:
    rows = np.repeat(np.arange(len(scale)), np.diff(matrix.indptr))
    out = matrix.copy()
    out.data = scale[rows] * scale[matrix.indices]
    return out


def _largest(matrix: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k largest eigenvalues, descending, and their vectors; the sign of a vector by its largest entry."""
    from scipy.sparse.linalg import eigsh

    n = matrix.shape[0]
    if n <= _DENSE or 3 * k >= n:
        check_memory(24 * n * n, what=f"All eigenvectors of {n} nodes", alternative='bottom="moves"')
        values, vectors = np.linalg.eigh(matrix.toarray())
        values, vectors = values[-k:], vectors[:, -k:]
    else:
        check_memory(24 * n * k, what=f"{k} eigenvectors of {n} nodes", alternative='bottom="moves"')
        values, vectors = eigsh(matrix, k=k, which="LA", v0=np.ones(n), tol=1e-6)
    order = np.argsort(-values, kind="stable")
    values, vectors = values[order], vectors[:, order]
    at = np.abs(vectors).argmax(axis=0)
    return values, vectors * np.where(vectors[at, np.arange(k)] < 0.0, -1.0, 1.0)
