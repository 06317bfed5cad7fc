"""Files written aside: whole or not at all, whatever interrupts the writing."""

from __future__ import annotations

import os
import stat

import pytest

from partita._core.atomic import written_aside
from partita._core.errors import InvalidParameterError


def interrupt(path, error):
    with written_aside(path) as aside:
        aside.write_text("half")
        raise error


def test_the_file_appears_only_when_it_is_complete(tmp_path):
    path = tmp_path / "labels.csv"
    with written_aside(path) as aside:
        aside.write_text("whole")
        assert not path.exists()
        assert aside.suffix == path.suffix
    assert path.read_text() == "whole"
    assert os.listdir(tmp_path) == ["labels.csv"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), SystemExit()])
def test_an_interrupted_writer_leaves_the_old_file_and_no_litter(tmp_path, error):
    path = tmp_path / "labels.csv"
    path.write_text("old")
    with pytest.raises(type(error)):
        interrupt(path, error)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["labels.csv"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_the_mode_of_a_replaced_file_is_kept(tmp_path, mode):
    path = tmp_path / "labels.csv"
    path.write_text("old")
    path.chmod(mode)
    with written_aside(path) as aside:
        aside.write_text("new")
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_new_file_is_as_public_as_any_other(tmp_path):
    with written_aside(tmp_path / "aside") as aside:
        aside.write_text("x")
    (tmp_path / "plain").write_text("x")
    assert (tmp_path / "aside").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_missing_folder_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(InvalidParameterError, match="no folder"), written_aside(tmp_path / "no" / "x.csv"):
        pass
    assert os.listdir(tmp_path) == []


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InvalidParameterError, match="is a folder"), written_aside(tmp_path):
        pass
