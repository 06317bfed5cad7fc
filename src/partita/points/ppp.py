"""PPP, the default for vectors: parts that a Gaussian mixture and the rows themselves bear out, without k."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partita._core.errors import InvalidParameterError
from partita._core.params import AnyOf, Flag, Instance, Integer, OneOf, Optional, Real, Rule, Seed
from partita._core.progress import Progress, progress_scope
from partita._core.threads import thread_scope
from partita.hierarchy import MadeBy
from partita.hierarchy.make import assemble
from partita.hierarchy.maker import InductiveMaker
from partita.hierarchy.rows import CanonicalRows, canonical_rows, check_points, check_weights
from partita.points.ppp_grow import Grown, grow

_FEWEST_ROWS = 5
_CITATION = "after Sultan (2020), Probabilistic Partitive Partitioning, arXiv:2003.04372"


class PPP(InductiveMaker):
    """Nested parts of vectors that need no number of parts, no seed and no restarts.

    Columns are brought to one scale and turned to principal directions. A Gaussian mixture is fitted whose
    number and shape of components the data choose (evidence). Components are joined by the density of their
    overlap; that gives the tree. Its divisions count as real where few items would be mistaken for the other
    side's and where a valley of density shows. Below the components the tree goes on by halving, so that
    every number of parts can be cut from it.

    Choose it when you do not know how many parts there are, or want parts that can be shown to be apart.
    Choose `HierarchicalKMeans` for thousands of cells of like size.

    Parameters
    ----------
    min_size : int, optional
        Fewest items (by weight) on either side of a division that counts as real. Default: 5, below which
        a part can't be told from chance.
    max_depth : int, optional
        How often a part may be looked at anew in its own principal directions, which adds finer levels. It
        matters only beyond 64 columns. Default: 1, one look at all rows.
    metric : {"euclidean", "cosine"}
        With "cosine", rows are scaled to length 1 first.
    random_state : int, RandomState, Generator or None
        Accepted for scikit-learn's sake and without effect: nothing is drawn at random.
    n_jobs : int, optional
        Threads; the result does not depend on it. Default: all.
    progress : bool, Progress or None
        Where to show progress.

    Attributes
    ----------
    hierarchy_ : Hierarchy
        Levels: the root, where there are many parts a coarse level, and last the parts without k.
        ``part_data["separability"]`` is the mean posterior of a part's items to lie in it (0 below the
        evidence).
    labels_ : int32[n]
        Parts of the finest named level, the largest part first.
    n_clusters_ : int
        How many parts that level has.
    cluster_centers_ : float64 (k, d)
        Weighted means of those parts.
    n_components_ : int
        Gaussians of the first mixture.
    made_by_ : MadeBy
        What was chosen and why.

    Notes
    -----
    After Sultan (2020), arXiv:2003.04372, whose validation statistic is not published: a reconstruction. It
    rests on Banfield and Raftery (1993), doi:10.2307/2532201, for the linkage of cells, on Cheeseman and
    Stutz (1996) for the evidence of a mixture, on Ueda et al. (2000), doi:10.1162/089976600300015088, for
    merging and dividing its components, and on Hennig (2010), doi:10.1007/s11634-010-0058-3, for joining them
    into parts.

    Time O(n d min(d, 64) + n d^2 / B) with B the gain of blocked products, and a constant that depends on
    at most 10,000 rows for the mixture; memory O(n) besides the data. `sample_weight` counts as frequency:
    weight 2 is the same as two equal rows.

    Examples
    --------
    >>> import numpy as np
    >>> from partita.points import PPP
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(center, 0.3, (100, 2)) for center in (0.0, 3.0, 6.0)])
    >>> ppp = PPP().fit(X)
    >>> ppp.n_clusters_, ppp.hierarchy_.cut(n_clusters=7).n_parts
    (3, 7)
    """

    _rules: ClassVar[Mapping[str, Rule]] = {
        "min_size": Optional(Integer(low=1)),
        "max_depth": Optional(Integer(low=1)),
        "metric": OneOf(("euclidean", "cosine")),
        "random_state": Seed(),
        "n_jobs": Optional(Integer()),
        "progress": Optional(AnyOf((Flag(), Instance((Progress,), "a Progress object")))),
    }

    def __init__(
        self,
        min_size: int | None = None,
        max_depth: int | None = None,
        *,
        metric: str = "euclidean",
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: Progress | bool | None = None,
    ) -> None:
        self.min_size = min_size
        self.max_depth = max_depth
        self.metric = metric
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> PPP:
        """Find the parts of the rows of `X`.

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
        began = time.perf_counter()
        self._check_parameters()
        with thread_scope(self.n_jobs), progress_scope(self.progress) as progress:
            X = check_points(self, X, reset=True)
            weights = check_weights(sample_weight, len(X))
            progress.start("Ordering rows by content", None)
            rows = canonical_rows(X, weights)
            self._grown = grow(
                X,
                rows.first,
                rows.weight,
                unit=self.metric == "cosine",
                min_size=_FEWEST_ROWS if self.min_size is None else self.min_size,
                max_depth=1 if self.max_depth is None else self.max_depth,
                progress=progress,
            )
            self._assemble(X, rows, time.perf_counter() - began)
        return self

    def apply(self, X: Any) -> np.ndarray:
        """The deepest part that holds each row of `X`, intp[n]; ``hierarchy_.item_part`` in training."""
        check_is_fitted(self)
        with thread_scope(self.n_jobs):
            X = check_points(self, X, reset=False)
            return self._new_id[self._grown.place(X, np.arange(len(X), dtype=np.intp))]

    def most_separable(self, threshold: float = 0.95) -> np.ndarray:
        """The parts of the finest level that are hardly mistaken for others, most separable first.

        Parameters
        ----------
        threshold : float in [0, 1]
            Least mean posterior of a part's items.

        Returns
        -------
        parts : intp array
            Numbers of parts of ``hierarchy_``.
        """
        check_is_fitted(self)
        if not Real(0.0, 1.0).accepts(threshold):
            raise InvalidParameterError(
                "threshold is not valid.", name="threshold", allowed=Real(0.0, 1.0).describe(), got=threshold
            )
        level = self.hierarchy_.levels[-1]
        separability = self.hierarchy_.part_data["separability"][level]
        kept = separability >= threshold
        return level[kept][np.argsort(-separability[kept], kind="stable")]

    def _assemble(self, X: np.ndarray, rows: CanonicalRows, seconds: float) -> None:
        from partita import __version__

        grown: Grown = self._grown
        made_by = MadeBy(
            method="PPP",
            parameters={"min_size": self.min_size, "max_depth": self.max_depth, "metric": self.metric},
            version=__version__,
            fingerprint=rows.fingerprint,
            choices=grown.choices,
            cost=grown.cost,
            converged=grown.converged,
            seconds=seconds,
            citation=_CITATION,
        )
        hierarchy, self._new_id = assemble(
            grown.placed[rows.inverse],
            grown.parent,
            grown.height,
            levels=grown.levels,
            part_data={"separability": grown.separability},
            item_rank=rows.rank,
            made_by=made_by,
        )
        self._set_hierarchy(hierarchy)
        self.n_components_ = grown.n_components
        self.cluster_centers_ = _centers(X, rows, self.labels_[rows.first], self.n_clusters_)


def _centers(X: np.ndarray, rows: CanonicalRows, labels: np.ndarray, k: int) -> np.ndarray:
    """Weighted means of the parts, float64 (k, d), summed in content order."""
    from scipy.sparse import csr_matrix

    member = csr_matrix(
        (rows.weight, (labels, np.arange(len(labels)))), shape=(k, len(labels)), dtype=np.float64
    )
    total = np.zeros((k, X.shape[1]))
    block = max(1, (1 << 22) // max(1, X.shape[1]))
    for start in range(0, len(labels), block):
        stop = min(start + block, len(labels))
        total += member[:, start:stop] @ X[rows.first[start:stop]].astype(np.float64)
    held = np.bincount(labels, rows.weight, minlength=k)
    return total / np.where(held > 0, held, 1.0)[:, None]
