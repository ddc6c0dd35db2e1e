"""Chapter 08, `swap_head`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.training.batches import draw_batches
from autograder.authoring.oracles.training.head_space import HEAD_SPACE
from autograder.observing.case import Case

__all__ = ["SWAP_HEAD"]

Optimizer = torch.optim.Optimizer


def _new_head(model: Any, num_classes: int, **options: Any) -> nn.Linear:
    like = {"dtype": model.fc.weight.dtype, "device": model.fc.weight.device, **options}
    return nn.Linear(model.fc.in_features, num_classes, **like)


def _swap(model: Any, optimizer: Optimizer, num_classes: int) -> None:
    old, new = model.fc, _new_head(model, num_classes)
    model.fc = new
    for before, after in zip(old.parameters(), new.parameters(), strict=True):
        for group in optimizer.param_groups:
            group["params"] = [after if one is before else one for one in group["params"]]
        optimizer.state.pop(before, None)


def _optimizers(make: CaseMaker) -> list[Case]:
    a, b, c = make.sizes(3, 3, 7)
    body, head = (("linear", a, b), ("relu",), ("linear", b, c)), ("fc.weight", "fc.bias")
    weights, biases = ("body.0.weight", "body.2.weight"), ("body.0.bias", "body.2.bias")

    def case(
        name: str,
        classes: int,
        new: int,
        optimizer: str,
        groups: Sequence[Mapping[str, Any]],
        *,
        sizes: tuple[int, ...] = (3, 2, 4, 3),
        first: int = 2,
        dtype: torch.dtype = torch.float64,
        layers: Sequence[tuple[Any, ...]] = body,
        device: str = "cpu",
    ) -> Case:
        """The first ``first`` batches are trained on before the heads are swapped."""
        told = f"{optimizer} with {len(groups)} group{'' if len(groups) == 1 else 's'}"
        more: dict[str, Any] = {}
        if device == "cpu" and new > 1:  # elsewhere there are no numbers, and a single class has nothing to learn
            drawn = {"weight": make.normal(new, c, dtype=dtype), "bias": make.normal(new, dtype=dtype)}
            more = {"numbers": drawn, "batches": draw_batches(make, sizes, min(classes, new), a, dtype=dtype)}
        return make.case(
            name, body=tuple(layers), head=(c, classes), num_classes=new, seed=make.seed(), dtype=dtype, device=device,
            optimizer=optimizer, groups=tuple(groups), first=first,
            shown=f"fc = nn.Linear({c}, {classes}), num_classes={new}; {told}, {first} steps made", **more,
        )  # fmt: skip

    every = (weights[0], biases[0], weights[1], biases[1])
    return [
        case("one group, more classes", 3, 5, "SGD", [{"params": (*every, *head), "lr": 0.1, "momentum": 0.9}]),
        case("before the first step", 4, 2, "SGD", [{"params": (*every, *head), "lr": 0.2, "momentum": 0.5}], first=0),
        case(
            "a group of weights and one of biases",
            5,
            3,
            "AdamW",
            [
                {"params": (weights[0], head[0], weights[1]), "lr": 0.05, "weight_decay": 0.1},
                {"params": (head[1], *biases), "lr": 0.02, "weight_decay": 0.0},
            ],
        ),
        case(
            "as many classes as before",
            4,
            4,
            "Adam",
            [{"params": (*every[:2], *head, *every[2:]), "lr": 0.01, "betas": (0.8, 0.9)}],
        ),
        case(
            "a faster group for the head, in float32",
            3,
            6,
            "SGD",
            [{"params": every, "lr": 0.01, "momentum": 0.9}, {"params": head, "lr": 0.1, "weight_decay": 0.2}],
            dtype=torch.float32,
        ),
        case(
            "a frozen body, only the head is trained",
            4,
            7,
            "SGD",
            [{"params": (head[1], head[0]), "lr": 0.3, "momentum": 0.9, "nesterov": True}],
            layers=(("linear", a, b), ("freeze", 0), ("relu",), ("linear", b, c), ("freeze", 2)),
        ),
        case("a single class", 3, 1, "SGD", [{"params": (*head, *every), "lr": 0.1}], first=0),
        case(
            "on another device",
            3,
            5,
            "SGD",
            [{"params": (*every, *head), "lr": 0.1}],
            first=0,
            device="meta",
            dtype=torch.float16,
        ),
    ]


def _only_the_model(model: Any, optimizer: Optimizer, num_classes: int) -> None:
    model.fc = _new_head(model, num_classes)


def _another_optimizer(model: Any, optimizer: Optimizer, num_classes: int) -> Optimizer:
    model.fc = _new_head(model, num_classes)
    return torch.optim.SGD(model.parameters(), lr=optimizer.param_groups[0]["lr"])


def _added(model: Any, optimizer: Optimizer, num_classes: int) -> None:
    model.fc = _new_head(model, num_classes)
    options = {name: value for name, value in optimizer.param_groups[-1].items() if name != "params"}
    optimizer.add_param_group({**options, "params": list(model.fc.parameters())})


def _added_plainly(model: Any, optimizer: Optimizer, num_classes: int) -> None:
    """As it is written first: a group with the optimiser's defaults."""
    model.fc = _new_head(model, num_classes)
    optimizer.add_param_group({"params": list(model.fc.parameters())})


