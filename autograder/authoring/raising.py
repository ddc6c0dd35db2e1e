"""Answers of an author's that raise: which case, with what in it, and the line of the author's where it came from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn

from autograder.authoring.faults import AuthorsFault, told
from autograder.authoring.oracles import Misconception
from autograder.judging.show import show_case
from autograder.observing.case import Case
from autograder.observing.codec import Raised
from autograder.observing.exercise import Exercise
from autograder.observing.observe import Seen
from autograder.observing.watch import Watch

__all__ = ["refuse_a_slip", "tell"]

_SHORT = 200  # letters of a case's inputs in a message


def refuse_a_slip(
    exercise: Exercise, misconception: Misconception, answer: Any, cases: list[Case], seen: tuple[Seen, ...]
) -> None:
    """Tell a wrong answer that ends in the same kind of error wherever it is tried, though nothing says that it does."""
    ends = [one.type if isinstance(one, Raised) else "" for one in seen]
    first = seen[0] if seen else None
    if isinstance(first, Raised) and set(ends) == {first.type} and first.type != misconception.raises:
        what = f"in every case, the misconception {misconception.name!r}"
        tell(exercise, what, answer, cases[0], first, f'; where that is the point, say so: raises="{first.type}"')


def tell(exercise: Exercise, what: str, answer: Any, case: Case, seen: Raised, more: str = "") -> NoReturn:
    """Raise what ``answer`` raised in ``case`` with the author's line: it is tried once more, and not kept from us."""
    what = f"{exercise.id}: {what}, here in case {case.name!r} ({_shown(exercise, case)})"
    try:
        with told(what, near=answer):
            exercise.probe(answer, case.fresh(Watch(exercise.by_hand)))
            raise ValueError(f"{seen.type}: {seen.message}")  # it does not raise by itself
    except AuthorsFault as error:
        fault = error.fault
        raise AuthorsFault(replace(fault, raised=fault.raised + more)) from error.__cause__


def _shown(exercise: Exercise, case: Case) -> str:
    """The inputs in short; those that cannot be made by their names."""
    try:
        return show_case(exercise, case)[:_SHORT]
    except Exception:  # the recipe of an input is the author's, too
        return ", ".join(case.inputs)
