"""Documents to vectors: TF-IDF and its leading singular vectors. Called by TopicTree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse

from partita._core.rng import block_stream
from partita._core.threads import thread_scope
from partita.text.spectrum import leading_spectrum
from partita.text.tokens import Counts, count_known

_IDF_POWER = 1.5
_MAX_COMPONENTS = 128
_MAX_FEATURES = 1 << 18
_RARE_FROM = 100
_ENERGY_FLOOR = 1e-6


@dataclass(frozen=True)
class DocumentVectors:
    """A fitted map from texts to unit vectors.

    A term that stands ``t`` times in a document, and in ``df`` of ``u`` distinct documents, weighs
    ``(1 + log t) * log((1 + u) / df) ** 1.5``; the row of weights is scaled to length one, projected on the
    leading right singular vectors of all such rows [1]_, and scaled to length one again. The power of 1.5
    takes the place of a list of stop words: it lets frequent words fade faster than plain TF-IDF does, in any
    language.

    Attributes
    ----------
    place : dict of str to int
        Column of each kept term.
    weight : float32[n_terms]
    components : float32[n_terms, k]
    ngram_range : (int, int)
    choices : dict
        What was chosen automatically, and why.

    References
    ----------
    .. [1] Deerwester, Dumais, Furnas, Landauer, Harshman (1990). Indexing by latent semantic analysis.
       DOI 10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9
    """

    place: dict[str, int]
    weight: np.ndarray
    components: np.ndarray
    ngram_range: tuple[int, int]
    choices: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        counts: Counts,
        *,
        n_components: int | None = None,
        max_features: int | None = None,
        ngram_range: tuple[int, int] = (1, 1),
    ) -> tuple[DocumentVectors, np.ndarray]:
        """Weights and components from the counts of the distinct documents, and the vectors of these.

        Parameters
        ----------
        counts : Counts
            Of the distinct documents in the order of their content; a copy of a document teaches nothing.
        n_components, max_features : int, optional
            Columns of the vectors, and terms kept at most (the most frequent); chosen when None.
        ngram_range : (int, int)
            With which the counts were made.

        Returns
        -------
        model : DocumentVectors
        vectors : float32[u, k]
            What ``model.transform`` gives for the same documents, bit for bit.
        """
        frequency = document_frequency(counts.matrix)
        n = counts.matrix.shape[0]
        kept, choices = _choose_terms(counts.terms, frequency, n, max_features)
        weight = term_weight(frequency[kept], n).astype(np.float32)
        known = counts.matrix[:, kept]
        known.sort_indices()
        rows = _weighted(known, weight)
        wanted = n_components or _auto_components(n, choices)
        components = (
            _turned(leading_spectrum(rows, wanted).vectors) if len(kept) else np.zeros((0, 1), np.float32)
        )
        choices["n_components"] = components.shape[1]
        place = {counts.terms[column]: i for i, column in enumerate(kept)}
        model = cls(place, weight, components, ngram_range, choices)
        return model, model.transform_counts(known)

    def transform(self, texts: list[str]) -> np.ndarray:
        """Unit vectors float32[n, k]; zero where a text has no known term. A text's vector is its own affair:
        it depends on no other row.
        """
        return self.transform_counts(count_known(texts, self.place, self.ngram_range))

    def transform_counts(self, matrix: sparse.csr_matrix) -> np.ndarray:
        """Unit vectors of rows of counts of the kept terms."""
        vectors = np.asarray(_weighted(matrix, self.weight) @ self.components, dtype=np.float32)
        length = np.sqrt(np.sum(vectors.astype(np.float64) ** 2, axis=1, keepdims=True))
        vectors[length[:, 0] <= _ENERGY_FLOOR] = 0.0
        return np.divide(vectors, length, where=length > _ENERGY_FLOOR, out=vectors, casting="same_kind")


def document_frequency(matrix: sparse.csr_matrix) -> np.ndarray:
    """Documents that hold each term, intp[n_terms]."""
    return np.bincount(matrix.indices, minlength=matrix.shape[1])


def term_weight(frequency: np.ndarray, n_documents: int) -> np.ndarray:
    """``log((1 + n) / df) ** 1.5``, float64; 0 for terms in no document."""
    return np.log((1 + n_documents) / np.maximum(frequency, 1)) ** _IDF_POWER * (frequency > 0)


def _choose_terms(
    terms: list[str], frequency: np.ndarray, n: int, max_features: int | None
) -> tuple[np.ndarray, dict[str, Any]]:
    rare = 2 if n >= _RARE_FROM else 1
    kept = np.flatnonzero(frequency >= rare)
    limit = max_features or _MAX_FEATURES
    if len(kept) > limit:
        kept = np.sort(kept[np.argsort(-frequency[kept], kind="stable")[:limit]])
    choices = {
        "min_document_frequency": rare,
        "n_terms": len(kept),
        "n_terms_left_out": {
            "in too few documents": int(np.sum(frequency < rare)),
            "beyond max_features": int(np.sum(frequency >= rare)) - len(kept),
        },
    }
    return kept, choices


def _auto_components(n: int, choices: dict[str, Any]) -> int:
    wanted = min(_MAX_COMPONENTS, max(2, round(1.5 * n**0.5)))
    choices["n_components_rule"] = f"min({_MAX_COMPONENTS}, 1.5 sqrt(distinct documents)), at most the rank"
    return wanted


def _turned(vectors: np.ndarray) -> np.ndarray:
    """The same subspace in other axes, by a fixed random rotation: no column is a singular vector any more.

    Lengths and angles stay. Makers that bring columns to one scale, as PPP does, would blow up the weakest
    singular vectors; after the rotation all columns have nearly one scale already.
    """
    k = vectors.shape[1]
    with thread_scope():
        axes = np.linalg.qr(block_stream(0, k).standard_normal((k, k)))[0]
        return np.ascontiguousarray(vectors @ axes.astype(np.float32))


def _weighted(matrix: sparse.csr_matrix, weight: np.ndarray) -> sparse.csr_matrix:
    """Rows of TF-IDF weights, each of length one; every row by itself."""
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    data = (1.0 + np.log(matrix.data.astype(np.float64))) * weight[matrix.indices]
    length = np.sqrt(np.bincount(row, data * data, minlength=matrix.shape[0]))
    data /= np.where(length > 0, length, 1.0)[row]
    return sparse.csr_matrix((data.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)
