"""First ideas for chapter 07 that are wrong, each with the name of what is wrong about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from answers.modes.wrong import Layer, dropped, net, norm, recorder
from torch import Tensor, nn

__all__ = ["IDEAS"]


def kept(x: Tensor, p: float, generator: Any, *size: int) -> Tensor:
    return torch.rand(size or x.shape, generator=generator) > p


def eval_only(x: Tensor, p: float = 0.5, training: bool = True, generator: Any = None) -> Tensor:
    return x if training else x * kept(x, p, generator) / (1 - p)


def asleep(x: Tensor, p: float = 0.5, training: bool = False, generator: Any = None) -> Tensor:
    return x * kept(x, p, generator) / (1 - p) if training else x


def seeded_again(x: Tensor, p: float, generator: Any) -> Tensor:
    if generator is not None:
        generator.manual_seed(0)
    return x * kept(x, p, generator) / (1 - p)


def hidden(model: Any, x: Tensor) -> Tensor:
    return model.hidden(x).clamp(min=0)


def right(model: Any, x: Tensor) -> Tensor:
    return model.out(F.dropout(hidden(model, x), p=model.p, training=model.training))


def last_dimension(
    x: Tensor,
    mean: Tensor,
    var: Tensor,
    weight: Tensor,
    bias: Tensor,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    return norm(last=lambda out, weight, bias: out)(x, mean, var, weight, bias, training, momentum, eps) * weight + bias


def layer(settings: Callable[[Any], tuple[float, float]] = lambda self: (self.momentum, self.eps),
          mode: Callable[[Any], Any] = lambda self: self.training,
          end: Callable[[Tensor], Tensor] = lambda out: out) -> type[nn.Module]:  # fmt: skip
    def used(self: Any, x: Tensor, training: bool) -> Tensor:
        momentum, eps = settings(self)
        weight, bias = self.weight, self.bias
        return end(F.batch_norm(x, self.running_mean, self.running_var, weight, bias, mode(self), momentum, eps))

    return type("MyBatchNorm2d", (Layer,), {"used": used})


class Asleep(Layer):
    def __init__(self, *numbers: Any, **named: Any) -> None:
        super().__init__(*numbers, **named)
        self.training = False


def started(**values: float) -> type[nn.Module]:
    def made(self: Any, n: int) -> None:
        Layer.made(self, n)
        for name, value in values.items():
            getattr(self, name).data.fill_(value)

    return type("MyBatchNorm2d", (Layer,), {"made": made})


class PlainWeights(Layer):
    def made(self, n: int) -> None:
        super().made(n)
        del self.weight, self.bias
        self.weight, self.bias = torch.ones(n), torch.zeros(n)


class BufferedWeights(Layer):
    def made(self, n: int) -> None:
        super().made(n)
        del self.weight, self.bias
        self.register_buffer("weight", torch.ones(n))
        self.register_buffer("bias", torch.zeros(n))


class KerasMomentum(Layer):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.9) -> None:
        super().__init__(num_features, eps, momentum)


class KerasEps(Layer):
    def __init__(self, num_features: int, eps: float = 1e-3, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, momentum)


class NeverTraining(Layer):
    def forward(self, x: Tensor) -> Tensor:
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)


def pre_hooks(model: nn.Module, names: Any, x: Tensor) -> Any:
    modules, found = dict(model.named_modules()), {}
    for name in names:
        if name not in modules:
            raise KeyError(name)
    saved = {name: one.clone() for name, one in model.named_buffers()}
    handles = [
        modules[name].register_forward_pre_hook(
            lambda part, args, name=name: found.update({name: args[0].clone().detach()})
        )
        for name in names
    ]
    try:
        with torch.no_grad():
            model(x)
    finally:
        [handle.remove() for handle in handles]
        [one.data.copy_(saved[name]) for name, one in model.named_buffers()]
    return {name: found[name] for name in names}


def one_after_the_other(model: nn.Module, names: Any, x: Tensor) -> Any:
    outs = {}
    for name, child in model.named_children():
        x = child(x)
        if name in names:
            outs[name] = x.detach().clone()
    return outs


def each_by_itself(model: nn.Module, names: Any, x: Tensor) -> Any:
    parts = dict(model.named_modules())
    return {name: parts[name](x).detach() for name in names}


def asked(model: nn.Module, names: Any, unknown: Callable[[str], Any]) -> Any:
    known = {name for name, _ in model.named_modules()}
    return [name for name in names if name in known or unknown(name)]


def raising(error: Callable[[str], Exception]) -> Callable[[str], Any]:
    def unknown(name: str) -> Any:
        raise error(name)

    return unknown


def hooks_emptied(model: nn.Module, names: Any, x: Tensor) -> Any:
    found = recorder()(model, names, x)
    [part._forward_hooks.clear() for part in model.modules()]
    return found


def quietly(model: nn.Module, x: Tensor) -> Tensor:
    modes = {part: part.training for part in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            return model(x)
    finally:
        [setattr(part, "training", mode) for part, mode in modes.items()]


def outer_mode(model: nn.Module, x: Tensor) -> Tensor:
    was = model.training
    model.eval()
    with torch.inference_mode():
        out = model(x)
    model.train(was)
    return out


def frozen(model: nn.Module, x: Tensor) -> Tensor:
    model.requires_grad_(False)
    return quietly(model, x)


def emptied(model: nn.Module, x: Tensor) -> Tensor:
    model.zero_grad(set_to_none=True)
    return quietly(model, x)


def layers_of_torch(model: nn.Module, x: Tensor) -> Tensor:
    """Only where torch's layers behave in two ways."""
    two_ways = (nn.modules.dropout._DropoutNd, nn.modules.batchnorm._BatchNorm)
    parts = {part: part.training for part in model.modules() if isinstance(part, two_ways)}
    [part.eval() for part in parts]
    out = torch.no_grad()(model)
    try:
        return out(x)
    finally:
        [part.train(mode) for part, mode in parts.items()]


