"""Slow, obvious twins of the kernels for points."""

from __future__ import annotations

from fractions import Fraction

import numpy as np


def distinct_rows(X: np.ndarray) -> dict[tuple[float, ...], list[int]]:
    """Positions of each distinct row; -0.0 is 0.0."""
    found: dict[tuple[float, ...], list[int]] = {}
    for i, row in enumerate(X):
        found.setdefault(tuple(float(value) + 0.0 for value in row), []).append(i)
    return found


def exact_distance(row: np.ndarray, center: np.ndarray) -> Fraction:
    """The squared distance without any rounding."""
    return sum(((Fraction(float(a)) - Fraction(float(b))) ** 2 for a, b in zip(row, center)), Fraction(0))


def nearest_exactly(X: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """The nearest centre of each row in rational arithmetic, the lowest index among equals."""
    return np.array([min(range(len(centers)), key=lambda c: (exact_distance(x, centers[c]), c)) for x in X])


def nearest(X: np.ndarray, centers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest centre of each row and its squared distance, difference by difference in float64."""
    square = ((X[:, None].astype(np.float64) - centers[None].astype(np.float64)) ** 2).sum(axis=2)
    return square.argmin(axis=1), square.min(axis=1)


def lloyd_step(
    X: np.ndarray, weight: np.ndarray, labels: np.ndarray, centers: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted means and weights of cells; an empty cell keeps its centre."""
    moved, mass = centers.copy(), np.zeros(len(centers))
    for cell in range(len(centers)):
        total = np.zeros(X.shape[1])
        for i in np.flatnonzero(labels == cell):
            mass[cell] += weight[i]
            total += weight[i] * X[i].astype(np.float64)
        if mass[cell]:
            moved[cell] = total / mass[cell]
    return moved, mass
