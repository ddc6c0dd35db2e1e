"""A result taken in by nbgrader's own converter: where a class's settings do more than `autograder.grading.records.one_pass` knows.

What nbgrader reads is put into a folder of ours, since it copies whatever lies beside a notebook: what a link leads to, and
pipes without an end. Its step that executes is answered by the notebook that was executed.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute
from traitlets.config import Config

from autograder.converter import converter_of, reason
from autograder.grading.records.full_disk import is_said_full
from autograder.grading.records.one_pass import class_of
from autograder.grading.records.plugins import TrustedExecute, with_outputs
from autograder.grading.submissions.prepare import Prepared

__all__ = ["converter_in", "replay_of", "take"]


def converter_in(staging: Path, config: Config, assignment: str, student: str = "*") -> Autograde:
    """Nbgrader's converter for a student of ``assignment``, by a class's settings; it reads what lies in ``staging``."""
    config = Config(config)
    config.CourseDirectory.submitted_directory = str(staging)
    return converter_of(Autograde, config, assignment, student)


def take(converter: Autograde, staging: Path, assignment: str, works: Mapping[str, Prepared], executes: Any) -> str:
    """Have ``converter`` take one learner's ``works``, by the notebook: nothing where it did, else why it could not.

    ``executes`` is in the place of its step that executes. Raises ``OSError`` on a full disk: others would fail as well.
    """
    converter.autograde_preprocessors = [
        executes if class_of(step) in (Execute, TrustedExecute) else step for step in converter.autograde_preprocessors
    ]
    with _staged(staging, assignment, works):
        why = reason(converter)
    if is_said_full(why):
        raise OSError(errno.ENOSPC, why)
    return why


@contextmanager
def _staged(staging: Path, assignment: str, works: Mapping[str, Prepared]) -> Iterator[None]:
    """Put one learner's ``works``, by the notebook, into ``staging`` for a while: plain files, no links, nothing that cannot be read."""
    try:
        if staging.exists():  # of a run that was killed
            shutil.rmtree(staging)
        for notebook, ready in works.items():
            folder = staging / ready.student / assignment
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{notebook}.ipynb").write_text(nbformat.writes(ready.notebook), encoding="utf-8")
            if ready.timestamp:
                (folder / "timestamp.txt").write_text(ready.timestamp, encoding="utf-8")
            for name, content in ready.files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
        yield
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def replay_of(done: NotebookNode) -> Callable[..., tuple[NotebookNode, dict[str, Any]]]:
    """Nbgrader's step that executes, which has been done."""

    def replay(nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        return with_outputs(nb, done), resources

    return replay
