"""What an author can get wrong without any error of Python's: an id given twice, the name of an aspect that nobody looks at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from autograder.observing.exercise import DEFAULT_SHARES, Exercise
from course.chapters import Chapter

__all__ = ["chapters_given_twice", "given_twice", "unknown_aspects"]

# What is noted of an answer beside that which a probe looks at.
_BESIDE = ("memory", "state")


def given_twice(ids: Iterable[str]) -> list[str]:
    """The ids that occur more than once.

    >>> given_twice(["relu", "linear", "relu"])
    ['relu']
    """
    return [one for one, times in Counter(ids).items() if times > 1]


def chapters_given_twice(chapters: Sequence[Chapter]) -> list[str]:
    """What two chapters have in common that each must have for itself: their number, or their topic.

    >>> from course.chapters import CHAPTERS
    >>> chapters_given_twice(CHAPTERS)
    []
    """
    said = []
    for what in ("number", "topic"):
        for value in given_twice(str(getattr(one, what)) for one in chapters):
            both = " and ".join(one.slug for one in chapters if str(getattr(one, what)) == value)
            said.append(f"course/chapters.py: {both} have the {what} {value}; give one of them another {what}")
    return said


def unknown_aspects(exercise: Exercise, expected: Iterable[Any]) -> list[str]:
    """What ``core``, ``essential`` and ``shares`` of an exercise name and no case looks at, each in a sentence.

    ``expected`` is what was seen of the right answer, by case.
    """
    known = {aspect for seen in expected if isinstance(seen, Mapping) for aspect in seen} | set(_BESIDE)
    named = {"core": exercise.core, "essential": exercise.essential}
    named["shares"] = tuple(one for one in exercise.shares if one not in DEFAULT_SHARES)
    return [
        f"{exercise.id}: {where}= names the aspect {one!r}, and no case looks at it"
        + (f"; did you mean {close[0]!r}?" if (close := get_close_matches(one, known, n=1)) else "")
        for where, names in named.items()
        for one in names
        if one not in known
    ]
