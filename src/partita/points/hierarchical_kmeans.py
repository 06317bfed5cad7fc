"""Nested k-means for vectors: cells within cells, each row in the cell of its nearest centre. For users."""

from __future__ import annotations

import math
import time
from typing import Any, ClassVar

import numpy as np

from partita._core.blas import warn_of_slow_blas
from partita._core.errors import InfeasibleError, InvalidDataError
from partita._core.params import AnyOf, Flag, Instance, Integer, OneOf, Optional, Real, Rule, Seed
from partita._core.progress import Progress, progress_scope
from partita._core.threads import thread_scope
from partita.hierarchy.rows import CanonicalRows, canonical_rows, check_points, check_weights
from partita.points._bounded import Bounds, build_bounded
from partita.points._cells import CellsMaker, check_cells
from partita.points._learn import Plan
from partita.points._nested import Nested, Request, build, leaves_for
from partita.points._summary import Summary
from partita.transport._bounds import check_feasible

_CITATION = (
    "S. Lloyd, Least squares quantization in PCM, IEEE Trans. Inf. Theory 28 (1982), "
    "doi:10.1109/TIT.1982.1056489; "
    "D. Arthur, S. Vassilvitskii, k-means++: the advantages of careful seeding, SODA 2007"
)


class HierarchicalKMeans(CellsMaker):
    """Divide rows into nested cells, each row belonging to its nearest centre.

    *When to choose this*: you want many cells of vectors, fast, and know about how many or how large
    (indexes, shards, curation, codebooks). Where the number of parts should come from the data, take ``PPP``.

    Parameters
    ----------
    n_clusters : int, optional
        Cells of the finest level, exactly. Default, where `max_size` is not given either: the square root of
        the number of distinct rows.
    branching : int, optional
        Cells that a cell is divided into. Default: two levels, the square root of the cells, then the cells.
        ``branching=2`` gives the most levels and every number of parts in ``hierarchy_.cut(n_clusters=…)``.
    max_size : int, optional
        Most rows in a cell of the finest level. Alone: larger cells are divided again, as often as needed.
        With `n_clusters`: a hard bound, as for `min_size`.
    min_size : int, optional
        Fewest rows in a cell of the finest level. Bounds hold on every level: a part of g cells holds from g
        `min_size` to g `max_size` rows. Rows are then assigned as cheaply as the bounds allow.
    balance : float, optional
        Cells of the finest level hold at most this many times the mean number of rows, and at least the mean
        divided by it. ``balance=1.05`` gives cells of nearly equal size. The parts of a level above have
        equally many cells, to within one, so they are of nearly equal size, too; without `branching` their
        number divides that of the cells, or there are none, unless they are even to 5 % all the same.
    metric : {"euclidean", "cosine"}
        For cosine, rows and centres have length 1; rows of zeros lie at the origin.
    swaps : int
        Most rounds in which centres that are hardly missed move into the largest cells (see Notes).
    max_iter : int
        Most iterations of the refinement after them.
    tol : float
        The refinement ends when an iteration lowers the inertia by less than this share of it.
    rows_per_cell : int
        Rows that are learnt from, for each cell (and at least 32,768 in all).
    polish : int
        Most passes over all rows after that, where there are more rows than were learnt from.
    resample : int
        Rounds after which cells follow the space that rows take up rather than their density: in each,
        centres are learnt anew from the rows closest to each of them, equally many of each cell; the cells
        above are made of unweighted centres. For curation. Nothing is polished then.
    random_state : None, int or generator
        Accepted, and without effect: nothing here is random.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Attributes
    ----------
    hierarchy_ : Hierarchy
        Levels: the root, then one for each depth. ``height`` is the square root of a part's inertia;
        ``part_data``: "center", and "radius" (root mean square distance to it).
    labels_ : int32[n]
        Cells of the finest level.
    n_clusters_ : int
    cluster_centers_ : ndarray of shape (number of cells, d)
        By label, in the type of the data.
    inertia_ : float
        Sum of weighted squared distances to the centres (for cosine: of rows and centres of length 1).
    n_iter_ : int
    n_features_in_ : int
    made_by_ : MadeBy

    Notes
    -----
    Centres are learnt on a sample of the rows (the first in the order of their hashes): from the top by
    greedy k-means++ and Lloyd's iterations, cells receiving centres in proportion to their inertia (with
    `max_size`, to their weight). In each round of `swaps`, the centres whose rows lose least by going to
    their second nearest are given to the cells that gain most by being halved, as long as the gain is larger
    than the loss; then Lloyd's iterations follow in which a row re-checks the 64 cells around its own (32 for
    more than 2,048 cells). The start hardly matters then. The tree is made over the finished centres, from
    the top.
    All rows are then assigned to the nearest of the cells around their group of cells, once for each pass of
    `polish`, which moves centres to the means of their rows, and once for good; that finds the nearest of all
    centres for nearly all rows, and the same one in ``predict``.
    Time O(n k^0.5 d) for that, O(128 k d (k^0.5 + 64 i) + k^2 d) for learning in i iterations; memory for the
    sample, O(k d), and about 80 n bytes.

    The result doesn't depend on the order of rows, on `n_jobs` or `random_state`. ``predict`` on the training
    rows gives ``labels_``.

    With bounds on sizes, all cells of the finest level are learnt first. Then exact assignments under the
    bounds and means follow in turn, `max_iter` times at most and until one gains less than a quarter of
    `tol`; with at most 50,000 pairs of row and cell from eight starts, of which the best is kept. The parts
    above are made of the finished cells. More than 2,000 cells are divided from the top, part by part.

    References
    ----------
    S. Lloyd, Least squares quantization in PCM, IEEE Trans. Inf. Theory 28 (1982).
    https://doi.org/10.1109/TIT.1982.1056489

    D. Arthur and S. Vassilvitskii, k-means++: the advantages of careful seeding, SODA 2007.
    https://dl.acm.org/doi/10.5555/1283383.1283494

    T. Kaukoranta, P. Fränti and O. Nevalainen, Iterative split-and-merge algorithm for vector quantization
    codebook generation, Optical Engineering 37 (1998). https://doi.org/10.1117/1.601799

    H. V. Vo et al., Automatic data curation for self-supervised learning: a clustering-based approach, 2024.
    https://arxiv.org/abs/2405.15613 (`resample`)

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X = load_digits().data
    >>> cells = HierarchicalKMeans(n_clusters=40).fit(X)
    >>> cells.n_clusters_, len(cells.hierarchy_.levels)
    (40, 3)
    >>> bool((cells.predict(X, level=1) == cells.hierarchy_.labels(1)).all())
    True
    """

    _rules: ClassVar[dict[str, Rule]] = {
        "n_clusters": Optional(Integer(low=1)),
        "branching": Optional(Integer(low=2)),
        "max_size": Optional(Integer(low=1)),
        "min_size": Optional(Integer(low=0)),
        "balance": Optional(Real(low=1.0)),
        "metric": OneOf(("euclidean", "cosine")),
        "swaps": Integer(low=0),
        "max_iter": Integer(low=0),
        "tol": Real(low=0.0),
        "rows_per_cell": Integer(low=1),
        "polish": Integer(low=0),
        "resample": Integer(low=0),
        "random_state": Seed(),
        "n_jobs": Optional(Integer()),
        "progress": Optional(AnyOf((Flag(), Instance((Progress,), "a partita Progress object")))),
    }

    def __init__(
        self,
        n_clusters: int | None = None,
        *,
        branching: int | None = None,
        max_size: int | None = None,
        min_size: int | None = None,
        balance: float | None = None,
        metric: str = "euclidean",
        swaps: int = 3,
        max_iter: int = 10,
        tol: float = 2e-3,
        rows_per_cell: int = 128,
        polish: int = 1,
        resample: int = 0,
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.branching = branching
        self.max_size = max_size
        self.min_size = min_size
        self.balance = balance
        self.metric = metric
        self.swaps = swaps
        self.max_iter = max_iter
        self.tol = tol
        self.rows_per_cell = rows_per_cell
        self.polish = polish
        self.resample = resample
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> HierarchicalKMeans:
        """Divide the rows of `X`.

        Parameters
        ----------
        X : array-like of shape (n, d)
        y : ignored
        sample_weight : array-like of shape (n,), optional
            A row of weight 2 counts as two rows; one of weight 0 is only labelled. Not with bounds on the
            size of cells, for rows that weigh more than one don't fill cells exactly: repeat rows instead, or
            give distances to centres to ``transport.assign(weights=…, capacity=…)``.

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError, InvalidDataError
        InfeasibleError
            For more cells than distinct rows, or a row repeated more than `max_size` times.
        """
        started = time.perf_counter()
        self._check_parameters()
        with thread_scope(self.n_jobs), progress_scope(self.progress) as progress:
            warn_of_slow_blas()
            X = check_points(self, X, reset=True)
            rows = canonical_rows(X, check_weights(sample_weight, len(X)))
            request = self._request(rows)
            if self._is_bounded:
                bounds = self._bounds(rows, request.n_leaves)
                nested = build_bounded(
                    rows, request.n_leaves, bounds, self.branching, request.plan,
                    unit=self.metric == "cosine", progress=progress,
                )  # fmt: skip
            else:
                nested = build(rows, request, unit=self.metric == "cosine", progress=progress)
            cells = Summary.of_rows(nested, rows)
            self._keep(nested, cells, rows, started, _CITATION, self._choices(request, nested))
        return self

    @property
    def _is_bounded(self) -> bool:
        told = self.n_clusters is not None and self.max_size is not None
        return told or self.min_size is not None or self.balance is not None

    def _request(self, rows: CanonicalRows) -> Request:
        n, distinct = len(rows.source), int(np.count_nonzero(rows.weight))
        if self.max_size is not None and not self._is_bounded:
            self._refuse_weights(rows, distinct < rows.n_distinct)
            self._refuse_repeated(rows, self.max_size, "max_size")
            n_leaves = leaves_for(n, distinct, self.max_size)
        else:
            n_leaves, _ = check_cells(self.n_clusters, distinct, n)
        plan = Plan(self.rows_per_cell, self.swaps, self.max_iter, self.tol, self.polish, self.resample)
        return Request(n_leaves, self.branching, None if self._is_bounded else self.max_size, plan)

    def _bounds(self, rows: CanonicalRows, k: int) -> Bounds:
        """The narrowest of all bounds that were asked for."""
        n = len(rows.source)
        self._refuse_weights(rows, bool((rows.weight != np.bincount(rows.inverse)).any()))
        low, high = self.min_size or 1, self.max_size or n
        if self.balance is not None:
            low = max(low, min(n // k, math.ceil(n / k / self.balance)))
            high = min(high, max(-(-n // k), math.floor(n / k * self.balance)))
        check_feasible(n, np.full(k, low), np.full(k, high))
        self._refuse_repeated(rows, high, "max_size" if self.balance is None else "balance")
        return Bounds(low, high, even=self.balance is not None)

    def _refuse_weights(self, rows: CanonicalRows, refused: bool) -> None:
        if refused:
            raise InvalidDataError(
                "Bounds on sizes count every row once, and rows have other weights (for max_size alone: 0).",
                name="sample_weight",
                hint="leave rows of weight 0 out of fit, and label them by predict; for other weights, give "
                "distances to centres to transport.assign(weights=…, capacity=…)",
            )

    def _refuse_repeated(self, rows: CanonicalRows, high: int, name: str) -> None:
        most = int(np.bincount(rows.inverse).max())
        if most > high:
            raise InfeasibleError(
                f"A row is repeated {most} times, and equal rows can't be in different cells.",
                f"max_size={most}, or drop repeated rows first",
                name=name,
                got=high,
            )

    def _choices(self, request: Request, nested: Nested) -> dict[str, Any]:
        """What the parameters left open."""
        choices: dict[str, Any] = {}
        if self.n_clusters is None:
            why = "as many as max_size needs" if request.max_size else "the square root of the distinct rows"
            choices["n_clusters"] = f"{len(nested.parent) - len(set(nested.parent[1:]))}: {why}"
        if self.branching is None and request.n_leaves > 1:
            choices["branching"] = f"{math.ceil(math.sqrt(request.n_leaves))}, then all cells at once"
        return choices
