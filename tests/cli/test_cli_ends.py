"""How every verb begins and ends: help with an example, exit codes, clean messages, quick start, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_tools import run, small

import partita as pt
from partita.cli import _run, main
from partita.cli._app import app

VERBS = sorted(command.name or "" for command in app.registered_commands)
PARTITA = [sys.executable, "-m", "partita.cli"]


def test_the_verbs() -> None:
    assert VERBS == ["check", "compare", "convert", "cut", "demo", "divide", "draw", "report", "show"]
    output = run("--help").stdout
    assert all(f" {verb} " in output for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_help_has_an_example_and_json(verb: str) -> None:
    output = run(verb, "--help").stdout
    assert f"Example:  partita {verb}" in output
    assert "--json" in output


def test_version() -> None:
    assert run("--version").stdout.strip() == pt.__version__


@pytest.mark.parametrize(
    "arguments",
    [
        ["show"],
        ["nonsense"],
        ["show", "x.partita", "--nonsense"],
        ["show", "x.partita", "--depth", "many"],
        ["cut", "x.partita", "-k", "0"],
        ["divide", "x.npy", "-o", "wrong.txt"],
        ["divide", "x.npy", "-o", "x.partita", "--option", "novalue"],
        ["convert", "x.partita", "y.npy", "--to", "nonsense"],
    ],
)
def test_wrong_use_is_2(arguments: list[str]) -> None:
    result = run(*arguments, code=2)
    assert result.stdout == ""
    assert result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "missing.partita"],
        ["cut", "missing.partita"],
        ["check", "missing.partita"],
        ["report", "missing.partita", "-o", "p.html"],
        ["compare", "missing.csv", "missing.csv"],
        ["convert", "missing.json", "x.partita"],
        ["divide", "missing.npy", "-o", "x.partita"],
    ],
)
def test_what_can_not_be_done_is_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments, code=1)
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert "missing" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (pt.InvalidParameterError("bad word", allowed="a, b", got="c", hint="say a"), 2, "Hint: say a"),
        (pt.InfeasibleError("too many", "at most 5"), 1, "at most 5"),
        (OSError(28, "No space left on device", "x"), 1, "x: No space left on device"),
        (MemoryError(), 1, "not enough memory"),
        (KeyboardInterrupt(), 130, "Interrupted"),
    ],
)
def test_ends(monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, words: str) -> None:
    def broken(_: object) -> None:
        raise error

    monkeypatch.setattr("partita.cli.show.load", broken)
    result = run("show", "x.partita", code=code)
    assert words in result.stderr
    assert result.stdout == ""


def test_a_bug_is_not_hidden() -> None:
    @_run.guarded
    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom partita.cli._app import app\n"
        "print([m for m in ('numpy', 'sklearn', 'pyarrow', 'scipy', 'numba', 'pandas') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_a_closed_pipe_is_no_traceback(tmp_path: Path) -> None:
    command = [*PARTITA, "show", str(small(tmp_path)), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_leaves_the_old_folder(tmp_path: Path) -> None:
    old = small(tmp_path, "x.partita")
    before = {path.name: path.read_bytes() for path in old.iterdir()}
    script = (
        "import signal, sys, time\nimport partita._divide as d\n"
        # a shell that runs the tests in the background makes them ignore Ctrl-C
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def slow(*a, **k):\n    print('ready', file=sys.stderr, flush=True)\n    time.sleep(60)\n"
        "d.divide = slow\nfrom partita.cli import main\n"
        f"main(['divide', {str(tmp_path / 'x.npy')!r}, '-o', {str(old)!r}])\n"
    )
    source = tmp_path / "x.npy"
    source.write_bytes(b"never read")
    with subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "ready\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.stderr.read().strip() == "Interrupted; nothing was changed."
    assert process.returncode == 130
    assert {path.name: path.read_bytes() for path in old.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.npy", "x.partita"]


def test_ctrl_c_while_modules_load_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("partita.cli._app.app", interrupted)
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 130
