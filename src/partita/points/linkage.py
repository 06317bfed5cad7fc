"""Linkage: all merges from single rows to one part, by one of five criteria. For users."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partita._core.errors import InfeasibleError, InvalidParameterError
from partita._core.params import AnyOf, Flag, Instance, Integer, OneOf, Optional, Real, Rule, Seed
from partita._core.progress import Progress, progress_scope
from partita._core.threads import thread_scope
from partita.hierarchy import MadeBy, Partition
from partita.hierarchy.maker import InductiveMaker
from partita.hierarchy.rows import check_points, check_weights
from partita.points._linkage_items import Items, matrix_items, nearest_rows, point_items
from partita.points._linkage_merges import merges_of, needs_no_matrix
from partita.points._linkage_sparse import dense_rows, nearest_sparse, sparse_items, worth_dense
from partita.points._linkage_tree import Choice, Dendrogram, choose, hierarchy_of
from partita.points._sparse_input import check_sparse_points

_CITATIONS = {
    "ward": "J. H. Ward, Hierarchical grouping to optimize an objective function, J. Am. Stat. Assoc. 58 "
    "(1963), doi:10.1080/01621459.1963.10500845",
    "average": "R. R. Sokal, C. D. Michener, A statistical method for evaluating systematic relationships, "
    "Univ. Kansas Sci. Bull. 38 (1958)",
    "complete": "T. Sorensen, A method of establishing groups of equal amplitude in plant sociology, "
    "Biol. Skr. 5 (1948)",
    "single": "J. C. Gower, G. J. S. Ross, Minimum spanning trees and single linkage cluster analysis, "
    "Appl. Stat. 18 (1969), doi:10.2307/2346439",
    "genie": "M. Gagolewski, M. Bartoszuk, A. Cena, Genie: a new, fast, and outlier-resistant hierarchical "
    "clustering algorithm, Inf. Sci. 363 (2016), doi:10.1016/j.ins.2016.05.003",
}
_BLOCK = 8192


class Linkage(InductiveMaker):
    """Merge the nearest clusters, from single rows up to one: the whole dendrogram as a hierarchy.

    *When to choose this*: you want every scale at once, from vectors, sparse rows or any matrix of distances,
    or parts of a shape that no centre describes ("single", and "genie", which does not chain). Where the
    number of parts should come from the data, take ``PPP``; for many parts of very many rows
    ``HierarchicalKMeans``.

    Parameters
    ----------
    method : {"ward", "average", "complete", "single", "genie"}
        What is near. Two clusters are joined that

        - "ward": raise the sum of squared distances to the centres least;
        - "average": have the least mean distance between their rows;
        - "complete": have the least largest distance;
        - "single": have the least smallest distance;
        - "genie": as "single", but while sizes are too unequal one of the smallest clusters must take part.
    n_clusters : int, optional
        Clusters of the finest named level. Default: from 2 to the square root of the distinct rows, for Ward
        the number of largest index of Calinski and Harabasz, otherwise that where the highest merge left out
        is largest against the next. Every other number is ``hierarchy_.cut(n_clusters=…)``.
    gini_threshold : float
        For "genie": the Gini index of sizes, in [0, 1], above which a smallest cluster must take part. 1 is
        "single".
    metric : {"euclidean", "cosine", "precomputed"}
        With "cosine", rows have length 1; distances are 1 - cosine, for "ward" Euclidean distances of those
        rows. Rows of zeros lie at the origin. With "precomputed", X holds distances, square or condensed
        (float32 is kept); "ward" takes them for Euclidean.
    random_state : None, int or generator
        Accepted, and without effect: nothing here is random.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Attributes
    ----------
    hierarchy_ : Hierarchy
        A part for every merge, merges of equal height at once (for "genie": every merge by itself), and a
        part of height 0 for items that are equal. ``height`` is the distance of the two sides; for Ward
        ``sqrt(2 g)`` for a growth g of the sum of squares, as in SciPy.
    labels_ : int32[n]
        Clusters of the finest named level.
    n_clusters_ : int
    n_features_in_ : int
    made_by_ : MadeBy
        ``choices["n_clusters"]`` says why there are so many.

    Notes
    -----
    Ward, and average with cosine, on dense rows: rounds in which all pairs of mutual nearest neighbours are
    joined. A cluster keeps the sixteen nearest others and a bound for the rest; both outlive merges, since
    the criteria are reducible, so that about two searches a row are needed. O(n^2 d) time for the first
    search, by blocked products as a filter, with what is near decided in float64; of 32,768 rows
    and more, of at most 128 columns, less, as cells of rows rule out what is far; O(n d) memory. Single and
    genie go along the spanning tree: O(n d) memory. Average and complete, and distances, need the
    n (n - 1) / 2 distances, which the memory budget must hold; O(n^2) time by chains of nearest neighbours:
    a mean of Euclidean distances does not follow from centres. Sparse rows are made dense where that takes
    less memory than their distances, about where they are seven times as many as columns.

    None of the criteria makes an inversion except genie, whose merges are not in order of length: there a
    merge lower than the one before is raised to just above it, which ``made_by.notes`` counts; so every
    ``cut(n_clusters=…)`` is what Genie gives.

    Rows are seen in an order of their content, which decides ties. The result doesn't depend on the order of
    rows nor on `n_jobs`. Where merges of equal height leave no cut into `n_clusters`, ``InfeasibleError``
    names the nearest that there is. ``predict`` gives the label of the nearest training row, in training
    ``labels_``; with "precomputed" there is none.

    References
    ----------
    F. Murtagh, A survey of recent advances in hierarchical clustering algorithms, Computer Journal 26 (1983).
    https://doi.org/10.1093/comjnl/26.4.354 (reducibility, chains)

    B. Sumengen et al., Scaling hierarchical agglomerative clustering to billion-sized datasets, 2021.
    https://arxiv.org/abs/2105.11653 (mutual nearest neighbours in rounds)

    M. Gagolewski, M. Bartoszuk and A. Cena, Genie: a new, fast, and outlier-resistant hierarchical clustering
    algorithm, Information Sciences 363 (2016). https://doi.org/10.1016/j.ins.2016.05.003

    T. Calinski and J. Harabasz, A dendrite method for cluster analysis, Communications in Statistics 3
    (1974). https://doi.org/10.1080/03610927408827101

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [5.0], [6.0], [20.0]])
    >>> tree = Linkage(method="single", n_clusters=2).fit(X)
    >>> tree.labels_.tolist(), tree.hierarchy_.height.tolist()
    ([0, 0, 0, 0, 1], [14.0, 4.0, 1.0, 1.0, 0.0])
    >>> tree.predict([[11.0], [14.0]]).tolist()
    [0, 1]
    """

    _rules: ClassVar[dict[str, Rule]] = {
        "method": OneOf(("ward", "average", "complete", "single", "genie")),
        "n_clusters": Optional(Integer(low=1)),
        "gini_threshold": Real(low=0.0, high=1.0),
        "metric": OneOf(("euclidean", "cosine", "precomputed")),
        "random_state": Seed(),
        "n_jobs": Optional(Integer()),
        "progress": Optional(AnyOf((Flag(), Instance((Progress,), "a partita Progress object")))),
    }

    def __init__(
        self,
        method: str = "ward",
        *,
        n_clusters: int | None = None,
        gini_threshold: float = 0.3,
        metric: str = "euclidean",
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.method = method
        self.n_clusters = n_clusters
        self.gini_threshold = gini_threshold
        self.metric = metric
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Linkage:
        """Merge the rows of `X`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d), or distances: (n, n), or condensed
        y : ignored
        sample_weight : array-like of shape (n,), optional
            A row of weight 2 counts as two rows; one of weight 0 is only labelled. Complete and single
            linkage have no use for other weights.

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError, InvalidDataError
        InfeasibleError
            For more clusters than distinct rows, or where ties leave no such cut.
        BudgetError
            Where all distances are needed and don't fit into the memory budget.
        """
        started = time.perf_counter()
        self._check_parameters()
        with thread_scope(self.n_jobs), progress_scope(self.progress) as progress:
            items = self._items(X, sample_weight)
            self._refuse_too_many(len(items.weight))
            merges, raised = merges_of(items, self.method, self.gini_threshold, progress)
            is_genie = self.method == "genie" and self.gini_threshold < 1.0
            tree = Dendrogram.of_merges(merges, exact=is_genie)
            if self.n_clusters is None:
                chosen = choose(tree, ward=self.method == "ward")
            else:
                chosen = Choice(int(self.n_clusters), "")
            made_by = self._record(items, chosen, raised if is_genie else 0, started)
            hierarchy, self._row_part = hierarchy_of(
                tree, items.inverse, items.rank, chosen.n_clusters, made_by
            )
            self._set_hierarchy(hierarchy)
            self._inverse, self._points, self._lens = items.inverse, items.points, items.lens
            self._sparse = items.sparse
        return self

    def apply(self, X: Any) -> np.ndarray:
        """The deepest part that holds the training row nearest to each row of `X`, intp[n]."""
        return self._row_part[self._nearest(X)]

    def predict(self, X: Any, level: int | Partition = -1) -> np.ndarray:
        """Labels of the training rows nearest to the rows of `X`, at a level or cut.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, d)
        level : int or Partition
            A named level (-1 the finest, 0 the root), or any ``hierarchy_.cut(...)``.

        Returns
        -------
        labels : int32[n]

        Raises
        ------
        InvalidParameterError
            For a partition of another hierarchy; and with ``metric="precomputed"``.
        """
        check_is_fitted(self)
        self._labels_of_parts(level)
        labels = level.labels if isinstance(level, Partition) else self.hierarchy_.labels(int(level))
        of_row = np.empty(len(self._row_part), np.int32)
        of_row[self._inverse] = labels
        return of_row[self._nearest(X)]

    def _nearest(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        if self.metric == "precomputed":
            raise InvalidParameterError(
                "There is no predict for precomputed distances: they don't say what new items are near to.",
                name="metric",
                allowed='"euclidean" or "cosine"',
                got=self.metric,
            )
        with thread_scope(self.n_jobs):
            if self._sparse is not None:
                rows, _, _ = check_sparse_points(self, X, reset=False)
                return nearest_sparse(self._sparse, rows, unit=self.metric == "cosine")
            if not hasattr(X, "tocsr"):
                return self._nearest_point(check_points(self, X, reset=False))
            rows, _, _ = check_sparse_points(self, X, reset=False)
            starts = range(0, len(rows), _BLOCK)
            blocks = (rows.pick(np.arange(start, min(start + _BLOCK, len(rows)))) for start in starts)
            return np.concatenate([self._nearest_point(dense_rows(block)) for block in blocks])

    def _nearest_point(self, X: np.ndarray) -> np.ndarray:
        assert self._lens is not None
        assert self._points is not None
        return nearest_rows(self._points, self._lens.see(X))

    def _items(self, X: Any, sample_weight: Any) -> Items:
        unit = self.metric == "cosine"
        if self.metric == "precomputed":
            return matrix_items(self, X, sample_weight)
        if hasattr(X, "tocsr"):
            rows, _, _ = check_sparse_points(self, X, reset=True)
            weight = check_weights(sample_weight, len(rows))
            if needs_no_matrix(self.method, unit=unit) and worth_dense(len(rows), rows.d):
                return point_items(dense_rows(rows), weight, unit=unit)
            return sparse_items(rows, weight, unit=unit)
        X = check_points(self, X, reset=True)
        return point_items(X, check_weights(sample_weight, len(X)), unit=unit)

    def _refuse_too_many(self, u: int) -> None:
        if self.n_clusters is not None and self.n_clusters > u:
            raise InfeasibleError(
                f"n_clusters={self.n_clusters} is more than the {u} distinct rows of X.",
                f"n_clusters={u}",
                name="n_clusters",
                got=self.n_clusters,
            )

    def _record(self, items: Items, chosen: Choice, raised: int, started: float) -> MadeBy:
        from partita import __version__

        choices = {} if self.n_clusters is not None else {"n_clusters": f"{chosen.n_clusters}: {chosen.why}"}
        notes = (
            [f"{raised:,} inversions repaired: merges raised to just above the one before"] if raised else []
        )
        return MadeBy(
            method=type(self).__name__,
            parameters=self._plain_parameters(),
            version=__version__,
            fingerprint=items.fingerprint,
            choices=choices,
            seconds=time.perf_counter() - started,
            citation=_CITATIONS[self.method],
            notes=tuple(notes),
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.metric != "precomputed"
        tags.input_tags.pairwise = self.metric == "precomputed"
        return tags
