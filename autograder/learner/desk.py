"""`reset` and `solution`: the untouched cell put back, and the model answer once an exercise is solved.

In a notebook the text comes into a cell by IPython's own ``set_next_input``, which JupyterLab, VS Code and the consoles know; it is
shown as well, for every other place. What stands in a cell is kept before it is replaced.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from html import escape

from autograder.learner import answers, kernel, models
from autograder.learner.contents import place_of
from autograder.learner.ideas import differences
from autograder.learner.names import bound_by
from autograder.learner.record import folder, tried
from autograder.observing.exercise import find

__all__ = ["Beside", "Cell", "reset", "solution"]

_CODE = (
    "font-family:var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace);font-size:13px;white-space:pre-wrap;"
    "border:1px solid var(--jp-border-color1,#d0d7de);border-radius:6px;padding:8px 12px;margin:6px 0"
)


@dataclass(frozen=True)
class Cell:
    """A cell's text to go on with, and what was done with it. It shows itself in a notebook and in a terminal."""

    source: str
    says: str

    def __repr__(self) -> str:
        return f"{self.says}\n\n{self.source}" if self.source else self.says

    def _repr_html_(self) -> str:
        shown = f'<pre style="{_CODE}">{escape(self.source)}</pre>' if self.source else ""
        return f"<div>{escape(self.says)}</div>{shown}"


@dataclass(frozen=True)
class Beside:
    """The model answer and the learner's own, where it is known; or why there is nothing to show."""

    says: str
    model: str = ""
    own: str = ""

    def __repr__(self) -> str:
        parts = [self.says]
        parts += ["The model answer:", self.model] if self.model else []
        parts += ["Yours:", self.own] if self.own else []
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        both = [(title, text) for title, text in (("The model answer", self.model), ("Yours", self.own)) if text]
        columns = "".join(
            f'<div style="flex:1 1 320px;min-width:0"><b>{title}</b><pre style="{_CODE}">{escape(text)}</pre></div>'
            for title, text in both
        )
        return f'<div>{escape(self.says)}</div><div style="display:flex;gap:4px 18px;flex-wrap:wrap">{columns}</div>'


def reset(exercise: str, back: bool | int = False) -> Cell:
    """Put back the untouched cell of ``exercise``; with ``back`` the answer that was kept, with ``back=2`` the one before it.

    As the last line of the exercise's own cell it replaces what stands in there; anywhere else the text comes into a new
    cell, or is shown to be copied. The answer that was run last is kept first; where it cannot be, nothing is replaced.
    Raises ``ValueError`` for an exercise that does not exist.

    >>> print(reset("relu").source)
    def relu(x):
        \"\"\"``x``: any shape. Returns the same shape, negative numbers replaced by 0.\"\"\"
        # YOUR CODE HERE
        raise NotImplementedError()
    """
    task = find(exercise)
    there = place_of(task.id)
    if there is None:
        return Cell("", f"Of {task.id} no untouched cell is known here. It stands in the notebook that was handed out.")
    stub = there[1].stub
    names = bound_by(stub)
    here = answers.running(names)
    own = answers.without_calls(here) if here is not None else answers.last_run(names)
    before = [one for one in answers.kept(folder(), task.id) if one.strip() != (own or "").strip()]
    if back:
        if not isinstance(back, int) or not 0 < back <= len(before):
            many = f"{len(before)} answer{'s' if len(before) != 1 else ''}"
            return Cell("", f"No answer to {task.id} that could be put back: {many} besides the one that was run last.")
        wanted, what = before[-back], "Your answer"
    else:
        wanted, what = stub, "The untouched cell"
    said = ""
    if own is not None and own.strip() not in (stub.strip(), wanted.strip()):
        if not answers.keep(folder(), task.id, own):
            return Cell(wanted, f"Nothing was replaced: your answer could not be kept in {folder()}. {what}, to copy:")
        said = f' The answer that was there is kept: reset("{task.id}", back=True) brings it back.'
    return Cell(wanted, f"{what} {_put(wanted, replace=here is not None)}{said}")


def _put(text: str, replace: bool) -> str:
    """Have ``text`` stand in a cell, and say where."""
    shell = kernel.shell()
    if shell is None or not hasattr(shell, "set_next_input"):
        return "is shown below, to copy."
    with contextlib.suppress(Exception):  # a front end's own idea of it
        shell.set_next_input(text, replace=replace)
        if not hasattr(shell, "kernel"):
            return "stands at the next prompt."
        if replace:
            return "is put into this cell; where your editor does not do that, copy it from here."
        return "stands in a new cell below, or here to copy. The cell that is graded is the one above the check: put it in there."
    return "is shown below, to copy."


def solution(exercise: str) -> Beside:
    """The model answer to ``exercise``, beside the learner's own, once it was solved on this machine.

    Before that, and where no model answers lie on this machine, it says so. Raises ``ValueError`` for an exercise that
    does not exist.

    >>> solution("linaer")
    Traceback (most recent call last):
    autograder.observing.exercise.NoSuchExercise: there is no exercise 'linaer'; did you mean linear, my_linear?
    """
    task = find(exercise)
    known = tried(task.id)
    if kernel.grading():
        return Beside("No model answers while a notebook is graded.")
    if not models.are_here():
        return Beside("There are no model answers on this machine. Whoever teaches the class has them.")
    if known is None or not known.solved:
        return Beside(
            f"The model answer to {task.id} is shown once you have solved it. Until then: the hints above it."
        )
    there = place_of(task.id)
    model = models.model_answer(there[0].slug, task.id) if there is not None else None
    if there is None or model is None:
        return Beside(f"There is no model answer to {task.id} on this machine.")
    kept = answers.kept(folder(), task.id)
    own = answers.last_run(bound_by(there[1].stub)) or (kept[-1] if kept else "")
    if not own or own.strip() == there[1].stub.strip():
        return Beside(f"One way to write {task.id}. Yours is not known here, so the two are not compared.", model)
    return Beside(f"One way to write {task.id}, beside yours. {differences(own, model)}", model, own)
