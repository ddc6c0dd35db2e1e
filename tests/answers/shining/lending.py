"""Chapter 09, `call_with`: right answers of very different makes, and known misconceptions in other words."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

Tensors = Mapping[str, Tensor]


def ask(module: nn.Module, tensors: Tensors) -> None:
    names = {name for name, _ in [*module.named_parameters(), *module.named_buffers()]}
    if missing := [name for name in tensors if name not in names]:
        raise KeyError(missing[0])


@contextlib.contextmanager
def exchanged(module: nn.Module, tensors: Tensors) -> Iterator[nn.Module]:
    """An entry at a time, an ExitStack to put them back."""
    with contextlib.ExitStack() as stack:
        for name, tensor in tensors.items():
            *path, leaf = name.split(".")
            part = module.get_submodule(".".join(path))
            for home in (part._parameters, part._buffers):
                if leaf in home:
                    stack.callback(home.__setitem__, leaf, home[leaf])
                    home[leaf] = tensor
        yield module


def with_a_stack(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    ask(module, tensors)
    with exchanged(module, tensors) as lent:
        return lent(x)


def recursive(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    """Down the tree, level by level."""
    ask(module, tensors)
    undo: list[tuple[dict[str, Any], str, Any]] = []

    def go(part: nn.Module, prefix: str) -> None:
        for home in (part._parameters, part._buffers):
            for leaf in home:
                if prefix + leaf in tensors:
                    undo.append((home, leaf, home[leaf]))
                    home[leaf] = tensors[prefix + leaf]
        for name, child in part.named_children():
            go(child, f"{prefix}{name}.")

    try:
        go(module, "")
        return module(x)
    finally:
        while undo:
            home, leaf, own = undo.pop()
            home[leaf] = own


def whole_dictionaries(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    """New dictionaries in every part, the old ones back at the end."""
    ask(module, tensors)
    own = {part: (part._parameters, part._buffers) for part in module.modules()}
    try:
        for path, part in module.named_modules():
            front = f"{path}." if path else ""
            for home in ("_parameters", "_buffers"):
                lent = {leaf: tensors.get(front + leaf, one) for leaf, one in getattr(part, home).items()}
                part.__dict__[home] = lent
        return module(x)
    finally:
        for part, (parameters, buffers) in own.items():
            part.__dict__["_parameters"], part.__dict__["_buffers"] = parameters, buffers


def on_a_twin(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    """A copy whose entries are all exchanged: what is not lent is the module's own, not a copy of it."""
    ask(module, tensors)
    own = dict(module.named_parameters()) | dict(module.named_buffers())
    return copy.deepcopy(module, {id(own[name]): tensors.get(name, own[name]) for name in own})(x)