def _added_in_float32(model: Any, optimizer: Optimizer, num_classes: int) -> None:
    """The same, and the dtype and device of the old head forgotten."""
    model.fc = nn.Linear(model.fc.in_features, num_classes)
    optimizer.add_param_group({"params": list(model.fc.parameters())})


def _appended(model: Any, optimizer: Optimizer, num_classes: int) -> None:
    model.fc = _new_head(model, num_classes)
    optimizer.param_groups[-1]["params"].extend(model.fc.parameters())


def _appended_to_the_first_group(model: Any, optimizer: Optimizer, num_classes: int) -> None:
    model.fc = _new_head(model, num_classes)
    optimizer.param_groups[0]["params"].extend(model.fc.parameters())


def _appended_beside_the_old_weight(model: Any, optimizer: Optimizer, num_classes: int) -> None:
    old, model.fc = model.fc, _new_head(model, num_classes)
    for group in optimizer.param_groups:
        if any(one is old.weight for one in group["params"]):
            group["params"].extend(model.fc.parameters())


def _begun_anew(model: Any, optimizer: Optimizer, num_classes: int) -> None:
    model.fc = _new_head(model, num_classes)
    optimizer.__init__(model.parameters(), **optimizer.defaults)  # type: ignore[misc]


def _state_cleared(model: Any, optimizer: Optimizer, num_classes: int) -> None:
    _swap(model, optimizer, num_classes)
    optimizer.state.clear()


def _old_state_kept(model: Any, optimizer: Optimizer, num_classes: int) -> None:
    before = dict(optimizer.state)
    _swap(model, optimizer, num_classes)
    optimizer.state.update(before)


def _all_in_the_first_group(model: Any, optimizer: Optimizer, num_classes: int) -> None:
    old, new = list(model.fc.parameters()), _new_head(model, num_classes)
    model.fc = new
    for one in old:
        optimizer.state.pop(one, None)
    for group in optimizer.param_groups:
        group["params"] = [one for one in group["params"] if not any(one is other for other in old)]
    optimizer.param_groups[0]["params"] += list(new.parameters())


def _in_a_group_of_its_own(model: Any, optimizer: Optimizer, num_classes: int) -> None:
    old = list(model.fc.parameters())
    for group in optimizer.param_groups:
        group["params"] = [one for one in group["params"] if not any(one is other for other in old)]
    for one in old:
        optimizer.state.pop(one, None)
    _added(model, optimizer, num_classes)


def _state_inherited(model: Any, optimizer: Optimizer, num_classes: int) -> None:
    old = list(model.fc.parameters())
    states = [optimizer.state.get(one) for one in old]
    _swap(model, optimizer, num_classes)
    for one, state in zip(model.fc.parameters(), states, strict=True):
        if state is not None:
            optimizer.state[one] = state


