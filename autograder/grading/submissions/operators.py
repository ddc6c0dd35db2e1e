"""A second opinion on ✋: does the source of an answer name torch's own operator? Read, never run.

What `autograder.observing.watch` notes happens in the learner's process, where a submission may have seen to it that nothing is
noted. This looks at the text: the definition of the answer that counts at its check, and whatever of the notebook it
goes on to by name. A test of one's own beside the definition, a comment, a string, dead code after a ``return``, a
function of one's own called ``relu`` are all no use of torch's.

What it cannot see: names made at run time (``eval``, ``vars(F)``, ``importlib``), definitions changed after they were made
(``answer.__code__ = …``), code in files beside the notebook. `watch` sees these unless it was tampered with; so the ways of
tampering with it are seen here (``torch._C``, ``torch.overrides``), and so is ``getattr(F, word)``. Both together are meant to
make an honest answer easier than a hidden one, not impossible to hide.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

import torch
from IPython.core.inputtransformer2 import TransformerManager

from autograder.grading.submissions.torch_names import forbidden_name, public_names

__all__ = ["operators_named"]

_BEHIND = ("torch._C", "torch.overrides")  # where torch can be told to pass by what watches it

_Bound = ast.AST | str  # what a name stands for: a definition in the notebook, or the dotted name of something imported


def operators_named(sources: Sequence[str], answer: str, forbidden: tuple[str, ...]) -> tuple[str, ...]:
    """Torch's operators matching ``forbidden`` that the definition of ``answer`` names, in the order of the text.

    ``sources`` are the cells above the check; ``answer`` is what it hands over, ``"relu"`` or ``"(one, two)"``.

    >>> cells = ["import torch.nn.functional as F", "def relu(x):\\n    return F.relu(x)"]
    >>> operators_named(cells, "relu", ("*relu*",))
    ('relu',)
    >>> operators_named([*cells, "def relu(x):  # not F.relu(x)\\n    return x.clamp(min=0)"], "relu", ("*relu*",))
    ()
    """
    if not forbidden:
        return ()
    bound: dict[str, list[_Bound]] = {}
    for source in sources:
        for statement in _statements(source):
            bound.update(_bindings([statement]))
    found: dict[str, None] = {}
    seen: set[int] = set()
    waiting = [node.id for node in ast.walk(ast.parse(answer, mode="eval")) if isinstance(node, ast.Name)]
    while waiting:
        for one in bound.get(waiting.pop(), []):
            if isinstance(one, str):
                found.update(forbidden_name(one, forbidden, called=True))
            elif id(one) not in seen:
                seen.add(id(one))
                reader = _Reader(bound, forbidden)
                reader.visit(one)
                found.update(reader.found)
                waiting += reader.goes_on
    return tuple(found)


@lru_cache(maxsize=4096)  # a class's notebooks have most of their cells in common
def _statements(source: str) -> list[ast.stmt]:
    """The statements of a cell, its magics read as IPython reads them; none where it is no Python."""
    try:
        return ast.parse(TransformerManager().transform_cell(source)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _bindings(block: Sequence[ast.stmt]) -> dict[str, list[_Bound]]:
    """What each name is bound to in ``block``, in all of its branches, but not inside of functions and classes."""
    found: dict[str, list[_Bound]] = {}
    for node in _reached(block):
        for name, one in _of_statement(node):
            found.setdefault(name, []).append(one)
    return found


def _reached(block: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for node in block:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for inner in ("body", "orelse", "finalbody"):
                yield from _reached(getattr(node, inner, []))
            for handler in getattr(node, "handlers", []):
                yield from _reached(handler.body)
        if isinstance(node, ast.Return | ast.Raise | ast.Continue | ast.Break):
            return


def _of_statement(node: ast.stmt) -> Iterator[tuple[str, _Bound]]:
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
                else:
                    yield from ((name, f"{module}.{name}") for name in public_names(module))
        case ast.Assign():
            for target in node.targets:
                yield from _targets(target, node.value)
        case ast.AnnAssign(value=ast.expr() as value):
            yield from _targets(node.target, value)


def _targets(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, _Bound]]:
    match target, value:
        case ast.Name(), _:
            yield target.id, value
        case ((ast.Tuple() | ast.List()), (ast.Tuple() | ast.List())) if len(target.elts) == len(value.elts):
            for one, other in zip(target.elts, value.elts, strict=True):
                yield from _targets(one, other)
        case ((ast.Tuple() | ast.List()), _):
            for one in target.elts:
                yield from _targets(one, value)


class _Reader(ast.NodeVisitor):
    """Reads one definition: which of torch's operators it names, and to which of the notebook's names it goes on."""

    def __init__(self, bound: Mapping[str, list[_Bound]], forbidden: tuple[str, ...]) -> None:
        self._scopes: list[Mapping[str, list[_Bound]]] = [bound]
        self._forbidden = forbidden
        self.found: dict[str, None] = {}
        self.goes_on: list[str] = []

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for expression in (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(expression)
        self._inside(node.args, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._inside(node.args, [ast.Expr(node.body)])

    def _inside(self, arguments: ast.arguments, body: Sequence[ast.stmt]) -> None:
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        local: dict[str, list[_Bound]] = {one.arg: [] for one in every if one is not None}
        reached = list(_reached(body))
        stored = [one for node in body for one in ast.walk(node) if isinstance(one, ast.Name)]
        local |= {one.id: [] for one in stored if isinstance(one.ctx, ast.Store)} | _bindings(body)
        self._scopes.append(local)
        top = {id(node) for node in reached}
        for node in body:
            if id(node) in top:
                self.visit(node)
        self._scopes.pop()

    def generic_visit(self, node: ast.AST) -> None:
        """Go on to what is inside, as far as it is reached: nothing after a ``return`` of the same block."""
        for _, value in ast.iter_fields(node):
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, ast.AST):
                    self.visit(one)
                if isinstance(one, ast.Return | ast.Raise | ast.Continue | ast.Break):
                    break

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for base in node.bases:
            self._names(base, called=True)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._names(node, called=False)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if not self._names(node, called=False):
            self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        match node:
            case ast.Call(ast.Name("getattr"), [value, word, *_]) if (text := _text(word)) is not None:
                self._call(ast.copy_location(ast.Attribute(value, text, ast.Load()), node))
            case ast.Call(ast.Name("getattr"), [value, _, *_]) if (self._dotted(value) or "").startswith("torch"):
                self.found["getattr"] = None  # which of torch's own is found at run time only
            case _:
                self._call(node.func)
        for one in (*node.args, *(keyword.value for keyword in node.keywords)):
            self.visit(one)

    def _call(self, function: ast.expr) -> None:
        if self._names(function, called=True):
            return
        if isinstance(function, ast.Attribute):
            if not self._is_own(function.value) and hasattr(torch.Tensor, function.attr):
                for pattern in self._forbidden:
                    # "*" forbids all of torch; a method called sort may be a list's.
                    if pattern.strip("*") and fnmatchcase(function.attr, pattern):
                        self.found[function.attr] = None
            self.visit(function.value)
        else:
            self.visit(function)

    def _is_own(self, value: ast.expr) -> bool:
        """Whether a method is surely not a tensor's: of ``self``, of a module, of something that the notebook defines."""
        if not isinstance(value, ast.Name):
            return self._dotted(value) is not None
        return value.id in ("self", "cls") or (
            any(value.id in scope for scope in self._scopes[:1])
            and not any(value.id in scope for scope in self._scopes[1:])
        )

    def _names(self, node: ast.expr, *, called: bool) -> bool:
        """Note what a name or a dotted name stands for; whether it stands for anything known."""
        dotted = self._dotted(node)
        if dotted is not None:
            if any(dotted == one or dotted.startswith(f"{one}.") for one in _BEHIND):
                self.found[dotted] = None
            self.found.update(forbidden_name(dotted, self._forbidden, called=called))
            return True
        if isinstance(node, ast.Name):
            for scope in reversed(self._scopes):
                if node.id in scope:
                    if scope is self._scopes[0]:
                        self.goes_on.append(node.id)
                    return True
        return False

    def _dotted(self, node: ast.expr) -> str | None:
        """``"torch.nn.functional.relu"`` for ``F.relu``, through imports and plain other names for them."""
        if isinstance(node, ast.Attribute):
            value = self._dotted(node.value)
            return None if value is None else f"{value}.{node.attr}"
        if not isinstance(node, ast.Name):
            return None
        for scope in reversed(self._scopes):
            if node.id not in scope:
                continue
            for one in scope[node.id]:
                if isinstance(one, str):
                    return one
                if isinstance(one, ast.Name | ast.Attribute) and not _mentions(one, node.id):
                    return self._dotted(one)
            return None
        return None


def _mentions(node: ast.AST, name: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(node))


def _text(node: ast.expr) -> str | None:
    match node:
        case ast.Constant(str() as text):
            return text
        case ast.BinOp(left, ast.Add(), right):
            before, after = _text(left), _text(right)
            return None if before is None or after is None else before + after
    return None
