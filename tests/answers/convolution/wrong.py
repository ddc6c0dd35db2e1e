"""Chapter 05, known misconceptions, in other words than the oracles' own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from answers.convolution.ideas import IDEAS
from answers.convolution.right import (
    conv_by_shifts,
    conv_in_loops,
    im2col_by_image,
    im2col_linear,
    pool_by_maximum,
    pool_in_loops,
    pool_unfolded,
)
from answers.convolution.windows import (
    correlate_by_im2col,
    correlate_in_loops,
    pad_by_cat,
    pad_by_index,
    pair,
    windows_by_steps,
    windows_from_the_other_side,
    windows_strided,
)
from answers.convolution.wrong_windows import (
    always_zero,
    channels_too,
    contiguous_first,
    default_dtype,
    filled_the_other_way,
    flipped_in_loops,
    framed,
    fresh_strides,
    from_its_storage,
    from_slot_zero,
    in_numpy,
    ints_only,
    numbers_from_lists,
    pairs_only,
    short_lists,
    short_loops,
    short_loops_into_a_right_size,
    sliced_to_minus_padding,
    stacked_windows,
    stride_inside,
    top_left,
    unfolded_windows,
    wide_only,
    width_first,
)
from torch import Tensor


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
    *IDEAS,
]  # fmt: skip
