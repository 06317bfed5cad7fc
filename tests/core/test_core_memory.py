"""The memory budget refuses before the work starts, and says what to do instead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita._core.errors import BudgetError, InvalidParameterError
from partita._core.memory import check_memory, format_bytes, memory_budget


def test_the_budget_of_the_environment_holds_to_the_byte(monkeypatch):
    monkeypatch.setenv("PARTITA_MEMORY", "1KiB")
    assert memory_budget() == 1024
    check_memory(1024, what="A table", alternative="use a smaller one")
    with pytest.raises(BudgetError) as caught:
        check_memory(1025, what="A table", alternative="use a smaller one")
    assert "A table needs 1.0 KiB and the memory budget is 1.0 KiB" in str(caught.value)
    assert caught.value.hint == "use a smaller one"


def test_without_a_setting_the_budget_is_part_of_what_is_free():
    assert 0 < memory_budget() < 2**50


def test_more_than_any_machine_has_is_refused():
    with pytest.raises(MemoryError, match="TiB"):
        check_memory(2**60, what="A distance matrix", alternative="use points")


def test_a_setting_that_is_no_amount_is_named(monkeypatch):
    monkeypatch.setenv("PARTITA_MEMORY", "plenty")
    with pytest.raises(InvalidParameterError, match="PARTITA_MEMORY"):
        memory_budget()


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (3.2 * 2**30, "3.2 GiB"),
        (2**40, "1.0 TiB"),
        (2**52, "4096.0 TiB"),
    ],
)
def test_amounts_are_written_for_people(count, text):
    assert format_bytes(count) == text


@given(st.integers(0, 2**45), st.integers(0, 2**45))
def test_the_check_is_the_comparison(needed, budget):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARTITA_MEMORY", str(budget))
        if needed <= budget:
            assert check_memory(needed, what="It", alternative="-") is None
        else:
            with pytest.raises(BudgetError):
                check_memory(needed, what="It", alternative="-")
