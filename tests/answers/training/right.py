"""Right answers of chapter 08 in other styles."""

from __future__ import annotations

import logging
import math
import sys
import warnings
from typing import Any

import torch
import torch.nn.functional as F
from answers.training.checkpoints import CHECKPOINTS
from answers.training.heads import SWAPS
from answers.training.loading import LOADS
from torch import Tensor, nn

from autograder.authoring.oracles.training import BUGS

# cross_entropy


def row_by_row(logits: Tensor, target: Tensor) -> Tensor:
    total = logits.new_zeros(())
    for row, right in zip(logits, target.tolist(), strict=True):
        total = total + torch.logsumexp(row, dim=0) - row[right]
    return total / len(target)


def one_hot(logits: Tensor, target: Tensor) -> Tensor:
    wanted = F.one_hot(target, logits.shape[1]).to(logits.dtype)
    return -torch.einsum("nc,nc->", F.log_softmax(logits, dim=-1), wanted) / logits.size(0)


def by_differences(logits: Tensor, target: Tensor) -> Tensor:
    """The log of the sum of e to the power of each difference to the right class, none of them above the largest."""
    differences = logits - logits[torch.arange(len(logits)), target].unsqueeze(1)
    largest = differences.detach().amax(1, keepdim=True)
    shifted = differences - largest
    return (shifted.exp().sum(1).log() + largest.squeeze(1)).mean()


class CrossEntropy:
    def __call__(self, logits: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
        warnings.warn("a warning inside costs nothing", stacklevel=2)
        logging.warning("nor does a log line")
        print("nor a word on stderr", file=sys.stderr)
        return F.nll_loss(torch.log_softmax(logits, 1), target, reduction=reduction)


def in_place_on_its_own(*, logits: Tensor, target: Tensor) -> Tensor:
    work = logits.clone()
    work -= work.max(dim=1, keepdim=True).values.detach()
    return (work.exp().sum(dim=1).log() - work.gather(1, target.view(-1, 1)).flatten()).sum().div(len(work))


# sgd_step


def with_zeros_left(params: dict[str, Tensor], lr: float) -> None:
    for parameter in params.values():
        if parameter.grad is None:
            continue
        with torch.no_grad():
            parameter -= lr * parameter.grad
        parameter.grad.zero_()


def through_data(params: dict[str, Tensor], lr: float) -> dict[str, Tensor]:
    for name in params:
        if params[name].grad is not None:
            params[name].data.sub_(params[name].grad.data, alpha=lr)
            params[name].grad = None
    return params


@torch.no_grad()
def decorated(*, params: dict[str, Tensor], lr: float) -> None:
    moving = [one for one in params.values() if one.grad is not None]
    for one in moving:
        one.copy_(one - one.grad * lr)
    for one in moving:
        one.grad = torch.zeros_like(one)


def in_its_own_gradient(params: dict[str, Tensor], lr: float) -> None:
    """The gradient is its own to spoil: it is cleared anyway."""
    for one in filter(lambda leaf: leaf.grad is not None, params.values()):
        one.grad *= -lr
        one.detach().add_(one.grad)
        del one.grad


def as_torch_once_cleared(params: dict[str, Tensor], lr: float) -> None:
    """As zero_grad of old did it: a gradient that backward has left is no view, and may be cut off in place."""
    for one in params.values():
        if one.grad is not None:
            one.data.add_(one.grad.data, alpha=-lr)
            one.grad.detach_()
            one.grad.zero_()


def all_at_once(params: dict[str, Tensor], lr: float) -> None:
    moving = [one for one in params.values() if one.grad is not None]
    for dtype in {one.dtype for one in moving}:
        some = [one for one in moving if one.dtype == dtype]
        with torch.no_grad():
            torch._foreach_add_(some, [one.grad for one in some], alpha=-lr)
    for one in params.values():
        one.grad = None


class Step:
    def __call__(self, params: dict[str, Tensor], lr: float, weight_decay: float = 0.0) -> None:
        previous = torch.is_grad_enabled()
        torch.set_grad_enabled(False)
        try:
            for one in list(params.values()):
                if one.grad is not None:
                    torch.add(one, one.grad + weight_decay * one, alpha=-lr, out=one)
                    one.grad = None
        finally:
            torch.set_grad_enabled(previous)


# train_module


def by_the_book(model: nn.Module, batches: Any, lr: float) -> list[float]:
    optimizer, criterion = torch.optim.SGD(model.parameters(), lr), nn.CrossEntropyLoss()
    history = []
    for inputs, labels in batches:
        optimizer.zero_grad()
        loss = criterion(model(inputs), labels)
        loss.backward()
        optimizer.step()
        history.append(float(loss))
    return history


def all_batches_first(model: nn.Module, batches: Any, lr: float) -> list[float]:
    kept = list(batches)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, foreach=False)
    losses = [0.0] * len(kept)
    for number, batch in enumerate(kept):
        loss = F.cross_entropy(model(batch[0]), batch[1])
        losses[number] = loss.detach().item()
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        optimizer.step()
    return losses


