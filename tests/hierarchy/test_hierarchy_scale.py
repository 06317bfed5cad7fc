"""The promises at 10^7 items, and that importing stays light."""

from __future__ import annotations

import doctest
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = ["bridge", "compare", "cover", "doors", "files", "make", "model", "newick", "partition", "record"]


@pytest.mark.slow
def test_ten_million_items():
    """Made, checked, cut, saved and loaded within 4 GiB; opened in less than 0.1 s."""
    command = [sys.executable, str(ROOT / "benchmarks" / "hierarchy_scale.py"), "1e7"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    print(done.stdout)
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^(.+?)\s+([\d.]+) s\s+peak\s+([\d.]+) GiB$", done.stdout, re.MULTILINE)
    assert len(rows) == 9
    assert max(float(peak) for *_, peak in rows) < 4.0
    assert next(float(seconds) for label, seconds, _ in rows if label.startswith("loaded")) < 0.1


def test_importing_is_light():
    """The room can be imported without Numba, SciPy, Arrow and scikit-learn."""
    script = (
        "import sys, partita.hierarchy\n"
        "heavy = {'numba', 'scipy', 'pyarrow', 'sklearn', 'rich', 'networkx'} & set(sys.modules)\n"
        "sys.exit(','.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    module = importlib.import_module(f"partita.hierarchy.{name}")
    failed, tried = doctest.testmod(module)
    assert tried
    assert not failed
