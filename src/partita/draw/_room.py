"""Where a line of text fits into a polygon. Callers: the drawings that label regions."""

from __future__ import annotations

import numpy as np


def widest_room(corners: np.ndarray, top: float, bottom: float) -> tuple[float, float]:
    """The widest span that lies in a polygon at two heights, and so between them when it has no notch there.

    Parameters
    ----------
    corners : float64[c, 2]
    top, bottom : float
        The heights of the upper and the lower edge.

    Returns
    -------
    left, right : float
        Equal when there is no room.

    Examples
    --------
    >>> import numpy as np
    >>> widest_room(np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]]), 1.0, 2.0)
    (0.0, 4.0)
    """
    heights = [top, bottom, *(y for y in corners[:, 1].tolist() if top < y < bottom)]
    room = _spans(corners, heights[0])
    for y in heights[1:]:
        room = [
            (max(a, c), min(b, d)) for a, b in room for c, d in _spans(corners, y) if min(b, d) > max(a, c)
        ]
    return max(room, key=lambda span: span[1] - span[0], default=(0.0, 0.0))


def _spans(corners: np.ndarray, y: float) -> list[tuple[float, float]]:
    """Where the horizontal line at `y` runs inside the polygon."""
    x, h = corners[:, 0], corners[:, 1]
    x_next, h_next = np.roll(x, -1), np.roll(h, -1)
    crosses = (h <= y) != (h_next <= y)
    share = (y - h[crosses]) / (h_next[crosses] - h[crosses])
    at = np.sort(x[crosses] + share * (x_next[crosses] - x[crosses])).tolist()
    return list(zip(at[::2], at[1::2]))
