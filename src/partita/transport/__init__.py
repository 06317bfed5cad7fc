"""Who goes where, at what cost: plans of transport, by names resolved on first use. For points and users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from partita._core.lazy import lazy_names

_PUBLIC = {
    "balanced_codes": "partita.transport.codes",
    "balance_cells": "partita.transport.balanced",
    "BalancedCells": "partita.transport.balanced",
    "assign": "partita.transport.assignment",
    "Assignment": "partita.transport.assignment",
    "FederatedDistances": "partita.transport.federated",
    "LocalClient": "partita.transport.federated",
    "Plan": "partita.transport.plan",
    "federated_wasserstein": "partita.transport.federated",
    "sinkhorn": "partita.transport.entropic",
    "sparse_plan": "partita.transport.sparse",
    "capacity_assign": "partita.transport.capacity",
}

__all__ = [
    "Assignment",
    "BalancedCells",
    "FederatedDistances",
    "LocalClient",
    "Plan",
    "assign",
    "balance_cells",
    "balanced_codes",
    "capacity_assign",
    "federated_wasserstein",
    "sinkhorn",
    "sparse_plan",
]

if TYPE_CHECKING:
    from partita.transport.assignment import Assignment, assign
    from partita.transport.balanced import BalancedCells, balance_cells
    from partita.transport.capacity import capacity_assign
    from partita.transport.codes import balanced_codes
    from partita.transport.entropic import sinkhorn
    from partita.transport.federated import FederatedDistances, LocalClient, federated_wasserstein
    from partita.transport.plan import Plan
    from partita.transport.sparse import sparse_plan

__getattr__, __dir__ = lazy_names(__name__, _PUBLIC)
