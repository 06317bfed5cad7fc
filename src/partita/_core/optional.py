"""The one door for optional packages."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

from partita._core.errors import MissingPackageError


def require(package: str, *, extra: str, purpose: str) -> ModuleType:
    """Import an optional package.

    Raises
    ------
    MissingPackageError
        With the extra that installs it.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise MissingPackageError(
            f"{purpose} needs the package {package!r}, which can't be imported ({error}).",
            name=package,
            hint=f"pip install 'partita[{extra}]'",
        ) from error


def is_from(value: Any, package: str) -> bool:
    """Whether `value` is an object of `package`; never imports it."""
    return package in sys.modules and type(value).__module__.split(".")[0] == package
