"""A second opinion on ✋: does the source of an answer name torch's own operator? Read, never run.

What `autograder.observing.watch` notes happens in the learner's process, where a submission may have seen to it that nothing is
noted. This looks at the text: the definition of the answer that counts at its check, and whatever of the notebook it
goes on to by name. A test of one's own beside the definition, a comment, a string, dead code after a ``return``, a
function of one's own called ``relu`` are all no use of torch's.

What it cannot see: names made at run time (``eval(word)``), definitions changed after they were made
(``answer.__code__ = …``), code in files beside the notebook. `watch` sees these unless it was tampered with; so the ways of
tampering with it are seen here (``torch._C``, ``sys._getframe``, ``gc.get_objects``), and so are ``getattr(F, word)`` and
``vars(F)``. Both together are meant to make an honest answer easier than a hidden one, not impossible to hide.

It reads a stranger's text: of any text there is an answer, never an error, in time and memory that grow with its length.
Nothing here calls itself, since a stranger's text may be nested as deep as Python's own reader goes.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import torch

from autograder.grading.submissions.bindings import Bindings, bindings_in, bindings_of_cell
from autograder.grading.submissions.torch_names import forbidden_name

__all__ = ["operators_named"]

# Where torch, or what watches it, can be reached past all names. No answer needs any of it.
_BEHIND = (
    *("torch._C", "torch.overrides", "autograder.observing", "ctypes", "importlib", "sys.modules", "sys._getframe"),
    *("gc.get_objects", "gc.get_referents", "gc.get_referrers", "inspect.currentframe", "inspect.stack"),
)
_LONGEST = 200  # letters of a dotted name; torch has none that is as long

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Left = ast.Return | ast.Raise | ast.Continue | ast.Break


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
    bound = {name: one for source in sources for name, one in bindings_of_cell(source).items()}
    reader = _Reader(bound, forbidden)
    looked_up: set[str] = set()
    read: set[int] = set()
    waiting = [node.id for node in ast.walk(ast.parse(answer, mode="eval")) if isinstance(node, ast.Name)]
    while waiting:
        name = waiting.pop()
        if name in looked_up:
            continue
        looked_up.add(name)
        for one in bound.get(name, ()):
            if isinstance(one, str):
                reader.found.update(forbidden_name(one, forbidden, called=True))
            elif id(one) not in read:
                read.add(id(one))
                waiting += reader.read(one)
    return tuple(reader.found)


@dataclass(frozen=True)
class _Scope:
    """The names of a notebook or of a function, and which of torch's they are found to stand for."""

    names: Bindings
    known: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class _Body:
    """The inside of a function, which has names of its own."""

    arguments: ast.arguments
    block: Sequence[ast.stmt]


_Step = ast.AST | _Body | None  # what to read next; None ends a function


