"""What a class's ``nbgrader_config.py`` names, so that nbgrader's own commands and buttons grade as the engine does.

`TrustedExecute` stands in the place of nbgrader's ``Execute``: nothing that a submission says decides its points.
`SubmissionExporter` is ``Autograde.exporter_class``: nbgrader reads what was handed in as the engine does, repaired from
its source, with a notice in the place of what cannot be read; so no submission ends the run for the others.
"""

from __future__ import annotations

import os
from functools import partial
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute
from nbgrader.utils import parse_utc

from autograder.grading.records import any_name, hand_ins, plain_files
from autograder.grading.records.classroom import Classroom, settings_of
from autograder.grading.records.extensions import apply, own_dates
from autograder.grading.slots.engine import NoSandbox, run_one
from autograder.grading.slots.store import Store
from autograder.grading.submissions.as_run import executed
from autograder.grading.submissions.prepare import Assignment, Prepared, job_of, prepare
from autograder.grading.submissions.verdicts import decide, not_run
from autograder.learner.kernel import TRUST

__all__ = ["SubmissionExporter", "TrustedExecute", "course_directory", "sources_in", "with_outputs"]

any_name.install()  # a class's settings name this module, so it is there whenever they are
plain_files.install()


class TrustedExecute(Execute):
    """Shows what the engine saw of a submission, judged by the controller; runs the engine where it has not seen it yet.

    Where there is no sandbox, there are no points: every check shows an error, and so does nbgrader's log. With
    ``AUTOGRADER_TRUST_KERNEL=1`` what the engine has not seen is run by nbgrader's own step, in the learner's kernel.
    """

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any], km: Any = None
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Give ``nb``, which nbgrader has sanitised, its outputs."""
        named = resources["nbgrader"]
        room = Classroom.of(course_directory(self))
        task = room.assignment(named["assignment"], named["notebook"])
        ready = _ready(_counting(self, room, task, named["student"]), task, nb)
        if ready.job is None:
            return with_outputs(nb, executed(ready.notebook, not_run(task, ready))), resources
        outcome = room.store.get(ready.key)
        if outcome is None and os.environ.get(TRUST) == "1":
            return super().preprocess(nb, resources, km)
        if outcome is None:
            try:
                outcome = _run(room.store, ready)
            except NoSandbox as error:
                self.log.error("%s of %s is not graded: %s", named["assignment"], named["student"], error)
                return _refused(nb, task, str(error)), resources
        return with_outputs(nb, executed(ready.notebook, decide(task, ready, outcome), outcome)), resources


class SubmissionExporter(NotebookExporter):
    """nbconvert's exporter of notebooks, for which a submission is what `autograder.grading.submissions.prepare` makes of it."""

    def from_filename(self, filename: str, resources: Any = None, **words: Any) -> tuple[NotebookNode, dict[str, Any]]:
        """Read ``filename`` while nbgrader sanitises a submission; as ever at every other time."""
        if not getattr(self.parent, "_sanitizing", False):
            return super().from_filename(filename, resources, **words)
        named = resources["nbgrader"]
        room = Classroom.of(course_directory(self))
        task = room.assignment(named["assignment"], named["notebook"])
        ready = _counting(self, room, task, named["student"])
        _note_time(room, task, ready)
        if ready.note:
            self.log.warning("%s of %s is %s: %s", named["assignment"], named["student"], ready.state, ready.note)
        resources["metadata"] = {"name": named["notebook"], "path": str(task.submitted / named["student"] / task.name)}
        return self.from_notebook_node(ready.notebook, resources, **words)


def course_directory(step: Any) -> CourseDirectory:
    """The course directory of the converter that ``step`` is a part of."""
    parent = step
    while parent is not None:
        found = getattr(parent, "coursedir", None)
        if found is not None:
            return found
        parent = parent.parent
    return CourseDirectory(config=step.config)


def _counting(step: Any, room: Classroom, task: Assignment, student: str) -> Prepared:
    """What a learner handed in, or of several hand-ins the one that counts; where one cannot be run, the latest."""
    ready = prepare(task, student)
    hand_ins.keep(room, task, ready)
    one = hand_ins.handed_in(room, task, ready)
    if len(one.tries) == 1:
        return ready
    from autograder.grading.records.record import Recorder  # it stands on this module

    ready_of = {ready.key: ready for ready in one.tries}
    for key in one.unseen():
        outcome = room.store.get(key)
        try:
            one.seen[key] = _run(room.store, ready_of[key]) if outcome is None else outcome
        except NoSandbox:
            return ready
    recorder = Recorder(room, settings_of(course_directory(step)), task, writes=False)
    return one.chosen(task, partial(hand_ins.result_of, task), recorder.points)[0]


def _note_time(room: Classroom, task: Assignment, ready: Prepared) -> None:
    """Tell the gradebook when the hand-in that counts was handed in, and its date.

    nbgrader has told it of the latest, by a reader of its own, which takes ``+03`` for seconds.
    """
    dates = own_dates(room, task.name)
    if not ready.timestamp and ready.student not in dates:
        return
    with Gradebook(room.db_url, room.course_id) as gradebook:
        if ready.timestamp:
            when = parse_utc(ready.timestamp)
            gradebook.update_or_create_submission(task.name, ready.student, timestamp=when)
        apply(gradebook, task.name, dates, [ready.student])


def _ready(ready: Prepared, task: Assignment, nb: NotebookNode) -> Prepared:
    """The submission as we prepared it; should nbgrader's steps have made another notebook of it, that one."""
    if sources_in(ready.notebook) == sources_in(nb):
        return ready
    return Prepared(ready.student, nb, job_of(task, nb, ready.files), files=ready.files, timestamp=ready.timestamp)


def _run(store: Store, ready: Prepared) -> Any:
    assert ready.job is not None
    outcome = run_one(ready.job)
    store.put(ready.key, outcome)
    return outcome


def with_outputs(nb: NotebookNode, done: NotebookNode) -> NotebookNode:
    """``nb`` with the outputs of ``done``. Raises ``ValueError`` when they are not the same cells."""
    if sources_in(nb) != sources_in(done):
        raise ValueError("these outputs belong to another notebook; grade this submission again")
    for cell, one in zip(nb.cells, done.cells, strict=True):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = one.outputs, one.execution_count
    return nb


def sources_in(nb: NotebookNode) -> list[tuple[str, str, str]]:
    """What is written in each cell of ``nb``, with its kind and its grade_id: the same for the same work."""
    return [(one.cell_type, one.source, (one.metadata.get("nbgrader") or {}).get("grade_id", "")) for one in nb.cells]


def _refused(nb: NotebookNode, task: Assignment, reason: str) -> NotebookNode:
    """``nb`` with the reason in every graded cell, as an error: that is no points."""
    says = f"no points are given here. {reason} If you trust this class's submissions, grade with {TRUST}=1."
    for cell in nb.cells:
        if cell.cell_type == "code" and (cell.metadata.get("nbgrader") or {}).get("grade"):
            lines = [f"NoSandbox: {says}"]
            cell.outputs = [NotebookNode(output_type="error", ename="NoSandbox", evalue=says, traceback=lines)]
    return nb
