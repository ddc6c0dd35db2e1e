"""The sample answers of chapter 10: right ones in other styles, known misconceptions in other words."""

from __future__ import annotations

import copy
import functools
from collections import OrderedDict
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call, grad, stack_module_state, vmap


class Plain(nn.Module):
    def __init__(self, p: float = 0.25, *, classes: int = 10) -> None:
        super().__init__()
        self.fc = nn.Linear(16 * 16 * 16, classes)  # the order of attributes is free
        self.dropout = nn.Dropout(p=p, inplace=True)
        self.norm = nn.BatchNorm2d(num_features=16)
        self.conv = nn.Conv2d(3, 16, (3, 3), padding="same")

    def forward(self, batch: Tensor) -> Tensor:
        batch = self.norm(self.conv(batch)).relu_()
        batch = self.dropout(F.max_pool2d(batch, kernel_size=2, stride=2))
        return self.fc(batch.view(batch.size(0), -1))


class DroppedWhenFlat(nn.Module):
    """Dropout behind flatten: the same numbers are dropped, one by one."""

    def __init__(self, p: float = 0.25) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, 1, 1)
        self.norm = nn.BatchNorm2d(16, eps=1e-5, momentum=0.1)
        self.dropout = nn.Dropout(p)
        self.fc = nn.Linear(4096, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x = self.norm(x)
        x = torch.where(x > 0, x, 0.0)
        x = x.unfold(2, 2, 2).unfold(3, 2, 2).amax((-2, -1))
        return self.fc(self.dropout(x.flatten(1)))


class InARow(nn.Sequential):
    def __init__(self, p: float = 0.25) -> None:
        super().__init__(
            OrderedDict(
                conv=nn.Conv2d(3, 16, 3, padding=1),
                norm=nn.BatchNorm2d(16),
                relu=nn.ReLU(),
                pool=nn.MaxPool2d(2),
                dropout=nn.Dropout(p),
                flatten=nn.Flatten(),
                fc=nn.Linear(4096, 10),
            )
        )


class Lazy(nn.Module):
    def __init__(self, p: float = 0.25) -> None:
        super().__init__()
        self.conv = nn.LazyConv2d(16, 3, padding=1)
        self.norm = nn.LazyBatchNorm2d()
        self.dropout = nn.Dropout(p)
        self.fc = nn.LazyLinear(10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.adaptive_max_pool2d(F.relu(self.norm(self.conv(x))), 16)
        return self.fc(torch.flatten(self.dropout(x), start_dim=1))


class PooledFirst(nn.Module):
    """ReLU and the maximum may change places; a warning costs nothing."""

    def __init__(self, p: float = 0.25) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16)
        self.dropout, self.fc = nn.Dropout(p), nn.Linear(4096, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(self.norm(self.conv(F.pad(x, (0, 0, 0, 0)))), 2).clamp(min=0)
        return F.linear(self.dropout(x).flatten(1), self.fc.weight, self.fc.bias)


class ModesOfItsModules(Plain):
    """The functions are told the mode of the module that they stand for, and what else it knows."""

    def forward(self, batch: Tensor) -> Tensor:
        norm, dropout = self.norm, self.dropout
        if norm.training:
            norm.num_batches_tracked += 1
        batch = F.batch_norm(self.conv(batch), norm.running_mean, norm.running_var, norm.weight, norm.bias,
                             norm.training, norm.momentum, norm.eps)  # fmt: skip
        batch = F.dropout(F.max_pool2d(F.relu(batch), 2), dropout.p, dropout.training)
        return self.fc(batch.flatten(1))


def plain_functional(x: Tensor, params: Any) -> Tensor:
    x = F.relu(F.conv2d(x, params["conv.weight"], params["conv.bias"], padding=1))
    return F.linear(x.reshape(len(x), -1), params["fc.weight"], params["fc.bias"])


def windowed(x: Tensor, params: Any) -> Tensor:
    n, c, h, w = x.shape
    padded = x.new_zeros(n, c, h + 2, w + 2)
    padded[:, :, 1:-1, 1:-1] = x
    size, (sn, sc, sh, sw) = (n, c, h, w, 3, 3), padded.stride()
    seen = padded.as_strided(size, (sn, sc, sh, sw, sh, sw))
    out = torch.einsum("nchwuv,ocuv->nohw", seen, params["conv.weight"]) + params["conv.bias"].view(-1, 1, 1)
    out = torch.maximum(out, out.new_zeros(()))
    return torch.einsum("nf,of->no", out.flatten(1), params["fc.weight"]) + params["fc.bias"]


def shifted(x: Tensor, params: Any) -> Tensor:
    """Nine shifted images, each times its weights."""
    padded = torch.cat([torch.zeros_like(x[:, :, :1]), x, torch.zeros_like(x[:, :, :1])], dim=2)
    padded = torch.cat([torch.zeros_like(padded[..., :1]), padded, torch.zeros_like(padded[..., :1])], dim=3)
    out = params["conv.bias"][:, None, None].expand(len(x), 16, 32, 32)
    for i in range(3):
        for j in range(3):
            place = padded[:, :, i : i + 32, j : j + 32]
            out = out + torch.einsum("nchw,oc->nohw", place, params["conv.weight"][:, :, i, j])
    return (out * (out > 0)).flatten(1) @ params["fc.weight"].t() + params["fc.bias"]


def report_on_copies(model: nn.Module, x: Tensor, target: Tensor) -> dict[str, dict[str, float]]:
    """Every build has leaves of its own, and goes backward."""

    def run(build: Any) -> tuple[Tensor, list[Tensor]]:
        params = {name: one.detach().clone().requires_grad_() for name, one in model.named_parameters()}
        logits = build(x, params)
        F.cross_entropy(logits, target).backward()
        return logits.detach(), [one.grad for one in params.values() if one.grad is not None]

    twin = copy.deepcopy(model)
    twin.zero_grad()
    mine = twin(x)
    F.cross_entropy(mine, target).backward()
    own = [one.grad for one in twin.parameters()]
    report: dict[str, dict[str, float]] = {"by_hand": {}, "functional": {}}
    for name, build in (("by_hand", windowed), ("functional", plain_functional)):
        logits, gradients = run(build)
        report[name]["gradients"] = max(float((a - b).abs().max()) for a, b in zip(own, gradients, strict=True))
        report[name]["logits"] = float(torch.linalg.vector_norm(logits - mine.detach(), ord=float("inf")))
    return report


def report_with_func(model: nn.Module, x: Tensor, target: Tensor) -> dict[str, dict[str, float]]:
    params = {name: one.detach() for name, one in model.named_parameters()}

    def observed(build: Any) -> Any:
        def loss(params: Any) -> Any:
            logits = build(x, params)
            return F.cross_entropy(logits, target), logits

        return grad(loss, has_aux=True)(params)

    gradients, logits = observed(lambda x, params: functional_call(model, params, (x,)))
    report = {}
    for name, build in {"functional": plain_functional, "by_hand": shifted}.items():
        its, its_logits = observed(build)
        largest = torch.stack([(its[one] - gradients[one]).abs().max() for one in gradients]).max()
        report[name] = {"logits": np.float64((its_logits - logits).abs().max()), "gradients": largest.item()}
    return report


class Reporter:
    def __init__(self, builds: Any) -> None:
        self.builds = builds

    def __call__(self, model: nn.Module, x: Tensor, target: Tensor, verbose: bool = False) -> dict[str, Any]:
        names, leaves = zip(*model.named_parameters(), strict=True)
        logits = model(x)
        loss = F.nll_loss(logits.log_softmax(1), target)
        own = torch.autograd.grad(loss, leaves)
        report: dict[str, Any] = {"note": "a word more costs nothing"}
        for name, build in self.builds.items():
            its_logits = build(x, dict(zip(names, leaves, strict=True)))
            its = torch.autograd.grad(F.cross_entropy(its_logits, target), leaves)
            both = torch.cat([(a - b).flatten() for a, b in zip(its, own, strict=True)])
            report[name] = {
                "logits": (its_logits - logits).detach().abs().amax().item(),
                "gradients": max(both.max().item(), -both.min().item()),
            }
        return report


def grads_put_back(model: nn.Module, x: Tensor, target: Tensor) -> dict[str, dict[str, float]]:
    """Goes backward on the model itself, and puts every .grad back."""
    held = [one.grad for one in model.parameters()]
    params = dict(model.named_parameters())

    def run(logits: Tensor) -> tuple[Tensor, list[Tensor]]:
        for one in params.values():
            one.grad = None
        F.cross_entropy(logits, target).backward()
        return logits.detach(), [one.grad for one in params.values() if one.grad is not None]

    try:
        mine, own = run(model(x))
        report = {}
        for name, build in (("functional", plain_functional), ("by_hand", shifted)):
            logits, its = run(build(x, params))
            apart = [(a - b).abs().max().item() for a, b in zip(its, own, strict=True)]
            report[name] = {"logits": (logits - mine).abs().max().item(), "gradients": max(apart)}
        return report
    finally:
        for one, before in zip(params.values(), held, strict=True):
            one.grad = before


def copies_of_grads_put_back(model: nn.Module, x: Tensor, target: Tensor) -> dict[str, dict[str, float]]:
    """The same, but what is put back are copies."""
    held = [None if one.grad is None else one.grad.clone() for one in model.parameters()]
    report = grads_put_back(model, x, target)
    for one, before in zip(model.parameters(), held, strict=True):
        one.grad = before
    return report


def modes_remembered(models: Any, x: Tensor) -> Tensor:
    """Works on the networks themselves, and puts the mode of every part back."""
    modes = {part: part.training for model in models for part in model.modules()}
    try:
        for part in modes:
            part.training = False
        params, buffers = stack_module_state(list(models))
        skeleton = models[0]
        with torch.no_grad():
            return vmap(lambda p, b, x: functional_call(skeleton, {**p, **b}, (x,)), in_dims=(0, 0, None))(
                params, buffers, x
            )
    finally:
        for part, mode in modes.items():
            part.training = mode


def with_a_skeleton_on_meta(models: Any, x: Tensor) -> Tensor:
    skeleton = copy.deepcopy(models[0]).to("meta").eval()
    state = {name: torch.stack([model.state_dict()[name] for model in models]) for name in models[0].state_dict()}
    return torch.vmap(functools.partial(functional_call, skeleton), in_dims=(0, None))(state, x)


class Ensemble:
    @torch.no_grad()
    def __call__(self, models: Any, x: Tensor) -> Tensor:
        stacked = [
            {name: torch.stack(every) for name, every in zip(names, zip(*tensors, strict=True), strict=True)}
            for names, tensors in (self.named(models, "named_parameters"), self.named(models, "named_buffers"))
        ]
        skeleton = copy.deepcopy(models[0]).train(False)
        out = torch.vmap(lambda p, b: functional_call(skeleton, (p, b), (x,)), out_dims=1)(*stacked)
        return out.transpose(0, 1)

    def named(self, models: Any, which: str) -> Any:
        return list(dict(getattr(models[0], which)())), [
            [one.detach() for one in dict(getattr(model, which)()).values()] for model in models
        ]


def by_keyword(*, models: Any, x: Tensor) -> Tensor:
    copies = [copy.deepcopy(one) for one in models]
    for one in copies:
        one.requires_grad_(False).eval()
    params, buffers = stack_module_state(copies)
    return vmap(lambda p, b: functional_call(copies[-1], (p, b), args=(), kwargs={"x": x}))(params, buffers)


def in_chunks(models: Any, x: Tensor) -> Tensor:
    copies = copy.deepcopy(list(models))
    [one.eval() for one in copies]
    state = stack_module_state(copies)
    with torch.inference_mode():
        return vmap(lambda *state: functional_call(copies[0], state, x), randomness="same")(*state)


def loop_of_single_samples(model: nn.Module, x: Tensor, target: Tensor) -> dict[str, Tensor]:
    every = []
    for i in range(len(x)):
        loss = F.cross_entropy(model(x[i].unsqueeze(0)), target[i].unsqueeze(0))
        every.append(torch.autograd.grad(loss, list(model.parameters())))
    names = [name for name, _ in model.named_parameters()]
    return {name: torch.stack(rows) for name, rows in zip(names, zip(*every, strict=True), strict=True)}


def one_pass_many_losses(model: nn.Module, x: Tensor, target: Tensor) -> OrderedDict[str, Tensor]:
    losses = F.cross_entropy(model(x), target, reduction="none")
    params = dict(model.named_parameters())
    found = OrderedDict((name, one.new_empty(len(x), *one.shape)) for name, one in params.items())
    for i, loss in enumerate(losses):
        for name, gradient in zip(
            params, torch.autograd.grad(loss, [*params.values()], retain_graph=True), strict=True
        ):
            found[name][i] = gradient
    return found


def batched_backward(model: nn.Module, x: Tensor, target: Tensor) -> dict[str, Tensor]:
    losses = -model(x).log_softmax(-1)[torch.arange(len(x)), target]
    names, leaves = zip(*model.named_parameters(), strict=True)
    each = torch.autograd.grad(losses, leaves, torch.eye(len(x), dtype=x.dtype), is_grads_batched=True)
    return dict(zip(names, each, strict=True))


def jacobian(model: nn.Module, x: Tensor, target: Tensor) -> dict[str, Tensor]:
    params = {name: one.detach().clone() for name, one in model.named_parameters()}

    def losses(params: dict[str, Tensor]) -> Tensor:
        return F.cross_entropy(functional_call(model, params, x), target, reduction="none")

    return torch.func.jacrev(losses)(params)


def copies_put_back(model: nn.Module, x: Tensor, target: Tensor) -> dict[str, Tensor]:
    """Goes backward on the model itself, and puts a copy of every .grad back."""
    held = {name: None if one.grad is None else one.grad.clone() for name, one in model.named_parameters()}
    found = backward_and_forget(model, x, target)
    for name, one in model.named_parameters():
        one.grad = held[name]
    return found


def by_pulling_back(model: nn.Module, x: Tensor, target: Tensor) -> dict[str, Tensor]:
    params = {name: one.detach() for name, one in model.named_parameters()}

    def losses(params: dict[str, Tensor]) -> Tensor:
        return F.cross_entropy(functional_call(model, params, x), target, reduction="none")

    _, pull = torch.func.vjp(losses, params)
    found: dict[str, Tensor] = vmap(pull)(torch.eye(len(x), dtype=x.dtype))[0]
    return found


def on_a_copy(model: nn.Module, x: Tensor, target: Tensor) -> dict[str, Tensor]:
    twin = copy.deepcopy(model)
    rows: dict[str, list[Tensor]] = {name: [] for name, _ in twin.named_parameters()}
    for one, its_class in zip(x.split(1), target.split(1), strict=True):
        twin.zero_grad(set_to_none=True)
        F.cross_entropy(twin(one), its_class).backward()
        for name, parameter in twin.named_parameters():
            assert parameter.grad is not None
            rows[name].append(parameter.grad.detach().clone())
    return {name: torch.stack(every) for name, every in rows.items()}


RIGHT = {
    "hybrid_cnn": [Plain, DroppedWhenFlat, InARow, Lazy, PooledFirst, ModesOfItsModules],
    "parity_report": [
        report_on_copies,
        report_with_func,
        Reporter({"functional": plain_functional, "by_hand": windowed}),
        Reporter({"by_hand": shifted, "functional": plain_functional}),
        grads_put_back,
        copies_of_grads_put_back,
        lambda *, model, x, target: report_on_copies(model, x, target),
    ],
    "ensemble_logits": [modes_remembered, with_a_skeleton_on_meta, Ensemble(), by_keyword, in_chunks],
    "per_sample_gradients": [
        *(loop_of_single_samples, one_pass_many_losses, batched_backward, jacobian, on_a_copy),
        *(copies_put_back, by_pulling_back),
    ],
}


class Stateless(Plain):
    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.norm(self.conv(x))), 2)
        return self.fc(F.dropout(x, p=self.dropout.p).flatten(1))


