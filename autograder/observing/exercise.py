"""An exercise as the student's side knows it: its contract, its points, and the probe that observes an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

from autograder.observing.case import Case
from course.chapters import CHAPTERS

__all__ = ["DEFAULT_SHARES", "Exercise", "catalogue", "exercise", "exercises_of", "find"]

Observations = Mapping[str, Any]
Probe = Callable[[Any, Case], Observations]

# What an aspect weighs against the others of the same exercise. Values weigh most: they are what was asked for.
DEFAULT_SHARES: Mapping[str, float] = {
    "values": 4,
    "gradients": 2,
    "state": 2,
    "shape": 1,
    "memory": 1,
    "errors": 1,
}


@dataclass(frozen=True)
class Exercise:
    """What a learner is asked for. ``id`` is the name in the notebook; ``contract`` its signature as the lesson says it.

    ``core`` are the aspects that the exercise is for: where none of them holds in any case, nothing is earned. ``essential``
    are those without which, core or not, half of the points are earned at most. ``shares`` weighs all aspects. ``by_hand``
    holds patterns of torch's own operators that would do the job (✋). ``may_change`` names arguments that the contract asks
    to change (``"params"``), or what of them (``"model: .grad"``), and ``"the result"`` where two calls may give the same
    memory. ``draws`` is false where no answer has a reason to draw from the global generators: making a layer draws.
    """

    id: str
    topic: str
    contract: str
    points: int
    probe: Probe
    arguments: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    core: tuple[str, ...] = ("values",)
    essential: tuple[str, ...] = ()
    shares: Mapping[str, float] = field(default_factory=lambda: DEFAULT_SHARES)
    may_change: tuple[str, ...] = ()
    draws: bool = True

    @property
    def asks(self) -> bool:
        """Whether it asks for words or numbers under given names, and no code: what is right must not be said."""
        return self.contract.endswith(": dict")

    @property
    def needed(self) -> tuple[str, ...]:
        """The aspects to name before anything is written: none where values are all that it takes."""
        return tuple(dict.fromkeys((*self.core, *self.essential))) if self.essential else ()

    def share(self, aspect: str) -> float:
        """What ``aspect`` weighs in this exercise."""
        return self.shares.get(aspect, 1)


def exercise(
    contract: str,
    *,
    points: int,
    by_hand: str = "",
    core: str = "values",
    essential: str = "",
    shares: Mapping[str, float] | None = None,
    may_change: str = "",
    draws: bool = True,
) -> Callable[[Probe], Exercise]:
    """Make an `Exercise` of a probe, which lends it its name and its chapter.

    ``contract`` is the signature in the lesson's words: ``"linear(x, weight, bias=None)"``. ``by_hand`` is words separated
    by spaces; the others are separated by commas.

    >>> @exercise("double(x)", points=2, by_hand="mul add")
    ... def double(answer, case):
    ...     return {"values": case.call(answer)}
    >>> double.id, double.arguments, double.by_hand
    ('double', ('x',), ('mul', 'add'))
    """

    def wrap(probe: Probe) -> Exercise:
        topic = probe.__module__.rpartition(".")[2]
        return Exercise(
            probe.__name__,
            topic,
            contract,
            points,
            probe,
            arguments=_arguments(contract),
            by_hand=tuple(by_hand.split()),
            core=_listed(core),
            essential=_listed(essential),
            shares={**DEFAULT_SHARES, **(shares or {})},
            may_change=_listed(may_change),
            draws=draws,
        )

    return wrap


def _listed(words: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in words.split(",") if part.strip())


def _arguments(contract: str) -> tuple[str, ...]:
    inside = contract.partition("(")[2].partition(")")[0]
    return tuple(part.partition("=")[0].strip() for part in inside.split(",") if part.strip())


@cache
def exercises_of(topic: str) -> tuple[Exercise, ...]:
    """The exercises of one chapter's topic, in the order of the lesson.

    >>> [one.id for one in exercises_of("modules")][:2]
    ['conv_output_size', 'tiny_cnn']
    """
    module = import_module(f"autograder.observing.probes.{topic}")
    return tuple(one for one in vars(module).values() if isinstance(one, Exercise))


@cache
def catalogue() -> Mapping[str, Exercise]:
    """Every exercise of the course by its id, in the order in which a learner meets them."""
    return {one.id: one for chapter in CHAPTERS for one in exercises_of(chapter.topic)}


class NoSuchExercise(ValueError):
    """An exercise was asked for by a name that none has."""

    def _render_traceback_(self) -> list[str]:
        return [f"ValueError: {self}"]


def find(exercise_id: str) -> Exercise:
    """The exercise called ``exercise_id``.

    Raises ``ValueError`` naming the closest ones when there is none of that name. A notebook shows it without a traceback.

    >>> find("linear").contract
    'linear(x, weight, bias=None)'
    """
    if not isinstance(exercise_id, str):
        raise NoSuchExercise('an exercise\'s name comes first, in quotes, as in check("relu", relu)')
    if exercise_id in catalogue():
        return catalogue()[exercise_id]
    from difflib import get_close_matches

    close = get_close_matches(exercise_id, catalogue(), n=3)
    more = f"did you mean {', '.join(close)}?" if close else "progress() lists them all"
    raise NoSuchExercise(f"there is no exercise {exercise_id!r}; {more}")
