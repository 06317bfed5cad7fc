"""How alike two partitions are: every common measure from one contingency pass."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from partita._core.errors import InvalidDataError, InvalidParameterError
from partita.hierarchy.partition import NOISE, Partition

_EPS = float(np.finfo(np.float64).eps)


class _Table(NamedTuple):
    """The contingency table: its non-zero counts, their row and column sums, and both margins."""

    n: int
    counts: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    a: np.ndarray
    b: np.ndarray


def compare(a: Any, b: Any, *, noise: str = "part") -> dict[str, float]:
    """How alike two partitions of the same items are.

    Parameters
    ----------
    a : Partition or array-like of int or str, shape (n,)
        The reference, for homogeneity and completeness; all else is symmetric.
    b : Partition or array-like of int or str, shape (n,)
        The other partition.
    noise : {"part", "drop"}
        Whether the items labelled ``NOISE`` make a part of their own (as in scikit-learn), or items that are
        noise in either partition are left out.

    Returns
    -------
    measures : dict of str to float
        ``ari`` (adjusted Rand index), ``ami`` (adjusted mutual information, arithmetic mean), ``nmi``, ``vi``
        (variation of information), ``mi``, ``homogeneity``, ``completeness``, ``v_measure``,
        ``fowlkes_mallows``, ``rand``, ``entropy_a``, ``entropy_b``; ``n_items``, ``n_parts_a``,
        ``n_parts_b``. Information is in nats.

    Raises
    ------
    InvalidDataError
        When the two have different lengths or labels that are neither integers nor texts.

    Notes
    -----
    O(n) for integer labels; the expected information sums over pairs of distinct part sizes only.

    References
    ----------
    Hubert & Arabie 1985, doi:10.1007/BF01908075; Nguyen, Epps & Bailey, JMLR 11 (2010);
    Meila 2007, doi:10.1016/j.jmva.2006.11.013; Rosenberg & Hirschberg, EMNLP 2007.

    Examples
    --------
    >>> compare([0, 0, 1, 1], [1, 1, 0, 0])["ari"]
    1.0
    """
    table = _contingency(*_label_pair(a, b, noise))
    mi, h_a, h_b = _mutual_information(table), _entropy(table.a, table.n), _entropy(table.b, table.n)
    homogeneity, completeness = mi / h_a if h_a else 1.0, mi / h_b if h_b else 1.0
    both = homogeneity + completeness
    identical = len(table.counts) == len(table.a) == len(table.b)
    return {
        **_pair_measures(table),
        "ami": 1.0 if identical else _adjusted_information(table, mi, h_a, h_b),
        "nmi": 1.0 if identical else _share(mi, (h_a + h_b) / 2),
        "mi": mi,
        "vi": 0.0 if identical else max(h_a + h_b - 2 * mi, 0.0),
        "homogeneity": homogeneity,
        "completeness": completeness,
        "v_measure": 2 * homogeneity * completeness / both if both else 0.0,
        "entropy_a": h_a,
        "entropy_b": h_b,
        "n_items": table.n,
        "n_parts_a": len(table.a),
        "n_parts_b": len(table.b),
    }


def _label_pair(a: Any, b: Any, noise: str) -> tuple[np.ndarray, np.ndarray]:
    if noise not in ("part", "drop"):
        raise InvalidParameterError(
            "noise is not valid.", name="noise", allowed="'part' or 'drop'", got=noise
        )
    a, b = _labels(a, "a"), _labels(b, "b")
    if len(a) != len(b):
        raise InvalidDataError(f"a labels {len(a)} items and b labels {len(b)}.", name="b")
    if noise == "drop":
        kept = np.ones(len(a), dtype=bool)
        for labels in (a, b):
            if labels.dtype.kind == "i":
                kept &= labels != NOISE
        a, b = a[kept], b[kept]
    return _codes(a), _codes(b)


def _labels(value: Any, name: str) -> np.ndarray:
    array = value.labels if isinstance(value, Partition) else np.asarray(value)
    if array.ndim == 1 and array.dtype.kind in "OT":
        array = array.astype(str)
    if array.ndim == 1 and array.size == 0:
        array = array.astype(np.intp)
    if array.ndim != 1 or array.dtype.kind not in "iubU":
        raise InvalidDataError(
            f"{name} must be a Partition or one integer or text for each item.",
            name=name,
            got=f"{array.dtype} of shape {array.shape}",
            hint="for a hierarchy, compare a cut of it: h.cut(n_clusters=10), or h.labels()",
        )
    return array


def _codes(labels: np.ndarray) -> np.ndarray:
    """The labels as 0, 1, … without gaps, in ascending order; by counting where their range is small."""
    if labels.dtype.kind == "U" or not labels.size:
        return np.unique(labels, return_inverse=True)[1].astype(np.intp)
    low, high = int(labels.min()), int(labels.max())
    if high - low > 4 * labels.size + 1024:
        return np.unique(labels, return_inverse=True)[1].astype(np.intp)
    # Modulo 2^64, so that neither small nor unsigned integers overflow.
    shifted = (labels.astype(np.uint64) - np.uint64(low % 2**64)).astype(np.intp)
    present = np.bincount(shifted) > 0
    return (np.cumsum(present) - 1)[shifted]


def _contingency(a: np.ndarray, b: np.ndarray) -> _Table:
    n = len(a)
    size_a, size_b = np.bincount(a), np.bincount(b)
    width = max(len(size_b), 1)
    joint = a * width + b
    if len(size_a) * width <= 4 * n + 1024:
        counts = np.bincount(joint)
        cells = np.flatnonzero(counts)
        counts = counts[cells]
    else:
        cells, counts = np.unique(joint, return_counts=True)
    return _Table(n, counts, size_a[cells // width], size_b[cells % width], size_a, size_b)


def _mutual_information(table: _Table) -> float:
    counts = table.counts.astype(np.float64)
    ratio = np.log(counts) - np.log(table.rows) - np.log(table.columns) + math.log(max(table.n, 1))
    return (
        max(float((counts * ratio).sum()) / max(table.n, 1), 0.0) if len(table.a) > 1 < len(table.b) else 0.0
    )


def _entropy(sizes: np.ndarray, n: int) -> float:
    if len(sizes) < 2:
        return 0.0
    share = sizes / n
    return float(-(share * np.log(share)).sum())


def _pairs(sizes: np.ndarray) -> int:
    # The sum of squares fits int64 up to 3 * 10^9 items; the products of sums, taken later, do not.
    sizes = sizes.astype(np.int64)
    return int((sizes * (sizes - 1) // 2).sum())


def _pair_measures(table: _Table) -> dict[str, float]:
    every = table.n * (table.n - 1) // 2
    both, in_a, in_b = _pairs(table.counts), _pairs(table.a), _pairs(table.b)
    apart = every - in_a - in_b + both
    only_a, only_b = in_a - both, in_b - both
    below = (both + only_a) * (only_a + apart) + (both + only_b) * (only_b + apart)
    ari = 1.0 if only_a == only_b == 0 else 2.0 * (both * apart - only_a * only_b) / below
    return {
        "ari": ari,
        "rand": (both + apart) / every if every else 1.0,
        "fowlkes_mallows": math.sqrt(both / in_a) * math.sqrt(both / in_b) if both else 0.0,
    }


def _share(mi: float, whole: float) -> float:
    return mi / whole if whole else 0.0


def _adjusted_information(table: _Table, mi: float, h_a: float, h_b: float) -> float:
    if len(table.a) < 2 or len(table.b) < 2:
        return 0.0
    from partita.kernels.tree_compare import expected_information

    sizes = [np.unique(side, return_counts=True) for side in (table.a, table.b)]
    arrays = [array.astype(np.float64) for pair in sizes for array in pair]
    expected = expected_information(*arrays, float(table.n))
    below = (h_a + h_b) / 2 - expected
    return (mi - expected) / (min(below, -_EPS) if below < 0 else max(below, _EPS))
