"""What becomes of one mutant: noticed by the check, or not; and if not, whether it differs from the model solution at all."""

from __future__ import annotations

import contextlib
import io
import signal
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from types import FrameType
from typing import Any

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Oracle, oracles_of
from autograder.authoring.space import extent
from autograder.judging.judge import judge, read
from autograder.judging.reference import Reference, load
from autograder.judging.show import show_case
from autograder.observing.case import Case
from autograder.observing.codec import Raised
from autograder.observing.exercise import Exercise, find
from autograder.observing.observe import Seen, run

__all__ = ["End", "Model", "Shown", "Trial", "faults_of_the_model", "try_mutant"]

_LONGEST = 20.0  # a trial may take so many times as long as the model solution,
_AT_LEAST = 1.0  # and never less than so many seconds of the processor's


@dataclass(frozen=True)
class Model:
    """A model solution: its ``cell``, the statements ``before`` it that it needs, and the ``answer`` by name."""

    exercise: str
    before: str
    cell: str
    answer: str


class End(StrEnum):
    """What became of a mutant."""

    NOTICED = "noticed"
    ENDLESS = "endless"  # noticed, too: no check waits so long
    EQUIVALENT = "equivalent as far as seen"
    WRONG = "a wrong answer that would get full points"


@dataclass(frozen=True)
class Shown:
    """An input beyond the cases on which an answer differs from what is right: what it is, and both results, in words."""

    tried: str
    got: str
    expected: str


@dataclass(frozen=True)
class Trial:
    """How the trial of a mutant ended; of a wrong one, the input that shows it."""

    end: End
    shown: Shown | None = None


@dataclass(frozen=True)
class _Bench:
    """All that the mutants of one exercise are held against."""

    exercise: Exercise
    model: Model
    names: dict[str, Any]  # of the lesson, above the model solution
    reference: Reference
    cases: list[Reference] = field(default_factory=list)  # one by one, first those that have shown a mutant lately
    beyond: tuple[Reference, ...] = ()  # the smallest first
    seconds: float = 0.0  # of the processor, that the model solution takes for the cases and for what is beyond


def try_mutant(model: Model, source: str, inputs: int) -> Trial:
    """Try the cell ``source`` in the place of the model solution, on the cases and on so many ``inputs`` beyond them.

    >>> model = Model("relu", before="", cell="def relu(x):\\n    return x.clamp(min=0)", answer="relu")
    >>> try_mutant(model, "def relu(x):\\n    return abs(x)", inputs=0).end.value
    'noticed'
    """
    bench = _bench(model, inputs)
    try:
        with _limited(max(_AT_LEAST, _LONGEST * bench.seconds)), _quiet():
            return _try(bench, source)
    except KeyboardInterrupt:
        return Trial(End.ENDLESS)


def faults_of_the_model(model: Model, inputs: int) -> list[Shown]:
    """Where the model solution itself is not what the oracle says: in the cases, or on an input beyond them.

    >>> faults_of_the_model(Model("relu", before="", cell="relu = lambda x: x.clamp(min=0)", answer="relu"), inputs=3)
    []
    """
    bench = _bench(model, inputs)
    oracle = oracles_of(bench.exercise.topic)[model.exercise]
    with _quiet():
        answer = _answer(bench, bench.model.cell)
        verdict = judge(bench.exercise, bench.reference, run(bench.exercise, answer, bench.reference.cases))
        right = [_reference(bench, oracle.answer, one.cases[0]) for one in bench.beyond]
        found = [_difference(bench, answer, one) for one in right if one]
    faults = [] if verdict.solved else [Shown("the cases", str(verdict), "full points")]
    return faults + [one for one in found if one]


def _try(bench: _Bench, source: str) -> Trial:
    try:
        answer = _answer(bench, source)
    except Exception:  # it cannot even be defined
        return Trial(End.NOTICED)
    for place, one in enumerate(bench.cases):
        if _difference(bench, answer, one):
            bench.cases.insert(0, bench.cases.pop(place))
            return Trial(End.NOTICED)
    # One case at a time is quicker where the first shows it. What counts is the check itself.
    if not judge(bench.exercise, bench.reference, run(bench.exercise, answer, bench.reference.cases)).solved:
        return Trial(End.NOTICED)
    for one in bench.beyond:
        if found := _difference(bench, answer, one):
            return Trial(End.WRONG, found)
    return Trial(End.EQUIVALENT)


@lru_cache(maxsize=1)
def _bench(model: Model, inputs: int) -> _Bench:
    exercise = find(model.exercise)
    oracle, reference = oracles_of(exercise.topic)[model.exercise], load(exercise)
    names: dict[str, Any] = {"__name__": "__main__"}
    with _quiet():
        exec(compile(model.before, "lesson", "exec"), names)
        bench = _Bench(exercise, model, names, reference)
        answer = _answer(bench, model.cell)
        start = time.process_time()
        cases = [_alone(bench, case, seen) for case, seen in zip(reference.cases, reference.expected, strict=True)]
        agreed = [one for one in cases if not _difference(bench, answer, one)]
        beyond = [_reference(bench, answer, case) for case in _beyond(oracle, exercise, inputs)]
        seconds = 2 * (time.process_time() - start)
    return replace(bench, cases=agreed, beyond=tuple(one for one in beyond if one), seconds=seconds)


def _beyond(oracle: Oracle, exercise: Exercise, inputs: int) -> list[Case]:
    """Inputs within the contract that are none of the cases, smallest first: drawn from the space; without one, the cases
    of other seeds.
    """
    cases: list[Case] = []
    for number in range(inputs):
        make = CaseMaker(b"mutants %d" % number, oracle.exercise)
        cases += [oracle.space.one_more(make)] if oracle.space else oracle.cases(make)
        if len(cases) >= inputs:
            break
    ready = [replace(case, arguments=exercise.arguments, projected=False) for case in cases[:inputs]]
    return sorted(ready, key=lambda case: extent(case.inputs))


def _answer(bench: _Bench, source: str) -> Any:
    names = dict(bench.names)
    exec(compile(source, "mutant", "exec"), names)
    return eval(bench.model.answer, names)


def _alone(bench: _Bench, case: Case, expected: Seen) -> Reference:
    return Reference((case,), (expected,), (), bench.reference.tolerance)


def _reference(bench: _Bench, answer: Any, case: Case) -> Reference | None:
    """``case`` with what ``answer`` shows in it; none where it raises: a reference never does."""
    [seen] = read(bench.exercise, [case], run(bench.exercise, answer, [case]).seen)
    return None if isinstance(seen, Raised) else _alone(bench, case, seen)


def _difference(bench: _Bench, answer: Any, one: Reference) -> Shown | None:
    """How ``answer`` differs in a case from what is right."""
    verdict = judge(bench.exercise, one, run(bench.exercise, answer, one.cases))
    if verdict.solved:
        return None
    found = verdict.finding
    tried = show_case(bench.exercise, one.cases[0])
    return Shown(tried, found.got, found.expected) if found else Shown(tried, verdict.status, "solved")


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Interrupt what runs after so many seconds of the processor's time: on a busy machine they take longer to come."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.5)  # again, where it was swallowed
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(action="ignore"):
        yield
