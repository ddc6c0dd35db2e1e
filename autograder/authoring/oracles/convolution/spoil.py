"""Ways to spoil a right answer of chapter 05: what its misconceptions are made of.

They lean on `unfold` and `einsum` alone: a wrong answer by hand must be by hand too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from autograder.authoring.oracles import Misconception

__all__ = [
    "Pair",
    "Wrong",
    "before",
    "dtype_lost",
    "gradient_lost",
    "int_or_pair",
    "pair",
    "squeezed",
    "then",
    "unfolded",
]

Pair = int | tuple[int, int]
Wrong = Callable[..., Any]


def pair(value: Pair) -> tuple[int, int]:
    """An int as a pair of equal ones.

    >>> pair(3), pair((2, 3))
    ((3, 3), (2, 3))
    """
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def then(right: Callable[..., Tensor], change: Callable[[Tensor], Any]) -> Wrong:
    """The right answer with ``change`` done to its result."""
    return lambda *args, **kwargs: change(right(*args, **kwargs))


def before(right: Callable[..., Tensor], change: Callable[[Tensor], Tensor]) -> Wrong:
    """The right answer with ``change`` done to every tensor it is given."""
    return lambda *args, **kwargs: right(*(change(one) if isinstance(one, Tensor) else one for one in args), **kwargs)


def gradient_lost(right: Callable[..., Tensor], *others: Wrong) -> Misconception:
    """The right answer, cut off from its inputs; ``others`` from some of them."""
    return Misconception(
        "gradient lost",
        then(right, Tensor.detach),
        *others,
        says="detach, .data, item, tolist and torch.tensor cut the graph: no gradient goes back through them.",
    )


def dtype_lost(right: Callable[..., Tensor]) -> Misconception:
    """The right answer in float32, whatever the input."""
    return Misconception(
        "dtype of the input lost",
        then(right, Tensor.float),
        then(right, lambda out: out.detach().float()),
        says="torch.zeros and torch.full make float32 (or int64) unless told. "
        "Ask for the dtype of the input, or use x.new_zeros and x.new_full.",
    )


def squeezed(right: Callable[..., Tensor]) -> Misconception:
    """The right answer without its dimensions of size 1."""
    return Misconception(
        "dimensions of size 1 dropped",
        then(right, Tensor.squeeze),
        then(right, lambda out: out.squeeze(0)),
        says="squeeze drops dimensions of size 1. One image, one channel, one row: each keeps its dimension.",
    )


def unfolded(x: Tensor, kernel_size: Pair, stride: Pair = 1) -> Tensor:
    """Windows of ``x (N, C, H, W)`` as ``(N, C, Ho, Wo, kh, kw)``, a view.

    >>> import torch
    >>> unfolded(torch.zeros(1, 2, 6, 7), (2, 3), stride=2).shape
    torch.Size([1, 2, 3, 3, 2, 3])
    """
    kh, kw = pair(kernel_size)
    sh, sw = pair(stride)
    return x.unfold(2, kh, sh).unfold(3, kw, sw)


def _only_pair(right: Callable[..., Tensor]) -> Wrong:
    def answer(x: Tensor, kernel_size: Any, *args: Any, **kwargs: Any) -> Tensor:
        kh, kw = kernel_size
        return right(x, (kh, kw), *args, **kwargs)

    return answer


def _only_indexed(right: Callable[..., Tensor]) -> Wrong:
    return lambda x, kernel_size, *args, **kwargs: right(x, (kernel_size[0], kernel_size[1]), *args, **kwargs)


def int_or_pair(right: Callable[..., Tensor], *others: Wrong) -> Misconception:
    """The right answer for pairs only; ``others`` are wrong in the same way."""
    return Misconception(
        "kernel_size taken for one form only",
        _only_pair(right),
        _only_indexed(right),
        *others,
        says="kernel_size is an int for a square window, or a pair (kh, kw). Make a pair of an int first.",
    )