class StatelessNorm(Plain):
    def forward(self, x: Tensor) -> Tensor:
        norm = self.norm
        x = F.batch_norm(self.conv(x), norm.running_mean, norm.running_var, weight=norm.weight, bias=norm.bias)
        return self.fc(self.dropout(F.max_pool2d(x.relu(), 2)).flatten(1))


class Unpooled(Plain):
    def __init__(self, p: float = 0.25) -> None:
        super().__init__(p)
        self.fc = nn.Linear(16 * 32 * 32, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.dropout(F.relu(self.norm(self.conv(x)))).flatten(1))


class Unpadded(Plain):
    def __init__(self, p: float = 0.25) -> None:
        super().__init__(p)
        self.conv = nn.Conv2d(3, 16, kernel_size=3)


class NormLast(Plain):
    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(torch.relu(self.conv(x)))
        return self.fc(self.dropout(F.max_pool2d(x, 2)).reshape(len(x), -1))


class DroppedTooEarly(Plain):
    """Dropped where it should be, and in the images, too."""

    def forward(self, batch: Tensor) -> Tensor:
        return super().forward(self.dropout(batch.clone()))


class DroppedBehindConv(Plain):
    def forward(self, batch: Tensor) -> Tensor:
        batch = F.max_pool2d(F.relu(self.norm(self.dropout(self.conv(batch)))), 2)
        return self.fc(batch.flatten(1))


