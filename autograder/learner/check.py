"""`check`: what a notebook asks of an answer."""

from __future__ import annotations

import sys
import textwrap
import time
from dataclasses import replace
from typing import Any

from autograder.judging import panel, sentences
from autograder.judging.judge import judge
from autograder.judging.reference import load
from autograder.judging.show import show_case
from autograder.judging.verdict import Status, Verdict
from autograder.learner import kernel
from autograder.learner.cells import cells
from autograder.learner.progress import remember
from autograder.observing.codec import Raised
from autograder.observing.exercise import Exercise, find
from autograder.observing.observe import Interrupted, run

__all__ = ["check"]

_WIDTH = 80  # nbgrader cuts what is longer than 83 letters


def check(exercise: str, answer: Any = None) -> Verdict:
    """Try ``answer`` on the cases of ``exercise``, compare with the reference tensors, and say what was found.

    The verdict shows itself as a panel when it is the value of a notebook's cell, and stands for its score. Elsewhere, in
    a plain Python or a terminal, it is printed as well, and so is one that lacks points while nbgrader validates: from there
    the Validate button takes its words. An answer that is interrupted has a verdict, too.
    Raises ``ValueError`` for an exercise that does not exist, and `kernel.UntrustedKernel` where nbgrader grades in
    the learner's own kernel and nobody has said that this kernel may be trusted.

    >>> import torch
    >>> verdict = check("relu", lambda x: x.clamp(min=0))
    ✓ relu solved: 2 of 2 points
      ✓ values
      ✓ gradients
      ✓ shape
      ✓ memory
    >>> verdict, verdict.status.value
    (2.0, 'solved')
    """
    kernel.refuse_untrusted()
    task = find(exercise)
    verdict = _with_circumstances(_try(task, answer), answer)
    remember(verdict)
    if not kernel.shows_values():
        print(verdict)
    elif kernel.validating() and verdict.score < verdict.points:
        print(_folded(panel.text(verdict)), file=sys.stderr)
    return verdict


def _folded(text: str) -> str:
    """``text`` in lines that nbgrader does not cut, each going on below where it began."""
    lines = []
    for line in text.splitlines():
        begins = len(line) - len(line.lstrip())
        further = " " * (begins + 2)
        lines += textwrap.wrap(line, _WIDTH, subsequent_indent=further, replace_whitespace=False) or [""]
    return "\n".join(lines)


def _try(task: Exercise, answer: Any) -> Verdict:
    start = time.monotonic()
    try:
        reference = load(task)
        with kernel.nobody_asked():
            seen = run(task, answer, reference.cases)
        return judge(task, reference, seen)
    except KeyboardInterrupt as stop:
        cells().stop()
        return _interrupted(task, stop, time.monotonic() - start)


def _interrupted(task: Exercise, stop: KeyboardInterrupt, seconds: float) -> Verdict:
    """Nothing is earned, and the panel says where the answer was."""
    note = sentences.between_the_cases(seconds)
    cases = load(task).cases
    seen = stop.run.seen if isinstance(stop, Interrupted) else ()
    for number, (case, one) in enumerate(zip(cases, seen, strict=False), 1):
        if isinstance(one, Raised) and one.type == "KeyboardInterrupt":
            place = (one.number, one.line)
            note = sentences.interrupted(seconds, place, show_case(task, case), number, len(cases))
            break
    return Verdict(task.id, task.contract, task.points, 0.0, Status.INTERRUPTED, note=note)


def _with_circumstances(verdict: Verdict, answer: Any) -> Verdict:
    """The verdict with a word on the cells behind the answer, where there is one to say."""
    said = cells().say(answer)
    if not said:
        return verdict
    # "Write it in the cell above" helps nobody who did.
    return replace(verdict, note=said if verdict.status is Status.NOT_ATTEMPTED else f"{said} {verdict.note}".strip())
