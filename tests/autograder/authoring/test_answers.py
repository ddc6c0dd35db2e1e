"""Every chapter's sample answers: right ones in other styles earn everything, wrong ones have names, torch's own nothing.

The answers are in `answers`, a module for each topic. Each is judged on the public cases and on those of another seed.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from answers.beyond import BEYOND
from judging import verdict_on

from autograder.judging.reference import PUBLIC
from autograder.judging.verdict import Status
from autograder.observing.exercise import Exercise, catalogue
from course.chapters import CHAPTERS

EXERCISES = catalogue()
ANSWERS = {chapter.topic: import_module(f"answers.{chapter.topic}") for chapter in CHAPTERS}

each_right_answer = pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        pytest.param(EXERCISES[one], answer, id=f"{one}-{number}-{getattr(answer, '__name__', type(answer).__name__)}")
        for chapter in ANSWERS.values()
        for one, answers in chapter.RIGHT.items()
        for number, answer in enumerate(answers)
    ],
)
each_wrong_answer = pytest.mark.parametrize(
    ("exercise", "name", "answer"),
    [
        pytest.param(EXERCISES[one], name, answer, id=f"{one}-{name}-{number}")
        for chapter in ANSWERS.values()
        for number, (one, name, answer) in enumerate(chapter.WRONG)
    ],
)
each_of_torchs_own = pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        pytest.param(EXERCISES[one], answer, id=f"{one}-{number}")
        for chapter in ANSWERS.values()
        for number, (one, answer) in enumerate(chapter.TORCHS_OWN)
    ],
)


@pytest.fixture(params=["the public seed", "another seed"])
def reference(request: pytest.FixtureRequest, exercise: Exercise, private: Callable[[str], Path]) -> Path:
    """Where the reference lies that the answer is judged by."""
    return PUBLIC if request.param == "the public seed" else private(exercise.topic)


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda one: one.id)
def test_every_exercise_has_five_right_answers_in_other_styles(exercise: Exercise) -> None:
    assert len(ANSWERS[exercise.topic].RIGHT[exercise.id]) >= 5


@each_right_answer
def test_a_right_answer_in_another_style_earns_all_points(exercise: Exercise, answer: Any, reference: Path) -> None:
    verdict = verdict_on(exercise, answer, reference)
    assert verdict.solved, str(verdict)
    assert verdict.score == exercise.points


@each_wrong_answer
def test_a_misconception_in_other_words_is_known_too(
    exercise: Exercise, name: str, answer: Any, reference: Path
) -> None:
    verdict = verdict_on(exercise, answer, reference)
    assert verdict.misconception == name, str(verdict)
    assert not verdict.solved


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [pytest.param(EXERCISES[one], answer, id=f"{one}-{name}") for one, name, answer in BEYOND],
)
def test_an_answer_that_is_wrong_where_nobody_thought_of_looking_is_found_out(
    exercise: Exercise, answer: Any, reference: Path
) -> None:
    verdict = verdict_on(exercise, answer, reference)
    assert not verdict.solved
    assert verdict.score < exercise.points


@each_of_torchs_own
def test_torchs_own_operator_earns_nothing_by_hand(exercise: Exercise, answer: Any, reference: Path) -> None:
    verdict = verdict_on(exercise, answer, reference)
    assert verdict.status is Status.NOT_BY_HAND
    assert verdict.score == 0
    assert "torch's own; here you build it" in verdict.note
