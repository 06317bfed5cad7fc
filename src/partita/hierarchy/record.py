"""How a hierarchy was made. Written by the makers, kept in ``Hierarchy.made_by`` and in ``meta.json``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError, shorten

_NUMBER = "__number__"


@dataclass(frozen=True)
class MadeBy:
    """The record of a result: method, parameters, what ``"auto"`` chose, cost, certificates.

    Parameters
    ----------
    method : str
        The maker, such as ``"PPP"``.
    parameters : dict
        Its parameters as they were given.
    version : str
        The version of Partita.
    fingerprint : str
        A short hash of the data.
    choices : dict
        What ``"auto"`` and ``None`` stood for, and why.
    cost : float or None
        The objective at the end, in the maker's own unit.
    converged : bool or None
        Whether the maker stopped by its own criterion.
    seconds : float or None
        Wall-clock time of the fit.
    citation : str
        Paper and DOI.
    certificates : dict
        Bounds and proofs that a reader can recompute.
    notes : tuple of str
        What else is worth knowing: repairs, dropped items, capped numbers.

    Examples
    --------
    >>> MadeBy("linkage", {"method": "ward"}).parameters["method"]
    'ward'
    """

    method: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    version: str = ""
    fingerprint: str = ""
    choices: dict[str, Any] = field(default_factory=dict)
    cost: float | None = None
    converged: bool | None = None
    seconds: float | None = None
    citation: str = ""
    certificates: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def with_notes(self, *notes: str) -> MadeBy:
        """The same record with more notes."""
        return replace(self, notes=(*self.notes, *notes)) if notes else self

    def to_json(self) -> dict[str, Any]:
        """The record as a dict of JSON values; NaN and infinities as ``{"__number__": "nan"}``."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> MadeBy:
        """The record that `to_json` wrote.

        Raises
        ------
        InvalidDataError
            When a field is unknown or of another type.
        """
        if not isinstance(record, Mapping):
            raise InvalidDataError("The record 'made_by' is not a JSON object.", got=record)
        values: dict[str, Any] = {}
        kinds = _kinds()
        for name, value in record.items():
            if name not in kinds:
                raise InvalidDataError(
                    f"The record 'made_by' has an unknown field {shorten(name)}.",
                    allowed=", ".join(kinds),
                    hint="the file was written by another version; update partita",
                )
            value = _restored(value)
            if not isinstance(value, kinds[name]) or (name == "cost" and isinstance(value, bool)):
                raise InvalidDataError(f"The field {name!r} of 'made_by' has the wrong type.", got=value)
            values[name] = value
        if "notes" in values:
            values["notes"] = tuple(str(note) for note in values["notes"])
        return cls(**values)


def _kinds() -> dict[str, tuple[type, ...]]:
    number, nothing = (int, float), type(None)
    kinds: dict[str, tuple[type, ...]] = {}
    for f in fields(MadeBy):
        if f.name in ("cost", "seconds"):
            kinds[f.name] = (*number, nothing)
        elif f.name == "converged":
            kinds[f.name] = (bool, nothing)
        elif f.name == "notes":
            kinds[f.name] = (list,)
        else:
            kinds[f.name] = (dict,) if f.name in ("parameters", "choices", "certificates") else (str,)
    return kinds


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {_NUMBER: str(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(item) for item in value), key=repr)
    return shorten(value)


def _restored(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {_NUMBER} and value[_NUMBER] in ("inf", "-inf", "nan"):
            return float(value[_NUMBER])
        return {key: _restored(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_restored(item) for item in value]
    return value
