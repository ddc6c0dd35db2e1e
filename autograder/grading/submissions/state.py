"""How a submission and each of its exercises stand: never a silent zero."""

from __future__ import annotations

from enum import StrEnum

from autograder.grading.slots.job import CellEnd
from autograder.judging.verdict import Status

__all__ = ["State", "of_cell", "of_verdict"]


class State(StrEnum):
    """How a submission stands, or one exercise in it."""

    GRADED = "graded"
    NOT_ATTEMPTED = "not attempted"
    DOES_NOT_PARSE = "does not parse"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"
    UNREADABLE = "unreadable"
    MISSING = "missing"
    NOBODYS = "nobody's"  # a file that lies where learners have folders


def of_cell(end: CellEnd) -> State | None:
    """What the end of a cell says of the submission: ``None`` where it ended as cells do, by an error too.

    >>> of_cell(CellEnd.TIMED_OUT), of_cell(CellEnd.ERROR)
    (<State.TIMED_OUT: 'timed out'>, None)
    """
    match end:
        case CellEnd.TIMED_OUT | CellEnd.NOT_RUN:  # not run: the notebook's time was up
            return State.TIMED_OUT
        case CellEnd.CRASHED:
            return State.CRASHED
        case CellEnd.OUT_OF_MEMORY:
            return State.OUT_OF_MEMORY
    return None


def of_verdict(status: Status) -> State:
    """What a verdict says of an exercise: it is graded, whatever it is worth, unless there was nothing to grade."""
    return State.NOT_ATTEMPTED if status is Status.NOT_ATTEMPTED else State.GRADED
