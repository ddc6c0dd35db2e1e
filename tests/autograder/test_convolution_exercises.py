"""Chapter 05: right answers in other styles earn everything; torch's own operator nothing; wrong ones have names."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.exercise import Exercise, exercises_of
from autograder.judge import judge
from autograder.observe import run
from autograder.oracles.convolution import ORACLES
from autograder.oracles.record import record, same_reference
from autograder.reference import PUBLIC, load
from autograder.verdict import Verdict

EXERCISES = {one.id: one for one in exercises_of("convolution")}


def check(exercise: str, answer: Any, directory: Path = PUBLIC) -> Verdict:
    """As `autograder.check` does it, on any reference."""
    task: Exercise = EXERCISES[exercise]
    reference = load(task, directory)
    return judge(task, reference, run(task, answer, reference.cases))


def pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


# Right answers, as different as people write them.


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
    out = torch.einsum("ok,nkl->nol", weight.view(weight.size(0), -1), columns)
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


RIGHT: dict[str, list[Callable[..., Any]]] = {
    "correlate2d": [correlate_in_loops, correlate_by_window, correlate_by_shifts, correlate_strided, correlate_by_im2col, correlate_by_fourier,
        lambda x, kernel: torch.einsum("ijuv,uv->ij", x.unfold(0, kernel.shape[0], 1).unfold(1, kernel.shape[1], 1), kernel)],
    "pad2d": [pad_by_cat, pad_in_place, Pad(), pad_by_index, pad_by_fold],
    "windows": [windows_strided, windows_with_offset, windows_from_the_other_side, windows_by_steps, windows_keyword_only,
        lambda x, kernel_size, stride=1: x.unfold(2, pair(kernel_size)[0], stride).unfold(3, pair(kernel_size)[1], stride)],
    "conv2d": [conv_in_loops, conv_from_the_pieces, conv_strided, conv_by_shifts, conv_unfolded],
    "conv2d_im2col": [im2col_linear, im2col_folded, im2col_einsum, im2col_by_image, conv_unfolded, conv_from_the_pieces],
    "max_pool2d": [pool_by_windows, pool_in_loops, pool_by_maximum, pool_one_axis_after_the_other, pool_unfolded],
}  # fmt: skip
EVERY_RIGHT = [(name, one) for name, several in RIGHT.items() for one in several]


@pytest.mark.parametrize(("exercise", "answer"), EVERY_RIGHT)
def test_a_right_answer_in_another_style_earns_all_points(exercise: str, answer: Any) -> None:
    verdict = check(exercise, answer)
    assert verdict.solved, str(verdict)
    assert verdict.score == EXERCISES[exercise].points


def untouched(*args: Any, **kwargs: Any) -> Any:
    raise NotImplementedError


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("stub", [untouched, None, ...])
def test_a_stub_is_not_attempted_and_earns_nothing(exercise: str, stub: Any) -> None:
    verdict = check(exercise, stub)
    assert (verdict.status.value, verdict.score) == ("not attempted", 0)


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize(
    "constant",
    [
        lambda *_, **__: True,
        lambda *_, **__: torch.zeros(()),
        lambda *args, **_: args[0],
        lambda *args, **_: args[0] * 0,
    ],
)
def test_an_answer_that_looks_at_nothing_earns_nothing(exercise: str, constant: Any) -> None:
    # Padding by nothing gives the image back, which is the one case where the image is right.
    assert check(exercise, constant).score < (1 if exercise == "pad2d" else 0.01)


# torch's own


def layer(x: Tensor, weight: Tensor, bias: Any = None, stride: int = 1, padding: int = 0, dilation: int = 1) -> Tensor:
    conv = nn.Conv2d(
        weight.shape[1], weight.shape[0], tuple(weight.shape[2:]), stride, padding, dilation, bias=bias is not None
    )
    conv.weight = nn.Parameter(weight)
    if bias is not None:
        conv.bias = nn.Parameter(bias)
    return conv(x)


TORCHS_OWN: list[tuple[str, Callable[..., Any]]] = [
    ("correlate2d", lambda x, kernel: F.conv2d(x[None, None], kernel[None, None])[0, 0]),
    ("correlate2d", lambda x, kernel: F.conv3d(x[None, None, None], kernel[None, None, None])[0, 0, 0]),
    ("correlate2d", lambda x, kernel: layer(x[None, None], kernel[None, None])[0, 0]),
    ("correlate2d", lambda x, kernel: torch.stack([
        sum(F.conv1d(x[None, i + u : i + u + 1], kernel[None, u : u + 1])[0, 0] for u in range(len(kernel)))
        for i in range(len(x) - len(kernel) + 1)])),
    ("pad2d", lambda x, padding, value=0.0: F.pad(x, (padding,) * 4, value=value)),
    ("pad2d", lambda x, padding, value=0.0: nn.ConstantPad2d(padding, value)(x)),
    ("pad2d", lambda x, padding, value=0.0: nn.ZeroPad2d(padding)(x)),
    ("pad2d", lambda x, padding, value=0.0: torch.constant_pad_nd(x, (padding,) * 4, value)),
    ("pad2d", lambda x, padding, value=0.0: torch.ops.aten.constant_pad_nd(x, (padding,) * 4, value)),
    ("pad2d", lambda x, padding, value=0.0: torch._C._nn.pad(x, (padding,) * 4, "constant", value)),
    ("conv2d", F.conv2d),
    ("conv2d", torch.conv2d),
    ("conv2d", layer),
    ("conv2d", lambda x, weight, bias=None, stride=1, padding=0, dilation=1: torch.ops.aten.conv2d(
        x, weight, bias, [stride] * 2, [padding] * 2, [dilation] * 2)),
    ("conv2d", lambda x, weight, bias=None, stride=1, padding=0, dilation=1: torch.convolution(
        x, weight, bias, [stride] * 2, [padding] * 2, [dilation] * 2, False, [0, 0], 1)),
    ("conv2d", lambda x, weight, bias=None, stride=1, padding=0, dilation=1: F.conv_transpose2d(x, weight.transpose(0, 1))),
    ("conv2d_im2col", F.conv2d),
    ("conv2d_im2col", layer),
    ("conv2d_im2col", lambda x, weight, bias=None, stride=1, padding=0: torch.ops.aten.convolution.default(
        x, weight, bias, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1)),
    ("max_pool2d", F.max_pool2d),
    ("max_pool2d", torch.max_pool2d),
    ("max_pool2d", lambda x, kernel_size, stride=None, padding=0: nn.MaxPool2d(kernel_size, stride, padding)(x)),
    ("max_pool2d", lambda x, kernel_size, stride=None, padding=0: torch.ops.aten.max_pool2d(
        x, pair(kernel_size), pair(stride or kernel_size), [padding] * 2)),
    ("max_pool2d", lambda x, kernel_size, stride=None, padding=0: F.max_pool2d(
        x, kernel_size, stride, padding, return_indices=True)[0]),
    ("max_pool2d", lambda x, kernel_size, stride=None, padding=0: F.max_pool3d(x[:, None], (1, *pair(kernel_size)))[:, 0]),
    ("max_pool2d", lambda x, kernel_size, stride=None, padding=0: F.adaptive_max_pool2d(x, 2)),
]  # fmt: skip


@pytest.mark.parametrize(("exercise", "answer"), TORCHS_OWN)
def test_torchs_own_operator_earns_nothing_by_hand(exercise: str, answer: Any) -> None:
    verdict = check(exercise, answer)
    assert (verdict.status.value, verdict.score) == ("not by hand", 0)
    assert "torch's own; here you build it" in verdict.note


# Misconceptions


VARIANTS = [
    (oracle.exercise, one.name, variant)
    for oracle in ORACLES
    for one in oracle.misconceptions
    for variant in one.variants
]


@pytest.mark.parametrize(("exercise", "name", "answer"), VARIANTS)
def test_every_known_misconception_is_called_by_its_name(exercise: str, name: str, answer: Any) -> None:
    verdict = check(exercise, answer)
    assert verdict.misconception == name, str(verdict)
    assert verdict.score < verdict.points
    assert verdict.status.value != "not by hand"


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


def conv_changed(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[..., Tensor]:
    """The loops, given something else than they were called with."""

    def answer(
        x: Tensor, weight: Tensor, bias: Any = None, stride: int = 1, padding: int = 0, dilation: int = 1
    ) -> Tensor:
        given = {"x": x, "weight": weight, "bias": bias, "stride": stride, "padding": padding, "dilation": dilation}
        return conv_in_loops(**(given | change(given)))

    return answer


def flipped_by_index(given: dict[str, Any]) -> dict[str, Any]:
    _, _, kh, kw = given["weight"].shape
    return {"weight": given["weight"][:, :, torch.arange(kh - 1, -1, -1)][:, :, :, torch.arange(kw - 1, -1, -1)]}


def bias_at_the_end(
    x: Tensor, weight: Tensor, bias: Any = None, stride: int = 1, padding: int = 0, dilation: int = 1
) -> Tensor:
    out = conv_by_shifts(x, weight, None, stride, padding, dilation)
    return bias + out if bias is not None else out


def im2col_changed(
    fold: Callable[[Tensor, int, int], Tensor], rows: Callable[[Tensor], Tensor] = lambda w: w.flatten(1)
) -> Callable[..., Tensor]:
    def answer(x: Tensor, weight: Tensor, bias: Any = None, stride: int = 1, padding: int = 0) -> Tensor:
        _, _, kh, kw = weight.shape
        ho, wo = (x.shape[2] + 2 * padding - kh) // stride + 1, (x.shape[3] + 2 * padding - kw) // stride + 1
        out = fold(torch.matmul(rows(weight), F.unfold(x, (kh, kw), padding=padding, stride=stride)), ho, wo)
        return out if bias is None else out + bias.view(1, -1, 1, 1)

    return answer


def folded(out: Tensor, ho: int, wo: int) -> Tensor:
    return out.view(*out.shape[:2], ho, wo)


def pool_changed(**instead: Any) -> Callable[..., Tensor]:
    return lambda x, kernel_size, stride=None, padding=0: pool_in_loops(
        x,
        kernel_size,
        **{
            "stride": stride,
            "padding": padding,
            **{name: one(locals()) if callable(one) else one for name, one in instead.items()},
        },
    )


def pool_after_zeros(x: Tensor, kernel_size: Any, stride: Any = None, padding: int = 0) -> Tensor:
    return pool_by_maximum(F.pad(x, (padding,) * 4), kernel_size, stride)


def pool_stride_one(x: Tensor, kernel_size: Any, stride: int = 1, padding: int = 0) -> Tensor:
    return pool_in_loops(x, kernel_size, stride, padding)


def pool_mean(x: Tensor, kernel_size: Any, stride: Any = None, padding: int = 0) -> Tensor:
    kh, kw = pair(kernel_size)
    sh, sw = pair(kernel_size if stride is None else stride)
    return F.pad(x, (padding,) * 4).unfold(2, kh, sh).unfold(3, kw, sw).flatten(4).sum(-1) / (kh * kw)


def pool_one_stride(x: Tensor, kernel_size: Any, stride: Any = None, padding: int = 0) -> Tensor:
    return pool_in_loops(x, kernel_size, pair(kernel_size)[0] if stride is None else stride, padding)


WRONG: list[tuple[str, str, Callable[..., Any]]] = [
    ("correlate2d", "kernel flipped", flipped_in_loops),
    ("correlate2d", "kernel flipped", lambda x, kernel: correlate_by_im2col(x, torch.rot90(kernel, 2))),
    ("correlate2d", "off by one", short_loops),
    ("correlate2d", "off by one", short_loops_into_a_right_size),
    ("correlate2d", "off by one", short_lists),
    ("correlate2d", "height and width swapped", filled_the_other_way),
    ("correlate2d", "height and width swapped", width_first),
    ("correlate2d", "height and width swapped", lambda x, kernel: correlate_in_loops(x, kernel.t())),
    ("correlate2d", "dtype of the input lost", default_dtype),
    ("correlate2d", "gradient lost", in_numpy),
    ("correlate2d", "gradient lost", numbers_from_lists),
    ("pad2d", "one side", top_left),
    ("pad2d", "one side", lambda x, padding, value=0.0: framed(
        x, padding, value, (*x.shape[:2], x.shape[2] + padding, x.shape[3] + padding), (0, 0, 0, 0))),
    ("pad2d", "channels padded", channels_too),
    ("pad2d", "value ignored", always_zero),
    ("pad2d", "value ignored", lambda x, padding, value=0.0: pad_by_cat(x, padding)),
    ("pad2d", "padding 0 sliced as 0:-0", sliced_to_minus_padding),
    ("pad2d", "only height or only width", wide_only),
    ("pad2d", "gradient lost", lambda x, padding, value=0.0: pad_by_index(x=x.data, padding=padding, value=value)),
    ("windows", "contiguous strides assumed", fresh_strides),
    ("windows", "copied", stacked_windows),
    ("windows", "copied", unfolded_windows),
    ("windows", "copied", contiguous_first),
    ("windows", "copied", lambda x, kernel_size, stride=1: windows_by_steps(x, kernel_size, stride).contiguous()),
    ("windows", "stride on the wrong axes", stride_inside),
    ("windows", "stride ignored", lambda x, kernel_size, stride=1: windows_strided(x, kernel_size)),
    ("windows", "offset lost", from_slot_zero),
    ("windows", "offset lost", from_its_storage),
    ("windows", "height and width swapped", lambda x, kernel_size, stride=1: windows_from_the_other_side(
        x, kernel_size, stride).mT),
    ("windows", "kernel_size taken for one form only", ints_only),
    ("windows", "kernel_size taken for one form only", pairs_only),
    ("windows", "gradient lost", lambda x, kernel_size, stride=1: windows_strided(x.detach(), kernel_size, stride)),
    ("conv2d", "bias forgotten", conv_changed(lambda given: {"bias": None})),
    ("conv2d", "bias added along the wrong axis", bias_at_the_end),
    ("conv2d", "kernel flipped", conv_changed(flipped_by_index)),
    ("conv2d", "kernel flipped", conv_changed(lambda given: {"weight": torch.rot90(given["weight"], 2, (2, 3))})),
    ("conv2d", "stride ignored", conv_changed(lambda given: {"stride": 1})),
    ("conv2d", "dilation ignored", lambda x, weight, bias=None, stride=1, padding=0, dilation=1: im2col_linear(
        x, weight, bias, stride, padding)),
    ("conv2d", "padding ignored", conv_changed(lambda given: {"padding": 0})),
    ("conv2d", "stride, padding and dilation ignored", lambda x, weight, bias=None, **_: conv_by_shifts(x, weight, bias)),
    ("conv2d", "gradient lost", conv_changed(lambda given: {"weight": given["weight"].data, "x": given["x"].data,
        "bias": None if given["bias"] is None else given["bias"].data})),
    ("conv2d_im2col", "columns reshaped as (Wo, Ho)", im2col_changed(lambda out, ho, wo: out.view(*out.shape[:2], wo, ho))),
    ("conv2d_im2col", "columns reshaped as (Wo, Ho)", im2col_changed(
        lambda out, ho, wo: out.view(*out.shape[:2], wo, ho).permute(0, 1, 3, 2))),
    ("conv2d_im2col", "weight not flattened by output channel", im2col_changed(
        folded, lambda weight: weight.contiguous().view(-1, weight.shape[0]).t())),
    ("conv2d_im2col", "weight not flattened by output channel", im2col_changed(
        folded, lambda weight: weight.movedim(1, -1).reshape(weight.shape[0], -1))),
    ("conv2d_im2col", "weight not flattened by output channel", lambda x, weight, bias=None, stride=1, padding=0: torch.matmul(
        weight.reshape(-1), F.unfold(x, tuple(weight.shape[2:]), stride=stride, padding=padding)).reshape(
            conv_in_loops(x, weight, None, stride, padding).shape) + (0 if bias is None else bias.view(-1, 1, 1))),
    ("conv2d_im2col", "bias forgotten", lambda x, weight, bias=None, stride=1, padding=0: im2col_by_image(
        x, weight, None, stride, padding)),
    ("conv2d_im2col", "stride ignored", lambda x, weight, bias=None, stride=1, padding=0: conv_by_shifts(
        x, weight, bias, 1, padding)),
    ("conv2d_im2col", "padding ignored", lambda x, weight, bias=None, stride=1, padding=0: conv_in_loops(x, weight, bias, stride)),
    ("max_pool2d", "zero padding", pool_after_zeros),
    ("max_pool2d", "stride 1 as default", pool_stride_one),
    ("max_pool2d", "mean", pool_mean),
    ("max_pool2d", "default stride taken from one side", pool_one_stride),
    ("max_pool2d", "padding ignored", lambda x, kernel_size, stride=None, padding=0: pool_unfolded(x, kernel_size, stride)),
    ("max_pool2d", "gradient lost", lambda x, kernel_size, stride=None, padding=0: pool_by_maximum(
        x.detach(), kernel_size, stride, padding)),
]  # fmt: skip


@pytest.mark.parametrize(("exercise", "name", "answer"), WRONG)
def test_a_misconception_in_other_words_is_known_too(exercise: str, name: str, answer: Any) -> None:
    verdict = check(exercise, answer)
    assert verdict.misconception == name, str(verdict)
    assert not verdict.solved


# What is told, and what it earns


def failing(verdict: Verdict) -> list[str]:
    return [one.name for one in verdict.aspects if not one.holds]


def test_windows_that_are_copied_earn_everything_but_memory() -> None:
    verdict = check("windows", unfolded_windows)
    assert failing(verdict) == ["memory"]
    assert 0 < verdict.score < verdict.points


@pytest.mark.parametrize(("exercise", "answer", "missing"), [
    ("conv2d", conv_changed(lambda given: {"dilation": 1}), ["gradients", "dilation", "all together"]),
    ("conv2d", conv_changed(lambda given: {"bias": None}), ["gradients", "bias", "all together"]),
    ("conv2d_im2col", lambda x, weight, bias=None, stride=1, padding=0: im2col_linear(x, weight, bias, 1, padding),
        ["gradients", "stride", "all together"]),
    ("pad2d", sliced_to_minus_padding, ["padding 0"]),
    ("pad2d", always_zero, ["fill"]),
    ("max_pool2d", pool_after_zeros, ["gradients", "padding"]),
    ("windows", lambda x, kernel_size, stride=1: windows_strided(x, kernel_size), ["gradients", "stride", "all together"]),
])  # fmt: skip
def test_what_is_right_without_one_thing_keeps_its_share(exercise: str, answer: Any, missing: list[str]) -> None:
    verdict = check(exercise, answer)
    assert sorted(failing(verdict)) == sorted(missing)
    assert 0 < verdict.score < verdict.points


def test_a_convolution_without_gradients_earns_its_values() -> None:
    verdict = check("conv2d", lambda *args, **kwargs: conv_by_shifts(*args, **kwargs).detach())
    assert failing(verdict) == ["gradients"]
    assert verdict.says


def test_writing_into_the_input_costs_memory_only() -> None:
    def rude(x: Tensor, padding: int, value: float = 0.0) -> Tensor:
        out = pad_by_cat(x, padding, value)
        x.data.zero_()
        return out

    verdict = check("pad2d", rude)
    assert failing(verdict) == ["memory"]


def test_a_padding_that_only_just_loses_is_found_out() -> None:
    verdict = check("max_pool2d", lambda x, kernel_size, stride=None, padding=0: pool_by_windows(
        F.pad(x, (padding,) * 4, value=-100.0), kernel_size, stride))  # fmt: skip
    assert 0 < verdict.score < verdict.points


def test_the_first_case_shown_has_numbers_to_follow() -> None:
    for exercise in EXERCISES.values():
        assert all(
            value.numel() <= 24 for value in load(exercise).cases[0].inputs.values() if isinstance(value, Tensor)
        )


# The reference


def test_the_committed_reference_is_what_the_oracles_say() -> None:
    assert same_reference((PUBLIC / "convolution.safetensors").read_bytes(), record("convolution"))


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("private")
    (directory / "convolution.safetensors").write_bytes(record("convolution", b"an instructor's own seed"))
    return directory


@pytest.mark.parametrize(("exercise", "answer"), EVERY_RIGHT)
def test_a_private_seed_accepts_what_is_right(exercise: str, answer: Any, private: Path) -> None:
    verdict = check(exercise, answer, private)
    assert verdict.solved, str(verdict)


@pytest.mark.parametrize(("exercise", "name", "answer"), WRONG)
def test_a_private_seed_knows_what_is_wrong(exercise: str, name: str, answer: Any, private: Path) -> None:
    verdict = check(exercise, answer, private)
    assert verdict.misconception == name, str(verdict)


@pytest.mark.parametrize(("exercise", "answer"), TORCHS_OWN)
def test_a_private_seed_refuses_torchs_own(exercise: str, answer: Any, private: Path) -> None:
    assert check(exercise, answer, private).status.value == "not by hand"


def test_another_seed_gives_other_numbers(private: Path) -> None:
    for exercise in EXERCISES.values():
        mine, theirs = load(exercise), load(exercise, private)
        assert [one.name for one in mine.cases] == [one.name for one in theirs.cases]
        assert not torch.equal(mine.cases[-1].inputs["x"].flatten()[:4], theirs.cases[-1].inputs["x"].flatten()[:4])
