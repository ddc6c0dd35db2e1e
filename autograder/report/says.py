"""What is said of a misconception, from the public reference: the words that learners read, too."""

from __future__ import annotations

from autograder.judging.reference import load
from autograder.observing.exercise import find

__all__ = ["says"]


def says(exercise: str, misconception: str) -> str:
    """What the public reference says of ``misconception``; nothing where it does not know it, or the exercise.

    ``exercise`` is the column of a report: an id, with a number where a chapter checks it again.

    >>> says("linear", "bias forgotten") == says("linear (2)", "bias forgotten") != ""
    True
    >>> says("linear", "unheard of"), says("unheard of", "bias forgotten")
    ('', '')
    """
    try:
        known = load(find(exercise.partition(" (")[0])).misconceptions
    except (OSError, ValueError):  # a report on an older chapter, or with no reference at hand, is still a report
        return ""
    return next((one.says for one in known if one.name == misconception), "")
