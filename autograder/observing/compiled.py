"""Answers that `torch.compile` has compiled: they are tried as they are written."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any

import torch

__all__ = ["as_written"]


@contextmanager
def as_written() -> Iterator[None]:
    """A block in which compiled functions run uncompiled, also those that are compiled inside.

    The compiler would compile the mode that watches an answer as well, and has given another shape for it. Who does not use
    it does not wait for it: the first `torch.compile` loads it, and nobody here.
    """
    torchs = torch.compile
    with ExitStack() as stack:

        def switch_off() -> None:
            if hasattr(torch.compiler, "set_stance"):  # torch 2.5 has none
                stack.enter_context(torch.compiler.set_stance("force_eager"))

        @wraps(torchs)
        def compile(*args: Any, **kwargs: Any) -> Any:
            switch_off()
            return torchs(*args, **kwargs)

        if "torch._dynamo" in sys.modules:
            switch_off()
        stack.callback(setattr, torch, "compile", torchs)
        setattr(torch, "compile", compile)  # noqa: B010 -- to mypy a function is no place to assign to
        yield
