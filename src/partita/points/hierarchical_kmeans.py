"""Nested k-means for vectors: cells within cells, each row in the cell of its nearest centre. For users."""

from __future__ import annotations

import math
import time
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partita import __version__
from partita._core.errors import InfeasibleError, InvalidDataError, InvalidParameterError
from partita._core.params import AnyOf, Flag, Instance, Integer, OneOf, Optional, Real, Rule, Seed
from partita._core.progress import Progress, progress_scope
from partita._core.threads import thread_scope
from partita.hierarchy import assemble
from partita.hierarchy.maker import InductiveMaker
from partita.hierarchy.record import MadeBy
from partita.points._input import CanonicalRows, canonical_rows, check_points, check_weights
from partita.points._nested import Nested, Request, build, leaves_for
from partita.points._summary import Summary

_CITATION = (
    "S. Lloyd, Least squares quantization in PCM, IEEE Trans. Inf. Theory 28 (1982), "
    "doi:10.1109/TIT.1982.1056489; "
    "D. Arthur, S. Vassilvitskii, k-means++: the advantages of careful seeding, SODA 2007"
)


class HierarchicalKMeans(InductiveMaker):
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
        Most rows in a cell of the finest level. Larger cells are divided again. Not with `n_clusters`.
    metric : {"euclidean", "cosine"}
        For cosine, rows and centres have length 1; rows of zeros lie at the origin.
    max_iter : int
        Most iterations of the refinement after the division from the top.
    tol : float
        The refinement ends when an iteration lowers the inertia by less than this share of it.
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
    Centres are learnt on a sample of 128 rows a cell, at least 32,768 (the first rows in the order of their
    hashes): from the top by greedy k-means++ and Lloyd's iterations, cells receiving children in proportion
    to their inertia (with `max_size`, to their weight), then by iterations over all cells in which a row
    re-checks the 64 cells around its own. All rows are then assigned once, each to the nearest of the cells
    around its group of cells; that finds the nearest of all centres for nearly all rows, and the same one in
    ``predict``.
    Time O(n k^0.5 d) for that, O(128 k^1.5 d) for learning; memory for the sample, and about 80 n bytes.

    The result doesn't depend on the order of rows, on `n_jobs` or `random_state`. ``predict`` on the training
    rows gives ``labels_``.

    References
    ----------
    S. Lloyd, Least squares quantization in PCM, IEEE Trans. Inf. Theory 28 (1982).
    https://doi.org/10.1109/TIT.1982.1056489

    D. Arthur and S. Vassilvitskii, k-means++: the advantages of careful seeding, SODA 2007.
    https://dl.acm.org/doi/10.5555/1283383.1283494

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
        "metric": OneOf(("euclidean", "cosine")),
        "max_iter": Integer(low=0),
        "tol": Real(low=0.0),
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
        metric: str = "euclidean",
        max_iter: int = 10,
        tol: float = 2e-3,
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.branching = branching
        self.max_size = max_size
        self.metric = metric
        self.max_iter = max_iter
        self.tol = tol
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
            A row of weight 2 counts as two rows; one of weight 0 is only labelled.

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
        if self.n_clusters is not None and self.max_size is not None:
            raise InvalidParameterError(
                "n_clusters and max_size can't both be kept by one division.",
                name="max_size",
                got=self.max_size,
                hint="give one of them; max_size chooses the number of cells itself",
            )
        with thread_scope(self.n_jobs), progress_scope(self.progress) as progress:
            X = check_points(self, X, reset=True)
            rows = canonical_rows(X, check_weights(sample_weight, len(X)))
            request = self._request(rows)
            nested = build(rows, request, unit=self.metric == "cosine", progress=progress)
            self._keep(nested, rows, request, started)
        return self

    def apply(self, X: Any) -> np.ndarray:
        """The leaf part of each row of `X`, intp[n]; for the training rows ``hierarchy_.item_part``."""
        check_is_fitted(self)
        with thread_scope(self.n_jobs):
            return self._part_of_node[self._nested.find(check_points(self, X, reset=False))]

    def _request(self, rows: CanonicalRows) -> Request:
        n, distinct = len(rows.source), int(np.count_nonzero(rows.weight))
        if self.max_size is not None:
            if distinct < rows.n_distinct:
                raise InvalidDataError(
                    "max_size counts every row, and some have weight 0.",
                    name="sample_weight",
                    hint="leave those rows out of fit, and label them by predict",
                )
            most = int(np.bincount(rows.inverse).max())
            if most > self.max_size:
                raise InfeasibleError(
                    f"A row is repeated {most} times, and equal rows can't be in different cells.",
                    f"max_size={most}, or drop repeated rows first",
                    name="max_size",
                    got=self.max_size,
                )
            n_leaves = leaves_for(n, distinct, self.max_size)
        else:
            n_leaves = int(np.ceil(np.sqrt(distinct))) if self.n_clusters is None else int(self.n_clusters)
        if n_leaves > distinct:
            raise InfeasibleError(
                f"n_clusters={n_leaves} is more than the {distinct} distinct rows of X (n_samples={n}).",
                f"n_clusters={distinct}",
                name="n_clusters",
                got=n_leaves,
            )
        return Request(n_leaves, self.branching, self.max_size, self.max_iter, self.tol)

    def _keep(self, nested: Nested, rows: CanonicalRows, request: Request, started: float) -> None:
        cells, frame = Summary(nested, rows), nested.root.nearest.frame
        with np.errstate(over="ignore"):
            self.inertia_ = float(np.float64(cells.cost) / frame.scale / frame.scale)
        self.n_iter_ = max(1, nested.n_iter)
        made_by = MadeBy(
            method=type(self).__name__,
            parameters=self._plain_parameters(),
            version=__version__,
            fingerprint=rows.fingerprint,
            choices=self._choices(request, cells),
            cost=self.inertia_,
            converged=bool(nested.converged),
            seconds=time.perf_counter() - started,
            citation=_CITATION,
        )
        hierarchy, self._part_of_node = assemble(
            nested.node,
            cells.parent,
            np.sqrt(cells.inertia) / frame.scale,
            levels=cells.levels(),
            part_data={
                "center": frame.undo(cells.centers).astype(rows.source.dtype),
                "radius": cells.radius / frame.scale,
            },
            item_rank=rows.rank,
            part_key=cells.centers,
            made_by=made_by,
        )
        self._nested = nested
        self._set_hierarchy(hierarchy)
        self.cluster_centers_ = hierarchy.part_data["center"][hierarchy.levels[-1]]

    def _choices(self, request: Request, cells: Summary) -> dict[str, Any]:
        """What the parameters left open."""
        choices: dict[str, Any] = {}
        if self.n_clusters is None:
            why = "as many as max_size needs" if self.max_size else "the square root of the distinct rows"
            choices["n_clusters"] = f"{int(cells.is_leaf.sum())}: {why}"
        if self.branching is None and request.n_leaves > 1:
            choices["branching"] = f"{math.ceil(math.sqrt(request.n_leaves))}, then all cells at once"
        return choices
