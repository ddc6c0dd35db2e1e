"""The ways in which one and the same kind of module can be put together: one list for the whole course."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["BUFFERS_ONLY", "MAKES", "MAKE_WORDS", "layers_of"]

Spec = list[Sequence[Any]]

BUFFERS_ONLY = "buffers only"

MAKES = (
    "an nn.Sequential",
    "modules inside modules",
    "own parameters at the top",
    "one parameter in two places",
    "frozen in part",
    "odd names",
    BUFFERS_ONLY,
)

# How a sentence says a make, and where the module stands.
MAKE_WORDS = {
    "make": "the module is of the make: {}",
    "beside": "beside it stands {}",
    "depth": "it lies {} levels down",
}


def layers_of(make: str, features: int, outputs: int) -> Spec:
    """What `autograder.observing.probes.specimen.build_module` makes a module of: ``(N, features) -> (N, outputs)``.

    A module of buffers only has nothing to learn and keeps its ``features``.

    >>> from autograder.observing.probes.specimen import build_module
    >>> for make in MAKES:
    ...     module = build_module(layers_of(make, 4, 3))
    ...     print(make, sum(one.numel() for one in module.parameters()))
    an nn.Sequential 43
    modules inside modules 43
    own parameters at the top 31
    one parameter in two places 39
    frozen in part 43
    odd names 46
    buffers only 0
    """
    middle = features + 1
    first, last = ("linear", features, middle), ("linear", middle, outputs)
    match make:
        case "an nn.Sequential":
            return [first, ("relu",), last]
        case "modules inside modules":
            return [("nest", ("nest", first), ("relu",)), ("nest", ("nest", ("nest", last)))]
        case "own parameters at the top":
            inner = ("linear", features, outputs)
            children = ("child", "inner", inner), ("child", "more", ("linear", outputs, outputs))
            return [("module", *children, ("parameter", "gain", outputs), ("parameter", "level"))]
        case "one parameter in two places":
            again = ("linear", features, features)
            return [again, ("relu",), again, ("tie", 0, 2), ("linear", features, outputs)]
        case "frozen in part":
            parts = ("child", "first", first), ("child", "relu", ("relu",)), ("child", "last", last)
            return [("module", *parts, ("freeze", "first.weight"), ("freeze", "last.bias"))]
        case "odd names":
            parts = ("child", "weight", first), ("child", "a b", ("relu",)), ("child", "größe_1", last)
            return [("module", *parts, ("parameter", "bias", outputs), ("buffer", "parameters_", 1))]
        case "buffers only":
            return [("module", ("child", "relu", ("relu",)), ("buffer", "mean", features), ("buffer", "count"))]
    raise ValueError(f"no module is made as {make!r}; there are {', '.join(MAKES)}")
