"""Simulated star fields: a cluster in proper motion and parallax, over field stars."""

from __future__ import annotations

import numpy as np


def star_field(
    members: int, field: int, seed: int, *, gaussian_field: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Position (deg), proper motion (mas/yr) and parallax (mas), shape (n, 5); and who is a member, bool[n].

    Members: a position profile of 0.15 deg, motions within 0.25 mas/yr of (-3, 2), parallaxes of 1.2 +- 0.06.
    The field is even in all columns, or Gaussian in the motions with an even sky.
    """
    rng = np.random.default_rng(seed)
    spread = np.array([0.15, 0.15, 0.25, 0.25, 0.06])
    cluster = np.array([0.1, -0.2, -3.0, 2.0, 1.2]) + spread * rng.standard_normal((members, 5))
    low, high = np.array([-1.0, -1, -10, -10, 0.1]), np.array([1.0, 1, 10, 10, 3.0])
    others = rng.uniform(low, high, (field, 5))
    if gaussian_field:
        others[:, 2:4] = rng.normal(-1.0, 4.0, (field, 2))
    X, member = np.concatenate([cluster, others]), np.repeat([True, False], [members, field])
    order = rng.permutation(len(X))
    return X[order], member[order]


def completeness(found: np.ndarray, member: np.ndarray) -> float:
    """Share of the members that are found."""
    return float((found & member).sum() / member.sum())


def contamination(found: np.ndarray, member: np.ndarray) -> float:
    """Share of what is found that are no members."""
    return float((found & ~member).sum() / max(found.sum(), 1))
