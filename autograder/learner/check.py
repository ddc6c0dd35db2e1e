"""`check`: what a notebook asks of an answer."""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from typing import Any

from autograder.judging import panel, sentences
from autograder.judging.judge import each_case, judge
from autograder.judging.reference import Reference, load
from autograder.judging.show import show_case
from autograder.judging.verdict import Status, Verdict
from autograder.learner import answers, kernel
from autograder.learner.before import before_of, digest_of, with_before
from autograder.learner.cells import cells
from autograder.learner.checked import Checked
from autograder.learner.contents import Contents, contents, place_of
from autograder.learner.failing import FailingCase
from autograder.learner.names import bound_by
from autograder.learner.printed import first_lines
from autograder.learner.record import folder, remember, tried
from autograder.observing.codec import Raised
from autograder.observing.exercise import Exercise, catalogue, find
from autograder.observing.observe import Interrupted, Run, run
from autograder.observing.world import without_modes
from autograder.printing import say

__all__ = ["check"]

_WIDTH = 80  # nbgrader cuts what is longer than 83 letters


def check(exercise: str, answer: Any = None) -> Checked:
    """Try ``answer`` on the cases of ``exercise``, compare with the reference tensors, and say what was found.

    The verdict shows itself as a panel when it is the value of a notebook's cell, and stands for its score. Elsewhere, in
    a plain Python or a terminal, it is printed as well, and so is one that lacks points while nbgrader validates: from there
    the Validate button takes its words. An answer that is interrupted has a verdict, too. It knows the try before, and
    its ``failing`` cases can be taken in hand.
    Raises ``ValueError`` for an exercise that does not exist, and `kernel.UntrustedKernel` where nbgrader grades in
    the learner's own kernel and nobody has said that this kernel may be trusted.

    >>> import torch
    >>> verdict = check("relu", lambda x: x.clamp(min=0))
    ✓ relu solved: 2 of 2 points on the public cases...
    >>> verdict, verdict.status.value
    (2.0, 'solved')
    """
    kernel.refuse_untrusted()
    task = find(exercise)
    known = tried(task.id)
    with without_modes():
        found, seen = _try(task, answer)
        now = before_of(found, seen)
    verdict = with_before(_with_circumstances(task, found, answer), now, known.last if known else None)
    remember(verdict, now)
    _keep(task, verdict)
    if not kernel.shows_values():
        say(str(verdict))
    elif kernel.validating() and verdict.score < verdict.points:
        say(_folded(panel.text(verdict)), sys.stderr)
    return verdict


def _folded(text: str) -> str:
    """``text`` in lines that nbgrader does not cut, each going on below where it began."""
    lines = []
    for line in text.splitlines():
        begins = len(line) - len(line.lstrip())
        further = " " * (begins + 2)
        lines += textwrap.wrap(line, _WIDTH, subsequent_indent=further, replace_whitespace=False) or [""]
    return "\n".join(lines)


def _try(task: Exercise, answer: Any) -> tuple[Checked, str]:
    """The verdict, and what tells that the same was seen the next time."""
    start = time.monotonic()
    try:
        reference = load(task)
        with kernel.nobody_asked(), first_lines():
            seen = run(task, answer, reference.cases)
        verdict = judge(task, reference, seen)
        # Nothing is ever said of a solved try: what came out of it need not be told from anything.
        digest = "" if verdict.solved else digest_of(task, seen)
        return _checked(verdict, partial(_failing, task, reference, seen)), digest
    except KeyboardInterrupt as stop:
        kernel.interrupted()
        cells().stop()
        return _interrupted(task, stop, time.monotonic() - start), ""


def _checked(verdict: Verdict, failing: Callable[[], tuple[FailingCase, ...]]) -> Checked:
    own = {one.name: getattr(verdict, one.name) for one in fields(verdict)} | {"at_home": True}
    return Checked(**own, find_failing=failing)


def _failing(task: Exercise, reference: Reference, seen: Run) -> tuple[FailingCase, ...]:
    """The cases that fail, the one that the panel shows first."""
    if task.asks or not seen.attempted:
        return ()
    with without_modes():
        shown = judge(task, reference, seen).finding
        cases = [FailingCase(task, case, aspects) for case, aspects, _ in each_case(task, reference, seen).fails]
    return tuple(sorted(cases, key=lambda one: shown is None or one.name != shown.case))


def _interrupted(task: Exercise, stop: KeyboardInterrupt, seconds: float) -> Checked:
    """Nothing is earned, and the panel says where the answer was."""
    note = sentences.between_the_cases(seconds)
    stopped: tuple[FailingCase, ...] = ()
    cases = load(task).cases
    seen = stop.run.seen if isinstance(stop, Interrupted) else ()
    for number, (case, one) in enumerate(zip(cases, seen, strict=False), 1):
        if isinstance(one, Raised) and one.type == "KeyboardInterrupt":
            place = (one.number, one.line)
            note = sentences.interrupted(seconds, place, show_case(task, case), number, len(cases))
            stopped = (FailingCase(task, case),)
            break
    verdict = Verdict(task.id, task.contract, task.points, 0.0, Status.INTERRUPTED, note=note)
    return _checked(verdict, lambda: stopped)


def _keep(task: Exercise, verdict: Verdict) -> None:
    """A solved answer is kept, so that it can stand beside the model answer another day."""
    there = place_of(task.id) if verdict.solved and not kernel.grading() else None
    own = answers.last_run(bound_by(there[1].stub)) if there is not None else None
    if own is not None:
        answers.keep(folder(), task.id, own)


def _with_circumstances(task: Exercise, verdict: Checked, answer: Any) -> Checked:
    """The verdict with a word on the cells behind the answer, where there is one to say."""
    said = cells().say(answer)
    if not said and verdict.status is Status.NOT_ATTEMPTED and answer is not None:
        said = cells().say_of_others(answer, catalogue())
    elif not said and verdict.status in (Status.CRASHED, Status.PARTLY, Status.WRONG):
        there = place_of(task.id)
        chapter = contents(there[0].slug) if there else Contents()
        said = cells().say_of_missing(verdict.note, chapter.imports, chapter.defined)
    if not said:
        return verdict
    if verdict.status is not Status.NOT_ATTEMPTED:
        return replace(verdict, note=f"{said} {verdict.note}".strip())
    # "Write it in the cell above" helps nobody who did, and who did has tried: grading says the same.
    return replace(verdict, note=said, status=Status.CRASHED if cells().failed(answer) else verdict.status)
