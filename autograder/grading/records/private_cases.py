"""Why an answer that passes on every public case has lost points: it was graded on cases that its learner does not have."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from autograder.grading.records.basis import basis_of
from autograder.grading.records.classroom import Classroom, Settings
from autograder.grading.slots.engine import NoSandbox, run_one
from autograder.grading.submissions.prepare import Assignment, Prepared, job_of
from autograder.grading.submissions.verdicts import decide
from autograder.judging.reference import PUBLIC
from autograder.judging.verdict import Status

__all__ = ["SENTENCE", "passes_in_public"]

SENTENCE = (
    "On the public cases, those that a notebook has, this answer passes. It was graded on other cases of the same contract, with "
    "other numbers and sizes, and there something does not hold. Look for what the answer takes for granted and the contract does not say."
)
_OF_CASES = (Status.PARTLY, Status.WRONG)


def passes_in_public(
    room: Classroom, task: Assignment, ready: Prepared, marker: Mapping[str, Any], worth_running: Collection[str]
) -> frozenset[str]:
    """Of the checks that took points on a private reference, by grade_id, those whose answers pass on every public case.

    ``marker`` is what is recorded of ``ready``. What was never seen on the public cases is run in the sandbox, where that may
    concern a check that is ``worth_running``; without a sandbox nothing is run, and nothing is said.
    """
    if room.reference(task.name) == PUBLIC or ready.job is None:
        return frozenset()
    public = room.assignment(task.name, task.notebook, Settings(str(PUBLIC), room.settings(task.name).limits))
    candidates = _on_private_cases(marker, basis_of(task)["reference"], basis_of(public)["reference"])
    job = job_of(public, ready.notebook, ready.files)
    there = replace(ready, job=job)
    outcome = room.store.get(there.key) if candidates else None
    if outcome is None:
        if not candidates & set(worth_running):
            return frozenset()
        try:
            outcome = run_one(job)
        except NoSandbox:
            return frozenset()
        room.store.put(there.key, outcome)
    found = decide(public, there, outcome).exercises
    return frozenset(one for one in candidates if one in found and found[one].verdict.solved)


def _on_private_cases(
    marker: Mapping[str, Any], private: Mapping[str, str], public: Mapping[str, str]
) -> frozenset[str]:
    """The checks that took points by a reference that is ``private`` today, and not the ``public`` one."""
    recorded = (marker.get("basis") or {}).get("reference") or {}
    lost = [one for one in marker["result"]["exercises"] if one["status"] in _OF_CASES and one["points"] < one["of"]]
    return frozenset(
        one["cell"]
        for one in lost
        if recorded.get(one["exercise"]) == private.get(one["exercise"]) != public.get(one["exercise"])
    )
