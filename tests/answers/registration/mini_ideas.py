"""First ideas for `mini_module` that are wrong, each with the name of what is wrong about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["MINI_IDEAS"]


class Mini:
    """Two dictionaries, and names put together level by level."""

    def __init__(self) -> None:
        for name, value in (("own", {}), ("inside", {}), ("training", True)):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        for entries, kind in ((self.own, nn.Parameter), (self.inside, Mini)):
            entries.pop(name, None)
            if isinstance(value, kind):
                entries[name] = value
        object.__setattr__(self, name, value)

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        yield from self.own.items()
        for name, part in self.inside.items():
            yield from ((f"{name}.{rest}", one) for rest, one in part.named_parameters())

    def parameters(self) -> Any:
        return [one for _, one in self.named_parameters()]

    def state_dict(self) -> Any:
        return {name: one.detach() for name, one in self.named_parameters()}

    def load_state_dict(self, state: Any) -> None:
        for name, one in self.named_parameters():
            one.data.copy_(state[name])

    def train(self, mode: bool = True) -> Any:
        for one in (self, *self.inside.values()):
            one.training = mode if one is self else one.train(mode).training
        return self

    def eval(self) -> Any:
        return self.train(mode=False)


def mini(**methods: Any) -> type[Mini]:
    return type("MiniModule", (Mini,), methods)


def renamed(mark: str) -> type[Mini]:
    return mini(named_parameters=lambda self: [
        (name.replace(".", mark), one) for name, one in Mini.named_parameters(self)
    ])  # fmt: skip


def looks_into_lists(self: Any, name: str, value: Any) -> None:
    Mini.__setattr__(self, name, value)
    for number, one in enumerate(value) if isinstance(value, list) else ():
        if isinstance(one, nn.Parameter):
            self.own[f"{name}.{number}"] = one
        elif isinstance(one, Mini):
            self.inside[f"{name}.{number}"] = one


def copied_with_gradients(self: Any, state: Any) -> None:
    for name, one in self.named_parameters():
        one.copy_(state[name])


def copied_into_its_own(self: Any, state: Any) -> None:
    with torch.no_grad():
        [one.copy_(state[name]) for name, one in self.own.items()]


def in_the_lists_only(self: Any, name: str, value: Any) -> None:
    if name in self.own or name in self.inside:
        self.own.pop(name, None)
        self.inside.pop(name, None)
    if isinstance(value, nn.Parameter):
        self.own[name] = value
    elif isinstance(value, Mini):
        self.inside[name] = value
    else:
        object.__setattr__(self, name, value)


def asleep(self: Any) -> None:
    Mini.__init__(self)
    object.__setattr__(self, "training", False)


def always_true(self: Any, mode: bool = True) -> Any:
    self.training = True
    return ([part.train() for part in self.inside.values()] and self) or self


def just_this_one(self: Any) -> Any:
    object.__setattr__(self, "training", False)
    return self


def silent(self: Any) -> None:
    Mini.train(self, False)


def own_state(self: Any) -> dict[str, Tensor]:
    return {name: one.data for name, one in self.own.items()}


def has_its_own_parts(self: Any) -> None:
    object.__setattr__(self, "inside", {})


def learning_in_training_only(self: Any, mode: bool = True) -> Any:
    for one in self.parameters():
        one.requires_grad = mode
    return Mini.train(self, mode)


def frozen_for_good(self: Any) -> Any:
    for _, one in self.named_parameters():
        one.requires_grad = False
    return Mini.eval(self)


def found_last(self: Any, name: str) -> Any:
    """Called where Python finds no attribute of that name."""
    if name in self.own or name in self.inside:
        return {**self.own, **self.inside}[name]
    raise AttributeError(f"no {name}")


MINI_IDEAS: list[tuple[str, Any]] = [
    ("the old attribute read", mini(__setattr__=in_the_lists_only, __getattr__=found_last)),
    ("one list for all objects", mini(own={}, inside={}, training=True, __init__=lambda self: None)),
    ("one list for all objects", mini(own={}, training=True, __init__=has_its_own_parts)),
    ("names joined by another mark", renamed("_")),
    ("names joined by another mark", renamed("/")),
    ("lists looked into", mini(__setattr__=looks_into_lists)),
    ("parameters of its own only", mini(parameters=lambda self: [*self.own.values()])),
    ("state of its own only", mini(state_dict=own_state)),
    ("loaded into its own only", mini(load_state_dict=copied_into_its_own)),
    ("loaded with gradients on", mini(load_state_dict=copied_with_gradients)),
    ("registered, and no attribute any more", mini(__setattr__=in_the_lists_only)),
    ("begins in eval mode", mini(__init__=asleep)),
    ("modes freeze Parameters", mini(train=learning_in_training_only)),
    ("modes freeze Parameters", mini(eval=frozen_for_good)),
    ("the mode ignored", mini(train=always_true)),
    ("eval sets the wrong mode", mini(eval=lambda self: self.train(True))),
    ("train not passed on", mini(eval=just_this_one)),
    ("train returns nothing", mini(eval=silent)),
    ("state not detached", mini(state_dict=lambda self: {name: one.clone() for name, one in self.named_parameters()})),
    ("frozen parameters left out", mini(named_parameters=lambda self: [
        pair for pair in Mini.named_parameters(self) if pair[1].requires_grad])),
    ("frozen parameters left out", mini(parameters=lambda self: [
        one for _, one in self.named_parameters() if one.requires_grad])),
]  # fmt: skip
