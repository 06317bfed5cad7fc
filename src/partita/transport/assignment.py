"""The cheapest assignment of items to cells with bounded sizes or limited resources. For users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError, InvalidParameterError, InvalidTypeError
from partita._core.threads import thread_scope
from partita.transport._bounds import check_feasible, check_sizes
from partita.transport._costs import MatrixCosts
from partita.transport._exact import settle
from partita.transport._resources import Resources, settle_resources


@dataclass(frozen=True)
class Assignment:
    """Which cell each item goes to, and a proof of how good that is.

    Attributes
    ----------
    labels : int32[n]
        The cell of each item.
    cost : float
        Sum of the costs of the items in their cells.
    lower_bound : float
        No assignment within the bounds costs less: the value of the dual solution, worked out anew from the
        costs and `prices`.
    prices : float64[k], or (k, r) with resources
        What one more item (unit of a resource) in a cell costs: positive where the cell is full, negative
        where it is at its least.
    sizes : intp[k]
        Items in each cell.
    moves : int
        Paths (with unit items) or rounds of the linear program (with weights) that the solution took.
    method : str
        What was done, and after whom.

    Examples
    --------
    >>> from partita.transport import assign
    >>> found = assign([[0.0, 9.0], [1.0, 2.0], [2.0, 9.0]], max_size=2)
    >>> found.labels.tolist(), found.cost, found.gap
    ([0, 1, 0], 4.0, 0.0)
    """

    labels: np.ndarray
    cost: float
    lower_bound: float
    prices: np.ndarray
    sizes: np.ndarray
    moves: int
    method: str

    @property
    def gap(self) -> float:
        """How much the cost is above the lower bound; 0 up to rounding where the assignment is exact."""
        return max(0.0, self.cost - self.lower_bound)


def assign(
    C: Any,
    min_size: Any = None,
    max_size: Any = None,
    weights: Any = None,
    capacity: Any = None,
) -> Assignment:
    """The cheapest assignment of items to cells under bounds.

    *When to choose this*: you have costs of items in cells (distances to centres, losses of experts, travel
    times) and cells that must not be over-full or under-used. Without weights the answer is optimal. For
    rows and centres ``capacity_assign`` needs no matrix of costs; ``balance_cells`` moves the centres too.

    Parameters
    ----------
    C : array-like of shape (n, k)
        Cost of each item in each cell, finite.
    min_size, max_size : int, or k of them, optional
        Fewest and most items of a cell.
    weights : array-like of shape (n,) or (n, r), optional
        How much of each of r resources an item uses; at least 0. With `capacity`.
    capacity : float, or array-like of shape (k,), (r,) for equal cells, or (k, r), optional
        How much of each resource a cell has. One number holds for all. A row of length k is read as one
        capacity for each cell where there is one resource, and as one for each resource where there are more.

    Returns
    -------
    Assignment
        With ``.labels``, ``.cost``, ``.lower_bound``.

    Raises
    ------
    InvalidDataError
        For NaN and infinite costs (with row and column), wrong shapes and negative weights.
    InfeasibleError
        For bounds that no assignment keeps, with the smallest change that can be met; before any work.

    Notes
    -----
    Items of equal weight: cheapest paths over a graph with one node a cell, O(n k log n + moves k^2) time,
    memory for the items near the boundaries of cells and k^2. Weights: which is best is NP-hard. A linear
    program is solved over the cells in reach, and the few items that it splits are placed by a small integer
    program, so the answer keeps all bounds; ``.gap`` says by how much it may miss the optimum.

    Items are taken in the order of their content: shuffled rows of `C` give the same cells, but where items
    are equal.

    References
    ----------
    R. K. Ahuja, T. L. Magnanti, J. B. Orlin, Network Flows, Prentice Hall 1993, chapter 9 (successive
    shortest paths, reduced costs).

    Q. Huangfu and J. A. J. Hall, Parallelizing the dual revised simplex method, Math. Prog. Comp. 10 (2018),
    https://doi.org/10.1007/s12532-017-0130-5

    Examples
    --------
    >>> import numpy as np
    >>> C = np.array([[1.0, 5.0], [2.0, 3.0], [1.0, 9.0], [2.0, 2.5]])
    >>> found = assign(C, max_size=2)
    >>> found.labels.tolist(), found.cost, found.lower_bound
    ([0, 1, 0, 1], 7.5, 7.5)
    >>> assign(C, weights=[1.0, 1.0, 3.0, 1.0], capacity=[4.0, 2.0]).sizes.tolist()
    [2, 2]
    """
    C = check_costs(C)
    n, k = C.shape
    lower, upper = check_sizes(min_size, k, "min_size", 0), check_sizes(max_size, k, "max_size", n)
    check_feasible(n, lower, upper)
    if (weights is None) != (capacity is None):
        missing, given = ("capacity", "weights") if capacity is None else ("weights", "capacity")
        raise InvalidParameterError(
            f"{given} was given without {missing}.",
            name=missing,
            hint="for bounds on the number of items take max_size",
        )
    with thread_scope():
        if weights is not None:
            resources = Resources.check(weights, capacity, n, k)
            if not resources.are_unit():
                return _by_program(C, lower, upper, resources)
            upper = np.minimum(upper, resources.most_items())
            resources.refuse_too_few_places(upper)
            check_feasible(n, lower, upper)
        return _by_paths(C, lower, upper)


def _by_paths(C: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> Assignment:
    n, k = C.shape
    costs = MatrixCosts(C)
    settled = settle(costs, lower, upper)
    labels = np.empty(n, np.int32)
    labels[costs.order] = settled.labels
    return Assignment(
        labels=labels,
        cost=float(costs.own(settled.labels).sum()),
        lower_bound=dual_bound(costs, settled.prices, lower, np.minimum(upper, n)),
        prices=settled.prices,
        sizes=np.bincount(labels, minlength=k),
        moves=settled.moves,
        method="successive shortest paths over the cells (Ahuja, Magnanti, Orlin 1993)",
    )


def dual_bound(costs: MatrixCosts, prices: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> float:
    """What no assignment undercuts: each item at its cheapest, prices included, less what bounds give back.

    For any prices at all (weak duality); with optimal ones it is the optimum.
    """
    total = float(costs.cheapest(prices).sum())
    return total - float(np.where(prices > 0, prices * upper, prices * lower).sum())


def _by_program(C: np.ndarray, lower: np.ndarray, upper: np.ndarray, resources: Resources) -> Assignment:
    found = settle_resources(C, lower, upper, resources)
    return Assignment(
        labels=found.labels,
        cost=float(C[np.arange(len(C)), found.labels].sum(dtype=np.float64)),
        lower_bound=found.lower_bound,
        prices=found.prices,
        sizes=np.bincount(found.labels, minlength=C.shape[1]),
        moves=found.rounds,
        method="linear program over the cells in reach, split items placed by an integer program (HiGHS)",
    )


def check_costs(C: Any) -> np.ndarray:
    """A finite matrix of costs, float32 or float64, one row an item."""
    if hasattr(C, "tocsr"):
        raise InvalidTypeError("C is sparse; costs of all items in all cells are needed.", name="C")
    try:
        array = np.asarray(C)
        array = np.ascontiguousarray(array, dtype=np.float32 if array.dtype == np.float32 else np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidTypeError(f"C can't be read as numbers: {error}", name="C") from error
    if array.ndim != 2 or not array.shape[1]:
        raise InvalidDataError(
            "C has the wrong shape.", name="C", allowed="(items, cells), one cell at least", got=array.shape
        )
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        row, column = bad[0]
        raise InvalidDataError(
            f"C holds {array[row, column]} in row {row}, column {column}.",
            name="C",
            allowed="finite numbers",
            hint="give a cell that is forbidden for an item a cost above all others, and look at labels",
        )
    return array
