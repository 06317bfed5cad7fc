"""How a hierarchy was made, with its certificates, as lines for people. Callers: ``report.payload``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from partita.hierarchy import Hierarchy
from partita.report.parts import clip

_MOST_LINES = 200
_MOST_VALUES = 12
_LONGEST = 400


def seconds_text(h: Hierarchy) -> str:
    """How long the maker took: ``"0.25 s"``, ``"604 s"``, or nothing when it isn't known."""
    seconds = h.made_by.seconds
    if seconds is None:
        return ""
    return f"{seconds:,.0f} s" if seconds >= 10 else f"{seconds:.2g} s"


def made_record(h: Hierarchy) -> dict[str, Any]:
    """The record of the hierarchy: sections of (name, text) lines, and notes."""
    made = h.made_by
    facts = {
        "Method": made.method,
        "Version of Partita": made.version,
        "Time": seconds_text(h),
        "Cost": made.cost,
        "Converged": made.converged,
        "Fingerprint of the data": made.fingerprint,
        "Citation": made.citation,
    }
    sections = {
        "Certificates": made.certificates,
        "Made by": {name: value for name, value in facts.items() if value not in (None, "")},
        "Parameters": made.parameters,
        "What was chosen": made.choices,
    }
    return {
        "line": " · ".join(filter(None, (made.method, f"Partita {made.version}".strip(), seconds_text(h)))),
        "sections": [[title, _lines(values)] for title, values in sections.items() if values],
        "notes": [clip(str(note), _LONGEST) for note in made.notes],
    }


def _lines(values: Mapping[str, Any]) -> list[list[str]]:
    lines = [[clip(name.replace("_", " "), 80), text] for name, text in _flat(values, "")]
    left = len(lines) - _MOST_LINES
    return lines if left <= 0 else [*lines[:_MOST_LINES], ["…", f"{left:,} more"]]


def _flat(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}: ")
        else:
            yield f"{prefix}{name}", _text(value)


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        shown = ", ".join(_text(one) for one in value[:_MOST_VALUES])
        return clip(shown, _LONGEST) + (f" … ({len(value):,} values)" if len(value) > _MOST_VALUES else "")
    if isinstance(value, (bool, np.bool_)) or value is None:
        return {True: "yes", False: "no", None: "none"}[None if value is None else bool(value)]
    if isinstance(value, (float, np.floating)):
        return f"{value:.6g}" if math.isfinite(value) else str(value).replace("inf", "∞")
    return f"{value:,}" if isinstance(value, (int, np.integer)) else clip(str(value), _LONGEST)
