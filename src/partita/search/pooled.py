"""The result of pooling: fewer vectors for each document, who went where, and what was lost. For users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from partita.hierarchy.record import MadeBy

if TYPE_CHECKING:
    from partita.hierarchy import Hierarchy


@dataclass(frozen=True)
class Pooled:
    """Documents with pooled vectors, one after another.

    Attributes
    ----------
    vectors : ndarray of shape (n_pooled, d)
        The vectors of document b are ``vectors[offsets[b]:offsets[b + 1]]``; in the type of the data.
    offsets : intp[n_documents + 1]
    labels : intp[n_tokens]
        The row of `vectors` that each token became.
    counts : float64[n_pooled]
        How many tokens a vector stands for (the sum of their counts where these were given).
    position : intp[n_pooled]
        The token at whose place a pooled vector stands: its earliest one; for sequences the one that stayed.
    distances : float64[n_tokens]
        Of each token to its pooled vector (of unit tokens for ``metric="cosine"``).
    token_offsets : intp[n_documents + 1]
        The documents that came in.
    values : ndarray of shape (n_pooled, …) or None
        Means of the values that were given along.
    made_by : MadeBy
        Method, parameters, cost (the sum of squared distances) and the errors as certificates.

    Examples
    --------
    >>> import numpy as np
    >>> from partita.search import pool
    >>> pooled = pool(np.array([[1.0, 0], [0.9, 0.1], [0, 1.0], [0.1, 0.9]]), [0, 4], factor=2)
    >>> pooled.labels.tolist(), pooled.counts.tolist(), pooled.share
    ([0, 0, 1, 1], [2.0, 2.0], 0.5)
    >>> pooled.hierarchy().sizes.tolist()
    [4, 4, 2, 2]
    """

    vectors: np.ndarray
    offsets: np.ndarray
    labels: np.ndarray
    counts: np.ndarray
    position: np.ndarray
    distances: np.ndarray
    token_offsets: np.ndarray
    values: np.ndarray | None
    made_by: MadeBy

    def __len__(self) -> int:
        """How many documents there are."""
        return len(self.offsets) - 1

    def document(self, b: int) -> np.ndarray:
        """The pooled vectors of document `b`, a view."""
        return self.vectors[self.offsets[b] : self.offsets[b + 1]]

    @property
    def share(self) -> float:
        """Pooled vectors per token; 1 where there are no tokens."""
        return len(self.vectors) / len(self.labels) if len(self.labels) else 1.0

    @property
    def error(self) -> float:
        """Root mean square distance of tokens to their pooled vectors."""
        return float(np.sqrt(np.mean(self.distances**2))) if len(self.distances) else 0.0

    @property
    def largest_error(self) -> float:
        """The largest distance of a token to its pooled vector.

        For unit tokens and a unit query, no token's similarity changes by more than that.
        """
        return float(self.distances.max(initial=0.0))

    def document_errors(self) -> np.ndarray:
        """The root mean square distance for each document, float64[n_documents]; 0 for empty ones."""
        size = np.diff(self.token_offsets)
        total = np.bincount(np.repeat(np.arange(len(self)), size), self.distances**2, len(self))
        return np.sqrt(total / np.maximum(size, 1))

    def hierarchy(self) -> Hierarchy:
        """The tokens as items, in two levels: documents, and what was pooled within them."""
        from partita.hierarchy import Hierarchy

        document = np.repeat(np.arange(len(self)), np.diff(self.token_offsets))
        return Hierarchy.from_labels([document, self.labels], made_by=self.made_by)
