"""What is right, and how it is commonly got wrong: the instructor's side of every exercise.

A chapter's module holds a tuple ``ORACLES``, one `Oracle` an exercise. Nothing that a learner's kernel imports
imports this package.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

from autograder.authoring.cases import CaseMaker
from autograder.authoring.faults import told
from autograder.authoring.mistakes import given_twice
from autograder.authoring.space import Space
from autograder.observing.case import Case

__all__ = ["Misconception", "Oracle", "oracles_of"]


@dataclass(frozen=True, init=False)
class Misconception:
    """A wrong answer that people really give: its name, runnable ``variants`` of it, and what a learner is told.

    ``Misconception("bias forgotten", lambda x, weight, bias=None: x @ weight.T, says="…")``. One that ends in an error in
    every case names it, so that no slip of an author's passes for a misconception: ``raises="RuntimeError"``.
    """

    name: str
    variants: tuple[Any, ...]
    says: str
    raises: str

    def __init__(self, name: str, *variants: Any, says: str, raises: str = "") -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "variants", variants)
        object.__setattr__(self, "says", says)
        object.__setattr__(self, "raises", raises)


@dataclass(frozen=True)
class Oracle:
    """The right answer to one exercise, the cases it is observed on, and the misconceptions.

    ``cases`` makes the cases from a `CaseMaker`, small and readable ones first: the first that fails is shown.
    ``space`` holds what the contract lets vary: the cases drawn from it come behind those. ``tolerance`` names one of
    `autograder.judging.compare.TOLERANCES` where the dtype's own will not do.
    """

    exercise: str
    answer: Any
    cases: Callable[[CaseMaker], Sequence[Case]]
    misconceptions: Sequence[Misconception]
    tolerance: str = field(default="")
    space: Space | None = None

    def all_cases(self, make: CaseMaker) -> list[Case]:
        """The cases picked by hand, as they are, and behind them those of the space, smallest first."""
        with told("its cases", near=self.cases):
            picked = list(self.cases(make))
        return picked + (self.space.cases(make) if self.space else [])


@cache
def oracles_of(topic: str) -> dict[str, Oracle]:
    """The oracles of one chapter's topic by exercise. Raises ``ValueError`` where one has two.

    >>> oracles_of("functional")["linear"].misconceptions[0].name
    'weight not transposed'
    """
    with told(f"the oracles of {topic} cannot be read"):
        module = import_module(f"autograder.authoring.oracles.{topic}")
    if twice := given_twice(oracle.exercise for oracle in module.ORACLES):
        raise ValueError(f"ORACLES of {topic} name an exercise twice: {', '.join(twice)}")
    return {oracle.exercise: oracle for oracle in module.ORACLES}
