"""Chapter 09, `dynamic_conv`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.shining.attention import GRADIENT_LOST
from autograder.authoring.oracles.shining.filtered import SPACE, filtered

__all__ = ["DYNAMIC_CONV"]


def dynamic_conv(x: Tensor, weight: Tensor) -> Tensor:
    """The images side by side as channels, a group for each."""
    return _grouped(x, weight)


def _grouped(x: Tensor, weight: Tensor, padding: Callable[[int], int] = lambda k: k // 2) -> Tensor:
    n, o, _, k, _ = weight.shape
    side_by_side = x.reshape(1, -1, *x.shape[2:])
    out = F.conv2d(side_by_side, weight.flatten(0, 1), padding=padding(k), groups=n)
    return out.reshape(n, o, *out.shape[2:])


def _looped(x: Tensor, weight: Tensor, padding: Callable[[int], int] = lambda k: k // 2) -> Tensor:
    pairs = zip(x, weight, strict=True)
    return torch.stack(
        [F.conv2d(image[None], filters, padding=padding(weight.shape[-1]))[0] for image, filters in pairs]
    )


def _by_products(x: Tensor, weight: Tensor) -> Tensor:
    k = weight.shape[-1]
    padded = F.pad(x, [k // 2] * 4)
    return torch.einsum("nchwuv,nocuv->nohw", padded.unfold(2, k, 1).unfold(3, k, 1), weight)


def _groups_of_channels(x: Tensor, weight: Tensor) -> Tensor:
    """As many groups as channels: each output sees one channel of its image only."""
    n, o, c, k, _ = weight.shape
    out = F.conv2d(
        x.reshape(1, n * c, *x.shape[2:]),
        weight.transpose(1, 2).reshape(n * c * o, 1, k, k),
        padding=k // 2,
        groups=n * c,
    )
    return out.reshape(n, c, o, *out.shape[2:])[:, 0]


def _groups_are_channels(x: Tensor, weight: Tensor) -> Tensor:
    """groups=C for groups=N: torch raises, but where there are as many images as channels."""
    n, o, c, k, _ = weight.shape
    out = F.conv2d(x.reshape(1, n * c, *x.shape[2:]), weight.reshape(n * o, c, k, k), padding=k // 2, groups=c)
    return out.reshape(n, o, *out.shape[2:])


def _with(change_x: Callable[[Tensor], Tensor], change_weight: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda x, weight: _grouped(change_x(x), change_weight(weight))


def _same(tensor: Tensor) -> Tensor:
    return tensor


DYNAMIC_CONV = Oracle(
    "dynamic_conv",
    dynamic_conv,
    filtered,
    [
        Misconception(
            "first weight for all",
            lambda x, weight: F.conv2d(x, weight[0], padding=weight.shape[-1] // 2),
            says="Every image has filters of its own: image n meets weight[n]. Yours all meet the first.",
        ),
        Misconception(
            "one mixed weight for all",
            lambda x, weight: F.conv2d(x, weight.mean(0), padding=weight.shape[-1] // 2),
            lambda x, weight: F.conv2d(x, weight.sum(0), padding=weight.shape[-1] // 2),
            says="Every image has filters of its own: image n meets weight[n], and no mean or sum of them.",
        ),
        Misconception(
            "images left side by side",
            lambda x, weight: _grouped(x, weight).flatten(0, 1)[None],
            lambda x, weight: _grouped(x, weight).flatten(0, 1),
            says="Convolved are all images as channels of one. Afterwards they are taken apart again: (N, O, H, W).",
        ),
        Misconception(
            "padded by the whole kernel",
            lambda x, weight: _grouped(x, weight, lambda k: k),
            lambda x, weight: _grouped(x, weight, lambda k: k - 1),
            says="k // 2 on each side keeps the image's size. More makes it grow.",
        ),
        Misconception(
            "channels in the wrong order",
            lambda x, weight: _grouped(x.transpose(0, 1).reshape(x.shape), weight),
            says="The channels of one image have to stay together: N and C are merged with N in front.",
        ),
        Misconception(
            "dtype of the input lost",
            lambda x, weight: _grouped(x.float(), weight.float()),
            says="What comes back has the dtype of x and weight: leave out float().",
        ),
        Misconception(
            "dimensions of size 1 dropped",
            lambda x, weight: _grouped(x, weight).squeeze(),
            says="squeeze drops dimensions of size 1. One image, one output, one row: each keeps its dimension.",
        ),
        Misconception(
            "groups = C",
            _groups_of_channels,
            _groups_are_channels,
            lambda x, weight: F.conv2d(
                x.view(1, -1, *x.shape[2:]),
                weight.view(-1, *weight.shape[2:]),
                padding=weight.shape[-1] // 2,
                groups=x.shape[1],
            ).view(len(x), -1, *x.shape[2:]),
            says="There is one group an image, N groups. As many groups as channels keep the channels of one image apart, and "
            "each output has to see all of them.",
        ),
        Misconception(
            "gradient to the weights cut",
            _with(_same, Tensor.detach),
            _with(_same, lambda weight: nn.Parameter(weight)),
            says="The weights come from a network that wants to learn. nn.Parameter, detach and .data make new leaves, "
            "and no gradient reaches it.",
        ),
        Misconception(
            "gradient lost",
            lambda x, weight: _grouped(x, weight).detach(),
            lambda x, weight: _grouped(x.detach(), weight),
            says=GRADIENT_LOST,
        ),
        Misconception(
            "one call an image",
            _looped,
            says="The numbers are right. But a loop calls F.conv2d once an image; by groups, or under torch.vmap, it is called "
            "once for all of them.",
        ),
        Misconception(
            "no convolution called",
            _by_products,
            says="The numbers are right, by windows and products as in chapter 05. Asked for is one call of F.conv2d.",
        ),
        Misconception(
            "padding forgotten",
            lambda x, weight: _grouped(
                F.pad(
                    x,
                    [
                        max(0, (weight.shape[-1] - side + 1) // 2)
                        for side in (x.shape[3], x.shape[3], x.shape[2], x.shape[2])
                    ],
                ),
                weight,
                lambda k: 0,
            ),
            lambda x, weight: _grouped(x, weight, lambda k: 0),
            lambda x, weight: _looped(x, weight, lambda k: 0),
            says="Without padding the result is smaller than the image. k // 2 on each side keeps its size.",
        ),
        Misconception(
            "padding of one, whatever the kernel",
            lambda x, weight: _grouped(x, weight, lambda k: 1),
            says="1 is right for a kernel of 3. It is k // 2 in general.",
        ),
        Misconception(
            "filters in the wrong order",
            _with(_same, lambda weight: weight.transpose(0, 1).reshape(weight.shape)),
            says="The filters of one image have to stay together: N and O are merged with N in front.",
        ),
        Misconception(
            "outputs in the wrong order",
            lambda x, weight: (lambda out: out.transpose(0, 1).reshape(out.shape))(_grouped(x, weight)),
            lambda x, weight: (lambda out: out.reshape(out.shape[1], out.shape[0], *out.shape[2:]).transpose(0, 1))(
                _grouped(x, weight)
            ),
            says="The outputs come group by group, all O of image 0 first. Divide them into (N, O), in this order.",
        ),
        Misconception(
            "kernel flipped",
            _with(_same, lambda weight: weight.flip(-1, -2)),
            says="torch's convolution does not flip the kernel.",
        ),
    ],
    space=SPACE,
)
