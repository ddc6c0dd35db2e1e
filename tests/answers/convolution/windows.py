"""Chapter 05, right answers up to the windows: correlation, padding, windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def correlate_in_loops(x: Tensor, kernel: Tensor) -> Tensor:
    H, W = x.shape
    kh, kw = kernel.shape
    out = torch.zeros(H - kh + 1, W - kw + 1, dtype=x.dtype)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for u in range(kh):
                for v in range(kw):
                    out[i, j] += x[i + u, j + v] * kernel[u, v]
    return out


def correlate_by_window(image: Tensor, weights: Tensor, verbose: bool = False) -> Tensor:
    height, width = weights.size()
    rows = [
        torch.stack([(image[i : i + height, j : j + width] * weights).sum() for j in range(image.size(1) - width + 1)])
        for i in range(image.size(0) - height + 1)
    ]
    return torch.stack(rows)


def correlate_by_shifts(x: Tensor, kernel: Tensor) -> Tensor:
    """A loop over the kernel, not over the places."""
    rows, columns = x.shape[0] - kernel.shape[0] + 1, x.shape[1] - kernel.shape[1] + 1
    out = x.new_zeros(rows, columns)
    for u in range(kernel.shape[0]):
        for v in range(kernel.shape[1]):
            out = out + kernel[u, v] * x[u : u + rows, v : v + columns]
    return out


def correlate_strided(*, x: Tensor, kernel: Tensor) -> Tensor:
    kh, kw = kernel.shape
    size = (x.shape[0] - kh + 1, x.shape[1] - kw + 1, kh, kw)
    return torch.tensordot(x.as_strided(size, x.stride() * 2, x.storage_offset()), kernel, dims=2)


def correlate_by_im2col(x: Tensor, kernel: Tensor) -> Tensor:
    columns = F.unfold(x[None, None], tuple(kernel.shape))[0]
    return (kernel.flatten() @ columns).reshape(x.shape[0] - kernel.shape[0] + 1, -1)


def correlate_by_fourier(x: Tensor, kernel: Tensor) -> Tensor:
    spectrum = torch.fft.rfft2(x) * torch.fft.rfft2(kernel, s=tuple(x.shape)).conj()
    return torch.fft.irfft2(spectrum, s=tuple(x.shape))[
        : x.shape[0] - kernel.shape[0] + 1, : x.shape[1] - kernel.shape[1] + 1
    ]


def pad_by_cat(x: Tensor, padding: int, value: float = 0.0) -> Tensor:
    n, c, h, _ = x.shape
    side = x.new_full((n, c, h, padding), value)
    x = torch.cat([side, x, side], dim=3)
    lid = x.new_full((n, c, padding, x.shape[3]), value)
    return torch.cat([lid, x, lid], dim=-2)


def pad_in_place(x: Tensor, padding: int, value: float = 0.0) -> Tensor:
    N, C, H, W = x.size()
    out = torch.full((N, C, H + 2 * padding, W + 2 * padding), float(value), dtype=x.dtype)
    out[:, :, padding : H + padding, padding : W + padding].copy_(x)
    return out


class Pad:
    def __call__(self, x: Tensor, padding: int, value: float = 0.0, extra: str = "") -> Tensor:
        out = torch.zeros(*x.shape[:2], x.shape[2] + 2 * padding, x.shape[3] + 2 * padding).to(x)
        out.fill_(value)
        out.narrow(2, padding, x.shape[2]).narrow(3, padding, x.shape[3])[:] = x
        return out


def pad_by_index(*, x: Tensor, padding: int, value: float = 0.0) -> Tensor:
    """Look every pixel up, and choose by a mask."""
    rows = torch.arange(-padding, x.shape[2] + padding)
    columns = torch.arange(-padding, x.shape[3] + padding)
    inside = ((rows >= 0) & (rows < x.shape[2]))[:, None] & ((columns >= 0) & (columns < x.shape[3]))
    found = x[:, :, rows.clamp(0, x.shape[2] - 1)][..., columns.clamp(0, x.shape[3] - 1)]
    return torch.where(inside, found, torch.tensor(value, dtype=x.dtype))


def pad_by_fold(x: Tensor, padding: int, value: float = 0.0) -> Tensor:
    """F.unfold is free: with a window of one pixel it is padding by 0."""
    n, c, h, w = x.shape
    size = (h + 2 * padding, w + 2 * padding)
    framed = F.unfold(x, 1, padding=padding).view(n, c, *size)
    inside = F.unfold(torch.ones_like(x), 1, padding=padding).view(n, c, *size)
    return framed.masked_fill(inside == 0, value)


def windows_strided(x: Tensor, kernel_size: Any, stride: int = 1) -> Tensor:
    kh, kw = kernel_size if isinstance(kernel_size, (tuple, list)) else (kernel_size, kernel_size)
    N, C, H, W = x.shape
    sN, sC, sH, sW = x.stride()
    shape = [N, C, (H - kh) // stride + 1, (W - kw) // stride + 1, kh, kw]
    return x.as_strided(shape, [sN, sC, stride * sH, stride * sW, sH, sW])


def windows_with_offset(x: Tensor, kernel_size: Any, stride: int = 1) -> Tensor:
    kh, kw = pair(kernel_size)
    ho, wo = (x.size(2) - kh) // stride + 1, (x.size(3) - kw) // stride + 1
    a, b, c, d = x.stride()
    return torch.as_strided(
        x, (x.size(0), x.size(1), ho, wo, kh, kw), (a, b, c * stride, d * stride, c, d), x.storage_offset()
    )


def windows_from_the_other_side(x: Tensor, kernel_size: Any, stride: int = 1) -> Tensor:
    kh, kw = pair(kernel_size)
    return x.unfold(3, kw, stride).unfold(2, kh, stride).transpose(-1, -2)


def windows_by_steps(x: Tensor, kernel_size: Any, stride: int = 1) -> Tensor:
    """All windows, then every stride-th."""
    kh, kw = pair(kernel_size)
    return x.unfold(-2, kh, 1).unfold(-2, kw, 1)[:, :, ::stride, ::stride]


def windows_keyword_only(*, x: Tensor, kernel_size: Any, stride: int = 1) -> Tensor:
    kh, kw = np.broadcast_to(np.asarray(kernel_size), 2).tolist()
    every = x.unfold(2, kh, 1).unfold(3, kw, 1)
    rows = every.transpose(0, 2)[::stride].transpose(0, 2)
    return rows.movedim(3, 0)[::stride].movedim(0, 3)
