"""The judge: observations against reference tensors. Pure; it runs no learner's code and trusts none of its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from autograder.judging import sentences
from autograder.judging.compare import MISSING, Difference, aspect_of, difference, disturbances, leaves
from autograder.judging.credit import Held, credit
from autograder.judging.entries import entries_of
from autograder.judging.finding import advice_on, finding_of, note_on
from autograder.judging.halves import half_of, is_unfinished
from autograder.judging.naming import BESIDE, recognise
from autograder.judging.readings import reading_of
from autograder.judging.reference import Reference
from autograder.judging.sharing import said, shared
from autograder.judging.verdict import Aspect, Status, Verdict
from autograder.observing.case import Case
from autograder.observing.codec import Projection, Raised
from autograder.observing.exercise import Exercise
from autograder.observing.observe import LEFT_ALONE, Run, Seen
from autograder.observing.world import WORLD

__all__ = ["Each", "compared", "differences", "each_case", "judge", "read", "read_all"]

_NO_ANSWER = Raised("NoAnswer", "")
_SEVERAL = 3  # so many others that all give the same are no accident


def judge(exercise: Exercise, reference: Reference, run: Run) -> Verdict:
    """The verdict on what was seen of an answer.

    An aspect holds when it holds in every case that asks for it; what it earns is `credit`'s rule. Nothing is earned by
    an answer that is the same whatever it is given, or where torch's own operator did the work by hand.
    """

    def verdict(status: Status, score: float = 0.0, **details: Any) -> Verdict:
        return Verdict(exercise.id, exercise.contract, exercise.points, score, status, **details)

    seen = read_all(exercise, reference, run)
    crashes = [one for one in seen if isinstance(one, Raised)]
    unfinished = any(map(is_unfinished, crashes))
    half = half_of(run)
    if not run.attempted or (unfinished and len(crashes) == len(seen) and not half):
        return verdict(Status.NOT_ATTEMPTED, note=sentences.write(exercise.contract, exercise.needed))
    if run.used:
        return verdict(Status.NOT_BY_HAND, note=sentences.not_by_hand(run.used))

    found = compared(reference, seen)
    held = _held(exercise, reference, found)
    aspects = tuple(
        Aspect(name, one.always, sentences.aspect_note(one.cases, _disturbed(name, found)))
        for name, one in held.items()
    )
    if all(aspect.holds for aspect in aspects) and not crashes:
        return verdict(Status.SOLVED, float(exercise.points), aspects=aspects)
    core_holds = any(any(held[aspect].cases) for aspect in exercise.core if aspect in held)
    if unfinished and not core_holds and not half:
        return verdict(Status.NOT_ATTEMPTED, note=sentences.write(exercise.contract, exercise.needed))

    known = recognise(reference, seen, found)
    by_chance = exercise.core[0] in held and any(held[exercise.core[0]].cases)
    constant = by_chance and _says_one_thing(reference, seen, exercise.core)
    score = 0.0 if constant else credit(exercise, held)
    wrong = Status.CRASHED if len(crashes) == len(seen) and not half else Status.WRONG
    return verdict(
        Status.PARTLY if score else wrong,
        score,
        aspects=aspects,
        misconception=known.name,
        says=known.says,
        finding=finding_of(exercise, reference, seen, found, known.cases),
        where="" if known.name else _where(exercise, reference, found),
        note=" ".join(
            [*([_constant(reference, seen, exercise.core)] if constant else []), note_on(exercise, run, seen, found)]
        ),
        advice=advice_on(exercise, reference, run, seen, found),
        entries=entries_of(exercise, reference, seen, found),
    )


@dataclass(frozen=True)
class Each:
    """What was seen of an answer case by case: the aspects that do not hold there, and what each aspect came to."""

    held: Mapping[str, Held]
    fails: tuple[tuple[Case, tuple[str, ...], Seen], ...]


def each_case(exercise: Exercise, reference: Reference, run: Run) -> Each:
    """Every case with the aspects that fail in it, as `judge` counts them.

    >>> from autograder.judging.reference import load
    >>> from autograder.observing.exercise import find
    >>> from autograder.observing.observe import run
    >>> exercise = find("relu")
    >>> each = each_case(exercise, load(exercise), run(exercise, lambda x: x, load(exercise).cases))
    >>> [(case.name, fails) for case, fails, seen in each.fails][0]
    ('two numbers', ('values', 'memory'))
    """
    seen = read_all(exercise, reference, run)
    found = compared(reference, seen)
    fails = []
    for case, one, differs, asked in zip(reference.cases, seen, found, reference.aspects, strict=False):
        aspects = dict.fromkeys((*asked, *map(aspect_of, differs)))
        if wrong := tuple(aspect for aspect in aspects if _fails(aspect, differs)):
            fails.append((case, wrong, one))
    return Each(_held(exercise, reference, found), tuple(fails))


def read_all(exercise: Exercise, reference: Reference, run: Run) -> tuple[Seen, ...]:
    """What was seen as it is compared, in every case: one that was not come to has no answer."""
    seen = read(exercise, reference.cases, run.seen)
    return seen + (_NO_ANSWER,) * (len(reference.cases) - len(seen))


def compared(reference: Reference, seen: tuple[Seen, ...]) -> tuple[dict[str, Difference], ...]:
    """In what each case differs from what is right there, by path."""
    return tuple(
        _between(asked, one, reference.tolerance, size)
        for asked, one, size in zip(reference.asked, seen, reference.sizes, strict=False)
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
    return _between(leaves(expected), got, tolerance, size)


def _between(asked: dict[str, Any], got: Seen, tolerance: str, size: float) -> dict[str, Difference]:
    if isinstance(got, Raised):
        found = {path: Difference("form", leaf, got) for path, leaf in asked.items()}
        return found | _left_changed(got.left_alone)
    aspects = set(map(aspect_of, asked))
    asked_for = {aspect: value for aspect, value in got.items() if aspect in aspects}
    answered = leaves(asked_for) if asked_for else {}
    found = {}
    for path in asked | answered:
        one = difference(asked.get(path, MISSING), answered.get(path, MISSING), tolerance, size)
        if one is not None:
            found[path] = one
    return found | _left_changed(got.get(LEFT_ALONE))


def _left_changed(noted: Any) -> dict[str, Difference]:
    """What the answer has changed though it has to be left alone, by path."""
    found = {}
    for aspect, things in _mapping(noted).items():
        for thing, changes in _mapping(things).items():
            found[f"{aspect}|{thing}"] = Difference("left alone", "left alone", changes)
    return found


def _disturbed(aspect: str, found: Sequence[Mapping[str, Difference]]) -> dict[str, list[str]]:
    """What was not left alone in any case, and what has changed of it, in the order in which it was first seen."""
    told: dict[str, dict[str, None]] = {}
    for path, change in disturbances(found):
        if aspect_of(path) == aspect:
            thing = path.partition("|")[2]
            told.setdefault("" if thing == WORLD else thing, {})[change] = None
    return {thing: list(changes) for thing, changes in told.items()}


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _fails(aspect: str, found: Mapping[str, Difference]) -> list[Difference]:
    """The differences of one case that speak against ``aspect``: a wrong form of the values against their shape."""
    against = [one for path, one in found.items() if aspect_of(path) == aspect]
    if aspect == "shape":
        values = [one for path, one in found.items() if aspect_of(path) == "values" and one.kind == "form"]
        against += [one for one in values if isinstance(one.expected, Tensor | Projection) or one.expected == MISSING]
    return against


def _held(exercise: Exercise, reference: Reference, found: tuple[dict[str, Difference], ...]) -> dict[str, Held]:
    """Each aspect, in the exercise's order, and whether it holds in each case that asks for it."""
    asked: dict[str, Held] = {}
    # What has to be left alone is asked for everywhere, and is not spoken of where it is.
    disturbed = {aspect_of(path) for one in found for path, what in one.items() if what.kind == "left alone"}
    for case, aspects, one in zip(reference.cases, reference.aspects, found, strict=True):
        for aspect in dict.fromkeys((*aspects, *sorted(disturbed))):
            held = asked.setdefault(aspect, Held())
            (held.drawn if case.drawn else held.chosen).append(not _fails(aspect, one))
    order = [name for name in exercise.shares if name in asked] + [
        name for name in asked if name not in exercise.shares
    ]
    return {name: asked[name] for name in order}


