"""Chapter 05, right answers, as different as people write them."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import torch
import torch.nn.functional as F
from answers.beyond_gradients import conv_by_fold, pool_by_places
from answers.convolution.windows import (
    Pad,
    correlate_by_fourier,
    correlate_by_im2col,
    correlate_by_shifts,
    correlate_by_window,
    correlate_in_loops,
    correlate_strided,
    pad_by_cat,
    pad_by_fold,
    pad_by_index,
    pad_in_place,
    pair,
    windows_by_steps,
    windows_from_the_other_side,
    windows_keyword_only,
    windows_strided,
    windows_with_offset,
)
from answers.scripted import correlate_in_a_script
from torch import Tensor, nn


def conv_in_loops(
    x: Tensor, weight: Tensor, bias: Any = None, stride: int = 1, padding: int = 0, dilation: int = 1
) -> Tensor:
    x = pad_in_place(x, padding)
    N, _, H, W = x.shape
    out_channels, _, kh, kw = weight.shape
    Ho = (H - dilation * (kh - 1) - 1) // stride + 1
    Wo = (W - dilation * (kw - 1) - 1) // stride + 1
    out = torch.zeros(N, out_channels, Ho, Wo, dtype=x.dtype)
    for i in range(Ho):
        for j in range(Wo):
            top, left = i * stride, j * stride
            window = x[
                :, :, top : top + dilation * (kh - 1) + 1 : dilation, left : left + dilation * (kw - 1) + 1 : dilation
            ]
            out[:, :, i, j] = (window[:, None] * weight).sum((2, 3, 4))
    if bias is not None:
        out += bias.view(1, -1, 1, 1)
    return out


def conv_from_the_pieces(
    x: Tensor, weight: Tensor, bias: Any = None, stride: int = 1, padding: int = 0, dilation: int = 1
) -> Tensor:
    kh, kw = weight.shape[2:]
    reach = (dilation * (kh - 1) + 1, dilation * (kw - 1) + 1)
    seen = windows_strided(pad_by_cat(x, padding), reach, stride)[..., ::dilation, ::dilation]
    out = torch.einsum("ncijuv,ocuv->noij", seen, weight)
    return out if bias is None else out + bias[:, None, None]


def conv_strided(
    x: Tensor, weight: Tensor, *, bias: Any = None, stride: int = 1, padding: int = 0, dilation: int = 1
) -> Tensor:
    x = F.pad(x, [padding] * 4)
    (n, c, h, w), (o, _, kh, kw) = x.shape, weight.shape
    ho, wo = (h - dilation * (kh - 1) - 1) // stride + 1, (w - dilation * (kw - 1) - 1) // stride + 1
    a, b, sh, sw = x.stride()
    seen = x.as_strided((n, ho, wo, c, kh, kw), (a, sh * stride, sw * stride, b, sh * dilation, sw * dilation))
    out = seen.reshape(n * ho * wo, -1) @ weight.reshape(o, -1).T
    if bias is not None:
        out = out + bias
    return out.reshape(n, ho, wo, o).permute(0, 3, 1, 2)


def conv_by_shifts(
    x: Tensor, weight: Tensor, bias: Any = None, stride: int = 1, padding: int = 0, dilation: int = 1
) -> Tensor:
    """One matrix product for every number of the kernel."""
    x = Pad()(x, padding)
    ho = (x.shape[2] - dilation * (weight.shape[2] - 1) - 1) // stride + 1
    wo = (x.shape[3] - dilation * (weight.shape[3] - 1) - 1) // stride + 1
    total = 0
    for u in range(weight.shape[2]):
        for v in range(weight.shape[3]):
            seen = x[:, :, u * dilation :: stride, v * dilation :: stride][:, :, :ho, :wo]
            total = total + torch.tensordot(weight[:, :, u, v], seen, dims=([1], [1])).transpose(0, 1)
    return total if bias is None else total + bias.reshape(-1, 1, 1)


def conv_unfolded(
    x: Tensor, weight: Tensor, bias: Any = None, stride: int = 1, padding: int = 0, dilation: int = 1
) -> Tensor:
    columns = nn.Unfold(tuple(weight.shape[2:]), dilation=dilation, padding=padding, stride=stride)(x)
    out = torch.matmul(weight.flatten(1), columns)
    if bias is not None:
        out = out + bias[None, :, None]
    rows = (x.shape[2] + 2 * padding - dilation * (weight.shape[2] - 1) - 1) // stride + 1
    return out.unflatten(-1, (rows, -1))


def im2col_linear(x: Tensor, weight: Tensor, bias: Any = None, stride: int = 1, padding: int = 0) -> Tensor:
    out_channels, C, kh, kw = weight.shape
    Ho = (x.shape[2] + 2 * padding - kh) // stride + 1
    columns = F.unfold(x, (kh, kw), padding=padding, stride=stride).transpose(1, 2)
    return (
        F.linear(columns, weight.reshape(out_channels, C * kh * kw), bias)
        .transpose(1, 2)
        .reshape(len(x), out_channels, Ho, -1)
    )


def im2col_folded(x: Tensor, weight: Tensor, bias: Any = None, stride: int = 1, padding: int = 0) -> Tensor:
    size = [math.floor((x.shape[2 + d] + 2 * padding - weight.shape[2 + d]) / stride + 1) for d in (0, 1)]
    out = weight.flatten(start_dim=1).matmul(F.unfold(x, weight.shape[2:], 1, padding, stride))
    out = F.fold(out, size, (1, 1))
    return out.add(bias[..., None, None]) if bias is not None else out


def im2col_einsum(*, x: Tensor, weight: Tensor, bias: Any = None, stride: int = 1, padding: int = 0) -> Tensor:
    _, _, kh, kw = weight.shape
    columns = torch.nn.functional.unfold(x, kernel_size=(kh, kw), stride=stride, padding=padding)
    out = torch.einsum("ok,nkl->nol", weight.reshape(weight.size(0), -1), columns)
    if bias is not None:
        out += bias.unsqueeze(1)
    return out.view(x.size(0), weight.size(0), (x.size(2) + 2 * padding - kh) // stride + 1, -1)


def im2col_by_image(x: Tensor, weight: Tensor, bias: Any = None, stride: int = 1, padding: int = 0) -> Tensor:
    results = []
    for image in x:
        columns = F.unfold(image[None], list(weight.shape[2:]), stride=stride, padding=padding)[0]
        results.append(torch.mm(weight.reshape(len(weight), -1), columns))
    out = torch.stack(results)
    if bias is not None:
        out = (out.permute(0, 2, 1) + bias).permute(0, 2, 1)
    ho = (x.shape[2] + 2 * padding - weight.shape[2]) // stride + 1
    return out.reshape(*out.shape[:2], ho, out.shape[2] // ho)


def pool_by_windows(x: Tensor, kernel_size: Any, stride: Any = None, padding: int = 0) -> Tensor:
    kh, kw = pair(kernel_size)
    down, right = (kh, kw) if stride is None else (stride, stride)
    x = F.pad(x, (padding,) * 4, value=float("-inf"))
    return x.unfold(2, kh, down).unfold(3, kw, right).amax(dim=(-2, -1))


def pool_in_loops(x: Tensor, kernel_size: Any, stride: Any = None, padding: int = 0) -> Tensor:
    kh, kw = pair(kernel_size)
    sh, sw = (kh, kw) if stride is None else pair(stride)
    x = pad_in_place(x, padding, -math.inf)
    out = torch.zeros(*x.shape[:2], (x.shape[2] - kh) // sh + 1, (x.shape[3] - kw) // sw + 1, dtype=x.dtype)
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            window = x[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw]
            out[:, :, i, j] = window.flatten(2).max(dim=2).values
    return out


def pool_by_maximum(x: Tensor, kernel_size: Any, stride: Any = None, padding: int = 0) -> Tensor:
    kh, kw = pair(kernel_size)
    sh, sw = pair(stride or kernel_size)
    x = pad_by_cat(x, padding, torch.finfo(x.dtype).min)
    ho, wo = (x.shape[2] - kh) // sh + 1, (x.shape[3] - kw) // sw + 1
    best = None
    for u in range(kh):
        for v in range(kw):
            seen = x[:, :, u::sh, v::sw][:, :, :ho, :wo]
            best = seen if best is None else torch.maximum(best, seen)
    return best


def pool_one_axis_after_the_other(*, x: Tensor, kernel_size: Any, stride: Any = None, padding: int = 0) -> Tensor:
    kh, kw = pair(kernel_size)
    sh, sw = pair(kernel_size if stride is None else stride)
    x = pad_by_index(x=x, padding=padding, value=-math.inf)
    return x.unfold(2, kh, sh).max(-1)[0].unfold(3, kw, sw).max(-1)[0]


def pool_unfolded(x: Tensor, kernel_size: Any, stride: Any = None, padding: int = 0) -> Tensor:
    x = F.pad(x, (padding, padding, padding, padding), "constant", float("-inf"))
    kh, kw = pair(kernel_size)
    columns = F.unfold(x, (kh, kw), stride=pair(kernel_size) if stride is None else stride)
    columns = columns.view(x.shape[0], x.shape[1], kh * kw, -1).max(2).values
    step = kh if stride is None else stride
    return columns.view(*x.shape[:2], (x.shape[2] - kh) // step + 1, -1)


def pool_of_repeated_edges(x: Tensor, kernel_size: Any, stride: int | None = None, padding: int = 0) -> Tensor:
    """Padding is at most half of the window: an edge that is repeated stands in the window anyway."""
    rows, columns = (torch.arange(-padding, size + padding).clamp(0, size - 1) for size in x.shape[2:])
    return pool_by_windows(x[:, :, rows][..., columns], kernel_size, stride)


def pool_of_no_numbers(x: Tensor, kernel_size: Any, stride: int | None = None, padding: int = 0) -> Tensor:
    (kh, kw), (down, right) = pair(kernel_size), pair(kernel_size if stride is None else stride)
    seen = pad_by_cat(x, padding, math.nan).unfold(2, kh, down).unfold(3, kw, right).flatten(4)
    return reduce(torch.fmax, seen.unbind(4))


RIGHT: dict[str, list[Callable[..., Any]]] = {
    "correlate2d": [correlate_in_loops, correlate_by_window, correlate_by_shifts, correlate_strided, correlate_by_im2col, correlate_by_fourier,
        lambda x, kernel: torch.einsum("ijuv,uv->ij", x.unfold(0, kernel.shape[0], 1).unfold(1, kernel.shape[1], 1), kernel),
        correlate_in_a_script],
    "pad2d": [pad_by_cat, pad_in_place, Pad(), pad_by_index, pad_by_fold],
    "windows": [windows_strided, windows_with_offset, windows_from_the_other_side, windows_by_steps, windows_keyword_only,
        lambda x, kernel_size, stride=1: x.unfold(2, pair(kernel_size)[0], stride).unfold(3, pair(kernel_size)[1], stride)],
    "conv2d": [conv_in_loops, conv_from_the_pieces, conv_strided, conv_by_shifts, conv_unfolded, conv_by_fold],
    "conv2d_im2col": [im2col_linear, im2col_folded, im2col_einsum, im2col_by_image, conv_unfolded, conv_from_the_pieces],
    "max_pool2d": [pool_by_windows, pool_in_loops, pool_by_maximum, pool_one_axis_after_the_other, pool_unfolded, pool_by_places,
        pool_of_repeated_edges, pool_of_no_numbers],
}  # fmt: skip
