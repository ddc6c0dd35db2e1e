"""Chapter 08, `checkpoint`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.training.batches import draw_batches
from autograder.authoring.oracles.training.checkpoint_space import CHECKPOINT_SPACE
from autograder.observing.case import Case

__all__ = ["CHECKPOINT"]

Both = tuple[nn.Module, torch.optim.Optimizer]


def _bytes_of(value: Any) -> bytes:
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


def _save(model: nn.Module, optimizer: torch.optim.Optimizer) -> bytes:
    return _bytes_of({"model": model.state_dict(), "optimizer": optimizer.state_dict()})


def _load(data: bytes, model: nn.Module, optimizer: torch.optim.Optimizer) -> Both:
    saved = torch.load(io.BytesIO(data), weights_only=True)
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    return model, optimizer


def _trainings(make: CaseMaker) -> list[Case]:
    a, b, c = make.sizes(3, 2, 5)
    plain = (("linear", a, b), ("relu",), ("linear", b, c))
    normed = (("conv", 2, b, 3), ("norm", b), ("relu",), ("flatten",), ("linear", b * 3 * 2, c))
    four = ("0.weight", "0.bias", "2.weight", "2.bias")
    weights, others = ("4.weight", "0.weight"), ("0.bias", "1.weight", "1.bias", "4.bias")

    def case(
        name: str,
        layers: Sequence[tuple[Any, ...]],
        optimizer: str,
        groups: Sequence[Mapping[str, Any]],
        other: Sequence[Mapping[str, Any]],
        *shape: int,
        first: int = 2,
        other_first: int = 0,
        dtype: torch.dtype = torch.float64,
        **more: Any,
    ) -> Case:
        """``other`` says of each group what the receiving optimiser has had; ``first`` steps come before saving."""
        shown = f"{optimizer} with {len(groups)} group{'' if len(groups) == 1 else 's'}, saved after {first} steps"
        return make.case(
            name, layers=tuple(layers), seed=make.seed(), other_seed=make.seed(), optimizer=optimizer, dtype=dtype,
            groups=tuple(groups), other_groups=tuple({**one, **its} for one, its in zip(groups, other, strict=True)),
            batches=draw_batches(make, (3, 2, 4, 3), c, *shape, dtype=dtype), first=first, other_first=other_first,
            shown=shown, **more,
        )  # fmt: skip

    # Adam makes steps of one size of what is only rounding: never with a bias before a batch norm, never in float32.
    momentum = {"params": four, "lr": 0.1, "momentum": 0.9}
    image = (2, 5, 4)
    return [
        case("another learning rate", plain, "SGD", [{"params": four, "lr": 0.2}], [{"lr": 0.01}], a),
        case("momentum", plain, "SGD", [momentum], [{"momentum": 0.0, "lr": 0.1}], a),
        case("saved before the first step, loaded into one that has trained", plain, "SGD", [momentum], [{}], a,
             first=0, other_first=2),
        case(
            "two groups and buffers",
            normed,
            "SGD",
            [
                {"params": weights, "lr": 0.1, "momentum": 0.8, "weight_decay": 0.1, "nesterov": True},
                {"params": others, "lr": 0.05, "momentum": 0.8, "weight_decay": 0.0, "nesterov": True},
            ],
            [{"lr": 0.3, "weight_decay": 0.0}, {"lr": 0.3}],
            *image,
            first=3,
        ),
        case("Adam, loaded into one that has trained", plain, "Adam", [{"params": four, "lr": 0.01, "betas": (0.8, 0.9)}],
             [{"lr": 0.1, "betas": (0.9, 0.999)}], a, other_first=1),
        case(
            "AdamW with two groups",
            plain,
            "AdamW",
            [
                {"params": (four[3], four[0]), "lr": 0.02, "weight_decay": 0.3},
                {"params": (four[1], four[2]), "lr": 0.01, "eps": 1e-6},
            ],
            [{"weight_decay": 0.0}, {"eps": 1e-3}],
            a,
        ),
        case("a frozen layer", (*plain, ("freeze", 0)), "SGD", [{"params": four[2:], "lr": 0.1, "momentum": 0.9}], [{"lr": 0.3}], a),
        case("float32", normed, "SGD", [{"params": (*weights, *others), "lr": 0.1, "momentum": 0.9}], [{"lr": 0.01}], *image,
             dtype=torch.float32),
        case("crafted bytes", plain, "SGD", [momentum], [{"lr": 0.2}], a, crafted=True),
    ]  # fmt: skip


def _model_only(data: bytes, model: nn.Module, optimizer: torch.optim.Optimizer) -> Both:
    model.load_state_dict(torch.load(io.BytesIO(data), weights_only=True)["model"])
    return model, optimizer


def _save_what_learns(model: nn.Module, optimizer: torch.optim.Optimizer) -> bytes:
    frozen = {name for name, one in model.named_parameters() if not one.requires_grad}
    state = {name: one for name, one in model.state_dict().items() if name not in frozen}
    return _bytes_of({"model": state, "optimizer": optimizer.state_dict()})


def _save_whole(model: nn.Module, optimizer: torch.optim.Optimizer) -> bytes:
    return pickle.dumps((model, optimizer.state_dict()))


def _save_whole_by_torch(model: nn.Module, optimizer: torch.optim.Optimizer) -> bytes:
    return _bytes_of((model, optimizer.state_dict()))


def _load_whole(data: bytes, model: nn.Module, optimizer: torch.optim.Optimizer) -> Both:
    try:
        whole, state = _read_unsafely(data)
    except (pickle.UnpicklingError, RuntimeError):
        whole, state = pickle.loads(data)
    model.load_state_dict(whole.state_dict())
    optimizer.load_state_dict(state)
    return model, optimizer


def _read_unsafely(data: bytes) -> Any:
    return torch.load(io.BytesIO(data), weights_only=False)


def _put_states_of(whole: Both, model: nn.Module, optimizer: torch.optim.Optimizer) -> Both:
    """What was read whole lends its states to what was given."""
    model.load_state_dict(whole[0].state_dict())
    optimizer.load_state_dict(whole[1].state_dict())
    return model, optimizer


def _hand_out(whole: Both, model: nn.Module, optimizer: torch.optim.Optimizer) -> Both:
    """What was read whole is handed back, and what was given stays as it is."""
    return whole


def _load_unsafely(data: bytes, model: nn.Module, optimizer: torch.optim.Optimizer) -> Both:
    saved = _read_unsafely(data)
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    return model, optimizer


def _save_pickled(model: nn.Module, optimizer: torch.optim.Optimizer) -> bytes:
    return pickle.dumps({"model": model.state_dict(), "optimizer": optimizer.state_dict()})


def _load_pickled(data: bytes, model: nn.Module, optimizer: torch.optim.Optimizer) -> Both:
    saved = pickle.loads(data)
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    return model, optimizer


_shelf: list[dict[str, Any]] = []  # one is enough: a checkpoint is loaded soon after it was saved


def _save_references(model: nn.Module, optimizer: torch.optim.Optimizer) -> bytes:
    _shelf[:] = [{"model": model.state_dict(), "optimizer": optimizer.state_dict()}]
    return b"on the shelf"


def _load_references(data: bytes, model: nn.Module, optimizer: torch.optim.Optimizer) -> Both:
    model.load_state_dict(_shelf[0]["model"])
    optimizer.load_state_dict(copy.deepcopy(_shelf[0]["optimizer"]))
    return model, optimizer


def _load_without_hyper_parameters(data: bytes, model: nn.Module, optimizer: torch.optim.Optimizer) -> Both:
    saved = torch.load(io.BytesIO(data), weights_only=True)
    model.load_state_dict(saved["model"])
    kept = [dict(group) for group in optimizer.param_groups]
    optimizer.load_state_dict(saved["optimizer"])
    for group, before in zip(optimizer.param_groups, kept, strict=True):
        group.update({name: value for name, value in before.items() if name != "params"})
    return model, optimizer


def _load_into_copies(data: bytes, model: nn.Module, optimizer: torch.optim.Optimizer) -> Both:
    both = copy.deepcopy((model, optimizer))
    return _load(data, *both)


def _nothing_returned(data: bytes, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    _load(data, model, optimizer)


def _assigned(data: bytes, model: nn.Module, optimizer: torch.optim.Optimizer) -> Both:
    saved = torch.load(io.BytesIO(data), weights_only=True)
    model.load_state_dict(saved["model"], assign=True)
    optimizer.load_state_dict(saved["optimizer"])
    return model, optimizer


def _answering(change: Any) -> Any:
    return lambda data, model, optimizer: change(*_load(data, model, optimizer))


def _save_parameters(model: nn.Module, optimizer: torch.optim.Optimizer) -> bytes:
    tensors = {name: one.detach() for name, one in model.named_parameters()}
    return _bytes_of({"model": tensors, "optimizer": optimizer.state_dict()})


def _load_not_strictly(data: bytes, model: nn.Module, optimizer: torch.optim.Optimizer) -> Both:
    saved = torch.load(io.BytesIO(data), weights_only=True)
    model.load_state_dict(saved["model"], strict=False)
    optimizer.load_state_dict(saved["optimizer"])
    return model, optimizer


def _load_lr(data: bytes, model: nn.Module, optimizer: torch.optim.Optimizer) -> Both:
    saved = torch.load(io.BytesIO(data), weights_only=True)
    model.load_state_dict(saved["model"])
    for group in optimizer.param_groups:
        group["lr"] = saved["optimizer"]["param_groups"][0]["lr"]
    return model, optimizer


def _save_from_the_end(model: nn.Module, optimizer: torch.optim.Optimizer) -> bytes:
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)
    return file.read()


def _load_in_eval(data: bytes, model: nn.Module, optimizer: torch.optim.Optimizer) -> Both:
    _load(data, model, optimizer)
    return model.eval(), optimizer


CHECKPOINT = Oracle(
    "checkpoint",
    (_save, _load),
    _trainings,
    [
        Misconception(
            "optimiser left out",
            (_save, _model_only),
            says="The model goes on from where it was, its optimiser does not: learning rate, momentum and Adam's averages are "
            "the new one's. Save and load optimizer.state_dict(), too.",
        ),
        Misconception(
            "whole-module pickle",
            (_save_whole, _load_whole),
            (_save_whole_by_torch, _load_whole),
            *(
                (save, lambda data, model, optimizer, read=read, put=put: put(read(data), model, optimizer))
                for save, read in (
                    (lambda model, optimizer: pickle.dumps((model, optimizer)), pickle.loads),
                    (lambda model, optimizer: _bytes_of((model, optimizer)), _read_unsafely),
                )
                for put in (_put_states_of, _hand_out)
            ),
            says="A pickled module is loaded by running what the bytes say, and crafted bytes may say anything. Save the "
            "state_dicts, which are tensors and numbers, and load them with weights_only=True.",
        ),
        Misconception(
            "whatever the bytes say is run",
            (_save, _load_unsafely),
            (_save_pickled, _load_pickled),
            says="Reading a pickle calls whatever functions the bytes name. torch.load(…, weights_only=True) reads tensors, "
            "numbers, text and containers, and refuses the rest.",
        ),
        Misconception(
            "references saved, not values",
            (_save_references, _load_references),
            says="state_dict() hands out the tensors themselves, and training goes on writing into them. When you load, they "
            "hold what is there by then. Bytes have to hold the values as they were.",
        ),
        Misconception(
            "hyper-parameters of the new optimiser kept",
            (_save, _load_without_hyper_parameters),
            says="The learning rate and the other hyper-parameters belong to the state, in param_groups. They are restored, too.",
        ),
        Misconception(
            "loaded into copies",
            (_save, _load_into_copies),
            says="The model and the optimiser that were given are to go on. Others, made by you, nobody else holds.",
        ),
        Misconception(
            "nothing handed back",
            (_save, _nothing_returned),
            says="All is restored, and load_checkpoint says nothing: it is to answer (model, optimizer).",
        ),
        Misconception(
            "something else handed back than both",
            (_save, _answering(lambda model, optimizer: model)),
            (_save, _answering(lambda model, optimizer: (optimizer, model))),
            says="All is restored. What load_checkpoint hands back is (model, optimizer), in this order.",
        ),
        Misconception(
            "frozen parameters left out",
            (_save_what_learns, _load_not_strictly),
            says="A frozen parameter is part of the model, too, and somebody else's has other numbers. state_dict() has all of them; "
            "strict=False hides that some are missing.",
        ),
        Misconception(
            "buffers forgotten",
            (_save_parameters, _load_not_strictly),
            says="Batch norm's running statistics are buffers: state_dict() has them, named_parameters() does not.",
        ),
        Misconception(
            "only the learning rate saved",
            (_save, _load_lr),
            says="An optimiser is more than its lr: momentum, Adam's averages and the other hyper-parameters. "
            "optimizer.state_dict() has them all.",
        ),
        Misconception(
            "empty bytes",
            (_save_from_the_end, _load),
            says="The bytes that were saved are empty. A file that torch.save has written stands at its end, from where read() gives "
            "nothing; getvalue() gives all of it.",
        ),
        Misconception(
            "mode changed",
            (_save, _load_in_eval),
            says="Training is to go on: leave the model's mode as it is.",
        ),
        Misconception(
            "other tensors under the optimiser",
            (_save, _assigned),
            says="assign=True puts the loaded tensors into the model in place of its own, and the optimiser goes on stepping the "
            "old ones. Copy the values instead: a plain load_state_dict does.",
        ),
    ],
    space=CHECKPOINT_SPACE,
)
