"""What an answer that is right in part earns: the rule of docs/authors.md, "What a part of an answer earns"."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograder.observing.exercise import Exercise

__all__ = ["Held", "credit", "explained"]

# Of its share, what an aspect that nearly always holds can earn at most: the last quarter is for holding always.
_NEARLY = 0.75

# So often at least something has to hold that the exercise is for; what is right more seldom is so by chance.
_BY_CHANCE = 0.25

# Of all points, what is left where something does not hold in most cases without which it is not what was asked for.
_WITHOUT_ESSENTIAL = 0.5


@dataclass
class Held:
    """In which cases an aspect held: in those that an author chose, and in those drawn from the contract.

    >>> held = Held([True, True], [True, False, False, False])
    >>> held.fraction, held.always, Held([True], []).part_of_share
    (0.625, False, 1.0)
    """

    chosen: list[bool] = field(default_factory=list)
    drawn: list[bool] = field(default_factory=list)

    @property
    def cases(self) -> list[bool]:
        """All of them."""
        return [*self.chosen, *self.drawn]

    @property
    def always(self) -> bool:
        """Whether it held in all of them."""
        return all(self.cases)

    @property
    def fraction(self) -> float:
        """How often it held. The few that were chosen, which are ordinary, count as much as the many that were drawn."""
        kinds = [one for one in (self.chosen, self.drawn) if one]
        return sum(sum(one) / len(one) for one in kinds) / len(kinds)

    @property
    def part_of_share(self) -> float:
        """What it earns of its share: all where it held always, and in between three quarters of the fraction's square."""
        return 1.0 if self.always else _NEARLY * self.fraction**2


def credit(exercise: Exercise, held: Mapping[str, Held]) -> float:
    """The points for an answer of which each aspect ``held`` so, rounded down to hundredths.

    Nothing where no core aspect holds in a quarter of its cases, and at most half of the points where one without which the answer is
    not what was asked for does not hold in most.
    """
    if _is_by_chance(exercise, held):
        return 0.0
    whole = sum(map(exercise.share, held))
    earned = sum(exercise.share(aspect) * one.part_of_share for aspect, one in held.items()) / whole
    if _lacking(exercise, held):
        earned = min(earned, _WITHOUT_ESSENTIAL)
    return math.floor(100 * exercise.points * earned) / 100


def _is_by_chance(exercise: Exercise, held: Mapping[str, Held]) -> bool:
    return not any(held[aspect].fraction >= _BY_CHANCE for aspect in exercise.core if aspect in held)


def _lacking(exercise: Exercise, held: Mapping[str, Held]) -> list[str]:
    """What does not hold in most cases, and the answer is not what was asked for without it."""
    return [one for one in exercise.essential if one in held and held[one].fraction <= 1 / 2]


def explained(exercise: Exercise, held: Mapping[str, Held]) -> tuple[str, ...]:
    """`credit`'s sum in words, a line an aspect, and the rules that took something away.

    >>> from autograder.observing.exercise import find
    >>> explained(find("relu"), {"values": Held([True], [True, False]), "shape": Held([True], [True, True])})[1]
    'shape: 1 of 1 chosen and 2 of 2 drawn cases hold: all of its share of 1 in 5'
    """
    whole = sum(map(exercise.share, held))
    lines = []
    for aspect, one in held.items():
        kinds = [(one.chosen, "chosen"), (one.drawn, "drawn")]
        cases = " and ".join(f"{sum(each)} of {len(each)} {word}" for each, word in kinds if each)
        earns = "all" if one.always else f"{one.part_of_share:.0%}"
        lines.append(f"{aspect}: {cases} cases hold: {earns} of its share of {exercise.share(aspect):g} in {whole:g}")
    if _is_by_chance(exercise, held):
        lines.append(f"nothing is earned: {' and '.join(exercise.core)} hold in less than a quarter of the cases")
    if lacking := _lacking(exercise, held):
        lines.append(
            f"half at most: {' and '.join(lacking)} is what the exercise asks for, and does not hold in most cases"
        )
    return tuple(lines)
