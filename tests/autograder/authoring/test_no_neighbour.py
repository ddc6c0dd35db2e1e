"""Chapters 06 to 10: an answer that leaves torch, a class or its model changed costs itself, and no answer after it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from answers.disturbing import LEFT_ON, TO_THE_WORLD
from judging import verdict_on
from torch import nn

from autograder.observing.exercise import exercises_of

Answer = Any
TOPICS = ("registration", "modes", "training", "shining", "capstone")
RIGHT = {topic: import_module(f"answers.{topic}").RIGHT for topic in TOPICS}
EXERCISES = {one.id: one for topic in TOPICS for one in exercises_of(topic)}
# Words are handed in as words: nothing runs that could change anything.
RUN = [one for one in EXERCISES.values() if not one.asks]


def hook_kept(*given: Any) -> None:
    """On the model that was given; where none is, on all."""
    models = [one for one in given if isinstance(one, nn.Module)]
    if models:
        models[0].register_forward_hook(lambda *seen: None)
    else:
        nn.modules.module.register_module_forward_hook(lambda *seen: None)


def class_patched(*given: Any) -> None:
    """The class of the first layer of the model that was given, or torch's linear layer."""
    kinds = [type(part) for one in given if isinstance(one, nn.Module) for part in one.modules()]
    kind = next((one for one in kinds if one.__module__.startswith("torch.nn")), nn.Linear)
    setattr(kind, "forward", lambda layer, *args: args[0])  # noqa: B010


def function_patched(*given: Any) -> None:
    setattr(F, "relu", torch.abs)  # noqa: B010


CHANGES: dict[str, Callable[..., None]] = {
    "a hook kept": hook_kept,
    "a class patched": class_patched,
    "a function patched": function_patched,
    **{
        what: TO_THE_WORLD[what]
        for what in ("another default dtype", "the global generator seeded", "grad mode off", "inference mode on")
    },
}


def hostile(right: Answer, change: Callable[..., None]) -> Answer:
    """The right answer, and then the change: at the end of each call, or when an object of the class has been made."""
    if isinstance(right, tuple):  # two functions make one answer: the second one changes something
        return (*right[:-1], hostile(right[-1], change))
    if isinstance(right, type):

        def made(self: Any, *args: Any, **more: Any) -> None:
            right.__init__(self, *args, **more)  # type: ignore[misc]
            change()

        return type(right.__name__, (right,), {"__init__": made, "__signature__": inspect.signature(right)})

    @functools.wraps(right)
    def answer(*args: Any, **more: Any) -> Any:
        result = right(*args, **more)
        change(*args, *more.values())
        return result

    return answer


def settings() -> tuple[Any, ...]:
    hooks = nn.modules.module._global_forward_hooks
    state = torch.get_default_dtype(), torch.is_grad_enabled(), torch.is_inference_mode_enabled(), len(hooks)
    return (*state, torch.initial_seed(), F.relu, nn.Linear.forward, nn.Conv2d.forward, nn.ReLU.forward)


@pytest.fixture(autouse=True)
def nothing_left_on() -> Iterator[None]:
    yield
    LEFT_ON.clear()


@pytest.mark.parametrize("exercise", RUN, ids=lambda one: one.id)
def test_what_is_left_changed_costs_the_answer_itself_and_no_neighbour(exercise: Any) -> None:
    right = RIGHT[exercise.topic][exercise.id][0]
    before = settings()
    for what, change in CHANGES.items():
        verdict = verdict_on(exercise, hostile(right, change))
        assert not verdict.solved, what
        assert verdict.score < exercise.points, what
        assert settings() == before, what
    # After all of these the neighbour, who may well use what they have patched, is as right as before.
    for neighbour in (exercise, EXERCISES["stacked_mlp"]):
        answer = RIGHT[neighbour.topic][neighbour.id][0]
        assert verdict_on(neighbour, answer).solved, neighbour.id


def test_it_is_told_what_was_patched() -> None:
    right = RIGHT["shining"]["split_heads"][0]
    told = {what: str(verdict_on(EXERCISES["split_heads"], hostile(right, CHANGES[what]))) for what in CHANGES}
    assert "the class Linear of torch" in told["a class patched"]
    assert "the function torch.nn.functional.relu" in told["a function patched"]
