"""What happened to the cells of a notebook: which names they failed to define, and which a check looked for in vain.

IPython tells of every cell before and after it runs. A cell that failed before it came to a definition has left the name
what it was: the same object as before, or none.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from autograder.judging.sentences import (
    Place,
    defined_elsewhere,
    names_missing,
    never_came,
    not_there,
    of_before,
    still_stub,
    to_be_run,
)
from autograder.learner.names import bound_by, may_be_an_answer, python_of, read_by, similar

__all__ = ["Cells", "cells", "listen"]

_NOT_DEFINED = re.compile(r"name '(\w+)' is not defined")

_NOTHING = object()  # what stands for a name that is not there: None may be a value


@dataclass(frozen=True)
class _Failed:
    """A name that a cell failed to define: what it stands for since before, the line that failed, the error in words.

    ``cell`` is the cell's id, where the notebook says it.
    """

    value: Any
    place: Place
    error: str
    cell: str | None = None


class Cells:
    """Listens to a shell's cells, and says what a learner should know of those behind an answer.

    ``names`` is the shell's own dict of names.
    """

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names
        self._failed: dict[str, _Failed] = {}
        self._before: dict[str, Any] = {}
        self._looked_for: tuple[str, ...] = ()
        self._stopped = False

    def begin(self, info: Any) -> None:
        """A cell is about to run: remember what it may define anew."""
        self._looked_for, self._stopped = (), False
        self._before = {name: self._value(name) for name in bound_by(python_of(info.raw_cell or ""))}

    def end(self, result: Any) -> None:
        """A cell has run, or has failed to."""
        before, self._before = self._before, {}
        if result is None:
            return
        error = result.error_before_exec or result.error_in_exec
        cell = getattr(result.info, "cell_id", None)
        # Of a cell that is another now it does not matter how it failed.
        self._failed = {name: one for name, one in self._failed.items() if cell is None or one.cell != cell}
        for name, value in before.items():
            self._failed.pop(name, None)
            if error is not None and self._value(name) is value:
                self._failed[name] = _Failed(value, self._place(result, error), _words(error), cell)
        if self._stopped and error is None:
            # To the frontend an interrupted cell has failed: what is queued behind it is not run.
            result.error_in_exec = KeyboardInterrupt("the check was interrupted")

    def stop(self) -> None:
        """The check in the cell that is running was interrupted, and so is all that waits behind it."""
        self._stopped = True

    def look_for(self, *names: str) -> None:
        """A check is about to look for ``names``, which are not there."""
        self._looked_for = names

    def say(self, answer: Any) -> str:
        """What a learner should know of the cells behind ``answer``; ``None`` is what a check gets of names not there."""
        if answer is None and self._looked_for:
            return self._of_the_missing()
        parts = _parts(answer)
        said = []
        for name, one in self._standing():
            if any(part is one.value for part in parts):
                said.append(of_before(name, one.place, one.error))
            elif users := [part for part in parts if any(used is one.value for used in self._used_by(part))]:
                user = getattr(users[0], "__name__", "your answer")
                said.append(of_before(name, one.place, one.error, user))
        return " ".join(said)

    def failed(self, answer: Any) -> bool:
        """Whether the cell that should define ``answer``, or what a check looked for in vain, has failed."""
        if answer is None:
            return any(name in self._failed for name in self._looked_for)
        return any(part is one.value for part in _parts(answer) for _, one in self._standing())

    def say_of_others(self, answer: Any, asked_for: Collection[str]) -> str:
        """Of an ``answer`` with nothing in it: that something is written under a name that looks like its own.

        ``asked_for`` are the names of all exercises, which are answers of their own.
        """
        name = getattr(answer, "__name__", "")
        own = [
            other
            for other, value in self._names.items()
            if other not in asked_for and value is not answer and may_be_an_answer(other, value) and _is_written(value)
        ]
        there = similar([name], own) if name else []
        return still_stub(name, there) if there else ""

    def say_of_missing(self, note: str, imports: Collection[str], defined: Collection[str]) -> str:
        """Which of the names that a ``note`` says are not defined come from the chapter's first cell, its ``imports``, and which
        functions and classes are ``defined`` in others.
        """
        missing = [name for name in dict.fromkeys(_NOT_DEFINED.findall(note)) if name not in self._names]
        first = [name for name in missing if name in imports]
        others = [name for name in missing if name in defined and name not in imports]
        said = (names_missing(first) if first else "", defined_elsewhere(others) if others else "")
        return " ".join(filter(None, said))

    def _of_the_missing(self) -> str:
        for name in self._looked_for:
            if name in self._failed:
                return never_came(name, self._failed[name].place, self._failed[name].error)
        own = [name for name, value in self._names.items() if may_be_an_answer(name, value)]
        there = similar(self._looked_for, own)
        said = not_there(self._looked_for, there)
        return said if there else to_be_run(said)

    def _standing(self) -> list[tuple[str, _Failed]]:
        """The names that a cell failed to define and that stand for what they did before."""
        return [(name, one) for name, one in self._failed.items() if self._value(name) is one.value]

    def _value(self, name: str) -> Any:
        return self._names.get(name, _NOTHING)

    def _place(self, result: Any, error: BaseException) -> Place:
        """The line of the cell in which it failed."""
        cell = result.info.raw_cell or ""
        below = cell.startswith("%%")  # a magic counts the lines below it
        if isinstance(error, SyntaxError) and (error is result.error_before_exec or below):
            number = (error.lineno or 0) + below
        else:
            number = _line_run(error.__traceback__, self._names) + below
        lines = cell.splitlines()
        return number, lines[number - 1].strip() if 0 < number <= len(lines) else ""

    def _used_by(self, answer: Any) -> Iterator[Any]:
        """What ``answer`` uses of the notebook's own, and what that uses in its turn."""
        left, seen = [answer], {id(answer)}
        while left:
            for name in read_by(left.pop(), self._names):
                value = self._names.get(name)
                if id(value) not in seen:
                    seen.add(id(value))
                    left.append(value)
                    yield value


