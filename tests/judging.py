"""Judging in tests: what `autograder.check` says of an answer, on the public reference or on another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograder.judging.judge import judge
from autograder.judging.reference import PUBLIC, load
from autograder.judging.verdict import Verdict
from autograder.observing.exercise import Exercise
from autograder.observing.observe import run


def verdict_on(exercise: Exercise, answer: Any, directory: Path = PUBLIC) -> Verdict:
    """Try ``answer`` on the cases of the reference in ``directory``."""
    reference = load(exercise, directory)
    return judge(exercise, reference, run(exercise, answer, reference.cases))
