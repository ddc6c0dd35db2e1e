"""The mutants of some exercises, all tried: how many the check notices, and which it should."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.authoring.mutants.changes import Mutant, mutants_of
from autograder.authoring.mutants.model import model_of
from autograder.authoring.mutants.trial import End, Shown, Trial
from autograder.authoring.mutants.workers import Task, tried
from autograder.observing.exercise import catalogue, find

__all__ = ["INPUTS", "Survey", "survey", "text"]

INPUTS = 100  # beyond the cases, on which a mutant that keeps all points is held against the model solution


@dataclass
class Survey:
    """What became of the mutants of one exercise.

    ``wrong`` are the answers that would get full points, each with the smallest input seen that shows it; ``faults`` are
    where the model solution itself is not what the oracle says.
    """

    exercise: str
    noticed: int = 0
    endless: int = 0
    equivalent: list[Mutant] = field(default_factory=list)
    wrong: list[tuple[Mutant, Shown]] = field(default_factory=list)
    faults: list[Shown] = field(default_factory=list)

    @property
    def mutants(self) -> int:
        """How many were tried."""
        return self.noticed + self.endless + len(self.equivalent) + len(self.wrong)

    @property
    def sound(self) -> bool:
        """Whether nothing was found that an author has to mend."""
        return not self.wrong and not self.faults

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "exercise": self.exercise,
            "mutants": self.mutants,
            "noticed": self.noticed,
            "endless": self.endless,
            "equivalent": [_change(one) for one in self.equivalent],
            "wrong": [_change(one) | _input(shown) for one, shown in self.wrong],
            "faults": [_input(shown) for shown in self.faults],
        }


def survey(
    exercises: Sequence[str] = (),
    budget: int | None = None,
    inputs: int = INPUTS,
    jobs: int = 0,
    tell: Callable[[str, int, int], None] = lambda exercise, done, of: None,
) -> list[Survey]:
    """Try the mutants of ``exercises``, of all unless told: at most ``budget`` of each, always the same ones.

    ``tell`` hears of every trial: the exercise, how many are done, and of how many. Raises ``ValueError`` for an exercise
    that does not exist, or has no model solution.
    """
    names = [find(name).id for name in exercises] or list(catalogue())
    found = {name: Survey(name) for name in names}
    mutants: dict[Task, Mutant | None] = {}
    for name in found:
        model = model_of(find(name))
        mutants[Task(model)] = None
        mutants |= {Task(model, one.source): one for one in _some(name, mutants_of(model.cell), budget)}
    for done, (task, result) in enumerate(tried(mutants, inputs, jobs), 1):
        _note(found[task.model.exercise], mutants[task], result)
        tell(task.model.exercise, done, len(mutants))
    for one in found.values():  # they come as they are ready
        one.equivalent.sort(key=lambda mutant: (mutant.line, mutant.becomes))
        one.wrong.sort(key=lambda pair: (pair[0].line, pair[0].becomes))
    return list(found.values())


def _some(name: str, mutants: list[Mutant], budget: int | None) -> list[Mutant]:
    if budget is None or budget >= len(mutants):
        return mutants
    return random.Random(f"mutants of {name}").sample(mutants, budget)


def _note(found: Survey, mutant: Mutant | None, result: Trial | list[Shown]) -> None:
    if not isinstance(result, Trial):
        found.faults += result
        return
    assert mutant is not None
    match result:
        case Trial(End.WRONG, Shown() as shown):
            found.wrong.append((mutant, shown))
        case Trial(End.EQUIVALENT):
            found.equivalent.append(mutant)
        case Trial(End.ENDLESS):
            found.endless += 1
        case _:
            found.noticed += 1


def text(found: Sequence[Survey]) -> str:
    """For a terminal: first what is to be mended, then a line for each exercise."""
    parts = [
        f"{one.exercise}: the model solution is not what the oracle says\n{_rows(shown)}"
        for one in found
        for shown in one.faults
    ]
    parts += [
        f"{one.exercise}: {End.WRONG}\n    line {mutant.line}   {mutant.was}\n    becomes  {mutant.becomes}\n{_rows(shown)}"
        for one in found
        for mutant, shown in one.wrong
    ]
    parts += [
        f"{'✓' if one.sound else '✕'} {one.exercise}: {one.mutants} mutants, {one.noticed + one.endless} noticed, "
        f"{len(one.equivalent)} equivalent as far as seen, {len(one.wrong)} wrong with full points"
        for one in found
    ]
    return "\n".join(parts)


def _rows(shown: Shown) -> str:
    return "\n".join(f"    {name:9}{value}" for name, value in vars(shown).items())


def _change(mutant: Mutant) -> dict[str, Any]:
    return {"line": mutant.line, "was": mutant.was, "becomes": mutant.becomes}


def _input(shown: Shown) -> dict[str, Any]:
    return {"tried": shown.tried, "got": shown.got, "expected": shown.expected}
