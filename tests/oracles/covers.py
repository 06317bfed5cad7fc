"""Slow, obvious twins of the rules of covers: all distances, one item after the other."""

from __future__ import annotations

import math

import numpy as np


def cover(X, labels, rule, most, radius=None, penalty=1.0, items=None):
    """For each item its parts in the order in which they are taken, and how many items had too many."""
    X = np.asarray(X, dtype=np.float64)
    held = np.unique(labels[labels >= 0])
    centers = np.stack([X[labels == part].mean(axis=0) for part in held])
    taken, capped = [], 0
    for item in range(len(X)) if items is None else items:
        x, label = X[item], labels[item]
        square = ((centers - x) ** 2).sum(axis=1)
        ranked = sorted(range(len(held)), key=lambda c: (square[c], c))
        own = ranked[0] if rule == "top" or label < 0 else int(np.searchsorted(held, label))
        parts, more = _RULES[rule](x, centers, square, ranked, own, most, radius, penalty)
        taken.append([int(held[c]) for c in parts])
        capped += more
    return taken, capped


def weights(X, labels, taken):
    """1 for the first part; for another the least distance of the item's centres over its own."""
    X = np.asarray(X, dtype=np.float64)
    centers = {part: X[labels == part].mean(axis=0) for part in np.unique(labels[labels >= 0])}
    found = []
    for x, parts in zip(X, taken):
        far = [math.dist(x, centers[part]) for part in parts]
        found.append([1.0] + [min(far) / one for one in far[1:]])
    return found


def _in_reach(square, radius):
    return radius is None or square <= radius * radius


def _nearest(x, centers, square, ranked, own, most, radius, penalty):
    others = [c for c in ranked if c != own and _in_reach(square[c], radius)]
    return [own, *others[: most - 1]], len(others) > most - 1


def _closure(x, centers, square, ranked, own, most, radius, penalty):
    accepted, more = [own], False
    for c in ranked[: max(64, 2 * most)]:
        if c == own or not _in_reach(square[c], radius):
            continue
        if all(((centers[c] - centers[a]) ** 2).sum() >= square[c] for a in accepted):
            if len(accepted) == most:
                more = True
            else:
                accepted.append(c)
    return accepted, more


def margin(square, own, other, centers):
    """The distance to the plane midway between two centres, positive on the own side."""
    gap = math.dist(centers[own], centers[other])
    return (square[other] - square[own]) / (2 * gap) if gap > 0 else -math.inf


def _bisector(x, centers, square, ranked, own, most, radius, penalty):
    margins = {c: margin(square, own, c, centers) for c in range(len(centers)) if c != own}
    within = sorted((c for c in margins if margins[c] <= radius), key=lambda c: (margins[c], c))
    return [own, *within[: most - 1]], len(within) > most - 1


def _spill(x, centers, square, ranked, own, most, radius, penalty):
    accepted, losses = [own], square.copy()
    while True:
        free = [c for c in range(len(centers)) if c not in accepted and _in_reach(square[c], radius)]
        if len(accepted) == most or not free:
            return accepted, bool(free)
        residual = x - centers[accepted[-1]]
        if residual.any():
            losses += penalty * ((x - centers) @ residual) ** 2 / (residual @ residual)
        accepted.append(min(free, key=lambda c: (losses[c], c)))


_RULES = {"nearest": _nearest, "top": _nearest, "closure": _closure, "bisector": _bisector, "spill": _spill}
