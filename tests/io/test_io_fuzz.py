"""500 malformed files of every kind end in an error with a hint, or in what a second reader finds in them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import io_fuzzing
import pytest

NATIVE = ("parquet", "arrow", "csv", "tsv", "csv.gz", "csv.zst")  # C++ behind: may crash
COUNT = 500


def fuzz_apart(name: str, count: int, seed: int, folder: Path) -> tuple[int, int]:
    """Fuzz one kind in another process; a crash or a hang names the case that caused it."""
    environment = {**os.environ, "PARTITA_MEMORY": io_fuzzing.MEMORY}
    command = [sys.executable, io_fuzzing.__file__, name, str(count), str(seed), str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    except subprocess.TimeoutExpired:
        pytest.fail(f"hangs: {(folder / 'running').read_text()}")
    if done.returncode:
        pytest.fail(
            f"exit code {done.returncode} at {(folder / 'running').read_text()}\n{done.stderr[-3000:]}"
        )
    refused, taken = json.loads(done.stdout)
    return refused, taken


@pytest.mark.parametrize("name", io_fuzzing.KINDS)
def test_malformed_files_are_refused_or_read_right(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTITA_MEMORY", io_fuzzing.MEMORY)
    fuzz = fuzz_apart if name in NATIVE else io_fuzzing.run
    refused, taken = fuzz(name, COUNT, 0, tmp_path)
    assert refused + taken == COUNT
    assert refused >= COUNT // 5, "the mutations are too mild to test anything"
    assert taken > 0, "nothing was read: the oracle was never asked"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", io_fuzzing.KINDS)
def test_many_more_malformed_files(name: str, seed: int, tmp_path: Path) -> None:
    refused, taken = fuzz_apart(name, 5000, seed, tmp_path)
    assert refused + taken == 5000


def test_the_fuzzer_sees_a_wrong_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that answers with something else is caught: the test above can fail."""
    from partita.io import Source

    monkeypatch.setattr(io_fuzzing, "read", lambda path, **options: Source("text", ["invented"]))
    with pytest.raises(AssertionError, match="txt case"):
        io_fuzzing.run("txt", 50, 0, tmp_path)


def test_the_fuzzer_sees_a_foreign_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path, **options: object) -> None:
        raise KeyError("oops")

    monkeypatch.setattr(io_fuzzing, "read", fail)
    with pytest.raises(AssertionError, match="KeyError"):
        io_fuzzing.run("mtx", 5, 0, tmp_path)
