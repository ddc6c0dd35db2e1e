"""What one node of a program may be slipped into: another operator, one number more, an argument less."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

__all__ = ["Around", "is_added", "variants"]

# What is easily taken for the other.
_TWINS = (
    *(("sum", "mean"), ("max", "min"), ("amax", "amin"), ("argmax", "argmin"), ("any", "all"), ("zeros", "ones")),
    *(("floor", "ceil"), ("train", "eval"), ("maximum", "minimum"), ("logsumexp", "sum"), ("clone", "detach")),
    *(("IndexError", "ValueError"), ("KeyError", "ValueError"), ("ValueError", "RuntimeError"), ("shape", "stride")),
    *(("parameters", "buffers"), ("named_parameters", "named_buffers"), ("named_modules", "named_children")),
    *(("modules", "children"), ("reshape", "view"), ("size", "stride"), ("rand", "randn"), ("append", "extend")),
)
_BINARY: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Div, ast.Mult),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
}
_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq, ast.LtE, ast.GtE),
    ast.NotEq: (ast.Eq, ast.Lt, ast.Gt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}


# What an answer may do besides, and be right on every input that is small, whole and plain.
_TO_AN_ARGUMENT = (
    "min({}, 3)",
    "{}[:5]",
    "{}.clamp(-10, 10)",
    "{}.squeeze()",
    "{}.contiguous()",
    "{}.detach()",
    "{}.float()",
)
_TO_A_RESULT = (
    "{}[:5]",
    "{}.clamp(-10, 10)",
    "{}.squeeze()",
    "{}.contiguous()",
    "{}.clone()",
    "{}.detach()",
    "{}.float()",
)


@dataclass(frozen=True)
class Around:
    """What stands around a node: the texts of its cell, the names of its function, and names that are modules."""

    texts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    modules: frozenset[str] = frozenset({"torch", "F", "nn", "math", "np", "itertools", "operator"})

    @classmethod
    def of(cls, tree: ast.AST) -> Around:
        """What stands around everything in ``tree``."""
        texts = [one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        return cls(tuple(dict.fromkeys(text for text in texts if len(text) < 40 and "\n" not in text)))


def variants(node: ast.AST, around: Around) -> Iterator[Any]:
    """Every other thing that may stand where ``node`` does; for a statement, also lists of statements.

    >>> [ast.unparse(one) for one in variants(ast.parse("a < b", mode="eval").body, Around())]
    ['a <= b', 'a > b']
    """
    for one in _of_statement(node) if isinstance(node, ast.stmt) else _of_expression(node, around):
        yield one if isinstance(one, list) else ast.copy_location(one, node)


def _of_statement(node: ast.stmt) -> Iterator[Any]:
    yield ast.Pass()
    match node:
        case ast.If():
            for test in (True, False):
                yield ast.If(ast.Constant(test), node.body, node.orelse)
        case ast.For():
            yield ast.For(node.target, ast.List([], ast.Load()), node.body, node.orelse)
            yield ast.For(node.target, node.iter, [*node.body, ast.Break()], node.orelse)
        case ast.With():
            yield node.body
        case ast.AugAssign():
            yield ast.Assign([node.target], node.value)
            for other in _BINARY.get(type(node.op), ()):
                yield ast.AugAssign(node.target, other(), node.value)
        case ast.Return() if node.value is not None:
            yield ast.Return(None)
            result = ast.unparse(node.value)
            yield from (ast.Return(_expression(more.format(f"({result})"))) for more in _TO_A_RESULT)
        case ast.Break():
            yield ast.Continue()
        case ast.Continue():
            yield ast.Break()
        case ast.FunctionDef():
            for decorators in _one_less(node.decorator_list):
                yield ast.FunctionDef(node.name, node.args, node.body, decorators)
            for name in [one.arg for one in node.args.args if one.arg != "self"]:
                for more in _TO_AN_ARGUMENT:
                    added = _assignment(name, _expression(more.format(name)))
                    yield ast.FunctionDef(node.name, node.args, [added, *node.body], node.decorator_list)


def is_added(statement: ast.AST) -> bool:
    """Whether a variant has put this statement in front of a function's body."""
    return getattr(statement, "is_added", False)


