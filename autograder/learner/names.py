"""Names in a notebook's source and code: which a cell would bind, and which a function reads."""

from __future__ import annotations

import dis
import re
import symtable
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from types import CodeType, FunctionType, ModuleType
from typing import Any

__all__ = ["bound_by", "defined_by", "may_be_an_answer", "python_of", "read_by", "similar"]

# Cell magics that run the lines below them as Python, in the notebook's own names.
_PYTHON_MAGICS = re.compile(r"%%(?:time|capture|prun)\b[^\n]*")
_LINE_MAGICS = re.compile(r"^([ \t]*)[%!?].*$", re.MULTILINE)
_DEFINITION = re.compile(r"^(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]*)?=(?!=)", re.MULTILINE)


def python_of(cell: str) -> str:
    """The Python in a cell, line by line: below a magic that runs it, and none where another magic takes the whole cell.

    >>> python_of("%matplotlib inline\\nx = 1"), python_of("%%time\\nx = 1"), python_of("%%bash\\nx=1")
    ('pass\\nx = 1', '\\nx = 1', '')
    """
    if not cell.startswith("%%"):
        return _LINE_MAGICS.sub(r"\1pass", cell)
    return _PYTHON_MAGICS.sub("", cell, count=1) if _PYTHON_MAGICS.match(cell) else ""


def bound_by(source: str) -> frozenset[str]:
    """The names that ``source`` would bind at its outermost level; by the look of its lines where it is no Python.

    >>> sorted(bound_by("import os.path as p\\ndef relu(x): y = 1\\nif 1:\\n    a, (b, *c) = t"))
    ['a', 'b', 'c', 'p', 'relu']
    >>> sorted(bound_by("def relu(x)\\n    out = x\\nscale: float = (2"))
    ['relu', 'scale']
    """
    try:
        names = symtable.symtable(source, "cell", "exec").get_symbols()
        bound = [one for one in names if one.is_assigned() or one.is_imported() or one.is_namespace()]
        return frozenset(one.get_name() for one in bound)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last two from nesting without end
        found = _DEFINITION.finditer(textwrap.dedent(source))
        return frozenset(one[1] or one[2] for one in found)


def defined_by(source: str) -> frozenset[str]:
    """The functions and classes that ``source`` defines at its outermost level.

    >>> sorted(defined_by("def relu(x): y = 1\\nz = 1\\nclass Net: pass"))
    ['Net', 'relu']
    """
    names = symtable.symtable(source, "cell", "exec").get_symbols()
    return frozenset(one.get_name() for one in names if one.is_namespace())


def read_by(value: Any, names: Mapping[str, Any]) -> Iterator[str]:
    """The global names that a function reads, or a class's methods, where their globals are ``names``."""
    match value:
        case FunctionType():
            if value.__globals__ is names:
                yield from _read(value.__code__)
        case type():
            for one in vars(value).values():
                if isinstance(one, FunctionType):
                    yield from read_by(one, names)
        case _ if isinstance(getattr(type(value), "__call__", None), FunctionType):  # noqa: B004 - how it calls
            yield from read_by(type(value), names)


def _read(code: CodeType) -> Iterator[str]:
    yield from (one.argval for one in dis.get_instructions(code) if one.opname in ("LOAD_GLOBAL", "LOAD_NAME"))
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _read(one)


def may_be_an_answer(name: str, value: Any) -> bool:
    """Whether a name may be a learner's answer: a function, a class, a callable object or a dict, made in the notebook."""
    ours = getattr(value, "__module__", "__main__") == "__main__" or type(value).__module__ == "__main__"
    hidden = name.startswith("_") or isinstance(value, ModuleType)
    return ours and not hidden and (callable(value) or isinstance(value, Mapping))


def similar(wanted: Iterable[str], there: Iterable[str]) -> list[str]:
    """Names that are there and look like those that were wanted, or have them in their middle; at most one for each.

    >>> similar(["TinyCNN"], ["TinyCnn", "relu"]), similar(["linear"], ["my_linear_layer", "x"])
    (['TinyCnn'], ['my_linear_layer'])
    """
    own = {name.lower(): name for name in there}
    close = [
        one
        for name in map(str.lower, wanted)
        for one in (get_close_matches(name, own, n=1, cutoff=0.7) or [one for one in own if _holds(one, name)])[:1]
    ]
    return [own[one] for one in dict.fromkeys(close)]


def _holds(name: str, wanted: str) -> bool:
    return f"_{wanted}_" in f"_{name}_" or re.sub(r"\d+$", "", name) == wanted
