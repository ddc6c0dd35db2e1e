"""Chapter 05, known misconceptions up to the windows: correlation, padding, windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from answers.convolution.windows import pair, windows_strided
from torch import Tensor


def flipped_in_loops(x: Tensor, kernel: Tensor) -> Tensor:
    out = torch.zeros(x.shape[0] - kernel.shape[0] + 1, x.shape[1] - kernel.shape[1] + 1, dtype=x.dtype)
    kh, kw = kernel.shape
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for u in range(kh):
                for v in range(kw):
                    out[i, j] += x[i + u, j + v] * kernel[kh - 1 - u, kw - 1 - v]
    return out


def short_loops(x: Tensor, kernel: Tensor) -> Tensor:
    (H, W), (kh, kw) = x.shape, kernel.shape
    out = torch.zeros(H - kh, W - kw, dtype=x.dtype)
    for i in range(H - kh):
        for j in range(W - kw):
            out[i, j] = torch.sum(x[i : i + kh, j : j + kw] * kernel)
    return out


def short_loops_into_a_right_size(x: Tensor, kernel: Tensor) -> Tensor:
    (H, W), (kh, kw) = x.shape, kernel.shape
    out = x.new_zeros(H - kh + 1, W - kw + 1)
    for i in range(H - kh):
        for j in range(W - kw):
            out[i, j] = torch.sum(kernel * x[i : i + kh, j : j + kw])
    return out


def short_lists(x: Tensor, kernel: Tensor) -> Tensor:
    (H, W), (kh, kw) = x.shape, kernel.shape
    return torch.stack(
        [torch.stack([(x[i : i + kh, j : j + kw] * kernel).sum() for j in range(W - kw)]) for i in range(H - kh)]
    )


def filled_the_other_way(x: Tensor, kernel: Tensor) -> Tensor:
    (H, W), (kh, kw) = x.shape, kernel.shape
    out = torch.zeros(W - kw + 1, H - kh + 1, dtype=x.dtype)
    for i in range(H - kh + 1):
        for j in range(W - kw + 1):
            out[j, i] = (x[i : i + kh, j : j + kw] * kernel).sum()
    return out


def width_first(x: Tensor, kernel: Tensor) -> Tensor:
    W, H = x.shape
    kh, kw = kernel.shape
    out = torch.zeros(H - kh + 1, W - kw + 1, dtype=x.dtype)
    for i in range(H - kh + 1):
        for j in range(W - kw + 1):
            out[i, j] = (x[i : i + kh, j : j + kw] * kernel).sum()
    return out


def default_dtype(x: Tensor, kernel: Tensor) -> Tensor:
    (H, W), (kh, kw) = x.shape, kernel.shape
    out = torch.zeros(H - kh + 1, W - kw + 1)
    for i in range(H - kh + 1):
        for j in range(W - kw + 1):
            out[i, j] = (x[i : i + kh, j : j + kw] * kernel).sum()
    return out


def in_numpy(x: Tensor, kernel: Tensor) -> Tensor:
    seen = np.lib.stride_tricks.sliding_window_view(x.detach().numpy(), tuple(kernel.shape))
    return torch.from_numpy(np.einsum("ijuv,uv->ij", seen, kernel.detach().numpy()))


def numbers_from_lists(x: Tensor, kernel: Tensor) -> Tensor:
    (H, W), (kh, kw) = x.shape, kernel.shape
    rows = [[(x[i : i + kh, j : j + kw] * kernel).sum().item() for j in range(W - kw + 1)] for i in range(H - kh + 1)]
    return torch.tensor(rows, dtype=x.dtype)


def framed(x: Tensor, padding: int, value: float, sizes: tuple[int, ...], at: tuple[int, ...]) -> Tensor:
    out = torch.full(sizes, float(value), dtype=x.dtype)
    out[tuple(slice(start, start + size) for start, size in zip(at, x.shape, strict=True))] = x
    return out


def top_left(x: Tensor, padding: int, value: float = 0.0) -> Tensor:
    n, c, h, _ = x.shape
    x = torch.cat([x.new_full((n, c, h, padding), value), x], dim=3)
    return torch.cat([x.new_full((n, c, padding, x.shape[3]), value), x], dim=2)


def channels_too(x: Tensor, padding: int, value: float = 0.0) -> Tensor:
    n, c, h, w = x.shape
    p = padding
    return framed(x, p, value, (n, c + 2 * p, h + 2 * p, w + 2 * p), (0, p, p, p))


def always_zero(x: Tensor, padding: int, value: float = 0.0) -> Tensor:
    out = torch.zeros(*x.shape[:2], x.shape[2] + 2 * padding, x.shape[3] + 2 * padding, dtype=x.dtype)
    out[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]] += x
    return out


def sliced_to_minus_padding(x: Tensor, padding: int, value: float = 0.0) -> Tensor:
    out = torch.full((*x.shape[:2], x.shape[2] + 2 * padding, x.shape[3] + 2 * padding), float(value), dtype=x.dtype)
    out[..., padding:-padding, padding:-padding] = x
    return out


def wide_only(x: Tensor, padding: int, value: float = 0.0) -> Tensor:
    side = x.new_full((*x.shape[:3], padding), value)
    return torch.cat((side, x, side), -1)


def fresh_strides(x: Tensor, kernel_size: Any, stride: int = 1) -> Tensor:
    kh, kw = pair(kernel_size)
    N, C, H, W = x.shape
    shape = (N, C, (H - kh) // stride + 1, (W - kw) // stride + 1, kh, kw)
    return x.as_strided(shape, (C * H * W, H * W, W * stride, stride, W, 1))


def stacked_windows(x: Tensor, kernel_size: Any, stride: int = 1) -> Tensor:
    kh, kw = pair(kernel_size)
    rows = range(0, x.shape[2] - kh + 1, stride)
    columns = range(0, x.shape[3] - kw + 1, stride)
    return torch.stack([torch.stack([x[:, :, i : i + kh, j : j + kw] for j in columns], dim=2) for i in rows], dim=2)


def unfolded_windows(x: Tensor, kernel_size: Any, stride: int = 1) -> Tensor:
    kh, kw = pair(kernel_size)
    n, c, h, w = x.shape
    columns = F.unfold(x, (kh, kw), stride=stride)
    ho, wo = (h - kh) // stride + 1, (w - kw) // stride + 1
    return columns.view(n, c, kh, kw, ho, wo).permute(0, 1, 4, 5, 2, 3)


def contiguous_first(x: Tensor, kernel_size: Any, stride: int = 1) -> Tensor:
    return windows_strided(x.contiguous(), kernel_size, stride)


def stride_inside(x: Tensor, kernel_size: Any, stride: int = 1) -> Tensor:
    kh, kw = pair(kernel_size)
    a, b, c, d = x.stride()
    size = (*x.shape[:2], (x.shape[2] - kh) // stride + 1, (x.shape[3] - kw) // stride + 1, kh, kw)
    return torch.as_strided(x, size, (a, b, c, d, c * stride, d * stride))


def from_slot_zero(x: Tensor, kernel_size: Any, stride: int = 1) -> Tensor:
    right = windows_strided(x, kernel_size, stride)
    return x.as_strided(right.size(), right.stride(), 0)


def from_its_storage(x: Tensor, kernel_size: Any, stride: int = 1) -> Tensor:
    right = windows_strided(x, kernel_size, stride)
    return torch.empty(0, dtype=x.dtype).set_(x.untyped_storage(), 0, right.size(), right.stride())


def ints_only(x: Tensor, kernel_size: Any, stride: int = 1) -> Tensor:
    return x.unfold(2, kernel_size, stride).unfold(3, kernel_size, stride)


def pairs_only(x: Tensor, kernel_size: Any, stride: int = 1) -> Tensor:
    kh, kw = kernel_size
    return windows_strided(x, (kh, kw), stride)
