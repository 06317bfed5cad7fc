"""TopologicalClustering: points told apart by the components, loops and cavities that they are part of."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from scipy.spatial import KDTree
from sklearn.utils.validation import check_is_fitted

from partita import __version__
from partita._core.errors import InfeasibleError
from partita._core.memory import check_memory
from partita._core.params import AnyOf, Flag, Instance, Integer, Optional, Real, Rule, Seed
from partita._core.progress import Progress, progress_scope
from partita._core.threads import thread_scope
from partita.hierarchy import MadeBy, assemble
from partita.hierarchy.maker import InductiveMaker
from partita.hierarchy.rows import canonical_rows, check_points
from partita.points._complex import Features, Filtration, alpha_filtration, choose_scale, persistence
from partita.points._framed import frame_rows
from partita.points._hodge import MOST_HOLES, Signatures, sign_points
from partita.points.kmeans import KMeans

_CITATION = "V. P. Grande, M. T. Schaub, Topological point cloud clustering, ICML 2023, arXiv:2303.16716"
_MOST_DIRECTIONS = 3
_FLAT = 1e-6
_BYTES_A_ROW = 60_000
_DOMINANT = 0.4
_FEWEST = 0.02


class TopologicalClustering(InductiveMaker):
    """Parts of a point cloud by the shapes that points help to make: which component, loop or cavity.

    Points within a scale of each other are joined to edges, triangles and tetrahedra. Loops and cavities of
    this complex are found as the harmonic vectors of its Hodge Laplacians; a point's signature is the share
    of its edges and triangles that run along each. Points with like signatures are a part: a handle, a
    sphere, the bridge between two spheres.

    *When to choose this*: points in the plane or in space lie on curves and surfaces that touch or cross, so
    that neither distance nor density tells them apart, but holes do. Choose `HDBSCAN` where parts have no
    holes, and another method beyond three directions.

    Parameters
    ----------
    n_clusters : int, optional
        Default: the combinations of component, loop and cavity that at least 2 % of the points have.
    scale : float, optional
        The radius of the complex: two points are joined at a distance of twice that, unless others are in
        between. Default: where the most persistent loops and cavities live.
    random_state : None, int or generator
        Accepted, and without effect: nothing here is random.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Attributes
    ----------
    hierarchy_ : Hierarchy
        The root and the parts; all have the height `scale_`.
    labels_ : int32[n]
    n_clusters_ : int
        Fewer than `n_clusters` where there are fewer different signatures.
    scale_ : float
    betti_numbers_ : tuple of int
        Components, loops and cavities of the complex at `scale_`.
    signatures_ : float64 (n, c)
        Components first, then loops, then cavities.
    n_features_in_ : int
    made_by_ : MadeBy
        ``certificates``: "residual", how far the harmonic vectors are from the kernels.

    Notes
    -----
    Complex, Hodge Laplacians, harmonic vectors, subspace clustering of simplices, signatures and their
    k-means follow Grande and Schaub. The alpha complex in place of a Vietoris-Rips complex, the scale by
    persistence, sign-free k-means of directions as subspace clustering (lines are added until they hold .9 of
    the squared lengths), components of fewer than 2 % of the points left out of signatures, and the default
    of `n_clusters` are ours. More than 32 loops, or cavities, are noise rather than shape: they are left out,
    with a note in ``made_by_``.

    Equal rows are one. Time: that of the Delaunay triangulation, of the reduction of its boundary matrices
    (cubic at worst, nearly linear as a rule), and of a sparse factorization. Memory about 60 KB a row.
    ``predict`` gives a row the label of its nearest row in the data.

    References
    ----------
    V. P. Grande and M. T. Schaub, Topological point cloud clustering, ICML 2023.
    https://arxiv.org/abs/2303.16716

    Examples
    --------
    >>> import numpy as np
    >>> from partita.points import TopologicalClustering
    >>> turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    >>> ring = np.column_stack([np.cos(turn), np.sin(turn)])
    >>> line = np.column_stack([np.linspace(1.1, 3, 30), np.zeros(30)])
    >>> found = TopologicalClustering().fit(np.concatenate([ring, line]))
    >>> found.betti_numbers_, np.bincount(found.labels_).tolist()
    ((1, 1, 0), [60, 30])
    """

    _rules: ClassVar[Mapping[str, Rule]] = {
        "n_clusters": Optional(Integer(low=1)),
        "scale": Optional(Real(low=0.0, open_low=True)),
        "random_state": Seed(),
        "n_jobs": Optional(Integer()),
        "progress": Optional(AnyOf((Flag(), Instance((Progress,), "a partita Progress object")))),
    }

    def __init__(
        self,
        n_clusters: int | None = None,
        *,
        scale: float | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.scale = scale
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, y: Any = None) -> TopologicalClustering:
        """Divide the points `X`.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Points that span at most three directions.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        InvalidDataError
            NaN, infinity, wrong shape (with row and column).
        InvalidParameterError
        InfeasibleError
            For rows that span more than three directions, and more parts than distinct rows.
        BudgetError
        """
        started = time.perf_counter()
        self._check_parameters()
        with thread_scope(self.n_jobs), progress_scope(self.progress) as progress:
            X = check_points(self, X, reset=True)
            self._framed = frame_rows(X, None)
            points = _spanned(self._framed.rows.points)
            self._check_size(*points.shape)
            label, signed = self._divide(points, progress)
            self._keep(label, signed, canonical_rows(X).fingerprint, started)
        return self

    def apply(self, X: Any) -> np.ndarray:
        """The part of each row of `X`, intp[n]; ``hierarchy_.item_part`` in training."""
        check_is_fitted(self)
        with thread_scope(self.n_jobs):
            seen = self._framed.see(check_points(self, X, reset=False))
            _, nearest = KDTree(self._framed.rows.points).query(seen)
        return self._row_part[nearest]

    def _check_size(self, u: int, r: int) -> None:
        if r > _MOST_DIRECTIONS:
            raise InfeasibleError(
                f"The rows of X span {r} directions, more than the {_MOST_DIRECTIONS} of space.",
                "reduce them first (sklearn.decomposition.PCA(n_components=3))",
                name="X",
                got=f"{r} directions",
            )
        if self.n_clusters is not None and self.n_clusters > u:
            raise InfeasibleError(
                f"n_clusters={self.n_clusters} is more than the {u} distinct rows of X.",
                f"n_clusters={u}",
                name="n_clusters",
                got=self.n_clusters,
            )
        check_memory(
            _BYTES_A_ROW * u, what=f"The complex of {u:,} points", alternative="take a sample of the rows"
        )

    def _divide(self, points: np.ndarray, progress: Progress) -> tuple[np.ndarray, Signatures]:
        """Labels and signatures of the distinct rows; sets what was chosen."""
        u, unit = len(points), self._framed.scale * self._framed.factor
        self._choices: dict[str, Any] = {}
        self.scale_ = self.scale or 0.0
        if not points.shape[1]:
            return np.zeros(u, np.intp), Signatures(np.ones((u, 1)), (1,), (1,), 0.0)
        progress.start("complex and its persistence", None)
        filtration: Filtration = alpha_filtration(points)
        features: Features = persistence(filtration)
        scale = None if self.scale is None else self.scale * unit
        if scale is None:
            scale, why = choose_scale(features)
            self.scale_ = scale / unit
            self._choices["scale"] = f"{self.scale_:g}: {why}"
        progress.start("harmonic vectors", None)
        signed = sign_points(filtration, features, scale)
        k = self.n_clusters
        if k is None:
            k = _count_kinds(signed)
            self._choices["n_clusters"] = f"{k}: combinations that at least 2 % of the points have"
        k = min(k, len(np.unique(signed.shares, axis=0)))
        return KMeans(n_clusters=k).fit(signed.shares).labels_.astype(np.intp), signed

    def _keep(self, label: np.ndarray, signed: Signatures, fingerprint: str, started: float) -> None:
        """Make the hierarchy, and set the fitted attributes."""
        rows, k = self._framed.rows, int(label.max()) + 1
        hierarchy, new_id = assemble(
            (label + 1)[rows.inverse],
            np.append(-1, np.zeros(k, np.intp)),
            np.full(k + 1, self.scale_),
            levels=[np.arange(1, k + 1)],
            item_rank=rows.rank,
            made_by=MadeBy(
                method=type(self).__name__,
                parameters=self._plain_parameters(),
                version=__version__,
                fingerprint=fingerprint,
                choices=self._choices,
                seconds=time.perf_counter() - started,
                citation=_CITATION,
                certificates={"residual": signed.residual},
                notes=tuple(
                    f"{count} holes of dimension {dimension} were too many to tell apart"
                    for dimension, count in enumerate(signed.betti)
                    if dimension and count > MOST_HOLES
                ),
            ),
        )
        self._set_hierarchy(hierarchy)
        self._row_part = new_id[label + 1]
        self.betti_numbers_ = signed.betti
        self.signatures_ = signed.shares[rows.inverse]


def _spanned(points: np.ndarray) -> np.ndarray:
    """Points in the directions that they span, float64 (u, r)."""
    apart = points - points.mean(axis=0)
    if not apart.any():
        return np.empty((len(points), 0))
    _, extent, directions = np.linalg.svd(apart, full_matrices=False)
    spanned = extent > _FLAT * extent[0]
    if spanned.sum() == points.shape[1]:
        return points
    return np.ascontiguousarray(apart @ directions[spanned].T)


def _count_kinds(signed: Signatures) -> int:
    """How many combinations of component, loop and cavity a fair number of points have."""
    first, kinds = 0, []
    for columns in signed.n_lines:
        own = signed.shares[:, first : first + columns]
        first += columns
        if columns:
            kinds.append(np.where(own.max(axis=1) >= _DOMINANT, own.argmax(axis=1), -1))
    _, count = np.unique(np.column_stack(kinds), axis=0, return_counts=True) if kinds else ((), np.ones(1))
    return max(1, int((count >= max(2, _FEWEST * len(signed.shares))).sum()))