def on_a_twin_put_in(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    own = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    for name in tensors:
        own[name]  # raises a KeyError that names it
    twin = copy.deepcopy(module)
    for name, tensor in {**own, **tensors}.items():
        path, leaf = name.rsplit(".", 1) if "." in name else ("", name)
        part = twin.get_submodule(path)
        (part._parameters if leaf in part._parameters else part._buffers)[leaf] = tensor  # type: ignore[assignment]
    return twin(x)


def registered_anew(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    """Deleted and set as plain attributes; then everything is registered again, in its old order."""
    ask(module, tensors)
    before = [
        (part, dict(part._parameters), dict(part._buffers), set(part._non_persistent_buffers_set))
        for part in module.modules()
    ]
    try:
        for name, tensor in tensors.items():
            path, _, leaf = name.rpartition(".")
            part = module.get_submodule(path)
            delattr(part, leaf)
            part.__dict__[leaf] = tensor
        return module(x)
    finally:
        for part, parameters, buffers, unsaved in before:
            for name in [*parameters, *buffers]:
                part.__dict__.pop(name, None)
            part._parameters.clear()
            part._parameters.update(parameters)
            part._buffers.clear()
            part._buffers.update(buffers)
            part._non_persistent_buffers_set.clear()
            part._non_persistent_buffers_set.update(unsaved)


def by_torchs_accessor(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    from torch.nn.utils._named_member_accessor import NamedMemberAccessor

    ask(module, tensors)
    accessor = NamedMemberAccessor(module)
    own, _ = accessor.swap_tensors_dict(dict(tensors))
    try:
        return module(x)
    finally:
        accessor.swap_tensors_dict(own)


class Lender:
    """A callable object with a method for each step, its arguments by name."""

    def __call__(self, *, module: nn.Module, tensors: Tensors, x: Tensor, strict: bool = True) -> Any:
        places = [self.place(module, name) for name in tensors]
        own = [home[leaf] for home, leaf in places]
        for (home, leaf), tensor in zip(places, tensors.values(), strict=strict):
            home[leaf] = tensor
        try:
            out = module(x)
        except BaseException:
            self.back(places, own)
            raise
        self.back(places, own)
        return out

    @staticmethod
    def place(module: nn.Module, name: str) -> tuple[dict[str, Any], str]:
        for path, part in module.named_modules():
            for home in (part._parameters, part._buffers):
                for leaf in home:
                    if (f"{path}.{leaf}" if path else leaf) == name:
                        return home, leaf
        raise KeyError(f"no tensor is called {name!r}; did you misspell it?")

    @staticmethod
    def back(places: list[tuple[dict[str, Any], str]], own: list[Any]) -> None:
        for (home, leaf), one in zip(places, own, strict=True):
            home[leaf] = one


LENDING: list[Callable[..., Any]] = [
    with_a_stack,
    recursive,
    whole_dictionaries,
    on_a_twin,
    on_a_twin_put_in,
    registered_anew,
    by_torchs_accessor,
    Lender(),
]


def assigned(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    """Each value set by ``copy_``, and set back by ``copy_``."""
    ask(module, tensors)
    state = {name: one.clone() for name, one in module.state_dict().items()}
    own = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    kept = {name: one.detach().clone() for name, one in own.items()}
    for name, tensor in tensors.items():
        own[name].data.copy_(tensor.detach())
    try:
        return module(x)
    finally:
        for name, one in kept.items():
            own[name].data.copy_(one)
        assert set(state) <= set(kept)


def never_back(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    ask(module, tensors)
    for name, tensor in tensors.items():
        path, _, leaf = name.rpartition(".")
        part = module.get_submodule(path)
        home: dict[str, Any] = part._parameters if leaf in part._parameters else part._buffers
        home[leaf] = tensor
    return module(x)


def back_if_all_went_well(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    ask(module, tensors)
    stack = contextlib.ExitStack()
    for name, tensor in tensors.items():
        path, _, leaf = name.rpartition(".")
        part = module.get_submodule(path)
        home: dict[str, Any] = part._parameters if leaf in part._parameters else part._buffers
        stack.callback(home.__setitem__, leaf, home[leaf])
        home[leaf] = tensor
    out = module(x)
    stack.close()
    return out


def known_names_only(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    names = {name for name, _ in [*module.named_parameters(), *module.named_buffers()]}
    with exchanged(module, {name: one for name, one in tensors.items() if name in names}) as lent:
        return lent(x)


def without_history(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    ask(module, tensors)
    with exchanged(module, {name: one.data for name, one in tensors.items()}) as lent:
        return lent(x)


def forward_by_hand(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    ask(module, tensors)
    with exchanged(module, tensors) as lent:
        return lent.forward(x)


def parameters_only(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    ask(module, tensors)
    chosen = {name: one for name, one in tensors.items() if name in dict(module.named_parameters())}
    with exchanged(module, chosen) as lent:
        return lent(x)


def no_way_down(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    ask(module, tensors)
    top = {**module._parameters, **module._buffers}
    with exchanged(module, {name: one for name, one in tensors.items() if name in top}) as lent:
        return lent(x)


def a_fresh_copy(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    ask(module, tensors)
    with exchanged(copy.deepcopy(module), tensors) as lent:
        return lent(x)


def clones_lent(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    ask(module, tensors)
    with exchanged(module, {name: one + 0 for name, one in tensors.items()}) as lent:
        return lent(x)


def value_error(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    try:
        ask(module, tensors)
    except KeyError as error:
        raise ValueError(f"unknown name {error}") from None
    with exchanged(module, tensors) as lent:
        return lent(x)


def loaded_for_a_moment(module, tensors, x):
    kept = {name: one.clone() for name, one in module.state_dict().items()}
    module.load_state_dict(tensors, strict=False)
    out = module(x)
    module.load_state_dict(kept)
    return out


def there_and_back(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    ask(module, tensors)
    before = {name: one.clone() for name, one in module.state_dict().items()}
    module.load_state_dict(tensors, strict=False)
    try:
        return module(x)
    finally:
        module.load_state_dict(before)


def parameters_deleted(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    ask(module, tensors)
    for name, tensor in tensors.items():
        path, _, leaf = name.rpartition(".")
        part = module.get_submodule(path)
        if leaf in dict(part.named_parameters(recurse=False)):
            delattr(part, leaf)
        setattr(part, leaf, tensor)
    return module(x)


def set_as_parameters(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    """`nn.Module` takes nothing else in a Parameter's place."""
    before = {}
    for name, tensor in tensors.items():
        path, _, leaf = name.rpartition(".")
        part = module.get_submodule(path)
        before[name] = getattr(part, leaf)
        setattr(part, leaf, nn.Parameter(tensor) if isinstance(before[name], nn.Parameter) else tensor)
    out = module(x)
    for name, one in before.items():
        path, _, leaf = name.rpartition(".")
        setattr(module.get_submodule(path), leaf, one)
    return out


LENDING_WRONG: list[tuple[str, str, Any]] = [
    ("call_with", "values copied into the module", assigned),
    ("call_with", "not restored", never_back),
    ("call_with", "not restored after an error", back_if_all_went_well),
    ("call_with", "a typo ignored", known_names_only),
    ("call_with", "gradient cut", without_history),
    ("call_with", "gradient cut", lambda module, tensors, x: torch.no_grad()(with_a_stack)(module, tensors, x)),
    ("call_with", "forward called past the hooks", forward_by_hand),
    ("call_with", "buffers left out", parameters_only),
    ("call_with", "top level only", no_way_down),
    ("call_with", "no gradient for what is not lent", a_fresh_copy),
    ("call_with", "buffers updated in a copy", clones_lent),
    ("call_with", "another error than a KeyError", value_error),
    ("call_with", "values copied into the module", there_and_back),
    ("call_with", "values copied into the module", loaded_for_a_moment),
    ("call_with", "not restored", parameters_deleted),
    ("call_with", "gradient cut", set_as_parameters),
]
