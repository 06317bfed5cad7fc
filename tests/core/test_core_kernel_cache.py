"""The disk cache of kernels: where nothing can be written, there is none, and all works."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

IMPORT = "import partita.kernels.lloyd, partita.kernels.canonical as c; print(c.rows_hash.stats.cache_path)"


@pytest.mark.parametrize(("switch", "told"), [("1", 1), ("0", 0)])
def test_kernels_load_where_nothing_can_be_written(switch: str, told: int):
    nowhere = {"NUMBA_CACHE_DIR": os.devnull, "NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator"}
    done = subprocess.run(
        [sys.executable, "-c", IMPORT],
        env={**os.environ, **nowhere, "PARTITA_KERNEL_CACHE": switch},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "None"
    assert done.stderr.count("Set NUMBA_CACHE_DIR to a folder") == told
