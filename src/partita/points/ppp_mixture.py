"""A Gaussian mixture; the data choose its components, their number and their shape. For ``points.ppp``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from partita.kernels.bisect import cell_moments, cells_divide
from partita.kernels.mixture import gaussian_linkage
from partita.points.ppp_shapes import Full, Prior, Round, Rows, Shape, Tied, log_constants

_MOST_CELLS = 512
_CELLS_OF_A_COMPONENT = 128
_LINKAGE_WORK = 6e9
_MOST_COMPONENTS = 160
_ROWS_A_COMPONENT = 5
_FEW_DIRECTIONS = 12
_MOST_SQUARES = 1.2e7
_LOOK_AHEAD = 32
_ROUNDS = 12
_SMALLEST_TRIED = 6
_WORST = 0.1
_BORN_ROWS = 12
_MOST_BORN = 40
_HOPE = 3.0
_MAX_ITER = 100
_TOL = 1e-5
_SEARCH_ITER = 15
_SEARCH_TOL = 5e-4
_LEAST_WEIGHT = 1e-3
_LEAST_GAIN = 1.0
_DIRECTIONS_A_ROW = 4.0


@dataclass(frozen=True)
class Mixture:
    """Gaussians with weights that sum to one.

    Attributes
    ----------
    shape : {"full", "tied", "round"}
        Whether each component has its covariance, all share one, or each has a multiple of the identity.
    weight : float64[k]
    mean : float64 (k, r)
    whitener : float64 (k, r, r)
        Inverse of the lower Cholesky factor of each covariance.
    posterior : float64 (s, k)
        Of the rows that the mixture was fitted to.
    evidence : float
        Log likelihood of the rows, parameters integrated out, in nats; larger is better.
    converged : bool
    """

    shape: str
    weight: np.ndarray
    mean: np.ndarray
    whitener: np.ndarray
    posterior: np.ndarray
    evidence: float
    converged: bool

    @property
    def n_components(self) -> int:
        """Number of Gaussians."""
        return len(self.weight)

    def placing(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Common transform, constants, means, whiteners for the kernel that places rows: the least work."""
        r = self.mean.shape[1]
        if self.shape == "tied":
            common, means = self.whitener[0], self.mean @ self.whitener[0].T
            return common, self.constant, means, np.ones((self.n_components, 1, 1))
        if self.shape == "round":
            return np.eye(r), self.constant, self.mean, np.ascontiguousarray(self.whitener[:, :1, :1])
        return np.eye(r), self.constant, self.mean, self.whitener

    @property
    def constant(self) -> np.ndarray:
        """Log of weight times density of each component at its mean, float64[k]."""
        return log_constants(self.weight, self.whitener)


def fit_mixture(Z: np.ndarray, weight: np.ndarray, rounding: np.ndarray | None = None) -> Mixture:
    """The mixture of greatest evidence over numbers of components and three shapes of covariance.

    Cells come from repeated halving; they are joined two at a time where one Gaussian costs least likelihood
    (Banfield and Raftery 1993), and each number of components starts EM from that linkage. From the best
    number on, components are dropped, merged and divided as long as the evidence grows. The evidence
    integrates weights, means and covariances out under conjugate priors whose strength the data choose
    (Cheeseman and Stutz 1996; empirical Bayes), so that small components are worth their rows and covariances
    in many directions don't count as free parameters.

    Parameters
    ----------
    Z : float64 (s, r)
        Rows in content order.
    weight : float64[s]
        Frequencies.
    rounding : float64 (r, r), optional
        Covariance of the rounding of a row.

    Returns
    -------
    Mixture
    """
    rows = Rows(Z, weight, rounding)
    shapes: list[Shape] = [Round(), Tied()]
    if len(Z) * rows.rank * (rows.rank + 1) / 2 <= _MOST_SQUARES:
        shapes.append(Full())
    return _as_mixture(_best_of([_Search(rows, shape) for shape in shapes]))


def _best_of(searches: list[_Search]) -> _Fit:
    """The fit of greatest evidence; a search that starts too far behind the best is not pursued."""
    starts = [search.best_number() for search in searches]
    best, gain = None, 0.0
    for at in sorted(range(len(starts)), key=lambda at: -starts[at].evidence):
        if best is None or starts[at].evidence + _HOPE * gain >= best.evidence:
            end = searches[at].improved(starts[at])
            gain = max(gain, end.evidence - starts[at].evidence)
            best = end if best is None or end.evidence > best.evidence else best
    assert best is not None
    return best