def _dtype_forgotten(model: Any, optimizer: Optimizer, num_classes: int) -> None:
    plain = nn.Linear(model.fc.in_features, num_classes)
    old, model.fc = model.fc, plain
    for before, after in zip(old.parameters(), plain.parameters(), strict=True):
        for group in optimizer.param_groups:
            group["params"] = [after if one is before else one for one in group["params"]]
        optimizer.state.pop(before, None)


def _put_in(head: Callable[[Any, int], nn.Module]) -> Callable[[Any, Optimizer, int], None]:
    """The right exchange of another head."""

    def answer(model: Any, optimizer: Optimizer, num_classes: int) -> None:
        old, model.fc = model.fc, head(model, num_classes)
        new = dict(model.fc.named_parameters())
        for name, before in old.named_parameters():
            for group in optimizer.param_groups:
                group["params"] = [new.get(name, one) if one is before else one for one in group["params"]]
            optimizer.state.pop(before, None)

    return answer


def _weight_only(model: Any, optimizer: Optimizer, num_classes: int) -> None:
    old, model.fc = model.fc, _new_head(model, num_classes)
    for group in optimizer.param_groups:
        group["params"] = [model.fc.weight if one is old.weight else one for one in group["params"]]
    optimizer.state.pop(old.weight, None)


def _at_the_end(model: Any, optimizer: Optimizer, num_classes: int) -> None:
    old = list(model.fc.parameters())
    model.fc = _new_head(model, num_classes)
    for one in old:
        optimizer.state.pop(one, None)
    for group in optimizer.param_groups:
        group["params"] = [one for one in group["params"] if not any(one is other for other in old)]
    optimizer.param_groups[-1]["params"] += list(model.fc.parameters())


def _body_frozen(model: Any, optimizer: Optimizer, num_classes: int) -> None:
    _swap(model, optimizer, num_classes)
    for name, one in model.named_parameters():
        one.requires_grad_(name.startswith("fc."))


SWAP_HEAD = Oracle(
    "swap_head",
    _swap,
    _optimizers,
    [
        Misconception(
            "stale parameter",
            _only_the_model,
            _another_optimizer,
            says="The model has a new head, and the optimiser still holds the old one's tensors: it steps what nobody uses, and "
            "the new head stands still. Put the new tensors where the old ones are in param_groups.",
        ),
        Misconception(
            "both kept",
            _added,
            _added_plainly,
            _added_in_float32,
            _appended,
            _appended_to_the_first_group,
            _appended_beside_the_old_weight,
            says="The new tensors are stepped, and the old ones are, too: they stay in the optimiser, with all their state. "
            "New ones take the old ones' places.",
        ),
        Misconception(
            "optimiser state lost",
            _begun_anew,
            _state_cleared,
            says="Momentum and Adam's averages of all other tensors live in optimizer.state. Whoever begins anew loses them. "
            "Take out the old head's only.",
        ),
        Misconception(
            "old state kept",
            _old_state_kept,
            says="optimizer.state is a dictionary whose keys are tensors. The old head's are still in there, and would be saved "
            "with every checkpoint.",
        ),
        Misconception(
            "put into another group",
            _all_in_the_first_group,
            _in_a_group_of_its_own,
            _at_the_end,
            says="A group has its own lr and weight decay. Each new tensor belongs in its old one's group, at its old place.",
        ),
        Misconception(
            "the old head's state inherited",
            _state_inherited,
            says="The averages of the old head's gradients say nothing of the new head. It begins without a state.",
        ),
        Misconception(
            "a head without a bias",
            _put_in(lambda model, num_classes: _new_head(model, num_classes, bias=False)),
            says="The old head has a bias, and so has the new one.",
        ),
        Misconception(
            "only the weight exchanged",
            _weight_only,
            says="A head has two tensors. The old bias is still in the optimiser, and the new one is not.",
        ),
        Misconception(
            "the body frozen",
            _body_frozen,
            says="Whether the body goes on learning is for somebody else to decide: its requires_grad stays as it is.",
        ),
        Misconception(
            "dtype or device forgotten",
            _dtype_forgotten,
            says="nn.Linear makes float32 tensors on the default device. Ask the old weight for its dtype and its device.",
        ),
    ],
    space=HEAD_SPACE,
)
