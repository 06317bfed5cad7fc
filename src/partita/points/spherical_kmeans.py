"""Spherical k-means for sparse vectors, such as TF-IDF: cells of rows by their angles. For users."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from partita import __version__
from partita._core.errors import InfeasibleError
from partita._core.params import AnyOf, Flag, Instance, Integer, Optional, Real, Rule, Seed
from partita._core.progress import Progress, progress_scope
from partita._core.threads import thread_scope
from partita.hierarchy import assemble
from partita.hierarchy.maker import InductiveMaker
from partita.hierarchy.record import MadeBy
from partita.hierarchy.rows import check_weights
from partita.points._sparse_input import (
    Directions,
    canonical_directions,
    check_sparse_points,
    unit_sparse_rows,
)
from partita.points._spherical_model import Fitted, learn

_CITATION = (
    "J. Knittel, S. Koch, T. Ertl, Efficient sparse spherical k-means for document clustering, DocEng 2021, "
    "arXiv:2108.00895; I. S. Dhillon, D. S. Modha, Concept decompositions for large sparse text data using "
    "clustering, Machine Learning 42 (2001), doi:10.1023/A:1007612920971"
)


class SphericalKMeans(InductiveMaker):
    """Divide rows into cells by cosine, each row belonging to the centre at the smallest angle.

    *When to choose this*: rows are sparse (TF-IDF, bags of words, counts), and cells are many. For dense rows
    ``HierarchicalKMeans(metric="cosine")`` is faster; dense rows are taken here too, and give the same as the
    same rows stored sparsely.

    Parameters
    ----------
    n_clusters : int, optional
        Cells, exactly. Default: the square root of the number of distinct directions.
    max_iter : int
        Most iterations of each of the three runs (see Notes); only the first is made where that is too few
        for it. Late ones cost next to nothing, so that there is little to save.
    tol : float
        Stop when an iteration lowers the inertia by no more than this share of it. Default 0: go on until no
        row changes its cell.
    random_state : None, int or generator
        Accepted, and without effect: nothing here is random.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Attributes
    ----------
    hierarchy_ : Hierarchy
        The root and its cells. ``height`` is the square root of a part's inertia; ``part_data``: "radius"
        (root mean square distance of unit rows to the centre) and, for dense data, "center".
    labels_ : int32[n]
        Rows of zeros have no direction; all of them are in part 0, the largest.
    n_clusters_ : int
    cluster_centers_ : ndarray or csr_matrix of shape (k, d)
        Of length 1, by label; sparse when the data are. A centre whose rows cancel is zero.
    inertia_ : float
        Weighted sum of 1 - cosine of rows and centres; a row of zeros counts 1.
    n_iter_ : int
        Of all runs that led to the result.
    n_features_in_ : int
    made_by_ : MadeBy
        ``notes`` say how many rows of zeros there were.

    Notes
    -----
    Iterations give what plain Lloyd iterations give, bit for bit: every similarity is the same float64 sum,
    taken only where it can matter. An inverted index over the sparse centres gives the sums over rare
    columns; the Cauchy-Schwarz bound of what frequent columns can add closes nearly all centres; a row that
    is at least as similar to its centre as before is compared only with the centres that changed [1]_. The
    start is greedy k-means++ with a fixed sequence in the place of random numbers, on at most 65,536 rows (32
    a cell where that is more), in the order of their hashes. Where directions have come to rest, iterations
    go on with means for centres (until one gains less than 0.03 %), and then with directions again: the
    result is what these end with, if that has a lower inertia.

    Time for an iteration: nnz times the mean length of a list of centres, at most O(nnz k). Memory: O(nnz),
    and 8 k bytes for each of the frequent columns, at most 64 MiB.

    The result doesn't depend on the order of rows, on `n_jobs` or `random_state`. ``predict`` on the training
    rows gives ``labels_``. Values may be negative.

    References
    ----------
    .. [1] J. Knittel, S. Koch, T. Ertl, Efficient sparse spherical k-means for document clustering, DocEng
       2021. https://arxiv.org/abs/2108.00895
    .. [2] I. S. Dhillon, D. S. Modha, Concept decompositions for large sparse text data using clustering,
       Machine Learning 42 (2001). https://doi.org/10.1023/A:1007612920971

    Examples
    --------
    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> texts = ["red apple", "red apple pie", "fast car", "fast red car", "apple pie", "car"]
    >>> X = TfidfVectorizer().fit_transform(texts)
    >>> cells = SphericalKMeans(n_clusters=2).fit(X)
    >>> cells.labels_.tolist()
    [0, 0, 1, 1, 0, 1]
    >>> cells.cluster_centers_.shape
    (2, 5)
    """

    _rules: ClassVar[dict[str, Rule]] = {
        "n_clusters": Optional(Integer(low=1)),
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
        max_iter: int = 100,
        tol: float = 0.0,
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> SphericalKMeans:
        """Divide the rows of `X`.

        Parameters
        ----------
        X : sparse matrix or array-like of shape (n, d)
            Any sparse format; columns of a row in any order, repeated ones are added up.
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
            For more cells than distinct directions that float64 can tell apart.
        """
        started = time.perf_counter()
        self._check_parameters()
        with thread_scope(self.n_jobs), progress_scope(self.progress) as progress:
            rows, is_sparse, dtype = check_sparse_points(self, X, reset=True)
            found = canonical_directions(rows, check_weights(sample_weight, len(rows)))
            k = self._n_cells(int(np.count_nonzero((found.weight > 0) & ~found.is_zero)))
            fitted = learn(found, k, max_iter=self.max_iter, tol=self.tol, progress=progress)
        if fitted.model.n_cells < k and self.n_clusters is not None:
            raise InfeasibleError(
                f"{k} cells are wanted, and cosines in float64 can tell only {fitted.model.n_cells} apart.",
                f"n_clusters={fitted.model.n_cells}",
                name="n_clusters",
                got=k,
            )
        self._keep(fitted, found, is_sparse, dtype, started)
        return self

    def apply(self, X: Any) -> np.ndarray:
        """The part of each row of `X`, intp[n]; for the training rows ``hierarchy_.item_part``."""
        check_is_fitted(self)
        with thread_scope(self.n_jobs):
            rows, _, _ = check_sparse_points(self, X, reset=False)
            cells = self._model.find(unit_sparse_rows(rows))
        return self._part_of_cell[cells.labels]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _n_cells(self, n_directions: int) -> int:
        if self.n_clusters is None:
            return max(1, int(np.ceil(np.sqrt(n_directions))))
        if self.n_clusters > max(1, n_directions):
            raise InfeasibleError(
                f"n_clusters={self.n_clusters} is more than the {n_directions} distinct directions of X.",
                f"n_clusters={max(1, n_directions)}",
                name="n_clusters",
                got=self.n_clusters,
            )
        return int(self.n_clusters)

    def _keep(
        self, fitted: Fitted, found: Directions, is_sparse: bool, dtype: np.dtype, started: float
    ) -> None:
        """Make the hierarchy, and set the fitted attributes."""
        model, k = fitted.model, fitted.model.n_cells
        self.inertia_, self.n_iter_ = float(fitted.inertia.sum()), max(1, fitted.n_iter)
        matrix = model.matrix(model.centers, dtype)
        part_of_cell = np.arange(k) + (k > 1)
        inertia = np.concatenate([[fitted.whole], fitted.inertia]) if k > 1 else fitted.inertia
        mass = np.concatenate([[fitted.mass.sum()], fitted.mass]) if k > 1 else fitted.mass
        part_data = {"radius": np.sqrt(2.0 * inertia / mass)}
        if not is_sparse:
            mean = model.matrix(fitted.mean, dtype).toarray()
            part_data["center"] = np.concatenate([mean, matrix.toarray()]) if k > 1 else matrix.toarray()
        hierarchy, new_id = assemble(
            part_of_cell[fitted.labels[found.inverse]],
            np.r_[-1, np.zeros(len(inertia) - 1, np.intp)],
            np.sqrt(inertia),
            levels=[part_of_cell],
            part_data=part_data,
            item_rank=found.inverse,
            made_by=self._record(fitted, found, started),
        )
        self._set_hierarchy(hierarchy)
        self._part_of_cell = new_id[part_of_cell]
        cell_of_label = np.argsort(self._part_of_cell)
        model.zero_cell = int(cell_of_label[0])
        centers = matrix[cell_of_label]
        self.cluster_centers_ = centers if is_sparse else centers.toarray()
        self._model = model

    def _record(self, fitted: Fitted, found: Directions, started: float) -> MadeBy:
        choices, notes = {}, []
        if self.n_clusters is None:
            choices["n_clusters"] = f"{fitted.model.n_cells}: the square root of the distinct directions"
        zeros = int(np.count_nonzero(found.is_zero[found.inverse]))
        if zeros:
            notes.append(f"{zeros} rows of zeros have no direction; they are in part 0 of the finest level")
        return MadeBy(
            method=type(self).__name__,
            parameters=self._plain_parameters(),
            version=__version__,
            fingerprint=found.fingerprint,
            choices=choices,
            cost=self.inertia_,
            converged=bool(fitted.converged),
            seconds=time.perf_counter() - started,
            citation=_CITATION,
            notes=tuple(notes),
        )
