"""Which components of a mixture belong together: their tree, and the parts that the data bear out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import betainc

from partita.kernels.mixture import overlap_linkage
from partita.points.ppp_mixture import Mixture

MOST_MISTAKEN = 0.08
_IN_TOUCH = 0.001
_MOST_OPEN = 0.8
_DEEP_ENOUGH = 0.85
_FALSE_VALLEYS = 0.05
_STRETCHES = 3.0
_TUBE = 0.9
_SEEN = 0.05
_IN_LINE = 4.0
_FEWEST_COARSE = 4
_FAINT = np.log(1e-12)


@dataclass(frozen=True)
class ComponentTree:
    """A binary tree over k components; part k + i joins two earlier numbers, 2 k - 2 is the root.

    Attributes
    ----------
    child : intp (k - 1, 2)
    height : float64[2 k - 1]
        Evidence, in nats an item, that keeps the children apart; 0 of components; never grows from a part to
        its child.
    separability : float64[2 k - 1]
        Mean posterior that an item drawn from the part is not mistaken for one outside, in [0, 1].
    real : bool[k - 1]
        Whether the data bear this division out.
    """

    child: np.ndarray
    height: np.ndarray
    separability: np.ndarray
    real: np.ndarray

    @property
    def n_components(self) -> int:
        """Number of leaves."""
        return len(self.child) + 1

    def parts(self) -> list[int]:
        """The parts that the real divisions leave."""
        k = self.n_components
        divides = np.zeros(2 * k - 1, dtype=bool)
        divides[k:] = self.real
        for v in range(k, 2 * k - 1):
            divides[v] |= divides[self.child[v - k]].any()
        parts, stack = [], [2 * k - 2]
        while stack:
            v = stack.pop()
            if divides[v]:
                stack.extend(self.child[v - k].tolist())
            else:
                parts.append(v)
        return sorted(parts)

    def coarse_parts(self, parts: list[int]) -> list[int]:
        """At most a third of the parts, where the evidence for one more falls most; [] if that is few."""
        k, most = self.n_components, len(parts) // 3
        divided = np.zeros(2 * k - 1, dtype=bool)
        divided[parts] = True
        for v in range(k, 2 * k - 1):
            divided[v] |= divided[self.child[v - k]].any()
        divided[parts] = False
        divisions = sorted(np.flatnonzero(divided).tolist(), key=lambda v: (-self.height[v], -v))
        if most < _FEWEST_COARSE:
            return []
        height = np.log(np.maximum(self.height[divisions[: most + 1]], 1e-300))
        fall = height[_FEWEST_COARSE - 2 : most - 1] - height[_FEWEST_COARSE - 1 : most]
        made = set(divisions[: int(fall.argmax()) + _FEWEST_COARSE - 1])
        return sorted(u for v in made for u in self.child[v - k].tolist() if u not in made)

    def components(self, part: int) -> list[int]:
        """The components below a part."""
        k = self.n_components
        found, stack = [], [part]
        while stack:
            v = stack.pop()
            if v < k:
                found.append(v)
            else:
                stack.extend(self.child[v - k].tolist())
        return sorted(found)


def component_tree(mixture: Mixture, Z: np.ndarray, weight: np.ndarray, min_weight: float) -> ComponentTree:
    """Components joined where least evidence keeps them apart; each division tested on the rows.

    A division is real when less than 8 % of the smaller side is mistaken for the other (Hennig 2010), and the
    rows show a valley between the components in touch, for at least 20 % of what they share: along the line
    between two means, within a tube that holds 90 % of their rows, some stretch has significantly less than
    85 % of the density at the thinner end. A uniform or a curved part, which a mixture tiles with many
    components, has no such valley.

    Parameters
    ----------
    mixture : Mixture
    Z : float64 (s, r)
    weight : float64[s]
    min_weight : float
        Divisions with a smaller side are not real.
    """
    k = mixture.n_components
    shared = mixture.posterior.T @ (mixture.posterior * weight[:, None])
    held = shared.sum(axis=1)
    left, right = np.empty(k - 1, np.intp), np.empty(k - 1, np.intp)
    strength, cost = np.empty(k - 1), np.empty(k - 1)
    overlap_linkage(_log_overlap(mixture, shared, held), held.copy(), left, right, strength, cost)
    open_contact = _open_contacts(mixture, Z, weight, shared, held)
    members = {i: [i] for i in range(k)}
    slot = list(range(k))
    child = np.empty((k - 1, 2), np.intp)
    height, separability = np.zeros(2 * k - 1), np.empty(2 * k - 1)
    separability[:k] = np.diagonal(shared) / held
    real = np.empty(k - 1, dtype=bool)
    for step in range(k - 1):
        child[step] = slot[left[step]], slot[right[step]]
        a, b = members.pop(left[step]), members.pop(right[step])
        across = np.ix_(a, b)
        smaller = min(held[a].sum(), held[b].sum())
        mistaken = shared[across].sum() / smaller
        open_share = open_contact[across].sum() / max(shared[across].sum(), 1e-300)
        apart = mistaken < _IN_TOUCH or open_share <= _MOST_OPEN
        real[step] = mistaken <= MOST_MISTAKEN and apart and smaller >= min_weight
        members[left[step]] = both = a + b
        slot[left[step]] = k + step
        separability[k + step] = shared[np.ix_(both, both)].sum() / held[both].sum()
    # Evidence per item, so that heights do not grow with the number of rows; inversions are smoothed away.
    height[k:] = np.maximum.accumulate(cost / held.sum())
    return ComponentTree(child, height, np.clip(separability, 0.0, 1.0), real)


def _log_overlap(mixture: Mixture, shared: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Logarithm of the shared posterior mass; where it is too faint to be a sum, Bhattacharyya's bound."""
    scale = 0.5 * (np.log(held)[:, None] + np.log(held)[None])
    with np.errstate(divide="ignore"):
        log_overlap = np.log(shared)
    covariance = _covariances(mixture)
    for a, b in np.argwhere(np.triu(log_overlap - scale < _FAINT, 1)):
        bound = min(_FAINT, -_bhattacharyya(mixture, covariance, a, b)) + scale[a, b]
        log_overlap[a, b] = log_overlap[b, a] = bound
    return log_overlap


