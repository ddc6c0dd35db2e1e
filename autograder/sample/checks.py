"""What a check costs: processor time of trying and judging the right answer, beside that of the answer's own calls."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import torch
from rich.console import Console

from autograder.authoring.oracles import oracles_of
from autograder.judging.judge import judge
from autograder.judging.reference import load
from autograder.observing.exercise import Exercise, catalogue, find
from autograder.observing.observe import run

__all__ = ["CheckCost", "cost_of", "show_costs"]


@dataclass(frozen=True)
class CheckCost:
    """Of one exercise: how many cases it has, and milliseconds of one processor, each the median of several times.

    ``check`` is for trying and judging the right answer; ``answer`` for its own calls on the same inputs, as often as the
    check asks, with nothing watched.
    """

    exercise: str
    cases: int
    check: float
    answer: float

    @property
    def times(self) -> float:
        """How many times as long as the answer's own calls the check takes; infinite where nothing is called."""
        return self.check / self.answer if self.answer else float("inf")


def cost_of(exercise: Exercise, times: int = 5) -> CheckCost:
    """Measure the check of ``exercise`` on its oracle's answer, so many ``times`` after one to warm up.

    >>> cost = cost_of(find("relu"), times=1)
    >>> cost.exercise, cost.cases == len(load(find("relu")).cases)
    ('relu', True)
    """
    reference, answer = load(exercise), oracles_of(exercise.topic)[exercise.id].answer
    checks: list[float] = []
    answers: list[float] = []
    with _one_thread():
        for _ in range(times + 1):
            began = time.process_time()
            seen = run(exercise, answer, reference.cases)
            # An oracle may use torch's own operators; judged as if it had not, it is judged to the end.
            judge(exercise, reference, replace(seen, used=()))
            checks.append(time.process_time() - began)
            clock = _Clock()
            run(replace(exercise, by_hand=()), clock.on(answer), reference.cases)
            answers.append(clock.seconds)
    return CheckCost(exercise.id, len(reference.cases), 1e3 * median(checks[1:]), 1e3 * median(answers[1:]))


def show_costs(console: Console, ids: Sequence[str] = ()) -> dict[str, Any]:
    """Print what the checks of these exercises cost, or of all, dearest first; returns the same for programs.

    Raises ``ValueError`` for an id that no exercise has.
    """
    exercises = [find(one) for one in ids] or list(catalogue().values())
    costs = sorted(map(cost_of, exercises), key=lambda one: -one.check)
    console.print("what a check costs, in milliseconds of one processor", highlight=False)
    for one in costs:
        against = f"{one.times:6.1f} times the answer's own {one.answer:7.2f} ms" if one.answer else ""
        console.print(
            f"{one.exercise:26} {one.cases:4} cases {one.check:8.1f} ms   {against}", highlight=False, soft_wrap=True
        )
    found = {
        "median of a check, ms": round(median(one.check for one in costs), 1),
        "dearest check, ms": round(costs[0].check, 1),
        "times the answer's own calls, median": round(median(one.times for one in costs), 1),
    }
    for what, value in found.items():
        console.print(f"{what:38} {value}", highlight=False)
    return {**found, "checks": {one.exercise: round(one.check, 2) for one in costs}}


class _Clock:
    """Adds up the time that is spent inside an answer."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._deep = 0

    def on(self, answer: Any) -> Any:
        """The same answer, watched by this clock: a function, several, or a class whose making and forward count."""
        match answer:
            case tuple():
                return tuple(self.on(one) for one in answer)
            case type():
                names = [name for name in ("__init__", "forward") if callable(getattr(answer, name, None))]
                timed = {name: self._timed(getattr(answer, name)) for name in names}
                return type(answer.__name__, (answer,), timed)
        return self._timed(answer) if callable(answer) else answer

    def _timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            began = time.process_time()
            self._deep += 1
            try:
                return function(*args, **kwargs)
            finally:
                self._deep -= 1
                if not self._deep:
                    self.seconds += time.process_time() - began

        return call


@contextmanager
def _one_thread() -> Iterator[None]:
    """What several threads take together depends on who else is at work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
