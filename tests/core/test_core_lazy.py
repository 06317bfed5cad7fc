"""Public names that are imported on first use."""

from __future__ import annotations

import subprocess
import sys

import pytest

import partita
from partita import points, search, transport


@pytest.mark.parametrize("package", [partita, points, search, transport])
def test_every_public_name_resolves_and_is_kept(package: object) -> None:
    for name in package.__all__:  # type: ignore[attr-defined]
        assert getattr(package, name) is vars(package)[name]
    assert dir(package) == sorted(package.__all__)  # type: ignore[attr-defined]


def test_an_unknown_name_is_named_with_its_package() -> None:
    with pytest.raises(AttributeError, match=r"'partita\.points' has no attribute 'KMean'"):
        points.KMean  # noqa: B018


def test_importing_a_room_imports_no_maker() -> None:
    code = "import sys, partita.points; print('partita.points.ppp' in sys.modules, 'numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
