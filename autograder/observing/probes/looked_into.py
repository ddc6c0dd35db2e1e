"""Models to look into: their parts have names and modes, and some of them do what makes looking difficult."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.observing.case import Case
from autograder.observing.recipes import seeded

__all__ = ["Log", "Model", "as_recorded", "build_model", "kind_of_error", "model_of", "raised_in", "write_over"]

Spec = Mapping[str, Any]


class Log(list[str]):
    """What happened, in order. A copy of a model writes into the same log."""

    def __deepcopy__(self, memo: Any) -> Log:
        return self


class Broken(Exception):
    """What a part raises that does not like its input: no kind of error that an answer would name."""


class Model(nn.Sequential):
    """Parts in a row that notes each of its passes."""

    def __init__(self, parts: OrderedDict[str, nn.Module], log: Log) -> None:
        super().__init__(parts)
        self.log = log

    def forward(self, x: Tensor) -> Tensor:
        """One part after the other."""
        self.log.append("a pass")
        return super().forward(x)


class Twice(nn.Module):
    """Calls the same layer twice, and writes over what it gave the second time."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.step = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """The layer, a sine, the layer again, its negative numbers cut off in place."""
        return self.step(self.step(x).sin()).clamp_(min=0)


class Counting(nn.Module):
    """Counts what passes: in a buffer that is saved, in one that is not, and in one that is made anew each time."""

    rows: Tensor
    unsaved: Tensor
    renewed: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("rows", torch.tensor(3))
        self.register_buffer("unsaved", torch.tensor([1.0, 2.0]), persistent=False)
        self.register_buffer("renewed", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """The input, and all three buffers moved on."""
        self.rows += len(x)
        self.unsaved.add_(1)
        self.renewed = self.renewed + x.detach().abs().sum()
        return x * 1


class Own(nn.Module):
    """Adds a table of its own, which it also gives as its answer's memory: the answer is a tensor that it keeps."""

    table: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("table", torch.linspace(-1, 1, width))

    def forward(self, x: Tensor) -> Tensor:
        """The table, moved by the mean of the input: the module's own tensor, without a graph."""
        with torch.no_grad():
            self.table += x.mean()
        return self.table


class Dropping(nn.Sequential):
    """Parts in a row, and `F.dropout`, which is told the mode of what holds them: no layer that goes by the name of dropout."""

    def __init__(self, p: float, parts: OrderedDict[str, nn.Module]) -> None:
        super().__init__(parts)
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """What the parts give, or in training what dropout leaves of it."""
        return F.dropout(super().forward(x), self.p, self.training)


class KeptInEval(nn.Sequential):
    """Parts that stay in eval mode whatever mode they are told."""

    def train(self, mode: bool = True) -> KeptInEval:
        """Take the mode for itself, and leave the parts in eval."""
        super().train(mode)
        for part in self.children():
            part.train(False)
        return self


class Refusing(nn.Module):
    """Does not like any input."""

    def forward(self, x: Tensor) -> Tensor:
        """Raises `Broken`."""
        raise Broken("no input today")


def build_model(spec: Spec, seed: int, log: Log) -> Model:
    """The model whose parts ``spec`` names, in order, its parameters and statistics drawn from ``seed``.

    A part is a mapping of parts, or ``[word, *arguments]``: ``linear``, ``conv``, ``norm``, ``norm 1d``, ``relu``, ``relu in place``,
    ``dropout``, ``flatten``, ``identity``, ``twice``, ``counting``, ``own``, ``refusing``, and of parts ``kept in eval`` and ``dropping``.

    >>> model = build_model({"stem": {"lin": ["linear", 2, 3]}, "act": ["relu"]}, 0, Log())
    >>> [name for name, _ in model.named_modules()]
    ['', 'stem', 'stem.lin', 'act']
    """
    with torch.random.fork_rng(devices=[]):
        model = Model(_parts(spec), log)
    _draw(model, seeded(seed))
    return model


