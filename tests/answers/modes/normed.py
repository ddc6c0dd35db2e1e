"""Right answers in other styles, `batch_norm` and `my_batch_norm2d`."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Four = tuple[Tensor, Tensor, Tensor, Tensor]


def by_sums(
    x: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    weight: Tensor,
    bias: Tensor,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Mean and variance written out, the statistics moved by `copy_`."""
    if training:
        count = x.numel() // x.size(1)
        mean = x.sum((0, 2, 3)) / count
        squares = ((x - mean.view(1, -1, 1, 1)) ** 2).sum((0, 2, 3))
        var = squares / count
        running_mean.copy_(running_mean * (1 - momentum) + momentum * mean.detach())
        running_var.copy_(running_var * (1 - momentum) + momentum * squares.detach() / (count - 1))
    else:
        mean, var = running_mean, running_var
    shape = (1, -1, 1, 1)
    return weight.view(shape) * (x - mean.view(shape)) * torch.rsqrt(var.view(shape) + eps) + bias.view(shape)


def channel_by_channel(
    x: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    weight: Tensor,
    bias: Tensor,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """A loop over the channels, each written into an output of its own memory."""
    out = torch.empty_like(x)
    for c in range(x.shape[1]):
        one = x[:, c]
        mean, var = (one.mean(), one.var(unbiased=False)) if training else (running_mean[c], running_var[c])
        if training:
            with torch.no_grad():
                running_mean[c] += momentum * (mean - running_mean[c])
                running_var[c] += momentum * (one.var() - running_var[c])
        out[:, c] = (one - mean) / torch.sqrt(var + eps) * weight[c] + bias[c]
    return out


class Norm:
    """A callable object; channels moved to the end, where broadcasting finds them."""

    def __call__(self, x: Tensor, *, running_mean: Tensor, running_var: Tensor, weight: Tensor, bias: Tensor,
                 training: bool, momentum: float = 0.1, eps: float = 1e-5, verbose: bool = False) -> Tensor:  # fmt: skip
        last = x.movedim(1, -1)
        flat = last.reshape(-1, x.shape[1])
        mean, var = running_mean, running_var
        if training:
            var, mean = torch.var_mean(flat, 0, correction=0)
            running_mean.data.mul_(1 - momentum).add_(mean.data, alpha=momentum)
            running_var.data.mul_(1 - momentum).add_(flat.var(0).data, alpha=momentum)
        return ((last - mean) / (var + eps) ** 0.5 * weight + bias).movedim(-1, 1)


def by_layer_norm(
    x: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    weight: Tensor,
    bias: Tensor,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """A channel as one long row, which layer norm normalises."""
    n, c, h, w = x.shape
    rows = x.transpose(0, 1).reshape(c, -1)
    if training:
        rows = F.layer_norm(rows, rows.shape[1:], eps=eps)
        with torch.no_grad():
            flat = x.transpose(0, 1).reshape(c, -1)
            running_mean.lerp_(flat.mean(1), momentum)
            running_var.lerp_(flat.var(1), momentum)
    else:
        rows = (rows - running_mean[:, None]) / (running_var[:, None] + eps).sqrt()
    return (rows * weight[:, None] + bias[:, None]).view(c, n, h, w).transpose(0, 1)


def by_moments(
    x: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    weight: Tensor,
    bias: Tensor,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """In einsum's letters; the unbiased variance from the biased one."""
    count = x[:, 0].numel()
    if training:
        mean = torch.einsum("nchw->c", x) / count
        centred = x - mean[:, None, None]
        var = torch.einsum("nchw,nchw->c", centred, centred) / count
        for kept, new in ((running_mean, mean), (running_var, var * count / (count - 1))):
            kept[...] = (1 - momentum) * kept + momentum * new.detach()
    else:
        centred, var = x - running_mean[:, None, None], running_var
    return torch.einsum("nchw,c->nchw", centred, weight / (var + eps).sqrt()) + bias[:, None, None]


class ByFunction(nn.Module):
    """In the order of torch's own, by `F.batch_norm`, the count moved out of place."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.weight = nn.Parameter(torch.empty(num_features))
        self.bias = nn.Parameter(torch.empty(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.long))
        nn.init.ones_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        self.num_batches_tracked = self.num_batches_tracked + int(self.training)
        return F.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, self.training, self.momentum, self.eps
        )


class ByHand(ByFunction):
    """With a batch norm of one's own."""

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.num_batches_tracked.add_(1)
        return by_sums(
            x, self.running_mean, self.running_var, self.weight, self.bias, self.training, self.momentum, self.eps
        )


class Rebinding(ByFunction):
    """New tensors under the buffers' names: they are buffers still."""

    def forward(self, x: Tensor) -> Tensor:
        mean, var = self.running_mean, self.running_var
        if self.training:
            mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
            with torch.no_grad():
                self.running_mean = self.running_mean * (1 - self.momentum) + self.momentum * mean
                self.running_var = self.running_var * (1 - self.momentum) + self.momentum * x.var((0, 2, 3))
                self.num_batches_tracked += 1
        one = [part[None, :, None, None] for part in (mean, var, self.weight, self.bias)]
        return (x - one[0]) / torch.sqrt(one[1] + self.eps) * one[2] + one[3]


class OtherOrder(nn.Module):
    """Buffers first, by `nn.Buffer`; keyword arguments handed on."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, **more: Any) -> None:
        super().__init__()
        self.num_batches_tracked = nn.Buffer(torch.zeros((), dtype=torch.int64))
        self.running_var = nn.Buffer(torch.ones(num_features))
        self.running_mean = nn.Buffer(torch.zeros(num_features))
        self.settings = {"momentum": momentum, "eps": eps}
        self.register_parameter("bias", nn.Parameter(torch.zeros(num_features)))
        self.register_parameter("weight", nn.Parameter(torch.ones(num_features)))

    def forward(self, images: Tensor) -> Tensor:
        kept = {"running_mean": self.running_mean, "running_var": self.running_var}
        out = F.batch_norm(images, **kept, training=self.training, **self.settings)
        self.num_batches_tracked += self.training
        return out * self.weight[:, None, None] + self.bias[:, None, None]


class WithReset(ByFunction):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, momentum)
        with torch.no_grad():
            for name, value in (("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0)):
                getattr(self, name).fill_(value)

    def forward(self, x: Tensor) -> Tensor:
        norm = Norm()
        self.num_batches_tracked.copy_(self.num_batches_tracked + (1 if self.training else 0))
        return norm(x, running_mean=self.running_mean, running_var=self.running_var, weight=self.weight, bias=self.bias,
                    training=self.training, momentum=self.momentum, eps=self.eps)  # fmt: skip


BATCH_NORM = [by_sums, channel_by_channel, Norm(), by_layer_norm, by_moments]
MY_BATCH_NORM2D = [ByFunction, ByHand, Rebinding, OtherOrder, WithReset]
