"""Random streams: one per block of data, never per thread; any thread count draws the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

DEFAULT_SEED = 0


def seed_from(random_state: Any) -> int:
    """A 63-bit seed from None (the fixed default), an integer, a RandomState or a Generator."""
    if random_state is None:
        return DEFAULT_SEED
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(0, 2**31 - 1))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(0, 2**63 - 1))
    return int(random_state)


def block_stream(seed: int, *address: int) -> np.random.Generator:
    """The generator of one block: the same for equal `seed` and `address`, independent otherwise."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=tuple(address)))
