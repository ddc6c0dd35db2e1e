"""Answers that take one thing for another that mostly comes along with it: a layout for what was read there, nearness for one
memory, equal numbers for one Parameter, sorted numbers for numbers by chance, one batch for none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from answers.functional import drawn_backwards
from torch import Tensor, nn

from autograder.authoring.oracles import oracles_of

__all__ = ["BEYOND_ALIKE"]

Answer = Callable[..., Any]

_read = oracles_of("storage")["read_strided"].answer
_train = oracles_of("training")["train_functional"].answer


def _remembered(key: Callable[..., Any]) -> Answer:
    """What was read the first time, again for whatever has the same ``key``."""
    known: dict[Any, Tensor] = {}

    def answer(storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
        where = (*key(storage), tuple(size), tuple(stride), offset)
        if where not in known:
            known[where] = _read(storage, size, stride, offset)
        return known[where].clone()

    return answer


def _near(a: Tensor, b: Tensor, reach: int) -> bool:
    return abs(a.data_ptr() - b.data_ptr()) < reach


def _once_each(key: Callable[[nn.Parameter], Any]) -> Answer:
    def answer(module: nn.Module, trainable_only: bool = False) -> int:
        counted = [one for one in module.parameters() if one.requires_grad or not trainable_only]
        return sum({key(one): one.numel() for one in counted}.values())

    return answer


def _drawn(change: Callable[[Tensor], Tensor], of: str = "") -> Answer:
    """The right draw, and then ``change`` of all tensors whose names end so."""

    def answer(generator: torch.Generator) -> dict[str, Tensor]:
        drawn = drawn_backwards(generator)
        return {
            name: change(one.detach()).requires_grad_() if name.endswith(of) else one for name, one in drawn.items()
        }

    return answer


def _sorted(numbers: Tensor) -> Tensor:
    return numbers.flatten().sort().values.view(numbers.shape)


def _sorted_by_size(numbers: Tensor) -> Tensor:
    flat = numbers.flatten()
    return flat[flat.abs().argsort()].view(numbers.shape)


def _back_from_two_on(params: dict[str, Tensor], batches: Iterable[Any], lr: float) -> Any:
    own = {name: one.detach().clone().requires_grad_() for name, one in params.items()}
    losses = _train(own, batches, lr)
    if len(losses) > 1:
        with torch.no_grad():
            for name, one in params.items():
                one.copy_(own[name])
    return losses


BEYOND_ALIKE: list[tuple[str, str, Answer]] = [
    ("read_strided", "what was read there in that dtype", _remembered(lambda storage: (storage.dtype,))),
    ("read_strided", "what was read there of that memory", _remembered(lambda storage: (
        storage.dtype, len(storage), storage.data_ptr()))),
    *(
        ("shares_storage", f"within {reach} bytes", lambda a, b, reach=reach: _near(a, b, reach))
        for reach in (64, 256, 1024, 4096)
    ),
    ("shares_storage", "nearer than the memory is long", lambda a, b: _near(a, b, a.untyped_storage().nbytes())),
    ("shares_storage", "nearer than both memories are long", lambda a, b: _near(
        a, b, a.untyped_storage().nbytes() + b.untyped_storage().nbytes())),
    ("count_parameters", "equal numbers once", _once_each(lambda one: (one.shape, tuple(one.flatten().tolist())))),
    ("count_parameters", "equal sums once", _once_each(lambda one: (one.shape, float(one.double().sum())))),
    ("count_parameters", "each memory once", _once_each(lambda one: one.untyped_storage().data_ptr())),
    ("init_params", "sorted", _drawn(_sorted)),
    ("init_params", "sorted, the largest first", _drawn(lambda numbers: -_sorted(numbers))),
    ("init_params", "sorted biases", _drawn(_sorted, "bias")),
    ("init_params", "sorted by how far from zero", _drawn(_sorted_by_size)),
    ("train_functional", "brought back where there are two batches", _back_from_two_on),
]  # fmt: skip
