"""What may happen to a module between loading its tensors and looking at it, in the words of a case."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["HAPPENS", "shown_after"]

HAPPENS: Mapping[str, str] = {
    "double": ", moved by .double(), then weight written to",
    "loaded": ", asked in both modes, then other tensors loaded",
    "step": ", then a step of SGD",
}


def shown_after(module: str, x: str, after: str, mode: str = "training", leaves: str = "") -> str:
    """A case in a line: the module, its input, and what has happened. Who is asked for gradients was asked without before.

    >>> shown_after("SymmetricLinear(3)", "float64 (2, 3)", "step")
    'SymmetricLinear(3), x float64 (2, 3), its tensors loaded, then a step of SGD'
    """
    before = ", asked before under torch.no_grad()" if leaves else HAPPENS.get(after, "")
    return f"{module}, x {x}, its tensors loaded{before}{', in eval mode' if mode == 'eval' else ''}"
