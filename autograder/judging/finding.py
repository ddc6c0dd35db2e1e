"""What shows that an answer is wrong: the first case that does, with what came out and what was expected, and a note on all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from autograder.judging import sentences
from autograder.judging.compare import Difference
from autograder.judging.judgement import Finding
from autograder.judging.reference import Reference
from autograder.judging.show import show_case, show_form, show_value
from autograder.observing.codec import Raised
from autograder.observing.exercise import Exercise
from autograder.observing.observe import Seen

__all__ = ["finding_of", "note_on"]


def finding_of(
    exercise: Exercise, reference: Reference, seen: tuple[Seen, ...], found: tuple[dict[str, Difference], ...]
) -> Finding | None:
    """The first failing case, in the author's order from small to large; values before other aspects."""
    failing = [index for index, one in enumerate(found) if one]
    if not failing:
        return None
    with_values = [index for index in failing if any(path.split("|")[0] in exercise.core for path in found[index])]
    index = (with_values or failing)[0]
    path, one = next(
        (item for item in found[index].items() if item[0].split("|")[0] in exercise.core),
        next(iter(found[index].items())),
    )
    show = show_form if one.kind == "form" else show_value
    name = "" if path == "values" else path.replace("|", " · ") + ": "
    return Finding(
        reference.cases[index].name,
        show_case(exercise, reference.cases[index]),
        show(one.got) if isinstance(one.got, Raised) else name + show(one.got),
        name + show(one.expected),
    )


def note_on(seen: tuple[Seen, ...], found: tuple[Mapping[str, Difference], ...]) -> str:
    """How many cases differ, how many raised what in which line, and where to go next."""
    crashes = [one for one in seen if isinstance(one, Raised)]
    places = Counter((one.type, one.line, one.number) for one in crashes)
    differ = sum(bool(one) for one in found) - len(crashes)
    parts = [sentences.differ(differ, len(found))] if differ else []
    for (kind, line, number), times in places.most_common(2):
        message = next(one.message for one in crashes if (one.type, one.line, one.number) == (kind, line, number))
        parts.append(sentences.raised(times, len(found), kind, message, (number, line)))
    return " ".join([*parts, sentences.NEXT])
