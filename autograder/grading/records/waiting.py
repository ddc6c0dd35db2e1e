"""Waiting for others, said once: for another `grade` of the same class, and for a gradebook that is in use."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.engine import make_url

__all__ = ["GradebookLocked", "Tell", "alone", "file_of", "is_locked", "on_stderr", "wait_for_gradebook"]

Tell = Callable[[str], None]

_AT_ONCE = 1.0  # seconds: nbgrader's own pages hold the gradebook for less
_PATIENCE = 60.0  # seconds


class GradebookLocked(RuntimeError):
    """Another program holds the gradebook, and went on holding it; the message says what to do."""


def on_stderr(words: str) -> None:
    """Say it where no program reads results."""
    print(words, file=sys.stderr)


@contextmanager
def alone(folder: Path, tell: Tell) -> Iterator[None]:
    """While another `grade` of this class runs, say so and wait. The system gives the lock back, however that one ends."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "grading.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        tell("another grade of this class is running; this one waits until it has ended (Ctrl-C ends the waiting)")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def wait_for_gradebook(db_url: str, tell: Tell) -> None:
    """Until the gradebook at ``db_url`` can be written; says once that it waits. Other databases wait by themselves.

    Raises `GradebookLocked` when it stays locked.
    """
    path = file_of(db_url)
    if path is None or not path.is_file():
        return
    if _is_free(path, _AT_ONCE):
        return
    tell(f"the gradebook {path.name} is in use by another program; waiting up to {_PATIENCE:g} seconds for it")
    if not _is_free(path, _PATIENCE):
        raise GradebookLocked(
            f"the gradebook {path.name} has been locked by another program for {_PATIENCE:g} seconds. Close what uses it "
            "(a formgrader, a database browser, another nbgrader command), and start again: what was run is kept"
        )


def is_locked(error: BaseException | None) -> bool:
    """Whether SQLite refused ``error`` because somebody else holds the gradebook."""
    while error is not None:
        if "database is locked" in str(error) or "database table is locked" in str(error):
            return True
        error = error.__cause__
    return False


def _is_free(path: Path, seconds: float) -> bool:
    try:
        with closing(sqlite3.connect(path, timeout=seconds, isolation_level=None)) as book:
            book.execute("BEGIN EXCLUSIVE")
            book.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        return not is_locked(error)  # anything else is said by who opens it
    except sqlite3.DatabaseError:
        return True
    return True


def file_of(db_url: str) -> Path | None:
    """The file in which SQLite has the gradebook at ``db_url``; ``None`` for another database.

    >>> file_of("sqlite:////classes/gradebook.db").name, file_of("postgresql://server/gradebook")
    ('gradebook.db', None)
    """
    url = make_url(db_url)
    plain = url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:"
    return Path(str(url.database)) if plain else None
