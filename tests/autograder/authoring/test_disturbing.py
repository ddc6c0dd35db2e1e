"""Answers that give what is right and leave something else changed lose points; right ones that borrow lose none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from answers.disturbing import BORROWING, DISTURBING, LEFT_ON
from judging import verdict_on

from autograder.judging.reference import PUBLIC
from autograder.judging.verdict import Status
from autograder.observing.exercise import Exercise, catalogue

EXERCISES = catalogue()


def each(answers: list[tuple[str, str, Any]]) -> Any:
    return pytest.mark.parametrize(
        ("exercise", "answer"),
        [pytest.param(EXERCISES[one], answer, id=f"{one}-{what}") for one, what, answer in answers],
    )


@pytest.fixture(autouse=True)
def the_same_world() -> Iterator[None]:
    before = torch.get_num_threads(), torch.get_default_dtype(), torch.get_default_device()
    yield
    assert (torch.get_num_threads(), torch.get_default_dtype(), torch.get_default_device()) == before
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()
    LEFT_ON.clear()
    assert not torch.is_inference_mode_enabled()


@each(DISTURBING)
def test_what_is_left_changed_costs_points(exercise: Exercise, answer: Any) -> None:
    verdict = verdict_on(exercise, answer)
    assert verdict.status not in (Status.SOLVED, Status.NOT_BY_HAND)
    assert verdict.score < exercise.points


@each([one for one in DISTURBING if one[0] == "init_params"])
def test_a_draw_that_only_looks_right_does_so_for_no_seed(
    exercise: Exercise, answer: Any, private: Callable[[str], Path]
) -> None:
    assert not verdict_on(exercise, answer, private(exercise.topic)).solved


@pytest.mark.parametrize("seed", ["the public seed", "another seed"])
@each(BORROWING)
def test_what_is_borrowed_and_put_back_costs_nothing(
    exercise: Exercise, answer: Any, seed: str, private: Callable[[str], Path]
) -> None:
    verdict = verdict_on(exercise, answer, PUBLIC if seed == "the public seed" else private(exercise.topic))
    assert verdict.solved, str(verdict)
    assert verdict.score == exercise.points