def _draw(model: Model, random: np.random.RandomState) -> None:
    """Give every part numbers anew, the same bits on every machine; batch norms statistics as if they had seen something."""

    def uniform(tensor: Tensor, low: float, high: float) -> None:
        with torch.no_grad():
            tensor.copy_(torch.from_numpy(random.uniform(low, high, tuple(tensor.shape))))

    for part in model.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            assert (
                part.running_mean is not None and part.running_var is not None and part.num_batches_tracked is not None
            )
            uniform(part.weight, 0.5, 1.5)
            uniform(part.bias, -0.5, 0.5)
            uniform(part.running_mean, -1, 1)
            uniform(part.running_var, 0.5, 2)
            part.num_batches_tracked.fill_(7)
        else:
            for one in part.parameters(recurse=False):
                uniform(one, -0.6, 0.6)


def _parts(spec: Spec) -> OrderedDict[str, nn.Module]:
    return OrderedDict((name, _part(one)) for name, one in spec.items())


def _part(one: Any) -> nn.Module:
    if isinstance(one, Mapping):
        return nn.Sequential(_parts(one))
    word, *rest = one
    if word == "kept in eval":
        return KeptInEval(_parts(rest[0]))
    if word == "dropping":
        return Dropping(rest[0], _parts(rest[1]))
    made: dict[str, Any] = {
        "linear": nn.Linear,
        "conv": nn.Conv2d,
        "norm": nn.BatchNorm2d,
        "norm 1d": nn.BatchNorm1d,
        "relu": nn.ReLU,
        "relu in place": lambda: nn.ReLU(inplace=True),
        "dropout": nn.Dropout,
        "flatten": nn.Flatten,
        "identity": nn.Identity,
        "twice": Twice,
        "counting": Counting,
        "own": Own,
        "refusing": Refusing,
    }
    part: nn.Module = made[word](*rest)
    return part


def model_of(case: Case) -> tuple[Model, Log]:
    """The case's model: its parts' modes, hooks that are there already, gradients from before, frozen parameters."""
    log = Log()
    model = build_model(case["parts"], case["seed"], log).to(case["x"].dtype)
    for name in case.get("eval_parts", ()):
        model.get_submodule(name).train(False)
    for name in case.get("training_parts", ()):
        model.get_submodule(name).train()
    if case.get("hooks"):
        for part in model.modules():
            part.register_forward_hook(lambda module, inputs, out: None)
            part.register_forward_pre_hook(lambda module, inputs: None)
        next(model.children()).register_forward_hook(lambda module, inputs, out: None, always_call=True)
    for number, one in enumerate(model.parameters()):
        if case.get("gradients") and number % 2 == 0:
            one.grad = torch.full_like(one, 0.5)
        if case.get("frozen") and number % 3 == 0:
            one.requires_grad_(False)
    torch.set_grad_enabled(not case.get("gradients_off", False))
    return model, log


def raised_in(call: Callable[[], Any]) -> Exception | None:
    """The error that ``call()`` raises, if any; what is not built yet is passed on."""
    try:
        call()
    except NotImplementedError:
        raise
    except Exception as error:
        return error
    return None


def kind_of_error(raised: Exception | None, asked: type[Exception]) -> str:
    """The name of the error that is ``asked`` for, where it is one; else that of what was raised."""
    return "nothing" if raised is None else asked.__name__ if isinstance(raised, asked) else type(raised).__name__


def as_recorded(before: Any, now: Any) -> str:
    """Whether what was recorded is what it was ``before``."""
    same = not isinstance(now, Tensor) or torch.equal(before, now.detach())
    return "as it was recorded" if same else "written over"


def write_over(model: Model, case: Case) -> None:
    """Another pass, and every number that is the model's or the input's changed."""
    with torch.inference_mode():  # where tensors may be written to that an answer has made in inference mode
        model(case["x"].detach() * 2)
        for one in (case["x"].detach(), *model.parameters(), *model.buffers()):
            # Every slot by itself: x may name some of them more than once.
            torch.empty(0, dtype=one.dtype).set_(one.untyped_storage()).add_(1)
