"""How nbgrader reads what was handed in: repaired from its source, and a notice in the place of what cannot be read.

Named in ``nbgrader_config.py`` as ``Autograde.exporter_class``, so that plain ``nbgrader autograde`` sees the very
notebook that the engine ran, and no submission ends the run for the others.
"""

from __future__ import annotations

from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat.notebooknode import NotebookNode

from autograder.grading.classroom import Classroom
from autograder.grading.execute import course_directory
from autograder.grading.prepare import prepare

__all__ = ["SubmissionExporter"]


class SubmissionExporter(NotebookExporter):
    """nbconvert's exporter of notebooks, for which a submission is what `autograder.grading.prepare` makes of it."""

    def from_filename(self, filename: str, resources: Any = None, **words: Any) -> tuple[NotebookNode, dict[str, Any]]:
        """Read ``filename`` while nbgrader sanitises a submission; as ever at every other time."""
        if not getattr(self.parent, "_sanitizing", False):
            return super().from_filename(filename, resources, **words)
        named = resources["nbgrader"]
        room = Classroom.of(course_directory(self))
        task = room.assignment(named["assignment"], named["notebook"])
        ready = prepare(task, named["student"])
        if ready.note:
            self.log.warning("%s of %s is %s: %s", named["assignment"], named["student"], ready.state, ready.note)
        resources["metadata"] = {"name": named["notebook"], "path": str(task.submitted / named["student"] / task.name)}
        return self.from_notebook_node(ready.notebook, resources, **words)