def innermost_layers(model: nn.Module, x: Tensor) -> Tensor:
    """Containers compute nothing, it was thought."""
    parts = {part: part.training for part in model.modules() if not [*part.children()]}
    try:
        [part.eval() for part in parts]
        return torch.no_grad()(model)(x)
    finally:
        [part.train(mode) for part, mode in parts.items()]


def back_after_one_kind_of_error(model: nn.Module, x: Tensor) -> Tensor:
    modes = {part: part.training for part in model.modules()}
    try:
        with torch.no_grad():
            out = model.train(False)(x)
    except (RuntimeError, ValueError):
        [setattr(part, "training", mode) for part, mode in modes.items()]
        raise
    [setattr(part, "training", mode) for part, mode in modes.items()]
    return out


def hooked_in_turn(model: nn.Module, names: Any, x: Tensor) -> Any:
    """The KeyError comes by itself, in the middle of hooking."""
    modules, found, handles = dict(model.named_modules()), {}, []
    for name in names:
        handles.append(
            modules[name].register_forward_hook(
                lambda part, args, out, name=name: found.update({name: out.detach().clone()})
            )
        )
    before = {name: one.clone() for name, one in model.named_buffers()}
    try:
        model(x)
    finally:
        [handle.remove() for handle in handles]
        [one.data.copy_(before[name]) for name, one in model.named_buffers()]
    return {name: found[name] for name in names}


class MovedWithAGraph(Layer):
    def used(self, x: Tensor, training: bool) -> Tensor:
        if not training:
            return super().used(x, False)
        for name, new in (("running_mean", x.mean((0, 2, 3))), ("running_var", x.var((0, 2, 3)))):
            setattr(self, name, getattr(self, name).lerp(new, self.momentum))
        return F.batch_norm(x, None, None, self.weight, self.bias, training, eps=self.eps)


