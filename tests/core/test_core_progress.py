"""Progress: silent by default, Rich when asked for, closed whatever happens."""

from __future__ import annotations

import io
import sys

import pytest

from partita._core.progress import Progress, RichProgress, on_terminal, progress_scope


class Recorder(Progress):
    def __init__(self):
        self.calls = []

    def start(self, label, total=None):
        self.calls.append(("start", label, total))

    def advance(self, amount=1.0):
        self.calls.append(("advance", amount))

    def close(self):
        self.calls.append(("close",))


def work(progress):
    with progress_scope(progress) as shown:
        shown.start("Reading", total=3)
        shown.advance(2)
        shown.note("chose PPP")
        shown.start("Dividing")
        shown.advance()
        return shown


def fail_halfway(used, error):
    with progress_scope(True) as shown:
        used.append(shown)
        shown.start("Reading", total=3)
        raise error


@pytest.mark.parametrize("progress", [None, False])
def test_nothing_is_written_unless_someone_asks(progress, capfd):
    assert type(work(progress)) is Progress
    assert capfd.readouterr() == ("", "")


def test_bars_go_to_standard_error_and_leave_standard_output_alone(capfd):
    assert isinstance(work(True), RichProgress)
    out, err = capfd.readouterr()
    assert out == ""
    assert "chose PPP" in err


def test_the_environment_silences_even_a_wish_for_bars(monkeypatch, capfd):
    monkeypatch.setenv("PARTITA_PROGRESS", "0")
    assert type(work(True)) is Progress
    assert capfd.readouterr() == ("", "")


def test_the_environment_turns_bars_on_but_not_against_a_no(monkeypatch):
    monkeypatch.setenv("PARTITA_PROGRESS", "1")
    assert isinstance(work(None), RichProgress)
    assert type(work(False)) is Progress


def test_an_own_object_is_used_and_left_open():
    recorder = Recorder()
    assert work(recorder) is recorder
    assert recorder.calls == [
        ("start", "Reading", 3),
        ("advance", 2),
        ("start", "Dividing", None),
        ("advance", 1.0),
    ]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_bars_are_closed_when_the_work_fails(error):
    used = []
    with pytest.raises(error):
        fail_halfway(used, error)
    assert not used[0]._bars.live.is_started


def test_notes_are_not_read_as_markup(capfd):
    with progress_scope(True) as shown:
        shown.note("[bold]k[/nothing]")
    assert "[bold]k[/nothing]" in capfd.readouterr().err


def test_advancing_before_a_stage_has_begun_is_harmless():
    with progress_scope(True) as shown:
        shown.advance()
        assert shown._task is None


def test_a_missing_or_redirected_standard_error_is_no_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert not on_terminal()
    monkeypatch.setattr(sys, "stderr", None)
    assert not on_terminal()
