"""Random streams: fixed by default, one per address, the same for any number of threads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita._core.rng import DEFAULT_SEED, block_stream, seed_from
from partita._core.threads import map_blocks, thread_scope

addresses = st.lists(st.integers(0, 2**32 - 1), max_size=3).map(tuple)


def test_none_is_one_fixed_seed():
    assert seed_from(None) == seed_from(None) == DEFAULT_SEED


@pytest.mark.parametrize("value", [5, np.int32(5), np.uint64(5)])
def test_an_integer_is_itself(value):
    assert seed_from(value) == 5
    assert type(seed_from(value)) is int


@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng])
def test_a_generator_gives_a_seed_and_moves_on(make):
    source, twin = make(7), make(7)
    first, second = seed_from(source), seed_from(source)
    assert first != second
    assert (first, second) == (seed_from(twin), seed_from(twin))
    assert 0 <= first < 2**63


@given(st.integers(0, 2**63 - 1), addresses)
def test_equal_addresses_draw_equal_numbers(seed, address):
    assert np.array_equal(block_stream(seed, *address).random(4), block_stream(seed, *address).random(4))


@given(st.integers(0, 2**63 - 1), addresses, addresses)
def test_different_addresses_draw_different_numbers(seed, one, other):
    same = np.array_equal(block_stream(seed, *one).random(4), block_stream(seed, *other).random(4))
    assert same == (one == other)


def test_global_state_is_neither_read_nor_written():
    np.random.seed(1)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    draws = block_stream(3, 1).random(4)
    np.random.seed(2)  # noqa: NPY002
    assert np.array_equal(draws, block_stream(3, 1).random(4))
    np.random.seed(1)  # noqa: NPY002
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_any_number_of_threads_draws_the_same():
    def draw(start, stop):
        return block_stream(9, start).standard_normal(stop - start)

    draws = []
    for n_jobs in (1, 2, 5):
        with thread_scope(n_jobs):
            draws.append(np.concatenate(map_blocks(draw, 1000, 64)))
    assert np.array_equal(draws[0], draws[1])
    assert np.array_equal(draws[0], draws[2])