class FlagOfItsOwn(nn.Module):
    """Asks for its mode once, when it is made."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.hidden, self.out, self.p, self.drops = nn.Linear(8, 16), nn.Linear(16, 4), p, self.training

    def forward(self, x: Tensor) -> Tensor:
        return self.out(F.dropout(hidden(self, x), self.p, self.drops))


averaged_over_the_images = norm(
    lambda x: (x.mean((2, 3), keepdim=True), x.var((2, 3), correction=0, keepdim=True)),
    lambda x: (x.mean((2, 3)).mean(0), x.var((2, 3)).mean(0)),
)


class CountRegistered(Layer):
    def made(self, n: int) -> None:
        self.running_mean, self.running_var = torch.zeros(n), torch.ones(n)
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def used(self, x: Tensor, training: bool) -> Tensor:
        kept = self.running_mean, self.running_var
        return F.batch_norm(x, *kept, self.weight, self.bias, training, self.momentum, self.eps)


class ModeIgnored(Layer):
    def forward(self, x: Tensor) -> Tensor:
        self.num_batches_tracked += 1
        return self.used(x, True)


IDEAS: list[tuple[str, str, Any]] = [
    ("dropout", "multiplied by 1 − p", dropped(lambda x, p, g: x * kept(x, p, g) * (1 - p))),
    ("dropout", "all or nothing", dropped(lambda x, p, g: x * kept(x, p, g, *[1] * x.dim()) / (1 - p))),
    ("dropout", "dropped in eval only", eval_only),
    ("dropout", "training off unless told", asleep),
    ("dropout", "dtype of the input lost", dropped(lambda x, p, g: x.float() * kept(x, p, g) / (1 - p))),
    ("dropout", "one mask for all rows", dropped(lambda x, p, g: x * kept(x, p, g, *x.shape[-1:]) / (1 - p))),
    ("dropout", "the same mask at every call", dropped(seeded_again)),
    ("dropout", "the same mask at every call", dropped(
        lambda x, p, g: x * kept(x, p, torch.Generator().manual_seed(0)) / (1 - p))),
    ("dropout_net", "not rescaled", net(lambda m, x: m.out(
        hidden(m, x) * (torch.rand(len(x), 16) > m.p) if m.training else hidden(m, x)))),
    ("dropout_net", "scaled in eval", net(lambda m, x: m.out(
        hidden(m, x) * (torch.rand(len(x), 16) > m.p) if m.training else hidden(m, x) * (1 - m.p)))),
    ("dropout_net", "another nonlinearity", net(lambda m, x: m.out(
        F.dropout(F.sigmoid(m.hidden(x)), m.p, m.training)))),
    ("dropout_net", "something behind the last layer", net(lambda m, x: right(m, x).softmax(dim=1))),
    ("dropout_net", "something behind the last layer", net(lambda m, x: F.relu(right(m, x)))),
    ("dropout_net", "gradient lost", net(lambda m, x: right(m, x).data)),
    ("dropout_net", "dropout on the input", net(lambda m, x: right(m, F.dropout(x, m.p, m.training)))),
    ("batch_norm", "weight forgotten", norm(last=lambda out, weight, bias: out + bias)),
    ("batch_norm", "bias forgotten", norm(last=lambda out, weight, bias: out * weight)),
    ("batch_norm", "weight and bias exchanged", norm(last=lambda out, weight, bias: out * bias + weight)),
    ("batch_norm", "the old statistics kept whole", norm(move=lambda was, one, m: was.add_(m * one.detach()))),
    ("batch_norm", "momentum not used", norm(move=lambda was, one, m: was.copy_(one.detach()))),
    ("batch_norm", "momentum not used", norm(move=lambda was, one, m: was.lerp_(one.detach(), 0.1))),
    ("batch_norm", "running statistics not moved in place", norm(moves=lambda training: False)),
    ("batch_norm", "other memory laid under the running statistics", norm(
        move=lambda was, one, m: setattr(was, "data", was + m * (one.detach() - was)))),
    ("batch_norm", "deviation kept for variance", norm(new=lambda x: (x.mean((0, 2, 3)), x.std((0, 2, 3))))),
    ("batch_norm", "the mode the other way round", norm(uses=lambda training: not training, moves=lambda t: not t)),
    ("batch_norm", "weights along the last dimension", last_dimension),
    ("batch_norm", "gradient lost", torch.no_grad()(norm())),
    ("batch_norm", "dtype of the input lost", lambda *args, **named: norm()(*args, **named).to(torch.float32)),
    ("my_batch_norm2d", "eps and momentum exchanged", layer(lambda self: (self.eps, self.momentum))),
    ("my_batch_norm2d", "eps and momentum not handed on", layer(lambda self: (self.momentum, 1e-5))),
    ("my_batch_norm2d", "eps and momentum not handed on", layer(lambda self: (0.1, self.eps))),
    ("my_batch_norm2d", "the mode the other way round", layer(mode=lambda self: not self.training)),
    ("my_batch_norm2d", "gradient lost", layer(end=lambda out: out.data)),
    ("my_batch_norm2d", "other defaults", KerasMomentum),
    ("my_batch_norm2d", "other defaults", KerasEps),
    ("my_batch_norm2d", "weight and bias not learned", PlainWeights),
    ("my_batch_norm2d", "weight and bias not learned", BufferedWeights),
    ("my_batch_norm2d", "begins in eval mode", Asleep),
    ("dropout_net", "begins in eval mode", lambda p: net(lambda self, x: self.out(
        F.dropout(self.hidden(x).relu(), self.p, self.training)))(p).train(False)),
    ("my_batch_norm2d", "another start", started(weight=0.0)),
    ("my_batch_norm2d", "another start", started(running_var=0.0)),
    ("my_batch_norm2d", "training uses running statistics", NeverTraining),
    ("record_activations", "inputs for outputs", pre_hooks),
    ("record_activations", "child by child", one_after_the_other),
    ("record_activations", "each module on x", each_by_itself),
    ("record_activations", "unknown names left out", lambda model, names, x: recorder()(
        model, asked(model, names, lambda name: False), x)),
    ("record_activations", "another error than a KeyError", lambda model, names, x: recorder()(
        model, asked(model, names, raising(ValueError)), x)),
    ("record_activations", "another error than a KeyError", lambda model, names, x: (
        [model.get_submodule(name) for name in names] and recorder()(model, names, x))),
    ("record_activations", "an error that names nothing", lambda model, names, x: recorder()(
        model, asked(model, names, raising(lambda name: KeyError("unknown"))), x)),
    ("record_activations", "all hooks taken away", hooks_emptied),
    ("evaluate", "the outside's mode for all", outer_mode),
    ("evaluate", "not all parts in eval", lambda model, x: model(x)),
    ("evaluate", "not all parts in eval", layers_of_torch),
    ("evaluate", "not all parts in eval", innermost_layers),
    ("evaluate", "modes not put back on an exception", back_after_one_kind_of_error),
    ("record_activations", "hooks left where a name is unknown", hooked_in_turn),
    ("my_batch_norm2d", "running statistics in the graph", MovedWithAGraph),
    ("dropout_net", "default training=True", FlagOfItsOwn),
    ("evaluate", "probabilities or classes, not logits", lambda model, x: F.softmax(quietly(model, x), dim=1)),
    ("evaluate", "probabilities or classes, not logits", lambda model, x: quietly(model, x).max(1).indices),
    ("evaluate", "the parameters frozen", frozen),
    ("evaluate", "gradients cleared", emptied),
    ("dropout", "one half dropped, whatever p is", dropped(
        lambda x, p, g: x * torch.randint(0, 2, x.shape, generator=g) / (1 - p))),
    ("dropout", "p held against normal numbers", dropped(
        lambda x, p, g: torch.where(torch.randn(x.shape, generator=g) > p, x / (1 - p), torch.zeros_like(x)))),
    ("dropout", "nothing dropped without a generator", lambda x, p=0.5, training=True, generator=None: (
        x * kept(x, p, generator) / (1 - p) if training and generator else x)),
    ("batch_norm", "statistics per sample", averaged_over_the_images),
    ("my_batch_norm2d", "statistics as attributes", CountRegistered),
    ("my_batch_norm2d", "eval uses batch statistics", ModeIgnored),
]  # fmt: skip
