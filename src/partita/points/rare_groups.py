"""RareGroups: small distinctive groups in a large embedding, and how surely they are no chance."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.utils.validation import check_is_fitted

from partita import __version__
from partita._core.errors import InvalidParameterError
from partita._core.params import AnyOf, Flag, Instance, Integer, OneOf, Optional, Real, Rule, Seed
from partita._core.progress import Progress, progress_scope
from partita._core.threads import map_blocks, thread_scope
from partita.hierarchy import MadeBy, assemble
from partita.hierarchy.maker import InductiveMaker
from partita.hierarchy.rows import canonical_rows, check_points, unit_rows
from partita.points._framed import frame_rows
from partita.points._rare import Rare, find_rare

_CITATION = (
    "after M. Walmsley, A. M. M. Scaife, Rare galaxy classes identified in foundation model representations, "
    "NeurIPS workshop on machine learning and the physical sciences 2023, arXiv:2312.02910"
)
_BLOCK = 256


class RareGroups(InductiveMaker):
    """Small groups whose rows are far nearer to each other than is usual around them.

    Around each row groups of several sizes are tried. A group's contrast is how much further its rows have to
    others than among themselves, less what groups of that size around it have. How often chance makes such a
    contrast is read off the bulk of all groups. All other rows are noise.

    *When to choose this*: rare classes, a handful among tens of thousands, in an embedding whose large
    structure is known or of no interest. Choose `HDBSCAN` or `PPP` to divide all rows.

    Parameters
    ----------
    min_size, max_size : int
        Fewest and most distinct rows of a group.
    false_groups : float
        Groups are kept whose contrast chance is expected to make fewer than this many times in all the data.
    metric : {"euclidean", "cosine"}
        For cosine, rows have length 1; rows of zeros lie at the origin.
    random_state : None, int or generator
        Accepted, and without effect: nothing here is random.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Attributes
    ----------
    hierarchy_ : Hierarchy
        The root, whose own items are all other rows, and the groups; heights are median distances to the
        nearest other row. ``part_data``: "contrast" and "expected_false", 0 and NaN at the root.
    labels_ : int32[n]
        Groups, the largest first, or ``NOISE``.
    n_clusters_ : int
    contrast_ : float64[k]
        Logarithm of distances to others over distances within, less the median around.
    expected_false_ : float64[k]
        How many groups of at least this contrast chance makes in all the data.
    n_features_in_ : int
    made_by_ : MadeBy

    Notes
    -----
    **A reconstruction.** Walmsley and Scaife isolate small distinctive local groups in the representations of
    a pretrained model; how candidates are made, the contrast and its null are ours. The null is the bulk of
    the contrasts themselves, size by size, its tail continued exponentially from the quantiles .8 and .95; so
    it holds where groups are rare. Tails of real data can be heavier: take ``expected_false_`` as a rank.

    Equal rows are one, so that copies are no group. Time: ``2 max_size`` nearest rows of each row, and
    ``O(n max_size^2)``; memory ``O(n max_size)``. Fewer than 64 distinct rows have no groups. ``predict``
    gives a row the label of its nearest row in the data, if it is within the reach of that row's group.

    References
    ----------
    M. Walmsley and A. M. M. Scaife, Rare galaxy classes identified in foundation model representations, 2023.
    https://arxiv.org/abs/2312.02910

    Examples
    --------
    >>> import numpy as np
    >>> from partita.points import RareGroups
    >>> X = np.random.default_rng(0).standard_normal((1000, 8))
    >>> X[:12] = X[0] + 0.2 * X[:12]
    >>> found = RareGroups().fit(X)
    >>> np.bincount(found.labels_[:12] + 1).tolist(), np.bincount(found.labels_[12:] + 1).tolist()
    ([0, 12], [988])
    """

    _rules: ClassVar[Mapping[str, Rule]] = {
        "min_size": Integer(low=3),
        "max_size": Integer(low=3),
        "false_groups": Real(low=0.0, open_low=True),
        "metric": OneOf(("euclidean", "cosine")),
        "random_state": Seed(),
        "n_jobs": Optional(Integer()),
        "progress": Optional(AnyOf((Flag(), Instance((Progress,), "a partita Progress object")))),
    }

    def __init__(
        self,
        min_size: int = 5,
        max_size: int = 40,
        *,
        false_groups: float = 0.05,
        metric: str = "euclidean",
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.min_size = min_size
        self.max_size = max_size
        self.false_groups = false_groups
        self.metric = metric
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, y: Any = None) -> RareGroups:
        """Find the rare groups among the rows of `X`.

        Parameters
        ----------
        X : array-like of shape (n, d)
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        InvalidDataError
            NaN, infinity, wrong shape (with row and column).
        InvalidParameterError
        BudgetError
            Where the lists of nearest rows don't fit into the memory budget.
        """
        started = time.perf_counter()
        self._check_parameters()
        self._check_sizes()
        with thread_scope(self.n_jobs), progress_scope(self.progress) as progress:
            X = check_points(self, X, reset=True)
            self._framed = frame_rows(self._rows(X), None)
            rows = self._framed.rows
            found = find_rare(rows, self.min_size, self.max_size, self.false_groups, progress)
            self._keep(found, canonical_rows(X).fingerprint, started)
        return self

    def apply(self, X: Any) -> np.ndarray:
        """The part of each row of `X`, intp[n]; ``hierarchy_.item_part`` in training."""
        check_is_fitted(self)
        with thread_scope(self.n_jobs):
            seen = self._framed.see(self._rows(check_points(self, X, reset=False)))
            points = self._framed.rows.points
            part = np.empty(len(seen), np.intp)

            def block(start: int, stop: int) -> None:
                distances = cdist(seen[start:stop], points)
                nearest = distances.argmin(axis=1)
                inside = distances[np.arange(stop - start), nearest] <= self._reach[nearest]
                part[start:stop] = np.where(inside, self._row_part[nearest], 0)

            map_blocks(block, len(seen), _BLOCK)
        return part

    def _rows(self, X: np.ndarray) -> np.ndarray:
        return unit_rows(X.astype(np.float64)) if self.metric == "cosine" else X

    def _check_sizes(self) -> None:
        if self.min_size > self.max_size:
            raise InvalidParameterError(
                "The sizes of RareGroups exclude each other.",
                name="min_size",
                allowed=f"at most max_size={self.max_size}",
                got=self.min_size,
            )

    def _keep(self, found: Rare, fingerprint: str, started: float) -> None:
        """Make the hierarchy, and set the fitted attributes."""
        framed, groups = self._framed, found.groups
        rows, k = framed.rows, len(groups)
        part = np.zeros(rows.n_distinct, np.intp)
        for label, group in enumerate(groups, start=1):
            part[group.rows] = label
        heights, reach = self._heights(found, part, k)
        hierarchy, new_id = assemble(
            part[rows.inverse],
            np.append(-1, np.zeros(k, np.intp)),
            heights / framed.scale / framed.factor,
            levels=[np.arange(1, k + 1)],
            part_data={
                "contrast": np.array([0.0, *(group.contrast for group in groups)]),
                "expected_false": np.array([np.nan, *(group.expected_false for group in groups)]),
            },
            item_rank=rows.rank,
            made_by=self._record(found, fingerprint, started),
            repair=True,
        )
        self._set_hierarchy(hierarchy)
        self._row_part, self._reach = new_id[part], reach[part]
        parts = hierarchy.levels[-1]
        self.contrast_ = np.asarray(hierarchy.part_data["contrast"])[parts]
        self.expected_false_ = np.asarray(hierarchy.part_data["expected_false"])[parts]

    def _heights(self, found: Rare, part: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Median and largest distances to the nearest row of the same part, root first, framed."""
        points = self._framed.rows.points
        heights, reach = np.zeros(k + 1), np.zeros(k + 1)
        if found.near.shape[1]:
            heights[0] = float(np.sqrt(np.median(found.near[:, 0])))
        for label, group in enumerate(found.groups, start=1):
            apart = cdist(points[group.rows], points[group.rows])
            np.fill_diagonal(apart, np.inf)
            nearest = apart.min(axis=1)
            heights[label], reach[label] = np.median(nearest), nearest.max()
        return heights, reach

    def _record(self, found: Rare, fingerprint: str, started: float) -> MadeBy:
        groups = found.groups
        worst = max((group.expected_false for group in groups), default=0.0)
        notes = () if found.near.shape[1] else ("fewer than 64 distinct rows: no groups",)
        return MadeBy(
            method=type(self).__name__,
            parameters=self._plain_parameters(),
            version=__version__,
            fingerprint=fingerprint,
            seconds=time.perf_counter() - started,
            citation=_CITATION,
            certificates={"expected_false": worst},
            notes=notes,
        )
