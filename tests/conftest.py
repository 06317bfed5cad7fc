"""Hypothesis profiles, and the one way to real data.

``HYPOTHESIS_PROFILE`` chooses the profile: ``small`` (the default; the same examples in every run), ``ci``
(more of them) or ``thorough`` (many, and new ones in every run). ``PARTITA_DATA`` names the folder of real
data sets; tests that need one skip, and say so, without it.

With pytest-xdist (``-n 2``) the laws of one family of makers run in one process, as do the other tests of one
file: most kernels are compiled by one process only.
"""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from laws.registry import FAMILIES

_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("small", max_examples=25, derandomize=True, **_COMMON)
settings.register_profile("ci", max_examples=60, derandomize=True, **_COMMON)
settings.register_profile("thorough", max_examples=1000, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "small"))


def pytest_collection_finish() -> None:
    """Collect garbage less often: with all modules loaded it takes a tenth of the time of compiling."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Whole files to each process, and of the laws whole families of makers."""
    from xdist.scheduler import LoadScopeScheduling

    class OneCompilesForAll(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file, _, test = nodeid.partition("::")
            words = re.findall("[a-z]+", test.partition("[")[2]) if "laws" in file else []
            return next((word for word in words if word in FAMILIES), file)

    return OneCompilesForAll(config, log)


@pytest.fixture(scope="session", autouse=True)
def _kernels_are_written_in_turn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Numba numbers the versions of a kernel as it writes them; two processes at once could mix them up."""
    if "PYTEST_XDIST_WORKER" not in os.environ or os.name == "nt":
        yield
        return
    import fcntl

    from numba.core.caching import IndexDataCacheFile

    write = IndexDataCacheFile.save
    of_all_workers = tmp_path_factory.getbasetemp().parent / "kernels.lock"

    def in_turn(self: IndexDataCacheFile, *entry: object) -> None:
        with of_all_workers.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            write(self, *entry)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(IndexDataCacheFile, "save", in_turn)
        yield


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
