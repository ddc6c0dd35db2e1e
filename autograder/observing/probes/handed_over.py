"""What was handed to an answer and has to be left alone, in the words of chapter 10: a module with all its parts, torch's settings.

What has changed is seen by `autograder.observing.left_alone`, the watcher of every chapter. Here it is said aspect by aspect, and also of
passes that the probe itself makes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from autograder.observing.left_alone import look

__all__ = ["Module", "settings_kept"]

# How the watcher begins to say that a tensor holds something else.
_NUMBERS = ("numbers of", "shape or dtype of")


class Module:
    """A module as it was when this was made; `memory` and `state` say afterwards what of it has changed.

    >>> layer = nn.Linear(2, 3)
    >>> before = Module(layer)
    >>> _ = layer.eval()
    >>> before.state()["mode"], before.memory()["parameters"]
    ('changed', 'unchanged')
    """

    def __init__(self, module: nn.Module) -> None:
        self._parameters = {name for name, _ in module.named_parameters()}
        self._buffers = {name for name, _ in module.named_buffers()}
        self._changed = look({"module": module})

    def memory(self) -> dict[str, str]:
        """Whether parameters and buffers are the same objects with the same values, and so every ``.grad``."""
        return {
            "parameters": self._word("its parameters", *_of(self._parameters)),
            "buffers": self._word("its buffers", *_of(self._buffers)),
            "grad": self._word(".grad of"),
        }

    def state(self) -> dict[str, str]:
        """Whether the mode of every part, ``requires_grad`` and the hooks are the same."""
        return {
            "mode": self._word("its mode"),
            "requires_grad": self._word("requires_grad of"),
            "hooks": self._word("its hooks"),
        }

    def _word(self, *told: str) -> str:
        found = self._changed().get("state", {}).get("module", ())
        return _word(not any(f"{one} ".startswith(f"{what} ") for one in found for what in told))


def _of(names: Iterable[str]) -> Iterator[str]:
    return (f"{what} {name}" for name in names for what in _NUMBERS)


def _word(same: bool) -> str:
    return "unchanged" if same else "changed"


@contextmanager
def settings_kept() -> Iterator[dict[str, str]]:
    """Notes in the dict it gives whether grad mode and default dtype were left as they were, and puts both back.

    The watcher of every chapter does so when the whole case is over; here the probe goes on.

    >>> with settings_kept() as kept:
    ...     _ = torch.set_grad_enabled(False)
    >>> kept["grad mode"], torch.is_grad_enabled()
    ('changed', True)
    """
    grad, dtype = torch.is_grad_enabled(), torch.get_default_dtype()
    kept: dict[str, str] = {}
    try:
        yield kept
    finally:
        kept["grad mode"] = _word(torch.is_grad_enabled() == grad)
        kept["default dtype"] = _word(torch.get_default_dtype() == dtype)
        torch.set_grad_enabled(grad)
        torch.set_default_dtype(dtype)
