"""A gradebook that cannot be read or written: what is wrong with it, in a line, and what to do."""

from __future__ import annotations

import sqlite3

__all__ = ["said_of"]

_DAMAGED = (
    "is damaged ({}). Put back a copy of it; without one, move it away, release the chapter and grade again: what was run "
    "is kept, but points and comments by hand are in the gradebook alone"
)
_KINDS = (
    (("not a database", "malformed", "encrypted"), _DAMAGED),
    (
        ("no such table", "no such column", "has no column"),
        "is of another version of nbgrader ({}). Keep a copy of it, then run: nbgrader db upgrade",
    ),
    (("readonly", "unable to open"), "cannot be opened for writing ({}). See whose it and its folder are"),
    (("locked",), "is in use by another program ({}). Close what uses it, and start again"),
    (("full",), "has no room ({}). Make room on its disk, and start again"),
)


def said_of(error: BaseException | None) -> str:
    """What SQLite's complaint in ``error``, or in what caused it, says of the gradebook; nothing where there is none.

    >>> said_of(sqlite3.OperationalError("attempt to write a readonly database"))
    'the gradebook cannot be opened for writing (attempt to write a readonly database). See whose it and its folder are'
    >>> said_of(ValueError("readonly"))
    ''
    """
    while error is not None and not isinstance(error, sqlite3.Error):
        error = error.__cause__
    if error is None:
        return ""
    why = " ".join(str(error).split())
    for words, said in _KINDS:
        if any(word in why for word in words):
            return f"the gradebook {said.format(why)}"
    return f"the gradebook cannot be used: {why}"