def a_generator_of_losses(model: nn.Module, batches: Any, lr: float) -> list[float]:
    def steps() -> Any:
        optimizer = torch.optim.SGD([one for one in model.parameters() if one.requires_grad], lr=lr)
        model.zero_grad()
        for x, target in iter(batches):
            loss = F.nll_loss(F.log_softmax(model(x), 1), target)
            loss.backward()
            optimizer.step()
            yield loss.item()
            model.zero_grad()

    return list(steps())


def by_closure(*, model: nn.Module, batches: Any, lr: float) -> tuple[float, ...]:
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses: list[float] = []
    for x, target in batches:

        def closure(x: Tensor = x, target: Tensor = target) -> Tensor:
            optimizer.zero_grad()
            loss = F.cross_entropy(model.forward(x), target)
            loss.backward()
            return loss

        losses.append(optimizer.step(closure).item())
    return tuple(losses)


def by_hand(model: nn.Module, batches: Any, lr: float, verbose: bool = False) -> list[float]:
    losses = []
    for x, target in batches:
        trained = [one for one in model.parameters() if one.requires_grad]
        loss = F.cross_entropy(model(x), target)
        for one, gradient in zip(trained, torch.autograd.grad(loss, trained), strict=True):
            one.data.add_(gradient, alpha=-lr)
        losses.append(loss.item())
        if verbose:
            print(losses[-1])
    return losses


