"""What takes seconds to import and few notebooks need: a zygote imports it before it forks, once a notebook mentions it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from importlib import import_module

__all__ = ["LATER", "import_later", "mentioned"]

# By module: a word that stands in whatever uses it. The first optimiser that is made imports torch's compiler.
LATER = {
    "torch._dynamo": ("optim", "compile", "export"),
    "sklearn.datasets": ("sklearn",),
}


def mentioned(sources: Iterable[str]) -> tuple[str, ...]:
    """The modules of `LATER` that these sources may come to use.

    >>> mentioned(["import torch", "step = torch.optim.SGD(params, lr=0.1).step"])
    ('torch._dynamo',)
    """
    text = "\n".join(sources)
    return tuple(module for module, words in LATER.items() if any(word in text for word in words))


def import_later(modules: Iterable[str]) -> None:
    """Import those of `LATER` that are named here and installed; nothing else, whoever asks."""
    for module in modules:
        if module in LATER:
            with contextlib.suppress(ImportError):
                import_module(module)
