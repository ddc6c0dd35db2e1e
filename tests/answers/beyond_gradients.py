"""Answers of chapters 04 and 05 with a backward of their own: right values, and gradients that are wrong in some kind of case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["BEYOND_GRADIENTS", "conv_by_fold", "pool_by_places"]

Answer = Callable[..., Any]
Backward = Callable[..., tuple[Tensor | None, ...]]


def _function(forward: Callable[..., Tensor], backward: Backward) -> Answer:
    """``forward`` of some tensors and of numbers, with ``backward(gradient, tensors, numbers)`` for the gradients of the tensors."""

    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, count: int, *given: Any) -> Tensor:
            ctx.save_for_backward(*given[:count])
            ctx.numbers = given[count:]
            return forward(*given)

        @staticmethod
        def backward(ctx: Any, *gradients: Any) -> Any:
            found = backward(gradients[0], ctx.saved_tensors, ctx.numbers)
            return None, *found, *(None for _ in ctx.numbers)

    return Own.apply


def _pair(size: Any) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else size


def _conv(change: Callable[[tuple[Tensor | None, ...], Tensor], tuple[Tensor | None, ...]]) -> Answer:
    """A convolution by `F.unfold`, whose backward is `F.fold`; what is found is changed."""

    def forward(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int, padding: int, dilation: int) -> Tensor:
        columns = F.unfold(x, tuple(weight.shape[2:]), dilation, padding, stride)
        rows = (x.shape[2] + 2 * padding - dilation * (weight.shape[2] - 1) - 1) // stride + 1
        out = (weight.flatten(1) @ columns).unflatten(2, (rows, -1))
        return out if bias is None else out + bias.view(-1, 1, 1)

    def backward(gradient: Tensor, tensors: Any, numbers: Any) -> tuple[Tensor | None, ...]:
        x, weight, bias = tensors
        (stride, padding, dilation), kernel, flat = numbers, tuple(weight.shape[2:]), gradient.flatten(2)
        of_x = F.fold(weight.flatten(1).T @ flat, x.shape[2:], kernel, dilation, padding, stride)
        of_weight = torch.einsum("nol,nkl->ok", flat, F.unfold(x, kernel, dilation, padding, stride)).view(weight.shape)
        of_bias = None if bias is None else gradient.sum((0, 2, 3))
        return change((of_x, of_weight, of_bias), gradient)

    own = _function(forward, backward)
    return lambda x, weight, bias=None, stride=1, padding=0, dilation=1: own(
        3, x, weight, bias, stride, padding, dilation
    )


conv_by_fold = _conv(lambda found, gradient: found)


def _of_the_first_image(found: tuple[Tensor | None, ...], gradient: Tensor) -> tuple[Tensor | None, ...]:
    x, weight, bias = found
    return x, weight, None if bias is None else gradient[0].sum((1, 2))


def _averaged(found: tuple[Tensor | None, ...], gradient: Tensor) -> tuple[Tensor | None, ...]:
    x, weight, bias = found
    return x, None if weight is None else weight / len(gradient), bias


def _pool(put: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Answer:
    """Pooling that notes where each largest number stands; its backward ``put(empty, places, gradient)`` there."""

    def places(x: Tensor, kernel: tuple[int, int], stride: tuple[int, int], padding: int) -> tuple[Tensor, Tensor]:
        frame = F.pad(x, (padding,) * 4, value=float("-inf"))
        largest, inside = frame.unfold(2, kernel[0], stride[0]).unfold(3, kernel[1], stride[1]).flatten(4).max(4)
        rows = torch.arange(inside.shape[2]).unsqueeze(1) * stride[0] + inside // kernel[1]
        columns = torch.arange(inside.shape[3]) * stride[1] + inside % kernel[1]
        return largest, rows * frame.shape[3] + columns

    def backward(gradient: Tensor, tensors: Any, numbers: Any) -> tuple[Tensor | None, ...]:
        (x,), padding = tensors, numbers[-1]
        frame = F.pad(x, (padding,) * 4)
        found = put(torch.zeros_like(frame).flatten(2), places(x, *numbers)[1].flatten(2), gradient.flatten(2))
        rows, columns = (slice(padding, padding + length) for length in x.shape[2:])
        return (found.view(frame.shape)[:, :, rows, columns],)

    own = _function(lambda *given: places(*given)[0], backward)
    return lambda x, kernel_size, stride=None, padding=0: own(
        1, x, _pair(kernel_size), _pair(kernel_size if stride is None else stride), padding
    )


pool_by_places = _pool(lambda empty, places, gradient: empty.scatter_add(2, places, gradient))


def _softmax(backward: Callable[[Tensor, Tensor, int], Tensor]) -> Answer:
    def of_x(gradient: Tensor, tensors: Any, numbers: Any) -> tuple[Tensor | None, ...]:
        shares = torch.exp(tensors[0] - tensors[0].logsumexp(numbers[0], keepdim=True))
        return (backward(shares, gradient, numbers[0]),)

    own = _function(lambda x, dim: torch.exp(x - x.logsumexp(dim, keepdim=True)), of_x)
    return lambda x, dim: own(1, x, dim)


def _linear(gradient: Tensor, tensors: Any, numbers: Any) -> tuple[Tensor | None, ...]:
    """The gradient of a square weight lies on its side."""
    x, weight, bias = tensors
    rows = gradient.reshape(-1, gradient.shape[-1])
    of_weight = rows.T @ x.reshape(-1, x.shape[-1])
    square = weight.shape[0] == weight.shape[1]
    return gradient @ weight, of_weight.T if square else of_weight, None if bias is None else rows.sum(0)


_turned = _function(lambda x, weight, bias: x @ weight.T + (0 if bias is None else bias), _linear)


def _relu(backward: Callable[[Tensor, Tensor], Tensor]) -> Answer:
    own = _function(lambda x: x.clamp(min=0), lambda gradient, tensors, numbers: (backward(tensors[0], gradient),))
    return lambda x: own(1, x)


BEYOND_GRADIENTS: list[tuple[str, str, Answer]] = [
    ("relu", "straight through", _relu(lambda x, gradient: gradient)),
    ("relu", "only what is above 0 goes back, too", _relu(lambda x, gradient: gradient.clamp(min=0) * (x > 0))),
    ("linear", "of a square weight, turned", lambda x, weight, bias=None: _turned(3, x, weight, bias)),
    ("softmax", "the diagonal alone", _softmax(lambda shares, gradient, dim: gradient * shares * (1 - shares))),
    ("softmax", "summed over all", _softmax(lambda shares, gradient, dim: shares * (gradient - (gradient * shares).sum()))),
    ("conv2d", "the bias by the first image", _conv(_of_the_first_image)),
    ("conv2d", "the weight averaged over the images", _conv(_averaged)),
    ("max_pool2d", "written over where windows overlap", _pool(
        lambda empty, places, gradient: empty.scatter(2, places, gradient))),
    ("max_pool2d", "where, and not how much", _pool(
        lambda empty, places, gradient: empty.scatter_add(2, places, torch.ones_like(gradient)))),
]  # fmt: skip
