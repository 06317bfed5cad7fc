"""Harmonic vectors of Hodge Laplacians, and what they say about points. For ``TopologicalClustering``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array, eye_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import eigsh

from partita.points._complex import Features, Filtration

MOST_HOLES = 32
_DENSE = 300
_SHIFT = -1e-3
_EXPLAINED = 0.9
_TRIVIAL = 0.02
_FEWEST = 0.02
_ROUNDS = 50
_MORE_LINES = 12


@dataclass(frozen=True)
class Signatures:
    """What each point takes part in.

    Attributes
    ----------
    shares : float64 (u, c)
        A column for each large component, loop and cavity; none for more than ``MOST_HOLES`` loops or
        cavities.
    n_lines : tuple of int
        Columns by dimension.
    betti : tuple of int
    residual : float
        The largest entry of a Laplacian times its harmonic vectors.
    """

    shares: np.ndarray
    n_lines: tuple[int, ...]
    betti: tuple[int, ...]
    residual: float


def sign_points(filtration: Filtration, features: Features, scale: float) -> Signatures:
    """Signatures of points in the complex at a scale."""
    inside = [own <= scale for own in filtration.scale]
    shares, betti, residual = [_components(filtration, inside)], [features.alive(scale, 0)], 0.0
    for k in range(1, filtration.dimension + 1):
        count = features.alive(scale, k)
        betti.append(count)
        if not 0 < count <= MOST_HOLES:
            continue
        harmonic, off = harmonic_vectors(_laplacian(filtration, inside, k), count)
        residual = max(residual, off)
        lines = cluster_lines(harmonic)
        shares.append(_shared(filtration.simplices[k][inside[k]], lines, len(inside[0])))
    if not any(own.shape[1] for own in shares):
        shares = [np.zeros((len(inside[0]), 1))]
    return Signatures(
        np.column_stack(shares), tuple(s.shape[1] for s in shares), tuple(betti), float(residual)
    )


def harmonic_vectors(laplacian: csr_array, count: int) -> tuple[np.ndarray, float]:
    """An orthonormal basis of the kernel, float64 (m, count), and how far it is from one."""
    m = laplacian.shape[0]
    if m <= max(_DENSE, 4 * count):
        vectors = np.linalg.eigh(laplacian.toarray())[1][:, :count]
    else:
        start = np.cos(np.arange(m) + 1.0)
        room = min(m - 1, max(40, 3 * count + 10))
        vectors = eigsh(laplacian.tocsc(), k=count, sigma=_SHIFT, which="LM", v0=start, ncv=room)[1]
    return vectors, float(np.abs(laplacian @ vectors).max())


def cluster_lines(rows: np.ndarray) -> np.ndarray:
    """The line through the origin along which each row lies, from 1; 0 for rows that are nearly zero.

    Sign-free k-means of directions, each as heavy as its squared length; lines are added until they hold most
    of the weight, and there are at least as many as columns.
    """
    weight = np.einsum("ij,ij->i", rows, rows)
    unit = rows / np.sqrt(np.maximum(weight, 1e-300))[:, None]
    b = rows.shape[1]
    for count in range(b, b + min(2 * b, _MORE_LINES) + 1):
        label, fit = _climb_lines(unit, weight, count)
        if float(weight @ fit) >= _EXPLAINED * float(weight.sum()):
            break
    out = label + 1
    for line in range(count):
        own = label == line
        usual = float((weight[own] ** 2).sum()) / max(float(weight[own].sum()), 1e-300)
        out[own & (weight < _TRIVIAL * usual)] = 0
    used = np.unique(out[out > 0])
    return np.where(out > 0, np.searchsorted(used, out) + 1, 0)


def _climb_lines(unit: np.ndarray, weight: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The best line of each row, intp[m], and its squared cosine with it."""
    lines = [unit[int(weight.argmax())]]
    held = (unit @ lines[0]) ** 2
    while len(lines) < count:
        lines.append(unit[int((weight * (1.0 - held)).argmax())])
        held = np.maximum(held, (unit @ lines[-1]) ** 2)
    axes, label = np.array(lines), np.full(len(unit), -1)
    for _ in range(_ROUNDS):
        fit = (unit @ axes.T) ** 2
        before, label = label, fit.argmax(axis=1)
        if (label == before).all():
            break
        for line in range(count):
            own = label == line
            if own.any():
                scatter = (unit[own] * weight[own, None]).T @ unit[own]
                axes[line] = np.linalg.eigh(scatter)[1][:, -1]
    return label, fit.max(axis=1)


def _laplacian(filtration: Filtration, inside: list[np.ndarray], k: int) -> csr_array:
    down = _boundary(filtration, inside, k)
    laplacian = down.T @ down
    if k < filtration.dimension:
        up = _boundary(filtration, inside, k + 1)
        laplacian = laplacian + up @ up.T
    return csr_array(laplacian + 0.0 * eye_array(laplacian.shape[0]))


def _boundary(filtration: Filtration, inside: list[np.ndarray], k: int) -> csr_array:
    """Of the k-simplices of a complex, with alternating signs."""
    number = np.cumsum(inside[k - 1]) - 1
    faces = number[filtration.faces[k][inside[k]]]
    signs = np.tile((-1.0) ** np.arange(k + 1), (len(faces), 1))
    columns = np.repeat(np.arange(len(faces)), k + 1)
    shape = (int(inside[k - 1].sum()), len(faces))
    return csr_array(coo_array((signs.ravel(), (faces.ravel(), columns)), shape=shape))


def _components(filtration: Filtration, inside: list[np.ndarray]) -> np.ndarray:
    """A column for each component that is not tiny: which points are in it."""
    u, edges = len(inside[0]), filtration.simplices[1][inside[1]]
    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(u, u))
    count, label = connected_components(graph, directed=False)
    size = np.bincount(label, minlength=count)
    large = np.flatnonzero(size >= max(2, _FEWEST * u))
    return (label[:, None] == large).astype(np.float64)


def _shared(simplices: np.ndarray, lines: np.ndarray, u: int) -> np.ndarray:
    """The share of each line among the simplices around each point, float64 (u, lines)."""
    count = int(lines.max(initial=0))
    held = np.zeros((u, count + 1))
    for corner in range(simplices.shape[1]):
        np.add.at(held, (simplices[:, corner], lines), 1.0)
    return held[:, 1:] / np.maximum(held.sum(axis=1), 1.0)[:, None]
