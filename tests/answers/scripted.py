"""Chapters 04 and 05, answers in TorchScript: what is right is right there, too, and torch's own operator is torch's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["OWN_CONVOLUTIONS", "OWN_FUNCTIONS", "correlate_in_a_script", "relu_in_a_script", "script"]


def script(head: str, *lines: str) -> Callable[..., Any]:
    """A function with that head and these lines, as `torch.jit.script` makes it of one in a cell."""
    return torch.jit.CompilationUnit("\n    ".join([f"def answer({head}):", *lines, ""])).answer


relu_in_a_script = script("x", "return x.clamp(min=0)")
correlate_in_a_script = script(
    "x: Tensor, kernel: Tensor",
    "rows, columns = x.shape[0] - kernel.shape[0] + 1, x.shape[1] - kernel.shape[1] + 1",
    "out = torch.zeros([rows, columns], dtype=x.dtype)",
    "for u in range(kernel.shape[0]):",
    "    for v in range(kernel.shape[1]):",
    "        out = out + kernel[u, v] * x[u : u + rows, v : v + columns]",
    "return out",
)

_positive = script("x", "if x.dim() > 0:", "    return torch.relu(x)", "return x.clamp(min=0)")


def relu_with_a_helper(x: Tensor) -> Tensor:
    return 1 * _positive(x)


OWN_FUNCTIONS: list[tuple[str, Callable[..., Any]]] = [
    ("relu", script("x", "return torch.relu(x)")),
    ("relu", relu_with_a_helper),
    ("relu", torch.jit.trace(torch.relu, torch.ones(3))),
    ("relu", torch.jit.script(nn.ReLU())),
    ("linear", script(
        "x: Tensor, weight: Tensor, bias: Optional[Tensor]=None", "return torch.nn.functional.linear(x, weight, bias)")),
    ("softmax", script("x: Tensor, dim: int", "return torch.softmax(x, dim)")),
]  # fmt: skip

OWN_CONVOLUTIONS: list[tuple[str, Callable[..., Any]]] = [
    ("correlate2d", script("x, kernel", "return torch.conv2d(x[None, None], kernel[None, None])[0, 0]")),
    ("pad2d", script(
        "x: Tensor, padding: int, value: float=0.0", "return torch.nn.functional.pad(x, [padding] * 4, value=value)")),
    ("conv2d", script(
        "x: Tensor, weight: Tensor, bias: Optional[Tensor]=None, stride: int=1, padding: int=0, dilation: int=1",
        "return torch.conv2d(x, weight, bias, stride, padding, dilation)")),
]  # fmt: skip
