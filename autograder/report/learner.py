"""A learner's graded submission as a report needs it, read from the JSON that grading gives."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Answer", "HasJson", "Learner", "read_learners"]

# Nothing was there to be marked: neither right nor wrong, and no part of any mean.
NOTHING = frozenset({"not attempted", "missing", "unreadable", "nobody's"})


class HasJson(Protocol):
    """What can say itself as JSON, as `autograder.grading.submissions.verdicts.Result` can."""

    def as_json(self) -> dict[str, Any]:
        """A result as plain values."""


@dataclass(frozen=True)
class Answer:
    """How one exercise of a submission stands: ``points`` of ``of``, and the misconception by name where one was seen.

    ``exercise`` names the column of a report. It is the exercise's id, with a number where a chapter checks it again.
    """

    exercise: str
    status: str
    points: float
    of: float
    misconception: str = ""

    @property
    def tried(self) -> bool:
        """Whether there was an answer, however it ended.

        >>> Answer("relu", "timed out", 0, 2).tried, Answer("relu", "missing", 0, 2).tried
        (True, False)
        """
        return self.status not in NOTHING

    @property
    def share(self) -> float:
        """The share of the points that was earned, from 0 to 1; 0 where there are none to earn."""
        return self.points / self.of if self.of else 0.0


@dataclass(frozen=True)
class Learner:
    """One learner's submission: its status, a word on it where there is one, its points, its exercises."""

    student: str
    status: str
    note: str
    points: float
    of: float
    answers: tuple[Answer, ...]

    @property
    def tried(self) -> bool:
        """Whether anything was handed in that could be marked."""
        return self.status not in NOTHING

    @property
    def share(self) -> float:
        """The share of the points that was earned, from 0 to 1; 0 where there are none to earn."""
        return self.points / self.of if self.of else 0.0

    def answer(self, exercise: str) -> Answer | None:
        """The answer in the column ``exercise``, or ``None`` where the submission has no such exercise."""
        return next((one for one in self.answers if one.exercise == exercise), None)


def read_learners(results: Iterable[HasJson | Mapping[str, Any]]) -> tuple[Learner, ...]:
    """Every learner, in the order of their names, from results or from their stored JSON.

    Raises ``ValueError`` where a result is not of that shape, or where a learner has two.

    >>> stored = {"student": "ada", "status": "graded", "note": "", "points": 2.0, "of": 2, "exercises": [
    ...     {"exercise": "relu", "status": "solved", "points": 2.0, "of": 2, "misconception": ""}]}
    >>> read_learners([stored])[0].answer("relu").status
    'solved'
    """
    learners = [_learner(one if isinstance(one, Mapping) else one.as_json()) for one in results]
    twice = [name for name, count in Counter(one.student for one in learners).items() if count > 1]
    if twice:
        raise ValueError(f"{twice[0]!r} has more than one result; a report takes one of each learner")
    return tuple(sorted(learners, key=lambda one: (one.student.casefold(), one.student)))


def _learner(content: Mapping[str, Any]) -> Learner:
    student = content.get("student", "a result without a name")
    try:
        answers = [_answer(one) for one in content["exercises"]]
        return Learner(
            str(content["student"]),
            str(content["status"]),
            str(content["note"] or ""),
            _number(content["points"]),
            _number(content["of"]),
            _numbered(answers),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"the result of {student!r} cannot be read ({type(error).__name__}: {error}); expected student, status, "
            "note, points, of and exercises, as grading stores them; grade the chapter again"
        ) from None


def _answer(content: Mapping[str, Any]) -> Answer:
    points, of = _number(content["points"]), _number(content["of"])
    return Answer(str(content["exercise"]), str(content["status"]), points, of, str(content["misconception"] or ""))


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number) or number < 0:
        raise ValueError(f"{value} is no number of points")
    return number


def _numbered(answers: list[Answer]) -> tuple[Answer, ...]:
    """The answers with names of their own: an exercise that is checked again is told apart by a number."""
    seen: Counter[str] = Counter()
    numbered = []
    for one in answers:
        seen[one.exercise] += 1
        again = f" ({seen[one.exercise]})" if seen[one.exercise] > 1 else ""
        numbered.append(Answer(one.exercise + again, one.status, one.points, one.of, one.misconception))
    return tuple(numbered)
