"""LikelihoodSDP: Gaussian parts of a few hundred rows, by a semidefinite program with a proof of how good."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partita import __version__
from partita._core.errors import InfeasibleError
from partita._core.memory import check_memory
from partita._core.params import AnyOf, Flag, Instance, Integer, OneOf, Optional, Real, Rule, Seed
from partita._core.progress import Progress, progress_scope
from partita._core.threads import thread_scope
from partita.hierarchy import Cover, MadeBy, assemble
from partita.hierarchy.maker import InductiveMaker
from partita.hierarchy.rows import canonical_rows, check_points, check_weights
from partita.points._framed import frame_rows
from partita.points._lifted_rounds import Rounds, lift_rounds

_CITATION = (
    "Y. Zhuang, X. Chen, Y. Yang, Likelihood adjusted semidefinite programs for clustering heterogeneous "
    "data, ICML 2023, arXiv:2209.15097"
)
_ROWS_PER_DIRECTION = 10
_COPIES = 12


class LikelihoodSDP(InductiveMaker):
    """Gaussian parts of different shapes, by a semidefinite program in which no centre is guessed.

    The labels themselves are the unknowns: for given covariances, the likelihood of all labellings at once is
    relaxed to a semidefinite program, whose solution is rounded to labels. Covariances are estimated anew,
    until labels stay. Every program comes with a bound that no labelling exceeds.

    *When to choose this*: a few hundred rows, a known number of parts of different shape or size, and EM ends
    elsewhere from every start; or one wants to know how far from optimal the labels can be. Choose `PPP` or
    scikit-learn's ``GaussianMixture`` for more rows.

    Parameters
    ----------
    n_clusters : int
    covariance_type : {"full", "diag", "spherical"}
        The form of a part's covariance.
    n_components : int, optional
        Principal directions in which parts are sought. Default: as many as there are columns, but at most one
        for ten rows of a part of mean size, and not fewer than `n_clusters`.
    max_rows : int
        Distinct rows in the program; where there are more, a sample by content is, and all others go to the
        likeliest part.
    max_rounds : int
        Most programs from one start.
    max_iter : int
        Most iterations for a program; each takes ``O(n_clusters max_rows^3)``.
    tol : float
        Of violated constraints, and of the gap to the bound in nats for each row.
    random_state : None, int or generator
        Accepted, and without effect: nothing here is random.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Attributes
    ----------
    hierarchy_ : Hierarchy
        The root and the parts; heights are root mean square distances to the means.
    labels_ : int32[n]
    n_clusters_ : int
    cluster_centers_ : float64 (n_clusters, d)
        Means, by label.
    covariances_ : float64 (n_clusters, d, d)
        Of the items of each part, without the pull to the common one that the program uses.
    membership_ : Cover
        Probabilities of the items in the parts.
    n_rounds_ : int
    n_features_in_ : int
    made_by_ : MadeBy
        ``certificates``: "likelihood" of the labels under the covariances of the last program, without
        constants; "bound", which no labels exceed under these; "gap", their difference in nats; "program",
        the objective reached; "residual", the largest violation of a constraint; "iterations".

    Notes
    -----
    The lifted program, its objective (log likelihood with the means profiled out), rounding and
    re-estimation follow Zhuang, Chen and Yang. The solver (ADMM on three copies), the bound from its
    multipliers, the starts (the k-means programs of Peng and Wei on rows as they are and on whitened rows, of
    which the end of higher likelihood is kept), the pull of covariances to the common one, and what happens
    to rows beyond the program are ours. The bound is for given covariances; the rounds as a whole may end in
    a local optimum.

    Time ``O(n_clusters max_rows^3)`` an iteration and O(n) beyond. Memory ``O(n_clusters max_rows^2)``.
    ``predict`` gives a row of the program its label, others the likeliest part. `sample_weight` counts items:
    weight 2 is the same as two equal rows.

    References
    ----------
    Y. Zhuang, X. Chen and Y. Yang, Likelihood adjusted semidefinite programs for clustering heterogeneous
    data, ICML 2023. https://arxiv.org/abs/2209.15097

    J. Peng and Y. Wei, Approximating k-means-type clustering via semidefinite programming, SIAM Journal on
    Optimization 18 (2007). https://doi.org/10.1137/050641983

    Examples
    --------
    >>> import numpy as np
    >>> from partita.points import LikelihoodSDP
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(0, [3, 0.1], (25, 2)), rng.normal([0, 2], [3, 0.1], (15, 2))])
    >>> found = LikelihoodSDP(n_clusters=2).fit(X)
    >>> np.bincount(found.labels_).tolist(), found.made_by_.certificates["gap"] < 0.1
    ([25, 15], True)
    """

    _rules: ClassVar[Mapping[str, Rule]] = {
        "n_clusters": Integer(low=1),
        "covariance_type": OneOf(("full", "diag", "spherical")),
        "n_components": Optional(Integer(low=1)),
        "max_rows": Integer(low=2),
        "max_rounds": Integer(low=1),
        "max_iter": Integer(low=1),
        "tol": Real(low=0.0, open_low=True),
        "random_state": Seed(),
        "n_jobs": Optional(Integer()),
        "progress": Optional(AnyOf((Flag(), Instance((Progress,), "a partita Progress object")))),
    }

    def __init__(
        self,
        n_clusters: int = 2,
        *,
        covariance_type: str = "full",
        n_components: int | None = None,
        max_rows: int = 200,
        max_rounds: int = 10,
        max_iter: int = 500,
        tol: float = 1e-3,
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.covariance_type = covariance_type
        self.n_components = n_components
        self.max_rows = max_rows
        self.max_rounds = max_rounds
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> LikelihoodSDP:
        """Divide the rows of `X`.

        Parameters
        ----------
        X : array-like of shape (n, d)
        y : ignored
        sample_weight : array-like of shape (n,), optional
            Frequencies; rows of weight 0 are only labelled.

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError, InvalidDataError
        InfeasibleError
            For more parts than distinct rows, or than `max_rows`.
        BudgetError
            Where the matrices of `max_rows` rows don't fit into the memory budget.
        """
        started = time.perf_counter()
        self._check_parameters()
        with thread_scope(self.n_jobs), progress_scope(self.progress) as progress:
            X = check_points(self, X, reset=True)
            weight = check_weights(sample_weight, len(X))
            framed = frame_rows(X, weight)
            chosen = np.flatnonzero(framed.rows.weight > 0.0)[: self.max_rows]
            self._check_size(len(chosen), len(X))
            self._framed = framed
            self._rounds = self._solve(chosen, progress)
            self._keep(len(chosen), canonical_rows(X, weight).fingerprint, started)
        return self

    def apply(self, X: Any) -> np.ndarray:
        """The part of each row of `X`, intp[n]; ``hierarchy_.item_part`` in training."""
        check_is_fitted(self)
        with thread_scope(self.n_jobs):
            seen = self._framed.see(check_points(self, X, reset=False))
            return self._new_id[self._labels_of(seen) + 1]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the rows of `X` in the parts by label, float64 (n, n_clusters)."""
        check_is_fitted(self)
        with thread_scope(self.n_jobs):
            seen = self._framed.see(check_points(self, X, reset=False))
            return self._memberships(seen)[:, self._columns]

    def _check_size(self, s: int, n: int) -> None:
        if self.n_clusters > s:
            few = f"the {s} distinct rows of X (n_samples={n})" if s < self.max_rows else f"max_rows={s}"
            raise InfeasibleError(
                f"n_clusters={self.n_clusters} is more than {few}.",
                f"n_clusters={s}",
                name="n_clusters",
                got=self.n_clusters,
            )
        check_memory(
            8 * _COPIES * self.n_clusters * s * s,
            what=f"A program of {self.n_clusters} matrices of {s:,} rows",
            alternative="take a lower max_rows",
        )

    def _solve(self, chosen: np.ndarray, progress: Progress) -> Rounds:
        """The rounds on the chosen rows, in principal directions of them."""
        rows, weight = self._framed.rows.points[chosen], self._framed.rows.weight[chosen]
        weight = weight / weight.mean()
        r = self._directions(len(chosen), rows.shape[1])
        self._mean = (rows.T @ weight) / weight.sum()
        apart = rows - self._mean
        _, vectors = np.linalg.eigh((apart * weight[:, None]).T @ apart)
        self._axes = np.ascontiguousarray(vectors[:, ::-1][:, :r])
        placed = self._place(rows)
        self._known = {row.tobytes(): i for i, row in enumerate(rows)}
        limits = (self.max_rounds, self.max_iter, self.tol)
        return lift_rounds(placed, weight, self.n_clusters, self.covariance_type, limits, progress)

    def _directions(self, s: int, d: int) -> int:
        if self.n_components is not None:
            return min(self.n_components, d)
        return min(d, max(self.n_clusters, s // (_ROWS_PER_DIRECTION * self.n_clusters)))

    def _place(self, seen: np.ndarray) -> np.ndarray:
        """Rows of the frame in the principal directions, each row by itself."""
        return np.einsum("bi,ij->bj", seen - self._mean, self._axes)

    def _labels_of(self, seen: np.ndarray) -> np.ndarray:
        """The old label of rows of the frame: that of the program for its rows, else the likeliest part."""
        with np.errstate(over="ignore"):
            labels = self._rounds.gaussians.log_densities(self._place(seen)).argmax(axis=1)
        for i, row in enumerate(seen):
            known = self._known.get(row.tobytes())
            if known is not None:
                labels[i] = self._rounds.labels[known]
        return labels

    def _memberships(self, seen: np.ndarray) -> np.ndarray:
        log_density = self._rounds.gaussians.log_densities(self._place(seen))
        shared = np.exp(log_density - log_density.max(axis=1, keepdims=True))
        return shared / shared.sum(axis=1, keepdims=True)

    def _keep(self, s: int, fingerprint: str, started: float) -> None:
        """Make the hierarchy, and set the fitted attributes."""
        framed, K = self._framed, self.n_clusters
        rows = framed.rows
        labels = self._labels_of(rows.points)
        centers, spread, heights = _moments(rows.points, rows.weight, labels, K)
        unit = framed.scale * framed.factor
        with np.errstate(over="ignore", under="ignore"):
            heights, spread = heights / unit, spread / unit / unit
        hierarchy, self._new_id = assemble(
            (labels + 1)[rows.inverse],
            np.append(-1, np.zeros(K, np.intp)),
            heights,
            levels=[np.arange(1, K + 1)],
            item_rank=rows.rank,
            made_by=self._record(s, fingerprint, started),
            repair=True,
        )
        self._set_hierarchy(hierarchy)
        self._columns = np.argsort(self._new_id[1:])
        self.cluster_centers_ = framed.undo(centers[self._columns])
        self.covariances_ = spread[self._columns]
        self.n_rounds_ = self._rounds.n_rounds
        shares = self._memberships(rows.points)[:, self._columns][rows.inverse]
        self.membership_ = Cover(shares, hierarchy=hierarchy, parts=hierarchy.levels[-1])

    def _record(self, s: int, fingerprint: str, started: float) -> MadeBy:
        rounds, u = self._rounds, len(self._framed.rows.first)
        notes = []
        if s < u:
            notes.append(f"{u - s:,} of {u:,} distinct rows were placed after the program")
        solution = rounds.solution
        return MadeBy(
            method=type(self).__name__,
            parameters=self._plain_parameters(),
            version=__version__,
            fingerprint=fingerprint,
            choices={} if self.n_components is not None else {"n_components": self._axes.shape[1]},
            cost=-rounds.likelihood,
            converged=rounds.converged,
            seconds=time.perf_counter() - started,
            citation=_CITATION,
            certificates={
                "likelihood": rounds.value,
                "bound": solution.bound,
                "gap": solution.bound - rounds.value,
                "program": solution.value,
                "residual": solution.residual,
                "iterations": solution.n_iter,
            },
            notes=tuple(notes),
        )


def _moments(
    rows: np.ndarray, weight: np.ndarray, labels: np.ndarray, K: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means and covariances of the parts, and heights of the root and the parts, in the frame."""
    d = rows.shape[1]
    centers, spread, heights = np.zeros((K, d)), np.zeros((K, d, d)), np.zeros(K + 1)
    for k in range(K + 1):
        own = np.ones(len(rows), bool) if k == 0 else labels == k - 1
        share = weight[own] / max(float(weight[own].sum()), 1e-300)
        mean = rows[own].T @ share
        apart = rows[own] - mean
        scatter = (apart * share[:, None]).T @ apart
        heights[k] = np.sqrt(max(float(np.trace(scatter)), 0.0))
        if k:
            centers[k - 1], spread[k - 1] = mean, scatter
    return centers, spread, heights
