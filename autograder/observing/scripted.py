"""TorchScript: what `torch.jit` has made of a function runs without Python, and no mode is told of the operators in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from torch._C import ScriptFunction, ScriptMethod

__all__ = ["Scripts", "operators_in"]

_KINDS: tuple[Any, ...] = (ScriptFunction, ScriptMethod)
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


class Scripts:
    """A block, to be entered as often as one likes, in which ``note`` is called with every operator of each script that is called.

    A script is what was made of a function, by its source or by a trace, or the method of a scripted module.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._before: list[tuple[Any, ...]] = []
        self._noting = tuple(self._called(place) for place in range(len(_KINDS)))

    def __enter__(self) -> Scripts:
        self._before.append(tuple(kind.__call__ for kind in _KINDS))
        for kind, call in zip(_KINDS, self._noting, strict=True):
            kind.__call__ = call
        return self

    def __exit__(self, *exception: Any) -> None:
        for kind, call in zip(_KINDS, self._before.pop(), strict=True):
            kind.__call__ = call

    def _called(self, place: int) -> Callable[..., Any]:
        def called(script: Any, *args: Any, **kwargs: Any) -> Any:
            for name in operators_in(script.inlined_graph):
                self._note(name)
            return self._before[0][place](script, *args, **kwargs)

        return called
