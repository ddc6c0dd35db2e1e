"""TorchScript: what `torch.jit` has made of a function runs without Python, and no mode is told of the operators in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from torch._C import ScriptFunction, ScriptMethod

__all__ = ["noting", "operators_in"]

_OPERATOR = "aten::"  # all else in a graph is the language's own


def operators_in(graph: Any) -> Iterator[str]:
    """The own names of all operators in a graph, those of its branches and loops among them.

    >>> import torch
    >>> script = torch.jit.CompilationUnit("def f(x): return (-x).clamp(min=0)\\n").f
    >>> sorted(set(operators_in(script.inlined_graph)))
    ['clamp', 'neg']
    """
    for node in graph.nodes():
        if node.kind().startswith(_OPERATOR):
            yield node.kind().removeprefix(_OPERATOR)
        for block in node.blocks():
            yield from operators_in(block)


@contextmanager
def noting(note: Callable[[str], None]) -> Iterator[None]:
    """A block in which ``note`` is called with every operator of each script that is called.

    A script is what was made of a function, by its source or by a trace, or the method of a scripted module.
    """
    kinds: tuple[Any, ...] = (ScriptFunction, ScriptMethod)
    calls = [kind.__call__ for kind in kinds]

    def seen(call: Any) -> Any:
        @wraps(call)
        def wrapped(script: Any, *args: Any, **kwargs: Any) -> Any:
            for name in operators_in(script.inlined_graph):
                note(name)
            return call(script, *args, **kwargs)

        return wrapped

    try:
        for kind, call in zip(kinds, calls, strict=True):
            kind.__call__ = seen(call)
        yield
    finally:
        for kind, call in zip(kinds, calls, strict=True):
            kind.__call__ = call