class Forgotten(Plain):
    """What dropout gives back is thrown away."""

    def forward(self, batch: Tensor) -> Tensor:
        batch = F.max_pool2d(F.relu(self.norm(self.conv(batch))), 2)
        F.dropout(batch, self.dropout.p, self.training)
        return self.fc(batch.flatten(1))


class Quiet(Plain):
    """Drops where gradients are recorded."""

    def forward(self, batch: Tensor) -> Tensor:
        kept = self.dropout if torch.is_grad_enabled() else nn.Identity()
        return self.fc(kept(F.max_pool2d(F.relu(self.norm(self.conv(batch))), 2)).flatten(1))


class Always(Plain):
    """p is taken, and never used."""

    def __init__(self, p: float = 0.25) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.25)


class KeepingP(Plain):
    def __init__(self, p: float = 0.25) -> None:
        super().__init__()
        self.dropout = nn.Dropout(1.0 - p)


class FrozenStatistics(Plain):
    """As those do it who train on a network that somebody else has trained."""

    def train(self, mode: bool = True) -> Any:
        super().train(mode)
        self.norm.eval()
        return self


class DroppingForGood(Plain):
    """As those do it who ask a network many times, to see how sure it is."""

    def train(self, mode: bool = True) -> Any:
        super().train(mode)
        self.dropout.train()
        return self


