"""Hypothesis profiles, and the one way to real data.

``HYPOTHESIS_PROFILE`` chooses the profile: ``small`` (the default; the same examples in every run), ``ci``
(more of them) or ``thorough`` (many, and new ones in every run). ``PARTITA_DATA`` names the folder of real
data sets; tests that need one skip, and say so, without it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("small", max_examples=25, derandomize=True, **_COMMON)
settings.register_profile("ci", max_examples=60, derandomize=True, **_COMMON)
settings.register_profile("thorough", max_examples=1000, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "small"))


@pytest.fixture(scope="session")
def real_data() -> Callable[..., Path]:
    """``real_data("folder", "file")``: the path of a real data set, or a skip that says what is missing."""
    root = os.environ.get("PARTITA_DATA", "").strip()

    def path(*parts: str) -> Path:
        if not root:
            pytest.skip(f"needs real data ({'/'.join(parts)}): set PARTITA_DATA to the folder that holds it")
        found = Path(root).expanduser().joinpath(*parts)
        if not found.exists():
            pytest.skip(f"needs real data: PARTITA_DATA holds no {'/'.join(parts)}")
        return found

    return path


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on the settings of the person who runs it."""
    for name in ("PARTITA_NUM_THREADS", "PARTITA_MEMORY", "PARTITA_PROGRESS"):
        monkeypatch.delenv(name, raising=False)
