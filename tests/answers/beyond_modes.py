"""Answers of chapters 06, 07, 09 and 10 that are right in training with gradients on, or when they are asked for the first time."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from answers.modes.dropping import OnlyInTraining
from answers.modes.normed import ByFunction, Rebinding
from answers.modes.wrong import dropped, mask, norm
from answers.registration.mini_ideas import Mini
from answers.registration.right import KaimingConv, KaimingLinear, Layers
from answers.shining.right_classes import Symmetric, Tied, WithFour
from answers.shining.stranger import SymmetricRemembered
from torch import Tensor

from autograder.authoring.oracles.registration.running_mean import RunningMean

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


def _remembering(right: type[Any], when: Callable[[Any], bool]) -> type[Any]:
    """``right`` as it was at the first of those calls ``when`` it remembers."""

    def forward(self: Any, x: Tensor) -> Any:
        if not when(self):
            return right.forward(self, x)
        if "known" not in vars(self):
            vars(self)["known"] = copy.deepcopy(self)
        return right.forward(self.known.to(x.dtype), x)

    return type(right.__name__, (right,), {"forward": forward})


def _without_gradients(layer: Any) -> bool:
    return not torch.is_grad_enabled()


def _in_eval_mode(layer: Any) -> bool:
    return not layer.training


class _TheLastNumberOfHeads(WithFour):
    """What belongs to an object is kept by its class."""

    heads = 1

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__(embed_dim, num_heads)
        type(self).heads = num_heads

    def forward(self, x: Tensor) -> Tensor:
        self.h = self.heads
        return super().forward(x)


class _TiedWithoutGradients(Tied):
    turned: Tensor | None = None

    def decode(self, code: Tensor) -> Tensor:
        if torch.is_grad_enabled():
            return super().decode(code)
        if self.turned is None:
            self.turned = self.weight.mT.contiguous()
        return F.linear(code, self.turned.to(code.dtype), self.decoder_bias)


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


class _OfEval(Symmetric):
    """In eval the matrix is computed once, and forgotten when training goes on."""

    matrix: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.matrix = None
            return super().forward(x)
        if self.matrix is None:
            self.matrix = self.symmetric()
        return F.linear(x, self.matrix.to(x.dtype), self.bias)


class _TiedOfEval(Tied):
    """In eval the transpose is made contiguous once, and forgotten when training goes on."""

    turned: Tensor | None = None

    def decode(self, code: Tensor) -> Tensor:
        self.turned = None if self.training else self.weight.mT.contiguous() if self.turned is None else self.turned
        weight = self.weight.mT if self.turned is None else self.turned.to(code.dtype)
        return F.linear(code, weight, self.decoder_bias)


class _WithoutItsGraph(SymmetricRemembered):
    """Computed anew when the weight has been written to; what was computed without gradients stays."""

    def mark(self) -> tuple[Any, ...]:
        return self.weight._version, self.weight.dtype


class _FirstBatchWhole(ByFunction):
    """The first batch's statistics are taken as they are: there is nothing yet to mix them with, it was thought."""

    def forward(self, x: Tensor) -> Tensor:
        if self.training and self.num_batches_tracked == 0:
            with torch.no_grad():
                self.running_mean.copy_(x.mean((0, 2, 3)))
                self.running_var.copy_(x.var((0, 2, 3)))
        return super().forward(x)


class _MeanOfInference(RunningMean):
    """Buffers that are inference tensors: nobody may write into them, loading a state neither."""

    def update(self, rows: Tensor) -> None:
        with torch.inference_mode():
            super().update(rows)


class _StatisticsOfInference(Rebinding):
    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        with torch.inference_mode():
            for name, new in (("running_mean", x.mean((0, 2, 3))), ("running_var", x.var((0, 2, 3)))):
                setattr(self, name, torch.lerp(getattr(self, name), new, self.momentum))
            self.num_batches_tracked += 1
        return F.batch_norm(x, None, None, self.weight, self.bias, True, 0.0, self.eps)


class _NothingOfOneRow(OnlyInTraining):
    """One row is asked about, it was thought, and a batch is trained on."""

    def forward(self, x: Tensor) -> Tensor:
        if len(x) == 1:
            return self.out(torch.relu(self.hidden(x)))
        return super().forward(x)


