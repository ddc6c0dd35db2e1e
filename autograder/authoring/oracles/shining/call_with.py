"""Chapter 09, `call_with`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.shining.lending import SPACE, lendings

__all__ = ["CALL_WITH"]

Tensors = Mapping[str, Tensor]
Answer = Callable[[nn.Module, Tensors, Tensor], Any]


def _known(module: nn.Module) -> dict[str, Tensor]:
    return dict(module.named_parameters()) | dict(module.named_buffers())


def _refuse(module: nn.Module, tensors: Tensors) -> None:
    for name in tensors:
        if name not in _known(module):
            raise KeyError(f"{name} is neither a parameter nor a buffer of this module")


def call_with(module: nn.Module, tensors: dict[str, Tensor], x: Tensor) -> Any:
    """Torch's own, once the names are known."""
    _refuse(module, tensors)
    return functional_call(module, tensors, (x,))


def _place(module: nn.Module, name: str) -> tuple[nn.Module, dict[str, Any], str]:
    path, _, leaf = name.rpartition(".")
    part = module.get_submodule(path)
    return part, part._parameters if leaf in part._parameters else part._buffers, leaf


def _lent(
    *,
    check: Callable[[nn.Module, Tensors], None] = _refuse,
    entry: Callable[[Tensor], Any] = lambda tensor: tensor,
    call: Callable[[nn.Module, Tensor], Any] = lambda module, x: module(x),
    back: bool = True,
    whatever_happens: bool = True,
    again: Callable[[nn.Module, dict[str, Any], str, Any], None] = lambda part, home, leaf, own: home.update(
        {leaf: own}
    ),
    chosen: Callable[[nn.Module, str], bool] = lambda module, name: True,
) -> Answer:
    """The right answer, with places to go wrong in."""

    def answer(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
        check(module, tensors)
        kept: list[tuple[nn.Module, dict[str, Any], str, Any]] = []

        def restore() -> None:
            for part, home, leaf, own in kept if back else ():
                again(part, home, leaf, own)

        try:
            for name, tensor in tensors.items():
                if name not in _known(module) or not chosen(module, name):
                    continue
                part, home, leaf = _place(module, name)
                kept.append((part, home, leaf, home[leaf]))
                home[leaf] = entry(tensor)
            out = call(module, x)
        except Exception:
            if whatever_happens:
                restore()
            raise
        restore()
        return out

    return answer


def _anything(module: nn.Module, tensors: Tensors) -> None:
    """No name is asked about."""


def _loaded(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    module.load_state_dict(dict(tensors), strict=False)
    return module(x)


def _write(tensor: Tensor, values: Tensor, seen: bool) -> None:
    """Into the module's own memory, where autograd sees it or, by way of ``.data``, does not."""
    with torch.no_grad():
        (tensor if seen else tensor.data).copy_(values)


def _copied(restored: bool, check: Callable[[nn.Module, Tensors], None] = _refuse, *, seen: bool = True) -> Answer:
    def answer(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
        check(module, tensors)
        own = {name: one.detach().clone() for name, one in _known(module).items()}
        try:
            for name, tensor in tensors.items():
                with suppress(KeyError):
                    _write(_known(module)[name], tensor, seen)
            return module(x)
        finally:
            for name, one in own.items() if restored else ():
                _write(_known(module)[name], one, seen)

    return answer


def _data_exchanged(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    _refuse(module, tensors)
    own = {name: _known(module)[name].data for name in tensors}
    try:
        for name, tensor in tensors.items():
            _known(module)[name].data = tensor.detach()
        return module(x)
    finally:
        for name, one in own.items():
            _known(module)[name].data = one


def _top_level_only(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    homes: dict[str, dict[str, Any]] = {name: home for home in (module._parameters, module._buffers) for name in home}
    own = {name: homes[name][name] for name in tensors if name in homes}
    try:
        for name in own:
            homes[name][name] = tensors[name]
        return module(x)
    finally:
        for name, one in own.items():
            homes[name][name] = one


def _registered_anew(part: nn.Module, home: dict[str, Any], leaf: str, own: Any) -> None:
    del home[leaf]
    home[leaf] = own


def _on_a_copy(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    _refuse(module, tensors)
    twin = copy.deepcopy(module)
    for name, tensor in tensors.items():
        _, home, leaf = _place(twin, name)
        home[leaf] = tensor
    return twin(x)


def _every_name(module: nn.Module, tensors: Tensors) -> None:
    _refuse(module, tensors)
    for name in _known(module):
        tensors[name]


def _only_parameters(module: nn.Module, tensors: Tensors) -> None:
    for name in tensors:
        if name not in dict(module.named_parameters()):
            raise KeyError(f"{name} is no parameter of this module")


def _only_saved(module: nn.Module, tensors: Tensors) -> None:
    for name in tensors:
        if name not in module.state_dict():
            raise KeyError(f"{name} is not in the state_dict")


def _asked_on_the_way(back: bool) -> Answer:
    """Each name is looked up when its turn comes: those before it are exchanged already."""

    def answer(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
        kept: list[tuple[dict[str, Any], str, Any]] = []
        for name, tensor in tensors.items():
            if name not in _known(module):
                raise KeyError(name)
            _, home, leaf = _place(module, name)
            kept.append((home, leaf, home[leaf]))
            home[leaf] = tensor
        try:
            return module(x)
        finally:
            for home, leaf, own in kept:
                home[leaf] = own

    return answer


def _half_a_name(module: nn.Module, tensors: Tensors) -> None:
    for name in tensors:
        if name not in _known(module):
            raise KeyError(name.rpartition(".")[2] if "." in name else "?")


def _another_error(kind: type[Exception]) -> Callable[[nn.Module, Tensors], None]:
    def check(module: nn.Module, tensors: Tensors) -> None:
        for name in tensors:
            if name not in _known(module):
                raise kind(f"{name} is neither a parameter nor a buffer of this module")

    return check


def _unasked(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    """No name is asked about: what get_submodule and the dicts raise comes out."""
    kept: list[tuple[dict[str, Any], str, Any]] = []
    try:
        for name, tensor in tensors.items():
            _, home, leaf = _place(module, name)
            kept.append((home, leaf, home[leaf]))
            home[leaf] = tensor
        return module(x)
    finally:
        for home, leaf, own in kept:
            home[leaf] = own


CALL_WITH = Oracle(
    "call_with",
    call_with,
    lendings,
    [
        Misconception(
            "values copied into the module",
            _loaded,
            _copied(restored=False),
            _copied(restored=True),
            _copied(restored=True, seen=False),
            _copied(restored=True, check=_anything),
            _data_exchanged,
            says="A copy takes the numbers and leaves their history behind: no gradient reaches your tensors. "
            "The tensor itself has to stand where the module looks for it.",
        ),
        Misconception(
            "not restored",
            _lent(back=False),
            _lent(back=False, check=_anything),
            says="Your tensors are still in the module afterwards, and its own Parameters are gone. Keep what was there, "
            "and put it back when the module has run.",
        ),
        Misconception(
            "not restored after an error",
            _lent(whatever_happens=False),
            _lent(whatever_happens=False, check=_anything),
            says="When the module raises an error, the lines after the call never run. try … finally puts everything back, "
            "whatever happens.",
        ),
        Misconception(
            "top level only",
            _top_level_only,
            _lent(chosen=lambda module, name: "." not in name),
            says="A name such as fc.weight has a way in it: first the submodule fc, then weight in there.",
        ),
        Misconception(
            "a typo ignored",
            _lent(check=_anything),
            says="A name that the module does not have is a mistake, and nobody hears of it: the module uses its own tensor. "
            "Raise a KeyError that names it.",
        ),
        Misconception(
            "gradient cut",
            _lent(entry=Tensor.detach),
            _lent(entry=Tensor.detach, check=_anything),
            _lent(entry=lambda one: nn.Parameter(one, requires_grad=one.is_floating_point())),
            _lent(entry=lambda one: nn.Parameter(one, requires_grad=one.is_floating_point()), check=_anything),
            _lent(call=torch.no_grad()(lambda module, x: module(x))),
            says="nn.Parameter(tensor), detach, .data and no_grad cut the graph: the module has your numbers, but no gradient "
            "comes back to your tensors.",
        ),
        Misconception(
            "put back in another order",
            _lent(again=_registered_anew),
            says="What is deleted and set again stands at the end of its dictionary: parameters() gives another order then, "
            "and an optimiser's state goes to the wrong ones. Exchange the entry without deleting it.",
        ),
        Misconception(
            "forward called past the hooks",
            _lent(call=lambda module, x: module.forward(x)),
            says="module.forward(x) goes past the module's hooks. module(x) is what was asked for.",
        ),
        Misconception(
            "buffers left out",
            _lent(check=_only_parameters),
            _lent(chosen=lambda module, name: name in dict(module.named_parameters())),
            says="A module has buffers, too, and the dictionary may hold them: module.named_buffers() has their names.",
        ),
        Misconception(
            "only what is saved",
            _lent(check=_only_saved),
            says="A state_dict misses buffers that are not persistent. named_parameters() and named_buffers() have every name.",
        ),
        Misconception(
            "buffers updated in a copy",
            _lent(entry=lambda one: one if one.requires_grad else one.clone()),
            _lent(entry=Tensor.clone),
            says="Batch norm writes its new statistics into the tensor that it finds. With a clone, the dictionary's own never "
            "hears of them.",
        ),
        Misconception(
            "a copy of the module runs",
            _on_a_copy,
            says="deepcopy makes new Parameters: of those that you do not lend, the gradient goes to the copy's and never to the "
            "module's own.",
        ),
        Misconception(
            "every name asked for",
            _lent(check=_every_name),
            says="Names may be left out. Then the module's own tensor is used.",
        ),
        Misconception(
            "asked too late",
            _asked_on_the_way(back=False),
            says="The unknown name is found when others are exchanged already, and those stay. Ask about all names first.",
        ),
        Misconception(
            "half a name",
            _lent(check=_half_a_name),
            says="The KeyError has to say the whole dotted name: a model may have a weight in a hundred places.",
        ),
        Misconception(
            "another error than a KeyError",
            _lent(check=_another_error(ValueError)),
            _lent(check=_another_error(AttributeError)),
            _lent(check=_another_error(RuntimeError)),
            says="A name that is not there is a KeyError, as in a dictionary.",
        ),
        Misconception(
            "names never asked about",
            _unasked,
            says="get_submodule raises an AttributeError, and a dictionary names only its own part. Ask about all names "
            "first, and raise a KeyError that says the whole name.",
        ),
    ],
    space=SPACE,
)
