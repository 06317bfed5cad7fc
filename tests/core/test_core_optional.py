"""The one door for optional packages."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from partita._core.errors import MissingPackageError
from partita._core.optional import is_from, require


def test_an_installed_package_comes_back():
    import json

    assert require("json", extra="graph", purpose="Reading") is json


def test_a_missing_package_says_who_needs_it_and_how_to_get_it():
    with pytest.raises(MissingPackageError) as caught:
        require("no_such_package_xyz", extra="graph", purpose="to_networkx")
    assert caught.value.name == "no_such_package_xyz"
    assert caught.value.hint == "pip install 'partita[graph]'"
    assert "to_networkx needs the package 'no_such_package_xyz'" in str(caught.value)
    assert isinstance(caught.value.__cause__, ImportError)


def test_a_package_that_breaks_while_it_is_imported_says_why(tmp_path, monkeypatch):
    (tmp_path / "half_there.py").write_text("import no_such_package_xyz\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingPackageError, match="No module named 'no_such_package_xyz'"):
        require("half_there", extra="graph", purpose="Reading")


def test_the_origin_of_an_object_is_known():
    assert is_from(np.zeros(1), "numpy")
    assert not is_from(np.zeros(1), "num")
    assert not is_from([], "numpy")


def test_asking_for_the_origin_imports_nothing():
    code = """
import sys
from partita._core.optional import is_from
print(is_from([], "networkx"), "networkx" in sys.modules)
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.split() == ["False", "False"]
