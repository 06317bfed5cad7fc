"""Slow, obvious twins of the kernels for Gaussian mixtures and for cells by halving."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy.stats import multivariate_normal, multivariate_t


def gaussian_cost(
    rows: np.ndarray, weight: np.ndarray, prior: np.ndarray, prior_weight: float, round_parts: bool
) -> float:
    """What it costs to describe some rows by one Gaussian, from the rows themselves."""
    centred = rows - np.average(rows, axis=0, weights=weight)
    scatter = (centred * weight[:, None]).T @ centred
    if round_parts:
        return float(np.trace(scatter))
    total = weight.sum()
    sign, log_det = np.linalg.slogdet((scatter + prior) / (total + prior_weight))
    assert sign > 0
    return float(total * log_det - 2.0 * total * np.log(total))


def gaussian_joins(
    Z: np.ndarray,
    weight: np.ndarray,
    cell: np.ndarray,
    prior: np.ndarray,
    prior_weight: float,
    round_parts: bool,
) -> list[tuple[int, int]]:
    """All joins of the cells of rows: every pair is tried at every step, each from its rows."""
    parts = {c: np.flatnonzero(cell == c) for c in range(cell.max() + 1)}

    def cost(at: np.ndarray) -> float:
        return gaussian_cost(Z[at], weight[at], prior, prior_weight, round_parts)

    joins = []
    while len(parts) > 1:
        rises = {
            (a, b): cost(np.concatenate([parts[a], parts[b]])) - cost(parts[a]) - cost(parts[b])
            for a, b in combinations(sorted(parts), 2)
        }
        a, b = min(rises, key=lambda pair: (rises[pair], pair))
        parts[a] = np.concatenate([parts[a], parts.pop(b)])
        joins.append((a, b))
    return joins


def overlap_joins(shared: np.ndarray, held: np.ndarray) -> list[tuple[int, int, float, float]]:
    """Joins of components with the density of their overlap and the evidence given up.

    The shared mass of two parts is summed anew over their components.
    """
    parts = {c: [c] for c in range(len(held))}
    joins = []
    while len(parts) > 1:
        tried = {}
        for a, b in combinations(sorted(parts), 2):
            of_a, of_b = held[parts[a]].sum(), held[parts[b]].sum()
            density = shared[np.ix_(parts[a], parts[b])].sum() * held.sum() / (of_a * of_b)
            nats = np.log(1.0 + 1.0 / density)
            nats = nats if nats <= 10.0 else 10.0 * (1.0 + np.log(nats / 10.0))
            tried[a, b] = nats / (1.0 / of_a + 1.0 / of_b), density
        (a, b), (evidence, density) = min(tried.items(), key=lambda item: (item[1][0], item[0]))
        joins.append((a, b, float(density), float(evidence)))
        parts[a] = parts[a] + parts.pop(b)
    return joins


def log_densities(Z: np.ndarray, share: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Log of weight times density of every component at every row, (n, k)."""
    return np.column_stack(
        [np.log(p) + multivariate_normal(m, c).logpdf(Z).ravel() for p, m, c in zip(share, mean, covariance)]
    )


def descend_components(posterior: np.ndarray, child: np.ndarray) -> np.ndarray:
    """From the root of the tree, to the child whose components hold more posterior mass."""
    k = posterior.shape[1]
    below = [[c] for c in range(k)]
    for low, high in child:
        below.append(below[low] + below[high])
    found = []
    for row in posterior:
        v = 2 * k - 2
        while v >= k:
            low, high = child[v - k]
            v = low if row[below[low]].sum() >= row[below[high]].sum() else high
        found.append(v)
    return np.array(found)


def log_predictions(Z: np.ndarray, shape: str, strength: float, expected: np.ndarray | float) -> float:
    """Log likelihood of some rows, each foretold from those before it; the first one costs nothing."""
    r, total = Z.shape[1], 0.0
    for n in range(1, len(Z)):
        center = Z[:n].mean(axis=0)
        centred, wider = Z[:n] - center, (n + 1.0) / n
        if shape == "tied":
            total += multivariate_normal(center, wider * np.asarray(expected)).logpdf(Z[n])
        elif shape == "round":
            a = strength + 0.5 * (n - 1) * r
            b = strength * expected + 0.5 * (centred**2).sum()
            total += multivariate_t(center, wider * b / a * np.eye(r), df=2.0 * a).logpdf(Z[n])
        else:
            freedom = strength + r + n - r + 1.0
            spread = strength * np.asarray(expected) + centred.T @ centred
            total += multivariate_t(center, wider * spread / freedom, df=freedom).logpdf(Z[n])
    return float(total)


def spread_of(rows: np.ndarray, weight: np.ndarray) -> float:
    """Weighted squared distances to the mean."""
    return float(weight @ ((rows - np.average(rows, axis=0, weights=weight)) ** 2).sum(axis=1))
