"""k-medoids under any dissimilarity: parts around items, and medoids within medoids. For users."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from partita import __version__
from partita._core.errors import InfeasibleError, InvalidParameterError
from partita._core.memory import check_memory
from partita._core.params import AnyOf, Flag, Instance, Integer, OneOf, Optional, Rule, Seed
from partita._core.progress import Progress, progress_scope
from partita._core.threads import thread_scope
from partita.dissimilarities._items import Items, Placed
from partita.dissimilarities._kinds import Kind, kind_of
from partita.dissimilarities._nest import nest
from partita.dissimilarities._sampled import place
from partita.dissimilarities._solve import INITS, METHODS, solve
from partita.dissimilarities._swap import Outcome
from partita.dissimilarities._vectors import VECTOR_METRICS
from partita.hierarchy import assemble
from partita.hierarchy.maker import InductiveMaker
from partita.hierarchy.record import MadeBy
from partita.hierarchy.rows import check_weights

_CITATION = (
    "E. Schubert, P. J. Rousseeuw, Fast and eager k-medoids clustering: O(k) runtime improvement of the PAM, "
    "CLARA, and CLARANS algorithms, Information Systems 101 (2021), doi:10.1016/j.is.2021.101804"
)
_BYTES_A_PAIR = 24
METRICS = ("precomputed", *VECTOR_METRICS, "edit", "gower")


class _Function:
    """Any callable is a metric."""

    def describe(self) -> str:
        return "a function of two rows"

    def accepts(self, value: Any) -> bool:
        return callable(value)


class _Array:
    """A NumPy array of places."""

    def describe(self) -> str:
        return "a NumPy array of row numbers"

    def accepts(self, value: Any) -> bool:
        return isinstance(value, np.ndarray) and value.ndim == 1 and len(value) > 0


class KMedoids(InductiveMaker):
    """Divide items into parts, each around one of the items: any dissimilarity will do.

    *When to choose this*: your data are no vectors (strings, mixed tables, a matrix of distances), or each
    part should be shown by a real item; or outliers should not draw centres away, as they do with means.
    For vectors in large numbers with Euclidean distances ``KMeans`` is faster.

    Parameters
    ----------
    n_clusters : int, optional
        Parts, exactly. Default: the number, of 2 to 32, whose average medoid silhouette is the largest after
        swaps that raise it (DynMSC); then `method` lowers the sum of distances, but for "fastermsc".
    metric : str or callable
        "precomputed" (a square matrix of distances, or condensed as by ``scipy.spatial.distance.pdist``);
        of vectors "euclidean", "sqeuclidean", "cityblock" ("manhattan"), "chebyshev", "cosine",
        "correlation", "hamming", "canberra", "braycurtis" and, by SciPy, "dice", "jaccard",
        "jensenshannon", "rogerstanimoto", "russellrao", "sokalsneath", "yule"; of strings "edit"; of tables
        "gower". Or a function of two rows, compiled by Numba or not, taken to be symmetric.
    method : str
        "fasterpam" swaps as soon as one gains; "fastpam1" and "pam" make the best of all swaps (the same
        ones; PAM takes about k times as long). "fastermsc" swaps what raises the average medoid silhouette,
        not what lowers the sum of distances: parts that stand apart. "onebatch", "fastclara" and
        "fastclarans" need no matrix of all distances. "alternate" is fast and clearly worse.
    init : {"auto", "first", "build", "lab"} or ndarray of int
        Where swaps start: the first items in an order of content (as good as random ones), PAM's BUILD, LAB
        (BUILD on samples), or the given rows. "auto": BUILD for "pam" and "fastpam1", LAB for "alternate",
        else the first. "fastclara", "fastclarans" and "onebatch" start in their own way: "auto" alone.
    symmetric : {"check", "mean", "min", "max"}
        What to make of precomputed distances that depend on the direction: refuse them, or take the mean,
        the smaller or the larger one.
    max_iter : int, optional
        Most passes over the candidates; most swaps for "pam" and "fastpam1"; nothing for "fastclarans".
        Default: until nothing gains.
    random_state : None, int or generator
        Accepted, and without effect: nothing here is random.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Attributes
    ----------
    medoid_indices_ : intp[n_clusters]
        The row of the medoid of each label.
    cluster_centers_ : ndarray of shape (n_clusters, d)
        Their vectors; only where the items are vectors.
    labels_ : int32[n]
        The nearest medoid of each item.
    inertia_ : float
        Sum of (weighted) distances to the nearest medoids.
    n_clusters_, n_iter_, n_swap_ : int
    n_features_in_ : int
        For vectors and square matrices.
    hierarchy_ : Hierarchy
        The parts, and coarser levels above them: each keeps some of the medoids of the finer one (about the
        square root of their number), those from which the sum of distances is least while parts stay whole.
        ``part_data``: "medoid" (a row), "cost" (sum of distances to it, also the height), and "center" for
        vectors.
    made_by_ : MadeBy

    Notes
    -----
    Time for "fasterpam": O(n^2) distances and a few passes of O(n^2), whatever n_clusters; memory 4 n^2
    bytes, refused above the budget. A square matrix in float32 or float64 is not copied. A condensed one
    becomes a square where the memory budget holds it; where not, "fasterpam" reads it row by row: the same
    medoids, but slower. "onebatch", "fastclara" and "fastclarans" never expand it. "onebatch": O(n m)
    with a batch of m = 100 log(n n_clusters) items, at most 400 MiB. Zero distances are fine, and so is a
    broken triangle inequality; where precomputed distances break it, ``made_by_.notes`` tells.

    Losses are added up as whole numbers of a small step, so that the swaps depend neither on the order of
    rows nor on `n_jobs`. For precomputed distances items are ordered by all their distances; items that these
    can't tell apart by their place.

    References
    ----------
    E. Schubert and P. J. Rousseeuw, Fast and eager k-medoids clustering, Information Systems 101 (2021).
    https://arxiv.org/abs/2008.05171

    E. Schubert and P. J. Rousseeuw, Faster k-medoids clustering, SISAP 2019. https://arxiv.org/abs/1810.05691

    L. Lenssen and E. Schubert, Medoid silhouette clustering with automatic cluster number selection,
    Information Systems 120 (2024). https://doi.org/10.1016/j.is.2023.102290

    Examples
    --------
    >>> words = ["cat", "cart", "bat", "house", "mouse", "horse", "houses"]
    >>> parts = KMedoids(n_clusters=2, metric="edit").fit(words)
    >>> sorted(words[i] for i in parts.medoid_indices_)
    ['cat', 'house']
    >>> parts.predict(["hat", "rouse"]).tolist() == [parts.labels_[0], parts.labels_[3]]
    True

    Distances that are there already:

    >>> import numpy as np
    >>> D = np.abs(np.subtract.outer([0.0, 1.0, 2.0, 10.0, 11.0], [0.0, 1.0, 2.0, 10.0, 11.0]))
    >>> KMedoids(n_clusters=2).fit(D).inertia_
    3.0
    """

    _rules: ClassVar[dict[str, Rule]] = {
        "n_clusters": Optional(Integer(low=1)),
        "metric": AnyOf((OneOf(METRICS), _Function())),
        "method": OneOf(METHODS),
        "init": AnyOf((OneOf(INITS), _Array())),
        "symmetric": OneOf(("check", "mean", "min", "max")),
        "max_iter": Optional(Integer(low=0)),
        "random_state": Seed(),
        "n_jobs": Optional(Integer()),
        "progress": Optional(AnyOf((Flag(), Instance((Progress,), "a partita Progress object")))),
    }

    def __init__(
        self,
        n_clusters: int | None = None,
        *,
        metric: Any = "precomputed",
        method: str = "fasterpam",
        init: Any = "auto",
        symmetric: str = "check",
        max_iter: int | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.metric = metric
        self.method = method
        self.init = init
        self.symmetric = symmetric
        self.max_iter = max_iter
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> KMedoids:
        """Divide the items of `X`.

        Parameters
        ----------
        X : array-like of shape (n, d), sequence of str, table, or distances
            What `metric` compares. Distances of shape (n, n), or (n (n - 1) / 2,).
        y : ignored
        sample_weight : array-like of shape (n,), optional
            An item of weight 2 counts as two; one of weight 0 is only labelled.

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError, InvalidDataError
            Distances that are negative, NaN or asymmetric are refused with their place.
        InfeasibleError
            For more parts than distinct items.
        BudgetError
            For a method that needs all distances, where these exceed the memory budget.
        """
        started = time.perf_counter()
        self._check_parameters()
        with thread_scope(self.n_jobs) as n_threads, progress_scope(self.progress) as progress:
            kind = kind_of(self.metric)
            data = kind.check(self, X, reset=True)
            items = kind.items(data, check_weights(sample_weight, kind.count(data)))
            self._check_count(items)
            outcome = solve(self, items, n_threads, progress)
            medoids, placed = self._place(items, outcome)
            items.note_triangle(medoids)
        self._keep(kind, items, medoids, placed, outcome, started)
        return self

    def apply(self, X: Any) -> np.ndarray:
        """The finest part of each item of `X`, intp[n]; for the items of the fit ``hierarchy_.item_part``.

        Parameters
        ----------
        X : what ``fit`` takes
            For "precomputed" the distances of new items to all items of the fit, (m, n), taken as they are:
            where the fit made two directions one, so must you.

        Raises
        ------
        InvalidDataError
        """
        check_is_fitted(self)
        with thread_scope(self.n_jobs):
            data = self._kind.check(self, X, reset=False)
            n = self._kind.count(data)
            placed = self._kind.placer.nearest(self._kind.encode(data), n)
        return self._part_of_label[placed.labels]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = tags.input_tags.positive_only = self.metric == "precomputed"
        tags.input_tags.string = self.metric == "edit"
        return tags

    def _check_count(self, items: Items) -> None:
        n = len(items.candidates)
        if self.n_clusters is not None and self.n_clusters > n:
            raise InfeasibleError(
                f"n_clusters={self.n_clusters} is more than the {n} distinct items of X "
                f"(n_samples={len(items.inverse)}).",
                f"n_clusters={n}",
                name="n_clusters",
                got=self.n_clusters,
            )
        k = self.n_clusters or 1
        check_memory(
            _BYTES_A_PAIR * k * k,
            what=f"The costs of {k} parts with each other's medoids",
            alternative="ask for fewer parts",
        )
        if not isinstance(self.init, str) and self.n_clusters not in (None, len(self.init)):
            raise InvalidParameterError(
                "init names another number of rows than n_clusters.",
                name="init",
                allowed=f"{self.n_clusters} rows",
                got=len(self.init),
            )

    def _place(self, items: Items, outcome: Outcome) -> tuple[np.ndarray, Placed]:
        """Medoids in their order of content, and all items at the nearest; medoids stay with themselves."""
        medoids = outcome.rows[np.argsort(items.rank[outcome.rows])]
        while True:
            placed = place(items, medoids, costs=True)
            lost = placed.labels[medoids] != np.arange(len(medoids))
            if items.given and lost.any():
                return medoids, _at_home(placed, medoids, lost)
            if not lost.any():
                return medoids, placed
            if self.n_clusters is not None:
                raise InfeasibleError(
                    f"{int(lost.sum())} of {len(medoids)} medoids are at distance 0 from others.",
                    f"n_clusters={len(medoids) - int(lost.sum())}",
                    name="n_clusters",
                )
            medoids = medoids[~lost]

    def _keep(
        self, kind: Kind, items: Items, medoids: np.ndarray, placed: Placed, outcome: Outcome, started: float
    ) -> None:
        assert placed.cost is not None
        tree = nest(placed.cost)
        positions = items.first[medoids][tree.medoid]
        part_data, key = kind.part_data(positions), items.rank[medoids][tree.medoid]
        cost = np.ldexp(tree.cost, items.exponent)
        self.inertia_ = float(np.ldexp(np.diagonal(placed.cost).sum(), items.exponent))
        made_by = self._record(items, outcome, started)
        hierarchy, new_id = assemble(
            placed.labels[items.inverse],
            tree.parent,
            cost,
            levels=tree.levels,
            part_data={"medoid": positions, "cost": cost, **part_data},
            item_rank=items.rank[items.inverse],
            part_key=key.astype(np.float64),
            made_by=made_by,
        )
        self._part_of_label, self._kind = new_id[: len(medoids)], kind
        kind.keep(items, medoids)
        self.n_iter_, self.n_swap_ = outcome.n_iter, outcome.n_swap
        self._set_hierarchy(hierarchy)
        finest = hierarchy.levels[-1]
        self.medoid_indices_ = hierarchy.part_data["medoid"][finest]
        if "center" in part_data:
            self.cluster_centers_ = hierarchy.part_data["center"][finest]

    def _record(self, items: Items, outcome: Outcome, started: float) -> MadeBy:
        return MadeBy(
            method=type(self).__name__,
            parameters=self._plain_parameters(),
            version=__version__,
            fingerprint=items.fingerprint,
            choices=items.choices,
            cost=self.inertia_,
            converged=bool(outcome.converged),
            seconds=time.perf_counter() - started,
            citation=_CITATION,
            notes=tuple(items.notes),
        )


def _at_home(placed: Placed, medoids: np.ndarray, lost: np.ndarray) -> Placed:
    placed.labels[medoids[lost]] = np.flatnonzero(lost)
    return placed
