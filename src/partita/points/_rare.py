"""Small groups that stand out from what is around them, by an empirical null. For ``RareGroups``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita._core.memory import check_memory
from partita._core.progress import Progress
from partita._core.threads import map_blocks
from partita.hierarchy.rows import CanonicalRows
from partita.kernels.contrast import contrast_against, group_settle, groups_contrast
from partita.points._row_cells import row_cells

_BLOCK = 1 << 10
_GROWTH = 1.25
_AROUND = 2
_BULK, _TAIL = 0.8, 0.95
_ROUNDS = 10
_FEWEST = 64


@dataclass(frozen=True)
class Group:
    """One group.

    Attributes
    ----------
    rows : intp[g]
        Distinct rows, ascending.
    contrast : float
        Logarithm of distances to others over distances within, less what is usual around.
    expected_false : float
        How many groups of at least this contrast the null makes in all the data.
    """

    rows: np.ndarray
    contrast: float
    expected_false: float


@dataclass(frozen=True)
class Rare:
    """Groups, the surest first; distances (squared) and numbers of nearest rows by content."""

    groups: list[Group]
    near: np.ndarray
    number: np.ndarray


def find_rare(
    rows: CanonicalRows, min_size: int, max_size: int, false_groups: float, progress: Progress
) -> Rare:
    """Groups of `min_size` to `max_size` distinct rows; fewer than `false_groups` of chance are expected."""
    u = rows.n_distinct
    if u < max(_FEWEST, 2 * _AROUND * min_size):
        return Rare([], np.zeros((u, 0)), np.zeros((u, 0), np.intp))
    most = min(max_size, u // (2 * _AROUND))
    near, number = _neighbours(rows, min(u - 1, _AROUND * most + min_size), progress)
    sizes = _ladder(min_size, most)
    contrast, excess = np.empty((u, len(sizes))), np.empty((u, len(sizes)))
    progress.start("contrasts", None)
    map_blocks(
        lambda a, b: groups_contrast(near, number, sizes, a, b, np.full(u, -1, np.intp), contrast), u, _BLOCK
    )
    map_blocks(lambda a, b: contrast_against(number, sizes, contrast, a, b, excess), u, _BLOCK)
    log_false = np.log(u * len(sizes)) + _log_tail(excess)
    return Rare(_choose(near, number, sizes, excess, log_false, np.log(false_groups), most), near, number)


def _neighbours(rows: CanonicalRows, k: int, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Squared distances and numbers of the nearest rows of each row, by content."""
    check_memory(
        32 * rows.n_distinct * k,
        what=f"Lists of {k:,} neighbours of {rows.n_distinct:,} rows",
        alternative="take a lower max_size",
    )
    held = row_cells(rows, progress)
    by_cell, places = held.neighbours(k, progress)
    near, number, ids = np.empty_like(by_cell), np.empty_like(places), held.cells.ids
    near[ids], number[ids] = by_cell, ids[places]
    return near, number


def _ladder(low: int, high: int) -> np.ndarray:
    """Sizes from `low` to `high`, each about a quarter larger."""
    sizes = [low]
    while sizes[-1] < high:
        sizes.append(min(high, max(sizes[-1] + 1, round(_GROWTH * sizes[-1]))))
    return np.array(sizes, np.intp)


def _log_tail(excess: np.ndarray) -> np.ndarray:
    """Logarithms of the shares of the null beyond each contrast, size by size.

    The null is the bulk of the data, as most rows are in no group; its tail is continued exponentially from
    two quantiles. Shares in the bulk are of no interest, and 1.
    """
    out = np.zeros_like(excess)
    for s in range(excess.shape[1]):
        bulk, tail = np.quantile(excess[:, s], [_BULK, _TAIL])
        if tail <= bulk:
            continue
        rate = np.log((1.0 - _BULK) / (1.0 - _TAIL)) / (tail - bulk)
        beyond = excess[:, s] > tail
        out[beyond, s] = np.log(1.0 - _TAIL) - rate * (excess[beyond, s] - tail)
    return out


def _choose(
    near: np.ndarray,
    number: np.ndarray,
    sizes: np.ndarray,
    excess: np.ndarray,
    log_false: np.ndarray,
    limit: float,
    most: int,
) -> list[Group]:
    """Candidates below the limit, the surest first, none sharing a row with one before."""
    row, size = np.nonzero(log_false <= limit)
    order = np.lexsort((size, row, log_false[row, size]))
    taken, mark, groups = np.zeros(len(excess), bool), np.full(len(excess), -1, np.intp), []
    for i, s in zip(row[order].tolist(), size[order].tolist()):
        members = np.append(i, number[i, : sizes[s] - 1])
        if taken[members].any():
            continue
        settled = group_settle(near, number, np.sort(members), most, mark, _ROUNDS)
        settled = settled[~taken[settled]]
        if len(settled) < sizes[0]:
            taken[members] = True
            continue
        taken[settled] = taken[members] = True
        groups.append(Group(settled, float(excess[i, s]), float(np.exp(log_false[i, s]))))
    return groups