@dataclass(frozen=True)
class _Fit:
    """One end of EM: what was estimated last, and the posterior that it gives."""

    shape: Shape
    prior: Prior
    share: np.ndarray
    mean: np.ndarray
    whitener: np.ndarray
    posterior: np.ndarray
    evidence: float
    converged: bool

    @property
    def k(self) -> int:
        return self.posterior.shape[1]


def _as_mixture(fit: _Fit) -> Mixture:
    k, r = fit.mean.shape
    whitener = np.ascontiguousarray(np.broadcast_to(fit.whitener, (k, r, r)))
    return Mixture(fit.shape.name, fit.share, fit.mean, whitener, fit.posterior, fit.evidence, fit.converged)


class _Evidence:
    """The log likelihood of rows with their parameters integrated out, as a sum over components.

    Means are drawn around the mean of all rows with the covariance of all rows, covariances from the prior of
    the shape, shares evenly. What soft membership adds is its entropy (Cheeseman and Stutz 1996).
    """

    def __init__(self, rows: Rows) -> None:
        self.total = rows.total
        self._center = (rows.weight @ rows.Z) / rows.total
        factor = np.linalg.cholesky(rows.covariance)
        self._whitener = np.linalg.inv(factor)
        self._constant = np.log(np.diagonal(factor)).sum() + 0.5 * rows.rank * np.log(2.0 * np.pi)

    def of_components(
        self, shape: Shape, prior: Prior, held: np.ndarray, mean: np.ndarray, scatter: np.ndarray
    ) -> np.ndarray:
        """Each component's term, float64[k]."""
        far = (((mean - self._center) @ self._whitener.T) ** 2).sum(axis=1)
        own = shape.log_marginals(prior, held, scatter, mean.shape[1])
        return own - 0.5 * far - self._constant + gammaln(held + 1.0)

    def of_number(self, k: int) -> float:
        """What k components cost or gain as such; they can be numbered in k! ways."""
        return float(gammaln(k) - gammaln(self.total + k) + gammaln(k + 1.0))


def _entropy(weight: np.ndarray, posterior: np.ndarray) -> float:
    return float(-(weight @ (posterior * np.log(np.maximum(posterior, 1e-300))).sum(axis=1)))


