"""The model solution of an exercise as its lesson has it, and as much of the lesson as it needs to run."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator
from pathlib import Path, PurePath

import course
from autograder.authoring.lessons.lesson import Cell, read
from autograder.authoring.mutants.trial import Model
from autograder.observing.exercise import Exercise
from course.chapters import CHAPTERS

__all__ = ["model_of"]


def model_of(exercise: Exercise) -> Model:
    """The model solution of ``exercise``. Raises ``ValueError`` where its lesson has none.

    >>> from autograder.observing.exercise import find
    >>> model = model_of(find("conv2d"))
    >>> model.answer, [line for line in model.before.splitlines() if line.startswith(("def", "import"))]
    ('conv2d', ['import torch', 'def pad2d(x, padding, value=0.0):', 'def windows(x, kernel_size, stride=1):'])
    """
    slug = next(chapter.slug for chapter in CHAPTERS if chapter.topic == exercise.topic)
    path = Path(course.__file__).parent / "lessons" / f"{slug}.py"
    cells = [cell for cell in read(path, PurePath(path.name)).cells if cell.kind == "code"]
    for place, cell in enumerate(cells):
        if cell.exercise == exercise.id:
            check = next((one for one in cells[place:] if one.check == exercise.id), None)
            if check is not None:
                return Model(exercise.id, _needed(cells[:place], cell), cell.source, _answer(check))
    raise ValueError(f"{path.name} has no model solution of {exercise.id} with a check below it")


def _answer(check: Cell) -> str:
    call = ast.parse(check.source, mode="eval").body
    assert isinstance(call, ast.Call), "the build has seen to it"
    return ast.unparse(call.args[1])


def _needed(above: list[Cell], cell: Cell) -> str:
    """The statements of the cells ``above`` that bind what ``cell`` reads, and what these read in their turn."""
    wanted, kept = set(_reads(cell.source)), []
    for one in reversed(above):
        for statement in reversed(_statements(one.source)):
            source = ast.unparse(statement)
            if _binds(source) & wanted:
                kept.append(source)
                wanted |= set(_reads(source))
    return "\n".join(reversed(kept))


def _statements(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except SyntaxError:  # a magic: nothing that a solution needs
        return []


def _binds(source: str) -> set[str]:
    symbols = symtable.symtable(source, "lesson", "exec").get_symbols()
    return {one.get_name() for one in symbols if one.is_assigned() or one.is_imported() or one.is_namespace()}


def _reads(source: str) -> Iterator[str]:
    """The names that ``source`` reads of the notebook's own, in its functions as well."""
    waiting = [symtable.symtable(source, "lesson", "exec")]
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        inner = table.get_type() != "module"
        yield from (
            one.get_name() for one in table.get_symbols() if (one.is_global() if inner else one.is_referenced())
        )
