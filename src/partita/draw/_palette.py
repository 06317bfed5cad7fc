"""Colours for nested parts: children share their parent's range of hues, siblings differ in lightness.

Lightness is what remains of a colour in every kind of colour blindness, so siblings that stand side by side
always differ in it. Hues are nested: a part's hue lies within its parent's range. Made in OKLCH (Ottosson
2020), in which equal steps look equal.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_LIGHT_STEPS = np.array([0.80, 0.92, 0.73, 0.865, 0.665])
_DARK_STEPS = np.array([0.40, 0.29, 0.455, 0.345, 0.505])
_CHROMA = {"light": 0.105, "dark": 0.085}
_FIRST_HUE = 255.0
_HUE_STEP = 5.0
_KEPT = 0.8
_EVEN = 0.3
_TO_LMS = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


class Colours(NamedTuple):
    """One colour a part for light and one for dark paper, uint8[t, 3] each."""

    light: np.ndarray
    dark: np.ndarray


def palette(parent: np.ndarray, weight: np.ndarray) -> Colours:
    """Colours of the nodes of a tree.

    Parameters
    ----------
    parent : intp[t]
        -1 for the root, otherwise a node before it.
    weight : float64[t]
        Heavier siblings get wider ranges of hues, by the root of their weights.

    Returns
    -------
    colours : Colours
        At most 361 distinct pairs. The root is grey. Text in ``INK`` has a contrast of 4.5 or more on each.

    Examples
    --------
    >>> import numpy as np
    >>> palette(np.array([-1, 0, 0]), np.array([2.0, 1.0, 1.0])).light.shape
    (3, 3)
    """
    middle, whole, step = _ranges(parent, weight)
    hue = np.round((middle + _FIRST_HUE) / _HUE_STEP) * _HUE_STEP
    grey = np.where(whole, 0.0, 1.0)
    light = from_oklch(_LIGHT_STEPS[step], _CHROMA["light"] * grey, hue)
    return Colours(light, from_oklch(_DARK_STEPS[step], _CHROMA["dark"] * grey, hue))


def _ranges(parent: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The middle of each node's range of hues, whether it is the whole circle, and its step of lightness."""
    count = len(parent)
    begin, end, rank, family = _shares(parent, weight)
    low, wide, step = [0.0] * count, [360.0] * count, [0] * count
    for v, up in enumerate(parent.tolist()):
        if up < 0:
            continue
        if family[v] == 1:
            low[v], wide[v], step[v] = low[up], wide[up], step[up]
            continue
        room = wide[up] if wide[up] == 360.0 else _KEPT * wide[up]
        left = low[up] + (wide[up] - room) / 2
        low[v], wide[v] = left + room * begin[v], room * (end[v] - begin[v])
        step[v] = rank[v] % len(_LIGHT_STEPS)
    ranges, lows = np.array(wide), np.array(low)
    return lows + ranges / 2, ranges == 360.0, np.array(step, dtype=np.intp)


def _shares(parent: np.ndarray, weight: np.ndarray) -> tuple[list[float], list[float], list[int], list[int]]:
    """Where each node's share of its parent's range begins and ends, its place and the siblings' number."""
    count = len(parent)
    order = np.argsort(parent, kind="stable")
    first = np.flatnonzero(np.diff(parent[order], prepend=-2))
    family = np.diff(np.append(first, count))
    group = np.repeat(np.arange(len(first)), family)
    root = np.sqrt(weight[order] / max(float(weight.max(initial=0.0)), np.finfo(float).tiny))
    mean = np.add.reduceat(root, first) / family
    share = root + np.where(mean > 0, _EVEN * mean, 1.0)[group]
    share /= np.add.reduceat(share, first)[group]
    until = np.cumsum(share)
    until -= np.concatenate([[0.0], until[first[1:] - 1]])[group]
    begin, end, rank, size = (np.empty(count) for _ in range(4))
    begin[order], end[order] = until - share, until
    rank[order], size[order] = np.arange(count) - first[group], family[group]
    return begin.tolist(), end.tolist(), rank.astype(int).tolist(), size.astype(int).tolist()


def from_oklch(lightness: np.ndarray, chroma: np.ndarray, hue: np.ndarray) -> np.ndarray:
    """sRGB colours uint8[t, 3]; chroma is lowered where screens have no such colour; `hue` in degrees."""
    turn = np.deg2rad(hue)
    direction = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    low, high = np.zeros_like(lightness), np.array(chroma, dtype=np.float64)
    fits = _is_shown(_linear(lightness, high, direction))
    low[fits] = high[fits]
    for _ in range(12):
        middle = (low + high) / 2
        fits = _is_shown(_linear(lightness, middle, direction))
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    linear = np.clip(_linear(lightness, low, direction), 0.0, 1.0)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(255 * curved).astype(np.uint8)


def _linear(lightness: np.ndarray, chroma: np.ndarray, direction: np.ndarray) -> np.ndarray:
    lab = np.concatenate([lightness[..., None], chroma[..., None] * direction], axis=-1)
    return ((lab @ _TO_LMS.T) ** 3) @ _TO_RGB.T


def _is_shown(linear: np.ndarray) -> np.ndarray:
    return np.all((linear >= -1e-9) & (linear <= 1 + 1e-9), axis=-1)


def hex_colours(rgb: np.ndarray) -> list[str]:
    """``"#rrggbb"`` for each row of uint8[t, 3]."""
    packed = rgb.astype(np.uint32) @ np.array([65536, 256, 1], dtype=np.uint32)
    return [f"#{value:06x}" for value in packed.tolist()]


def contrast(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The contrast of sRGB colours as WCAG 2 defines it, 1 to 21; uint8[..., 3] each."""
    first, second = _luminance(a), _luminance(b)
    return (np.maximum(first, second) + 0.05) / (np.minimum(first, second) + 0.05)


def _luminance(rgb: np.ndarray) -> np.ndarray:
    part = np.asarray(rgb, dtype=np.float64) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])
