"""Parameter rules. The values that must pass and fail are generated from the rules themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita._core.errors import InvalidParameterError
from partita._core.params import AnyOf, Flag, Instance, Integer, OneOf, Optional, Real, Seed, check_parameters

STRANGERS = st.one_of(
    st.binary(), st.lists(st.integers()), st.dictionaries(st.text(), st.integers()), st.complex_numbers()
)
BOUNDS = st.tuples(st.integers(-(10**6), 10**6), st.integers(0, 10**6)).map(lambda t: (t[0], t[0] + t[1]))


@given(BOUNDS, st.integers())
def test_an_integer_rule_accepts_exactly_its_range(bounds, value):
    low, high = bounds
    assert Integer(low, high).accepts(value) == (low <= value <= high)
    assert Integer(low).accepts(value) == (value >= low)
    assert Integer(high=high).accepts(value) == (value <= high)
    assert Integer().accepts(value)


@given(BOUNDS)
def test_the_ends_of_an_integer_range_belong_to_it(bounds):
    rule = Integer(*bounds)
    assert all(rule.accepts(end) for end in bounds)
    assert not rule.accepts(bounds[0] - 1)
    assert not rule.accepts(bounds[1] + 1)


@pytest.mark.parametrize("value", [np.int8(3), np.int64(3), np.uint16(3)])
def test_numpy_integers_are_integers(value):
    assert Integer(1, 5).accepts(value)
    assert Real(1, 5).accepts(value)


@pytest.mark.parametrize(
    "value", [True, False, np.True_, 3.0, np.float32(3), "3", None, [3], np.array([1, 2])]
)
def test_look_alikes_are_not_integers(value):
    assert not Integer().accepts(value)


@given(st.floats(-100, 100), st.floats(0, 100), st.floats())
def test_a_real_rule_accepts_exactly_its_range(low, width, value):
    high = low + width
    assert Real(low, high).accepts(value) == (math.isfinite(value) and low <= value <= high)
    assert Real(low, open_low=True).accepts(value) == (math.isfinite(value) and value > low)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, np.False_, "1", None, 1j])
def test_what_is_not_finite_or_not_a_number_is_refused(value):
    assert not Real().accepts(value)


@given(STRANGERS)
def test_rules_for_plain_values_refuse_containers_and_complex_numbers(value):
    rules = [Integer(), Real(), Flag(), OneOf(("a", "b")), Seed(), Instance((str,), "a text")]
    assert not any(rule.accepts(value) for rule in rules)


@given(st.lists(st.text(min_size=1), min_size=1, unique=True), st.text())
def test_one_of_accepts_its_words_and_no_other(words, other):
    rule = OneOf(tuple(words))
    assert all(rule.accepts(str(word)) for word in words)
    assert rule.accepts(other) == (other in words)
    assert all(repr(word) in rule.describe() for word in words)


def test_none_is_a_word_only_where_it_is_listed():
    assert OneOf(("a", None)).accepts(None)
    assert not OneOf(("a",)).accepts(None)


def test_an_array_is_compared_with_no_word():
    assert not OneOf(("a",)).accepts(np.array(["a", "a"]))


@pytest.mark.parametrize("value", [True, False, np.True_])
def test_a_flag_is_true_or_false(value):
    assert Flag().accepts(value)
    assert not Flag().accepts(int(value))


@pytest.mark.parametrize("value", [None, 0, 2**40, np.random.default_rng(0), np.random.RandomState(0)])
def test_every_usual_source_of_randomness_is_a_seed(value):
    assert Seed().accepts(value)


@pytest.mark.parametrize("value", [-1, 1.0, "0", np.random])
def test_a_seed_is_not_just_anything(value):
    assert not Seed().accepts(value)


RULES = [
    Integer(2, 9),
    Real(0.5, 2, open_low=True),
    OneOf(("ward", "single")),
    Flag(),
    Seed(),
    Instance((list,), "a list"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
@pytest.mark.parametrize(
    "value",
    [None, 0, 1, 3, 0.5, 0.7, "ward", "x", True, [], np.random.RandomState(1)],
    ids=lambda value: repr(value).partition(" at ")[0],
)
def test_optional_and_any_of_are_what_they_say(rule, value):
    assert Optional(rule).accepts(value) == (value is None or rule.accepts(value))
    assert AnyOf((rule, Integer(3, 3))).accepts(value) == (
        rule.accepts(value) or Integer(3, 3).accepts(value)
    )
    assert Optional(rule).describe() == f"None or {rule.describe()}"
    assert AnyOf((rule, Flag())).describe() == f"{rule.describe()} or True or False"


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (Integer(), "an integer"),
        (Integer(1), "an integer of at least 1"),
        (Integer(1, 9), "an integer between 1 and 9"),
        (Integer(high=9), "an integer of at most 9"),
        (Real(0, open_low=True), "a finite number greater than 0"),
        (Real(0, 1), "a finite number between 0 and 1"),
        (Instance((int,), "a number of things"), "a number of things"),
    ],
)
def test_rules_describe_themselves_in_words(rule, text):
    assert rule.describe() == text


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
@given(value=st.one_of(st.none(), st.integers(), st.floats(), st.text(), STRANGERS))
def test_the_check_agrees_with_the_rule_and_names_the_parameter(rule, value):
    if rule.accepts(value):
        check_parameters("Thing", {"knob": rule}, {"knob": value})
        return
    with pytest.raises(InvalidParameterError) as caught:
        check_parameters("Thing", {"knob": rule}, {"knob": value})
    assert caught.value.name == "knob"
    assert caught.value.allowed == rule.describe()
    assert "'knob' parameter of Thing" in str(caught.value)


def test_a_misspelt_word_gets_a_hint():
    with pytest.raises(InvalidParameterError, match="did you mean 'single'"):
        check_parameters("Linkage", {"method": OneOf(("ward", "single", None))}, {"method": "singel"})


def test_the_first_parameter_that_is_wrong_is_the_one_reported():
    rules = {"a": Integer(1), "b": Integer(1)}
    with pytest.raises(InvalidParameterError) as caught:
        check_parameters("Thing", rules, {"a": 1, "b": 0})
    assert caught.value.name == "b"
    with pytest.raises(InvalidParameterError) as caught:
        check_parameters("Thing", rules, {"a": 0, "b": 0})
    assert caught.value.name == "a"