def _assignment(name: str, value: ast.expr) -> ast.Assign:
    added = ast.Assign([ast.Name(name, ast.Store())], value, lineno=0)
    added.is_added = True  # type: ignore[attr-defined]
    return added


def _expression(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body


def _of_expression(node: ast.AST, around: Around) -> Iterator[ast.AST]:
    match node:
        case ast.BinOp():
            for other in _BINARY.get(type(node.op), ()):
                yield ast.BinOp(node.left, other(), node.right)
            if isinstance(node.op, ast.Sub | ast.Div | ast.MatMult | ast.FloorDiv):
                yield ast.BinOp(node.right, node.op, node.left)
            yield from (node.left, node.right)
        case ast.UnaryOp():
            yield node.operand
        case ast.BoolOp():
            yield ast.BoolOp(ast.And() if isinstance(node.op, ast.Or) else ast.Or(), node.values)
            yield from (ast.BoolOp(node.op, left) if len(left) > 1 else left[0] for left in _one_less(node.values))
        case ast.Compare():
            for index, op in enumerate(node.ops):
                for comparison in _COMPARED[type(op)]:
                    ops = [*node.ops[:index], comparison(), *node.ops[index + 1 :]]
                    yield ast.Compare(node.left, ops, node.comparators)
        case ast.IfExp():
            yield from (node.body, node.orelse)
        case ast.Call():
            yield from _of_call(node, around)
        case ast.Attribute():
            yield from (ast.Attribute(node.value, name, node.ctx) for name in _twins(node.attr))
        case ast.Name(ctx=ast.Load()):
            others = [one for one in around.names if one != node.id] if node.id in around.names else _twins(node.id)
            yield from (ast.Name(one, node.ctx) for one in others)
        case ast.Subscript(ctx=ast.Load()):
            yield node.value
        case ast.Slice():
            for part in ("lower", "upper", "step"):
                if getattr(node, part) is not None:
                    yield ast.Slice(**{one: getattr(node, one) for one in ("lower", "upper", "step") if one != part})
        case ast.Tuple(ctx=ast.Load()) | ast.List(ctx=ast.Load()):
            yield from (type(node)(elements, node.ctx) for elements in [*_one_less(node.elts), *_swapped(node.elts)])
        case ast.Dict():
            for index in range(len(node.keys)):
                yield ast.Dict(_without(node.keys, index), _without(node.values, index))
        case ast.comprehension():
            yield from (ast.comprehension(node.target, node.iter, ifs, node.is_async) for ifs in _one_less(node.ifs))
        case ast.Constant():
            yield from (ast.Constant(one) for one in _of_constant(node.value, around))


def _of_call(node: ast.Call, around: Around) -> Iterator[ast.AST]:
    """Dropped altogether; an argument or a keyword less; two arguments exchanged."""
    match node.func:
        case ast.Name(id=name) if name.endswith(("Error", "Exception")):
            return  # its words are nobody's contract
        case ast.Attribute(value=ast.Name(id=name)) if name in around.modules:
            pass  # torch.exp(x) without its call is x, not torch
        case ast.Attribute():
            yield node.func.value
    if node.args and not isinstance(node.args[0], ast.Starred):
        yield node.args[0]
    for keywords in _one_less(node.keywords):
        yield ast.Call(node.func, node.args, keywords)
    for arguments in [*_one_less(node.args), *_swapped(node.args)]:
        yield ast.Call(node.func, arguments, node.keywords)


def _of_constant(value: Any, around: Around) -> Sequence[Any]:
    match value:
        case bool():
            return (not value,)
        case int():
            return (value + 1, value - 1)
        case float():
            return (value + 1, value * 2, -value)
        case str():
            return [text for text in around.texts if text != value][:8]
    return ()


def _twins(name: str) -> list[str]:
    return [other for pair in _TWINS for one, other in (pair, pair[::-1]) if one == name]


def _one_less(items: Sequence[Any]) -> list[list[Any]]:
    return [_without(items, index) for index in range(len(items))]


def _without(items: Sequence[Any], index: int) -> list[Any]:
    return [*items[:index], *items[index + 1 :]]


def _swapped(items: Sequence[Any]) -> list[list[Any]]:
    return [[*items[:at], other, one, *items[at + 2 :]] for at, (one, other) in enumerate(pairwise(items))]
