"""Leading right singular vectors of a sparse matrix, the same for any thread count. Called by vectors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import linalg, sparse

from partita._core.rng import block_stream
from partita._core.threads import thread_scope

_EXTRA = 10
_ROUNDS = 4
_RANK_TOLERANCE = 1e-3  # single precision: smaller singular values are rounding


class Spectrum(NamedTuple):
    """What ``leading_spectrum`` finds.

    Attributes
    ----------
    values : float64[k], falling
    vectors : float32[n_columns, k], orthonormal; the entry of largest magnitude of each is positive
    """

    values: np.ndarray
    vectors: np.ndarray


def leading_spectrum(matrix: sparse.csr_matrix, n_components: int) -> Spectrum:
    """Leading singular values and right singular vectors by block power iteration.

    The block starts from a fixed stream of random numbers and passes four times through the rows and back,
    with ten spare columns; after [1]_, Algorithm 4.4. Products are taken row by row in one order and BLAS on
    one thread.

    Parameters
    ----------
    matrix : CSR float32, shape (n, m)
    n_components : int
        Wanted k; fewer come back where the rank is lower.

    Returns
    -------
    spectrum : Spectrum

    Notes
    -----
    O(nnz k + (n + m) k^2).

    References
    ----------
    .. [1] Halko, Martinsson, Tropp (2011). Finding structure with randomness. SIAM Review 53(2).
       DOI 10.1137/090771806
    """
    width = min(n_components + _EXTRA, *matrix.shape)
    back = matrix.T.tocsr()
    with thread_scope():
        block = block_stream(0, matrix.shape[1]).standard_normal((matrix.shape[1], width)).astype(np.float32)
        for _ in range(_ROUNDS):
            block = linalg.qr(back @ (matrix @ block), mode="economic", overwrite_a=True)[0]
        image = matrix @ block
        gram = image.T.astype(np.float64) @ image.astype(np.float64)
        values, turn = linalg.eigh(gram)
        values = np.sqrt(np.maximum(values[::-1], 0.0))
        vectors = block @ turn[:, ::-1].astype(np.float32)
    kept = min(n_components, int(np.sum(values > _RANK_TOLERANCE * values[:1].max(initial=0.0))))
    return Spectrum(values[:kept], _fix_signs(vectors[:, :kept]))


def _fix_signs(vectors: np.ndarray) -> np.ndarray:
    peak = np.abs(vectors).argmax(axis=0)
    return np.ascontiguousarray(
        vectors * np.where(vectors[peak, np.arange(vectors.shape[1])] < 0, -1, 1).astype(np.float32)
    )
