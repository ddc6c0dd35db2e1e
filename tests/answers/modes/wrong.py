"""Wrong answers of chapter 07: known misconceptions in other words than the oracles'."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def dropped(body: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def dropout(x: Tensor, p: float = 0.5, training: bool = True, generator: Any = None) -> Tensor:
        return body(x, p, generator) if training else x

    return dropout


def mask(x: Tensor, p: float, generator: Any, *size: int) -> Tensor:
    return torch.empty(size or x.shape).bernoulli_(1 - p, generator=generator).to(x.dtype)


def scaled_later(x: Tensor, p: float = 0.5, training: bool = True, generator: Any = None) -> Tensor:
    return x.clone() * mask(x, p, generator) / (1 - p) if training else x.mul(1 - p)


def always(x: Tensor, p: float = 0.5, training: bool = True, generator: Any = None) -> Tensor:
    return mask(x, p, generator).mul_(x) / (1 - p)


def net(forward: Callable[[Any, Tensor], Tensor]) -> type[nn.Module]:
    class Net(nn.Module):
        def __init__(self, p: float) -> None:
            super().__init__()
            self.p = p
            self.out = nn.Linear(16, 4)
            self.hidden = nn.Linear(8, 16)
            self.unregistered = {"drop": nn.Dropout(p=p)}

        def forward(self, x: Tensor) -> Tensor:
            return forward(self, x)

    return Net


def hidden(model: Any, x: Tensor) -> Tensor:
    return model.hidden(x).relu()


def norm(
    own: Callable[[Tensor], tuple[Tensor, Tensor]] = lambda x: (x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)),
    new: Callable[[Tensor], tuple[Tensor, Tensor]] = lambda x: (x.mean((0, 2, 3)), x.var((0, 2, 3))),
    move: Callable[[Tensor, Tensor, float], Any] = lambda kept, one, m: kept.mul_(1 - m).add_(one.detach() * m),
    last: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda out, weight, bias: out * weight + bias,
    root: Callable[[Tensor, float], Tensor] = lambda var, eps: torch.sqrt(var + eps),
    uses: Callable[[bool], bool] = lambda training: training,
    moves: Callable[[bool], bool] = lambda training: training,
) -> Callable[..., Tensor]:
    def batch_norm(
        x: Tensor,
        running_mean: Tensor,
        running_var: Tensor,
        weight: Tensor,
        bias: Tensor,
        training: bool,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> Tensor:
        mean, var = own(x) if uses(training) else (running_mean.clone(), running_var.clone())
        if moves(training):
            for kept, one in zip((running_mean, running_var), new(x), strict=True):
                move(kept, one, momentum)
        view = (1, -1, 1, 1) if mean.dim() == 1 else mean.shape
        out = (x - mean.view(view)) / root(var.view(view), eps)
        return last(out, weight.view(1, -1, 1, 1), bias.view(1, -1, 1, 1))

    return batch_norm


class Layer(nn.Module):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight, self.bias = nn.Parameter(torch.ones(num_features)), nn.Parameter(torch.zeros(num_features))
        self.made(num_features)

    def made(self, n: int) -> None:
        self.register_buffer("running_mean", torch.zeros(n))
        self.register_buffer("running_var", torch.ones(n))
        self.register_buffer("num_batches_tracked", torch.zeros((), dtype=torch.int64))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.num_batches_tracked.add_(1)
        return self.used(x, self.training)

    def used(self, x: Tensor, training: bool) -> Tensor:
        return norm()(x, self.running_mean, self.running_var, self.weight, self.bias, training, self.momentum, self.eps)


class PlainAttributes(Layer):
    def made(self, n: int) -> None:
        self.running_mean, self.running_var = torch.zeros(n), torch.ones(n)
        self.num_batches_tracked = torch.tensor(0)

    def used(self, x: Tensor, training: bool) -> Tensor:
        mean, var = self.running_mean.to(x), self.running_var.to(x)
        out = norm()(x, mean, var, self.weight, self.bias, training, self.momentum, self.eps)
        return out


class BatchAlways(Layer):
    """One of two fakes that well-known courses accept."""

    def used(self, x: Tensor, training: bool) -> Tensor:
        mean, var = (self.running_mean, self.running_var) if training else (torch.zeros_like(x[0, :, 0, 0]),) * 2
        return norm()(x, mean, var, self.weight, self.bias, True, self.momentum, self.eps)


class NothingLearned(Layer):
    def used(self, x: Tensor, training: bool) -> Tensor:
        ones = torch.ones_like(self.running_mean)
        return norm()(x, self.running_mean, self.running_var, ones, 0 * ones, training, self.momentum, self.eps)


class OnlyCentred(Layer):
    """The other: weight, bias and running_var are there, and nobody uses them."""

    def used(self, x: Tensor, training: bool) -> Tensor:
        if not training:
            return x - self.running_mean.view(-1, 1, 1)
        ones = torch.ones_like(self.running_mean)
        return norm()(x, self.running_mean, self.running_var, ones, 0 * ones, True, self.momentum, self.eps)


class NeverCounts(Layer):
    def forward(self, x: Tensor) -> Tensor:
        return self.used(x, self.training)


class NoneMovedQuietly(Layer):
    def forward(self, x: Tensor) -> Tensor:
        if torch.is_grad_enabled():
            return super().forward(x)
        return self.used(x, False)


class NoCounter(Layer):
    def made(self, n: int) -> None:
        self.register_buffer("running_mean", torch.zeros(n))
        self.register_buffer("running_var", torch.ones(n))

    def forward(self, x: Tensor) -> Tensor:
        return self.used(x, self.training)


class Learned(Layer):
    def made(self, n: int) -> None:
        super().made(n)
        del self.running_mean, self.running_var
        self.running_mean = nn.Parameter(torch.zeros(n), requires_grad=False)
        self.running_var = nn.Parameter(torch.ones(n), requires_grad=False)


def recorder(
    copy: Callable[[Tensor], Tensor] = lambda out: out.detach().clone(),
    find: Callable[[nn.Module, str], nn.Module] = lambda model, name: dict(model.named_modules())[name],
    restore: bool = True,
    remove: str = "finally",
) -> Callable[..., Any]:
    def record_activations(model: nn.Module, names: Any, x: Tensor) -> Any:
        outs: dict[str, Tensor] = {}
        saved = {name: one.clone() for name, one in model.named_buffers()}
        parts = [find(model, name) for name in names]
        handles = []
        for name, part in zip(names, parts, strict=True):
            handles.append(
                part.register_forward_hook(lambda module, args, out, name=name: outs.__setitem__(name, copy(out)))
            )
        try:
            model(x)
            if remove == "behind":
                [handle.remove() for handle in handles]
        finally:
            if remove == "finally":
                [handle.remove() for handle in handles]
            if restore:
                for name, one in model.named_buffers():
                    one.data.copy_(saved[name])
        return {name: outs[name] for name in names}

    return record_activations


def by_attribute(model: Any, name: str) -> Any:
    return model._modules[name]


def state_put_back(model: nn.Module, names: Any, x: Tensor) -> Any:
    state = {name: one.clone() for name, one in model.state_dict().items()}
    try:
        return recorder(restore=False)(model, names, x)
    finally:
        model.load_state_dict(state)


def left_in_eval(model: nn.Module, x: Tensor) -> Tensor:
    return model.train(False)(x).detach()


def all_to_train(model: nn.Module, x: Tensor) -> Tensor:
    with torch.inference_mode():
        out = model.eval()(x)
    for part in model.modules():
        part.training = True
    return out


def with_graph(model: nn.Module, x: Tensor) -> Tensor:
    modes = {part: part.training for part in model.modules()}
    try:
        return model.eval()(x)
    finally:
        [setattr(part, "training", mode) for part, mode in modes.items()]


def one_flag_for_all(model: nn.Module, x: Tensor) -> Tensor:
    was = model.training
    model.eval()
    try:
        with torch.no_grad():
            return model(x)
    finally:
        model.train() if was else model.eval()


def nothing_on_an_error(model: nn.Module, x: Tensor) -> Tensor:
    modes = {name: part.training for name, part in model.named_modules()}
    with torch.no_grad():
        out = model.eval()(x)
    for name, part in model.named_modules():
        part.training = modes[name]
    return out


WRONG = [
    ("dropout", "not rescaled", dropped(lambda x, p, g: x * mask(x, p, g))),
    ("dropout", "not rescaled", dropped(lambda x, p, g: x.masked_fill(torch.rand(x.shape, generator=g) < p, 0))),
    ("dropout", "scaled in eval", scaled_later),
    ("dropout", "one mask per batch row", dropped(
        lambda x, p, g: x * mask(x, p, g, *((len(x), *[1] * (x.dim() - 1)) if x.dim() else ())) / (1 - p))),
    ("dropout", "training ignored", always),
    ("dropout", "p taken for the share that is kept", dropped(
        lambda x, p, g: x * (torch.rand(x.shape, generator=g) < p) / (1 - p))),
    ("dropout", "the global generator", dropped(lambda x, p, g: x * mask(x, p, None) / (1 - p))),
    ("dropout", "gradient lost", dropped(lambda x, p, g: x.data * mask(x, p, g) / (1 - p))),
    ("dropout_net", "default training=True", net(lambda m, x: m.out(F.dropout(hidden(m, x), p=m.p, inplace=False)))),
    ("dropout_net", "default training=True", net(
        lambda m, x: m.out(hidden(m, x) * (torch.rand(len(x), 16) >= m.p) / (1 - m.p)))),
    ("dropout_net", "a new module in each forward", net(
        lambda m, x: nn.Sequential(nn.Dropout(m.p), m.out.train())(hidden(m, x)))),
    ("dropout_net", "a dropout module that nobody registered", net(
        lambda m, x: m.out(m.unregistered["drop"](hidden(m, x))))),
    ("dropout_net", "dropout on the output", net(lambda m, x: F.dropout(m.out(hidden(m, x)), m.p, training=m.training))),
    ("dropout_net", "torch.no_grad() taken for eval", net(lambda m, x: m.out(
        F.dropout(hidden(m, x), m.p) if m.training and torch.is_grad_enabled() else hidden(m, x)))),
    ("dropout_net", "torch.no_grad() taken for eval", net(lambda m, x: m.out(
        F.dropout(hidden(m, x), m.p) if torch.is_grad_enabled() else hidden(m, x)))),
    ("dropout_net", "ReLU missing", net(lambda m, x: m.out(
        nn.Dropout(m.p)(m.hidden(x)) if m.training else hidden(m, x)))),
    ("dropout_net", "no dropout", net(lambda m, x: m.out(F.dropout(hidden(m, x), 0.0, m.training)))),
    ("batch_norm", "unbiased variance to normalise", norm(own=lambda x: (x.mean((0, 2, 3)), x.var((0, 2, 3))))),
    ("batch_norm", "biased variance kept", norm(new=lambda x: (x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)))),
    ("batch_norm", "momentum the wrong way round", norm(move=lambda kept, one, m: kept.lerp_(one.detach(), 1 - m))),
    ("batch_norm", "statistics per sample", norm(
        own=lambda x: (x.mean((2, 3), keepdim=True), x.var((2, 3), correction=0, keepdim=True)))),
    ("batch_norm", "weight and bias ignored", norm(last=lambda out, weight, bias: out)),
    ("batch_norm", "eps outside of the root", norm(root=lambda var, eps: var**0.5 + eps)),
    ("batch_norm", "running statistics not moved in place", norm(move=lambda kept, one, m: (1 - m) * kept + m * one)),
    ("batch_norm", "training ignored: always the batch's statistics", norm(uses=lambda training: True)),
    ("batch_norm", "running statistics moved in eval", norm(moves=lambda training: True)),
    ("my_batch_norm2d", "statistics as attributes", PlainAttributes),
    ("my_batch_norm2d", "eval uses batch statistics", BatchAlways),
    ("my_batch_norm2d", "weight and bias ignored", NothingLearned),
    ("my_batch_norm2d", "weight, bias and running_var ignored", OnlyCentred),
    ("my_batch_norm2d", "batches not counted", NeverCounts),
    ("my_batch_norm2d", "no num_batches_tracked", NoCounter),
    ("my_batch_norm2d", "statistics as parameters", Learned),
    ("my_batch_norm2d", "torch.no_grad() taken for eval", NoneMovedQuietly),
    ("record_activations", "hooks left", recorder(remove="never")),
    ("record_activations", "hooks left", recorder(remove="never", restore=False)),
    ("record_activations", "hooks left where the model raises", recorder(remove="behind")),
    ("record_activations", "a reference that the next layer writes over", recorder(copy=Tensor.detach)),
    ("record_activations", "only direct children", recorder(find=by_attribute)),
    ("record_activations", "the graph kept", recorder(copy=Tensor.clone)),
    ("record_activations", "buffers not put back", recorder(restore=False)),
    ("record_activations", "only saved buffers put back", state_put_back),
    ("evaluate", "leaves eval", left_in_eval),
    ("evaluate", "sets all to train", all_to_train),
    ("evaluate", "graph kept", with_graph),
    ("evaluate", "the outside's mode for all", one_flag_for_all),
    ("evaluate", "modes not put back on an exception", nothing_on_an_error),
]  # fmt: skip