class Asleep(Plain):
    def __init__(self, p: float = 0.25) -> None:
        super().__init__(p)
        self.eval()


def signed(model: nn.Module, x: Tensor, target: Tensor) -> dict[str, dict[str, float]]:
    leaves = list(model.parameters())
    params = dict(model.named_parameters())
    logits = model(x)
    own = torch.autograd.grad(F.cross_entropy(logits, target), leaves)
    report = {}
    for name, build in (("functional", plain_functional), ("by_hand", windowed)):
        out = build(x, params)
        its = torch.autograd.grad(F.cross_entropy(out, target), leaves)
        worst = max((a - b).max().item() for a, b in zip(its, own, strict=True))
        report[name] = {"logits": (out - logits).max().item(), "gradients": worst}
    return report


def accumulated(model: nn.Module, x: Tensor, target: Tensor) -> dict[str, dict[str, float]]:
    twin = copy.deepcopy(model)
    twin.zero_grad()
    F.cross_entropy(twin(x), target).backward()
    own = {name: one.grad for name, one in twin.named_parameters()}
    shared = {name: one.detach().clone().requires_grad_(True) for name, one in model.named_parameters()}
    report: dict[str, dict[str, float]] = {}
    for name, build in (("functional", plain_functional), ("by_hand", windowed)):
        out = build(x, shared)
        F.cross_entropy(out, target).backward()
        worst = max((one.grad - own[key]).abs().max().item() for key, one in shared.items())
        report[name] = {"logits": (out - model(x)).abs().max().item(), "gradients": worst}
    return report


