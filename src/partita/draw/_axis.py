"""Round numbers along an axis. Callers: the drawings with a scale."""

from __future__ import annotations

import math

_STEPS = (1.0, 2.0, 5.0, 10.0)


def ticks(low: float, high: float, most: int = 7) -> list[tuple[float, str]]:
    """At most `most` round values in ``[low, high]``, and their texts.

    Examples
    --------
    >>> [text for _, text in ticks(0.0, 1.0)]
    ['0', '0.2', '0.4', '0.6', '0.8', '1']
    """
    rough = (high - low) / (most - 1)
    scale = 10.0 ** math.floor(math.log10(rough))
    step = next(scale * step for step in _STEPS if scale * step >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(i * step, f"{i * step:.6g}") for i in range(first, last + 1)]
