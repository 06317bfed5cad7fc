"""TreeMixture: clusters in a field, found by a pruned spanning tree, with probabilities of membership."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partita import __version__
from partita._core.params import AnyOf, Flag, Instance, Integer, Optional, Real, Rule, Seed
from partita._core.progress import Progress, progress_scope
from partita._core.threads import thread_scope
from partita.hierarchy import Cover, MadeBy, assemble
from partita.hierarchy.maker import InductiveMaker
from partita.hierarchy.rows import CanonicalRows, canonical_rows, check_points, check_weights
from partita.points._members import Found, find_members

_CITATION = (
    "after R. Sharif, M. Khakian Ghomi, M. Taefi, A novel approach to identifying open star cluster members "
    "in Gaia DR3: integrating MST and GMM techniques (2025), arXiv:2502.18082"
)


class TreeMixture(InductiveMaker):
    """Clusters in a field of other items, and for each item the probability that it is a member.

    Edges of a minimum spanning tree that are longer than those within clusters are dropped; large pieces that
    are left start a Gaussian each, all other items a background. EM then gives memberships. Items of no
    cluster are noise.

    *When to choose this*: compact clusters stand in a field that covers them too, as stars of a cluster among
    those in front and behind, and the question is how surely an item belongs. Choose `HDBSCAN` for clusters
    of any shape, `PPP` where all items belong somewhere.

    Parameters
    ----------
    min_samples : int
        1: a plain tree. More: distances are not less than those to the item's `min_samples`-th neighbour,
        itself counted, which keeps thin chains of field items from joining clusters.
    cut : float, optional
        Longest edge within a cluster, where columns have variance 1. Default: where short and long edges are
        equally likely, by two Gaussians of the logarithms of all edges.
    min_size : int, optional
        Fewest items of a piece that starts a cluster. Default: half the square root of the number of items,
        and at least two more than there are directions.
    threshold : float in [0, 1]
        Least probability of a member.
    random_state : None, int or generator
        Accepted, and without effect: nothing here is random.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Attributes
    ----------
    hierarchy_ : Hierarchy
        The root, whose own items are the field, and the clusters. ``part_data``: "share" of the mixture, the
        field's at the root.
    labels_ : int32[n]
        Clusters, the largest first; ``NOISE`` for items that reach the threshold in none.
    n_clusters_ : int
    membership_ : Cover
        Probabilities of every item in every cluster and, in the last column, in the field (the root).
    probabilities_ : float64[n]
        Of each item in its likeliest cluster.
    cut_length_ : float
    cluster_centers_ : float64 (k, d)
        Means of members, weighted by their probabilities.
    n_features_in_ : int
    made_by_ : MadeBy

    Notes
    -----
    **A reconstruction.** The three steps (filter, spanning tree, mixture) are those of Sharif et al.; how the
    cut is found, that a piece must improve the mixture (BIC), and that the field is a component of it, even
    or Gaussian as the rows say, are ours. Columns are brought to one variance and turned to principal
    directions, at most 64.

    Time: that of the spanning tree, and O(n k r^2) for each iteration of EM in r directions. Memory O(n r^2).
    `sample_weight` counts items: weight 2 is the same as two equal rows.

    Examples
    --------
    >>> import numpy as np
    >>> from partita.points import TreeMixture
    >>> rng = np.random.default_rng(0)
    >>> stars = np.concatenate([rng.normal(0.3, 0.01, (150, 3)), rng.random((600, 3))])
    >>> found = TreeMixture().fit(stars)
    >>> found.n_clusters_, bool(abs(np.sum(found.labels_ == 0) - 150) < 10)
    (1, True)
    """

    _rules: ClassVar[Mapping[str, Rule]] = {
        "min_samples": Integer(low=1),
        "cut": Optional(Real(low=0.0)),
        "min_size": Optional(Integer(low=1)),
        "threshold": Real(low=0.0, high=1.0),
        "random_state": Seed(),
        "n_jobs": Optional(Integer()),
        "progress": Optional(AnyOf((Flag(), Instance((Progress,), "a partita Progress object")))),
    }

    def __init__(
        self,
        min_samples: int = 1,
        *,
        cut: float | None = None,
        min_size: int | None = None,
        threshold: float = 0.5,
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.min_samples = min_samples
        self.cut = cut
        self.min_size = min_size
        self.threshold = threshold
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> TreeMixture:
        """Find clusters among the rows of `X`.

        Parameters
        ----------
        X : array-like of shape (n, d)
        y : ignored
        sample_weight : array-like of shape (n,), optional
            Frequencies; rows of weight 0 are placed but not counted.

        Returns
        -------
        self

        Raises
        ------
        InvalidDataError
            NaN, infinity, wrong shape (with row and column).
        InvalidParameterError
        """
        started = time.perf_counter()
        self._check_parameters()
        with thread_scope(self.n_jobs), progress_scope(self.progress) as progress:
            X = check_points(self, X, reset=True)
            rows = canonical_rows(X, check_weights(sample_weight, len(X)))
            self._found = find_members(X, rows, self.min_samples, self.cut, self.min_size, progress)
            self._keep(X, rows, started)
        return self

    def apply(self, X: Any) -> np.ndarray:
        """The part of each row of `X`, intp[n]; ``hierarchy_.item_part`` in training."""
        check_is_fitted(self)
        with thread_scope(self.n_jobs):
            X = check_points(self, X, reset=False)
            return self._new_id[self._part_of(self._found.memberships(X, np.arange(len(X))))]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the rows of `X` in each cluster by label and, last, in the field: (n, k + 1)."""
        check_is_fitted(self)
        with thread_scope(self.n_jobs):
            X = check_points(self, X, reset=False)
            return self._found.memberships(X, np.arange(len(X)))[:, self._columns]

    def _part_of(self, memberships: np.ndarray) -> np.ndarray:
        """The old number of the part of each row: 0 for the field, c + 1 for cluster c."""
        k = memberships.shape[1] - 1
        if not k:
            return np.zeros(len(memberships), np.intp)
        best = memberships[:, :k].argmax(axis=1)
        return np.where(memberships[np.arange(len(best)), best] >= self.threshold, best + 1, 0)

    def _keep(self, X: np.ndarray, rows: CanonicalRows, started: float) -> None:
        """Make the hierarchy, and set the fitted attributes."""
        found: Found = self._found
        memberships = found.memberships(X, rows.first)
        k = memberships.shape[1] - 1
        levels = [np.arange(1, k + 1)] if found.space is not None else []
        hierarchy, self._new_id = assemble(
            self._part_of(memberships)[rows.inverse],
            np.append(-1, np.zeros(k, np.intp)),
            found.heights,
            levels=levels,
            part_data={"share": found.shares},
            item_rank=rows.rank,
            made_by=self._record(rows, started),
        )
        self._set_hierarchy(hierarchy)
        self._columns = np.append(np.argsort(self._new_id[1:]), k)
        self.cut_length_ = found.cut.value
        self.membership_ = self._cover(memberships[:, self._columns][rows.inverse])
        self.probabilities_ = memberships[:, :k].max(axis=1, initial=0.0)[rows.inverse]
        self.cluster_centers_ = _centers(X, rows, memberships[:, self._columns[:k]])

    def _cover(self, memberships: np.ndarray) -> Cover:
        parts = np.append(self.hierarchy_.levels[-1], 0)[-memberships.shape[1] :]
        return Cover(memberships, hierarchy=self.hierarchy_, parts=parts)

    def _record(self, rows: CanonicalRows, started: float) -> MadeBy:
        found = self._found
        choices: dict[str, Any] = {"background": found.background}
        if self.cut is None:
            choices["cut"] = f"{found.cut.value:g}: {found.cut.why}"
        if self.min_size is None:
            choices["min_size"] = found.least
        notes = (
            [f"{found.n_dropped} pieces of the tree did not improve the mixture"] if found.n_dropped else []
        )
        return MadeBy(
            method=type(self).__name__,
            parameters=self._plain_parameters(),
            version=__version__,
            fingerprint=rows.fingerprint,
            choices=choices,
            cost=found.cost,
            converged=found.converged,
            seconds=time.perf_counter() - started,
            citation=_CITATION,
            notes=tuple(notes),
        )


def _centers(X: np.ndarray, rows: CanonicalRows, memberships: np.ndarray) -> np.ndarray:
    """Means of distinct rows weighted by membership, float64 (k, d), summed in content order."""
    weight = memberships * rows.weight[:, None]
    held = weight.sum(axis=0)
    weight /= np.where(held > 0.0, held, 1.0)
    return weight.T @ X[rows.first].astype(np.float64)
