"""Which block of memory a tensor lies in: two tensors with the same block share what is written."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.parameter import is_lazy

__all__ = ["memory_of"]


def memory_of(tensor: Tensor) -> tuple[torch.device, int] | None:
    """The device and address of the tensor's storage; ``None`` where there is no memory to speak of.

    Lazy parameters, the meta device, tensors without elements and sparse ones have none.

    >>> one = torch.zeros(4)
    >>> memory_of(one) == memory_of(one[2:].view(2, 1)), memory_of(one) == memory_of(one.clone())
    (True, False)
    """
    if is_lazy(tensor) or tensor.layout != torch.strided or tensor.device.type == "meta":
        return None
    address = tensor.untyped_storage().data_ptr()
    return (tensor.device, address) if address else None
