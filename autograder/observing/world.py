"""Torch's own settings: which of them an answer has changed, and all of them as they were."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import torch
from torch.nn.modules import module as nn_module
from torch.overrides import _get_current_function_mode_stack

__all__ = ["GENERATOR", "OTHERS", "SEED", "WORLD", "OtherGenerators", "World", "without_modes"]

GENERATOR = "the global generator of random numbers"
OTHERS = "Python's or NumPy's global generator of random numbers"
SEED = "its seed"
WORLD = "the world"  # whose changes these are, where no tensor or module has changed

_GLOBAL_HOOKS = tuple(name for name in vars(nn_module) if name.startswith("_global_") and name.endswith("hooks"))


class World:
    """The settings as they are when it is made.

    >>> world = World()
    >>> torch.set_default_dtype(torch.float64)
    >>> world.put_back(), torch.get_default_dtype(), world.put_back()
    (('the default dtype',), torch.float32, ())
    """

    def __init__(self) -> None:
        self.settings = {name: read() for name, (read, _) in _SETTINGS.items()}
        self.hooks = {name: dict(hooks) for name, hooks in _hooks().items()}
        self.modes = _modes()

    @contextmanager
    def kept(self, draws: bool = True) -> Iterator[list[str]]:
        """A block after which everything is as it was; the list then names what was not.

        With ``draws`` the block may draw from torch's global generator, otherwise that is noted, too.

        >>> with World().kept() as changed:
        ...     inside = torch.inference_mode()
        ...     inside.__enter__()
        >>> changed, torch.is_inference_mode_enabled()
        (['the inference mode'], False)
        """
        changed: list[str] = []
        before = None if draws else torch.default_generator.get_state()
        # Nobody can set the inference mode but a block of its own, whose end forces it back whatever happened inside.
        with torch.inference_mode(torch.is_inference_mode_enabled()), torch.set_grad_enabled(torch.is_grad_enabled()):
            try:
                yield changed
            finally:
                if before is not None and not torch.equal(before, torch.default_generator.get_state()):
                    changed.append(GENERATOR)
                changed += self.put_back()

    def put_back(self) -> tuple[str, ...]:
        """Set everything back that is not as it was, and name it. The inference mode is only named: see `kept`."""
        changed = []
        for name, (read, write) in _SETTINGS.items():
            if read() != self.settings[name]:
                changed.append(name)
                write(self.settings[name])
        if _hooks() != self.hooks:
            changed.append("the hooks of all modules")
            for name, kept in self.hooks.items():
                now = getattr(nn_module, name)
                now.clear()
                now.update(kept)
        if _modes() != self.modes:
            changed.append("a mode that sees every operation")
            while torch._C._len_torch_function_stack() > self.modes[0]:
                torch._C._pop_torch_function_stack()
            while torch._C._len_torch_dispatch_stack() > self.modes[1]:
                torch._C._pop_torch_dispatch_stack(None)
        return tuple(changed)


def _hooks() -> dict[str, Any]:
    return {name: vars(nn_module)[name] for name in _GLOBAL_HOOKS}


def _modes() -> tuple[int, int]:
    return torch._C._len_torch_function_stack(), torch._C._len_torch_dispatch_stack()


def _deterministic() -> tuple[bool, bool]:
    return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()


def _device() -> tuple[Any, bool]:
    """What torch has written down as the default device, and whether it is on: a mode below all others."""
    context = getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None)
    return context, any(context is mode for mode in _get_current_function_mode_stack())


def _set_device(kept: tuple[Any, bool]) -> None:
    with suppress(AssertionError):  # it may be on no longer, although it is written down
        torch.set_default_device(None)
    context, on = kept
    torch._GLOBAL_DEVICE_CONTEXT.device_context = context
    if on:
        context.__enter__()


@contextmanager
def without_modes() -> Iterator[None]:
    """Takes off the modes that a notebook has left on: each of them sees, and may change, all that torch does. A default device
    is one.

    >>> torch.set_default_device("meta")
    >>> with without_modes():
    ...     torch.ones(1)
    tensor([1.])
    >>> torch.set_default_device(None)
    """
    functions = [torch._C._pop_torch_function_stack() for _ in range(torch._C._len_torch_function_stack())]
    dispatches = [torch._C._pop_torch_dispatch_stack(None) for _ in range(torch._C._len_torch_dispatch_stack())]
    try:
        yield
    finally:
        for mode in reversed(functions):
            torch._C._push_on_torch_function_stack(mode)
        for mode in reversed(dispatches):
            torch._C._push_on_torch_dispatch_stack(mode)


class OtherGenerators:
    """The global generators of Python and NumPy as they are when it is made. They are large: looked at once a run.

    >>> before = OtherGenerators()
    >>> before.changed(), random.seed(1), before.changed()
    (False, None, True)
    """

    def __init__(self) -> None:
        self.python: Any = random.getstate()
        self.numpy: Any = np.random.get_state(legacy=True)

    def changed(self) -> bool:
        """Whether somebody has drawn from them, or seeded one."""
        now: Any = np.random.get_state(legacy=True)
        same = all(np.array_equal(one, other) for one, other in zip(self.numpy, now, strict=True))
        return not same or random.getstate() != self.python

    def put_back(self) -> None:
        """Let them go on from where they were."""
        random.setstate(self.python)
        np.random.set_state(self.numpy)


_SETTINGS: Mapping[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    # Gradients go off with it, which is not to be told as well.
    "the inference mode": (torch.is_inference_mode_enabled, lambda on: torch.set_grad_enabled(not on)),
    "the grad mode": (torch.is_grad_enabled, lambda on: torch.set_grad_enabled(on)),
    "the default device": (_device, _set_device),
    "the default dtype": (torch.get_default_dtype, torch.set_default_dtype),
    "the deterministic setting": (
        _deterministic,
        lambda kept: torch.use_deterministic_algorithms(kept[0], warn_only=kept[1]),
    ),
    "the number of threads": (torch.get_num_threads, torch.set_num_threads),
    "the precision of products": (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    "the search for anomalies": (torch.is_anomaly_enabled, lambda on: torch.set_anomaly_enabled(on)),
    "the autocast setting": (
        lambda: torch.is_autocast_enabled("cpu"),
        lambda on: torch.set_autocast_enabled("cpu", on),
    ),
}
