"""Judging in tests: what `autograder.check` says of an answer, on the public reference or on another.

An observation that several tests hold against different things is made once a process, with `observed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring import references
from autograder.grading.wire.cases import pack
from autograder.judging.judge import judge
from autograder.judging.reference import PUBLIC, load
from autograder.judging.verdict import Verdict
from autograder.observing.case import Case
from autograder.observing.exercise import Exercise
from autograder.observing.observe import Run, run

__all__ = ["observed", "recorded", "verdict_on"]

# With what was seen is kept what it belongs to: an address says who somebody is only as long as they live.
_seen: dict[tuple[str, int, bytes], tuple[Any, Run]] = {}
_packed: dict[int, tuple[Sequence[Case], bytes]] = {}


def verdict_on(exercise: Exercise, answer: Any, directory: Path = PUBLIC, *, once: bool = False) -> Verdict:
    """Try ``answer`` on the cases of the reference in ``directory``; with ``once``, as `observed`."""
    reference = load(exercise, directory)
    return judge(exercise, reference, (observed if once else run)(exercise, answer, reference.cases))


def observed(exercise: Exercise, answer: Any, cases: Sequence[Case]) -> Run:
    """As `run`, and remembered: the same answer is tried once on cases of the same content.

    For answers that live as long as the tests do and remember nothing: an oracle's, and a misconception's.
    """
    if id(cases) not in _packed:
        _packed[id(cases)] = cases, pack(cases)
    key = exercise.id, id(answer), _packed[id(cases)][1]
    if key not in _seen:
        _seen[key] = answer, run(exercise, answer, cases)
    return _seen[key][1]


def recorded(topic: str, seed: bytes = references.PUBLIC_SEED) -> bytes:
    """As `record`, of observations that are made once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(references, "run", observed)
        return references.record(topic, seed)
