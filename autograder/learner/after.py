"""What comes after a panel, folded: the failing case to take in hand, the cell to put back, the model answer, the next exercise."""

from __future__ import annotations

from html import escape

from autograder.judging.verdict import Status, Verdict
from autograder.learner import desk, kernel, models
from autograder.learner.contents import Place, place_of
from autograder.learner.failing import is_one_callable
from autograder.learner.links import address, link
from autograder.learner.record import tried_all
from autograder.observing.exercise import Exercise, catalogue
from course.chapters import Chapter

__all__ = ["html", "text"]

_FAILS = (Status.PARTLY, Status.WRONG, Status.CRASHED, Status.INTERRUPTED)
_CODE = "font-family:var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace);font-size:13px"
_FRAME = "max-width:760px;margin:4px 0 0;padding:0 18px;font:14px/1.5 system-ui,sans-serif;color:var(--jp-ui-font-color1,#1b1f24)"


def html(verdict: Verdict) -> str:
    """The folded line below a panel; nothing while a class is graded or a notebook validated."""
    task = catalogue().get(verdict.exercise)
    if task is None or kernel.grading() or kernel.validating():
        return ""
    items = []
    if _has_cases(task, verdict):
        items.append(
            f"Take a failing case in hand, in a cell of your own (with a <code>print</code>, or a debugger):{_pre(_in_hand(task))}"
        )
    if _was_run(verdict):
        call = f'from autograder import reset; reset("{task.id}")'
        items.append(
            f"Put the untouched cell back: this as the last line of your cell, and run it.{_pre(call)}Your answer is kept; "
            f"<code>{escape(_back(task))}</code> in its place brings it back."
        )
    items += [_model_html(task, verdict), f"Next: {_next_html(task)}."]
    listed = "".join(f'<li style="margin:6px 0">{one}</li>' for one in items)
    return (
        f'<details style="{_FRAME}"><summary style="cursor:pointer">{_title(task, verdict)}</summary>'
        f'<ul style="margin:4px 0;padding-left:20px">{listed}</ul></details>'
    )


def text(verdict: Verdict) -> str:
    """The same in lines, for a terminal."""
    task = catalogue().get(verdict.exercise)
    if task is None or kernel.grading():
        return ""
    lines = []
    if _has_cases(task, verdict):
        lines.append(f"  The failing case in hand: {'; '.join(_in_hand(task).splitlines())}")
    if _was_run(verdict):
        lines.append(f'  The untouched cell: from autograder import reset; reset("{task.id}")')
    if verdict.solved:
        lines.append(f'  The model answer: from autograder import solution; solution("{task.id}")')
    name, there = _next(task)
    if name:
        where = f" in {address(there[0]) or there[0].label}" if there else ""
        lines.append(f"  Then: {name}{where}")
    return "\n".join(lines)


def _title(task: Exercise, verdict: Verdict) -> str:
    if verdict.solved:
        return "The model answer, and the next exercise"
    if not _was_run(verdict):
        return "Go on"
    first = "A failing case in hand, the" if _has_cases(task, verdict) else "The"
    return f"{first} untouched cell, the next exercise"


def _was_run(verdict: Verdict) -> bool:
    """Whether there was an answer to try: none where the cell is untouched, or failed before it came to the definition."""
    never_came = verdict.status is Status.CRASHED and not verdict.aspects
    return verdict.status is not Status.NOT_ATTEMPTED and not never_came


def _has_cases(task: Exercise, verdict: Verdict) -> bool:
    return verdict.status in _FAILS and _was_run(verdict) and is_one_callable(task)


def _in_hand(task: Exercise) -> str:
    name = task.contract.removeprefix("class ").partition("(")[0].strip()
    return f'case = check("{task.id}", {name}).failing[0]\n{name}(**case.inputs)'


def _back(task: Exercise) -> str:
    return f'from autograder import reset; reset("{task.id}", back=True)'


def _pre(code: str) -> str:
    return f'<pre style="{_CODE};margin:4px 0;white-space:pre-wrap">{escape(code)}</pre>'


def _model_html(task: Exercise, verdict: Verdict) -> str:
    if not models.are_here():
        return "There are no model answers on this machine."
    if not verdict.solved:
        return "The model answer is shown here once this is solved."
    return f"<details><summary>The model answer, beside yours</summary>{desk.solution(task.id)._repr_html_()}</details>"


def _next(task: Exercise) -> tuple[str, tuple[Chapter, Place] | None]:
    """The exercise after ``task`` that is not solved yet, else the first one that is not; ``""`` when all are."""
    solved = {name for name, one in tried_all().items() if one.solved}
    order = list(catalogue())
    at = order.index(task.id)
    for name in (*order[at + 1 :], *order[:at]):
        if name not in solved:
            return name, place_of(name)
    return "", None


def _next_html(task: Exercise) -> str:
    name, there = _next(task)
    if not name:
        return "all exercises are solved"
    if there is None:
        return f"<code>{escape(name)}</code>"
    chapter, place = there
    return f"{link(place.title, chapter, place.heading)}, in {escape(chapter.label)}"
