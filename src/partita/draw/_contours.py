"""Where points lie densely: a grid of densities, and outlines around most of them. Callers: ``map``."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

# Of a cell's corners 1 is the upper left, 2 the upper right, 4 the lower right, 8 the lower left. Each run
# enters a cell by one side and leaves by another, what is dense on its right.
_TOP, _RIGHT, _BOTTOM, _LEFT = range(4)
_RUNS: tuple[tuple[tuple[int, int], ...], ...] = (
    (),
    ((_LEFT, _TOP),),
    ((_TOP, _RIGHT),),
    ((_LEFT, _RIGHT),),
    ((_RIGHT, _BOTTOM),),
    ((_LEFT, _TOP), (_RIGHT, _BOTTOM)),
    ((_TOP, _BOTTOM),),
    ((_LEFT, _BOTTOM),),
    ((_BOTTOM, _LEFT),),
    ((_BOTTOM, _TOP),),
    ((_TOP, _RIGHT), (_BOTTOM, _LEFT)),
    ((_BOTTOM, _RIGHT),),
    ((_RIGHT, _LEFT),),
    ((_RIGHT, _TOP),),
    ((_TOP, _LEFT),),
    (),
)


def density(points: np.ndarray, shape: tuple[int, int], cell: float, blur: float) -> np.ndarray:
    """How many points (p, 2) lie in each cell of a grid, float64 (rows, columns), blurred by `blur` cells."""
    column = np.clip((points[:, 0] / cell).astype(np.intp), 0, shape[1] - 1)
    row = np.clip((points[:, 1] / cell).astype(np.intp), 0, shape[0] - 1)
    count = np.bincount(row * shape[1] + column, minlength=shape[0] * shape[1])
    grid = count.reshape(shape).astype(np.float64)
    return gaussian_filter(grid, blur, mode="constant", truncate=3.0) if blur > 0 else grid


def height_around(grid: np.ndarray, share: float) -> float:
    """The density above which `share` of everything lies; 0 for an empty grid."""
    falling = np.sort(grid, axis=None)[::-1]
    total = np.cumsum(falling)
    if total[-1] <= 0.0:
        return 0.0
    return float(falling[np.searchsorted(total, share * total[-1])])


def outlines(grid: np.ndarray, height: float) -> list[np.ndarray]:
    """Closed lines along which the densities of a grid are `height`, by marching squares.

    Returns
    -------
    lines : list of float64 (c, 2)
        x and y in cells; 0.5 is the middle of the first. Outer lines turn one way, holes the other.

    Examples
    --------
    >>> import numpy as np
    >>> lines = outlines(np.array([[0.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]]), 1.0)
    >>> len(lines), lines[0].mean(axis=0).tolist()
    (1, [1.5, 1.5])
    """
    padded = np.pad(grid, 1)
    dense = padded >= height
    code = dense[:-1, :-1] + 2 * dense[:-1, 1:] + 4 * dense[1:, 1:] + 8 * dense[1:, :-1]
    following: dict[tuple[int, int, bool], tuple[int, int, bool]] = {}
    for row, column in np.argwhere((code > 0) & (code < 15)).tolist():
        for enter, leave in _RUNS[code[row, column]]:
            following[_side(row, column, enter)] = _side(row, column, leave)
    lines = []
    while following:
        start = min(following)
        line, at = [start], following.pop(start)
        while at != start:
            line.append(at)
            at = following.pop(at)
        lines.append(np.array([_crossing(padded, side, height) for side in line]) - 0.5)
    return lines


def _side(row: int, column: int, side: int) -> tuple[int, int, bool]:
    """The side of a cell as the corner at which it begins, and whether it goes down from there."""
    if side == _TOP:
        return row, column, False
    if side == _BOTTOM:
        return row + 1, column, False
    return (row, column, True) if side == _LEFT else (row, column + 1, True)


def _crossing(padded: np.ndarray, side: tuple[int, int, bool], height: float) -> tuple[float, float]:
    row, column, down = side
    a = padded[row, column]
    b = padded[row + 1, column] if down else padded[row, column + 1]
    share = float((height - a) / (b - a))
    return (column, row + share) if down else (column + share, row)


def area(line: np.ndarray) -> float:
    """What a closed line goes around, float64 (c, 2)."""
    x, y = line.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2.0
