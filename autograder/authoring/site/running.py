"""A learner's notebook run as far as it goes without answers, for the pictures of its page."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbconvert.preprocessors import CellExecutionError, ExecutePreprocessor
from nbformat.notebooknode import NotebookNode

from autograder.authoring.site.answers import is_answer, needing_answers

__all__ = ["SiteError", "run"]

_PATIENCE = 600  # seconds for a cell


class SiteError(RuntimeError):
    """A page could not be made; the message says which cell failed."""


def run(book: NotebookNode, folder: Path) -> frozenset[str]:
    """Run ``book`` in ``folder``, in place; returns the ids of the cells that were left out, for want of an answer.

    Stubs are run, so that their names are there, and show nothing. Raises ``SiteError`` when any other cell fails.
    """
    left_out = needing_answers(book.cells)
    sources = {cell.id: cell.source for cell in book.cells}
    for cell in book.cells:
        if cell.id in left_out:
            cell.source = ""
    try:
        with _of_nobody():
            # The state of widgets is of no use where nothing draws them, nor are a kernel's warnings where it is nobody's.
            ExecutePreprocessor(
                timeout=_PATIENCE, store_widget_state=False, extra_arguments=["--log-level=ERROR"]
            ).preprocess(book, {"metadata": {"path": str(folder)}})
    except CellExecutionError as error:
        raise SiteError(f"a cell fails that needs no answer: {error}") from None
    for cell in book.cells:
        cell.source = sources[cell.id]
        if cell.cell_type == "code" and (cell.id in left_out or is_answer(cell)):
            cell.outputs = []
    return left_out


@contextmanager
def _of_nobody() -> Iterator[None]:
    """Nobody's progress: the author's own is neither shown nor changed."""
    before = os.environ.get("ONE_CNN_PROGRESS")
    with tempfile.TemporaryDirectory() as empty:
        os.environ["ONE_CNN_PROGRESS"] = empty
        try:
            yield
        finally:
            if before is None:
                del os.environ["ONE_CNN_PROGRESS"]
            else:
                os.environ["ONE_CNN_PROGRESS"] = before
