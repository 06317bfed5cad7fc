"""The memory budget: work that needs more is refused before it starts, with the alternative named."""

from __future__ import annotations

import os
from pathlib import Path

from partita._core.errors import BudgetError
from partita._core.settings import parse_bytes

_SHARE_OF_AVAILABLE = 0.8


def memory_budget() -> int:
    """Bytes that one call may allocate: ``PARTITA_MEMORY``, or 80 % of what the machine has free."""
    setting = os.environ.get("PARTITA_MEMORY", "").strip()
    return parse_bytes(setting, "PARTITA_MEMORY") if setting else int(_SHARE_OF_AVAILABLE * _available())


def check_memory(needed: int, *, what: str, alternative: str) -> None:
    """Refuse work that needs more than the budget.

    Parameters
    ----------
    needed : int
        Bytes that the work would allocate at its peak.
    what : str
        What would be allocated, for the message.
    alternative : str
        What to do instead.

    Raises
    ------
    BudgetError
        When `needed` exceeds the budget.
    """
    budget = memory_budget()
    if needed > budget:
        raise BudgetError(
            f"{what} needs {format_bytes(needed)} and the memory budget is {format_bytes(budget)}.",
            name="PARTITA_MEMORY",
            hint=alternative,
        )


def format_bytes(count: float) -> str:
    """``"3.2 GiB"`` for a number of bytes."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def _available() -> int:
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 4 * 2**30
