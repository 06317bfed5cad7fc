"""A Gaussian mixture; the data choose its components, their number and their shape. For ``points.ppp``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from partita.kernels.bisect import cell_moments, cells_divide
from partita.kernels.mixture import gaussian_linkage

_MOST_CELLS = 512
_LINKAGE_WORK = 6e9
_MOST_COMPONENTS = 160
_ROWS_A_COMPONENT = 5
_MAX_ITER = 100
_TOL = 1e-5
_SEARCH_ITER = 15
_SEARCH_TOL = 5e-4
_LEAST_WEIGHT = 1e-3
_PRIOR_SHARE = 0.1
_LOG_2PI = float(np.log(2.0 * np.pi))


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
    bic : float
        Bayesian information criterion at the posterior mode; smaller is better.
    converged : bool
    """

    shape: str
    weight: np.ndarray
    mean: np.ndarray
    whitener: np.ndarray
    posterior: np.ndarray
    bic: float
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
        return _constants(self.weight, self.whitener)


def fit_mixture(Z: np.ndarray, weight: np.ndarray) -> Mixture:
    """The mixture of smallest BIC over numbers of components and three shapes of covariance.

    Cells come from repeated halving; they are joined two at a time where one Gaussian costs least likelihood
    (Banfield and Raftery 1993), and each number of components starts EM from that linkage. A weak prior
    around the pooled covariance keeps small components from collapsing (after Fraley and Raftery 2007).

    Parameters
    ----------
    Z : float64 (s, r)
        Rows in content order.
    weight : float64[s]
        Frequencies.

    Returns
    -------
    Mixture
    """
    data = _Data(Z, weight)
    shapes = [shape for shape in _SHAPES if shape != "full" or supports_full(*Z.shape)]
    return min((_best_of_shape(data, shape) for shape in shapes), key=lambda mixture: mixture.bic)


def supports_full(n_rows: int, rank: int) -> bool:
    """Whether there are rows enough for two components with a covariance each."""
    return n_rows >= _ROWS_A_COMPONENT * rank * (rank + 3)


class _Data:
    """The rows, and what every fit asks of them."""

    def __init__(self, Z: np.ndarray, weight: np.ndarray, spread: np.ndarray | None = None) -> None:
        self.Z, self.weight, self.total = Z, weight, float(weight.sum())
        self.spread = _spread(Z, weight) if spread is None else spread
        self.whole = (Z * weight[:, None]).T @ Z
        self.lengths = np.einsum("ij,ij->i", Z, Z)
        self._squares: np.ndarray | None = None
        self._linkages: dict[bool, _CellLinkage] = {}

    @property
    def rank(self) -> int:
        return self.Z.shape[1]

    def squares(self) -> np.ndarray:
        """Products of coordinates, (s, r (r + 1) / 2): what a Gaussian's log density is linear in."""
        if self._squares is None:
            rows, columns = np.triu_indices(self.rank)
            self._squares = self.Z[:, rows] * self.Z[:, columns]
        return self._squares

    def linkage(self, round_parts: bool) -> _CellLinkage:
        if round_parts not in self._linkages:
            self._linkages[round_parts] = _CellLinkage(self, round_parts)
        return self._linkages[round_parts]


