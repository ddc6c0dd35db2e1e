"""A gradebook whose making was cut short: nbgrader makes its tables first, and writes seconds later which version they are of.

Without it all works, until another nbgrader is installed: its ``nbgrader db upgrade`` then fails, and the gradebook cannot be opened.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

from nbgrader.api import Base, get_alembic_version

from autograder.commands import commands_on_path
from autograder.grading.records.waiting import file_of

__all__ = ["finish_gradebook"]


def finish_gradebook(db_url: str) -> bool:
    """Write into the gradebook at ``db_url`` which version it is of, where nothing says so; whether that was left to do.

    Only where all of today's columns are there: one that is older, or not made yet, is left as it is. So is one that is no file of
    SQLite's, or cannot be read or written: whoever opens it says so.

    >>> finish_gradebook("sqlite:////nowhere/gradebook.db")
    False
    """
    path = file_of(db_url)
    if path is None or not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(path)) as book:
            if not _is_todays(book) or _has_version(book):
                return False
            with commands_on_path():
                version = get_alembic_version()
            with book:  # as nbgrader makes it
                book.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)")
                book.execute("INSERT INTO alembic_version (version_num) VALUES (?)", (version,))
    except sqlite3.Error:
        return False
    return True


def _is_todays(book: sqlite3.Connection) -> bool:
    return all(
        {column.name for column in table.columns} <= {row[0] for row in _columns(book, table.name)}
        for table in Base.metadata.sorted_tables
    )


def _columns(book: sqlite3.Connection, table: str) -> list[tuple[str]]:
    return book.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()


def _has_version(book: sqlite3.Connection) -> bool:
    return (
        bool(_columns(book, "alembic_version")) and book.execute("SELECT * FROM alembic_version").fetchone() is not None
    )
