"""What was given before: the same objects, which held other numbers then. Who remembers by the object alone shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["other_numbers"]


@contextmanager
def other_numbers(given: Mapping[str, Any]) -> Iterator[None]:
    """A block in which each tensor of ``given`` holds other numbers, but for whole ones, and each parameter of a module is
    frozen or thawed too.

    Whatever becomes of them in the block, they are afterwards as they were.

    >>> x = torch.tensor([1.0, -2.0])
    >>> with other_numbers({"x": x, "stride": 2}):
    ...     x
    tensor([-1.,  2.])
    >>> x
    tensor([ 1., -2.])
    """
    tensors = [one for value in given.values() for one in _tensors(value)]
    before = [(one.detach().clone(), one.stride(), one.storage_offset(), one.requires_grad) for one in tensors]
    for one in tensors:
        if one.is_floating_point() or one.is_complex():  # whole numbers may be places, and a mask is no number
            one.detach().neg_()
        if isinstance(one, nn.Parameter):
            one.requires_grad_(not one.requires_grad)
    try:
        yield
    finally:
        for one, (numbers, stride, offset, asks) in zip(tensors, before, strict=True):
            with torch.no_grad():
                if one.shape != numbers.shape:  # turned in place
                    one.as_strided_(numbers.shape, stride, offset)
                one.copy_(numbers)
            if one.is_leaf:
                one.requires_grad_(asks)


def _tensors(value: Any) -> list[Tensor]:
    match value:
        case Tensor():
            return [value]
        case nn.Module():
            return list(value.parameters())
        case Mapping():
            return [one for item in value.values() for one in _tensors(item)]
    return []
