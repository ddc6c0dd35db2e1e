"""What is trained, stepped and saved in chapter 08: models with a head, optimisers and batches in a case's plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.observing.case import Case
from autograder.observing.probes.specimen import build_module

__all__ = [
    "Batches",
    "Headed",
    "batches_of",
    "build_headed",
    "build_optimizer",
    "held_by",
    "hyper_parameters",
    "packed",
    "same_objects",
    "tensors_of",
    "train",
    "trained_on",
]

Batch = tuple[Tensor, Tensor]
_OPTIMIZERS = {"SGD": torch.optim.SGD, "Adam": torch.optim.Adam, "AdamW": torch.optim.AdamW}


class Headed(nn.Module):
    """A body and, behind a ReLU, a head called ``fc``."""

    def __init__(self, body: nn.Module, fc: nn.Linear) -> None:
        super().__init__()
        self.body = body
        self.fc = fc

    def forward(self, x: Tensor) -> Tensor:
        """Logits of ``x``."""
        logits: Tensor = self.fc(F.relu(self.body(x)))
        return logits


def build_headed(body: Sequence[Sequence[Any]], head: tuple[int, int], seed: int) -> Headed:
    """A `Headed` module drawn from ``seed``; ``body`` in the words of `build_module`, ``head`` as ``(in, out)``.

    >>> build_headed([("linear", 3, 4)], (4, 2), seed=1).fc.weight.shape
    torch.Size([2, 4])
    """
    first, fc = build_module([("nest", *body), ("linear", *head)], seed).children()
    assert isinstance(fc, nn.Linear)
    return Headed(first, fc)


def build_optimizer(model: nn.Module, kind: str, groups: Sequence[Mapping[str, Any]]) -> torch.optim.Optimizer:
    """An optimiser of that kind: a group lists its ``params`` by name, and has its hyper-parameters beside them.

    >>> layer = nn.Linear(2, 3)
    >>> optimizer = build_optimizer(layer, "SGD", [{"params": ("bias",), "lr": 0.5}])
    >>> held_by(optimizer, dict(layer.named_parameters()))
    (('bias',),)
    """
    named = dict(model.named_parameters())
    return _OPTIMIZERS[kind]([{**group, "params": [named[name] for name in group["params"]]} for group in groups])


def held_by(optimizer: torch.optim.Optimizer, named: Mapping[str, Tensor]) -> tuple[tuple[str, ...], ...]:
    """The names of the tensors in each group, in their order; ``"another tensor"`` for one that has none."""
    names = {id(tensor): name for name, tensor in named.items()}
    return tuple(
        tuple(names.get(id(tensor), "another tensor") for tensor in group["params"]) for group in optimizer.param_groups
    )


def hyper_parameters(
    optimizer: torch.optim.Optimizer, groups: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """What each group of ``optimizer`` says now under the names that ``groups`` gave it.

    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.5)
    >>> hyper_parameters(optimizer, [{"params": ("weight",), "lr": 0.1}])
    {'0': {'lr': 0.5}}
    """
    return {
        str(number): {name: group.get(name, "nothing") for name in given if name != "params"}
        for number, (group, given) in enumerate(zip(optimizer.param_groups, groups, strict=False))
    }


def train(model: nn.Module, optimizer: torch.optim.Optimizer, batches: Sequence[Batch]) -> None:
    """A step for each batch. Nothing here knows of the answer."""
    with torch.enable_grad():
        for x, target in batches:
            optimizer.zero_grad()
            F.cross_entropy(model(x), target).backward()
            optimizer.step()


def trained_on(model: nn.Module, optimizer: torch.optim.Optimizer, batches: Sequence[Batch]) -> str:
    """As `train`, of what an answer has had in its hands: what it raises, in words, or nothing."""
    try:
        train(model, optimizer, batches)
    except Exception as error:  # another dtype, for instance, or an optimiser that finds no room for its state
        return f"training on raises {type(error).__name__}"
    return ""


def tensors_of(module: nn.Module) -> dict[str, Tensor]:
    """Copies of all parameters and buffers by name, those that no state_dict holds among them."""
    every = (*module.named_parameters(), *module.named_buffers())
    return {name: tensor.detach().clone() for name, tensor in every}


def packed(module: nn.Module) -> dict[str, Tensor]:
    """All parameters in a row, all buffers of real numbers in a row, and all that count: few observations of many tensors.

    >>> {name: tuple(row.shape) for name, row in packed(nn.BatchNorm1d(3)).items()}
    {'parameters': (6,), 'buffers': (6,), 'counts': (1,)}
    """
    buffers = [one.detach() for one in module.buffers()]
    rows = {
        "parameters": [one.detach() for one in module.parameters()],
        "buffers": [one for one in buffers if one.is_floating_point()],
        "counts": [one for one in buffers if not one.is_floating_point()],
    }
    return {name: torch.cat([one.flatten() for one in row]) for name, row in rows.items() if row}


def same_objects(ones: Mapping[str, Any], others: Mapping[str, Any]) -> bool:
    """Whether both hold the very same objects under the same names.

    >>> one = torch.zeros(2)
    >>> same_objects({"a": one}, {"a": one}), same_objects({"a": one}, {"a": one.clone()})
    (True, False)
    """
    return ones.keys() == others.keys() and all(ones[name] is others[name] for name in ones)


def batches_of(case: Case) -> list[Batch]:
    """The batches of a case, in their order: each is a dict of ``x`` and ``target`` under its number."""
    return [(one["x"], one["target"]) for one in case["batches"].values()]


class Batches:
    """An iterable of ``(x, target)`` that counts how often it is begun, and gives each batch once, in pairs of one kind.

    ``kind`` is ``"tuple"`` or ``"list"``. Once it has been begun, it has nothing more to give, as a generator.

    >>> batches = Batches([(torch.zeros(1), torch.ones(1))])
    >>> len(list(batches)), len(list(batches)), batches.begun
    (1, 0, 2)
    """

    def __init__(self, batches: Sequence[Batch], kind: str = "tuple") -> None:
        self._left: Iterator[Batch] = iter(batches)
        self._kind = kind
        self.begun = 0

    def __iter__(self) -> Iterator[Any]:
        self.begun += 1
        for x, target in self._left:
            yield [x, target] if self._kind == "list" else (x, target)
