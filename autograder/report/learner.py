"""A learner's graded submission as a report needs it, read from the JSON that grading gives."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

__all__ = ["Answer", "HasJson", "Learner", "Parts", "read_learners"]

# Nothing was there to be marked, or nobody has marked it yet: neither right nor wrong, and no part of any mean.
NOTHING = frozenset({"not attempted", "to be read", "missing", "unreadable", "nobody's"})


class HasJson(Protocol):
    """What can say itself as JSON, as `autograder.grading.submissions.verdicts.Result` can."""

    def as_json(self) -> dict[str, Any]:
        """A result as plain values."""


@dataclass(frozen=True)
class Answer:
    """How one exercise of a submission stands: ``points`` of ``of``, and the misconception by name where one was seen.

    ``by_hand`` is a person's score, which the points then are, with ``extra`` credit.

    ``exercise`` names the column of a report. It is the exercise's id, with a number where a chapter checks it again.
    """

    exercise: str
    status: str
    points: float
    of: float
    misconception: str = ""
    by_hand: float | None = None
    extra: float = 0.0

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
class Parts:
    """What points are made of: what checks gave, what people gave, extra credit, and what being late takes away."""

    automatic: float
    by_hand: float = 0.0
    extra: float = 0.0
    late: float = 0.0

    @property
    def said(self) -> str:
        """In words; nothing where they are automatic alone.

        >>> Parts(18, by_hand=1.5, late=2).said
        '18 automatic + 1.5 by hand − 2 late'
        """
        if not (self.by_hand or self.extra or self.late):
            return ""
        named = (("by hand", self.by_hand), ("extra", self.extra), ("late", -self.late))
        more = [f"{'+' if value > 0 else '−'} {abs(value):g} {name}" for name, value in named if value]
        return " ".join([f"{self.automatic:g} automatic", *more])


@dataclass(frozen=True)
class Learner:
    """One learner's submission: its status, a word on it where there is one, its points with their parts, its exercises."""

    student: str
    status: str
    note: str
    points: float
    of: float
    answers: tuple[Answer, ...]
    parts: Parts | None = None

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
            _parts(content),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"the result of {student!r} cannot be read ({type(error).__name__}: {error}); expected student, status, "
            "note, points, of and exercises, as grading stores them; grade the chapter again"
        ) from None


def _parts(content: Mapping[str, Any]) -> Parts:
    """Its parts; a result that has not been through a gradebook is automatic."""
    parts = content.get("parts")
    if parts is None:
        return Parts(_number(content["points"]))
    return Parts(*(_finite(parts[name]) for name in ("automatic", "by_hand", "extra", "late")))


def _answer(content: Mapping[str, Any]) -> Answer:
    by_hand, extra = content.get("by_hand"), content.get("extra")
    given = by_hand is not None or extra is not None
    points = _finite(content["points"]) if given else _number(content["points"])  # people may take points away
    return Answer(
        str(content["exercise"]),
        str(content["status"]),
        points,
        _number(content["of"]),
        str(content["misconception"] or ""),
        None if by_hand is None else _finite(by_hand),
        _finite(extra or 0.0),
    )


def _number(value: Any) -> float:
    number = _finite(value)
    if number < 0:
        raise ValueError(f"{value} is no number of points")
    return number


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value} is no number of points")
    return number


def _numbered(answers: list[Answer]) -> tuple[Answer, ...]:
    """The answers with names of their own: an exercise that is checked again is told apart by a number."""
    seen: Counter[str] = Counter()
    numbered = []
    for one in answers:
        seen[one.exercise] += 1
        again = f" ({seen[one.exercise]})" if seen[one.exercise] > 1 else ""
        numbered.append(replace(one, exercise=one.exercise + again))
    return tuple(numbered)
