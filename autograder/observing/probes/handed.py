"""A model in an answer's hands: what is left changed of it, and of torch's own settings, where nothing was asked for."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from autograder.observing.case import Case
from autograder.observing.probes.left_alone import notice, world_put_back

__all__ = ["Handed", "World", "patched"]


class World:
    """Notes which of torch's own settings a block leaves changed, and puts them back for what comes after.

    >>> with World() as world:
    ...     _ = torch.set_grad_enabled(False)
    >>> world.left, torch.is_grad_enabled()
    ('another grad mode', True)
    """

    def __enter__(self) -> World:
        self.left = "as it was"
        self._before = _settings()
        return self

    def __exit__(self, *exception: Any) -> None:
        changed = [name for name, value in _settings().items() if value != self._before[name]]
        self.left = f"another {', another '.join(changed)}" if changed else "as it was"
        torch.set_grad_enabled(self._before["grad mode"])
        torch.set_default_dtype(self._before["default dtype"])
        if "determinism" in changed:  # asking for it imports torch's compiler: whoever changed it has done so already
            torch.use_deterministic_algorithms(self._before["determinism"])
        if "number of threads" in changed:
            torch.set_num_threads(self._before["number of threads"])


def _settings() -> dict[str, Any]:
    return {
        "grad mode": torch.is_grad_enabled(),
        "default dtype": torch.get_default_dtype(),
        "determinism": torch.are_deterministic_algorithms_enabled(),
        "number of threads": torch.get_num_threads(),
    }


class Handed:
    """Notes what a block leaves changed of ``model``: modes, hooks, ``forward``, and what ``more`` names of `Noticed.again`.

    What was changed for others than this model, its classes, hooks for all modules, settings, is put back.

    >>> with Handed(nn.Linear(2, 3)) as handed:
    ...     torch.set_default_dtype(torch.float64)
    >>> handed.left
    {'modes': {'itself': 'training'}, 'hooks': 'as they were', 'forward': 'as they were', 'world': 'another default dtype'}
    """

    def __init__(self, model: nn.Module, *more: str) -> None:
        self._noticed = notice(model)
        self._asked = ("modes", "hooks", "forward", *more)
        self.left: dict[str, Any] = {}

    def __enter__(self) -> Handed:
        self._world = World().__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._world.__exit__(*exception)
        with world_put_back(self._noticed):
            self.left = self._noticed.left(self._asked) | {"world": self._world.left}


def patched(case: Case) -> str:
    """The classes of the model that the answer has patched, which the case's watcher has put back; "none" is right.

    The model itself may change here, so that nothing else that the watcher notes of it counts.
    """
    noted = case.noted.get("state", {}).get("model", ())
    return ", ".join(one.removeprefix("the class ") for one in noted if one.startswith("the class ")) or "none"
