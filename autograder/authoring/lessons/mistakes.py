"""What an author has to change in a lesson before it can be built: every mistake at once, each with its line."""

from __future__ import annotations

import ast
import re
import symtable
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from nbformat.v4 import new_code_cell
from nbgrader.preprocessors import ClearSolutions

from autograder.authoring.lessons.folds import unfolded
from autograder.authoring.lessons.lesson import UNREADABLE, Cell, Lesson, Mistake
from autograder.authoring.lessons.stubs import RunnableStubs
from autograder.observing.exercise import catalogue, exercises_of, find

__all__ = ["mistakes"]

_OUR_WORDS = ("exercise", "check", "points")
_KINDS = ("markdown", "raw")
_NEARLY = re.compile(r"\s*#\s*%+\s*(\[|markdown\b|exercise\s*=|check\s*=|points\s*=)")
_JUPYTERS_WORDS = ("tags", "jupyter", "slideshow", "editable", "deletable")
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,57}")  # with "check_" before it, what Jupyter takes as a cell's id
_BEGIN, _END = (getattr(ClearSolutions, f"{which}_solution_delimeter").default_value for which in ("begin", "end"))


def mistakes(lesson: Lesson, topic: str | None) -> list[Mistake]:
    """All that is wrong with ``lesson``, which teaches the exercises of ``topic``, or none at all when it is None."""
    found = [mistake for cell in lesson.cells for mistake in _in_cell(cell, topic)]
    return found + list(_between_cells(lesson, topic))


def _in_cell(cell: Cell, topic: str | None) -> Iterator[Mistake]:
    yield from _in_words(cell)
    yield from _nearly_markers(cell)
    yield from unfolded(cell)
    regions = _regions(cell)
    yield from regions.mistakes
    if cell.exercise is not None:
        yield from _in_exercise(cell, topic)
        if cell.kind == "code" and not regions.mistakes:
            yield from _in_answer(cell, regions.begins)
    elif regions.begins:
        yield Mistake(
            regions.begins[0],
            "a solution region in a cell that is no exercise; learners would read it. "
            'Name the exercise on the cell\'s marker: # %% exercise="id"',
        )
    if cell.check is not None and cell.exercise is None:
        yield from _in_check(cell)


def _in_words(cell: Cell) -> Iterator[Mistake]:
    if UNREADABLE in cell.words:
        yield Mistake(cell.line, _unreadable(str(cell.words[UNREADABLE])))
    for word in cell.words:
        if word not in (*_OUR_WORDS, *_JUPYTERS_WORDS, UNREADABLE):
            known = ", ".join(_OUR_WORDS + _JUPYTERS_WORDS)
            yield Mistake(cell.line, f"a cell's marker knows no {word!r}; it knows {known}")
    if cell.exercise is not None and cell.check is not None:
        yield Mistake(cell.line, "a cell is an exercise or a check, not both; put the check into the next cell")
    if "points" in cell.words and (cell.exercise is None or cell.exercise in catalogue()):
        yield Mistake(cell.line, "points= is for a written answer only; an exercise brings its points along")


def _unreadable(said: str) -> str:
    word, sign, _ = said.partition("=")
    kind = get_close_matches(word.strip("[] ").casefold(), _KINDS, n=1, cutoff=0.7)
    instead = f"# %% [{kind[0]}]" if kind and not sign else '# %% exercise="id"'
    return f"cannot read {said!r} on the cell's marker; write {instead}"


def _nearly_markers(cell: Cell) -> Iterator[Mistake]:
    """Comments that look like a marker and begin no cell: what stands below them would be one with the cell above."""
    for number, line in enumerate(cell.text, cell.line + 1):
        if _NEARLY.match(line):
            yield Mistake(
                number, f"{line.strip()!r} looks like a cell's marker and is none; write # %%, a space, and the rest"
            )


@dataclass(frozen=True)
class _Regions:
    begins: tuple[int, ...]
    mistakes: tuple[Mistake, ...]


def _regions(cell: Cell) -> _Regions:
    """The lines on which solution regions begin. nbgrader looks for the words anywhere in a line, and so do we."""
    begins: list[int] = []
    found: list[Mistake] = []
    is_open = False
    for number, line in enumerate(cell.text, cell.line + 1):
        if _BEGIN in line:
            if is_open:
                found.append(Mistake(number, f"### {_BEGIN} inside the solution region of line {begins[-1]}"))
            begins.append(number)
            is_open = True
        elif _END in line:
            if not is_open:
                found.append(Mistake(number, f"### {_END} without a ### {_BEGIN} above it in the same cell"))
            is_open = False
    if is_open:
        found.append(Mistake(begins[-1], f"the solution region is not closed; ### {_END} is missing in this cell"))
    return _Regions(tuple(begins), tuple(found))


