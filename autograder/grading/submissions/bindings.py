"""What the names of a notebook stand for: the definitions, values and imports that its cells bind them to.

It reads a stranger's text: of any text there is an answer, in time and memory that grow with its length.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping, Sequence

from autograder.grading.submissions.magics import without_magics, without_prompts
from autograder.grading.submissions.torch_names import public_names

__all__ = ["Bindings", "Bound", "bindings_in", "bindings_of_cell", "reached"]

Bound = ast.AST | str  # what a name stands for: a definition in the notebook, or the dotted name of something imported
Bindings = Mapping[str, Sequence[Bound]]

_LETTERS = 1 << 18  # of sources whose bindings are kept: a syntax tree takes up to 900 times as much


class _Recent:
    """The bindings of the cells that were read last: a class's notebooks have most of their cells in common."""

    def __init__(self) -> None:
        self._kept: dict[str, Bindings] = {}
        self._left = _LETTERS

    def of(self, source: str) -> Bindings:
        if source not in self._kept:
            self._left -= len(source)
        found = self._kept.pop(source, None)
        if found is None:
            found = _read(source)
        self._kept[source] = found
        while self._left < 0:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
            self._left += len(oldest)
        return found


_recent = _Recent()


def bindings_of_cell(source: str) -> Bindings:
    """What each name is bound to below a cell: by its last statement that does so, in all of that statement's branches.

    >>> {name: found for name, found in bindings_of_cell("import torch\\nfrom torch import nn as n").items()}
    {'n': ['torch.nn'], 'torch': ['torch']}
    """
    return _recent.of(source)


def _read(source: str) -> Bindings:
    found: dict[str, Sequence[Bound]] = {}
    stars: set[str] = set()  # modules all of whose names are bound further down
    for statement in reversed(_statements(source)):
        for name, one in bindings_in([statement], stars).items():
            found.setdefault(name, one)
    return found


def _statements(source: str) -> list[ast.stmt]:
    """The statements of a cell, with or without its magics; none where it is no Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Python thinks of a learner's escapes is no business of who grades
        for read in (without_prompts, without_magics):
            try:
                return ast.parse(read(source)).body
            except SyntaxError:
                continue
            except (ValueError, RecursionError, MemoryError):
                return []
    return []


def bindings_in(block: Sequence[ast.stmt], stars: set[str] | None = None) -> Bindings:
    """What each name is bound to in ``block``, in all of its branches, but not inside of functions and classes.

    ``from module import *`` counts once for each module that is not in ``stars``, and puts it there.
    """
    found: dict[str, list[Bound]] = {}
    stars = set() if stars is None else stars
    for node in reached(block):
        for name, one in _of_statement(node, stars):
            found.setdefault(name, []).append(one)
    return found


def reached(block: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of ``block`` and of the blocks in it, but for what comes after a ``return`` or its like."""
    waiting = [iter(block)]
    while waiting:
        node = next(waiting[-1], None)
        if node is None:
            waiting.pop()
            continue
        yield node
        if isinstance(node, ast.Return | ast.Raise | ast.Continue | ast.Break):
            waiting.pop()
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            own = [getattr(node, part, []) for part in ("body", "orelse", "finalbody")]
            others = [one.body for part in ("handlers", "cases") for one in getattr(node, part, [])]
            waiting += [iter(inner) for inner in reversed(own + others)]


def _of_statement(node: ast.stmt, stars: set[str]) -> Iterator[tuple[str, Bound]]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name, node
        case ast.Import():
            for alias in node.names:
                yield (alias.asname, alias.name) if alias.asname else (alias.name.partition(".")[0],) * 2
        case ast.ImportFrom(module=str() as module, level=0):
            for alias in node.names:
                if alias.name != "*":
                    yield alias.asname or alias.name, f"{module}.{alias.name}"
                elif module not in stars:
                    stars.add(module)
                    yield from ((name, f"{module}.{name}") for name in public_names(module))
        case ast.Assign():
            for target in node.targets:
                yield from _targets(target, node.value)
        case ast.AnnAssign(value=ast.expr() as value):
            yield from _targets(node.target, value)


def _targets(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, Bound]]:
    match target, value:
        case ast.Name(), _:
            yield target.id, value
        case ((ast.Tuple() | ast.List()), (ast.Tuple() | ast.List())) if len(target.elts) == len(value.elts):
            for one, other in zip(target.elts, value.elts, strict=True):
                yield from _targets(one, other)
        case ((ast.Tuple() | ast.List()), _):
            for one in target.elts:
                yield from _targets(one, value)