def _covariances(mixture: Mixture) -> np.ndarray:
    factors = np.linalg.inv(mixture.whitener)
    return factors @ factors.transpose(0, 2, 1)


def _bhattacharyya(mixture: Mixture, covariance: np.ndarray, a: int, b: int) -> float:
    root = np.linalg.cholesky(0.5 * (covariance[a] + covariance[b]))
    apart = solve_triangular(root, mixture.mean[b] - mixture.mean[a], lower=True, check_finite=False)
    own = sum(np.log(np.diagonal(mixture.whitener[c])).sum() for c in (a, b))
    return float(apart @ apart / 8 + np.log(np.diagonal(root)).sum() + 0.5 * own)


def _open_contacts(
    mixture: Mixture, Z: np.ndarray, weight: np.ndarray, shared: np.ndarray, held: np.ndarray
) -> np.ndarray:
    """Shared mass of the pairs of components between which no valley shows, (k, k)."""
    touching = shared / np.minimum(held[:, None], held[None]) >= _IN_TOUCH
    pairs = np.argwhere(np.triu(touching, 1))
    contacts, covariance = np.zeros_like(shared), _covariances(mixture)
    chance = np.array([_chance_of_valley(mixture, covariance, Z, weight, a, b) for a, b in pairs])
    for (a, b), shallow in zip(pairs, ~_discoveries(chance), strict=True):
        if shallow:
            contacts[a, b] = contacts[b, a] = shared[a, b]
    return contacts


def _discoveries(chance: np.ndarray) -> np.ndarray:
    """Which tests to believe, so that about the allowed share is false (Benjamini and Hochberg 1995)."""
    ordered = np.sort(chance)
    within = ordered <= _FALSE_VALLEYS * np.arange(1, len(chance) + 1) / max(len(chance), 1)
    return chance <= (ordered[within].max() if within.any() else -1.0)


def _chance_of_valley(
    mixture: Mixture, covariance: np.ndarray, Z: np.ndarray, weight: np.ndarray, a: int, b: int
) -> float:
    """How likely the lowest stretch between two means is so low where the density dips a little only.

    Rows of a third component count where its mean lies between the two: it may fill what looks empty.
    """
    pair = np.flatnonzero(mixture.posterior[:, [a, b]].sum(axis=1) >= _SEEN)
    model = 0.5 * (covariance[a] + covariance[b])
    within = _within(
        Z[pair], weight[pair], mixture.posterior[np.ix_(pair, np.array([a, b]))], mixture.mean[[a, b]], model
    )
    whitener = np.linalg.inv(np.linalg.cholesky(within))
    line = whitener @ (mixture.mean[b] - mixture.mean[a])
    length = float(line @ line)
    if length == 0.0:
        return 1.0

    def along_and_aside(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        white = (points - mixture.mean[a]) @ whitener.T
        along = white @ line / length
        return along, np.einsum("ij,ij->i", white, white) - along**2 * length

    along, aside = along_and_aside(mixture.mean)
    between = (along >= 0.0) & (along <= 1.0) & (aside <= _IN_LINE)
    between[a] = between[b] = True
    near = np.flatnonzero(mixture.posterior[:, between].sum(axis=1) >= _SEEN)
    along, aside = along_and_aside(Z[near])
    posterior = mixture.posterior[near]
    held = [posterior[:, c] >= 0.5 for c in (a, b)]
    tube = max((np.quantile(aside[rows_of], _TUBE) for rows_of in held if rows_of.any()), default=np.inf)
    along, counted = along[aside <= tube], weight[near[aside <= tube]]

    def mass(center: float, half_width: float) -> float:
        return float(counted[np.abs(along - center) <= half_width].sum())

    end = min(mass(0.0, 1 / 6), mass(1.0, 1 / 6))
    lowest = min(mass(step / 12, 1 / 12) for step in range(3, 10))
    if end == 0.0:
        return 1.0
    rate = 0.5 * _DEEP_ENOUGH
    # The lowest of seven stretches that overlap is as low by chance as one of about three that don't.
    return min(1.0, _STRETCHES * float(betainc(end, lowest + 1.0, 1.0 / (1.0 + rate))))


def _within(
    rows: np.ndarray, weight: np.ndarray, posterior: np.ndarray, mean: np.ndarray, model: np.ndarray
) -> np.ndarray:
    """Covariance of two components by their rows, drawn to the model's by five rows for each direction.

    A component that is round or tied may have rows that are neither; few rows must not decide that.
    """
    drawn = 5.0 * len(model)
    scatter, held = drawn * model, drawn
    for c in range(2):
        share = weight * posterior[:, c]
        centred = rows - mean[c]
        scatter = scatter + (centred * share[:, None]).T @ centred
        held += share.sum()
    return scatter / held