def _in_exercise(cell: Cell, topic: str | None) -> Iterator[Mistake]:
    name = str(cell.exercise)
    if topic is None:
        yield Mistake(cell.line, f"exercise {name!r} in a lesson that is no assignment: nobody would grade it")
    elif name in catalogue():
        if catalogue()[name].topic != topic:
            theirs = catalogue()[name].topic
            yield Mistake(cell.line, f"exercise {name!r} belongs to the chapter on {theirs}, not to this one ({topic})")
    elif cell.kind == "code":
        yield Mistake(cell.line, _unknown(name))
    else:
        points = cell.words.get("points")
        if not isinstance(points, int) or isinstance(points, bool) or points < 1:
            yield Mistake(
                cell.line, f"the written answer {name!r} needs its points, a whole number from 1 on: points=4"
            )
        if not _ID.fullmatch(name):
            yield Mistake(cell.line, f"{name!r} cannot name an exercise: letters, digits and _, at most 58 of them")


def _unknown(name: str) -> str:
    try:
        find(name)
    except ValueError as error:
        return str(error)
    return ""


def _in_answer(cell: Cell, begins: tuple[int, ...]) -> Iterator[Mistake]:
    """What is wrong with the code of the learner's cell, with the solution and without it."""
    if not begins:
        yield Mistake(
            cell.line, f"exercise {cell.exercise!r} has no solution region: ### {_BEGIN} … ### {_END} around the answer"
        )
        return
    try:
        ast.parse("\n".join(cell.text))
    except SyntaxError as error:
        yield Mistake(cell.line + (error.lineno or 1), f"the solution is not Python: {error.msg}")
        return
    stub = new_code_cell("\n".join(cell.text), metadata={"nbgrader": {"solution": True}})
    try:
        ast.parse(RunnableStubs().preprocess_cell(stub, {"language": "python"}, 0)[0].source)
    except SyntaxError as error:
        yield Mistake(
            begins[0],
            f"without the solution the cell is not Python: {error.msg}. "
            "Indent the region like what it replaces, and leave something of its block, such as a docstring, above it",
        )


def _in_check(cell: Cell) -> Iterator[Mistake]:
    if cell.kind != "code":
        yield Mistake(cell.line, "a check is a code cell; a written answer is graded by hand and has none")
        return
    try:
        tree = ast.parse("\n".join(cell.text))
    except SyntaxError as error:
        yield Mistake(cell.line + (error.lineno or 1), f"the check is not Python: {error.msg}")
        return
    if _checked_names(tree, str(cell.check)) is None:
        yield Mistake(cell.line, f'the cell of this check is to be one call and nothing else: check("{cell.check}", …)')


def _checked_names(tree: ast.Module, name: str) -> list[str] | None:
    """The names in ``check("name", one)`` or ``check("name", (one, two))``; None where ``tree`` is something else."""
    match tree.body:
        case [ast.Expr(ast.Call(ast.Name("check"), [ast.Constant(value), *answers], []))] if value == name and answers:
            parts = [part for one in answers for part in (one.elts if isinstance(one, ast.Tuple) else [one])]
            if all(isinstance(part, ast.Name) for part in parts):
                return [part.id for part in parts if isinstance(part, ast.Name)]
    return None


def _between_cells(lesson: Lesson, topic: str | None) -> Iterator[Mistake]:
    answers: dict[str, Cell] = {}
    checks: dict[str, Cell] = {}
    for cell in lesson.cells:
        for name, seen, what in ((cell.exercise, answers, "exercise"), (cell.check, checks, "check")):
            if name in seen:
                yield Mistake(cell.line, f"{what} {name!r} is there twice; the first is on line {seen[name].line}")
            elif name is not None:
                seen[name] = cell
    for name, cell in checks.items():
        if name not in answers:
            yield Mistake(cell.line, f'check {name!r} has no exercise; a cell above it needs # %% exercise="{name}"')
        elif answers[name].kind != "code":
            yield Mistake(cell.line, f"{name!r} is a written answer, graded by hand: it has no check")
        elif cell.line < answers[name].line:
            yield Mistake(cell.line, f"the check of {name!r} stands above its exercise on line {answers[name].line}")
        else:
            yield from _unbound(cell, answers[name])
    for name, cell in answers.items():
        if cell.kind == "code" and name not in checks:
            yield Mistake(cell.line, f'exercise {name!r} has no check; a cell below it needs # %% check="{name}"')
        if cell.kind == "raw":
            yield Mistake(cell.line, f"exercise {name!r} is a raw cell; answers are code or markdown")
    if topic is not None:
        for one in exercises_of(topic):
            if one.id not in answers:
                yield Mistake(1, f"this lesson does not use exercise {one.id!r} of its chapter ({topic})")


def _unbound(check: Cell, answer: Cell) -> Iterator[Mistake]:
    """A checked name that the learner's cell does not define, so that the learner's answer would never be looked at."""
    try:
        names = _checked_names(ast.parse("\n".join(check.text)), str(check.check)) or []
        table = symtable.symtable("\n".join(answer.text), "lesson", "exec")
    except SyntaxError:
        return  # told where the cell itself is looked at
    bound = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    for name in names:
        if name not in bound:
            yield Mistake(check.line, f"{name!r} is checked, but its exercise on line {answer.line} does not define it")
