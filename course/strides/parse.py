"""A typed chain of operations, read safely: ``arange(24).view(2, 3, 4).permute(2, 0, 1)[::2]``.

The text is parsed with ``ast`` and never evaluated. What is not on the short list below is refused, and the error
names the piece and where it stands.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

from course.strides.computing import COMPUTES, computes
from course.strides.operations import ATTRIBUTES, METHODS

__all__ = ["LARGEST_NUMBER", "LONGEST_TEXT", "MOST_STEPS", "STARTS", "Chain", "ChainError", "Step", "parse"]

STARTS = ("arange", "zeros", "ones")
"""The functions that a chain may start with; ``torch.`` may stand before them."""
_NO_START = f"a chain starts with {', '.join(f'{name}(…)' for name in STARTS)}, or with the dot or bracket of its first operation"
_OPERATORS = "+-*/%@&|^<>=!~"
LARGEST_NUMBER = 1_000_000
LONGEST_TEXT = 1_000
MOST_STEPS = 50


class ChainError(ValueError):
    """A chain that is refused; ``position`` is where in the text the trouble starts, from 0, or None for no place."""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position


@dataclass(frozen=True)
class Step:
    """One operation of a chain: its name among ``OPERATIONS``, its arguments as plain values, and its own text."""

    name: str
    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()
    text: str = ""


@dataclass(frozen=True)
class Chain:
    """What a text says: a start (``arange(24)``), or None for a chain that goes on from a tensor, and the steps."""

    start: Step | None
    steps: tuple[Step, ...]


def parse(text: str) -> Chain:
    """The chain that ``text`` writes down, with nothing evaluated.

    Raises ``ChainError`` for everything that is not a start, a known method with whole numbers, an index of whole
    numbers, slices, None and Ellipsis, or one of ``.T .mT .H .mH``.

    >>> parse(".view(3, 8)[:, ::2]").steps[1]
    Step(name='index', args=((slice(None, None, None), slice(None, None, 2)),), kwargs=(), text='[:, ::2]')
    >>> parse("arange(24).t()").start
    Step(name='arange', args=(24,), kwargs=(), text='arange(24)')
    >>> parse("__import__('os')")
    Traceback (most recent call last):
    course.strides.parse.ChainError: __import__('os') is refused at position 0: a chain starts with arange(…), zeros(…),
    ones(…), or with the dot or bracket of its first operation
    """
    return _Parser(text).chain()


class _Parser:
    """One text on its way through ``ast``; keeps what is needed to say where a piece stands."""

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise ChainError(f"a chain is text, got {type(text).__name__}")
        if len(text) > LONGEST_TEXT:
            raise ChainError(f"the chain has {len(text)} characters, the limit is {LONGEST_TEXT}", LONGEST_TEXT)
        self.shift = len(text) - len(text.lstrip())
        stripped = text.strip().replace("\n", " ").replace("\r", " ")
        if not stripped:
            raise ChainError("the chain is empty: try .view(3, 8).t() or arange(24).view(2, 3, 4)", 0)
        for sign in ("#", "\\", "\0", ";"):
            if sign in stripped:
                self.position = stripped.index(sign) + self.shift
                raise ChainError(
                    f"{sign!r} is refused at position {self.position}: a chain has no such sign", self.position
                )
        if stripped[0] in _OPERATORS:
            raise ChainError(f"{_short(stripped)} is refused at position {self.shift}: {COMPUTES}", self.shift)
        self.bare = stripped[0] in ".["
        # A bare chain needs something to hang on; the name is taken off again by position, not by what it is called.
        self.source = f"x{stripped}" if self.bare else stripped
        self.bytes = self.source.encode(errors="replace")  # ast counts bytes; half characters are refused by it

    def chain(self) -> Chain:
        nodes, node = [], self.tree()
        while not self.is_start(node):
            nodes.append(node)
            node = self.base(node)
            if len(nodes) > MOST_STEPS:
                raise ChainError(f"the chain has more than {MOST_STEPS} steps")
        # In reading order, so that the first piece that is wrong is the one that is named.
        start = self.start(node) if isinstance(node, ast.Call) else None
        return Chain(start, tuple(self.step(node) for node in reversed(nodes)))

    def tree(self) -> ast.expr:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # odd literals warn; they are refused below, and nothing goes to stderr
                return ast.parse(self.source, mode="eval").body
        except SyntaxError as error:
            place = max((error.offset or 1) - 1 - self.bare, 0) + self.shift
            raise ChainError(f"not readable at position {place}: {error.msg}", place) from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise ChainError(f"not readable: {error or type(error).__name__}") from None

    def is_start(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Name):
            return self.bare and node.col_offset == 0
        return isinstance(node, ast.Call) and (isinstance(node.func, ast.Name) or self.is_of_torch(node.func))

    def is_of_torch(self, node: ast.expr) -> bool:
        is_torch = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "torch"
        return is_torch and not self.bare

    def base(self, node: ast.expr) -> ast.expr:
        """What the last operation of ``node`` is done to."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return node.func.value
        if isinstance(node, (ast.Attribute, ast.Subscript)):
            return node.value
        first = node
        while isinstance(first, (ast.BinOp, ast.Compare, ast.BoolOp)):
            first = first.values[0] if isinstance(first, ast.BoolOp) else first.left
        if first is not node:  # from the operator on, without brackets that the first operand stands in
            behind = self.bytes[first.end_col_offset : node.end_col_offset].decode()
            piece = behind.lstrip(" )\t")
            place = self.place((first.end_col_offset or 0) + len(behind.encode()) - len(piece.encode()))
            raise ChainError(f"{_short(piece)} is refused at position {place}: {COMPUTES}", place)
        self.refuse(node, _NO_START)

    def start(self, node: ast.Call) -> Step:
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name not in STARTS:
            self.refuse(node, _NO_START)
        return Step(name, *self.arguments(node), self.piece(node))

    def step(self, node: ast.expr) -> Step:
        """The last operation of ``node``."""
        base = self.base(node)
        if isinstance(node, ast.Subscript):
            return Step("index", (self.key(node.slice),), (), self.after(base, node, "["))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            if name not in METHODS:
                brackets = f"{name} is written without brackets"
                self.refuse_name(node.func, name, brackets if name in ATTRIBUTES else _known(name, METHODS))
            return Step(name, *self.arguments(node), self.after(base, node, "."))
        name = node.attr if isinstance(node, ast.Attribute) else ""
        if name not in ATTRIBUTES:
            call = f"to call it, write .{name}(…)"
            self.refuse_name(node, name, call if name in METHODS else _known(name, ATTRIBUTES))
        return Step(name, (), (), self.after(base, node, "."))

    def arguments(self, node: ast.Call) -> tuple[tuple[Any, ...], tuple[tuple[str, Any], ...]]:
        kwargs = []
        for keyword in node.keywords:
            if keyword.arg is None:
                self.refuse(keyword.value, "** is not taken apart here")
            kwargs.append((keyword.arg, self.argument(keyword.value)))
        return tuple(self.argument(arg) for arg in node.args), tuple(kwargs)

    def argument(self, node: ast.expr) -> int | tuple[int, ...] | list[int] | None:
        if isinstance(node, ast.Constant) and node.value is None:
            return None
        if isinstance(node, (ast.Tuple, ast.List)):
            numbers = [self.number(one) for one in node.elts]
            return tuple(numbers) if isinstance(node, ast.Tuple) else numbers
        return self.number(node)

    def key(self, node: ast.expr) -> Any:
        parts = node.elts if isinstance(node, ast.Tuple) else [node]
        keys = tuple(self.key_part(part) for part in parts)
        ellipses = [part for part, key in zip(parts, keys, strict=True) if key is ...]
        if len(ellipses) > 1:
            self.refuse(ellipses[1], "one Ellipsis stands for all dimensions that are left; a second has none")
        return keys if isinstance(node, ast.Tuple) else keys[0]

    def key_part(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Slice):
            return slice(*(None if end is None else self.slice_end(end) for end in (node.lower, node.upper, node.step)))
        if isinstance(node, ast.Constant) and (node.value is None or node.value is ...):
            return node.value
        if isinstance(node, (ast.List, ast.Tuple)):
            self.refuse(node, "indexing with a list gathers elements into a copy; use whole numbers and slices here")
        return self.number(node)

    def slice_end(self, node: ast.expr) -> int | None:
        return None if isinstance(node, ast.Constant) and node.value is None else self.number(node)

    def number(self, node: ast.expr) -> int:
        sign, digits = 1, node
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            sign, digits = -1, node.operand
        if not isinstance(digits, ast.Constant) or type(digits.value) is not int:
            self.refuse(node, "only whole numbers, written out, can stand here")
        if digits.value > LARGEST_NUMBER:
            self.refuse(node, f"the largest number that is taken is {LARGEST_NUMBER}")
        return sign * digits.value

    def piece(self, node: ast.expr) -> str:
        return self.bytes[node.col_offset : node.end_col_offset].decode()

    def after(self, base: ast.expr, node: ast.expr, mark: str) -> str:
        """The text of ``node`` behind ``base``, from the dot or bracket on: brackets around the base stay out."""
        text = self.bytes[base.end_col_offset : node.end_col_offset].decode()
        return text[text.index(mark) :]

    def place(self, byte: int) -> int:
        return max(len(self.bytes[:byte].decode(errors="ignore")) - self.bare, 0) + self.shift

    def refuse(self, node: ast.expr, why: str) -> NoReturn:
        place, piece = self.place(node.col_offset), self.piece(node)
        if self.bare and node.col_offset == 0:
            piece = piece[1:]
        raise ChainError(f"{_short(piece)} is refused at position {place}: {why}", place)

    def refuse_name(self, node: ast.expr, name: str, why: str) -> NoReturn:
        place = self.place((node.end_col_offset or 0) - len(name.encode()))
        raise ChainError(f"{_short(f'.{name}')} is refused at position {place}: {why}", place)


def _short(piece: str) -> str:
    return piece if len(piece) <= 60 else f"{piece[:57]}..."


def _known(name: str, names: Iterable[str]) -> str:
    return COMPUTES if computes(name) else f"known are {', '.join(names)}"
