"""nbgrader's own `autograde` where the notebook is not there under its name: it goes on, and what we make of it is recorded.

nbgrader lists the notebooks that lie in a learner's folder, and ends in an error where there is none, or in a traceback
where there are others. None of its settings reaches that list, so the method that makes it is wrapped. Where a folder has no
notebook of the assignment's name, that name is put into the list: what is behind it, another name or a reason why it is
missing, the exporter knows (`autograder.grading.records.plugins.SubmissionExporter`), which opens no file by its name.
"""

from __future__ import annotations

import glob
import os
from functools import wraps
from pathlib import Path

from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException

from autograder.grading.records.classroom import Classroom
from autograder.grading.records.points import agree_on_points
from autograder.grading.submissions.prepare import prepare

__all__ = ["install"]


def install() -> None:
    """Wrap nbgrader's method, once."""
    own = Autograde.init_notebooks
    if hasattr(own, "__wrapped__"):
        return

    @wraps(own)
    def init_notebooks(self: Autograde) -> None:
        try:
            ours = _is_ours(self)
            if ours:
                agree_on_points(Classroom.of(self.coursedir).assignment(self.coursedir.assignment_id))
        except ValueError as error:
            raise _refused(self, str(error)) from None
        if not ours:
            return own(self)
        more, missing = _unnamed(self)
        if not more and not missing:
            return own(self)
        self.assignments, self.notebooks = {}, []
        if _lists_any(self):
            own(self)
        self.assignments |= {folder: [path] for folder, path in more.items()}
        if not self.assignments:
            raise _refused(self, "; ".join(missing))
        for words in missing:
            self.log.warning(words)
        return None

    Autograde.init_notebooks = init_notebooks


def _refused(converter: Autograde, words: str) -> NbGraderException:
    """What nbgrader's commands end on without a traceback, having logged why."""
    converter.log.error(words)
    return NbGraderException(words)


def _is_ours(converter: Autograde) -> bool:
    """Whether the assignment is one notebook of its own name, and that one is wanted."""
    name = converter.coursedir.assignment_id
    source = Classroom.of(converter.coursedir).source / name / f"{name}.ipynb"
    return source.is_file() and converter.coursedir.notebook_id in ("*", name)


def _lists_any(converter: Autograde) -> bool:
    """Whether nbgrader's own method would find a notebook, and so end well."""
    directory = converter.coursedir
    folders = glob.glob(converter._format_source(directory.assignment_id, directory.student_id))
    wanted = f"{directory.notebook_id}.ipynb"
    return any(glob.glob(os.path.join(glob.escape(folder), wanted)) for folder in folders)


def _unnamed(converter: Autograde) -> tuple[dict[str, str], list[str]]:
    """Learners' folders of the assignment without a notebook of its name, each with the path that stands for it.

    Of those who handed in nothing, what is said of them.
    """
    directory = converter.coursedir
    name, task = directory.assignment_id, Classroom.of(directory).assignment(directory.assignment_id)
    found, missing = {}, []
    for home in map(Path, sorted(glob.glob(converter._format_source("", directory.student_id).rstrip(os.sep)))):
        folder = home / name
        path = folder / f"{name}.ipynb"
        if not home.is_dir() or os.path.lexists(path):
            continue
        if not folder.is_dir():  # it may lie in a folder of another name
            ready = prepare(task, home.name)
            if ready.nothing_handed_in:
                missing.append(f"{name} of {home.name} is {ready.state}: {ready.note}")
                continue
        found[str(folder)] = str(path)
    return found, missing
