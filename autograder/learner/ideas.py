"""In what two answers differ, as far as their texts say it: what one calls or writes and the other does not."""

from __future__ import annotations

import ast

__all__ = ["differences", "uses"]

_SIGNS: dict[type, str] = {
    ast.MatMult: "@",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.Invert: "~",
}
_WORDS: dict[type, str] = {
    ast.For: "a loop",
    ast.While: "a loop",
    ast.ListComp: "a loop",
    ast.GeneratorExp: "a loop",
    ast.DictComp: "a loop",
    ast.SetComp: "a loop",
    ast.If: "if",
    ast.IfExp: "if",
    ast.Try: "try",
    ast.With: "with",
    ast.Subscript: "an index",
}


def uses(source: str) -> list[str] | None:
    """What an answer calls, the operators and the kinds of statement in it; ``None`` where it is no Python.

    >>> uses("def relu(x):\\n    return torch.where(x > 0, x, 0) * 1")
    ['*', 'where()']
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                found[f"{name}()"] = None
            case ast.BinOp(op=sign) | ast.AugAssign(op=sign) | ast.UnaryOp(op=sign) if type(sign) in _SIGNS:
                found[_SIGNS[type(sign)]] = None
            case _ if type(node) in _WORDS:
                found[_WORDS[type(node)]] = None
    return sorted(found)


def differences(own: str, model: str) -> str:
    """In what the texts differ, in a sentence.

    >>> differences("def relu(x): return x * (x > 0)", "def relu(x): return x.clamp(min=0)")
    'Only the model answer has: clamp(). Only yours has: *.'
    """
    mine, theirs = uses(own), uses(model)
    if mine is None or theirs is None:
        return "Your cell is no Python by itself, so the two were not compared."
    only = [one for one in theirs if one not in mine], [one for one in mine if one not in theirs]
    if not any(only):
        return "Both call the same functions. Look at the order, and at what goes in."
    whose = ("Only the model answer has", "Only yours has")
    return " ".join(f"{words}: {', '.join(names)}." for words, names in zip(whose, only, strict=True) if names)
