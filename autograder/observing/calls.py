"""How often an answer calls torch's operators: for an exercise that is about doing something in one call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from torch.overrides import TorchFunctionMode

from autograder.observing.watch import own_name

__all__ = ["Calls"]


class Calls(TorchFunctionMode):
    """A context that counts the calls of every operator by its own name, in ``times``.

    What ``torch.vmap`` runs once for a whole batch counts once.

    >>> import torch
    >>> with Calls() as calls:
    ...     _ = torch.vmap(torch.dot)(torch.ones(5, 3), torch.ones(5, 3)), torch.ones(3).dot(torch.ones(3))
    >>> calls.times["dot"]
    2
    """

    def __init__(self) -> None:
        super().__init__()
        self.times: Counter[str] = Counter()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Count the call, then do what was asked."""
        self.times[own_name(func)] += 1
        return func(*args, **(kwargs or {}))