def _says_one_thing(reference: Reference, seen: tuple[Seen, ...], core: tuple[str, ...]) -> bool:
    """Whether the answer gives the same in all of several cases that ask for different ones: a constant, right by chance."""
    asked = [
        (expected[core[0]], None if isinstance(one, Raised) else one.get(core[0]))
        for expected, one in zip(reference.expected, seen, strict=True)
        if not isinstance(expected, Raised) and core[0] in expected
    ]
    first, *others = asked or [(None, None)]
    return (
        len(others) >= _SEVERAL
        and not any(_differ(first[1], got) for _, got in others)
        and any(_differ(first[0], expected) for expected, _ in others)
    )


def _constant(reference: Reference, seen: tuple[Seen, ...], core: tuple[str, ...]) -> str:
    """The sentence on a constant; one that is something else where another aspect is asked for is no constant there."""
    told = []
    for asked, one in zip(reference.aspects, seen, strict=True):
        aspect = next((name for name in asked if name not in BESIDE), core[0])
        told.append(one if isinstance(one, Raised) else one.get(aspect))
    return sentences.constant(core[0] if any(_differ(told[0], one) for one in told) else "")


def _differ(one: Any, other: Any) -> bool:
    """Whether two cases differ; where one is seen through projections and the other whole, as far as can be told."""
    if {type(one), type(other)} == {Tensor, Projection}:
        sizes = [tuple(each.size) if isinstance(each, Projection) else tuple(each.shape) for each in (one, other)]
        return sizes[0] != sizes[1] or one.dtype != other.dtype
    return bool(differences({"values": one}, {"values": other}, "exact"))


def _where(exercise: Exercise, reference: Reference, found: tuple[dict[str, Difference], ...]) -> str:
    """On which of the drawn cases the answer fails, where one or two of their choices say it.

    Cases that do not ask for anything that fails say nothing of where it does.
    """
    drawn = [
        (case.choices, aspects, {aspect_of(path) for path in one})
        for case, aspects, one in zip(reference.cases, reference.aspects, found, strict=True)
        if case.drawn
    ]
    wrong = {aspect for _, _, failing in drawn for aspect in failing}
    told = wrong - set(BESIDE) or wrong
    asking = [one for one in drawn if told & {*one[1], *one[2]}]
    fails = [bool(told & failing) for _, _, failing in asking]
    claim = shared([choices for choices, _, _ in asking], fails)
    if not claim:
        return ""
    return sentences.fails_where(len(fails), sum(fails), said(claim, reference.words))
