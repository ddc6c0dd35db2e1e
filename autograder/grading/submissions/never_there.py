"""Why a check found no answer: its cell was no Python, or the answer has another name. By the cells as they were handed in.

It reads a stranger's text, and of any text there are words or none.
"""

from __future__ import annotations

import re
import symtable
from collections.abc import Mapping

from autograder.grading.slots.job import Cell, CellEnd, Job, Ran
from autograder.judging.sentences import Place, never_came, not_there
from autograder.learner.names import bound_by, python_of, similar

__all__ = ["does_not_parse", "never_there"]

_NO_PYTHON = ("SyntaxError", "IndentationError", "TabError", "_IncompleteInputError")
_LONGEST = 200  # letters of an error
_LINE = re.compile(r"\s*\([^()]*line (\d+)\)$")  # behind the message, as Python shows it


def never_there(job: Job, ran: Mapping[int, Ran], place: int, answer: str, own: int) -> tuple[str, bool]:
    """In words, why there is no ``answer`` for the check at ``place``, and whether a cell failed that should define it.

    Such a cell is the one at ``own``, where the notebook marks it (-1 where it does not), or one that would have defined a
    name. A cell that is no Python has not run at all, whatever else happened to it; one that ended has defined its names. An
    untouched cell may end in an error, too. No words where the cells do not say why.
    """
    wanted = [name.strip() for name in answer.strip("()").split(",") if name.strip()]
    above = [
        (cell, ran[cell.place]) for cell in job.cells if cell.place < place and cell.place in ran and not cell.checks
    ]
    there = {name for cell, one in above if one.end is CellEnd.DONE for name in bound_by(python_of(cell.source))}
    missing = [name for name in wanted if name not in there]
    for cell, one in reversed(above):
        if one.end is CellEnd.ERROR and (found := _no_python(cell, one) or _raised(one)):
            for name in missing:
                if cell.place == own or name in bound_by(python_of(cell.source)):
                    return never_came(name, *found), True
    errors = any(one.end is not CellEnd.DONE for _, one in above)
    return not_there(missing, similar(missing, there)) if missing and not errors else "", False


def does_not_parse(job: Job, ran: Mapping[int, Ran], place: int, answer: str, own: int) -> int | None:
    """The line in which the answer to the check at ``place`` is no Python, 0 where it is not known; ``None`` where it parses.

    Its cell is the one at ``own``, where the notebook marks it (-1 where it does not), or the last above that would
    have defined one of the names.
    """
    wanted = {name.strip() for name in answer.strip("()").split(",")}
    for cell in reversed(job.cells):
        one = ran.get(cell.place)
        if cell.place >= place or cell.checks or one is None or one.end is not CellEnd.ERROR:
            continue
        if (cell.place == own or wanted & bound_by(python_of(cell.source))) and (found := _no_python(cell, one)):
            return None if _parses(cell.source) else found[0][0]
    return None


def _parses(source: str) -> bool:
    """Whether it is Python after all: what it runs may be the text that is none."""
    try:
        symtable.symtable(python_of(source), "cell", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _no_python(cell: Cell, one: Ran) -> tuple[Place, str] | None:
    """The line of a cell that is no Python, and what Python said of it."""
    for output in one.outputs:
        if output.get("output_type") == "error" and output.get("ename") in _NO_PYTHON:
            message = str(output.get("evalue"))[:300]
            found = _LINE.search(message)
            number = int(found[1]) if found and len(found[1]) < 7 else 0
            lines = cell.source.splitlines()
            line = lines[number - 1].strip()[:200] if 0 < number <= len(lines) else ""
            return (number, line), f"{output['ename']}: {_LINE.sub('', message)}"
    return None


def _raised(one: Ran) -> tuple[Place, str] | None:
    """The error in which a cell ended, without its line; ``None`` where it may be the one of the untouched cell."""
    for output in one.outputs:
        if output.get("output_type") == "error" and output.get("ename") != NotImplementedError.__name__:
            message = " ".join(str(output.get("evalue")).split())[:_LONGEST]
            return (0, ""), f"{str(output.get('ename'))[:_LONGEST]}{f': {message}' if message else ''}"
    return None
