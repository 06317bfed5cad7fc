"""Settings from the environment, and amounts of memory in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita._core.errors import InvalidParameterError, PartitaError
from partita._core.settings import env_int, parse_bytes


@pytest.mark.parametrize("text", ["", "  "])
def test_an_unset_or_empty_variable_is_none(monkeypatch, text):
    monkeypatch.setenv("PARTITA_X", text)
    assert env_int("PARTITA_X") is None
    monkeypatch.delenv("PARTITA_X")
    assert env_int("PARTITA_X") is None


@given(value=st.integers(1, 10**6))
def test_an_integer_is_read(value):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARTITA_X", f" {value} ")
        assert env_int("PARTITA_X") == value


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "two", "²", "1e3"])
def test_what_is_not_such_an_integer_is_refused_by_name(monkeypatch, text):
    monkeypatch.setenv("PARTITA_X", text)
    with pytest.raises(InvalidParameterError, match="PARTITA_X") as caught:
        env_int("PARTITA_X")
    assert caught.value.got == text


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        (17, 17),
        ("4GiB", 4 * 2**30),
        ("4 gib", 4 * 2**30),
        ("500 MB", 500 * 10**6),
        ("1.5k", 1500),
        ("2T", 2 * 10**12),
        ("3 B", 3),
        (" 0.5 KiB ", 512),
    ],
)
def test_amounts_of_memory(text, count):
    assert parse_bytes(text) == count


@given(st.integers(0, 10**18 - 1))
def test_bytes_are_exact_at_any_size(count):
    assert parse_bytes(str(count)) == count


@pytest.mark.parametrize("text", ["", "lots", "-1", "4 GiBs", "1,5 GB", "4ib", "9" * 400, "1e9", "nan"])
def test_what_is_no_amount_is_refused_with_an_example(text):
    with pytest.raises(InvalidParameterError, match="4GiB"):
        parse_bytes(text, "PARTITA_MEMORY")


@given(st.text(max_size=12))
def test_no_text_ends_in_another_error(text):
    try:
        assert parse_bytes(text) >= 0
    except PartitaError as error:
        assert error.hint or error.allowed  # noqa: PT017
