"""DenseVote: dense rows make parts, loose rows join by the votes of their neighbours."""

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
from partita.points._votes import Electorate, elect, power_of_two

_CITATION = (
    "after W. Zhao, Y. Yan, C. Yang, J. Ye, X. Yang, K. Huang, Divide and conquer: 3D point cloud instance "
    "segmentation with point-wise binarization, ICCV 2023, arXiv:2207.11209"
)
_FAR = 2.0**64


class DenseVote(InductiveMaker):
    """Parts of dense rows that touch, completed by loose rows that their neighbours vote in.

    A row is dense when `min_samples` items lie within `radius` of it. Dense rows within `radius` of each
    other are one part. Loose rows between parts would glue them together, so they are set aside first; then
    each takes the part for which most of its neighbours within `radius` stand, near ones counting more. Rows
    that got a part vote in the next round, until nothing changes. A row without such a neighbour is noise.

    *When to choose this*: objects that touch, such as those of a 3-D scan, where the border must be divided
    rather than called noise. It is DBSCAN but for the border rows, which go by majority, not by who came
    first. Choose `HDBSCAN` where densities differ.

    Parameters
    ----------
    min_samples : int
        Items within the radius, the item itself counted, that make it dense.
    radius : float, optional
        Default: where near and far are equally likely, by two Gaussians of the logarithms of the distances
        to the `min_samples`-th item; two deviations above their mean where one Gaussian is enough.
    max_rounds : int, optional
        Rounds of votes. 1: dense rows alone vote. Default: until no row is voted in.
    random_state : None, int or generator
        Accepted, and without effect: nothing here is random.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Attributes
    ----------
    hierarchy_ : Hierarchy
        The root, whose own items are noise, and the parts, of height `radius_`. The root is of height inf,
        unless there is one part and no noise.
    labels_ : int32[n]
        Parts, the largest first, or ``NOISE``.
    n_clusters_ : int
    dense_ : bool[n]
        Which rows are dense.
    rounds_ : int32[n]
        0 for dense rows, the round in which a loose row was voted in, -1 for noise.
    membership_ : Cover
        Shares of the votes of every row for every part; in the last column 1 for noise (the root).
    radius_ : float
    n_features_in_ : int
    made_by_ : MadeBy

    Notes
    -----
    After the point-wise binarization of PBNet (Zhao et al. 2023). That densities are counted in a ball, dense
    points grouped by distance and loose points assigned by their neighbours follows the paper; the weight of
    a vote, ``1 / (1 + (distance / radius)^2)``, several rounds and the radius without parameter are ours. The
    network around it is not here.

    In up to three columns, rows are counted and joined in a grid of cubes as wide as the radius. Else dense
    rows come from the spanning tree of mutual reachability, or in few columns from counts of neighbours and
    the tree of dense rows alone. All ways give the same parts. Time: in the grid that of sorting, and of rows
    near each other; else that of the tree, and for loose rows O(log n) and their neighbours in few columns,
    O(n) each in many. Memory: O(n) and the neighbours of loose rows. `sample_weight` counts items: weight 2
    is the same as two equal rows.

    ``predict`` gives a row of the fit its label; other rows are voted in by those that voted last.

    Examples
    --------
    >>> import numpy as np
    >>> from partita.points import DenseVote
    >>> x = np.array([0, 1, 1, 2, 3.2, 4, 5, 5, 6, 20.0])[:, None]
    >>> found = DenseVote(min_samples=4, radius=1.0).fit(x)
    >>> found.labels_.tolist(), found.dense_.astype(int).tolist()
    ([1, 1, 1, 1, 0, 0, 0, 0, 0, -1], [0, 1, 1, 0, 0, 1, 1, 1, 0, 0])
    """

    _rules: ClassVar[Mapping[str, Rule]] = {
        "min_samples": Integer(low=1),
        "radius": Optional(Real(low=0.0)),
        "max_rounds": Optional(Integer(low=0)),
        "random_state": Seed(),
        "n_jobs": Optional(Integer()),
        "progress": Optional(AnyOf((Flag(), Instance((Progress,), "a partita Progress object")))),
    }

    def __init__(
        self,
        min_samples: int = 5,
        *,
        radius: float | None = None,
        max_rounds: int | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.min_samples = min_samples
        self.radius = radius
        self.max_rounds = max_rounds
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> DenseVote:
        """Find the parts of the rows of `X`.

        Parameters
        ----------
        X : array-like of shape (n, d)
        y : ignored
        sample_weight : array-like of shape (n,), optional
            Frequencies; rows of weight 0 don't make others dense and don't vote.

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
            weights = check_weights(sample_weight, len(X))
            self._scale = power_of_two(X)
            rows = canonical_rows(X.astype(np.float64) * self._scale, weights)
            radius = None if self.radius is None else self.radius * self._scale
            self._votes = elect(rows, self.min_samples, radius, self.max_rounds, progress)
            self._keep(rows, canonical_rows(X, weights).fingerprint, started)
        return self

    def apply(self, X: Any) -> np.ndarray:
        """The part of each row of `X`, intp[n]; ``hierarchy_.item_part`` in training."""
        check_is_fitted(self)
        with thread_scope(self.n_jobs):
            X = check_points(self, X, reset=False)
            with np.errstate(over="ignore"):
                scaled = np.clip(X.astype(np.float64) * self._scale, -_FAR, _FAR)
            return self._new_id[self._votes.place(scaled) + 1]

    def _keep(self, rows: CanonicalRows, fingerprint: str, started: float) -> None:
        """Make the hierarchy, and set the fitted attributes."""
        votes: Electorate = self._votes
        k = votes.n_parts
        radius = votes.radius / self._scale
        top = radius if k == 1 and (votes.label >= 0).all() else np.inf
        hierarchy, self._new_id = assemble(
            votes.label[rows.inverse] + 1,
            np.append(-1, np.zeros(k, np.intp)),
            np.append(top, np.full(k, radius)),
            levels=[np.arange(1, k + 1)],
            item_rank=rows.rank,
            made_by=self._record(fingerprint, radius, started),
        )
        self._set_hierarchy(hierarchy)
        self.radius_ = radius
        self.dense_ = votes.dense[rows.inverse]
        self.rounds_ = votes.round[rows.inverse]
        columns = np.append(np.argsort(self._new_id[1:]), k)
        parts = np.append(hierarchy.levels[-1], 0)
        self.membership_ = Cover(votes.shares[:, columns][rows.inverse], hierarchy=hierarchy, parts=parts)

    def _record(self, fingerprint: str, radius: float, started: float) -> MadeBy:
        choices = {} if self.radius is not None else {"radius": f"{radius:g}: {self._votes.why}"}
        return MadeBy(
            method=type(self).__name__,
            parameters=self._plain_parameters(),
            version=__version__,
            fingerprint=fingerprint,
            choices=choices,
            converged=self._votes.converged,
            seconds=time.perf_counter() - started,
            citation=_CITATION,
        )
