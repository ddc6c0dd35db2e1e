"""What a feedback page says beside the graded result: why points were lost, the last try at home, the model answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.preprocessors import ClearSolutions, NbGraderPreprocessor
from traitlets import Enum

from autograder.grading.records.classroom import Classroom
from autograder.grading.records.extensions import own_dates, whose_due
from autograder.grading.records.last_try import Outputs, as_text, claimed, saved_outputs
from autograder.grading.records.model_answers import AFTER_DUE, ALWAYS, NEVER, are_shown, model_answer
from autograder.grading.records.plugins import course_directory, sources_in
from autograder.grading.records.private_cases import SENTENCE, passes_in_public
from autograder.grading.records.recorded import marker_at
from autograder.grading.records.total import read_held
from autograder.grading.submissions.locate import Missing, locate
from autograder.grading.submissions.prepare import Assignment, Prepared, prepare
from autograder.grading.submissions.read import Unreadable, bytes_of
from autograder.grading.submissions.repair import Source, source_of

__all__ = ["FeedbackNotes"]

_TRY = "Your last try, as it was saved in your notebook; your answer may have changed since"


class FeedbackNotes(NbGraderPreprocessor):
    """The first step of `GenerateFeedback`: puts cells of text below the graded ones."""

    model_answers = Enum(
        (NEVER, AFTER_DUE, ALWAYS),
        NEVER,
        help="Whether feedback pages show the model answers; 'after_due' means once a learner's own due date has passed.",
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Give ``nb``, an autograded notebook, its notes."""
        named = resources["nbgrader"]
        room = Classroom.of(course_directory(self))
        notes = _of_the_work(room, named, nb)
        source, missing = self._source(room, named)
        cells = [new_markdown_cell(missing, id="no-model-answers")] if missing else []
        for cell in nb.cells:
            cells.append(cell)
            marks = cell.metadata.get("nbgrader") or {}
            if not marks.get("grade"):
                continue
            name = str(marks["grade_id"])
            said = [*notes.get(name, []), *(self._answer(source, name) if source is not None else [])]
            if said:
                cells.append(new_markdown_cell("\n\n".join(said), id=f"notes-{len(cells)}"))
        nb.cells = cells
        return nb, resources

    def _source(self, room: Classroom, named: Mapping[str, str]) -> tuple[Source | None, str]:
        """Where model answers come from if they are shown, and what is said where that is not there."""
        if self.model_answers == NEVER:
            return None, ""
        with Gradebook(room.db_url, room.course_id) as gradebook:
            held, ungraded = read_held(gradebook, named["assignment"], named["student"])
        own = own_dates(room, named["assignment"]).get(named["student"])
        if not are_shown(self.model_answers, whose_due(held.get(named["student"], ungraded).due, ungraded.due, own)):
            return None, ""
        path = room.source / named["assignment"] / f"{named['notebook']}.ipynb"
        try:
            return source_of(nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)), ""
        except FileNotFoundError:
            return None, "The model answers are not shown: they are not on the machine where this page was made."

    def _answer(self, source: Source, name: str) -> list[str]:
        cleared = ClearSolutions(parent=self)
        text, kind = model_answer(source, name, (cleared.begin_solution_delimeter, cleared.end_solution_delimeter))
        title = f"Model answer of {name.removeprefix('check_')}"
        if not text:
            return [f"{title}: there is none."]
        return [_folded(title, _fenced(text, "python") if kind == "code" else text)]


def _of_the_work(room: Classroom, named: Mapping[str, str], nb: NotebookNode) -> dict[str, list[str]]:
    """What can be said of what lies in the learner's folder, by grade_id; nothing where that is not what was graded."""
    try:
        task = room.assignment(named["assignment"], named["notebook"])
    except (OSError, ValueError):
        return {}  # the sources are elsewhere, or it is an assignment of another kind
    if not task.source.checks:
        return {}
    ready = prepare(task, named["student"])
    if ready.job is None or sources_in(ready.notebook) != sources_in(nb):
        return {}
    saved = _saved(task, named["student"])
    full = [name for name, of in task.source.points.items() if claimed(saved.get(name, ())) == of]
    passing = _passing(room, task, ready, full)
    notes = {}
    for name in task.source.checks:
        text = as_text(saved.get(name, ()))
        told = [SENTENCE] if name in passing else []
        notes[name] = told + ([_folded(_TRY, _fenced(text, "text"))] if text else [])
    return notes


def _passing(room: Classroom, task: Assignment, ready: Prepared, full: list[str]) -> frozenset[str]:
    marker = marker_at(room.record(task.name, ready.student))
    return passes_in_public(room, task, ready, marker, full) if marker is not None else frozenset()


def _saved(task: Assignment, student: str) -> dict[str, Outputs]:
    home = task.submitted / student
    try:
        path = locate(home, task.name, task.notebook, task.source, task.others).path
        return saved_outputs(bytes_of(path, home.parent))
    except (Missing, Unreadable, OSError):
        return {}


def _folded(title: str, inside: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{inside}\n\n</details>"


def _fenced(text: str, language: str) -> str:
    """``text`` as Markdown shows it word for word, whatever stands in it.

    >>> print(_fenced("a ``` b", "text"))
    ````text
    a ``` b
    ````
    """
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
