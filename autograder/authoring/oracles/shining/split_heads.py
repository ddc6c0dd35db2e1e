"""Chapter 09, `split_heads`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.shining.attention import GRADIENT_LOST
from autograder.authoring.space import DTYPES, LAYOUTS, Chosen, Space, fits
from autograder.observing.case import Case

__all__ = ["SPLIT_HEADS"]


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    """Divided in two, then exchanged; of any layout."""
    _divides(x, num_heads)
    return x.unflatten(-1, (num_heads, -1)).transpose(1, 2)


def _divides(x: Tensor, num_heads: int) -> None:
    if x.shape[-1] % num_heads:
        raise ValueError(f"{x.shape[-1]} numbers cannot be divided among {num_heads} heads")


def _tokens(make: CaseMaker) -> list[Case]:
    n, length, heads, part = make.sizes(4, 2, 6)
    e = heads * part
    counted = torch.arange(12.0, dtype=torch.float64)
    batch = make.normal(n + 1, length, e)
    wide = make.normal(n, 2 * length, e + 3)

    def laid(name: str, x: Tensor, num_heads: int, leaves: str = "") -> Case:
        shown = f"x {str(x.dtype)[6:]} {tuple(x.shape)} with strides {x.stride()} and offset {x.storage_offset()}"
        return make.case(name, x=x, num_heads=num_heads, leaves=leaves, shown=f"{shown}, num_heads {num_heads}")

    def refused(name: str, size: int, num_heads: int) -> Case:
        shown = f"x (2, 3, {size}), num_heads {num_heads}"
        return make.case(name, x=make.normal(2, 3, size), num_heads=num_heads, divides=False, shown=shown)

    return [
        make.case("two tokens of six numbers, three heads", x=counted.view(1, 2, 6), num_heads=3),
        make.case("two tokens of six numbers, two heads", x=counted.view(1, 2, 6), num_heads=2),
        laid("all sizes different", make.normal(n, length, e), heads, leaves="x"),
        laid("one head", make.normal(n, length, part), 1),
        laid("as many heads as numbers", make.normal(n, length, heads), heads),
        laid("as many tokens as heads", make.normal(n, heads, e), heads),
        laid("one token", make.normal(n, 1, e), part),
        laid("one image, one token, one number", make.normal(1, 1, 1), 1),
        laid("behind another image", batch[1:], heads),
        laid("every second token, some numbers", wide[:, ::2, 3:], part, leaves="x"),
        laid("every second number", make.normal(n, length, 2 * e)[..., ::2], heads),
        laid("numbers first in memory", make.scattered(make.normal(n, length, e), order=(2, 0, 1)), heads),
        laid("tokens last in memory", make.scattered(make.normal(n, length, e), order=(0, 2, 1)), part),
        laid("float32", make.normal(n, length, e, dtype=torch.float32), part, leaves="x"),
        laid("whole numbers", torch.arange(n * length * e).view(n, length, e), heads),
        make.case("gradients off", x=make.normal(n, length, e), num_heads=heads, no_grad=True),
        make.case("asked before, of other numbers", x=counted.view(1, 2, 6) + 1, num_heads=3, asked_before=True),
        refused("five numbers, two heads", 5, 2),
        refused("more heads than numbers", 3, 6),
        refused("seven numbers, three heads", 7, 3),
        refused("nine numbers, six heads", 9, 6),
    ]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    x = make.drawn(*_size(one), layout=one.layout, dtype=one.dtype)
    more: dict[str, Any] = {"divides": False} if one.over else {}
    return make.case(x=x, num_heads=one.heads, leaves=one.leaves, **more)


def _size(one: Chosen) -> tuple[int, int, int]:
    return (one.images, one.tokens, one.heads * one.part + one.over)


_SPACE = Space(
    _drawn,
    images=(1, 5),
    tokens=(1, 2, 4),
    heads=(1, 2, 3, 5),
    part=(1, 2, 4),
    over=(0, 1),
    layout=LAYOUTS,
    dtype=DTYPES,
    leaves=("", "x"),
    within=(
        lambda one: fits(one.layout, _size(one)),
        # Where several numbers share a slot, as_strided divides the gradient among them otherwise than a view does.
        lambda one: not one.leaves or (one.dtype.is_floating_point and one.layout != "expanded"),
        lambda one: one.over < one.heads,
        lambda one: not (one.over and one.leaves),
    ),
    traits={"there are as many tokens as heads": lambda one: one.tokens == one.heads},
    words={
        "images": "the batch is of size {}",
        "tokens": "the tokens are {}",
        "heads": "num_heads is {}",
        "part": "the number of numbers in a head is {}",
        "over": "the numbers left over are {}",
        "layout": "x lies in memory like this: {}",
        "leaves": "gradients are asked for {}",
    },
)


def _split(cut: Callable[[Tensor, int], Tensor]) -> Callable[[Tensor, int], Tensor]:
    def answer(x: Tensor, num_heads: int) -> Tensor:
        _divides(x, num_heads)
        return cut(x, num_heads)

    return answer


def _both(cut: Callable[[Tensor, int], Tensor]) -> tuple[Callable[[Tensor, int], Tensor], ...]:
    """Wrong in the same way, with the error that was asked for and without."""
    return _split(cut), cut


def _copied_view(x: Tensor, h: int) -> Tensor:
    return x.reshape(x.shape[0], h, x.shape[1], x.shape[2] // h)


def _refusing_by(error: type[Exception]) -> Callable[[Tensor, int], Tensor]:
    def answer(x: Tensor, num_heads: int) -> Tensor:
        if x.shape[-1] % num_heads:
            raise error
        return split_heads(x, num_heads)

    return answer


SPLIT_HEADS = Oracle(
    "split_heads",
    split_heads,
    _tokens,
    [
        Misconception(
            "view without transpose",
            *_both(_copied_view),
            says="Cutting goes through memory in order, and in memory the tokens come first: head 0 gets all of token 0. "
            "Divide the last dimension first, then exchange two.",
        ),
        Misconception(
            "copied",
            *_both(lambda x, h: x.reshape(x.shape[0], x.shape[1], h, x.shape[2] // h).transpose(1, 2).contiguous()),
            *_both(lambda x, h: torch.stack(x.split(x.shape[2] // h, dim=2), dim=1)),
            *_both(lambda x, h: x.contiguous().view(x.shape[0], x.shape[1], h, x.shape[2] // h).transpose(1, 2)),
            says="Nothing has to move: dividing a dimension and exchanging two are views. contiguous, stack and clone copy.",
        ),
        Misconception(
            "heads last",
            *_both(lambda x, h: x.unflatten(-1, (h, -1)).transpose(2, 3)),
            *_both(lambda x, h: x.unflatten(-1, (h, -1)).permute(0, 3, 1, 2)),
            *_both(lambda x, h: x.unflatten(-1, (-1, h))),
            *_both(lambda x, h: x.unflatten(-1, (-1, h)).transpose(1, 2)),
            says="The heads come second, behind the batch: (N, heads, L, E / heads). Then one call of attention does them all.",
        ),
        Misconception(
            "heads not moved to the front",
            *_both(lambda x, h: x.unflatten(-1, (h, -1))),
            says="This is (N, L, heads, E / heads). Exchange dimensions 1 and 2.",
        ),
        Misconception(
            "every heads-th number",
            *_both(lambda x, h: x.unflatten(-1, (-1, h)).permute(0, 3, 1, 2)),
            says="Head 0 gets the first E / heads numbers of each token, side by side: divide into (heads, E / heads), "
            "in this order.",
        ),
        Misconception(
            "the error that torch raises",
            lambda x, num_heads: x.view(*x.shape[:2], num_heads, x.shape[2] // num_heads).transpose(1, 2),
            lambda x, num_heads: x.unflatten(-1, (num_heads, -1)).transpose(1, 2),
            says="torch complains with a RuntimeError, about sizes. Ask first whether num_heads divides E, and raise a ValueError.",
        ),
        Misconception(
            "another error than a ValueError",
            _refusing_by(AssertionError),
            _refusing_by(TypeError),
            says="A number that does not divide is a ValueError. assert is for your own mistakes, and python -O leaves it out.",
        ),
        Misconception(
            "tokens divided",
            *_both(lambda x, h: x.reshape(x.shape[0], h, -1, x.shape[2])),
            says="It is the E numbers of each token that the heads share, the last dimension. Every head sees all tokens.",
        ),
        Misconception(
            "heads put into the batch",
            *_both(lambda x, h: x.unflatten(-1, (h, -1)).transpose(1, 2).flatten(0, 1)),
            says="Heads have a dimension of their own: (N, heads, L, E / heads).",
        ),
        Misconception(
            "no error",
            lambda x, num_heads: (
                x[..., : x.shape[2] // num_heads * num_heads].unflatten(-1, (num_heads, -1)).transpose(1, 2)
                if x.shape[2] >= num_heads
                else x[..., None, :].transpose(1, 2)
            ),
            says="What cannot be divided is an error here: ValueError.",
        ),
        Misconception(
            "gradient lost",
            *_both(lambda x, h: split_heads(x.detach(), h)),
            says=GRADIENT_LOST,
        ),
    ],
    space=_SPACE,
)
