"""nbgrader's step that puts scores into a feedback page, with our total: never below 0, and with its parts on top."""

from __future__ import annotations

from typing import Any

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.preprocessors import GetGrades

from autograder.grading.records.classroom import Classroom
from autograder.grading.records.plugins import course_directory
from autograder.grading.records.recorded import marker_at
from autograder.grading.records.total import as_words, read_held

__all__ = ["GetTotal"]


class GetTotal(GetGrades):
    """Stands in the place of nbgrader's ``GetGrades`` in `GenerateFeedback`, in its own commands too."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Give ``nb`` its scores, and ``resources`` the total."""
        nb, resources = super().preprocess(nb, resources)
        named = resources["nbgrader"]
        with Gradebook(named["db_url"]) as gradebook:
            if len(gradebook.find_assignment(named["assignment"]).notebooks) > 1:
                named["score"] = max(0.0, named["score"])
                return nb, resources  # a page shows one notebook of several, and no total
            held, ungraded = read_held(gradebook, named["assignment"])
        theirs = held.get(named["student"], ungraded)
        total = theirs.total
        named |= {"score": total.points, "max_score": total.of, "late_penalty": total.late}
        said = f"**{total.points:g} of {total.of:g} points**: {words}." if (words := as_words(total)) else ""
        kept = self._kept(named["assignment"], named["student"])
        if number := str(kept.get("hand_in", "")):
            said = f"{said} Of what you handed in the best counts: this is hand-in {number}.".lstrip()
        if unread := theirs.unread(str(kept.get("status", ""))):
            said = f"{said} Nobody has read {' and '.join(unread)} yet: so far it counts nothing.".lstrip()
        if said:
            nb.cells.insert(0, new_markdown_cell(said, id="total"))
        return nb, resources

    def _kept(self, assignment: str, student: str) -> dict[str, Any]:
        """What was kept of the result: its status and, where one was chosen among several, which hand-in it is, "1 of 2"."""
        room = Classroom.of(course_directory(self))
        return dict((marker_at(room.record(assignment, student)) or {}).get("result") or {})
