"""First ideas for chapter 05 that are wrong, each with the name of what is wrong about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from answers.convolution.right import conv_in_loops, im2col_linear, pool_in_loops
from answers.convolution.windows import correlate_in_loops, pad_by_cat, pair, windows_strided
from torch import Tensor

Numbers = Callable[[Tensor, Tensor], Tensor]


def placed(x: Tensor, kernel: Tensor, size: tuple[int, int], window: tuple[int, int], one: Numbers) -> Tensor:
    """A map of ``size``: at each place ``one`` of the window there and of the kernel."""
    out = x.new_zeros(size)
    for i in range(size[0]):
        for j in range(size[1]):
            out[i, j] = one(x[i : i + window[0], j : j + window[1]], kernel)
    return out


def of_windows(one: Numbers) -> Callable[..., Tensor]:
    """A loop that does ``one`` thing or another with each window and the kernel."""

    def answer(x: Tensor, kernel: Tensor) -> Tensor:
        kh, kw = kernel.shape
        return placed(x, kernel, (x.shape[0] - kh + 1, x.shape[1] - kw + 1), (kh, kw), one)

    return answer


def product(window: Tensor, kernel: Tensor) -> Tensor:
    return (window * kernel).sum()


def square_kernel(x: Tensor, kernel: Tensor) -> Tensor:
    k = kernel.shape[0]
    return placed(x, kernel, (x.shape[0] - k + 1, x.shape[1] - k + 1), (k, k), product)


def square_map(x: Tensor, kernel: Tensor) -> Tensor:
    side = x.shape[0] - kernel.shape[0] + 1
    return placed(x, kernel, (side, side), (kernel.shape[0], kernel.shape[1]), product)


def three_by_three(x: Tensor, kernel: Tensor) -> Tensor:
    return placed(x, kernel, (x.shape[0] - 2, x.shape[1] - 2), (3, 3), product)


def pad_in_numpy(x: Tensor, padding: int, value: float = 0.0) -> Tensor:
    return torch.from_numpy(pad_by_cat(x, padding, value).detach().numpy())


def pad_square(x: Tensor, padding: int, value: float = 0.0) -> Tensor:
    n, c, height, width = x.shape
    out = x.new_full((n, c, height + 2 * padding, height + 2 * padding), value)
    out[:, :, padding : padding + height, padding : padding + width] = x
    return out


def pad_top_left(x: Tensor, padding: int, value: float = 0.0) -> Tensor:
    out = x.new_full(pad_by_cat(x, padding).shape, value)
    out[:, :, : x.shape[2], : x.shape[3]] = x
    return out


def counted(rows: Callable[..., int]) -> Callable[..., Tensor]:
    """As many windows as a rule of one's own says."""

    def answer(x: Tensor, kernel_size: Any, stride: int = 1) -> Tensor:
        kh, kw = pair(kernel_size)
        n, c, height, width = x.shape
        a, b, down, right = x.stride()
        size = (n, c, rows(height, kh, stride), rows(width, kw, stride), kh, kw)
        return torch.as_strided(x, size, (a, b, down * stride, right * stride, down, right))

    return answer


def conv_by(change: Callable[..., dict[str, Any]]) -> Callable[..., Tensor]:
    def answer(
        x: Tensor, weight: Tensor, bias: Any = None, stride: int = 1, padding: int = 0, dilation: int = 1
    ) -> Tensor:
        given = {"x": x, "weight": weight, "bias": bias, "stride": stride, "padding": padding, "dilation": dilation}
        return conv_in_loops(**given | change(**given))

    return answer


def columns_by(change: Callable[..., dict[str, Any]]) -> Callable[..., Tensor]:
    def answer(x: Tensor, weight: Tensor, bias: Any = None, stride: int = 1, padding: int = 0) -> Tensor:
        given = {"x": x, "weight": weight, "bias": bias, "stride": stride, "padding": padding}
        return im2col_linear(**given | change(**given))

    return answer


