"""Judging in tests: what `autograder.check` says of an answer, on the public reference or on another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograder.exercise import Exercise
from autograder.judge import judge
from autograder.observe import run
from autograder.reference import PUBLIC, load
from autograder.verdict import Verdict


def verdict_on(exercise: Exercise, answer: Any, directory: Path = PUBLIC) -> Verdict:
    """Try ``answer`` on the cases of the reference in ``directory``."""
    reference = load(exercise, directory)
    return judge(exercise, reference, run(exercise, answer, reference.cases))
