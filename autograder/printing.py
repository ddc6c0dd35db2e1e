"""Printing for people: an error without its number, and signs where not every one can be written, as where Windows redirects."""

from __future__ import annotations

import sys
from typing import TextIO

__all__ = ["in_words", "never_fails", "say"]


def say(text: str, stream: TextIO | None = None) -> None:
    """Print ``text``; a sign that ``stream`` cannot write becomes a question mark. All is said in words, too.

    >>> say("✓ solved")
    ✓ solved
    """
    stream = sys.stdout if stream is None else stream
    encoding = getattr(stream, "encoding", None) or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), file=stream)


def never_fails() -> None:
    """From here on, standard output and errors print a question mark for what they cannot write."""
    for stream in (sys.stdout, sys.stderr):
        if getattr(stream, "errors", "") == "strict":
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]


def in_words(error: Exception) -> str:
    """What ``error`` says; of a file that cannot be used its name and the system's reason, without its number.

    >>> in_words(FileNotFoundError(2, "No such file or directory", "grades.csv"))
    'grades.csv: No such file or directory'
    """
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)
