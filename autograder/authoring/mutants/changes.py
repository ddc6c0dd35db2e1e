"""All mutants of a cell: its source with one change, small enough to be somebody's slip."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from autograder.authoring.mutants.variants import Around, is_added, variants

__all__ = ["Mutant", "mutants_of"]


@dataclass(frozen=True)
class Mutant:
    """A cell with one change: its whole ``source``, the line in the cell, the statement as it ``was`` and ``becomes``."""

    source: str
    line: int
    was: str
    becomes: str


def mutants_of(source: str) -> list[Mutant]:
    """Every mutant of a cell, in the order of its lines, none twice.

    >>> for one in mutants_of("def double(x):\\n    return 2 * x"):
    ...     print(one.line, one.was, "→", one.becomes)
    1 def double(x): → pass
    1 def double(x): → def double(x): x = min(x, 3)
    1 def double(x): → def double(x): x = x[:5]
    ...
    2 return 2 * x → return (2 * x).float()
    2 return 2 * x → return 2 / x
    2 return 2 * x → return 2 + x
    2 return 2 * x → return 2
    2 return 2 * x → return x
    2 return 2 * x → return 3 * x
    2 return 2 * x → return 1 * x
    """
    tree = ast.parse(source)
    whole = ast.unparse(tree)
    found: dict[str, Mutant] = {}
    for place in _places(tree, Around.of(tree)):
        was = _headline(place.statement)
        for one in variants(place.node, place.around):
            place.put(one)
            text = ast.unparse(tree)
            becomes = _headline(one if place.node is place.statement else place.statement)
            place.put_back(one)
            if text != whole and text not in found and _compiles(text):
                found[text] = Mutant(text, place.statement.lineno, was, becomes)
    return list(found.values())


@dataclass(frozen=True)
class _Place:
    """A node and where it stands: the field of its parent, the index if that is a list, and its statement."""

    node: ast.AST
    parent: ast.AST
    field: str
    index: int | None
    statement: ast.stmt
    around: Around

    def put(self, new: Any) -> None:
        """Put ``new`` in the node's place; of a statement, a list of statements."""
        if self.index is None:
            setattr(self.parent, self.field, new)
        elif isinstance(new, list):
            getattr(self.parent, self.field)[self.index : self.index + 1] = new
        else:
            getattr(self.parent, self.field)[self.index] = new

    def put_back(self, new: Any) -> None:
        """Undo `put`."""
        if isinstance(new, list) and self.index is not None:
            getattr(self.parent, self.field)[self.index : self.index + len(new)] = [self.node]
        else:
            self.put(self.node)


def _places(node: ast.AST, around: Around, statement: ast.stmt | None = None) -> Iterator[_Place]:
    """Every place in ``node`` where something may be changed: not its docstrings, annotations, imports, words of errors."""
    if isinstance(node, ast.FunctionDef):
        around = replace(around, names=_names_in(node))
    for field, value in ast.iter_fields(node):
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or _is_left_alone(node, field, index, child):
                continue
            own = child if isinstance(child, ast.stmt) else statement
            if own is not None:
                yield _Place(child, node, field, index, own, around)
            yield from _places(child, around, own)


def _is_left_alone(parent: ast.AST, field: str, index: int | None, child: ast.AST) -> bool:
    match child:
        case ast.expr_context() | ast.operator() | ast.cmpop() | ast.boolop() | ast.unaryop() | ast.arg():
            return True  # an operator is changed with what it joins
        case ast.Import() | ast.ImportFrom() | ast.JoinedStr():
            return True
        case ast.Expr(value=ast.Constant(value=str())):
            return True  # a docstring
        case ast.Assign(value=ast.Dict(values=values)):
            return any(isinstance(one, ast.Constant) and one.value is ... for one in values)  # the stub of a dictionary
    words = isinstance(parent, ast.Call) and field in ("args", "keywords") and _is_error(parent)
    return words or field in ("annotation", "returns", "decorator_list", "bases", "msg")


def _is_error(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id.endswith(("Error", "Exception"))


def _names_in(function: ast.FunctionDef) -> tuple[str, ...]:
    """Parameters and local names of a function: one of them is easily taken for another."""
    arguments = [one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)]
    stored = [one.id for one in ast.walk(function) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)]
    return tuple(dict.fromkeys(one for one in [*arguments, *stored] if one not in ("self", "_")))


def _headline(statement: Any) -> str:
    """A statement in a line; of one with a body, the line that opens it, and what was put behind it."""
    if isinstance(statement, list):
        return "; ".join(map(_headline, statement))
    lines = ast.unparse(statement).splitlines()
    first = next((line for line in lines if not line.startswith("@")), "")
    added = [ast.unparse(one) for one in getattr(statement, "body", []) if is_added(one)]
    return " ".join([first, *added])


def _compiles(text: str) -> bool:
    try:
        with warnings.catch_warnings(action="ignore"):
            compile(text, "mutant", "exec")
    except SyntaxError:
        return False
    return True
