"""Answers that lean on torch's own, where chapter 07 forbids it."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def _dropped(own: Any) -> Any:
    return lambda x, p=0.5, training=True, generator=None: own(x, p, training)


def _normed(own: Any) -> Any:
    return lambda x, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5: own(
        x, running_mean, running_var, weight, bias, training, momentum, eps
    )


def _by_module(
    x: Tensor, mean: Tensor, var: Tensor, weight: Tensor, bias: Tensor, training: bool, m: float, eps: float
) -> Any:
    norm = nn.BatchNorm2d(x.shape[1], eps=eps, momentum=m).to(x.dtype).train(training)
    return torch.func.functional_call(
        norm, {"running_mean": mean, "running_var": var, "weight": weight, "bias": bias}, (x,)
    )


class Derived(nn.BatchNorm2d):
    pass


class DerivedFromItsBase(nn.modules.batchnorm._BatchNorm):
    def _check_input_dim(self, x: Tensor) -> None:
        pass


class Holding(nn.Module):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(num_features, eps, momentum)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x)


class HoldingQuietly(nn.Module):
    """Held where nobody registers it, its tensors under their own names."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.kept = [nn.BatchNorm2d(num_features, eps, momentum)]
        self.weight, self.bias = self.kept[0].weight, self.kept[0].bias
        for name, buffer in self.kept[0].named_buffers():
            self.register_buffer(name, buffer)

    def forward(self, x: Tensor) -> Tensor:
        return self.kept[0].train(self.training)(x)


TORCHS_OWN = [
    ("dropout", _dropped(F.dropout)),
    ("dropout", _dropped(torch.dropout)),
    ("dropout", _dropped(lambda x, p, training: nn.Dropout(p).train(training)(x))),
    ("dropout", _dropped(lambda x, p, training: torch.native_dropout(x, p, training)[0])),
    ("dropout", _dropped(lambda x, p, training: torch.ops.aten.dropout(x, p, training))),
    ("dropout", _dropped(lambda x, p, training: torch.feature_dropout(x.view(1, -1), p, training).view(x.shape))),
    ("dropout", _dropped(lambda x, p, training: F.dropout1d(x.view(1, -1, 1), p, training).view(x.shape))),
    ("dropout", _dropped(lambda x, p, training: F.alpha_dropout(x, p, training))),
    ("batch_norm", _normed(F.batch_norm)),
    ("batch_norm", _normed(_by_module)),
    ("batch_norm", _normed(lambda x, m, v, w, b, t, mo, e: torch.batch_norm(x, w, b, m, v, t, mo, e, False))),
    ("batch_norm", _normed(lambda x, m, v, w, b, t, mo, e: torch.native_batch_norm(x, w, b, m, v, t, mo, e)[0])),
    ("my_batch_norm2d", nn.BatchNorm2d),
    ("my_batch_norm2d", Derived),
    ("my_batch_norm2d", DerivedFromItsBase),
    ("my_batch_norm2d", Holding),
    ("my_batch_norm2d", HoldingQuietly),
    ("my_batch_norm2d", lambda num_features, eps=1e-5, momentum=0.1: nn.SyncBatchNorm(num_features, eps, momentum)),
]
