"""What goes wrong in an author's own code, told in a line or two: which exercise and case, which file and line, what was raised."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

__all__ = ["TRACEBACK", "AuthorsFault", "Fault", "told", "told_where_it_is_an_authors"]

TRACEBACK = "AUTOGRADER_TRACEBACK"
"""With 1 in this variable of the environment a command ends in Python's whole traceback."""

_ROOT = Path(__file__).resolve().parents[2]
# What authors write. The packages' own `__init__` beside these are ours.
_OWN = (
    "autograder/authoring/oracles/*/*.py",
    "autograder/observing/probes/*.py",
    "course/lessons/*.py",
    "course/chapters.py",
    "nbgrader_config.py",
)
_LONGEST = 300


@dataclass(frozen=True)
class Fault:
    """``what`` was done when ``raised`` came, and the author's line, ``FILE:LINE``, with what stands there."""

    what: str
    raised: str
    place: str = ""
    source: str = ""

    def text(self) -> str:
        """In lines: the place first, as everywhere.

        >>> print(Fault("relu: its cases", "KeyError: 'x'", "oracles/relu.py:7", "x['x']").text())
        oracles/relu.py:7: relu: its cases: KeyError: 'x'
            x['x']
        """
        head = ": ".join(part for part in (self.place, self.what, self.raised) if part)
        return f"{head}\n    {self.source}" if self.source else head


class AuthorsFault(ValueError):
    """Code of an author's raised an exception; the message tells the `Fault`."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(f"{fault.text()}\nThe whole traceback: the same command with {TRACEBACK}=1 in the environment")


@contextlib.contextmanager
def told(what: str, near: Callable[..., Any] | None = None) -> Iterator[None]:
    """Raise what is raised in here as an `AuthorsFault` that says ``what`` was done.

    The place is the deepest line of an author's; where there is none, where ``near`` is defined.

    >>> with told("relu"), told("case 'two rows'"):
    ...     len(5)
    Traceback (most recent call last):
    autograder.authoring.faults.AuthorsFault: relu: case 'two rows': TypeError: object of type 'int' has no len()
    The whole traceback: the same command with AUTOGRADER_TRACEBACK=1 in the environment
    """
    try:
        yield
    except AuthorsFault as error:
        fault = error.fault
        raise AuthorsFault(replace(fault, what=f"{what}: {fault.what}" if fault.what else what)) from error.__cause__
    except Exception as error:
        found = _defined(near) if _calls_wrongly(error, near) else _place(error) or _defined(near)
        place, source = found or ("", "")
        raise AuthorsFault(Fault(what, _raised(error), place, source)) from error


@contextlib.contextmanager
def told_where_it_is_an_authors() -> Iterator[None]:
    """As `told` where the exception came out of an author's file; any other goes on as it is."""
    try:
        yield
    except AuthorsFault:
        raise
    except Exception as error:
        found = _place(error)
        if found is None:
            raise
        raise AuthorsFault(Fault("", _raised(error), *found)) from error


def _calls_wrongly(error: Exception, near: Callable[..., Any] | None) -> bool:
    """Whether ``near`` could not even be called: what is wrong is the line that it is defined in."""
    names = (getattr(near, "__name__", ""), getattr(near, "__qualname__", ""))
    return isinstance(error, TypeError) and str(error).partition("()")[0] in names and "()" in str(error)


def _raised(error: Exception) -> str:
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {' '.join(said.split())[:_LONGEST]}"


def _place(error: Exception) -> tuple[str, str] | None:
    """The deepest line of an author's that ``error`` came through, and what stands there."""
    if isinstance(error, SyntaxError) and error.filename and (name := _own(error.filename)):
        return f"{name}:{error.lineno}", (error.text or "").strip()
    frames = [one for one in traceback.extract_tb(error.__traceback__) if _own(one.filename)]
    return (f"{_own(frames[-1].filename)}:{frames[-1].lineno}", (frames[-1].line or "").strip()) if frames else None


def _defined(near: Callable[..., Any] | None) -> tuple[str, str] | None:
    code = getattr(near, "__code__", None)
    name = _own(code.co_filename) if code is not None else ""
    return (f"{name}:{code.co_firstlineno}", "") if code is not None and name else None


def _own(filename: str) -> str:
    """The file as messages name it, where an author writes it; else nothing."""
    path = Path(filename)
    if path.name == "nbgrader_config.py":  # of whichever class
        return path.name
    with contextlib.suppress(ValueError):
        inside = path.resolve().relative_to(_ROOT)
        if any(inside.match(one) for one in _OWN):
            return inside.as_posix()
    return ""
