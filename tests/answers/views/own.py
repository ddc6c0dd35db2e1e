"""Chapter 02, answers that let torch's own operator do what is to be built by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def by_torch(size: Any, stride: Any, offset: int = 0) -> Tensor:
    return torch.empty(5000).as_strided(size, stride, offset)


def layout_of(x: Tensor) -> Any:
    return tuple(x.size()), tuple(x.stride()), x.storage_offset()


def view_by_torch(size: Any, stride: Any, new_size: Any) -> Any:
    try:
        return torch.empty_strided(size, stride, device="meta").view(new_size).stride()
    except RuntimeError:
        return None


TORCHS_OWN: list[tuple[str, Callable[..., Any]]] = [
    ("transpose_layout", lambda size, stride, offset, a, b: layout_of(by_torch(size, stride, offset).transpose(a, b))),
    ("slice_layout", lambda size, stride, offset, dim, start, stop, step=1: layout_of(
        by_torch(size, stride, offset)[(slice(None),) * dim + (slice(start, stop, step),)])),
    ("expand_layout", lambda size, stride, offset, new_size: layout_of(by_torch(size, stride, offset).expand(new_size))),
    ("is_contiguous", lambda size, stride: torch.empty_strided(size, stride).is_contiguous()),
    ("infer_size", lambda numel, new_size: tuple(torch.empty(numel).view(new_size).shape)),
    ("infer_size", lambda numel, new_size: tuple(torch.zeros(numel, device="meta").reshape(*new_size).shape)),
    ("view_stride", view_by_torch),
]  # fmt: skip