def _best_of_shape(data: _Data, shape: str) -> Mixture:
    linkage = data.linkage(shape != "full")
    most = int(min(_MOST_COMPONENTS, linkage.n_cells, max(1, len(data.Z) // _ROWS_A_COMPONENT)))
    tried: dict[int, Mixture] = {}

    def attempt(k: int) -> Mixture:
        if k not in tried:
            tried[k] = _expectation_maximisation(data, linkage.labels(k), shape, _SEARCH_ITER, _SEARCH_TOL)
        return tried[k]

    best = 1
    for k in _grid(most):
        if attempt(k).bic < tried[best].bic:
            best = k
        elif k > 1.4 * best + 16:
            break
    best = _polish(attempt, best, most)
    starts = [linkage.labels(best)]
    if shape != "tied":
        starts.append(_split_further(data, attempt(best), shape, most))
    ends = [_expectation_maximisation(data, labels, shape, _MAX_ITER, _TOL) for labels in starts]
    return min(ends, key=lambda mixture: mixture.bic)


def _split_further(data: _Data, mixture: Mixture, shape: str, most: int) -> np.ndarray:
    """Labels of the rows after every component was halved for which two Gaussians have the smaller BIC.

    A linkage that has taken one wrong turn never offers these divisions.
    """
    labels = mixture.posterior.argmax(axis=1)
    waiting = list(range(mixture.n_components))
    count = mixture.n_components
    while waiting and count < most:
        at = np.flatnonzero(labels == waiting.pop())
        if len(at) < 2 * _ROWS_A_COMPONENT:
            continue
        inside = _Data(data.Z[at], data.weight[at], data.spread)
        one = _expectation_maximisation(inside, np.zeros(len(at), np.intp), shape, 1, _TOL)
        halves = inside.linkage(shape != "full").labels(2)
        two = _expectation_maximisation(inside, halves, shape, _SEARCH_ITER, _SEARCH_TOL)
        if two.n_components == 2 and two.bic + _share_cost(shape, data, inside) < one.bic:
            labels[at[two.posterior[:, 1] > 0.5]] = count
            waiting += [int(labels[at].min()), count]
            count += 1
    return np.unique(labels, return_inverse=True)[1]


def _share_cost(shape: str, data: _Data, inside: _Data) -> float:
    """What the parameters of one more component cost beyond what they cost among the rows inside."""
    free = 1 + data.rank + _SHAPES[shape][2](2, data.rank) - _SHAPES[shape][2](1, data.rank)
    return free * (np.log(data.total) - np.log(inside.total))


def _polish(attempt: Callable[[int], Mixture], best: int, most: int) -> int:
    """Look between the grid's numbers next to the best one, at ever smaller steps."""
    step = max(1, best // 10)
    while step >= 1:
        for k in (best - step, best + step):
            if 1 <= k <= most and attempt(k).bic < attempt(best).bic:
                best = k
                break
        else:
            step //= 2
    return best


def _grid(most: int) -> list[int]:
    grid, k = [], 1
    while k <= most:
        grid.append(k)
        k += max(1, k // 5)
    return grid


def _spread(Z: np.ndarray, weight: np.ndarray) -> np.ndarray:
    total = weight.sum()
    centred = Z - (weight @ Z) / total
    spread = (centred * weight[:, None]).T @ centred / total
    return spread + 1e-9 * max(np.trace(spread) / len(spread), 1e-300) * np.eye(len(spread))


class _CellLinkage:
    """Cells of the rows, and the order in which Gaussians join them."""

    def __init__(self, data: _Data, round_parts: bool) -> None:
        s, r = data.Z.shape
        work = r if round_parts else r**3 / 3 + r**2
        most = int(min(_MOST_CELLS, s, max(64, np.sqrt(_LINKAGE_WORK / work))))
        coordinates = data.Z.astype(np.float32)
        order = np.arange(s, dtype=np.intp)
        size = 2 * most
        start, stop = np.empty(size, np.intp), np.empty(size, np.intp)
        child, spread = np.full((size, 2), -1, np.intp), np.empty(size)
        plane = np.empty((size, r + 1))
        made = cells_divide(coordinates, data.weight, order, most, 1, start, stop, child, spread, plane)
        leaves = np.flatnonzero(child[:made, 0] < 0)
        self.n_cells = len(leaves)
        self._cell = np.empty(s, np.intp)
        mass, mean = np.empty(self.n_cells), np.empty((self.n_cells, r))
        scatter = np.empty((self.n_cells, r, r))
        for cell, leaf in enumerate(leaves):
            self._cell[order[start[leaf] : stop[leaf]]] = cell
            mass[cell] = cell_moments(
                coordinates, data.weight, order, start[leaf], stop[leaf], mean[cell], scatter[cell]
            )
        self._left, self._right = (np.empty(self.n_cells - 1, np.intp) for _ in range(2))
        held = data.spread / self.n_cells ** (2.0 / r)
        gaussian_linkage(mass, mean, scatter, held, 2.0 * (r + 2), round_parts, self._left, self._right)

    def labels(self, k: int) -> np.ndarray:
        """The part of each row when `k` parts are left, intp[s]."""
        slot = np.arange(self.n_cells)
        for step in range(self.n_cells - k - 1, -1, -1):
            # Undone from the last join backwards, so that every slot names its final part at once.
            slot[self._right[step]] = slot[self._left[step]]
        return np.unique(slot, return_inverse=True)[1][self._cell]


def _expectation_maximisation(
    data: _Data, labels: np.ndarray, shape: str, max_iter: int, tol: float
) -> Mixture:
    maximise, log_densities, free = _SHAPES[shape]
    posterior = np.zeros((len(labels), labels.max() + 1))
    posterior[np.arange(len(labels)), labels] = 1.0
    before, converged = -np.inf, False
    for _ in range(max_iter):
        posterior = posterior[:, data.weight @ posterior > _LEAST_WEIGHT]
        shared = posterior * data.weight[:, None]
        held = shared.sum(axis=0)
        mean = (shared.T @ data.Z) / held[:, None]
        whitener = maximise(data, shared, held, mean)
        posterior, of_row = _normalised(log_densities(data, held / held.sum(), mean, whitener))
        likelihood = float(data.weight @ of_row)
        if likelihood - before < tol * data.total:
            converged = True
            break
        before = likelihood
    k, r = mean.shape
    bic = -2.0 * likelihood + (k * (1 + r) - 1 + free(k, r)) * np.log(data.total)
    return Mixture(
        shape,
        held / held.sum(),
        mean,
        np.ascontiguousarray(np.broadcast_to(whitener, (k, r, r))),
        posterior,
        bic,
        converged,
    )


def _normalised(log_density: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Posteriors, in the place of the log densities, and the log density of each row."""
    largest = log_density.max(axis=1, keepdims=True)
    log_density -= largest
    np.exp(log_density, out=log_density)
    total = log_density.sum(axis=1, keepdims=True)
    log_density /= total
    return log_density, (largest + np.log(total))[:, 0]


def _maximise_full(data: _Data, shared: np.ndarray, held: np.ndarray, mean: np.ndarray) -> np.ndarray:
    k, r = mean.shape
    rows, columns = np.triu_indices(r)
    sums = shared.T @ data.squares()
    scatter = np.empty((k, r, r))
    scatter[:, rows, columns] = sums
    scatter[:, columns, rows] = sums
    scatter -= held[:, None, None] * mean[:, :, None] * mean[:, None, :]
    floor = 1e-9 * np.trace(data.spread) / r * np.eye(r)
    prior_weight = r + 2.0
    prior = prior_weight * _PRIOR_SHARE * scatter.sum(axis=0) / data.total + floor
    return _whiteners((scatter + prior) / (held + prior_weight)[:, None, None])


def _log_densities_full(data: _Data, share: np.ndarray, mean: np.ndarray, whitener: np.ndarray) -> np.ndarray:
    precision = whitener.transpose(0, 2, 1) @ whitener
    slope = np.einsum("kij,kj->ki", precision, mean)
    rows, columns = np.triu_indices(data.rank)
    square = -precision[:, rows, columns] * np.where(rows == columns, 0.5, 1.0)
    constant = _constants(share, whitener) - 0.5 * np.einsum("ki,ki->k", slope, mean)
    log_density = data.squares() @ square.T
    log_density += data.Z @ slope.T
    log_density += constant
    return log_density


def _maximise_tied(data: _Data, shared: np.ndarray, held: np.ndarray, mean: np.ndarray) -> np.ndarray:
    r = data.rank
    within = data.whole - (mean * held[:, None]).T @ mean
    floor = 1e-9 * np.trace(data.spread) * np.eye(r)
    return _whiteners(((within + floor) / data.total)[None])


def _log_densities_tied(data: _Data, share: np.ndarray, mean: np.ndarray, whitener: np.ndarray) -> np.ndarray:
    white, centers = data.Z @ whitener[0].T, mean @ whitener[0].T
    log_density = _squared_distances(white, centers)
    log_density *= -0.5
    log_density += _constants(share, whitener)
    return log_density


def _maximise_round(data: _Data, shared: np.ndarray, held: np.ndarray, mean: np.ndarray) -> np.ndarray:
    r = data.rank
    scatter = np.maximum(shared.T @ data.lengths - held * np.einsum("kj,kj->k", mean, mean), 0.0)
    prior_weight = r + 2.0
    prior = prior_weight * _PRIOR_SHARE * scatter.sum() / data.total + 1e-9 * np.trace(data.spread)
    variance = (scatter + prior) / (r * (held + prior_weight))
    return np.eye(r) / np.sqrt(variance)[:, None, None]


def _log_densities_round(
    data: _Data, share: np.ndarray, mean: np.ndarray, whitener: np.ndarray
) -> np.ndarray:
    log_density = _squared_distances(data.Z, mean)
    log_density *= -0.5 * whitener[:, 0, 0] ** 2
    log_density += _constants(share, whitener)
    return log_density


def _squared_distances(Z: np.ndarray, centers: np.ndarray) -> np.ndarray:
    squared = Z @ (-2.0 * centers.T)
    squared += np.einsum("ij,ij->i", Z, Z)[:, None]
    squared += np.einsum("ij,ij->i", centers, centers)
    return squared


def _constants(share: np.ndarray, whitener: np.ndarray) -> np.ndarray:
    scale = np.log(np.diagonal(whitener, axis1=1, axis2=2)).sum(axis=1)
    return np.log(share) + scale - 0.5 * whitener.shape[1] * _LOG_2PI


def _whiteners(covariance: np.ndarray) -> np.ndarray:
    """Inverse lower Cholesky factors; where rounding took definiteness away, the diagonal is raised."""
    ridge, eye = 0.0, np.eye(covariance.shape[1])
    size = np.trace(covariance, axis1=1, axis2=2)[:, None, None] / covariance.shape[1]
    while True:
        try:
            return np.linalg.inv(np.linalg.cholesky(covariance + ridge * size * eye))
        except np.linalg.LinAlgError:
            ridge = max(1e-12, 10.0 * ridge)


_SHAPES: dict[
    str, tuple[Callable[..., np.ndarray], Callable[..., np.ndarray], Callable[[int, int], float]]
] = {
    "round": (_maximise_round, _log_densities_round, lambda k, r: k),
    "tied": (_maximise_tied, _log_densities_tied, lambda k, r: r * (r + 1) / 2),
    "full": (_maximise_full, _log_densities_full, lambda k, r: k * r * (r + 1) / 2),
}