def mean_of_all(models: Any, x: Tensor) -> Tensor:
    return torch.mean(with_a_skeleton_on_meta(models, x), dim=0)


def sum_of_all(models: Any, x: Tensor) -> Tensor:
    return torch.einsum("mnc->nc", with_a_skeleton_on_meta(models, x))


def batch_first(models: Any, x: Tensor) -> Tensor:
    return with_a_skeleton_on_meta(models, x).movedim(0, 1)


def as_they_come(models: Any, x: Tensor) -> Tensor:
    params, buffers = stack_module_state(models)
    skeleton = copy.deepcopy(models[0]).to("meta")
    return vmap(lambda p, b: functional_call(skeleton, (p, b), (x,)))(params, buffers)


def left_in_eval(models: Any, x: Tensor) -> Tensor:
    for one in models:
        one.train(False)
    return with_a_skeleton_on_meta(models, x)


def innermost_in_eval(models: Any, x: Tensor) -> Tensor:
    skeleton = copy.deepcopy(models[0])
    for part in skeleton.modules():
        part.training = part.training and bool(list(part.children()))
    state = {name: torch.stack([model.state_dict()[name] for model in models]) for name in models[0].state_dict()}
    return vmap(lambda state: functional_call(skeleton, state, (x,)))(state).detach()


