"""Spherical k-means as one would write it down: every row against every centre, product by product."""

from __future__ import annotations

import math

import numpy as np

Row = list[tuple[int, float]]


def base(center: np.ndarray, unit: bool) -> float:
    """What similarities to a centre begin with: 0 for a direction, less half of the square of a mean."""
    squares = 0.0
    for value in center:
        squares += float(value) * float(value)
    return 0.0 if unit else -0.5 * squares


def similarity(row: Row, center: np.ndarray, start: float) -> float:
    """The sum of the products in the order of the row's columns."""
    total = start
    for column, value in row:
        total += value * float(center[column])
    return total


def nearest(rows: list[Row], centers: np.ndarray, unit: bool) -> tuple[np.ndarray, np.ndarray]:
    """The most similar centre of each row, the lowest index among equals, and the similarity."""
    labels, similar = np.zeros(len(rows), np.int32), np.zeros(len(rows))
    starts = [base(center, unit) for center in centers]
    for i, row in enumerate(rows):
        found = [similarity(row, center, start) for center, start in zip(centers, starts)]
        labels[i] = max(range(len(found)), key=lambda c: (found[c], -c))
        similar[i] = found[labels[i]]
    return labels, similar


def mean(rows: list[Row], weight: np.ndarray, d: int, unit: bool) -> np.ndarray:
    """The weighted mean of rows, of length 1 if `unit`; zeros where it cancels."""
    total, mass = np.zeros(d), 0.0
    for row, w in zip(rows, weight):
        mass += w
        for column, value in row:
            total[column] += w * value
    total /= mass
    squares = 0.0
    for value in total:
        squares += float(value) * float(value)
    length = math.sqrt(squares)
    if length <= 1e-14:
        return np.zeros(d)
    return total / length if unit else total


def lloyd(
    rows: list[Row], weight: np.ndarray, centers: np.ndarray, unit: bool, max_iter: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, similarities and centres after plain iterations, with all centres summed anew in each.

    A centre without rows moves to the row that loses most, one row each.
    """
    centers, most = centers.copy(), 1.0 if unit else 0.5
    labels, similar = nearest(rows, centers, unit)

    def fill() -> bool:
        empty = [c for c in range(len(centers)) if not (labels == c).any()]
        order = sorted(range(len(rows)), key=lambda i: (-weight[i] * (most - similar[i]), i))
        lost = [i for i in order if most - similar[i] > 1e-12] if empty else []
        for c, i in zip(empty, lost):
            centers[c] = 0.0
            for column, value in rows[i]:
                centers[c, column] = value
        return bool(empty and lost)

    for _ in range(max_iter):
        for c in range(len(centers)):
            members = np.flatnonzero(labels == c)
            if len(members):
                centers[c] = mean([rows[i] for i in members], weight[members], centers.shape[1], unit)
        filled = fill()
        before = labels
        labels, similar = nearest(rows, centers, unit)
        if not filled and (before == labels).all():
            break
    while fill():
        labels, similar = nearest(rows, centers, unit)
    return labels, similar, centers
