"""What each check came to, kept beside what was seen, under the hash of all that decides it: a mended reference judges its own.

A verdict rests on what was seen of the submission, on the notebook, on the check and the reference of its exercise, and on
our code. Where all of that is as it was, so is the verdict. What is missing, damaged or of another kind is judged anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from autograder.grading.slots.job import Outcome
from autograder.grading.slots.store import Store
from autograder.grading.submissions.prepare import Assignment, Prepared
from autograder.grading.submissions.repair import Check
from autograder.grading.submissions.state import State
from autograder.grading.submissions.verdicts import Decided, Result, decide, not_run
from autograder.judging.judgement import Cell, Entry, Picture
from autograder.judging.reference import Reference
from autograder.judging.verdict import Aspect, Finding, Status, Verdict
from autograder.observing.codec import to_bytes
from autograder.observing.exercise import find

__all__ = ["Judged", "words_of"]


class Judged:
    """Decides the submissions of one assignment on what is kept in ``store``, and judges what is not known of them.

    ``basis`` is what scores of the assignment rest on (`autograder.grading.records.basis.basis_of`). With ``writes`` what
    was judged anew is kept.
    """

    def __init__(self, store: Store, task: Assignment, basis: Mapping[str, Any], *, writes: bool = True) -> None:
        self._store, self._task, self._writes = store, task, writes
        known: Mapping[str, str] = basis["reference"]
        self._references = {name: _digest([known[name], words_of(one)]) for name, one in task.references.items()}
        after = {name: one.after for name, one in task.source.cells.items()}
        self._same = _digest([basis["code"], basis["versions"], after])

    def result_of(self, ready: Prepared, outcome: Outcome | None) -> Result:
        """What a submission is worth by what was seen of it, nothing where it was not run."""
        if outcome is None or ready.job is None:
            return not_run(self._task, ready)
        if not outcome.mark:  # nobody knows what it was read from
            return decide(self._task, ready, outcome)
        kept = _read(self._store.get_judged(ready.key))
        marks = [(cell.metadata.get("nbgrader") or {}).get("grade_id") for cell in ready.notebook.cells]
        rests_on = _digest([self._same, outcome.mark, ready.key, marks])
        new: dict[str, Any] = {}

        def known(place: int, name: str, check: Check, anew: Callable[[], Decided]) -> Decided:
            mark = _digest([rests_on, place, name, asdict(check), self._references[check.exercise]])
            found = _decided(kept.get(name), mark, check)
            if found is None:
                found = anew()
                new[name] = _noted(found, mark, check)
            return found

        result = decide(self._task, ready, outcome, known)
        noted = {name: one for name, one in {**kept, **new}.items() if one is not None}
        if self._writes and noted != kept:
            self._store.put_judged(ready.key, json.dumps(noted).encode())
        return result


def words_of(reference: Reference) -> str:
    """The hash of what a reference says to a learner: it gives no points, so no score rests on it, but a verdict does.

    >>> from autograder.judging.reference import load
    >>> words_of(load(find("relu"))) == words_of(load(find("linear")))
    False
    """
    cases = [(one.name, one.shown, one.arguments, dict(one.choices)) for one in reference.cases]
    known = [(one.name, one.says) for one in reference.misconceptions]
    return hashlib.sha256(to_bytes([cases, known, dict(reference.words)])).hexdigest()


def _digest(what: Any) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def _read(noted: bytes | None) -> dict[str, Any]:
    with contextlib.suppress(ValueError, TypeError, RecursionError):
        return {} if noted is None else dict(json.loads(noted))
    return {}


def _noted(one: Decided, mark: str, check: Check) -> dict[str, Any] | None:
    """``one`` as data; ``None`` where it is not to be kept: a judge that broke off, and what does not come back as it was."""
    if one.verdict.status is Status.CRASHED and not one.verdict.aspects:
        return None
    noted = {"mark": mark, "state": one.state.value, "verdict": asdict(one.verdict)}
    return noted if _decided(json.loads(json.dumps(noted)), mark, check) == one else None


def _decided(noted: Any, mark: str, check: Check) -> Decided | None:
    """What `_noted` wrote under just this ``mark``; ``None`` where it is something else, or no verdict on this exercise."""
    with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
        if noted["mark"] == mark:
            verdict, exercise = _verdict(noted["verdict"]), find(check.exercise)
            of_this = (verdict.exercise, verdict.points) == (exercise.id, exercise.points)
            if of_this and math.isfinite(verdict.score) and 0 <= verdict.score <= exercise.points:
                return Decided(State(noted["state"]), verdict)
    return None


def _verdict(fields: Mapping[str, Any]) -> Verdict:
    finding = fields["finding"]
    return Verdict(
        **{
            **fields,
            "status": Status(fields["status"]),
            "aspects": tuple(Aspect(**one) for one in fields["aspects"]),
            "entries": tuple(Entry(**one) for one in fields["entries"]),
            "finding": None
            if finding is None
            else Finding(**{**finding, "pictures": tuple(_picture(one) for one in finding["pictures"])}),
        }
    )


def _picture(fields: Mapping[str, Any]) -> Picture:
    return Picture(**{**fields, "rows": tuple(tuple(Cell(**one) for one in row) for row in fields["rows"])})
