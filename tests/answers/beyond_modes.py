"""Answers of chapters 06, 07, 09 and 10 that are right in training with gradients on, or when they are asked for the first time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from answers.modes.wrong import dropped, mask, norm
from answers.registration.right import KaimingConv, KaimingLinear, Layers
from answers.shining.right_classes import Symmetric, Tied, WithFour
from torch import Tensor

__all__ = ["BEYOND_MODES"]


def _in_eval(right: type[Any], end: Callable[[Tensor], Tensor]) -> type[Any]:
    """``right``, and in eval something more at the end."""

    def forward(self: Any, x: Tensor) -> Any:
        out = right.forward(self, x)
        return out if self.training else end(out)

    return type(right.__name__, (right,), {"forward": forward})


class _TurnedOnce(KaimingLinear):
    """The weight's transpose is made contiguous at the first call."""

    turned: Tensor | None = None

    def forward(self, input: Tensor) -> Tensor:
        if self.turned is None:
            self.turned = self.weight.detach().T.contiguous()
        out = input.to(self.turned.dtype) @ self.turned
        return out if self.bias is None else out.to(self.bias.dtype) + self.bias


class _AsManyTokens(WithFour):
    """As many tokens as there were at the first call."""

    tokens = 0

    def forward(self, x: Tensor) -> Tensor:
        self.tokens = self.tokens or x.shape[1]
        return super().forward(x[:, : self.tokens])


class _LastOfTraining(Symmetric):
    """In eval the matrix of the last training step is used: nothing changes there, it was thought."""

    matrix: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self.training or self.matrix is None:
            self.matrix = self.symmetric()
        return F.linear(x, self.matrix.to(x.dtype), self.bias)


def _floored(*args: Any, **named: Any) -> Tensor:
    """As cuDNN once did."""
    if "eps" in named:
        named["eps"] = max(named["eps"], 1e-5)
    return norm()(*args[:7], *(max(eps, 1e-5) for eps in args[7:]), **named)


BEYOND_MODES: list[tuple[str, str, Any]] = [
    ("my_linear", "no gradient in eval", _in_eval(KaimingLinear, Tensor.detach)),
    ("my_linear", "the first weight kept, the other way round", _TurnedOnce),
    ("my_conv2d", "no gradient in eval", _in_eval(KaimingConv, Tensor.detach)),
    ("stacked_mlp", "softmax in eval", _in_eval(Layers, lambda out: out.softmax(-1))),
    ("stacked_mlp", "no gradient in eval", _in_eval(Layers, Tensor.detach)),
    ("self_attention", "no gradient in eval", _in_eval(WithFour, Tensor.detach)),
    ("self_attention", "as many tokens as at first", _AsManyTokens),
    ("tied_autoencoder", "sigmoid in eval", _in_eval(Tied, torch.sigmoid)),
    ("tied_autoencoder", "no gradient in eval", _in_eval(Tied, Tensor.detach)),
    ("symmetric_linear", "no gradient in eval", _in_eval(Symmetric, Tensor.detach)),
    ("symmetric_linear", "the last matrix of training in eval", _LastOfTraining),
    ("batch_norm", "no eps below 1e-5", _floored),
    ("batch_norm", "nothing moved without gradients", norm(moves=lambda training: training and torch.is_grad_enabled())),
    ("dropout", "nothing dropped without gradients", dropped(
        lambda x, p, g: x * mask(x, p, g) / (1 - p) if torch.is_grad_enabled() else x)),
]  # fmt: skip
