"""Chapter 05, `conv2d` and `conv2d_im2col`: the cases of both, and what goes wrong in both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception
from autograder.authoring.oracles.convolution.spoil import Wrong, squeezed, then
from autograder.observing.case import Case

__all__ = [
    "BIAS_FORGOTTEN",
    "KERNEL_FLIPPED",
    "STRIDE_IGNORED",
    "bias_misconceptions",
    "cut_from",
    "filters",
    "shape_misconceptions",
    "weights",
    "with_arguments",
]

BIAS_FORGOTTEN = "The bias has one number an output channel, added to every place of that channel."
KERNEL_FLIPPED = (
    "torch's convolution is a correlation: the weight's first number meets the window's first number, unflipped."
)
STRIDE_IGNORED = "stride says how far the window moves from one place to the next, down as well as to the right."


def weights(right: Callable[..., Tensor], change: Callable[[Tensor], Tensor]) -> Wrong:
    """The right answer with ``change`` done to the weight."""
    return lambda x, weight, *args, **kwargs: right(x, change(weight), *args, **kwargs)


def with_arguments(right: Callable[..., Tensor], **instead: Any) -> Wrong:
    """The right answer, to which some arguments never come through, or come as something else."""
    names = ("x", "weight", "bias", "stride", "padding", "dilation")

    def answer(*args: Any, **kwargs: Any) -> Tensor:
        given = dict(zip(names, args, strict=False)) | kwargs
        return right(**{**given, **{name: one(given) if callable(one) else one for name, one in instead.items()}})

    return answer


def bias_misconceptions(right: Callable[..., Tensor]) -> tuple[Misconception, ...]:
    """What goes wrong with a bias, however the products are summed; ``right`` takes the bias' ``shape``."""
    return (
        Misconception("bias forgotten", with_arguments(right, bias=None), says=BIAS_FORGOTTEN),
        Misconception(
            "bias added along the wrong axis",
            *(_with_shape(right, shape) for shape in ((-1,), (-1, 1), (-1, 1, 1, 1))),
            says="The bias belongs to the output channels, dimension 1 of (N, O, Ho, Wo). Broadcasting lines up the last "
            "dimensions: give the bias two more behind its own.",
        ),
        Misconception(
            "bias subtracted",
            lambda x, weight, bias=None, *args, **kwargs: right(
                x, weight, None if bias is None else -bias, *args, **kwargs
            ),
            says="The bias is added.",
        ),
        Misconception(
            "bias taken for granted",
            lambda x, weight, bias=None, *args, **kwargs: right(x, weight, bias.view(-1), *args, **kwargs),
            says="bias may be left out: then it is None, and nothing is added.",
        ),
        Misconception(
            "asked whether the bias is true",
            lambda x, weight, bias=None, *args, **kwargs: right(x, weight, bias if bias else None, *args, **kwargs),
            says="A tensor of several numbers is neither true nor false. Ask whether bias is None.",
        ),
        Misconception(
            "one bias for all outputs",
            *(
                _bias_changed(right, change)
                for change in (
                    lambda bias: bias.sum().expand(bias.shape),
                    lambda bias: bias.mean().expand(bias.shape),
                    lambda bias: bias[:1].expand(bias.shape),
                )
            ),
            says="Each output channel has a number of its own in the bias.",
        ),
        Misconception(
            "bias added to every product",
            lambda x, weight, bias=None, *args, **kwargs: right(
                x, weight, None if bias is None else bias * weight[0].numel(), *args, **kwargs
            ),
            lambda x, weight, bias=None, *args, **kwargs: right(
                x, weight, None if bias is None else bias * weight.shape[1], *args, **kwargs
            ),
            says="The bias is added once to a place, when all its products are summed.",
        ),
    )


def _bias_changed(right: Callable[..., Tensor], change: Callable[[Tensor], Tensor]) -> Wrong:
    return with_arguments(right, bias=lambda given: None if given.get("bias") is None else change(given["bias"]))


def cut_from(right: Callable[..., Tensor]) -> tuple[Wrong, ...]:
    """The right answer, cut off from some of what it is given."""

    def cut(name: str) -> Callable[[dict[str, Any]], Any]:
        return lambda given: None if given.get(name) is None else given[name].detach()

    every = (("x",), ("weight",), ("bias",), ("x", "weight"), ("x", "bias"), ("weight", "bias"))
    return tuple(with_arguments(right, **{name: cut(name) for name in names}) for names in every)


def shape_misconceptions(right: Callable[..., Tensor]) -> tuple[Misconception, ...]:
    """What goes wrong with the result's dimensions, however the products are summed."""
    return (
        squeezed(right),
        Misconception(
            "off by one",
            then(right, lambda out: out[:, :, :-1, :-1]),
            then(right, lambda out: out[:, :, :-1]),
            then(right, lambda out: out[:, :, :, :-1]),
            says="In a row of 4 a window of 2 starts at 0, 1 or 2: that is one more than 4 − 2.",
        ),
        Misconception(
            "places not folded",
            then(right, lambda out: out.flatten(2)),
            then(right, lambda out: out.flatten(2).transpose(1, 2)),
            says="The places of a map stand in rows and columns: (N, O, Ho, Wo), not in one row (N, O, Ho · Wo).",
        ),
        Misconception(
            "channels last",
            then(right, lambda out: out.permute(0, 2, 3, 1)),
            says="The result is (N, O, Ho, Wo): output channels come second, as in every feature map.",
        ),
        Misconception(
            "first image only",
            then(right, lambda out: out[:1]),
            then(right, lambda out: out[:1].expand(out.shape)),
            then(right, lambda out: out[0]),
            says="x holds N images, and each has a result of its own.",
        ),
        Misconception(
            "images added up",
            then(right, lambda out: out.sum(0, keepdim=True)),
            then(right, lambda out: out.sum(0)),
            says="Products are summed over channels, rows and columns, never over the images.",
        ),
        Misconception(
            "padding of one, whatever is asked",
            with_arguments(right, padding=1),
            says="padding is 0 unless given, and where it is given it is that many pixels.",
        ),
    )


