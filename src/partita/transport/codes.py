"""Balanced codes by entropic transport: each item a code, each code about as many items. For users."""

from __future__ import annotations

from typing import Any

import numpy as np

from partita._core.errors import InvalidParameterError
from partita._core.params import Flag, Integer, Real, Rule, check_parameters
from partita._core.threads import thread_scope
from partita.transport._costs import MatrixCosts
from partita.transport._exact import settle
from partita.transport.assignment import Assignment, check_costs, dual_bound

_TINY = 1e-300


def balanced_codes(C: Any, *, epsilon: float = 0.003, n_iter: int = 100, repair: bool = False) -> Assignment:
    """Assign items to cells of about equal size by entropic transport, as RepCONC does for its codes.

    *When to choose this*: to reproduce RepCONC's constrained clustering, or for nearly equal sizes at a cost
    that depends on no bounds. For sizes that are kept, take `repair` or ``assign``.

    Parameters
    ----------
    C : array-like of shape (n, k)
        Cost of each item in each cell (squared distances of sub-vectors to the centroids of codes).
    epsilon : float
        Strength of the entropy, for costs brought to [-1, 1]. Smaller is closer to exact balance at least
        cost, and needs more iterations.
    n_iter : int
        Iterations of Sinkhorn and Knopp.
    repair : bool
        Whether to go on to the cheapest assignment in which sizes differ by 1 at most, exactly.

    Returns
    -------
    Assignment
        ``.lower_bound`` is a bound for exactly balanced sizes; without `repair` the sizes may be off, and the
        cost below it.

    Raises
    ------
    InvalidDataError, InvalidParameterError

    Notes
    -----
    O(n k) time an iteration and memory. What the paper does: costs are moved and scaled to [-1, 1],
    ``Q = exp(-C / epsilon)`` is scaled to equal sums for all cells and equal sums for all items in turn, and
    each item takes the cell with its largest share. The repair is ours.

    References
    ----------
    J. Zhan, J. Mao, Y. Liu, J. Guo, M. Zhang, S. Ma, Learning discrete representations via constrained
    clustering for effective and efficient dense retrieval, WSDM 2022, https://doi.org/10.1145/3488560.3498443

    Examples
    --------
    >>> import numpy as np
    >>> C = np.random.default_rng(0).uniform(size=(12, 3)) + [0.0, 0.5, 1.0]
    >>> balanced_codes(C, repair=True).sizes.tolist()
    [4, 4, 4]
    """
    rules: dict[str, Rule] = {
        "epsilon": Real(low=0.0, open_low=True),
        "n_iter": Integer(low=1),
        "repair": Flag(),
    }
    check_parameters("balanced_codes", rules, {"epsilon": epsilon, "n_iter": n_iter, "repair": repair})
    C = check_costs(C)
    n, k = C.shape
    if n == 0:
        raise InvalidParameterError("There are no items to code.", name="C", allowed="one row at least")
    lower, upper = np.full(k, n // k), np.full(k, -(-n // k))
    with thread_scope():
        costs = MatrixCosts(C)
        prices = _prices(C[costs.order].astype(np.float64), epsilon, n_iter)
        labels, moves = costs.scan(prices).best, 0
        if repair:
            settled = settle(costs, lower, upper, prices)
            labels, prices, moves = settled.labels, settled.prices, settled.moves
        placed = np.empty(n, np.int32)
        placed[costs.order] = labels
        return Assignment(
            labels=placed,
            cost=float(costs.own(labels).sum()),
            lower_bound=dual_bound(costs, prices, lower, upper),
            prices=prices,
            sizes=np.bincount(placed, minlength=k),
            moves=moves,
            method="balanced codes by entropic transport (Zhan et al. 2022)" + ", repaired" * repair,
        )


def _prices(C: np.ndarray, epsilon: float, n_iter: int) -> np.ndarray:
    """The scaling of cells in units of cost: the share is largest where C + price is least."""
    n, k = C.shape
    low, high = float(C.min()), float(C.max())
    reach = 0.5 * (high - low) * epsilon
    if reach == 0.0:
        return np.zeros(k)
    # Rows are scaled by their least cost first, and that is undone by the factors of rows at the start.
    least = C.min(axis=1)
    shares = np.exp((least[:, None] - C) / reach)
    of_item = np.exp(np.maximum((low - least) / reach, -700.0))
    for _ in range(n_iter):
        of_cell = 1.0 / (k * np.maximum(shares.T @ of_item, _TINY))
        of_item = 1.0 / (n * np.maximum(shares @ of_cell, _TINY))
    return -reach * np.log(of_cell)
