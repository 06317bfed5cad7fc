"""Errors: what they say, what they can be caught as, and that they cross process borders whole."""

from __future__ import annotations

import inspect
import pickle
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita._core import errors
from partita._core.errors import InfeasibleError, PartitaError, did_you_mean, shorten

PLAIN = [
    cls
    for _, cls in inspect.getmembers(errors, inspect.isclass)
    if issubclass(cls, PartitaError) and cls is not InfeasibleError
]
BUILTINS = {
    "InvalidParameterError": (ValueError, TypeError),
    "InvalidDataError": (ValueError,),
    "FileFormatError": (ValueError, errors.InvalidDataError),
    "InvalidTypeError": (TypeError, ValueError, errors.InvalidDataError),
    "InfeasibleError": (ValueError,),
    "BudgetError": (MemoryError,),
    "MissingPackageError": (ImportError,),
}
ids = {"ids": lambda cls: cls.__name__}


@pytest.mark.parametrize("cls", PLAIN, **ids)
def test_every_field_is_kept_and_said(cls):
    error = cls("Row 3 is bad.", name="X", allowed="numbers", got="three", hint="use 3")
    assert (error.message, error.name, error.allowed, error.got, error.hint) == (
        "Row 3 is bad.",
        "X",
        "numbers",
        "three",
        "use 3",
    )
    assert str(error) == "Row 3 is bad.\nAllowed: numbers\nGot: 'three'\nHint: use 3"


@pytest.mark.parametrize("cls", PLAIN, **ids)
def test_a_message_alone_is_one_line(cls):
    assert str(cls("No.")) == "No."


@pytest.mark.parametrize(("name", "parents"), BUILTINS.items())
def test_each_error_is_also_the_builtin_one_would_expect(name, parents):
    assert issubclass(getattr(errors, name), (*parents,))
    for parent in parents:
        assert issubclass(getattr(errors, name), parent)


def test_the_table_of_builtins_misses_no_error():
    assert {cls.__name__ for cls in PLAIN} - {"PartitaError"} == set(BUILTINS) - {"InfeasibleError"}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("cls", PLAIN, **ids)
def test_plain_errors_survive_pickling(cls, protocol):
    error = cls("Bad.", name="k", allowed="1", got=2, hint="h")
    back = pickle.loads(pickle.dumps(error, protocol))
    assert type(back) is cls
    assert str(back) == str(error)
    assert (back.name, back.got, back.hint) == ("k", 2, "h")


def test_an_infeasible_request_keeps_its_way_out_through_pickling():
    error = InfeasibleError("k = 9 exceeds n = 5.", "ask for at most 5 parts", name="n_clusters", got=9)
    back = pickle.loads(pickle.dumps(error))
    assert back.reason == "k = 9 exceeds n = 5."
    assert back.smallest_relaxation == back.hint == "ask for at most 5 parts"
    assert (back.name, back.got, str(back)) == ("n_clusters", 9, str(error))


def test_what_cannot_be_pickled_is_sent_as_its_text():
    error = errors.InvalidParameterError("Bad.", got=threading.Lock())
    back = pickle.loads(pickle.dumps(error))
    assert str(back) == str(error)
    assert "lock" in str(back)


@given(st.text(), st.integers(1, 200))
def test_shortened_text_is_never_wider_than_asked_and_never_changes_short_ones(text, width):
    short = shorten(text, width)
    assert len(short) <= width
    assert short == repr(text) or short.endswith("…")


def test_the_closest_word_is_suggested():
    assert did_you_mean("cosin", ["cosine", "euclidean"]) == "did you mean 'cosine'?"
    assert did_you_mean("zzz", ["cosine"]) is None
    assert did_you_mean("zzz", ["cosine"], otherwise="see the list") == "see the list"
    assert did_you_mean(7, ["cosine"]) is None
