"""An answer that waits for somebody to type is told that nobody does, in a notebook and in grading alike."""

from __future__ import annotations

import builtins
import contextlib
import getpass
import io
import sys
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

__all__ = ["InputRefused", "is_refusal", "refused"]


class InputRefused(EOFError):
    """An answer asked for input. It is an ``EOFError``: what ``input()`` raises wherever nobody sits in front of it."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"your answer asks somebody to type ({what}), and nobody is there while it is tried. "
            "All that it needs is in its arguments."
        )


def _refuse(what: str) -> Callable[..., NoReturn]:
    def ask(*args: Any, **kwargs: Any) -> NoReturn:
        raise InputRefused(what)

    return ask


class _Nobody(io.TextIOBase):
    """Standard input without anybody in front of it: whatever is read from it is refused."""

    read = readline = readlines = __next__ = _refuse("sys.stdin")

    @property
    def buffer(self) -> NoReturn:
        """Refused as well: the bytes come from the same place."""
        raise InputRefused("sys.stdin")

    def readable(self) -> bool:
        """Yes: what asks first is to be told why, too."""
        return True


@contextlib.contextmanager
def refused() -> Iterator[None]:
    """While this lasts, ``input``, ``getpass``, ``sys.stdin`` and ``breakpoint`` raise `InputRefused`.

    >>> with refused():
    ...     input("how many?")
    Traceback (most recent call last):
    autograder.observing.questions.InputRefused: your answer asks somebody to type (input()), and nobody is there ...
    """
    places: list[tuple[Any, str, Any]] = [
        (builtins, "input", _refuse("input()")),
        (getpass, "getpass", _refuse("getpass()")),
        (getpass, "_raw_input", _refuse("getpass()")),  # what a getpass imported by name comes down to
        (sys, "stdin", _Nobody()),
        (sys, "breakpointhook", _refuse("breakpoint()")),
    ]
    before = [(owner, name, getattr(owner, name, None)) for owner, name, _ in places]
    for owner, name, value in places:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)


def is_refusal(error: BaseException) -> bool:
    """Whether a frontend refused a question by itself: a notebook's own ``input``, kept under another name, does."""
    return type(error).__name__ == "StdinNotImplementedError"
