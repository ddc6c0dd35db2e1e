"""`check`: what a notebook asks of an answer."""

from __future__ import annotations

from typing import Any

from autograder.judging.judge import judge
from autograder.judging.reference import load
from autograder.judging.verdict import Verdict
from autograder.learner import kernel
from autograder.learner.progress import remember
from autograder.observing.exercise import find
from autograder.observing.observe import run

__all__ = ["check"]


def check(exercise: str, answer: Any = None) -> Verdict:
    """Try ``answer`` on the cases of ``exercise``, compare with the reference tensors, and say what was found.

    The verdict shows itself as a panel when it is the value of a notebook's cell, and stands for its score.
    Raises ``ValueError`` for an exercise that does not exist, and `kernel.UntrustedKernel` where nbgrader grades in
    the learner's own kernel and nobody has said that this kernel may be trusted.

    >>> import torch
    >>> verdict = check("relu", lambda x: x.clamp(min=0))
    >>> verdict, verdict.status.value
    (2.0, 'solved')
    """
    kernel.refuse_untrusted()
    task = find(exercise)
    reference = load(task)
    verdict = judge(task, reference, run(task, answer, reference.cases))
    remember(verdict)
    return verdict
