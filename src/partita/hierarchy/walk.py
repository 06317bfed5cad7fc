"""Passes up and down the tree, smallest common parts, cophenetic heights and Dasgupta's cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from partita._core.errors import InvalidDataError
from partita.hierarchy._arrays import as_floats, as_integers

if TYPE_CHECKING:
    from partita.hierarchy.model import Hierarchy


def pass_up(h: Hierarchy, values: Any, how: str) -> np.ndarray:
    """The sum, largest or smallest of `values` over the subtree of each part, float64[m]."""
    return _pass(h, values, f"tree_{how}_up")


def pass_down(h: Hierarchy, values: Any, how: str) -> np.ndarray:
    """The sum or smallest of `values` over each part and its ancestors, float64[m]."""
    return _pass(h, values, f"tree_{how}_down")


def _pass(h: Hierarchy, values: Any, kernel: str) -> np.ndarray:
    from partita.kernels import tree

    result = np.array(as_floats(values, "values", h.n_parts))
    getattr(tree, kernel)(h.parent, result)
    return result


def lca(h: Hierarchy, i: Any, j: Any) -> np.ndarray:
    """The smallest part holding both items, of the broadcast shape; see `Hierarchy.lca`."""
    from partita.kernels.tree_lca import tree_lca

    left, right = np.broadcast_arrays(_items(h, i, "i"), _items(h, j, "j"))
    out = np.empty(left.size, dtype=np.intp)
    tree_lca(_flat(left), _flat(right), h.item_part, h._position, h.parent, h.start, h.stop, jumps(h), out)
    return out.reshape(left.shape)[()]


def cophenetic(h: Hierarchy, i: Any, j: Any) -> np.ndarray:
    """The height at which two items meet, 0 for an item with itself; see `Hierarchy.cophenetic`."""
    meet = h.height[lca(h, i, j)]
    return np.where(np.equal(i, j), 0.0, meet)[()]


def jumps(h: Hierarchy) -> np.ndarray:
    """The jump pointers of the tree, made once."""
    from partita.kernels.tree_lca import tree_jump

    def make() -> np.ndarray:
        jump = np.empty(h.n_parts, dtype=np.intp)
        tree_jump(h.parent, h.depth, jump)
        return jump

    return h._once("jump", make)


def dasgupta_cost(h: Hierarchy, similarity: Any) -> float:
    """Dasgupta's cost of the hierarchy for a symmetric similarity; see `Hierarchy.dasgupta_cost`."""
    from partita.kernels.tree_lca import tree_dasgupta

    matrix = _as_csr(similarity, h.n_items)
    pairs = tree_dasgupta(
        matrix.indptr.astype(np.intp), matrix.indices.astype(np.intp), matrix.data,
        h.item_part, h._position, h.parent, h.start, h.stop, jumps(h),
    )  # fmt: skip
    return float(pairs) / 2.0


def _as_csr(similarity: Any, n: int) -> Any:
    from scipy import sparse

    if not sparse.issparse(similarity):
        similarity = np.asarray(similarity)
        if similarity.dtype.kind not in "biuf":
            raise InvalidDataError("similarity must be numbers.", name="similarity", got=similarity.dtype)
    if similarity.shape != (n, n):
        raise InvalidDataError(
            "similarity must have a row and a column for each item.",
            name="similarity",
            allowed=f"shape {(n, n)}",
            got=similarity.shape,
        )
    matrix = sparse.csr_array(similarity, dtype=np.float64)
    matrix.sum_duplicates()
    if not np.isfinite(matrix.data).all():
        k = int(np.flatnonzero(~np.isfinite(matrix.data))[0])
        row = int(np.searchsorted(matrix.indptr, k, side="right")) - 1
        raise InvalidDataError(
            f"similarity is not finite at row {row}, column {int(matrix.indices[k])}.", name="similarity"
        )
    gap = abs(matrix - matrix.T)
    if gap.nnz and gap.max() > 1e-10 * abs(matrix).max():
        raise InvalidDataError(
            "similarity is not symmetric.",
            name="similarity",
            hint="use (S + S.T) / 2, or S + S.T for a triangle",
        )
    return matrix


def _items(h: Hierarchy, items: Any, name: str) -> np.ndarray:
    array = np.asarray(items)
    checked = as_integers(array.reshape(-1), name)
    outside = np.flatnonzero((checked < 0) | (checked >= h.n_items))
    if len(outside):
        raise InvalidDataError(
            f"There is no item {int(checked[outside[0]])}.", name=name, allowed=f"0 to {h.n_items - 1}"
        )
    return checked.reshape(array.shape)


def _flat(array: np.ndarray) -> np.ndarray:
    flat = np.ascontiguousarray(array).reshape(-1)
    # One kind of argument, read-only, so that the kernel is compiled once.
    flat = flat.view()
    flat.flags.writeable = False
    return flat
