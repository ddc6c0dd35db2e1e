"""The model answers of an assignment, from the source on the instructor's machine, and when a learner may read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from autograder.grading.submissions.repair import Source

__all__ = ["AFTER_DUE", "ALWAYS", "NEVER", "are_shown", "model_answer"]

NEVER, AFTER_DUE, ALWAYS = "never", "after_due", "always"


def are_shown(setting: str, due: datetime | None, now: datetime | None = None) -> bool:
    """Whether a learner whose work is ``due`` then, in UTC, an extension with it, may read the model answers ``now``.

    Without a due date nothing is ever past it.

    >>> due, later = datetime(2027, 3, 1, 18), datetime(2027, 3, 1, 19)
    >>> are_shown("never", due, later), are_shown("after_due", due, later), are_shown("after_due", later, due)
    (False, True, False)
    >>> are_shown("after_due", None, later), are_shown("always", None, later)
    (False, True)
    """
    if setting == AFTER_DUE:
        return due is not None and (now or datetime.now(UTC).replace(tzinfo=None)) > due
    return setting == ALWAYS


def model_answer(source: Source, graded: str, marks: Sequence[str]) -> tuple[str, str]:
    """The model answer to the cell ``graded``, and whether that is ``"code"`` or text; empty where the source has none.

    A line that holds one of ``marks`` only says where the answer begins or ends.
    """
    cell = source.cells.get(graded)
    if cell is not None and not cell.marks.get("solution"):
        cell = source.cells.get(cell.after)
    if cell is None:
        return "", ""
    lines = [line for line in cell.source.splitlines() if not any(mark in line for mark in marks)]
    return "\n".join(lines).strip("\n"), cell.kind