def one_after_the_other(models: Any, x: Tensor) -> Tensor:
    outs = []
    for one in models:
        modes = {part: part.training for part in one.modules()}
        outs.append(one.eval()(x).detach())
        for part, mode in modes.items():
            part.training = mode
    return torch.stack(outs)


def repeated(model: nn.Module, x: Tensor, target: Tensor) -> dict[str, Tensor]:
    whole = torch.autograd.grad(F.cross_entropy(model(x), target), list(model.parameters()))
    names = [name for name, _ in model.named_parameters()]
    return {name: torch.stack([one] * len(x)) for name, one in zip(names, whole, strict=True)}


def parts_of_the_mean(model: nn.Module, x: Tensor, target: Tensor) -> dict[str, Tensor]:
    params = dict(model.named_parameters())
    losses = F.cross_entropy(model(x), target, reduction="none") / len(x)
    rows = [torch.autograd.grad(one, [*params.values()], retain_graph=True) for one in losses]
    return {name: torch.stack([row[i] for row in rows]) for i, name in enumerate(params)}


def backward_and_keep(model: nn.Module, x: Tensor, target: Tensor) -> dict[str, Tensor]:
    rows: list[dict[str, Tensor]] = []
    for image, label in zip(x, target, strict=True):
        F.cross_entropy(model(image[None]), label[None]).backward()
        rows.append({name: one.grad.clone() for name, one in model.named_parameters() if one.grad is not None})
    return {name: torch.stack([row[name] for row in rows]) for name in rows[0]}


def backward_and_forget(model: nn.Module, x: Tensor, target: Tensor) -> dict[str, Tensor]:
    rows: dict[str, list[Tensor]] = {}
    for i in range(len(x)):
        for parameter in model.parameters():
            parameter.grad = None
        F.cross_entropy(model(x[i : i + 1]), target[i : i + 1]).backward()
        for name, parameter in model.named_parameters():
            assert parameter.grad is not None
            rows.setdefault(name, []).append(parameter.grad)
    return {name: torch.stack(every) for name, every in rows.items()}


