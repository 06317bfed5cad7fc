"""Whether OpenBLAS runs on slow kernels. Called by makers that live on products of matrices."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

_NARROW = {
    "generic", "prescott", "core2", "penryn", "nehalem", "sandybridge", "haswell", "bobcat", "barcelona",
    "bulldozer", "piledriver", "steamroller", "excavator", "zen",
}  # fmt: skip
_CPU_INFO = Path("/proc/cpuinfo")


def narrow_kernels(libraries: Iterable[Mapping[str, Any]], flags: Iterable[str]) -> list[str]:
    """The OpenBLAS among `libraries` that don't use the 512-bit units of a processor that has them.

    Parameters
    ----------
    libraries : iterable of mappings
        As from ``threadpoolctl.threadpool_info()``.
    flags : iterable of str
        What the processor can do, in the words of Linux.

    Returns
    -------
    list of str
        Version and kernels of each.
    """
    if "avx512f" not in set(flags):
        return []
    return [
        f"{library.get('version')} ({library['architecture']} kernels)"
        for library in libraries
        if library.get("internal_api") == "openblas" and str(library.get("architecture")).lower() in _NARROW
    ]


@cache
def warn_of_slow_blas() -> None:
    """Warn, once, where an OpenBLAS took kernels that are several times slower than this machine allows.

    Warns
    -----
    RuntimeWarning
        With the setting that helps. It has to be made before Python starts: kernels are chosen on loading.
    """
    from threadpoolctl import threadpool_info

    slow = narrow_kernels(threadpool_info(), _cpu_flags())
    if slow:
        warnings.warn(
            f"OpenBLAS {', '.join(slow)} leaves the 512-bit units of this processor unused, which makes "
            "products of matrices several times slower. Set OPENBLAS_CORETYPE=SkylakeX before Python starts, "
            "or install newer wheels of NumPy and SciPy.",
            RuntimeWarning,
            stacklevel=3,
        )


def _cpu_flags() -> list[str]:
    if not _CPU_INFO.exists():
        return []
    lines = _CPU_INFO.read_text(errors="replace").splitlines()
    return next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), [])
