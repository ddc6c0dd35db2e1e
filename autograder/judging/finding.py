"""What shows that an answer is wrong: the first case that does, with what came out and what was expected, and a note on all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from autograder.judging import sentences
from autograder.judging.compare import Difference, aspect_of, disturbances
from autograder.judging.halves import half_of, is_unfinished
from autograder.judging.judgement import Finding
from autograder.judging.kinds import in_torch, kind_note
from autograder.judging.picture import off_by, pictures_of
from autograder.judging.reference import Reference
from autograder.judging.show import show_apart, show_case
from autograder.judging.sides import both_sides
from autograder.observing.codec import Listed, Projection, Raised
from autograder.observing.exercise import Exercise
from autograder.observing.observe import Run, Seen
from autograder.observing.world import GENERATOR, SEED

__all__ = ["advice_on", "finding_of", "note_on"]

_Found = Mapping[str, Difference]


def finding_of(
    exercise: Exercise,
    reference: Reference,
    seen: tuple[Seen, ...],
    found: tuple[_Found, ...],
    known: Sequence[int] = (),
) -> Finding | None:
    """The first failing case, in the author's order from small to large; values before other aspects.

    Where a misconception is named, one of the cases ``known`` to show it. One in which the numbers themselves are known comes before those seen through projections.
    """
    failing = list(known) or [index for index, one in enumerate(found) if one]
    if not failing or exercise.asks:
        return None
    with_values = [index for index in failing if any(_of_core(exercise, path) for path in found[index])] or failing
    index = next((one for one in with_values if not _projected(exercise, found[one])), with_values[0])
    case = reference.cases[index]
    path, one = _telling(exercise, found[index])
    if one.kind == "left alone":
        changes = sentences.changed([str(change) for change in one.got] if isinstance(one.got, tuple) else [])
        return Finding(case.name, show_case(exercise, case), changes, sentences.LEFT_ALONE, sentences.about(path))
    path, got, expected = both_sides(path, one, seen[index], reference.expected[index])
    if isinstance(got, Raised):
        got = replace(got, message=in_torch(got.message))
    if aspect_of(path) == "errors" and not isinstance(got, Raised):
        texts = sentences.error(got), sentences.error(expected)
    else:
        texts = show_apart(got, _listed(expected) if isinstance(got, Listed) else expected)
    return Finding(
        case.name,
        show_case(exercise, case),
        *texts,
        sentences.about(path),
        off_by(got, expected, reference.tolerance),
        pictures_of(got, expected, reference.tolerance),
    )


def _of_core(exercise: Exercise, path: str) -> bool:
    return aspect_of(path) in exercise.core


def _telling(exercise: Exercise, found: _Found) -> tuple[str, Difference]:
    """The difference that is shown of a case: one of the values, and one that is not seen through projections."""
    items = [item for item in found.items() if _of_core(exercise, item[0])] or list(found.items())
    return next((item for item in items if not _through_projections(item[1])), items[0])


def _projected(exercise: Exercise, found: _Found) -> bool:
    return _through_projections(_telling(exercise, found)[1])


def _through_projections(one: Difference) -> bool:
    return one.kind == "values" and isinstance(one.expected, Projection) and isinstance(one.got, Projection)


def _listed(value: Any) -> Any:
    """What is expected as a list, beside a list that came out: either is as good."""
    return Listed(value) if type(value) is tuple else value


def advice_on(
    exercise: Exercise, reference: Reference, run: Run, seen: tuple[Seen, ...], found: Sequence[_Found]
) -> str:
    """What of the answer is there and what is missing, and what is of another kind than was asked."""
    parts = [half_of(run), kind_note(exercise, reference, run, seen, found), _draws(exercise, found)]
    return " ".join(filter(None, parts))


def _draws(exercise: Exercise, found: Sequence[_Found]) -> str:
    """That random numbers were drawn where nothing is random. A seed that was set leaves another state as well: then nothing is said."""
    noted = {change for _, change in disturbances(found)}
    return sentences.DRAWS if not exercise.draws and GENERATOR in noted and SEED not in noted else ""


def note_on(exercise: Exercise, run: Run, seen: tuple[Seen, ...], found: Sequence[_Found]) -> str:
    """How many cases differ, how many raised what in which line, and where to go next."""
    crashes = [one for one in seen if isinstance(one, Raised)]
    if exercise.asks and not crashes:
        return sentences.NEXT
    half, parts = half_of(run), []
    differ = sum(bool(one) for one in found) - len(crashes)
    if differ:
        parts.append(sentences.differ(differ, len(found)))
    told = [one for one in crashes if not (half and is_unfinished(one))]
    places = Counter((one.type, one.line, one.number) for one in told)
    for (kind, line, number), times in places.most_common(2):
        message = next(one.message for one in told if (one.type, one.line, one.number) == (kind, line, number))
        parts.append(sentences.raised(times, len(found), kind, in_torch(message), (number, line)))
    return " ".join([*parts, sentences.NEXT])
