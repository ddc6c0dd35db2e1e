"""What may happen to a module between loading its tensors and looking at it, in the words of a case."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["HAPPENS", "shown_after"]

HAPPENS: Mapping[str, str] = {
    "double": ", moved by .double(), then weight written to",
    "loaded": ", then other tensors loaded",
    "step": ", then a step of SGD",
}


def shown_after(module: str, x: str, after: str, mode: str = "training") -> str:
    """A case in a line: the module, its input, and what has happened.

    >>> shown_after("SymmetricLinear(3)", "float64 (2, 3)", "step")
    'SymmetricLinear(3), x float64 (2, 3), its tensors loaded, then a step of SGD'
    """
    return f"{module}, x {x}, its tensors loaded{HAPPENS.get(after, '')}{', in eval mode' if mode == 'eval' else ''}"