class Trainer:
    def __call__(self, model: nn.Module, batches: Any, lr: float) -> list[float]:
        optimizer = torch.optim.SGD([{"params": [one]} for one in model.parameters()], lr=lr, foreach=True)
        losses = []
        iterator = iter(batches)
        while (batch := next(iterator, None)) is not None:
            x, target = batch
            with torch.enable_grad():
                loss = F.cross_entropy(model(x), target, reduction="sum") / len(target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses += [loss.item()]
        return losses


# train_functional


def forward(x: Tensor, params: dict[str, Tensor]) -> Tensor:
    x = F.relu(F.conv2d(x, params["conv.weight"], params["conv.bias"], padding=1))
    return F.linear(x.flatten(1), params["fc.weight"], params["fc.bias"])


def written_out(params: dict[str, Tensor], batches: Any, lr: float) -> list[float]:
    losses = []
    for x, target in batches:
        for one in params.values():
            one.grad = None
        loss = F.cross_entropy(forward(x, params), target)
        loss.backward()
        with torch.no_grad():
            for one in params.values():
                one.add_(one.grad, alpha=-lr)
        losses.append(loss.item())
    return losses


def by_torchs_own_sgd(params: dict[str, Tensor], batches: Any, lr: float) -> list[float]:
    optimizer = torch.optim.SGD(params.values(), lr=lr)
    losses = []
    for x, target in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(forward(x, params), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def without_grad(params: dict[str, Tensor], batches: Any, lr: float) -> list[float]:
    names = sorted(params)
    losses = []
    for x, target in list(batches):
        logits = forward(x, params)
        loss = (logits.logsumexp(1) - logits.gather(1, target[:, None]).squeeze(1)).mean()
        gradients = torch.autograd.grad(loss, [params[name] for name in names])
        for name, gradient in zip(names, gradients, strict=True):
            params[name].data -= lr * gradient
        losses.append(loss.item())
    return losses


def through_a_module(*, params: dict[str, Tensor], batches: Any, lr: float) -> list[float]:
    """Slower, and the same numbers: a network of modules that is given the leaves' values, and gives back its own."""
    dtype = params["fc.bias"].dtype
    model = nn.Sequential()
    model.add_module("conv", nn.Conv2d(3, 16, 3, padding=1))
    model.add_module("relu", nn.ReLU())
    model.add_module("flatten", nn.Flatten())
    model.add_module("fc", nn.Linear(16384, 10))
    model.to(dtype).load_state_dict({name: one.detach() for name, one in params.items()})
    losses = by_the_book(model, batches, lr)
    with torch.no_grad():
        for name, one in model.named_parameters():
            params[name].copy_(one)
    return losses


def by_func_grad(params: dict[str, Tensor], batches: Any, lr: float, weight_decay: float = 0.0) -> list[float]:
    def loss_of(tensors: dict[str, Tensor], x: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(forward(x, tensors), target)

    losses = []
    for x, target in batches:
        gradients, loss = torch.func.grad_and_value(loss_of)({n: p.detach() for n, p in params.items()}, x, target)
        losses.append(loss.item())
        with torch.no_grad():
            for name in params:
                params[name].sub_(gradients[name] + weight_decay * params[name], alpha=lr)
    return losses


class Functional:
    def __call__(self, params: dict[str, Tensor], batches: Any, lr: float) -> list[float]:
        return [self.step(params, *batch, lr) for batch in batches]

    def step(self, params: dict[str, Tensor], x: Tensor, target: Tensor, lr: float) -> float:
        w, b, v, c = (params[name] for name in ("conv.weight", "conv.bias", "fc.weight", "fc.bias"))
        for one in (w, b, v, c):
            if one.grad is not None:
                one.grad.zero_()
        hidden = F.conv2d(x, w, b, padding="same").clamp(min=0).reshape(len(x), -1)
        loss = F.nll_loss((hidden @ v.T + c).log_softmax(1), target)
        loss.backward()
        with torch.no_grad():
            for one in (w, b, v, c):
                one -= one.grad * lr
        return math.fsum([loss.item()])


RIGHT = {
    "cross_entropy": [
        row_by_row,
        one_hot,
        by_differences,
        CrossEntropy(),
        in_place_on_its_own,
        lambda logits, target: F.nll_loss(logits.log_softmax(dim=1), target),
        lambda logits, target: (logits.logsumexp(-1) - logits.take_along_dim(target[:, None], 1)[:, 0]).mean(),
        lambda logits, target: nn.NLLLoss()(nn.LogSoftmax(dim=1)(logits), target),
        lambda logits, target: torch.stack(
            [-F.log_softmax(row, 0)[right] for row, right in zip(logits, target, strict=True)]
        ).mean(),
    ],
    "sgd_step": [
        with_zeros_left,
        through_data,
        decorated,
        in_its_own_gradient,
        as_torch_once_cleared,
        all_at_once,
        Step(),
    ],
    "train_module": [by_the_book, all_batches_first, a_generator_of_losses, by_closure, by_hand, Trainer()],
    "train_functional": [
        written_out,
        by_torchs_own_sgd,
        without_grad,
        through_a_module,
        by_func_grad,
        Functional(),
    ],
    "diagnose": [
        dict(BUGS),
        {str(number): name for number, name in BUGS.items()},
        {number: f" {name.capitalize()}. " for number, name in reversed(BUGS.items())},
        {**BUGS, 10: "a listing of one's own"},
        lambda: dict(BUGS),
    ],
    "swap_head": SWAPS,
    "load_partly": LOADS,
    "checkpoint": CHECKPOINTS,
}