def _moments(shape: Shape, rows: Rows, posterior: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weight, mean and scatter of each component."""
    shared = posterior * rows.weight[:, None]
    held = shared.sum(axis=0)
    mean = (shared.T @ rows.Z) / held[:, None]
    return held, mean, shape.scatter(rows, shared, held, mean)


def _normalised(log_density: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Posteriors, in the place of the log densities, and the log density of each row."""
    largest = log_density.max(axis=1, keepdims=True)
    log_density -= largest
    np.exp(log_density, out=log_density)
    total = log_density.sum(axis=1, keepdims=True)
    log_density /= total
    return log_density, (largest + np.log(total))[:, 0]


def _memberships(labels: np.ndarray) -> np.ndarray:
    return np.eye(labels.max() + 1)[labels]


class _Search:
    """For one shape: numbers of components from a linkage, then moves that the evidence judges."""

    def __init__(self, rows: Rows, shape: Shape) -> None:
        self.rows, self.shape = rows, shape
        self.evidence = _Evidence(rows)
        by_likelihood = shape.name == "full" and rows.rank <= _FEW_DIRECTIONS
        self.linkage = _CellLinkage(rows, not by_likelihood)
        enough = max(1, len(rows.Z) // _ROWS_A_COMPONENT)
        self.most = int(min(_MOST_COMPONENTS, self.linkage.n_cells, enough))

    def improved(self, fit: _Fit) -> _Fit:
        """The end of moves that each raise the evidence: births, drops, merges and divisions."""
        for _ in range(_ROUNDS):
            before = fit.evidence
            for move in (self._with_births, self._without_some, self._merged, self._divided):
                fit = max(fit, self._after(move(fit), fit), key=lambda end: end.evidence)
            if fit.evidence - before < _LEAST_GAIN:
                break
        return self.climb(fit.posterior, _MAX_ITER, _TOL)

    def _after(self, start: np.ndarray | None, fit: _Fit) -> _Fit:
        return fit if start is None else self.climb(start, _SEARCH_ITER, _SEARCH_TOL)

    def best_number(self) -> _Fit:
        """The best of numbers of components from 1 up, each from the linkage of the cells."""
        best, k = None, 1
        step = 5 if self.rows.rank <= _FEW_DIRECTIONS else 3
        while k <= self.most:
            fit = self.climb(_memberships(self.linkage.labels(k)), _SEARCH_ITER, _SEARCH_TOL)
            if best is None or fit.evidence > best.evidence:
                best = fit
            elif k > 1.4 * best.k + _LOOK_AHEAD:
                break
            k += max(1, k // step)
        assert best is not None
        return best

    def climb(self, posterior: np.ndarray, max_iter: int, tol: float) -> _Fit:
        """EM from memberships. The prior is chosen anew after 1, 2, 4, 8 ... steps."""
        rows, shape = self.rows, self.shape
        before, converged, step = -np.inf, False, 0
        while step < max_iter and not converged:
            posterior = posterior[:, self._alive(posterior)]
            held, mean, scatter = _moments(shape, rows, posterior)
            if step & (step - 1) == 0 or shape.name == "tied":
                prior = shape.choose_prior(rows, held, scatter)
            whitener = shape.whiteners(prior, held, scatter, rows.rank)
            share = held / held.sum()
            posterior, of_row = _normalised(shape.log_densities(rows, share, mean, whitener))
            likelihood = float(rows.weight @ of_row)
            settled = likelihood - before < tol * rows.total and step > 3
            converged = settled and bool(self._alive(posterior).all())
            before, step = likelihood, step + 1
        evidence = self.weigh(posterior)
        return _Fit(shape, prior, share, mean, whitener, posterior, evidence, converged)

    def _alive(self, posterior: np.ndarray) -> np.ndarray:
        """Which components have a row for every four directions; with fewer, any few rows look like one."""
        held = self.rows.weight @ posterior
        alive = held > max(_LEAST_WEIGHT, self.rows.rank / _DIRECTIONS_A_ROW)
        alive[held.argmax()] = True
        return alive

    def weigh(self, posterior: np.ndarray) -> float:
        """The evidence of memberships."""
        rows = self.rows
        posterior = posterior[:, rows.weight @ posterior > _LEAST_WEIGHT]
        held, mean, scatter = _moments(self.shape, rows, posterior)
        prior = self.shape.choose_prior(rows, held, scatter)
        parts = self.evidence.of_components(self.shape, prior, held, mean, scatter).sum()
        return float(parts + self.evidence.of_number(len(held)) + _entropy(rows.weight, posterior))

    def _with_births(self, fit: _Fit) -> np.ndarray | None:
        """Memberships with new components among the rows that fit worst, less those not worth their rows.

        A small component whose rows are scattered over others is never found by merging or dividing these.
        """
        if fit.k >= self.most:
            return None
        grown = self.climb(self._born(fit), _SEARCH_ITER, _SEARCH_TOL)
        fewer = self._without_some(grown)
        return grown.posterior if fewer is None else fewer

    def _born(self, fit: _Fit) -> np.ndarray:
        rows, own = self.rows, fit.posterior.argmax(axis=1)
        white = np.empty(len(own))
        for c in range(fit.k):
            at = np.flatnonzero(own == c)
            white[at] = (((rows.Z[at] - fit.mean[c]) @ fit.whitener[c % len(fit.whitener)].T) ** 2).sum(
                axis=1
            )
        most = max(_BORN_ROWS, int(_WORST * len(own)))
        worst = np.sort(np.argsort(-white, kind="stable")[:most])
        linkage = _CellLinkage(rows.some(worst), True)
        labels = linkage.labels(
            max(1, min(len(worst) // _BORN_ROWS, _MOST_BORN, self.most - fit.k, linkage.n_cells))
        )
        born = np.flatnonzero(np.bincount(labels) >= _ROWS_A_COMPONENT)
        moves = np.isin(labels, born)
        posterior = np.concatenate([fit.posterior, np.zeros((len(own), len(born)))], axis=1)
        posterior[worst[moves]] = 0.0
        posterior[worst[moves], fit.k + np.searchsorted(born, labels[moves])] = 1.0
        return posterior

    def _without_some(self, fit: _Fit) -> np.ndarray | None:
        """Memberships without small components, as far as the evidence grows; None if it does not."""
        start, best, failures = None, fit.evidence, 0
        kept = np.ones(fit.k, dtype=bool)
        for c in np.argsort(fit.share, kind="stable")[: fit.k - 1]:
            kept[c] = False
            whitener = fit.whitener[kept] if len(fit.whitener) == fit.k else fit.whitener
            share = fit.share[kept] / fit.share[kept].sum()
            left = _normalised(self.shape.log_densities(self.rows, share, fit.mean[kept], whitener))[0]
            evidence = self.weigh(left)
            if evidence > best:
                start, best = left, evidence
                continue
            kept[c], failures = True, failures + 1
            if failures == _SMALLEST_TRIED:
                break
        return start

    def _merged(self, fit: _Fit) -> np.ndarray | None:
        return _Local(self.rows, fit).merged()

    def _divided(self, fit: _Fit) -> np.ndarray | None:
        return _Local(self.rows, fit).divided(self.most)


class _Local:
    """Merges and divisions of single components, weighed with the prior of the whole.

    Components that share one covariance are round, of known size, where that covariance is the identity.
    """

    def __init__(self, rows: Rows, fit: _Fit) -> None:
        self.posterior, self.k = fit.posterior, fit.k
        tied = fit.shape.name == "tied"
        self.rows = rows.turned(fit.whitener[0]) if tied else rows
        self.shape: Shape = Round() if tied else fit.shape
        self.prior = Prior(np.inf, 1.0) if tied else fit.prior
        self.evidence = _Evidence(self.rows)

    def merged(self) -> np.ndarray | None:
        """Memberships after disjoint pairs were merged where evidence is gained, the most first."""
        if self.k < 2:
            return None
        a, b, gain = self._gains_of_merging()
        free, into = np.ones(self.k, dtype=bool), np.arange(self.k)
        for pair in np.argsort(-gain, kind="stable"):
            if gain[pair] <= 0.0:
                break
            i, j = a[pair], b[pair]
            if free[i] and free[j] and gain[pair] > self._entropy_lost(i, j):
                free[[i, j]], into[j] = False, i
        if free.all():
            return None
        posterior = self.posterior.copy()
        for j in np.flatnonzero(into != np.arange(self.k)):
            posterior[:, into[j]] += posterior[:, j]
        return posterior[:, into == np.arange(self.k)]

    def _gains_of_merging(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All pairs and what the terms of their components gain, but for the entropy."""
        held, mean, scatter = _moments(self.shape, self.rows, self.posterior)
        own = self.evidence.of_components(self.shape, self.prior, held, mean, scatter)
        first, second = np.triu_indices(self.k, 1)
        gain = np.empty(len(first))
        for start in range(0, len(first), 1024):
            at = slice(start, start + 1024)
            a, b = first[at], second[at]
            both, apart = held[a] + held[b], mean[a] - mean[b]
            middle = (held[a, None] * mean[a] + held[b, None] * mean[b]) / both[:, None]
            factor = held[a] * held[b] / both
            if scatter.ndim == 1:
                between = factor * np.einsum("pi,pi->p", apart, apart)
            else:
                between = factor[:, None, None] * apart[:, :, None] * apart[:, None, :]
            joined = scatter[a] + scatter[b] + between
            together = self.evidence.of_components(self.shape, self.prior, both, middle, joined)
            gain[at] = together - own[a] - own[b]
        return first, second, gain + self.evidence.of_number(self.k - 1) - self.evidence.of_number(self.k)

    def _entropy_lost(self, i: int, j: int) -> float:
        two = np.maximum(self.posterior[:, [i, j]], 1e-300)
        one = two.sum(axis=1)
        return float(self.rows.weight @ (one * np.log(one) - (two * np.log(two)).sum(axis=1)))

    def divided(self, most: int) -> np.ndarray | None:
        """Memberships after every component was halved, again and again, where evidence is gained."""
        labels = self.posterior.argmax(axis=1)
        waiting, count = list(range(self.k)), self.k
        while waiting and count < most:
            part = waiting.pop()
            at = np.flatnonzero(labels == part)
            if len(at) < 2 * _ROWS_A_COMPONENT:
                continue
            upper = self._upper_half(self.rows.some(at), count)
            if upper is not None:
                labels[at[upper]] = count
                waiting += [part, count]
                count += 1
        return _memberships(np.unique(labels, return_inverse=True)[1]) if count > self.k else None

    def _upper_half(self, inside: Rows, count: int) -> np.ndarray | None:
        """Which rows leave a component for another, as bool, or None where one Gaussian is better."""
        gain = self.evidence.of_number(count + 1) - self.evidence.of_number(count) - _LEAST_GAIN
        one = self._weigh(inside, np.ones((len(inside.Z), 1)))
        best, upper = one - gain, None
        for labels in self._halvings(inside):
            posterior = self._climb(inside, _memberships(labels))
            if posterior is not None and (evidence := self._weigh(inside, posterior)) > best:
                best, upper = evidence, posterior[:, 1] > 0.5
        return upper if upper is not None and upper.any() and not upper.all() else None

    def _halvings(self, inside: Rows) -> list[np.ndarray]:
        by_likelihood = self.shape.name == "full" and inside.rank <= _FEW_DIRECTIONS
        linkage = _CellLinkage(inside, not by_likelihood, _CELLS_OF_A_COMPONENT)
        starts = [_Cells(inside, 2).of_row, linkage.labels(min(2, linkage.n_cells))]
        return [labels for labels in starts if labels.max() == 1]

    def _weigh(self, inside: Rows, posterior: np.ndarray) -> float:
        parts = self.evidence.of_components(self.shape, self.prior, *_moments(self.shape, inside, posterior))
        return float(parts.sum()) + _entropy(inside.weight, posterior)

    def _climb(self, inside: Rows, posterior: np.ndarray) -> np.ndarray | None:
        """EM with the prior of the whole; None once a component has less than one row."""
        before = -np.inf
        for _ in range(_SEARCH_ITER):
            if (inside.weight @ posterior).min() < 1.0:
                return None
            held, mean, scatter = _moments(self.shape, inside, posterior)
            whitener = self.shape.whiteners(self.prior, held, scatter, inside.rank)
            log_density = self.shape.log_densities(inside, held / held.sum(), mean, whitener)
            posterior, of_row = _normalised(log_density)
            likelihood = float(inside.weight @ of_row)
            if likelihood - before < _SEARCH_TOL * inside.total:
                break
            before = likelihood
        return posterior if (inside.weight @ posterior).min() >= 1.0 else None


class _Cells:
    """Cells of the rows by repeated halving; ``of_row`` intp[s] is the cell of each."""

    def __init__(self, rows: Rows, most: int) -> None:
        s, r = rows.Z.shape
        self._coordinates = rows.Z.astype(np.float32)
        self._order = np.arange(s, dtype=np.intp)
        size = 2 * most
        self._start, self._stop = np.empty(size, np.intp), np.empty(size, np.intp)
        child, spread = np.full((size, 2), -1, np.intp), np.empty(size)
        plane = np.empty((size, r + 1))
        made = cells_divide(
            self._coordinates,
            rows.weight,
            self._order,
            most,
            1,
            self._start,
            self._stop,
            child,
            spread,
            plane,
        )
        self._leaves = np.flatnonzero(child[:made, 0] < 0)
        self.of_row = np.empty(s, np.intp)
        for cell, leaf in enumerate(self._leaves):
            self.of_row[self._order[self._start[leaf] : self._stop[leaf]]] = cell

    def moments(self, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weight, mean and scatter of each cell."""
        r, c = self._coordinates.shape[1], len(self._leaves)
        mass, mean, scatter = np.empty(c), np.empty((c, r)), np.empty((c, r, r))
        for cell, leaf in enumerate(self._leaves):
            ends = self._start[leaf], self._stop[leaf]
            mass[cell] = cell_moments(
                self._coordinates, weight, self._order, *ends, mean[cell], scatter[cell]
            )
        return mass, mean, scatter


class _CellLinkage:
    """Cells of the rows, and the order in which Gaussians join them."""

    def __init__(self, rows: Rows, round_parts: bool, most_cells: int = _MOST_CELLS) -> None:
        s, r = rows.Z.shape
        work = r if round_parts else r**3 / 3 + r**2
        cells = _Cells(rows, int(min(most_cells, s, max(64, np.sqrt(_LINKAGE_WORK / work)))))
        self._cell = cells.of_row
        mass, mean, scatter = cells.moments(rows.weight)
        self.n_cells = len(mass)
        self._left, self._right = (np.empty(self.n_cells - 1, np.intp) for _ in range(2))
        held = rows.covariance / self.n_cells ** (2.0 / r)
        gaussian_linkage(mass, mean, scatter, held, 2.0 * (r + 2), round_parts, self._left, self._right)

    def labels(self, k: int) -> np.ndarray:
        """The part of each row when `k` parts are left, intp[s]."""
        slot = np.arange(self.n_cells)
        for step in range(self.n_cells - k - 1, -1, -1):
            # Undone from the last join backwards, so that every slot names its final part at once.
            slot[self._right[step]] = slot[self._left[step]]
        return np.unique(slot, return_inverse=True)[1][self._cell]
