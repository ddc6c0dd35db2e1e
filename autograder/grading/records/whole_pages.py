"""nbgrader's feedback pages, each learner's put in their place when they are whole.

nbgrader takes a learner's page away before it makes the new one: where it is stopped, or cannot go on, there is none until the
next run. Here pages are made aside, and a page that is there is replaced in one step.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader.converters import GenerateFeedback

__all__ = ["WholePages", "aside"]

_ASIDE = ".unfinished"  # in the folder of pages, and so on its disk


class WholePages(GenerateFeedback):
    """`GenerateFeedback`, whose pages of one learner come to their place together."""

    def _format_dest(self, assignment_id: str, student_id: str, escape: bool = False) -> Any:
        return self.coursedir.format_path(self._aside, student_id, assignment_id, escape=escape)

    @property
    def _aside(self) -> str:
        return os.path.join(self._output_directory, _ASIDE)

    def set_permissions(self, assignment_id: str, student_id: str) -> None:
        """Do what nbgrader does last for a learner, and put what is made to its place."""
        super().set_permissions(assignment_id, student_id)
        made = Path(self._format_dest(assignment_id, student_id))
        place = Path(self.coursedir.format_path(self._output_directory, student_id, assignment_id))
        files = {path.relative_to(made) for path in made.rglob("*") if path.is_file()}
        for path in [path for path in place.rglob("*") if path.is_symlink() or not path.is_dir()]:
            if path.relative_to(place) not in files:
                path.unlink()  # of what was handed in before
        for name in files:
            if (place / name).is_dir():
                shutil.rmtree(place / name)
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(made / name, place / name)


@contextmanager
def aside(pages: Path) -> Iterator[None]:
    """The folder beside the ``pages`` in which they are made; empty at first, and gone afterwards.

    Raises ``OSError`` where nothing can be written there.
    """
    folder = pages / _ASIDE
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
    folder.mkdir(parents=True)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