class _Reader:
    """Reads definitions: which of torch's operators they name, and to which of the notebook's names they go on."""

    def __init__(self, bound: Bindings, forbidden: tuple[str, ...]) -> None:
        self._scopes = [_Scope(bound)]
        self._forbidden = forbidden
        self._goes_on: dict[str, None] = {}
        self.found: dict[str, None] = {}

    def read(self, definition: ast.AST) -> list[str]:
        """The notebook's names to which ``definition`` goes on; what it names of torch's is added to ``found``."""
        self._goes_on = {}
        waiting: list[_Step] = [definition]
        while waiting:
            step = waiting.pop()
            if step is None:
                self._scopes.pop()
            else:
                waiting += reversed(self._into(step))
        return list(self._goes_on)

    def _into(self, step: ast.AST | _Body) -> Sequence[_Step]:
        """Note what is to be noted of ``step`` itself, and say what there is inside of it."""
        match step:
            case _Body():
                self._scopes.append(_Scope(_local(step)))
                return [*_followed(step.block), None]
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return [*step.decorator_list, *_defaults(step.args), _Body(step.args, step.body)]
            case ast.ClassDef():
                for base in step.bases:
                    self._names(base, called=True)
            case ast.Lambda():
                return [_Body(step.args, [ast.Expr(step.body)])]
            case ast.AnnAssign():
                return [] if step.value is None else [step.value]
            case ast.Name():
                if isinstance(step.ctx, ast.Load):
                    self._names(step, called=False)
                return []
            case ast.Attribute():
                return [] if self._names(step, called=False) else [_base(step)]
            case ast.Call():
                return [*self._call(step), *step.args, *(keyword.value for keyword in step.keywords)]
        return [one for _, value in ast.iter_fields(step) for one in _listed(value)]

    def _call(self, node: ast.Call) -> list[ast.AST]:
        """Note what is called; what there is to read inside of that."""
        function = node.func
        match node:
            case ast.Call(ast.Name("getattr"), [value, word, *_]):
                text = _text(word)
                if text is not None:
                    function = ast.copy_location(ast.Attribute(value, text, ast.Load()), node)
                elif self._is_torchs(value):
                    self.found["getattr"] = None  # which of torch's own is found at run time only
                    return []
            case ast.Call(ast.Name("vars"), [value]) if self._is_torchs(value):
                self.found["vars"] = None
                return []
        if self._names(function, called=True):
            return []
        if not isinstance(function, ast.Attribute):
            return [function]
        if not self._is_own(function.value) and hasattr(torch.Tensor, function.attr):
            for pattern in self._forbidden:
                # "*" forbids all of torch; a method called sort may be a list's.
                if pattern.strip("*") and fnmatchcase(function.attr, pattern):
                    self.found[function.attr] = None
        return [function.value]

    def _is_torchs(self, value: ast.expr) -> bool:
        return (self._dotted(value) or "").partition(".")[0] == "torch"

    def _is_own(self, value: ast.expr) -> bool:
        """Whether a method is surely not a tensor's: of ``self``, of a module, of something that the notebook defines."""
        if not isinstance(value, ast.Name):
            return self._dotted(value) is not None
        return value.id in ("self", "cls") or (
            value.id in self._scopes[0].names and not any(value.id in scope.names for scope in self._scopes[1:])
        )

    def _names(self, node: ast.expr, *, called: bool) -> bool:
        """Note what a name or a dotted name stands for; whether it stands for anything known."""
        dotted = self._dotted(node)
        if dotted is not None:
            if any(dotted == one or dotted.startswith(f"{one}.") for one in _BEHIND):
                self.found[dotted] = None
            if dotted.startswith("torch.") and ".__dict__" in dotted:
                self.found["__dict__"] = None
            self.found.update(forbidden_name(dotted, self._forbidden, called=called))
            return True
        if isinstance(node, ast.Name):
            scope = self._scope_of(node.id, len(self._scopes))
            if scope == 0:
                self._goes_on[node.id] = None
            return scope >= 0
        return False

    def _dotted(self, node: ast.expr) -> str | None:
        """``"torch.nn.functional.relu"`` for ``F.relu``, through imports and plain other names for them."""
        base = _base(node)
        if not isinstance(base, ast.Name):
            return None
        return _joined(self._stands_for(base.id), _behind(node))

    def _stands_for(self, name: str) -> str | None:
        """The dotted name for which a plain one stands. Each name of a scope is followed once."""
        on_the_way: list[tuple[_Scope, str, str | None]] = []
        found: str | None = None
        scopes = len(self._scopes)
        while (place := self._scope_of(name, scopes)) >= 0:
            scope = self._scopes[place]
            if name in scope.known:
                found = scope.known[name]
                break
            scope.known[name] = None  # so that a name which leads back to itself stands for nothing
            other = next((one for one in scope.names[name] if _leads_on(one, name)), None)
            if not isinstance(other, ast.expr):
                found = other if isinstance(other, str) else None
                on_the_way.append((scope, name, ""))
                break
            on_the_way.append((scope, name, _behind(other)))
            base = _base(other)
            assert isinstance(base, ast.Name)
            name, scopes = base.id, place + 1
        for scope, one, behind in reversed(on_the_way):
            found = scope.known[one] = _joined(found, behind)
        return found

    def _scope_of(self, name: str, scopes: int) -> int:
        """The place of the innermost of so many scopes that knows ``name``; -1 where none does."""
        return next((place for place in range(scopes - 1, -1, -1) if name in self._scopes[place].names), -1)


def _local(body: _Body) -> Bindings:
    """The names of a function's own, as far as they are known: its arguments, what it stores, imports and defines."""
    arguments = body.arguments
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    names: dict[str, Sequence[ast.AST | str]] = {one.arg: () for one in every if one is not None}
    waiting: list[ast.AST] = list(body.block)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names[node.id] = ()
        if not isinstance(node, _Function | ast.ClassDef):  # these have names of their own
            waiting += ast.iter_child_nodes(node)
    return names | dict(bindings_in(body.block))


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    return [*arguments.defaults, *(one for one in arguments.kw_defaults if one is not None)]


def _listed(value: object) -> list[ast.AST]:
    return _followed([one for one in (value if isinstance(value, list) else [value]) if isinstance(one, ast.AST)])


def _followed(block: Sequence[ast.AST]) -> list[ast.AST]:
    """``block`` as far as it is reached: nothing after a ``return`` or its like."""
    end = next((place for place, one in enumerate(block, 1) if isinstance(one, _Left)), len(block))
    return list(block[:end])


def _base(node: ast.expr) -> ast.expr:
    """What a chain of attributes begins with: ``F`` of ``F.relu``."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _behind(node: ast.expr) -> str | None:
    """The attributes of a chain: ``".relu"`` of ``F.relu``; ``None`` where they are longer than any of torch's."""
    words: list[str] = []
    left = _LONGEST
    while isinstance(node, ast.Attribute) and left >= 0:
        words.append(f".{node.attr}")
        left -= len(words[-1])
        node = node.value
    return "".join(reversed(words)) if left >= 0 else None


def _joined(name: str | None, behind: str | None) -> str | None:
    whole = None if name is None or behind is None else name + behind
    return whole if whole is not None and len(whole) <= _LONGEST else None


def _leads_on(one: ast.AST | str, name: str) -> bool:
    """Whether ``one``, to which ``name`` is bound, is an import or just another name for something else."""
    if not isinstance(one, ast.Name | ast.Attribute):
        return isinstance(one, str)
    base = _base(one)
    return isinstance(base, ast.Name) and base.id != name


def _text(node: ast.expr) -> str | None:
    """The text that ``node`` is, also where it is added up of several."""
    words: list[str] = []
    waiting, left = [node], _LONGEST
    while waiting and left >= 0:
        match waiting.pop():
            case ast.Constant(str() as word):
                words.append(word)
                left -= len(word)
            case ast.BinOp(first, ast.Add(), second):
                waiting += second, first
            case _:
                return None
    return "".join(words) if left >= 0 else None