class _MissingAnswers(ast.NodeTransformer):
    """Turns ``check("id", name)`` into ``check("id", None)`` where the notebook holds no such name yet."""

    def __init__(self, names: Mapping[str, Any], listener: Cells) -> None:
        self._names, self._listener = names, listener

    def visit_Module(self, node: ast.Module) -> ast.Module:
        match node.body:
            case [ast.Expr(value=ast.Call(func=ast.Name(id="check"), args=[ast.Constant(), answer]) as call)]:
                parts = answer.elts if isinstance(answer, ast.Tuple) else [answer]
                missing = [part.id for part in parts if isinstance(part, ast.Name) and part.id not in self._names]
                if missing:
                    self._listener.look_for(*missing)
                    call.args[1] = ast.copy_location(ast.Constant(None), answer)
        return node


_listening: Cells | None = None


def cells() -> Cells:
    """Who listens to the cells of this notebook; outside of IPython one that has heard of none."""
    return _listening or Cells({})


def listen() -> None:
    """In IPython, listen to the cells from here on, and let a check cell whose answer was never defined say so.

    A cell that is one call ``check("id", name)`` and nothing else is meant; every other NameError stays one.
    """
    global _listening
    if _listening is not None or "IPython" not in sys.modules:
        return
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None:
        return
    _listening = Cells(shell.user_ns)
    shell.ast_transformers.append(_MissingAnswers(shell.user_ns, _listening))
    shell.events.register("pre_run_cell", _listening.begin)
    shell.events.register("post_run_cell", _listening.end)


def _parts(answer: Any) -> tuple[Any, ...]:
    """What a check was given: one thing, or several."""
    return answer if isinstance(answer, tuple) else (answer,)


def _is_written(value: Any) -> bool:
    """Whether there is more in a function or class than a stub."""
    from autograder.observing.handed_in import WRITTEN, look_at  # it needs torch, and a notebook's start does not

    return WRITTEN in look_at(value).functions.values()


def _line_run(trace: TracebackType | None, names: Mapping[str, Any]) -> int:
    """The line of the cell itself that a traceback goes through; 0 where it goes through none."""
    number = 0
    while trace is not None:
        if trace.tb_frame.f_globals is names and trace.tb_frame.f_code.co_name == "<module>":
            number = trace.tb_lineno
        trace = trace.tb_next
    return number


def _words(error: BaseException) -> str:
    """The error as Python says it, in a line."""
    try:
        message = error.msg if isinstance(error, SyntaxError) else str(error)
    except Exception:  # a broken __str__
        message = ""
    message = " ".join(message.split())[:200]
    return type(error).__name__ + (f": {message}" if message else "")