def never_cleared(model: nn.Module, x: Tensor, target: Tensor) -> dict[str, dict[str, float]]:
    leaves = {name: one.detach().clone().requires_grad_() for name, one in model.named_parameters()}

    def observed(logits: Tensor) -> list[Tensor]:
        F.cross_entropy(logits, target).backward()
        return [logits.detach(), *(one.grad.clone() for one in leaves.values())]

    ours = observed(functional_call(model, leaves, (x,)))
    report = {}
    for name, build in (("functional", plain_functional), ("by_hand", windowed)):
        apart = [(one - other).abs().max().item() for one, other in zip(observed(build(x, leaves)), ours, strict=True)]
        report[name] = {"logits": apart[0], "gradients": max(apart[1:])}
    return report


def in_six_places(model: nn.Module, x: Tensor, target: Tensor) -> dict[str, dict[str, float]]:
    report = report_on_copies(model, x, target)
    return {build: {what: float(f"{one:.6f}") for what, one in row.items()} for build, row in report.items()}


def repeated_from_grad(model: nn.Module, x: Tensor, target: Tensor) -> dict[str, Any]:
    F.cross_entropy(model(x), target).backward()
    grads = {name: one.grad for name, one in model.named_parameters() if one.grad is not None}
    return {name: one.unsqueeze(0).repeat(len(x), *[1] * one.dim()) for name, one in grads.items()}


WRONG = [
    ("hybrid_cnn", "stateless calls that ignore the mode", Stateless),
    ("hybrid_cnn", "stateless calls that ignore the mode", StatelessNorm),
    ("hybrid_cnn", "pooled size wrong", Unpooled),
    ("hybrid_cnn", "pooled size wrong", Unpadded),
    ("hybrid_cnn", "norm after ReLU", NormLast),
    ("hybrid_cnn", "p not handed on", Always),
    ("hybrid_cnn", "p taken for the share that is kept", KeepingP),
    ("hybrid_cnn", "begins in eval mode", Asleep),
    ("hybrid_cnn", "a mode that does not reach all parts", FrozenStatistics),
    ("hybrid_cnn", "a mode that does not reach all parts", DroppingForGood),
    ("hybrid_cnn", "dropout before norm", DroppedTooEarly),
    ("hybrid_cnn", "dropout before norm", DroppedBehindConv),
    ("hybrid_cnn", "dropout missing", Forgotten),
    ("hybrid_cnn", "torch.no_grad() taken for eval", Quiet),
    ("parity_report", "max of signed differences", signed),
    ("parity_report", "gradients accumulated across builds", accumulated),
    (
        "parity_report",
        "compares a build with itself",
        lambda model, x, target: {one: {"logits": 0.0, "gradients": 0.0} for one in ("functional", "by_hand")},
    ),
    (
        "parity_report",
        "a convolution of torch's by hand",
        Reporter(dict.fromkeys(("functional", "by_hand"), plain_functional)),
    ),
    ("ensemble_logits", "averaged", mean_of_all),
    ("ensemble_logits", "summed", sum_of_all),
    ("ensemble_logits", "stacked on the wrong axis", batch_first),
    ("ensemble_logits", "training mode left on", as_they_come),
    ("ensemble_logits", "not all parts in eval", innermost_in_eval),
    ("ensemble_logits", "modes not put back", left_in_eval),
    ("ensemble_logits", "a loop over the networks", one_after_the_other),
    ("per_sample_gradients", "batch gradient repeated", repeated),
    ("per_sample_gradients", "divided by N", parts_of_the_mean),
    ("per_sample_gradients", ".grad overwritten", backward_and_forget),
    ("per_sample_gradients", "gradients added up over the samples", backward_and_keep),
    ("parity_report", "gradients accumulated across builds", never_cleared),
    ("parity_report", "rounded", in_six_places),
    ("per_sample_gradients", "batch gradient repeated", repeated_from_grad),
    (
        "per_sample_gradients",
        "batch gradient repeated",
        lambda model, x, target: (model.zero_grad(), repeated_from_grad(model, x, target))[1],
    ),
]

TORCHS_OWN: list[tuple[str, Any]] = []  # torch's own operators are all welcome in this chapter
