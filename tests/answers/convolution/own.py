"""Chapter 05, answers that let torch's own operator do what is to be built by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from answers.convolution.windows import pair
from answers.scripted import OWN_CONVOLUTIONS
from torch import Tensor, nn


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
    *OWN_CONVOLUTIONS,
]  # fmt: skip
