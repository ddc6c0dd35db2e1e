"""A file is written whole or not at all."""

from __future__ import annotations

import errno
import os
import zipfile
from pathlib import Path

import pytest

from autograder.files import write_whole, written_whole


def test_a_write_that_fails_leaves_the_old_and_no_rubbish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_named_as_its_reader_knows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left") as raised:
        write_whole(tmp_path / "grades.csv", b"new")
    assert (raised.value.errno, raised.value.filename) == (errno.ENOSPC, str(tmp_path / "grades.csv"))


def test_what_is_written_bit_by_bit_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "pages.zip"
    with written_whole(path) as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr("ada.html", "page")
        assert not path.exists()
    assert zipfile.ZipFile(path).read("ada.html") == b"page"
    with pytest.raises(OSError, match="No space left") as raised, written_whole(path) as file:
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert raised.value.filename == str(path)
    with pytest.raises(FileNotFoundError) as missing, written_whole(path) as file:
        (tmp_path / "page.html").read_bytes()
    assert str(missing.value.filename) == str(tmp_path / "page.html"), "another file's failure keeps its name"
    assert zipfile.ZipFile(path).read("ada.html") == b"page"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_its_place_is_said_and_left_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="it is a folder, and a file is to be written"):
        write_whole(tmp_path, b"new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="rights of POSIX systems")
def test_a_file_gets_the_rights_that_any_new_file_gets(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    write_whole(tmp_path / "below" / "whole", b"", lasting=False)
    assert (tmp_path / "below" / "whole").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_device_or_a_pipe_in_its_place_is_said_and_left_as_it_is(tmp_path: Path) -> None:
    """Who may write into the folder of devices would put a file in the place of one."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="it is a device or a pipe, and a file is to be written") as raised:
        write_whole(pipe, b"new")
    assert raised.value.filename == str(pipe)
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]
