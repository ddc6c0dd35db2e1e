"""The judge: observations against reference tensors. Pure; it runs no learner's code and trusts none of its words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from autograder.judging import sentences
from autograder.judging.compare import MISSING, Difference, difference, leaves
from autograder.judging.entries import entries_of
from autograder.judging.finding import advice_on, finding_of, note_on
from autograder.judging.halves import half_of
from autograder.judging.readings import reading_of
from autograder.judging.reference import Reference
from autograder.judging.sharing import said, shared
from autograder.judging.verdict import Aspect, Status, Verdict
from autograder.observing.case import Case
from autograder.observing.codec import Projection, Raised
from autograder.observing.exercise import Exercise
from autograder.observing.observe import LEFT_ALONE, Run, Seen

__all__ = ["differences", "judge", "read"]

_NO_ANSWER = Raised("NoAnswer", "")

# Aspects that say nothing of what the answer gave, but of what came with it.
_BESIDE = ("gradients", "memory", "state", "shape")


def judge(exercise: Exercise, reference: Reference, run: Run) -> Verdict:
    """The verdict on what was seen of an answer.

    An aspect holds when it holds in every case that asks for it, and earns its share then. Nothing is earned where the
    core aspect (the values) holds in no case, or where torch's own operator did the work of an exercise by hand.
    """

    def verdict(status: Status, score: float = 0.0, **details: Any) -> Verdict:
        return Verdict(exercise.id, exercise.contract, exercise.points, score, status, **details)

    seen = read(exercise, reference.cases, run.seen)
    seen += (_NO_ANSWER,) * (len(reference.cases) - len(seen))
    crashes = [one for one in seen if isinstance(one, Raised)]
    unfinished = any(one.type == "NotImplementedError" for one in crashes)
    half = half_of(run)
    if not run.attempted or (unfinished and len(crashes) == len(seen) and not half):
        return verdict(Status.NOT_ATTEMPTED, note=sentences.write(exercise.contract))
    if run.used:
        return verdict(Status.NOT_BY_HAND, note=sentences.not_by_hand(run.used))

    found = tuple(
        differences(expected, one, reference.tolerance, size)
        for expected, one, size in zip(reference.expected, seen, reference.sizes, strict=False)
    )
    aspects = _aspects(exercise, reference, found)
    if all(aspect.holds for aspect in aspects) and not crashes:
        return verdict(Status.SOLVED, float(exercise.points), aspects=aspects)
    core_holds = any(
        _holds_core(exercise, expected, one) for expected, one in zip(reference.expected, found, strict=True)
    )
    if unfinished and not core_holds and not half:
        return verdict(Status.NOT_ATTEMPTED, note=sentences.write(exercise.contract))

    known = _recognise(reference, seen)
    score = _score(exercise, aspects) if core_holds else 0.0
    wrong = Status.CRASHED if len(crashes) == len(seen) and not half else Status.WRONG
    return verdict(
        Status.PARTLY if score else wrong,
        score,
        aspects=aspects,
        misconception=known[0],
        says=known[1],
        finding=finding_of(exercise, reference, seen, found),
        where="" if known[0] else _where(exercise, reference, found),
        note=note_on(exercise, run, seen, found),
        advice=advice_on(exercise, reference, run, seen, found),
        entries=entries_of(exercise, reference, seen, found),
    )


def read(exercise: Exercise, cases: Sequence[Case], seen: Sequence[Seen]) -> tuple[Seen, ...]:
    """What was seen in each case, as it is compared: read first where the exercise has a reading."""
    reading = reading_of(exercise)
    if reading is None:
        return tuple(seen)
    found: list[Seen] = []
    for case, one in zip(cases, seen, strict=False):
        try:
            found.append(one if isinstance(one, Raised) else reading(one, case))
        except Exception as error:  # what comes out of a sandbox may be anything
            found.append(Raised("NoObservation", f"what was seen cannot be read ({type(error).__name__})"))
    return tuple(found)


def differences(expected: Seen, got: Seen, tolerance: str = "", size: float = 0.0) -> dict[str, Difference]:
    """Where ``got`` is not what was ``expected`` in a case of that `magnitude`, by path; every path where it raised.

    >>> list(differences({"values": 3, "memory": {"x": True}}, {"values": 4, "memory": {"x": True}}))
    ['values']
    """
    assert not isinstance(expected, Raised), "a reference never raises"
    if isinstance(got, Raised):
        return {path: Difference("form", leaf, got) for path, leaf in leaves(expected).items()}
    asked = leaves(expected)
    answered = leaves({aspect: value for aspect, value in got.items() if aspect in expected})
    found = {}
    for path in asked | answered:
        one = difference(asked.get(path, MISSING), answered.get(path, MISSING), tolerance, size)
        if one is not None:
            found[path] = one
    for aspect, things in _mapping(got.get(LEFT_ALONE)).items():
        for thing, changes in _mapping(things).items():
            found[f"{aspect}|{thing}"] = Difference("left alone", "left alone", changes)
    return found


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _aspects_of(expected: Seen) -> list[str]:
    """The aspects that a case asks for; tensors among the values ask for their shape as well."""
    assert not isinstance(expected, Raised)
    tensors = any(isinstance(leaf, Tensor | Projection) for leaf in leaves(expected.get("values")).values())
    return list(dict.fromkeys((["shape"] if tensors else []) + list(expected)))


def _fails(aspect: str, found: Mapping[str, Difference]) -> list[Difference]:
    """The differences of one case that speak against ``aspect``: a wrong form of the values against their shape."""
    against = [one for path, one in found.items() if path.split("|")[0] == aspect]
    if aspect == "shape":
        values = [one for path, one in found.items() if path.split("|")[0] == "values" and one.kind == "form"]
        against += [one for one in values if isinstance(one.expected, Tensor | Projection) or one.expected == MISSING]
    return against


def _holds_core(exercise: Exercise, expected: Seen, found: Mapping[str, Difference]) -> bool:
    asked = [aspect for aspect in _aspects_of(expected) if aspect in exercise.core]
    return any(not _fails(aspect, found) for aspect in asked)


def _aspects(exercise: Exercise, reference: Reference, found: tuple[dict[str, Difference], ...]) -> tuple[Aspect, ...]:
    asked: dict[str, list[bool]] = {}
    # What has to be left alone is asked for everywhere, and is not spoken of where it is.
    disturbed = {path.split("|")[0] for one in found for path, what in one.items() if what.kind == "left alone"}
    for expected, one in zip(reference.expected, found, strict=True):
        for aspect in dict.fromkeys((*_aspects_of(expected), *sorted(disturbed))):
            asked.setdefault(aspect, []).append(not _fails(aspect, one))
    order = [name for name in exercise.shares if name in asked] + [
        name for name in asked if name not in exercise.shares
    ]
    return tuple(Aspect(name, all(asked[name]), sentences.aspect_note(asked[name])) for name in order)


def _score(exercise: Exercise, aspects: tuple[Aspect, ...]) -> float:
    earned = sum(exercise.share(aspect.name) for aspect in aspects if aspect.holds)
    whole = sum(exercise.share(aspect.name) for aspect in aspects)
    # Rounded down: what is not wholly right is never worth all points.
    return math.floor(100 * exercise.points * earned / whole) / 100 if whole and earned < whole else 0.0


def _recognise(reference: Reference, seen: tuple[Seen, ...]) -> tuple[str, str]:
    """Name and words of the misconception whose observations the answer reproduces where they differ from the reference.

    Of several, the one that explains most of what was seen. A misconception that only ever raises is recognised by
    the error's very words; otherwise one that raises matches any error. Where either raises in a drawn case, that says
    nothing of the idea: how far a wrong answer gets with an odd input is a matter of how it was written.
    """
    best, most = ("", ""), 0
    answered = [one if isinstance(one, Raised) else leaves(one) for one in seen]
    for misconception in reference.misconceptions:
        for variant in misconception.variants:
            picked = {index: one for index, one in variant.items() if not reference.cases[index].drawn} or variant
            by_words = all(isinstance(one, Raised) for one in picked.values())
            telling = {
                index: one
                for index, one in variant.items()
                if index in picked or Raised not in (type(one), type(answered[index]))
            }
            whole = sum(1 if isinstance(one, Raised) else len(one) for one in telling.values())
            if whole > most and all(
                _reproduces(one, answered[index], by_words, reference.tolerance, reference.sizes[index])
                for index, one in telling.items()
            ):
                best, most = (misconception.name, misconception.says), whole
    return best


def _reproduces(known: Seen, got: Raised | Mapping[str, Any], by_words: bool, tolerance: str, size: float) -> bool:
    """Whether the answer shows all that is known of one case; ``got`` by path."""
    if isinstance(known, Raised):
        return isinstance(got, Raised) and (not by_words or (got.type, got.message) == (known.type, known.message))
    if isinstance(got, Raised):
        return False
    return all(difference(leaf, got.get(path, MISSING), tolerance, size) is None for path, leaf in known.items())


def _where(exercise: Exercise, reference: Reference, found: tuple[dict[str, Difference], ...]) -> str:
    """On which of the drawn cases the answer fails, where one or two of their choices say it."""
    drawn = [(case.choices, one) for case, one in zip(reference.cases, found, strict=True) if case.drawn]
    wrong = [any(path.split("|")[0] not in _BESIDE for path in one) for _, one in drawn]
    fails = wrong if any(wrong) else [bool(one) for _, one in drawn]
    claim = shared([choices for choices, _ in drawn], fails)
    if not claim:
        return ""
    return sentences.fails_where(len(fails), sum(fails), said(claim, reference.words))
