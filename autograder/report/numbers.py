"""The numbers of a class: pure functions from learners to what an instructor wants to know.

Means and correlations are over those who handed in something to mark. A submission that is missing, unreadable or blank
says nothing about an exercise, and is counted apart.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autograder.report.learner import Answer, Learner

__all__ = [
    "ENOUGH",
    "Discrimination",
    "ExerciseNumbers",
    "Held",
    "Scores",
    "discrimination",
    "exercise_names",
    "exercise_numbers",
    "median_of_tries",
    "misconceptions",
    "scores",
    "statuses",
    "unexplained",
]

# With fewer learners a correlation is mostly chance: at ten its standard error is still about a third.
ENOUGH = 10
# Sums of points that differ by less are the same: points are thirds and quarters, added up in floating point.
_DIGITS = 9
# An exercise that fewer solve, and one whose correlation is less, are worth a look.
_FEW, _NEAR = 0.1, 0.1


@dataclass(frozen=True)
class Scores:
    """How the class did, as shares of the points from 0 to 1; extra credit may come to more.

    ``learners`` have something to mark, and the numbers are theirs; ``everybody``'s mean counts nothing handed in as 0, as
    a table of grades does. ``bins`` counts learners by tenths of the points; full points are in the last.
    """

    learners: int
    mean: float
    median: float
    lowest: float
    highest: float
    bins: tuple[int, ...]
    everybody: int = 0
    mean_of_everybody: float = 0.0


@dataclass(frozen=True)
class Discrimination:
    """A correlation from -1 to 1, or the reason why there is none."""

    value: float | None
    reason: str = ""


@dataclass(frozen=True)
class ExerciseNumbers:
    """How the class did on one exercise. ``share`` is the mean share of the points of those who tried, if anybody did.

    ``statuses`` counts all learners, those with nothing to mark among them.
    """

    exercise: str
    solved: int
    tried: int
    share: float | None
    discrimination: Discrimination
    statuses: Mapping[str, int]

    @property
    def share_solved(self) -> float | None:
        """The share of those who tried that solved it; ``None`` where nobody tried."""
        return self.solved / self.tried if self.tried else None

    @property
    def look(self) -> str:
        """Why the exercise is worth a look; nothing where it is not, or where too few have tried it.

        >>> ExerciseNumbers("relu", 1, 20, 0.3, Discrimination(0.5), {}).look
        'hardly anybody solves it'
        >>> ExerciseNumbers("relu", 9, 20, 0.5, Discrimination(-0.2), {}).look
        'who solves it has fewer points elsewhere'
        >>> ExerciseNumbers("relu", 0, 3, 0.0, Discrimination(None, "not enough learners"), {}).look
        ''
        """
        if self.tried < ENOUGH or self.share_solved is None:
            return ""
        said = []
        if self.share_solved <= _FEW:
            said.append("hardly anybody solves it" if self.solved else "nobody solves it")
        value = self.discrimination.value
        if value is not None and value < _NEAR:
            said.append(f"who solves it has {'fewer' if value < 0 else 'hardly more'} points elsewhere")
        return "; ".join(said)


@dataclass(frozen=True)
class Held:
    """A misconception that answers to ``exercise`` showed, and who gave them; ``tried`` learners tried that exercise."""

    exercise: str
    name: str
    students: tuple[str, ...]
    tried: int


def statuses(learners: Iterable[Learner]) -> Mapping[str, int]:
    """How many submissions there are of each status."""
    return Counter(one.status for one in learners)


def exercise_names(learners: Iterable[Learner], order: Sequence[str] = ()) -> tuple[str, ...]:
    """Every exercise that any learner has: those in ``order`` first, as they stand there, then as they are met.

    Learners may have moved the cells of their notebooks, so the first one's order is no measure.
    """
    met = tuple(dict.fromkeys(answer.exercise for one in learners for answer in one.answers))
    return (*(name for name in order if name in met), *(name for name in met if name not in order))


def scores(learners: Iterable[Learner]) -> Scores | None:
    """How points are spread over those who handed in something to mark; ``None`` where nobody did.

    >>> one = Learner("ada", "graded", "", 3.0, 4.0, ())
    >>> scores([one]).bins
    (0, 0, 0, 0, 0, 0, 0, 1, 0, 0)
    """
    people = [one for one in learners if one.of and one.status != "nobody's"]
    shares = [one.share for one in people if one.tried]
    if not shares:
        return None
    bins = Counter(_tenth(share) for share in shares)
    return Scores(
        len(shares),
        statistics.fmean(shares),
        statistics.median(shares),
        min(shares),
        max(shares),
        tuple(bins[tenth] for tenth in range(10)),
        len(people),
        statistics.fmean(one.share for one in people),
    )


def _tenth(share: float) -> int:
    return min(9, int(round(share * 10, _DIGITS)))


def exercise_numbers(learners: Sequence[Learner], order: Sequence[str] = ()) -> tuple[ExerciseNumbers, ...]:
    """How the class did on each exercise, in the order of `exercise_names`."""
    return tuple(_exercise(learners, name) for name in exercise_names(learners, order))


def _exercise(learners: Sequence[Learner], name: str) -> ExerciseNumbers:
    pairs = [(one, answer) for one in learners if (answer := one.answer(name)) is not None]
    tried = [answer for _, answer in pairs if answer.tried]
    marked = [(one, answer) for one, answer in pairs if one.tried]
    return ExerciseNumbers(
        name,
        sum(answer.status == "solved" for answer in tried),
        len(tried),
        statistics.fmean(answer.share for answer in tried) if tried else None,
        discrimination(
            [float(answer.status == "solved") for _, answer in marked],
            [_elsewhere(one, answer) for one, answer in marked],
        ),
        Counter(answer.status for _, answer in pairs),
    )


def median_of_tries(tries: Sequence[int]) -> str:
    """The median of so many learners' tries, in words.

    >>> median_of_tries([1, 2, 5, 7]), median_of_tries([3])
    ('3.5 (4 learners)', '3 (1 learner)')
    """
    return f"{statistics.median(tries):g} ({len(tries)} learner{'' if len(tries) == 1 else 's'})"


def _elsewhere(learner: Learner, answer: Answer) -> float:
    return sum(one.points for one in learner.answers if one is not answer)


def discrimination(solved: Sequence[float], elsewhere: Sequence[float]) -> Discrimination:
    """The point-biserial correlation: Pearson's r of having solved it, 1 or 0, with the points on all other exercises.

    ``solved`` and ``elsewhere`` have one number a learner. An exercise left untouched is not solved.

    >>> discrimination([0, 1] * 5, [3, 7] * 5).value
    1.0
    >>> discrimination([0, 1], [3, 7]).reason
    'not enough learners'
    """
    if len(solved) < ENOUGH:
        return Discrimination(None, "not enough learners")
    here, there = ([round(value, _DIGITS) for value in values] for values in (solved, elsewhere))
    if len(set(here)) == 1:
        return Discrimination(None, "all solved it" if here[0] else "nobody solved it")
    if len(set(there)) == 1:
        return Discrimination(None, "all have the same points elsewhere")
    return Discrimination(max(-1.0, min(1.0, statistics.correlation(here, there))))


def misconceptions(learners: Sequence[Learner], order: Sequence[str] = ()) -> tuple[Held, ...]:
    """Which misconceptions the class holds and who holds them, the most common first, then by exercise and name."""
    who: dict[tuple[str, str], list[str]] = {}
    for one in learners:
        for answer in one.answers:
            if answer.misconception:
                who.setdefault((answer.exercise, answer.misconception), []).append(one.student)
    names = exercise_names(learners, order)
    tried = Counter(answer.exercise for one in learners for answer in one.answers if answer.tried)
    held = [Held(exercise, name, tuple(students), tried[exercise]) for (exercise, name), students in who.items()]
    return tuple(sorted(held, key=lambda one: (-len(one.students), names.index(one.exercise), one.name)))


def unexplained(learners: Iterable[Learner]) -> int:
    """How many answers were marked and not right, and match no misconception that is known."""
    wrong = ("partly right", "not right yet")
    return sum(answer.status in wrong and not answer.misconception for one in learners for answer in one.answers)
