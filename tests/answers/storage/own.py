"""Chapter 01, answers that let torch's own operator do what is to be built by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

TORCHS_OWN: list[tuple[str, Callable[..., Any]]] = [
    ("contiguous_stride", lambda size: torch.empty(size).stride()),
    ("contiguous_stride", lambda size: torch.empty(size, device="meta").stride()),
    ("contiguous_stride", lambda size: torch.zeros(*size).stride()),
    ("contiguous_stride", lambda size: tuple(torch.tensor(size[k + 1 :]).clamp(min=1).prod().item() for k in range(len(size)))),
    ("contiguous_stride", lambda size: torch._prims_common.make_contiguous_strides_for(size)),
    ("read_strided", lambda storage, size, stride, offset=0: storage.as_strided(size, stride, offset).clone()),
    ("read_strided", lambda storage, size, stride, offset=0: torch.as_strided(storage, size, stride, offset).clone()),
    ("read_strided", lambda storage, size, stride, offset=0: torch.as_strided_copy(storage, size, stride, offset)),
    ("read_strided", lambda storage, size, stride, offset=0: torch.ops.aten.as_strided(storage, size, stride, offset).clone()),
    ("read_strided", lambda storage, size, stride, offset=0: storage.clone().as_strided_(size, stride, offset)),
]  # fmt: skip
