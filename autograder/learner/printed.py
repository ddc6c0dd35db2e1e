"""What an answer prints while it is checked: its first lines are shown. A check tries it on many cases, and the panel comes below."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from autograder.judging.sentences import printed_more
from autograder.printing import say

__all__ = ["first_lines"]

_MOST_LINES = 30
_MOST_LETTERS = 4000


class _FirstLines:
    """Hands to ``stream`` what is written until it is too much, and counts the lines that are left out.

    Everything else that is asked of it is ``stream``'s own.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._lines, self._letters = _MOST_LINES, _MOST_LETTERS
        self._last = "\n"
        self._cut, self._left_out = False, 0

    def write(self, text: str) -> int:
        """Write as much of ``text`` as there is room for, in whole lines."""
        fits = ""
        for line in text.splitlines(keepends=True):
            self._cut = self._cut or not self._lines or len(line) > self._letters
            if self._cut:
                break
            fits += line
            self._letters -= len(line)
            self._lines -= line.endswith("\n")
        if fits:
            self._stream.write(fits)
            self._last = fits[-1]
        self._left_out += text.count("\n", len(fits))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of ``lines``."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def end(self) -> None:
        """Say on ``stream`` that something was left out, where something was."""
        if self._cut:
            say(("" if self._last == "\n" else "\n") + printed_more(max(self._left_out, 1)), self._stream)


@contextlib.contextmanager
def first_lines() -> Iterator[None]:
    """While this lasts, standard output takes no more than its first lines; afterwards it is said how many were left out."""
    shown = _FirstLines(sys.stdout)
    try:
        with contextlib.redirect_stdout(shown):
            yield
    finally:
        shown.end()
