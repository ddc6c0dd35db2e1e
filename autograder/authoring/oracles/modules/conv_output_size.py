"""Chapter 03, `conv_output_size`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.space import Chosen, Space, absent
from autograder.observing.case import Case

__all__ = ["CONV_OUTPUT_SIZE"]


def conv_output_size(size: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """Sizes as torch's documentation of ``Conv2d`` gives them, here asked of torch itself."""
    with torch.no_grad():
        return F.conv1d(torch.zeros(1, 1, size), torch.zeros(1, 1, kernel_size), None, stride, padding, dilation).shape[
            -1
        ]


def _sizes(make: CaseMaker) -> list[Case]:
    cases = [
        make.case("a 3 × 3 kernel on 5 × 5", size=5, kernel_size=3),
        make.case("one pixel of padding on each side", size=5, kernel_size=3, stride=1, padding=1),
        make.case("every second position", size=6, kernel_size=3, stride=2),
        make.case("a stride that leaves pixels over", size=9, kernel_size=3, stride=3, padding=1),
        make.case("the kernel as large as the input", size=7, kernel_size=7),
        make.case("TinyCNN's own", size=32, kernel_size=3, stride=1, padding=1, dilation=1),
        make.case("an even kernel, padded by half of it", size=8, kernel_size=4, padding=2),
        make.case("one pixel, one weight", size=1, kernel_size=1, stride=4),
        make.case("dilation 2: three weights span five pixels", size=7, kernel_size=3, dilation=2, aspect="dilation"),
        make.case(
            "padded by half of the kernel, dilation 2", size=8, kernel_size=3, padding=1, dilation=2, aspect="dilation"
        ),
        make.case("all at once", size=19, kernel_size=4, stride=3, padding=2, dilation=2, aspect="dilation"),
    ]
    for index in range(6):
        kernel, dilation = make.integer(2, 5), make.integer(2, 3) if index % 2 else 1
        drawn: dict[str, Any] = {"kernel_size": kernel, "stride": make.integer(2, 4), "padding": make.integer(1, 3)}
        size = make.integer(dilation * (kernel - 1) + 1, 40)
        aspect: dict[str, Any] = {"dilation": dilation, "aspect": "dilation"} if dilation > 1 else {}
        cases.append(make.case("sizes drawn at random", size=size, **drawn, **aspect))
    return cases


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    given = one.given("stride", "padding", "dilation")
    aspect = {"aspect": "dilation"} if one.get("dilation", 1) > 1 else {}
    return make.case(size=one.size, kernel_size=one.kernel, **given, **aspect)


def _reach(one: Chosen) -> int:
    """How many pixels the kernel spans."""
    return int(one.get("dilation", 1) * (one.kernel - 1) + 1)


def _padded(one: Chosen) -> int:
    return int(one.size + 2 * one.get("padding", 0))


_SPACE = Space(
    _drawn,
    size=(1, 2, 5, 8, 33, 224),
    kernel=(1, 2, 3, 5, 11),
    stride=(absent, 1, 2, 3, 7),
    padding=(absent, 0, 1, 2, 6),
    dilation=(absent, 1, 2, 3, 5),
    within=lambda one: _reach(one) <= _padded(one),
    traits={
        "the last window does not fit whole": lambda one: (_padded(one) - _reach(one)) % one.get("stride", 1) > 0,
        "the kernel spans more than the size without its padding": lambda one: _reach(one) > one.size,
        "the kernel spans all of the padded size": lambda one: _reach(one) == _padded(one),
        "the stride is larger than the kernel": lambda one: one.get("stride", 1) > one.kernel,
    },
    words={"kernel": "the number of weights in the kernel is {}", "size": "the size is {}"},
)


def _span(size: int, kernel: int, stride: int, padding: float, dilation: int) -> float:
    return (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1


CONV_OUTPUT_SIZE = Oracle(
    "conv_output_size",
    conv_output_size,
    _sizes,
    [
        Misconception(
            "padding once",
            lambda size, kernel_size, stride=1, padding=0, dilation=1: math.floor(
                _span(size, kernel_size, stride, padding / 2, dilation)
            ),
            lambda size, kernel_size, stride=1, padding=0, dilation=1: len(
                range(0, size + padding - dilation * (kernel_size - 1), stride)
            ),
            says="Padding is added on both sides: the padded size is size + 2 · padding.",
        ),
        Misconception(
            "dilation ignored",
            lambda size, kernel_size, stride=1, padding=0, dilation=1: math.floor(
                _span(size, kernel_size, stride, padding, 1)
            ),
            says="A dilated kernel reaches further than it has weights: 3 weights with dilation 2 span 5 pixels.",
        ),
        Misconception(
            "dilation times the kernel's size",
            lambda size, kernel_size, stride=1, padding=0, dilation=1: (
                (size + 2 * padding - dilation * kernel_size) // stride + 1
            ),
            lambda size, kernel_size, stride=1, padding=0, dilation=1: (
                (size + 2 * padding - dilation * kernel_size - 1) // stride + 1
            ),
            says="A kernel of k weights has k − 1 gaps between them, and dilation makes these longer: it spans dilation · (k − 1) + 1 pixels.",
        ),
        Misconception(
            "rounded up",
            lambda size, kernel_size, stride=1, padding=0, dilation=1: math.ceil(
                _span(size, kernel_size, stride, padding, dilation)
            ),
            lambda size, kernel_size, stride=1, padding=0, dilation=1: round(
                _span(size, kernel_size, stride, padding, dilation)
            ),
            says="A last window that does not fit whole is left out. Count the whole windows only.",
        ),
        Misconception(
            "the first window not counted",
            lambda size, kernel_size, stride=1, padding=0, dilation=1: math.floor(
                _span(size, kernel_size, stride, padding, dilation) - 1
            ),
            says="The division counts the steps. Windows are one more than steps: fence posts and fences.",
        ),
        Misconception(
            "stride ignored",
            lambda size, kernel_size, stride=1, padding=0, dilation=1: math.floor(
                _span(size, kernel_size, 1, padding, dilation)
            ),
            says="With stride s only every s-th position has a window.",
        ),
        Misconception(
            "a float, not an int",
            lambda size, kernel_size, stride=1, padding=0, dilation=1: _span(
                size, kernel_size, stride, padding, dilation
            ),
            lambda size, kernel_size, stride=1, padding=0, dilation=1: float(
                math.floor(_span(size, kernel_size, stride, padding, dilation))
            ),
            says="A size is a whole number. / gives a float in Python; // divides and rounds down in one step.",
        ),
    ],
    space=_SPACE,
)
