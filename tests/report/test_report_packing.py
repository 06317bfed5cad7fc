"""Columns come out of the packed block as they went in, and never as markup."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from report_builders import HOSTILE
from report_reader import unpack

from partita.report.packing import Words, pack
from partita.report.parts import clip, clip_all

integers = st.sampled_from([(-3, 100), (0, 200), (0, 60_000), (0, 2**32 - 1), (-70_000, 70_000)]).flatmap(
    lambda ends: hnp.arrays("i8", st.integers(0, 9), elements=st.integers(*ends))
)
floats = hnp.arrays("f8", st.integers(0, 9), elements=st.floats(width=32))
lines = st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=9)).map(
    Words
)


@given(st.dictionaries(st.text(max_size=3), integers | floats | lines, max_size=4))
def test_columns_come_back(columns: dict[str, Any]) -> None:
    found = unpack(json.loads(json.dumps(pack({"inner": columns, "plain": [1, "two"]}))))
    assert found["plain"] == [1, "two"]
    for name, column in columns.items():
        kept = found["inner"][name]
        assert len(kept) == len(column)
        assert (
            np.array_equal(kept, column, equal_nan=True) if isinstance(column, np.ndarray) else kept == column
        )


@pytest.mark.parametrize("values", [[1e300, 1.0], [1e-300, 0.0], [np.inf, 2.5], [np.nan, -1.0]])
def test_floats_keep_their_size(values: list[float]) -> None:
    kept = unpack(pack({"x": np.array(values)}))["x"]
    assert np.array_equal(kept, values, equal_nan=True)


def test_hostile_words_are_cleaned() -> None:
    kept = unpack(pack({"x": clip_all(HOSTILE, 10**6, 160)}))["x"]
    assert kept[:2] == list(HOSTILE[:2])
    assert kept[4] == "malicious right to left"
    assert not any(mark in text for text in kept for mark in "\n\x00\u202e\u2028")
    assert all(
        "<" not in str(value) for value in pack({"x": clip_all(HOSTILE, 10**6, 160)})["packed"].values()
    )


def test_long_names_are_cut_between_letters() -> None:
    family = "👩‍👩‍👧‍👦"
    assert clip("x" * 10_000, 160) == "x" * 159 + "…"
    assert clip(family * 9, 30).removesuffix("…").replace(family, "") == ""
    assert clip("é" * 40, 20).removesuffix("…").replace("é", "") == ""
    assert clip("  short \n name ", 30) == "short name"


def test_very_many_names_share_the_room() -> None:
    kept = clip_all(["a long name that goes on and on " * 4] * 1000, 20_000, 160)
    assert sum(len(text.encode()) for text in kept) <= 20_000
    assert set(map(len, kept)) == {10}
