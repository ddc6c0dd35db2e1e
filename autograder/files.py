"""Files, whole or not at all: who reads one sees the old one or the new one, after a crash too, and never waits for a pipe."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = ["UNFINISHED", "read_file", "write_whole", "written_whole"]

UNFINISHED = ".unfinished"  # the ending of what a killed writer leaves behind


def read_file(path: Path) -> bytes:
    """What is in the file at ``path``. Raises ``OSError`` where there is none, or a device or a pipe, which would be waited for."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is a folder, a device or a pipe, and a file is to be read", str(path))
    return path.read_bytes()


def write_whole(path: Path, content: bytes, *, lasting: bool = True) -> None:
    """Write ``content`` to ``path`` in one step, making its folder if there is none.

    ``lasting`` waits until it is on disk, so that it is still there after the power fails. Raises ``OSError`` where it
    cannot be written; then ``path`` is as it was.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder, "grades", "ada.json"), b"{}")
    ...     [path.name for path in Path(folder, "grades").iterdir()]
    ['ada.json']
    """
    with written_whole(path, lasting=lasting) as file:
        file.write(content)


@contextlib.contextmanager
def written_whole(path: Path, *, lasting: bool = True) -> Iterator[BinaryIO]:
    """A file to write into; what is in it at the end is at ``path`` in one step, as `write_whole` says."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder, and a file is to be written", str(path))
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is a device or a pipe, and a file is to be written", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}{UNFINISHED}")
    try:
        with unfinished.open("xb") as file:
            yield file
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException as error:
        with contextlib.suppress(OSError):  # what it says is not why nothing was written
            unfinished.unlink()
        if isinstance(error, OSError) and error.errno is not None and error.filename in (None, str(unfinished)):
            # who reads it knows the file by this name
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    if lasting:
        _sync(path.parent)


def _sync(folder: Path) -> None:
    """Have the folder's own entry on disk; some systems cannot open a folder, and keep it in order themselves."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