class _Unlisted(Mini):
    """A leading underscore is taken for private."""

    def named_parameters(self) -> Any:
        yield from ((name, one) for name, one in Mini.named_parameters(self) if not name.startswith("_"))


class _Emptied(Mini):
    """What is left of the state at the end is what nobody asked for: it is taken out of the caller's own dictionary."""

    @torch.no_grad()
    def load_state_dict(self, state: Any) -> None:
        for name, one in self.named_parameters():
            one.copy_(state.pop(name))
        if state:
            raise KeyError(*state)


def _floored(*args: Any, **named: Any) -> Tensor:
    """As cuDNN once did."""
    if "eps" in named:
        named["eps"] = max(named["eps"], 1e-5)
    return norm()(*args[:7], *(max(eps, 1e-5) for eps in args[7:]), **named)


BEYOND_MODES: list[tuple[str, str, Any]] = [
    ("my_linear", "no gradient in eval", _in_eval(KaimingLinear, Tensor.detach)),
    ("my_linear", "the first weight kept, the other way round", _TurnedOnce),
    ("my_linear", "the first weight without gradients kept", _remembering(KaimingLinear, _without_gradients)),
    ("my_linear", "the first weight of eval kept", _remembering(KaimingLinear, _in_eval_mode)),
    ("my_conv2d", "no gradient in eval", _in_eval(KaimingConv, Tensor.detach)),
    ("my_conv2d", "the first weight without gradients kept", _remembering(KaimingConv, _without_gradients)),
    ("my_conv2d", "the first weight of eval kept", _remembering(KaimingConv, _in_eval_mode)),
    ("stacked_mlp", "softmax in eval", _in_eval(Layers, lambda out: out.softmax(-1))),
    ("stacked_mlp", "no gradient in eval", _in_eval(Layers, Tensor.detach)),
    ("self_attention", "no gradient in eval", _in_eval(WithFour, Tensor.detach)),
    ("self_attention", "as many tokens as at first", _AsManyTokens),
    ("self_attention", "as many heads as the last one made", _TheLastNumberOfHeads),
    ("self_attention", "the first weights without gradients kept", _remembering(WithFour, _without_gradients)),
    ("self_attention", "the first weights of eval kept", _remembering(WithFour, _in_eval_mode)),
    ("tied_autoencoder", "sigmoid in eval", _in_eval(Tied, torch.sigmoid)),
    ("tied_autoencoder", "no gradient in eval", _in_eval(Tied, Tensor.detach)),
    ("symmetric_linear", "no gradient in eval", _in_eval(Symmetric, Tensor.detach)),
    ("symmetric_linear", "the last matrix of training in eval", _LastOfTraining),
    ("symmetric_linear", "the first matrix of eval in eval", _OfEval),
    ("symmetric_linear", "a matrix remembered without its graph", _WithoutItsGraph),
    ("tied_autoencoder", "the first transpose of eval in eval", _TiedOfEval),
    ("tied_autoencoder", "the first transpose without gradients", _TiedWithoutGradients),
    ("symmetric_linear", "the first matrix without gradients", _remembering(Symmetric, _without_gradients)),
    ("running_mean", "inference tensors for buffers", _MeanOfInference),
    ("my_batch_norm2d", "inference tensors for buffers", _StatisticsOfInference),
    ("my_batch_norm2d", "the first batch whole", _FirstBatchWhole),
    ("dropout_net", "nothing dropped of one row", _NothingOfOneRow),
    ("mini_module", "no names with an underscore", _Unlisted),
    ("mini_module", "the state emptied while it is loaded", _Emptied),
    ("batch_norm", "no eps below 1e-5", _floored),
    ("batch_norm", "nothing moved without gradients", norm(moves=lambda training: training and torch.is_grad_enabled())),
    ("dropout", "nothing dropped of one row", dropped(
        lambda x, p, g: x if x.shape[:1] == (1,) else x * mask(x, p, g) / (1 - p))),
    ("dropout", "nothing dropped without gradients", dropped(
        lambda x, p, g: x * mask(x, p, g) / (1 - p) if torch.is_grad_enabled() else x)),
]  # fmt: skip