def after(right: Callable[..., Tensor], change: Callable[[Tensor], Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: change(right(*args, **kwargs))


def columns_of(rows: Callable[..., int]) -> Callable[..., Tensor]:
    """The product cut into rows and columns by a rule of one's own."""

    def answer(x: Tensor, weight: Tensor, bias: Any = None, stride: int = 1, padding: int = 0) -> Tensor:
        kh, kw = weight.shape[2:]
        out = weight.flatten(1) @ F.unfold(x, (kh, kw), padding=padding, stride=stride)
        out = out if bias is None else out + bias.unsqueeze(1)
        size = (rows(x.shape[2], kh, stride, padding), rows(x.shape[3], kw, stride, padding))
        return out.view(x.shape[0], weight.shape[0], *size)

    return answer


def rows_of_places(x: Tensor, weight: Tensor, bias: Any = None, stride: int = 1, padding: int = 0) -> Tensor:
    """A row for each place, as in a linear layer, and then only cut anew."""
    kernel = weight.shape[2:]
    out = F.linear(F.unfold(x, kernel, padding=padding, stride=stride).mT, weight.flatten(1), bias)
    rows = (x.shape[2] + 2 * padding - kernel[0]) // stride + 1
    return out.reshape(len(x), len(weight), rows, -1)


def pool_by(reduce: Callable[[Tensor], Any], value: float = float("-inf")) -> Callable[..., Any]:
    def answer(x: Tensor, kernel_size: Any, stride: int | None = None, padding: int = 0) -> Any:
        kh, kw = pair(kernel_size)
        down, right = (kh, kw) if stride is None else (stride, stride)
        return reduce(pad_by_cat(x, padding, value).unfold(2, kh, down).unfold(3, kw, right))

    return answer


IDEAS: list[tuple[str, str, Callable[..., Any]]] = [
    ("correlate2d", "height and width taken for the same", square_kernel),
    ("correlate2d", "height and width taken for the same", square_map),
    ("correlate2d", "a window of 3 × 3, whatever the kernel", three_by_three),
    ("correlate2d", "gradient lost", lambda x, kernel: correlate_in_loops(x, kernel.data)),
    ("correlate2d", "gradient lost", lambda x, kernel: correlate_in_loops(x.data, kernel)),
    ("correlate2d", "kernel not multiplied with", of_windows(lambda window, kernel: window.sum())),
    ("correlate2d", "summed before multiplied", of_windows(lambda window, kernel: window.sum() * kernel.sum())),
    ("correlate2d", "largest for sum", of_windows(lambda window, kernel: (window * kernel).max())),
    ("correlate2d", "matrix product for products", of_windows(lambda window, kernel: (window @ kernel.T).sum())),
    ("correlate2d", "dimensions of size 1 dropped", after(correlate_in_loops, torch.squeeze)),
    ("correlate2d", "dimensions of another kind", after(correlate_in_loops, lambda out: out.reshape(-1))),
    ("pad2d", "gradient lost", pad_in_numpy),
    ("pad2d", "another fill than 0 where none is given", lambda x, padding, value=1.0: pad_by_cat(x, padding, value)),
    ("pad2d", "padding of one, whatever is asked", lambda x, padding=1, value=0.0: pad_by_cat(x, 1, value)),
    ("pad2d", "dimensions of size 1 dropped", after(pad_by_cat, torch.squeeze)),
    ("pad2d", "the image in the corner", pad_top_left),
    ("pad2d", "height and width taken for the same", pad_square),
    ("windows", "off by one", counted(lambda size, k, stride: (size - k) // stride)),
    ("windows", "number of windows counted in another way", counted(lambda size, k, stride: (size - k + 1) // stride)),
    ("windows", "number of windows counted in another way", counted(lambda size, k, stride: size - k + 1)),
    ("windows", "height and width taken for the same", lambda x, kernel_size, stride=1: windows_strided(
        x, pair(kernel_size)[0], stride)),
    ("windows", "dimensions of size 1 dropped", after(windows_strided, torch.squeeze)),
    ("windows", "places not kept apart", after(windows_strided, lambda out: out.flatten(start_dim=4))),
    ("conv2d", "gradient lost", conv_by(lambda weight, **_: {"weight": weight.data})),
    ("conv2d", "gradient lost", conv_by(lambda x, **_: {"x": x.data})),
    ("conv2d", "dimensions of size 1 dropped", after(conv_in_loops, torch.squeeze)),
    ("conv2d", "asked whether the bias is true", conv_by(lambda bias, **_: {"bias": bias or None})),
    ("conv2d", "one bias for all outputs", conv_by(
        lambda bias, **_: {"bias": None if bias is None else torch.full_like(bias, 1) * bias.sum()})),
    ("conv2d", "off by one", after(conv_in_loops, lambda out: out[..., :-1, :-1])),
    ("conv2d", "first image only", lambda x, *args, **kwargs: conv_in_loops(x[:1], *args, **kwargs)),
    ("conv2d", "channels last", after(conv_in_loops, lambda out: out.movedim(1, -1))),
    ("conv2d_im2col", "gradient lost", columns_by(lambda weight, **_: {"weight": weight.data})),
    ("conv2d_im2col", "dimensions of size 1 dropped", after(im2col_linear, torch.squeeze)),
    ("conv2d_im2col", "places not folded", after(im2col_linear, lambda out: out.flatten(start_dim=2))),
    ("conv2d_im2col", "places and channels not exchanged", rows_of_places),
    ("conv2d_im2col", "size of the result without the padding", columns_of(
        lambda size, k, stride, padding: (size - k) // stride + 1)),
    ("conv2d_im2col", "size of the result without the stride", columns_of(
        lambda size, k, stride, padding: size + 2 * padding - k + 1)),
    ("conv2d_im2col", "size of the image taken for the result's", columns_of(lambda size, k, stride, padding: size)),
    ("max_pool2d", "sum", pool_by(lambda seen: seen.sum((4, 5)), 0.0)),
    ("max_pool2d", "places for numbers", pool_by(lambda seen: seen.flatten(4).argmax(4))),
    ("max_pool2d", "numbers and places together", pool_by(lambda seen: seen.flatten(4).max(4))),
    ("max_pool2d", "the window's dimensions kept", pool_by(lambda seen: seen.amax((4, 5), keepdim=True))),
    ("max_pool2d", "padded with a number that can win", pool_by(lambda seen: seen.amax((4, 5)), -100.0)),
    *(("max_pool2d", "padded with a number that can win", pool_by(lambda seen: seen.amax((4, 5)), value))
      for value in (-1e9, -float(2**31), torch.finfo(torch.float32).min)),
    ("max_pool2d", "dimensions of size 1 dropped", after(pool_in_loops, torch.squeeze)),
    ("max_pool2d", "stride 2 as default", lambda x, kernel_size, stride=2, padding=0: pool_in_loops(
        x, kernel_size, 2 if stride is None else stride, padding)),
    ("max_pool2d", "one largest for the whole image", lambda x, kernel_size, stride=None, padding=0: x.amax(dim=(2, 3))),
    ("max_pool2d", "height and width taken for the same", lambda x, kernel_size, stride=None, padding=0: pool_in_loops(
        x, pair(kernel_size)[0], stride, padding)),
]  # fmt: skip
