"""Sees a class before it is graded and afterwards, so that an unchanged one need not be graded again (`unchanged`)."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.grading.grade import GradeResult
from autograder.grading.records.classroom import Settings, open_classroom
from autograder.grading.records.recorded import held_of
from autograder.grading.rows import table_of
from autograder.grading.unchanged import Folders, Unchanged, keep, look
from course.chapters import find_chapter

__all__ = ["Witness"]

_SQLITE = "sqlite:///"


class Witness:
    """Looks at the class in ``root`` when it is made; `keep` then keeps what grading ``chapter`` ``how`` has said."""

    def __init__(self, root: Path, chapter: str, how: Mapping[str, Any]) -> None:
        self._how, self._before = how, ""
        self._room, _ = open_classroom(root)
        self._name = find_chapter(chapter).slug
        room, folder = self._room, str(how["reference"])
        self._folders = Folders(
            str(room.source),
            str(room.submitted),
            str(room.reference(self._name, Settings(folder))),
            str(room.autograded),
            room.db_url.removeprefix(_SQLITE),
        )
        if room.db_url.startswith(_SQLITE):  # of another database nobody can see from outside whether it is as it was
            with contextlib.suppress(OSError, ValueError):
                self._before = look(room.root, self._name, how, self._folders)

    def keep(self, result: GradeResult) -> None:
        """Keep ``result`` as the next run would say it, which runs and records nothing; a failure to keep it costs time only."""
        if not self._before or result.problems or result.dry_run:
            return
        again = replace(result, executed=0, recorded=0, changes=(), again=frozenset())

        def holds() -> bool:
            return held_of(self._room, self._name) == dict(result.held)

        said = Unchanged(table_of(again), again.as_json())
        with contextlib.suppress(OSError, ValueError):
            keep(self._room.root, self._name, self._how, self._folders, self._before, said, holds)
