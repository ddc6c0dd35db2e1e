"""Modules that a case describes in plain words, so that a case stays data: built fresh for every run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from autograder.observing.case import Case
from autograder.observing.codec import Uniform
from autograder.observing.project import LARGE
from autograder.observing.recipes import seeded

__all__ = ["Specimen", "build_module", "load_by_shape", "modes", "specimen_of"]


class Specimen(nn.Module):
    """A module that is no ``nn.Sequential``: children of any name in a row, and tensors of its own beside them.

    Its own parameters are multiplied with what the children give, its own buffers added.
    """

    def forward(self, x: Tensor) -> Tensor:
        """``x`` through the children in the order in which they were put in."""
        for child in self.children():
            x = child(x)
        for parameter in self.parameters(recurse=False):
            x = x * parameter
        for buffer in self.buffers(recurse=False):
            x = x + buffer
        return x


def build_module(spec: Sequence[Sequence[Any]], seed: int = 0) -> nn.Module:
    """An ``nn.Sequential`` of the layers that ``spec`` lists, parameters drawn from ``seed``: everywhere the same bits.

    A layer is ``("linear", in, out)``, ``("conv", in, out, kernel)``, ``("norm", channels)``, ``("relu",)``,
    ``("flatten",)``, ``("dropout", p)`` or ``("nest", *layers)``. Two words change layers by their index:
    ``("tie", i, j)`` makes the weight of j the weight of i, ``("freeze", i)`` turns gradients off.

    ``("module", *parts)`` is a layer too, a `Specimen`; and a ``spec`` that holds nothing else gives that one itself. Its
    parts are ``("child", name, layer)``, ``("parameter", name, *size)``, ``("part", name, *size)``, a parameter in a memory
    of twice its size, ``("halves", name, name, *size)``, two in one such memory, and ``("buffer", name, *size)``; there
    ``("tie", name, name)`` and ``("freeze", name)`` take dotted names of parameters.

    >>> build_module([("linear", 3, 4), ("relu",), ("nest", ("linear", 4, 2))])[2][0].weight.shape
    torch.Size([2, 4])
    >>> odd = build_module([("module", ("child", "a b", ("linear", 2, 3)), ("parameter", "gain", 3))])
    >>> [name for name, _ in odd.named_parameters()]
    ['gain', 'a b.weight', 'a b.bias']
    """
    with torch.random.fork_rng(devices=[]):
        module: nn.Module = _build(spec)
    if isinstance(module, nn.Sequential) and len(module) == 1 and isinstance(module[0], Specimen):
        module = module[0]
    _draw(module, seed)
    return module


def _specimen(parts: Sequence[Sequence[Any]]) -> Specimen:
    module = Specimen()
    for word, name, *rest in parts:
        match word:
            case "child":
                module.add_module(name, _build(rest)[0])
            case "parameter":
                module.register_parameter(name, nn.Parameter(torch.empty(rest)))
            case "part":  # the second row of two
                module.register_parameter(name, nn.Parameter(torch.empty(2, *rest)[1]))
            case "halves":
                rows = torch.empty(2, *rest[1:])
                module.register_parameter(name, nn.Parameter(rows[0]))
                module.register_parameter(rest[0], nn.Parameter(rows[1]))
            case "buffer":
                module.register_buffer(name, torch.arange(1.0, 1 + math.prod(rest)).view(rest))
            case "tie":
                path, _, last = rest[0].rpartition(".")
                setattr(module.get_submodule(path), last, module.get_parameter(name))
            case "freeze":
                module.get_parameter(name).requires_grad_(False)
            case _:
                raise ValueError(f"no part of a module is called {word!r}")
    return module


def _build(spec: Sequence[Sequence[Any]]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for word, *rest in spec:
        match word:
            case "module":
                layers.append(_specimen(rest))
            case "linear":
                layers.append(nn.Linear(*rest))
            case "conv":
                layers.append(nn.Conv2d(*rest))
            case "norm":
                layers.append(nn.BatchNorm2d(*rest))
            case "relu":
                layers.append(nn.ReLU())
            case "flatten":
                layers.append(nn.Flatten())
            case "dropout":
                layers.append(nn.Dropout(*rest))
            case "nest":
                layers.append(_build(rest))
            case "tie":
                layers[rest[1]].weight = layers[rest[0]].weight
            case "freeze":
                layers[rest[0]].requires_grad_(False)
            case _:
                raise ValueError(f"no layer is called {word!r}")
    return nn.Sequential(*layers)


@lru_cache(maxsize=512)
def _seeds(seed: int, count: int) -> tuple[int, ...]:
    """A seed for each of ``count`` tensors of one module."""
    random = seeded(seed)
    return tuple(int(random.randint(2**31 - 1)) for _ in range(count))


def _numbers(size: tuple[int, ...], middle: float, bound: float, seed: int) -> Tensor:
    return middle + Uniform(size, bound, seed).tensor()


@lru_cache(maxsize=2048)
def _few(size: tuple[int, ...], middle: float, bound: float, seed: int) -> Tensor:
    """The same, kept for the next check: only ever copied from."""
    return _numbers(size, middle, bound, seed)


def _draw(module: nn.Module, seed: int) -> None:
    """Give every part numbers anew. What torch draws differs in its last bits from processor to processor."""
    asked: list[tuple[Tensor, float, float]] = []
    for part in module.modules():
        own = list(part.parameters(recurse=False))
        fan_in = max((one[0].numel() for one in own if one.dim() > 1), default=4)
        for one in own:
            asked.append((one, 0, fan_in**-0.5))
        if isinstance(part, nn.BatchNorm2d):  # with running statistics that are not the ones it was born with
            assert part.running_mean is not None and part.running_var is not None
            asked += [(part.weight, 1, 0.5), (part.running_mean, 0, 1), (part.running_var, 1.25, 0.75)]
    with torch.no_grad():
        for (tensor, middle, bound), one_seed in zip(asked, _seeds(seed, len(asked)), strict=True):
            numbers = _few if tensor.numel() <= LARGE else _numbers
            tensor.copy_(numbers(tuple(tensor.shape), middle, bound, one_seed))


def specimen_of(case: Case, seed: str = "seed") -> nn.Module:
    """The module that a case describes: its ``layers``, drawn from what it calls ``seed``, and how it stands.

    ``dtype``, ``training`` (of all parts), ``mixed`` (the first part inside is in the other mode), ``evaluating`` (paths
    of parts in eval mode), ``graded``: every parameter has a ``.grad`` already, and ``equal``: all numbers of the parameters
    are 1. Each of them may be left out.

    >>> module = specimen_of(Case("", {"layers": [("linear", 2, 3)], "evaluating": ("0",), "graded": True}))
    >>> modes(module), module[0].bias.grad
    ({'itself': True, '0': False}, tensor([1., 1., 1.]))
    """
    module = build_module(case["layers"], case.get(seed, 0)).train(case.get("training", True))
    module.to(case.get("dtype", torch.float32))
    if case.get("mixed", False):
        for part in list(module.modules())[1:2]:
            part.training = not part.training
    for path in case.get("evaluating", ()):
        module.get_submodule(path).training = False
    for one in module.parameters() if case.get("equal", False) else ():
        nn.init.ones_(one)
    for one in module.parameters() if case.get("graded", False) else ():
        one.grad = torch.ones_like(one)
    return module


def modes(module: nn.Module) -> dict[str, bool]:
    """The ``training`` flag of every part of ``module`` by its path (``""`` is the module itself)."""
    return {name or "itself": part.training for name, part in module.named_modules()}


def load_by_shape(module: nn.Module, tensors: Mapping[str, Tensor]) -> str:
    """Put ``tensors`` into ``module``: by name where its state_dict fits, else by shape where that is unambiguous.

    Returns ``"by name"``, ``"by name, beside others"`` where there are buffers, too, ``"by shape"``, or what does not fit.

    >>> load_by_shape(nn.Sequential(nn.Linear(2, 3)), {"fc.weight": torch.ones(3, 2), "fc.bias": torch.ones(3)})
    'by shape'
    """
    try:
        module.load_state_dict(dict(tensors))
    except (RuntimeError, AttributeError, TypeError):
        pass
    else:
        return "by name"
    parameters = [part for part in module.parameters() if not nn.parameter.is_lazy(part)]
    by_shape = {tuple(tensor.shape): tensor for tensor in tensors.values()}
    if len(by_shape) != len(tensors) or sorted(by_shape) != sorted(tuple(part.shape) for part in parameters):
        return "not these tensors"
    with torch.no_grad():
        for part in parameters:
            part.copy_(by_shape[tuple(part.shape)])
    return "by name, beside others" if set(module.state_dict()) > set(tensors) else "by shape"
