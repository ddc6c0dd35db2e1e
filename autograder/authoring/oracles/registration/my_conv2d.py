"""Chapter 06, `my_conv2d`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.registration.layer_spaces import CONV2D_SPACE
from autograder.authoring.oracles.registration.layers import Layer, but, in_common, layer_case, start_case
from autograder.observing.case import Case

__all__ = ["MY_CONV2D", "MyConv2d"]


class MyConv2d(Layer):
    """``x (N, in_channels, H, W)`` to ``(N, out_channels, Ho, Wo)``."""

    convolves = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.stride, self.padding = stride, padding
        size = (out_channels, in_channels, kernel_size, kernel_size)
        self.build(size, in_channels * kernel_size**2, bias)

    def sums(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """As ``F.conv2d`` does them."""
        return F.conv2d(x, weight, bias, self.stride, self.padding)


def _layers(make: CaseMaker) -> list[Case]:
    n, channels, outputs = make.sizes(3, 2, 4)
    height, width = make.sizes(2, 5, 7)

    def case(name: str, x: Tensor, outputs: int, kernel: int, **more: Any) -> Case:
        channels = x.shape[1]
        words = ", ".join(
            ["MyConv2d(" + f"{channels}, {outputs}, {kernel}", *(f"{key}={one}" for key, one in more.items())]
        )
        sizes = {"in_channels": channels, "out_channels": outputs, "kernel_size": kernel, **more}
        return layer_case(make, name, x, sizes, (outputs, channels, kernel, kernel), f"{words})")

    def start(channels: int, outputs: int, kernel: int, **more: Any) -> Case:
        sizes = {"in_channels": channels, "out_channels": outputs, "kernel_size": kernel, **more}
        words = f"MyConv2d({channels}, {outputs}, {kernel}{', bias=False' if more else ''})"
        name = f"{channels} channels, {outputs} outputs, kernel {kernel}"
        bounds = {
            "1/√fan_in": (channels * kernel**2) ** -0.5,
            "1/√in_channels": channels**-0.5,
            "1/√(in_channels · kernel_size)": (channels * kernel) ** -0.5,
            "1/kernel_size": 1 / kernel,
            "1/√(out_channels · kernel_size²)": (outputs * kernel**2) ** -0.5,
            "1/√out_channels": outputs**-0.5,
            "1/fan_in": 1 / (channels * kernel**2),
            "1": 1.0,
        }
        return start_case(make, name, sizes, bounds, words)

    def images(batch: int = n, dtype: torch.dtype = torch.float64) -> Tensor:
        return make.normal(batch, channels, height, width, dtype=dtype)

    last = images(dtype=torch.float32).to(memory_format=torch.channels_last)
    return [
        case("3 × 3 pixels, kernel 2", torch.arange(1.0, 10.0).view(1, 1, 3, 3), 1, 2),
        case("with a stride", images(1), outputs, 3, stride=2),
        case("with padding", images(), outputs, 3, padding=1),
        case("stride and padding", images(), outputs, 3, stride=2, padding=1),
        case("without a bias", images(), outputs, 2, bias=False),
        case("everything said", images(), outputs, 3, stride=1, padding=2, bias=True),
        case("a stride larger than the kernel, without a bias", images(), 1, 2, stride=3, padding=0, bias=False),
        case("one pixel a kernel, with padding", images(1), outputs, 1, padding=1),
        case("more padding than stride", images(), outputs, 4, stride=1, padding=3),
        case("a kernel larger than the image", make.normal(n, channels, 2, 3), outputs, 5, stride=2, padding=2),
        case("a stride of five", images(1), 1, 2, stride=5, padding=4),
        case("one output channel", images(dtype=torch.float32), 1, 3, stride=3, padding=1),
        case("not contiguous, with an offset", make.scattered(images()), outputs, 3, padding=1),
        case("channels last", last, outputs, 2, stride=2, bias=False),
        start(5, 20, 3),  # channels and kernel differ, so that each bound is another number
        start(12, 7, 2),
        start(2, 9, 4, bias=False),
    ]


def _forward(stride: Any = None, padding: Any = None, bias: bool = True) -> Any:
    """A forward that takes a number of its own where the layer's is to be used."""
    return lambda self, x: F.conv2d(
        x,
        self.weight,
        self.bias if bias else None,
        self.stride if stride is None else stride,
        self.padding if padding is None else padding,
    )


MY_CONV2D = Oracle(
    "my_conv2d",
    MyConv2d,
    _layers,
    [
        *in_common(MyConv2d, "nn.Conv2d"),
        Misconception(
            "fan_in without the kernel area",
            but(MyConv2d, bound=lambda self, size, fan_in: size[1] ** -0.5),
            but(MyConv2d, bound=lambda self, size, fan_in: (size[1] * size[2]) ** -0.5),
            says="Each output of a convolution sums in_channels · kernel_size · kernel_size products.",
        ),
        Misconception(
            "fan_in without the channels",
            but(MyConv2d, bound=lambda self, size, fan_in: 1 / size[2]),
            says="The kernel goes through all channels at once: each output sums in_channels · kernel_size · kernel_size products.",
        ),
        Misconception(
            "bounds by the number of outputs",
            but(MyConv2d, bound=lambda self, size, fan_in: (size[0] * size[2] * size[3]) ** -0.5),
            but(MyConv2d, bound=lambda self, size, fan_in: size[0] ** -0.5),
            says="fan_in is what comes in: how many products one output sums up. The number of outputs is another matter.",
        ),
        Misconception(
            "stride lost",
            but(MyConv2d, forward=_forward(stride=1)),
            says="F.conv2d knows no stride but the one it is given. The layer has to remember it, and hand it over.",
        ),
        Misconception(
            "padding lost",
            but(MyConv2d, forward=_forward(padding=0)),
            says="F.conv2d pads by nothing unless it is told. The layer has to remember its padding, and hand it over.",
        ),
        Misconception(
            "stride and padding lost",
            but(MyConv2d, forward=_forward(stride=1, padding=0)),
            says="The layer has to remember both numbers, and hand them over at every call of F.conv2d.",
        ),
        Misconception(
            "divided by fan_in, not by its root",
            but(MyConv2d, bound=lambda self, size, fan_in: 1 / fan_in),
            says="A sum of n random numbers grows with √n. The bound is 1/√fan_in.",
        ),
        Misconception(
            "padded by half the kernel",
            but(MyConv2d, forward=lambda self, x: _forward(padding=self.weight.shape[2] // 2)(self, x)),
            says="kernel_size // 2 keeps an image's size. Here padding is what the layer was made with, 0 unless told.",
        ),
        Misconception(
            "stride and padding exchanged",
            but(
                MyConv2d,
                forward=lambda self, x: F.conv2d(x, self.weight, self.bias, self.padding, self.stride),
            ),
            says="F.conv2d takes x, weight, bias, stride, padding, in this order. Name them where you hand them on.",
        ),
        Misconception(
            "bias taken for granted",
            but(MyConv2d, forward=lambda self, x: _forward(bias=False)(self, x) + self.bias[:, None, None]),
            but(MyConv2d, forward=lambda self, x: _forward(bias=False)(self, x) + self.bias.view(1, -1, 1, 1)),
            says="With bias=False, self.bias is None: it has no numbers to add. F.conv2d takes None as its bias.",
        ),
        Misconception(
            "bias kept, and never added",
            but(MyConv2d, forward=_forward(bias=False)),
            says="F.conv2d takes the bias as its third argument; without it, there is none in the sum.",
        ),
    ],
    space=CONV2D_SPACE,
)