def _with_shape(right: Callable[..., Tensor], shape: tuple[int, ...]) -> Wrong:
    return lambda *args, **kwargs: right(*args, **kwargs, shape=shape)


def filters(make: CaseMaker, dilated: bool) -> Iterator[Case]:
    """The cases of a convolution; those of `conv2d_im2col` have no dilation."""
    n, c, o = make.sizes(3, 2, 4)
    h, w = make.sizes(2, 6, 9)
    kh, kw = make.sizes(2, 2, 3)
    counted = torch.arange(1.0, 10.0, dtype=torch.float64).view(1, 1, 3, 3)
    small = torch.tensor([[1.0, 2.0], [0.0, -1.0]], dtype=torch.float64).view(1, 1, 2, 2)

    three = "x weight bias"

    def case(name: str, x: Tensor, weight: Tensor, bias: int = 0, leaves: str = "", **more: Any) -> Case:
        if bias:
            more["bias"] = make.normal(bias, dtype=x.dtype)
        return make.case(name, x=x, weight=weight, leaves=leaves, **more)

    yield make.case("one channel, numbers you can follow", x=counted, weight=small)
    yield make.case("asked before, of other numbers", x=counted, weight=small, asked_before=True)
    hundred = torch.tensor([100.0], dtype=torch.float64)
    yield make.case("the same and a bias", x=counted, weight=small, bias=hundred, asks="bias")
    yield case("a batch", make.normal(n, c, h, w), make.normal(o, c, kh, kw), leaves="x weight")
    yield case("one image", make.normal(1, c, w, h), make.normal(o, c, kw, kh), leaves="x weight")
    yield case("a kernel of one number", make.normal(n, c, h, w), make.normal(o, c, 1, 1))
    yield case("as many outputs as inputs", make.normal(n, c, h, w), make.normal(c, c, kh, kw))
    yield case(
        "not contiguous, with an offset",
        make.scattered(make.normal(n, c, h, w)),
        make.normal(2 * o, c, kh, kw)[1::2],  # every second kernel: not contiguous, and still one row a kernel
        leaves="x weight",
    )
    single = torch.float32
    yield case(
        "float32", make.normal(1, 3, h, w, dtype=single), make.normal(o, 3, 3, 3, dtype=single), leaves="x weight"
    )

    edges = torch.tensor([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0]], dtype=torch.float64)
    yield make.case(
        "edge filters, and a bias of zeros",
        x=make.normal(n, c, h, w),
        weight=edges.repeat(o, c, 1, 1),
        bias=torch.zeros(o, dtype=torch.float64),
        leaves=three,
        asks="bias",
    )
    yield case("a batch and a bias", make.normal(n, c, h, w), make.normal(o, c, kh, kw), o, three, asks="bias")
    yield case(
        "as many outputs as columns", make.normal(n, c, kh + 2, kw + 4), make.normal(5, c, kh, kw), 5, asks="bias"
    )
    yield case("as many outputs as rows", make.normal(n, c, kh + 4, kw + 2), make.normal(5, c, kh, kw), 5, asks="bias")
    yield case(
        "as many outputs as images", make.normal(o, c, kh + 5, kw + 4), make.normal(o, c, kh, kw), o, asks="bias"
    )
    yield case(
        "as many outputs as places", make.normal(n, c, kh + 1, kw + 2), make.normal(6, c, kh, kw), 6, asks="bias"
    )
    yield case("stride 2", make.normal(n, c, h, w), make.normal(o, c, kh, kw), stride=2, asks="stride")
    yield case("stride 3", make.normal(1, c, w, h), make.normal(o, c, kh, kw), stride=3, asks="stride")
    yield case("padding 1", make.normal(n, c, w, h), make.normal(o, c, kh, kw), padding=1, asks="padding")
    large = make.normal(n, 1, h - 2, w - 2)
    yield case("padding larger than the kernel", large, make.normal(o, 1, 2, 2), padding=3, asks="padding")
    if dilated:
        yield case("dilation 2", make.normal(n, c, h, w), make.normal(o, c, kh, kw), dilation=2, asks="dilation")
        yield case(
            "dilation 3", make.normal(1, c, w + 2, h + 2), make.normal(o, c, kh, kw), dilation=3, asks="dilation"
        )
    both: dict[str, Any] = {"stride": 3, "padding": 2, "asks": "all together"}
    yield case("stride 3, padding 2", make.normal(1, c, h, w), make.normal(o, c, kw, kh), o, three, **both)
    both = {"stride": 2, "padding": 1, "asks": "all together", **({"dilation": 2} if dilated else {})}
    yield case("all at once", make.normal(n, c, h, w), make.normal(o, c, kh, kw), o, three, **both)
    if dilated:
        yield case(
            "all at once, otherwise", make.normal(1, c, w, h), make.normal(o, c, kw, kh), o, **(both | {"stride": 3})
        )
