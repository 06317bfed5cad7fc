"""Settings read from the environment, each in one place.

``PARTITA_NUM_THREADS``   threads for all work (default: the cores this process may use)
``PARTITA_MEMORY``        memory budget, bytes or "4GiB" (default: 80 % of what is available)
``PARTITA_PROGRESS``      "0" silences progress, "1" forces it
``PARTITA_KERNEL_CACHE``  "0" turns the on-disk cache of compiled kernels off (read by ``partita.kernels``)
"""

from __future__ import annotations

import os
import re
from decimal import Decimal

from partita._core.errors import InvalidParameterError

_UNITS = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}


def env_int(name: str, low: int = 1) -> int | None:
    """The integer in an environment variable, or None when it is unset or empty."""
    text = os.environ.get(name, "").strip()
    if not text:
        return None
    if not text.isdecimal() or int(text) < low:
        raise InvalidParameterError(
            f"The environment variable {name} is not valid.",
            name=name,
            allowed=f"an integer of at least {low}",
            got=text,
        )
    return int(text)


def parse_bytes(text: str | int, name: str = "memory") -> int:
    """A number of bytes from ``"4GiB"``, ``"500 MB"`` or an integer."""
    match = re.fullmatch(r"\s*(\d{1,18}(?:\.\d{1,9})?)\s*([kmgt]?i?)b?\s*", str(text).lower())
    if not match or match[2] not in _UNITS:
        raise InvalidParameterError(
            f"{name} is not an amount of memory.",
            name=name,
            allowed="bytes, or a text such as '4GiB'",
            got=text,
        )
    return int(Decimal(match[1]) * _UNITS[match[2]])
