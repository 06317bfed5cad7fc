"""Declared parameter rules: one line a parameter, checked once in ``fit``; tests are generated from them."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from partita._core.errors import InvalidParameterError, did_you_mean


class Rule(Protocol):
    """What a parameter may be."""

    def describe(self) -> str:
        """The allowed values in words."""

    def accepts(self, value: Any) -> bool:
        """Whether `value` is allowed."""


@dataclass(frozen=True)
class Integer:
    """An integer in ``[low, high]``; booleans are refused."""

    low: int | None = None
    high: int | None = None

    def describe(self) -> str:
        return f"an integer{_range_text(self.low, self.high)}"

    def accepts(self, value: Any) -> bool:
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
            return False
        return _within(int(value), self.low, self.high)


@dataclass(frozen=True)
class Real:
    """A finite real number in ``[low, high]``; with ``open_low`` the lower end is excluded."""

    low: float | None = None
    high: float | None = None
    open_low: bool = False

    def describe(self) -> str:
        low = None if self.open_low else self.low
        text = f"a finite number{_range_text(low, self.high)}"
        return f"{text} greater than {self.low:g}" if self.open_low else text

    def accepts(self, value: Any) -> bool:
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
            return False
        number = float(value)
        if not math.isfinite(number) or not _within(number, self.low, self.high):
            return False
        return not (self.open_low and number == self.low)


@dataclass(frozen=True)
class OneOf:
    """One of some words, or ``None`` where it is among them."""

    words: tuple[Any, ...]

    def describe(self) -> str:
        return "one of " + ", ".join(repr(word) for word in self.words)

    def accepts(self, value: Any) -> bool:
        return any(value is word or (isinstance(value, str) and value == word) for word in self.words)


@dataclass(frozen=True)
class Flag:
    """True or False."""

    def describe(self) -> str:
        return "True or False"

    def accepts(self, value: Any) -> bool:
        return isinstance(value, (bool, np.bool_))


@dataclass(frozen=True)
class Seed:
    """None, a non-negative integer, or a NumPy random generator."""

    def describe(self) -> str:
        return "None, a non-negative integer, or a numpy random generator"

    def accepts(self, value: Any) -> bool:
        kinds = (np.random.RandomState, np.random.Generator)
        return value is None or Integer(low=0).accepts(value) or isinstance(value, kinds)


@dataclass(frozen=True)
class Optional:
    """None, or what another rule allows."""

    rule: Rule

    def describe(self) -> str:
        return f"None or {self.rule.describe()}"

    def accepts(self, value: Any) -> bool:
        return value is None or self.rule.accepts(value)


@dataclass(frozen=True)
class AnyOf:
    """What at least one of several rules allows."""

    rules: tuple[Rule, ...]

    def describe(self) -> str:
        return " or ".join(rule.describe() for rule in self.rules)

    def accepts(self, value: Any) -> bool:
        return any(rule.accepts(value) for rule in self.rules)


@dataclass(frozen=True)
class Instance:
    """An object of given types (a progress object, a callable type, a path)."""

    types: tuple[type, ...]
    words: str

    def describe(self) -> str:
        return self.words

    def accepts(self, value: Any) -> bool:
        return isinstance(value, self.types)


def check_parameters(owner: str, rules: Mapping[str, Rule], values: Mapping[str, Any]) -> None:
    """Refuse the first of `values` that its rule does not allow.

    Raises
    ------
    InvalidParameterError
        With the parameter's name, what is allowed and what came.
    """
    for name, rule in rules.items():
        value = values[name]
        if not rule.accepts(value):
            hint = (
                did_you_mean(value, [w for w in rule.words if isinstance(w, str)])
                if isinstance(rule, OneOf)
                else None
            )
            raise InvalidParameterError(
                f"The {name!r} parameter of {owner} is not valid.",
                name=name,
                allowed=rule.describe(),
                got=value,
                hint=hint,
            )


def _within(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


def _range_text(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f" between {low:g} and {high:g}"
    if low is not None:
        return f" of at least {low:g}"
    return f" of at most {high:g}" if high is not None else ""
