"""Writing reference files: what each probe sees when the oracle answers, and when each misconception does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from autograder.authoring.agreeing import differing
from autograder.authoring.cases import CaseMaker
from autograder.authoring.faults import told
from autograder.authoring.mistakes import given_twice, unknown_aspects
from autograder.authoring.oracles import Misconception, Oracle, oracles_of
from autograder.authoring.raising import refuse_a_slip, tell
from autograder.authoring.unfinished import left
from autograder.files import write_whole
from autograder.judging.compare import MISSING, aspect_of, difference, leaves, magnitude
from autograder.judging.judge import read
from autograder.judging.readings import reading_of
from autograder.judging.reference import PUBLIC
from autograder.observing.case import Case
from autograder.observing.codec import CodecError, Projection, Raised, from_bytes, to_bytes
from autograder.observing.exercise import Exercise, exercises_of
from autograder.observing.observe import LEFT_ALONE, Seen, run
from autograder.observing.project import smaller
from course.chapters import CHAPTERS

__all__ = ["PUBLIC_SEED", "record", "stale", "write"]

PUBLIC_SEED = b"One CNN, Two Ways"


def record(topic: str, seed: bytes = PUBLIC_SEED) -> bytes:
    """The reference file of one chapter's topic, observed now.

    Raises ``ValueError`` when an oracle or a misconception does not behave as one: the reference must be observable in
    every case, and with the public seed a misconception must differ from it in at least one.
    """
    if unwritten := left(topic, Path(__file__).resolve().parents[2]):
        raise ValueError("\n".join([f"the chapter on {topic} is not finished", *unwritten]))
    with told(f"the probes of {topic} cannot be read"):
        exercises = exercises_of(topic)
    oracles = oracles_of(topic)
    if twice := given_twice(one.id for chapter in CHAPTERS for one in exercises_of(chapter.topic)):
        raise ValueError(f"two chapters have an exercise of one name: {', '.join(twice)}; each id may be given once")
    if missing := {one.id for one in exercises} ^ set(oracles):
        raise ValueError(f"probes and oracles of {topic} do not name the same exercises: {', '.join(sorted(missing))}")
    return to_bytes({one.id: _record_exercise(one, oracles[one.id], seed) for one in exercises}, small=True)


def _record_exercise(exercise: Exercise, oracle: Oracle, seed: bytes) -> dict[str, Any]:
    with told(exercise.id):
        cases = [_with_arguments(case, exercise) for case in oracle.all_cases(CaseMaker(seed, exercise.id))]
    expected = _seen(exercise, oracle.answer, cases)
    for case, seen in zip(cases, expected, strict=True):
        if isinstance(seen, Raised):
            tell(exercise, "the oracle's answer", oracle.answer, case, seen)
        if any(isinstance(leaf, Projection) and not leaf.values.isfinite().all() for leaf in leaves(seen).values()):
            raise ValueError(f"{exercise.id}: case {case.name!r} is large and not finite; its projections say nothing")
        if LEFT_ALONE in seen:
            raise ValueError(
                f"{exercise.id}: the oracle does not leave alone, in case {case.name!r}: {seen[LEFT_ALONE]}. "
                "Say what the contract asks to change: exercise(..., may_change=...)"
            )
    if unknown := unknown_aspects(exercise, expected):
        raise ValueError("\n".join(unknown))
    sizes = [magnitude(case.inputs, seen) for case, seen in zip(cases, expected, strict=True)]
    return {
        "cases": [
            {
                "name": case.name,
                "inputs": dict(case.inputs),
                "leaves": case.leaves,
                "shown": case.shown,
                "computed": case.computed,
                "choices": dict(case.choices),
                "projected": case.projected,
            }
            for case in cases
        ],
        "expected": expected,
        "tolerance": oracle.tolerance,
        "words": dict(oracle.space.words) if oracle.space else {},
        "misconceptions": [
            {"name": one.name, "says": one.says, "variants": variants}
            for one in oracle.misconceptions
            if (variants := _told(exercise, oracle, one, cases, expected, sizes, seed))
        ],
    }


def _told(
    exercise: Exercise,
    oracle: Oracle,
    misconception: Misconception,
    cases: list[Case],
    expected: tuple[Seen, ...],
    sizes: list[float],
    seed: bytes,
) -> list[dict[int, Seen]]:
    """The misconception's variants, each with what it shows.

    One that no case tells from the reference is an author's mistake; with a seed of somebody's own, whose numbers may be so,
    it is left out: what cannot be told is not named.
    """
    if not misconception.variants:
        raise ValueError(
            f"{exercise.id}: the misconception {misconception.name!r} has no answer that shows it; "
            "put one behind its name, before says="
        )
    observed = [_seen(exercise, answer, cases) for answer in misconception.variants]
    for answer, seen in zip(misconception.variants, observed, strict=True):
        if seed == PUBLIC_SEED:
            refuse_a_slip(exercise, misconception, answer, cases, seen)
    variants = [_variant(exercise, cases, seen, expected, oracle.tolerance, sizes) for seen in observed]
    if seed == PUBLIC_SEED and not all(variants):
        raise ValueError(f"{exercise.id}: no case tells the misconception {misconception.name!r} from the reference")
    return [one for one in variants if one]


def _seen(exercise: Exercise, answer: Any, cases: list[Case]) -> tuple[Seen, ...]:
    return tuple(_in_tuples(one) for one in read(exercise, cases, run(exercise, answer, cases).seen))


def _in_tuples(value: Any) -> Any:
    """Observations without lists: one is as good as a tuple, and what is expected is no matter of which of them was made."""
    match value:
        case Mapping():
            return {key: _in_tuples(item) for key, item in value.items()}
        case tuple():
            return tuple(_in_tuples(item) for item in value)
    return value


def _with_arguments(case: Case, exercise: Exercise) -> Case:
    # What the judge still has to read is kept whole.
    return replace(case, arguments=exercise.arguments, projected=case.projected and reading_of(exercise) is None)


def _variant(
    exercise: Exercise,
    cases: list[Case],
    got: tuple[Seen, ...],
    expected: tuple[Seen, ...],
    tolerance: str,
    sizes: list[float],
) -> dict[int, Seen]:
    """What a misconception shows that the reference does not, by case; another rounding is none of it."""
    found: dict[int, Seen] = {}
    for index, (right, wrong, size) in enumerate(zip(expected, got, sizes, strict=True)):
        one = wrong if isinstance(wrong, Raised) else _changed(right, wrong, tolerance, size)
        if one:
            found[index] = _compared_only(_without_place(_telling(one, exercise) if cases[index].drawn else one))
    return found


def _compared_only(seen: Seen) -> Seen:
    """What the judge compares and shows nothing of: a few projections are enough, where they say anything."""
    if isinstance(seen, Raised):
        return seen
    return {
        path: smaller(leaf) if isinstance(leaf, Tensor) and bool(leaf.isfinite().all()) else leaf
        for path, leaf in seen.items()
    }


def _changed(right: Seen, wrong: Mapping[str, Any], tolerance: str, size: float) -> dict[str, Any]:
    assert not isinstance(right, Raised)
    asked, answered = leaves(right), leaves(wrong)
    found = {
        path: answered.get(path, MISSING)
        for path in asked | answered
        if difference(asked.get(path, MISSING), answered.get(path, MISSING), tolerance, size) is not None
    }
    if any(_in_another_precision(asked.get(path), leaf) for path, leaf in found.items()):
        # Computed in float32 where float64 is asked for, gradients have other last digits on every processor.
        found = _without_gradients(found)
    return found


def _without_gradients(one: Mapping[str, Any]) -> dict[str, Any]:
    return {path: leaf for path, leaf in one.items() if aspect_of(path) != "gradients"}


def _in_another_precision(right: Any, wrong: Any) -> bool:
    both = isinstance(right, Tensor | Projection) and isinstance(wrong, Tensor | Projection)
    return both and right.dtype != wrong.dtype


def _telling(one: Seen, exercise: Exercise) -> Seen:
    """Of a case that is one of many the wrong values are enough, where there are any: they imply the wrong gradients."""
    if isinstance(one, Raised):
        return one
    return _without_gradients(one) or one


def _without_place(seen: Seen) -> Seen:
    """An error's line is a matter of how the wrong answer was written, not of what it believes."""
    return Raised(seen.type, seen.message) if isinstance(seen, Raised) else seen


def stale(topics: Iterable[str], seed: bytes = PUBLIC_SEED, directory: Path = PUBLIC) -> dict[str, list[str]]:
    """The topics whose file in ``directory`` is not what the oracles observe today, with the exercises of which it is not.

    Where the file is missing or cannot be read, these are all of them.
    """
    found = {topic: _differing(directory / f"{topic}.safetensors", record(topic, seed)) for topic in topics}
    return {topic: exercises for topic, exercises in found.items() if exercises}


def write(topics: Iterable[str], seed: bytes = PUBLIC_SEED, directory: Path = PUBLIC) -> dict[str, bool]:
    """Write the reference files of ``topics`` into ``directory``; says of each whether it changed.

    A file that says the same already is left as it is. A new one takes its place in one step, so that a crash leaves
    the old one whole.
    """
    changed = {}
    for topic in topics:
        path = directory / f"{topic}.safetensors"
        data = record(topic, seed)
        changed[topic] = bool(_differing(path, data))
        if changed[topic]:
            write_whole(path, data)
    return changed


def _differing(path: Path, data: bytes) -> list[str]:
    try:
        return differing(path.read_bytes(), data)
    except (FileNotFoundError, CodecError):
        return list(from_bytes(data, small=True))
