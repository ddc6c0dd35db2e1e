"""nbgrader's own `autograde` takes of a learner's folder what the engine takes: plain files, and a time that is one.

nbgrader copies what a link leads to into graded work and feedback, a gradebook or a model answer, waits for what comes out of a
pipe, and ends on a time that it cannot read. None of its settings reaches that, so the two methods are wrapped.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path

from nbgrader.converters import Autograde, base
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import parse_utc

from autograder.grading.submissions.prepare import when_handed_in

__all__ = ["install"]


def install() -> None:
    """Wrap nbgrader's methods, once."""
    own, read = Autograde.init_assignment, CourseDirectory.get_existing_timestamp
    if hasattr(own, "__wrapped__"):
        return

    @wraps(own)
    def init_assignment(self: Autograde, assignment_id: str, student_id: str) -> None:
        with _plain_files():
            own(self, assignment_id, student_id)

    @wraps(read)
    def get_existing_timestamp(self: CourseDirectory, dest_path: str) -> datetime | None:
        when, _ = when_handed_in(Path(dest_path))
        return parse_utc(when) if when else None

    Autograde.init_assignment = init_assignment
    CourseDirectory.get_existing_timestamp = get_existing_timestamp


@contextmanager
def _plain_files() -> Iterator[None]:
    """While nbgrader looks for what lies beside a learner's notebooks: it finds no link, and nothing behind one."""
    find = base.find_all_files

    def plain(path: str, exclude: list[str] | None = None) -> list[str]:
        home = Path(path)
        if home.is_symlink() or home.parent.is_symlink():
            return []
        return [one for one in find(path, exclude) if stat.S_ISREG(os.lstat(one).st_mode)]

    base.find_all_files = plain
    try:
        yield
    finally:
        base.find_all_files = find
