"""Whether tensors that are to be several have memory of their own, each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["among"]


def among(tensors: Iterable[Any]) -> str:
    """In words, whether two of ``tensors`` lie in one piece of memory, one behind the other or one on top of the other.

    Without elements, or not made yet, a tensor lies nowhere.

    >>> whole = torch.zeros(5)
    >>> among([whole, torch.zeros(5), torch.zeros(0)]), among([whole[:2], whole[2:]])
    ('each its own', 'one for several')
    """
    places = [
        one.untyped_storage().data_ptr()
        for one in tensors
        if isinstance(one, Tensor)
        and not nn.parameter.is_lazy(one)
        and one.layout is torch.strided
        and one.device.type != "meta"
        and one.numel()
    ]
    return "each its own" if len(set(places)) == len(places) else "one for several"
