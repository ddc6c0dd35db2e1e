"""A case in which an answer fails, to take in hand: its inputs as real tensors, to call one's own answer with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from autograder.judging.show import show_case
from autograder.observing.case import Case
from autograder.observing.exercise import Exercise
from autograder.observing.questions import refused
from autograder.observing.watch import Watch
from autograder.observing.world import World, without_modes

__all__ = ["FailingCase", "is_one_callable"]


class _Called(BaseException):
    """Ends a probe as soon as it has called: no probe takes it for an error of the answer's."""


class _Recorder:
    """Stands in for an answer, and notes what it is first called with."""

    def __init__(self) -> None:
        self.positional: tuple[Any, ...] = ()
        self.named: dict[str, Any] = {}

    def __call__(self, *positional: Any, **named: Any) -> NoReturn:
        self.positional, self.named = positional, named
        raise _Called


def is_one_callable(exercise: Exercise) -> bool:
    """Whether an answer is one function or class to call: no entries of a dict, and not two functions.

    >>> from autograder.observing.exercise import find
    >>> [is_one_callable(find(name)) for name in ("relu", "checkpoint", "predict_layout")]
    [True, False, False]
    """
    return not exercise.asks and " and " not in exercise.contract


@dataclass(frozen=True)
class FailingCase:
    """A case that fails: ``aspects`` are those that do not hold in it.

    >>> import torch
    >>> from autograder import check
    >>> verdict = check("relu", lambda x: x)
    ✕ relu not right yet...
    >>> case = verdict.failing[0]
    >>> case
    two numbers: x = [-2., 3.]; values, memory do not hold
    >>> case.inputs["x"], case.inputs["x"] is case.inputs["x"]
    (tensor([-2.,  3.]), False)
    """

    exercise: Exercise = field(repr=False)
    case: Case = field(repr=False)
    aspects: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the case is called."""
        return self.case.name

    @property
    def inputs(self) -> dict[str, Any]:
        """What an answer is called with first in this case, by the contract's names; made anew each time it is asked for.

        Tensors lie in memory as they do in the check, and ask for gradients where it asks for them; a model is a model. For
        a class it is what the class is made with, and `beside` holds the rest. Raises ``LookupError`` where this case
        does not begin with one call of the answer.
        """
        recorder, case = _Recorder(), self.case.fresh(Watch())
        if is_one_callable(self.exercise):
            with without_modes(), World().kept(), refused():
                try:
                    self.exercise.probe(recorder, case)
                except _Called:
                    return _by_name(self.exercise.arguments, recorder)
        raise LookupError(
            f"the case “{self.name}” of {self.exercise.id} has no inputs that could be handed out: its check works with several "
            "parts of the answer together. What it tried stands in the panel"
        )

    @property
    def beside(self) -> dict[str, Any]:
        """Everything else that the case holds, by the check's own names, made anew each time: tensors to load, an ``x`` to call with."""
        case = self.case.fresh(Watch())
        with without_modes():
            return {name: case[name] for name in case.inputs if name not in self.exercise.arguments}

    def __repr__(self) -> str:
        said = f"{self.name}: {show_case(self.exercise, self.case)}"
        if not self.aspects:
            return said
        return f"{said}; {', '.join(self.aspects)} do{'' if len(self.aspects) > 1 else 'es'} not hold"


def _by_name(order: tuple[str, ...], called: _Recorder) -> dict[str, Any]:
    names: Mapping[int, str] = dict(enumerate(order))
    return {names.get(at, f"argument {at + 1}"): one for at, one in enumerate(called.positional)} | called.named
