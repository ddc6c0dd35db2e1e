"""Whether two answers behave alike, whatever their code looks like: told by what was observed of them alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.judging.compare import MISSING, aspect_of, difference, leaves
from autograder.judging.judge import compared, read_all
from autograder.judging.naming import BESIDE
from autograder.judging.reference import Reference
from autograder.observing.codec import Raised
from autograder.observing.exercise import Exercise
from autograder.observing.observe import Run

__all__ = ["Behaviour", "alike", "behaviour_of", "grouped"]

# What comes with the values, or is a matter of writing: it parts two answers only where nothing else is wrong.
_ASIDE = {*BESIDE, "errors"}


@dataclass(frozen=True)
class Behaviour:
    """What an answer showed in every case, an error or leaves by path; ``only`` names the aspects that tell it from others.

    Where its values are wrong these are all but those that come beside the values, and ``only`` is empty.
    """

    seen: tuple[Raised | Mapping[str, Any], ...] = field(repr=False)
    only: frozenset[str] = frozenset()


def behaviour_of(exercise: Exercise, reference: Reference, run: Run) -> Behaviour:
    """The behaviour of an answer by what was seen of it.

    >>> from autograder.judging.reference import load
    >>> from autograder.observing.exercise import find
    >>> from autograder.observing.observe import run
    >>> exercise = find("relu")
    >>> reference = load(exercise)
    >>> one, same, other = (
    ...     behaviour_of(exercise, reference, run(exercise, answer, reference.cases))
    ...     for answer in (lambda x: x * 3, lambda x: x + x + x, lambda x: x * 2)
    ... )
    >>> alike(reference, one, same), alike(reference, one, other)
    (True, False)
    """
    seen = read_all(exercise, reference, run)
    wrong = {aspect_of(path) for differs in compared(reference, seen) for path in differs}
    only = frozenset() if wrong - _ASIDE else frozenset(wrong)
    return Behaviour(tuple(one if isinstance(one, Raised) else leaves(one) for one in seen), only)


def alike(reference: Reference, one: Behaviour, other: Behaviour) -> bool:
    """Whether both show the same in every case, but for rounding.

    As for a misconception, an error in a drawn case says nothing: how far a wrong answer gets with an odd input is a matter of
    how it was written. Of answers that only ever raise, the errors' words count; of others, their types.
    """
    if one.only != other.only:
        return False
    picked = reference.picked or range(len(reference.cases))
    by_words = all(isinstance(seen, Raised) for index in picked for seen in (one.seen[index], other.seen[index]))
    for index, (here, there) in enumerate(zip(one.seen, other.seen, strict=True)):
        if Raised in (type(here), type(there)):
            if index in picked and not _same_error(here, there, by_words):
                return False
        elif not _same(here, there, one.only, reference.tolerance, reference.sizes[index]):
            return False
    return True


def _same_error(one: Any, other: Any, by_words: bool) -> bool:
    if not (isinstance(one, Raised) and isinstance(other, Raised)):
        return False
    return one.type == other.type and (not by_words or one.message == other.message)


def _same(one: Any, other: Any, only: frozenset[str], tolerance: str, size: float) -> bool:
    paths = {path for path in (*one, *other) if (aspect_of(path) in only if only else aspect_of(path) not in _ASIDE)}
    # A tolerance is relative to what is expected; neither of two answers is.
    return all(
        difference(one.get(path, MISSING), other.get(path, MISSING), tolerance, size) is None
        or difference(other.get(path, MISSING), one.get(path, MISSING), tolerance, size) is None
        for path in paths
    )


def grouped(reference: Reference, behaviours: Sequence[Behaviour]) -> tuple[tuple[int, ...], ...]:
    """The places in ``behaviours`` of those that are alike, the largest group first, then as they are met."""
    groups: list[list[int]] = []
    for place, one in enumerate(behaviours):
        same = next((group for group in groups if alike(reference, behaviours[group[0]], one)), None)
        if same is None:
            groups.append([place])
        else:
            same.append(place)
    return tuple(sorted(map(tuple, groups), key=lambda group: (-len(group), group)))
