"""Printing where not every sign can be written: Windows redirects into an encoding that has no ✓."""

from __future__ import annotations

import sys
from typing import TextIO

__all__ = ["never_fails", "say"]


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
