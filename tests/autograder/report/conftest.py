"""A made-up class with every status, every kind of name, and misconceptions from the public reference."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from autograder.judging.reference import load
from autograder.observing.exercise import exercises_of

HOSTILE = (
    "<script>alert(1)</script>",
    "=cmd|'/C calc'!A0",
    'Lovelace, "Ada"',
    "ada;=1+1",
    "林宗義",
    "Ñandú’s\nsecond line\t",
    "\u202eelpoep",
    "-2+3",
    "@sum",
    "bytes\udcff",
    "a & b {{ 7 * 7 }} $x$",
    "../up",
    " ",
)

WHOLE = {3: "missing", 7: "unreadable", 11: "not attempted", 13: "timed out", 17: "out of memory", 20: "crashed"}
NOTHING = ("missing", "unreadable", "not attempted")


def a_class(size: int, seed: int = 4) -> list[dict[str, Any]]:
    """Results of ``size`` learners of chapter 04, as `Result.as_json` has them; hostile names first."""
    draw = random.Random(seed)
    return [_result(place, draw) for place in range(size)]


def _result(place: int, draw: random.Random) -> dict[str, Any]:
    status, skill = WHOLE.get(place, "graded"), draw.uniform(0.2, 0.9)
    exercises = []
    for number, exercise in enumerate(exercises_of("functional")):
        one = {"exercise": exercise.id, "status": "solved", "points": 0.0, "of": exercise.points, "misconception": ""}
        luck = draw.random()
        if status in NOTHING or (status != "graded" and number == 2):
            one["status"] = status
        elif luck < skill:
            one["points"] = float(exercise.points)
        elif luck < skill + 0.1:
            one |= {"status": "partly right", "points": exercise.points / 3}
        elif luck < skill + 0.3:
            known = load(exercise).misconceptions[draw.randrange(2)].name
            one |= {"status": "not right yet", "misconception": draw.choice(["", known])}
        else:
            one["status"] = draw.choice(["not by hand", "not attempted"])
        exercises.append(one)
    points, of = (sum(one[key] for one in exercises) for key in ("points", "of"))
    student = HOSTILE[place] if place < len(HOSTILE) else f"learner_{place:03d}"
    note = "" if status == "graded" else f"why it is <i>{status}</i> & where"
    return {"student": student, "status": status, "note": note, "points": points, "of": of, "exercises": exercises}


@pytest.fixture(name="a_class")
def _a_class() -> Callable[..., list[dict[str, Any]]]:
    return a_class


@pytest.fixture
def hostile() -> tuple[str, ...]:
    return HOSTILE


def result(student: str, status: str = "graded", **answers: Any) -> dict[str, Any]:
    """A result in few words: ``relu=(1, 2)`` is 1 of 2 points; a third entry is a status, a fourth a misconception."""
    exercises = []
    for name, (points, of, *more) in answers.items():
        own = "solved" if points == of else "partly right" if points else "not right yet"
        said = (more[0] or own) if more else own
        misconception = more[1] if len(more) > 1 else ""
        exercises.append({"exercise": name, "status": said, "points": points, "of": of, "misconception": misconception})
    total, of = (sum(one[key] for one in exercises) for key in ("points", "of"))
    return {"student": student, "status": status, "note": "", "points": total, "of": of, "exercises": exercises}


@pytest.fixture(name="result")
def _result_in_few_words() -> Callable[..., dict[str, Any]]:
    return result
