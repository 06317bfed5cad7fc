"""Slow kernels of OpenBLAS are noticed, once, and only where the processor could do better."""

from __future__ import annotations

import pytest

from partita._core import blas


def library(architecture: str | None, api: str = "openblas") -> dict[str, object]:
    return {"internal_api": api, "version": "0.3.21", "architecture": architecture}


@pytest.mark.parametrize("architecture", ["Haswell", "Zen", "generic", "Prescott"])
def test_narrow_kernels_on_a_wide_processor(architecture):
    assert blas.narrow_kernels([library(architecture)], ["fma", "avx512f"]) == [
        f"0.3.21 ({architecture} kernels)"
    ]
    assert blas.narrow_kernels([library(architecture)], ["fma", "avx2"]) == []


def test_others_are_left_alone():
    wide = [library("SkylakeX"), library("Cooperlake"), library("Zen", api="mkl"), library(None)]
    assert blas.narrow_kernels(wide, ["avx512f"]) == []


def test_it_warns_once(monkeypatch):
    monkeypatch.setattr(blas, "_cpu_flags", lambda: ["avx512f"])
    monkeypatch.setattr("threadpoolctl.threadpool_info", lambda: [library("Zen")])
    blas.warn_of_slow_blas.cache_clear()
    try:
        with pytest.warns(RuntimeWarning, match="OPENBLAS_CORETYPE=SkylakeX"):
            blas.warn_of_slow_blas()
        blas.warn_of_slow_blas()
    finally:
        blas.warn_of_slow_blas.cache_clear()


def test_flags_are_read_where_there_are_any(monkeypatch, tmp_path):
    monkeypatch.setattr(blas, "_CPU_INFO", tmp_path / "none")
    assert blas._cpu_flags() == []
    (tmp_path / "some").write_text("model : x\nflags\t\t: fma avx512f\n")
    monkeypatch.setattr(blas, "_CPU_INFO", tmp_path / "some")
    assert blas._cpu_flags() == ["fma", "avx512f"]
