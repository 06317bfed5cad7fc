"""CurveClustering: curves observed at their own times, in clusters with mean processes, and forecasts."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from scipy.linalg import cho_solve
from sklearn.utils.validation import check_is_fitted

from partita import __version__
from partita._core.errors import InfeasibleError, InvalidDataError
from partita._core.memory import check_memory
from partita._core.params import AnyOf, Flag, Instance, Integer, Optional, Real, Rule, Seed
from partita._core.progress import Progress, progress_scope
from partita._core.threads import thread_scope
from partita.hierarchy import Cover, MadeBy, assemble
from partita.hierarchy.maker import InductiveMaker
from partita.points._curves import Curves, Forecast, read_curve, read_curves
from partita.points._mean_processes import Curve, Fit, Kernel, fit_processes, place_curve
from partita.points.kmeans import KMeans

_CITATION = (
    "A. Leroy, P. Latouche, B. Guedj, S. Gey, Cluster-specific predictions with multi-task Gaussian "
    "processes, JMLR 24 (2023), arXiv:2011.07866"
)
_START_LENGTHS = (0.1, 0.4)
_START_NOISE = 0.1
_COPIES = 8


class CurveClustering(InductiveMaker):
    """Clusters of curves, each observed at its own times, and forecasts that know the clusters.

    Each cluster has a mean process, known with an uncertainty; a curve is the process of its cluster plus a
    Gaussian process of its own plus noise. A curve's future is forecast from its own past and from what the
    curves of its cluster did.

    *When to choose this*: tens to hundreds of series or growth curves with irregular times, where curves
    share shapes and one is to be continued. Choose `KMeans` for long series on a common grid.

    Parameters
    ----------
    n_clusters : int
    max_iter : int
        Most iterations of the variational EM.
    tol : float
        It ends when the bound of the evidence changes by less than this for a curve.
    max_times : int
        Most distinct times; time grows with the cube of their number.
    random_state : None, int or generator
        Accepted, and without effect: nothing here is random.
    n_jobs : int, optional
        Threads; the result is the same for any number.
    progress : bool or Progress, optional
        True shows progress bars on standard error.

    Attributes
    ----------
    hierarchy_ : Hierarchy
        The root and the clusters; heights are root mean square distances of values to the mean process (at
        the root, to the mean).
    labels_ : int32[m]
        Of the curves.
    n_clusters_ : int
        Clusters that the likeliest labels use, at most `n_clusters`.
    membership_ : Cover
        Probabilities of the curves in the clusters.
    times_ : float64[g]
        All distinct times.
    cluster_means_, cluster_variances_ : float64 (k, g)
        Mean processes, by label.
    lower_bound_ : float
        Of the log evidence.
    n_iter_ : int
    made_by_ : MadeBy

    Notes
    -----
    Model, variational EM and prediction follow MagmaClust (Leroy et al.): squared exponential kernels, one
    for all mean processes and one, with noise, shared by all curves; hyperparameters by L-BFGS. Prior means
    are 0 after the values are centred. The starts (k-means of curves smoothed in two ways, of which the
    higher bound is kept) are ours, as is that hyperparameters move only a few steps in each iteration.

    Time ``O(K g^3)`` and ``O(sum p_i^3)`` an iteration for g distinct times and p_i observations of curve i.
    Memory ``O(K g^2)``. The result depends neither on the order of the curves nor on that of their times.

    References
    ----------
    A. Leroy, P. Latouche, B. Guedj and S. Gey, Cluster-specific predictions with multi-task Gaussian
    processes, Journal of Machine Learning Research 24 (2023). https://arxiv.org/abs/2011.07866

    Examples
    --------
    >>> import numpy as np
    >>> from partita.points import CurveClustering
    >>> rng = np.random.default_rng(0)
    >>> def curve(i):
    ...     t = np.sort(rng.choice(20, 8, replace=False)) / 2
    ...     return t, (np.sin(t) if i % 2 else 0.5 * t - 2) + rng.normal(0, 0.1, 8)
    >>> found = CurveClustering(n_clusters=2).fit([curve(i) for i in range(12)])
    >>> bool((found.labels_[::2] == found.labels_[0]).all()), len(set(found.labels_[:2]))
    (True, 2)
    >>> ahead = found.forecast(([0.0, 1.0, 2.0], [0.0, 0.84, 0.91]), [4.5])
    >>> bool(abs(ahead.mean[0] - np.sin(4.5)) < 0.3), ahead.interval(0.9)[0].shape
    (True, (1,))
    """

    _rules: ClassVar[Mapping[str, Rule]] = {
        "n_clusters": Integer(low=1),
        "max_iter": Integer(low=1),
        "tol": Real(low=0.0),
        "max_times": Integer(low=1),
        "random_state": Seed(),
        "n_jobs": Optional(Integer()),
        "progress": Optional(AnyOf((Flag(), Instance((Progress,), "a partita Progress object")))),
    }

    def __init__(
        self,
        n_clusters: int = 2,
        *,
        max_iter: int = 40,
        tol: float = 1e-3,
        max_times: int = 300,
        random_state: Any = None,
        n_jobs: int | None = None,
        progress: bool | Progress | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.max_iter = max_iter
        self.tol = tol
        self.max_times = max_times
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Sequence[Any], y: Any = None) -> CurveClustering:
        """Find clusters among curves.

        Parameters
        ----------
        X : sequence of curves
            Each a pair (times, values) of the same length, or an array of shape (p, 2) with p above 2; the
            times may differ from curve to curve, and repeat.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        InvalidDataError
            For what is no curve, NaN and infinity (with curve and observation).
        InvalidParameterError
        InfeasibleError
            For more clusters than distinct curves, or more than `max_times` distinct times.
        BudgetError
        """
        started = time.perf_counter()
        self._check_parameters()
        with thread_scope(self.n_jobs), progress_scope(self.progress) as progress:
            read = read_curves(X, self.max_times)
            self._check_size(read)
            fits = [self._fit_from(read, start, progress) for start in self._starts(read)]
            self._keep(read, max(fits, key=lambda fit: fit.bound), started)
        return self

    def apply(self, X: Sequence[Any]) -> np.ndarray:
        """The part of each curve of `X`, intp[m]; ``hierarchy_.item_part`` in training."""
        return self.hierarchy_.levels[-1][self.predict_proba(X).argmax(axis=1)]

    def predict_proba(self, X: Sequence[Any]) -> np.ndarray:
        """Probabilities of the curves of `X` in the clusters, float64 (m, k)."""
        check_is_fitted(self)
        with thread_scope(self.n_jobs):
            curves = [self._seen(item, f"Curve {i}") for i, item in enumerate(X)]
            placed = [place_curve(curve, self._model, self._grid) for curve in curves]
        return np.array(placed).reshape(-1, self.n_clusters_)

    def forecast(self, curve: Any, times: Any) -> Forecast:
        """What a curve will be, or was, at other times.

        Parameters
        ----------
        curve : a curve as for ``fit``, or None
            What is known of it; None: nothing.
        times : array-like of float, shape (e,)

        Returns
        -------
        Forecast
            ``mean``, ``variance``, ``interval(level)``, and the same for each cluster.

        Raises
        ------
        InvalidDataError
        """
        check_is_fitted(self)
        wanted = np.atleast_1d(np.asarray(times, dtype=np.float64))
        if wanted.ndim != 1 or not np.isfinite(wanted).all():
            raise InvalidDataError("Times are finite numbers.", name="times", allowed="shape (e,)")
        nothing = Curve(np.empty(0), np.empty(0), np.empty(0, np.intp))
        with thread_scope(self.n_jobs):
            known = nothing if curve is None else self._seen(curve, "The curve")
            probability, mean, variance = self._ahead(known, self._units.times(wanted))
        unit = self._units
        return Forecast(wanted, probability, unit.middle + unit.spread * mean, unit.spread**2 * variance)

    def _ahead(self, known: Curve, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Probabilities of the clusters, and means and variances for each at the wanted times, in units."""
        model, p = self._model, len(known.time)
        times = np.append(known.time, wanted)
        distinct, at = np.unique(times, return_inverse=True)
        extra = distinct[~np.isin(distinct, self._grid)]
        means, covariances = model.mean_processes(self._grid, extra)
        everywhere = np.append(self._grid, extra)
        place = np.argsort(everywhere, kind="stable")[np.searchsorted(np.sort(everywhere), distinct)][at]
        own = model.own_kernel.noisy(times)
        scores, mean, variance = np.log(np.maximum(model.share, 1e-300)), [], []
        for k in range(len(model.share)):
            whole = own + covariances[k][np.ix_(place, place)]
            center = means[k][place]
            lower = np.linalg.cholesky(whole[:p, :p]), True
            away = known.value - center[:p]
            solved = cho_solve(lower, whole[:p, p:]) if p else np.empty((0, len(wanted)))
            scores[k] -= float(np.log(np.diagonal(lower[0])).sum())
            scores[k] -= 0.5 * float(away @ cho_solve(lower, away)) if p else 0.0
            mean.append(center[p:] + solved.T @ away)
            variance.append(np.diagonal(whole)[p:] - np.einsum("pe,pe->e", whole[:p, p:], solved))
        weight = np.exp(scores - scores.max())
        return weight / weight.sum(), np.stack(mean), np.maximum(np.stack(variance), 1e-12)

    def _seen(self, item: Any, which: str) -> Curve:
        times, values = read_curve(item, which)
        seen = self._units.times(times)
        return Curve(seen, self._units.values(values), np.zeros(len(seen), np.intp))

    def _check_size(self, read: Curves) -> None:
        distinct = int(read.rank.max()) + 1
        if self.n_clusters > distinct:
            raise InfeasibleError(
                f"n_clusters={self.n_clusters} is more than the {distinct} distinct curves.",
                f"n_clusters={distinct}",
                name="n_clusters",
                got=self.n_clusters,
            )
        g = len(read.grid)
        check_memory(
            8 * _COPIES * self.n_clusters * g * g,
            what=f"Covariances of {self.n_clusters} mean processes at {g:,} times",
            alternative="round the times",
        )

    def _starts(self, read: Curves) -> list[np.ndarray]:
        """Probabilities by k-means of smoothed curves, for two degrees of smoothing."""
        starts: list[np.ndarray] = []
        for length in _START_LENGTHS:
            kernel = Kernel(0.0, float(np.log(length)), float(np.log(_START_NOISE)))
            smooth = np.stack([_smoothed(curve, kernel, read.grid) for curve in read.curves])
            k = min(self.n_clusters, len(np.unique(smooth, axis=0)))
            labels = KMeans(n_clusters=k).fit(smooth).labels_
            starts.append(np.eye(self.n_clusters)[labels])
        same = (starts[0] == starts[1]).all()
        return starts[:1] if same else starts

    def _fit_from(self, read: Curves, start: np.ndarray, progress: Progress) -> Fit:
        length, noise = float(np.log(0.2)), float(np.log(_START_NOISE))
        kernels = Kernel(0.0, length), Kernel(noise, length, noise)
        return fit_processes(read.curves, read.grid, start, kernels, self.max_iter, self.tol, progress)

    def _keep(self, read: Curves, fit: Fit, started: float) -> None:
        """Make the hierarchy, and set the fitted attributes."""
        used, label = np.unique(fit.probability.argmax(axis=1), return_inverse=True)
        means, _ = fit.model.mean_processes(read.grid, np.empty(0))
        item_label = np.empty(len(label), np.intp)
        item_label[read.order] = label
        K = len(used)
        hierarchy, new_id = assemble(
            item_label + 1,
            np.append(-1, np.zeros(K, np.intp)),
            read.units.spread * _heights(read.curves, label, means[used]),
            levels=[np.arange(1, K + 1)],
            item_rank=read.rank,
            part_key=np.append(0.0, fit.model.share[used]),
            made_by=self._record(read, fit, K, started),
            repair=True,
        )
        self._set_hierarchy(hierarchy)
        columns = used[np.argsort(new_id[1:])]
        model = fit.model
        share = model.share[columns] / model.share[columns].sum()
        self._model = replace(
            model, share=share, precision=model.precision[columns], pull=model.pull[columns]
        )
        self._grid, self._units = read.grid, read.units
        self._keep_processes(fit, read)
        probability = np.empty((len(label), K))
        probability[read.order] = fit.probability[:, columns]
        probability /= probability.sum(axis=1, keepdims=True)
        self.membership_ = Cover(probability, hierarchy=hierarchy, parts=hierarchy.levels[-1])

    def _keep_processes(self, fit: Fit, read: Curves) -> None:
        unit = read.units
        means, covariances = self._model.mean_processes(read.grid, np.empty(0))
        self.times_ = unit.start + unit.span * read.grid
        self.cluster_means_ = unit.middle + unit.spread * means
        self.cluster_variances_ = unit.spread**2 * np.diagonal(covariances, axis1=1, axis2=2).copy()
        self.lower_bound_, self.n_iter_ = fit.bound, fit.n_iter

    def _record(self, read: Curves, fit: Fit, K: int, started: float) -> MadeBy:
        own, mean, unit = fit.model.own_kernel, fit.model.mean_kernel, read.units
        notes = [] if self.n_clusters == K else [f"{self.n_clusters - K} clusters were left without curves"]
        return MadeBy(
            method=type(self).__name__,
            parameters=self._plain_parameters(),
            version=__version__,
            fingerprint=read.fingerprint,
            choices={
                "mean length": unit.span * float(np.exp(mean.length)),
                "mean deviation": unit.spread * float(np.exp(0.5 * mean.variance)),
                "own length": unit.span * float(np.exp(own.length)),
                "own deviation": unit.spread * float(np.exp(0.5 * own.variance)),
                "noise deviation": unit.spread * float(np.exp(0.5 * own.noise)),
            },
            cost=-fit.bound,
            converged=fit.converged,
            seconds=time.perf_counter() - started,
            citation=_CITATION,
            notes=tuple(notes),
        )


def _smoothed(curve: Curve, kernel: Kernel, grid: np.ndarray) -> np.ndarray:
    """The posterior mean of one curve alone, on the grid."""
    factor = np.linalg.cholesky(kernel.noisy(curve.time)), True
    return np.asarray(kernel.matrix(grid, curve.time) @ cho_solve(factor, curve.value))


def _heights(curves: list[Curve], label: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Root mean square distances of values: at the root to their mean, in clusters to the mean process."""
    squares, counts = np.zeros(len(means) + 1), np.zeros(len(means) + 1)
    for curve, own in zip(curves, label):
        squares[0] += float((curve.value**2).sum())
        squares[own + 1] += float(((curve.value - means[own][curve.place]) ** 2).sum())
        counts[[0, own + 1]] += len(curve.time)
    return np.sqrt(squares / counts)
