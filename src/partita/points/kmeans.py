"""Flat k-means for vectors: each row in the cell of its nearest centre; also block by block. For users."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import numpy as np

from partita._core.blas import warn_of_slow_blas
from partita._core.errors import InvalidParameterError
from partita._core.params import AnyOf, Flag, Instance, Integer, OneOf, Optional, Real, Rule, Seed
from partita._core.progress import Progress, progress_scope
from partita._core.threads import thread_scope
from partita.hierarchy.rows import canonical_rows, check_points, check_weights
from partita.points._cells import CellsMaker, check_cells
from partita.points._learn import Plan, patience, sample_size
from partita.points._nested import Request, build
from partita.points._stream import Stream
from partita.points._summary import Summary

_CITATION = (
    "S. Lloyd, Least squares quantization in PCM, IEEE Trans. Inf. Theory 28 (1982), "
    "doi:10.1109/TIT.1982.1056489; "
    "D. Arthur, S. Vassilvitskii, k-means++: the advantages of careful seeding, SODA 2007; "
    "T. Kaukoranta, P. Fränti, O. Nevalainen, Iterative split-and-merge algorithm for vector quantization "
    "codebook generation, Optical Engineering 37 (1998), doi:10.1117/1.601799"
)


class KMeans(CellsMaker):
    """Divide rows into cells, each row belonging to the nearest of all centres.

    *When to choose this*: you want a good flat division into a known number of cells, and every row, also
    those to come, in exactly its nearest cell. For thousands of cells, or cells within cells,
    ``HierarchicalKMeans`` learns the same centres and finds nearly all rows' nearest ones much faster.

    Parameters
    ----------
    n_clusters : int, optional
        Cells, exactly. Default: the square root of the number of distinct rows.
    metric : {"euclidean", "cosine"}
        For cosine, rows and centres have length 1; rows of zeros lie at the origin.
    swaps : int
        Most rounds in which centres that are hardly missed move into the largest cells.
    n_init : int, optional
        Starts, of which the best is kept. Default: up to 10 where that is cheap, otherwise 1 (see Notes).
    max_iter : int, optional
        Most of Lloyd's iterations after the swaps. Default: 300 where that is cheap, otherwise 10.
    tol : float, optional
        Iterations and passes end when one lowers the inertia by less than this share of it. Default: 0 where
        that is cheap, so that iterations go on until nothing is gained, otherwise 0.002.
    rows_per_cell : int
        Rows that are learnt from, for each cell (and at least 32,768 in all).
    polish : int
        Most passes over all rows after that, where there are more rows than were learnt from.
    random_state : None, int or generator
        Accepted, and without effect: nothing here is random.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, d)
        By label, in the type of the data.
    labels_ : int32[n]
        The cells of the rows of ``fit``; empty after ``fit_blocks`` and ``partial_fit``.
    inertia_ : float
        Sum of weighted squared distances to the centres (for cosine: of rows and centres of length 1). After
        ``fit_blocks``, that of the last pass; after ``partial_fit``, of the block before it moved centres.
    n_clusters_, n_iter_, n_features_in_ : int
    hierarchy_ : Hierarchy
        The root and the cells. ``part_data``: "center", and "radius" (root mean square distance to it).
    made_by_ : MadeBy

    Notes
    -----
    Centres are learnt as ``HierarchicalKMeans`` learns them, on a sample (the first rows in the order of
    their hashes), and moved in `polish` passes over all rows, in which a row looks for its nearest centre
    around its group of cells. The last assignment, and ``predict``, find the nearest of all centres: by
    products of float32 matrices, near-ties decided in float64. Where trial on some rows shows that it pays,
    bounds spare most centres, and leave every label as it would be: in few dimensions the distances among
    centres, in many those of projections to a few directions. Time O(n k d) at most for it; memory for the
    sample, O(k d), at most 3 KiB a centre for its neighbours, and about 80 n bytes.

    Cheap is what takes at most 2^23 products n k d, the distinct rows n all being in the sample: then every
    start goes to its end, and 2^23 / (n k d) of them, at most 10, are made, each from elsewhere in the order
    of rows. ``made_by_.choices`` tells what was chosen. Where the sample is all rows, these are ordered by
    hashes of their ranks along one direction, so that a factor on all values changes nothing but roundings.

    The result depends neither on the order of rows nor on `n_jobs` or `random_state`. In ``fit_blocks`` sums
    are whole numbers of small steps, so that the order of blocks leaves no trace either. ``partial_fit``
    depends on the order of its calls.

    References
    ----------
    S. Lloyd, Least squares quantization in PCM, IEEE Trans. Inf. Theory 28 (1982).
    https://doi.org/10.1109/TIT.1982.1056489

    T. Kaukoranta, P. Fränti and O. Nevalainen, Iterative split-and-merge algorithm for vector quantization
    codebook generation, Optical Engineering 37 (1998). https://doi.org/10.1117/1.601799

    J. Newling and F. Fleuret, Fast k-means with accurate bounds, ICML 2016.
    https://arxiv.org/abs/1602.02514

    D. Sculley, Web-scale k-means clustering, WWW 2010. https://doi.org/10.1145/1772690.1772862

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X = load_digits().data
    >>> cells = KMeans(n_clusters=10).fit(X)
    >>> cells.cluster_centers_.shape, len(cells.labels_)
    ((10, 64), 1797)
    >>> bool((cells.predict(X) == cells.labels_).all())
    True

    Rows that don't fit into memory come in blocks, as often as they are asked for:

    >>> def blocks():
    ...     for start in range(0, len(X), 500):
    ...         yield X[start : start + 500]
    >>> KMeans(n_clusters=10).fit_blocks(blocks).cluster_centers_.shape
    (10, 64)
    """

    _rules: ClassVar[dict[str, Rule]] = {
        "n_clusters": Optional(Integer(low=1)),
        "metric": OneOf(("euclidean", "cosine")),
        "swaps": Integer(low=0),
        "n_init": Optional(Integer(low=1)),
        "max_iter": Optional(Integer(low=0)),
        "tol": Optional(Real(low=0.0)),
        "rows_per_cell": Integer(low=1),
        "polish": Integer(low=0),
        "random_state": Seed(),
        "n_jobs": Optional(Integer()),
        "progress": Optional(AnyOf((Flag(), Instance((Progress,), "a partita Progress object")))),
    }

    def __init__(
        self,
        n_clusters: int | None = None,
        *,
        metric: str = "euclidean",
        swaps: int = 3,
        n_init: int | None = None,
        max_iter: int | None = None,
        tol: float | None = None,
        rows_per_cell: int = 128,
        polish: int = 3,
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.metric = metric
        self.swaps = swaps
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.rows_per_cell = rows_per_cell
        self.polish = polish
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> KMeans:
        """Divide the rows of `X`.

        Parameters
        ----------
        X : array-like of shape (n, d)
        y : ignored
        sample_weight : array-like of shape (n,), optional
            A row of weight 2 counts as two rows; one of weight 0 is only labelled.

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError, InvalidDataError
        InfeasibleError
            For more cells than distinct rows.
        """
        started = time.perf_counter()
        self._check_parameters()
        with thread_scope(self.n_jobs), progress_scope(self.progress) as progress:
            warn_of_slow_blas()
            X = check_points(self, X, reset=True)
            rows = canonical_rows(X, check_weights(sample_weight, len(X)))
            n_heavy = int(np.count_nonzero(rows.weight))
            k, choices = check_cells(self.n_clusters, n_heavy, len(X))
            plan = self._plan(n_heavy, k, X.shape[1])
            nested = build(rows, Request(k, None, None, plan, flat=True), unit=self._unit, progress=progress)
            cells = Summary.of_rows(nested, rows)
            self._keep(nested, cells, rows, started, _CITATION, choices | self._chosen(plan))
        self._stream: Stream | None = None
        return self

    def fit_blocks(self, blocks: Callable[[], Iterable[Any]]) -> KMeans:
        """Learn centres from rows that come in blocks: a memory map in pieces, files one after the other.

        Parameters
        ----------
        blocks : callable
            Returns an iterator over arrays of shape (b, d), or over pairs of such an array and the weights of
            its rows, float[b]. Called once to draw a sample, and once for each pass of `polish`.

        Returns
        -------
        self
            ``predict`` labels the rows, block by block. ``labels_`` is empty.

        Raises
        ------
        InvalidParameterError, InvalidDataError
        InfeasibleError
            For more cells than distinct rows.

        Notes
        -----
        Memory O(k d) and the sample (`rows_per_cell` rows a cell), beside one block. The sample, and with it
        the result, is that of ``fit`` on all blocks together, but for the rounding of the last sums.
        """
        started = time.perf_counter()
        self._check_parameters()
        if self.n_clusters is None:
            raise InvalidParameterError(
                "fit_blocks can't count the distinct rows beforehand.",
                name="n_clusters",
                allowed="an integer of at least 1",
                got=None,
            )
        with thread_scope(self.n_jobs), progress_scope(self.progress) as progress:
            stream = Stream.learn(self, blocks, self._plan, self._unit, progress)
            stream.polish(self, blocks, progress)
            self._keep_stream(stream, started)
        self._stream = None
        return self

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> KMeans:
        """Move the centres by one more block of rows; the first, of at least `n_clusters`, starts them.

        A centre ends at the mean of all rows that it has received, each as the centres stood then.

        Parameters
        ----------
        X : array-like of shape (b, d)
        y : ignored
        sample_weight : array-like of shape (b,), optional

        Returns
        -------
        self

        Raises
        ------
        InvalidParameterError, InvalidDataError
        InfeasibleError
            For more cells than distinct rows in the first block.
        """
        started = time.perf_counter()
        self._check_parameters()
        with thread_scope(self.n_jobs), progress_scope(self.progress) as progress:
            stream = getattr(self, "_stream", None)
            if stream is None:
                block = [(X, sample_weight)]
                stream = Stream.learn(self, lambda: block, self._plan, self._unit, progress)
            stream.move(self, X, sample_weight)
            self._keep_stream(stream, started)
        self._stream = stream
        return self

    @property
    def _unit(self) -> bool:
        return self.metric == "cosine"

    def _plan(self, n: int, k: int, d: int) -> Plan:
        whole = n < sample_size(self.rows_per_cell, k)
        n_init, max_iter, tol = patience(n, k, d, whole=whole)
        return Plan(
            rows_per_cell=self.rows_per_cell,
            swaps=self.swaps,
            max_iter=max_iter if self.max_iter is None else self.max_iter,
            tol=tol if self.tol is None else self.tol,
            polish=self.polish,
            n_init=n_init if self.n_init is None else self.n_init,
            whole=whole,
        )

    def _chosen(self, plan: Plan) -> dict[str, Any]:
        left = [name for name in ("n_init", "max_iter", "tol") if getattr(self, name) is None]
        return {name: getattr(plan, name) for name in left}

    def _keep_stream(self, stream: Stream, started: float) -> None:
        nested = stream.nested
        cells = Summary(nested, stream.of_nodes(stream.mass), stream.of_nodes(stream.inertia))
        self._keep(nested, cells, stream.no_rows, started, _CITATION, self._chosen(stream.plan))
