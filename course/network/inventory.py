"""Every tensor that a module, or a dictionary, holds: what it is, who registered it, who saves and who steps it.

Here real objects are read; what comes out is plain data, which `course.network.problems` and the pictures look at.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from course.network.memory import memory_of

__all__ = ["Home", "Inventory", "Owner", "Stray", "take"]

_OF_EVERY_MODULE = frozenset(vars(nn.Module()))  # what nn.Module itself keeps: hooks, dictionaries, the mode
_GROUPS = "param_groups"


@dataclass(frozen=True)
class Facts:
    """What a tensor says of itself. ``shape`` is ``None`` for a lazy parameter, which has none yet."""

    shape: tuple[int, ...] | None
    dtype: str
    device: str
    leaf: bool
    requires_grad: bool

    @property
    def numel(self) -> int:
        """How many numbers the tensor holds; 0 where it has no shape yet."""
        return 0 if self.shape is None else prod(self.shape)


@dataclass(frozen=True)
class Home(Facts):
    """One tensor and where it lives: its path, the module that holds it, and what that means.

    ``also`` are further names of the very same tensor, ``shares`` the names of *other* tensors in its block of memory.
    ``registered`` is ``"parameter"``, ``"buffer"`` or ``"nothing"``; ``saved`` says whether ``state_dict()`` has it, and
    ``group`` in which of the optimizer's groups it is held (``None``: in none).
    """

    name: str
    owner: str
    registered: str
    saved: bool
    also: tuple[str, ...] = ()
    group: int | None = None
    shares: tuple[str, ...] = ()

    @property
    def attribute(self) -> str:
        """The name inside of its owner: ``weight`` of ``fc.weight``."""
        return self.name.removeprefix(f"{self.owner}.") if self.owner else self.name


@dataclass(frozen=True)
class Stray(Facts):
    """A tensor that the optimizer holds at ``place`` of ``group``, and the model does not. ``shares`` as in `Home`."""

    group: int
    place: int
    shares: tuple[str, ...] = ()


@dataclass(frozen=True)
class Owner:
    """A module on the way to a tensor: its path (``""`` is the whole), its class, and whether it is registered."""

    path: str
    kind: str
    registered: bool = True


@dataclass(frozen=True)
class Inventory:
    """All tensors of ``kind`` (a class's name, or ``"dict"``), in the order of registration.

    ``optimizer`` is the class of the optimizer, or ``""`` where none was given; ``strays`` are what only it holds.
    """

    kind: str
    is_module: bool
    homes: tuple[Home, ...]
    owners: tuple[Owner, ...]
    optimizer: str = ""
    strays: tuple[Stray, ...] = ()

    def __getitem__(self, name: str) -> Home:
        """The tensor called ``name``, under any of its names. Raises ``KeyError`` with the names that there are."""
        for home in self.homes:
            if name == home.name or name in home.also:
                return home
        known = ", ".join(home.name for home in self.homes) or "none"
        raise KeyError(f"no tensor is called {name!r}; there are {known}")


@dataclass(frozen=True)
class _Found:
    """A tensor met on the way, under one of its names."""

    tensor: Tensor
    name: str
    owner: str
    registered: str


def take(source: nn.Module | Mapping[str, object], optimizer: Any = None) -> Inventory:
    """The inventory of a module or of a dictionary of tensors, and of what ``optimizer`` holds of it.

    Raises ``TypeError`` when ``source`` is neither, or ``optimizer`` has no ``param_groups``.

    >>> layer = nn.Linear(2, 3)
    >>> layer.seen = Tensor([0.0])
    >>> [(one.name, one.registered, one.saved) for one in take(layer).homes]
    [('weight', 'parameter', True), ('bias', 'parameter', True), ('seen', 'nothing', False)]
    """
    if isinstance(source, nn.Module):
        walk = _Walk()
        walk.module(source, "", True, ())
        found, owners = walk.found, tuple(walk.owners)
        saved = {id(value) for value in source.state_dict(keep_vars=True).values() if isinstance(value, Tensor)}
    elif isinstance(source, Mapping):
        found = list(_of_dictionary(source))
        owners, saved = (Owner("", "dict"),), set()
    else:
        hint = "; call the class to make one" if isinstance(source, type) else ""
        raise TypeError(f"this takes an nn.Module or a dictionary, name to tensor; got {type(source).__name__}{hint}")
    held = _held(optimizer)
    tensors = _by_tensor(found)
    known = {id(same[0].tensor) for same in tensors}
    blocks = [(same[0].name, memory_of(same[0].tensor)) for same in tensors]
    places = {id(tensor): (group, place) for tensor, group, place in held}
    return Inventory(
        kind=type(source).__name__,
        is_module=isinstance(source, nn.Module),
        homes=tuple(_home(same, saved, places, blocks) for same in tensors),
        owners=owners,
        optimizer="" if optimizer is None else type(optimizer).__name__,
        strays=tuple(
            Stray(**_facts(tensor), group=group, place=place, shares=_sharing(tensor, "", blocks))
            for tensor, group, place in held
            if id(tensor) not in known
        ),
    )


class _Walk:
    """Goes through a module, its registered tensors first, and through what lies in its other attributes."""

    def __init__(self) -> None:
        self.found: list[_Found] = []
        self.owners: list[Owner] = []

    def module(self, module: nn.Module, path: str, registered: bool, above: tuple[int, ...]) -> None:
        if id(module) in above:  # a module that holds itself has no end
            return
        above = (*above, id(module))
        self.owners.append(Owner(path, type(module).__name__, registered))
        own = [("parameter", name, value) for name, value in module._parameters.items()]
        for kind, name, tensor in own + [("buffer", name, value) for name, value in module._buffers.items()]:
            if tensor is not None:
                self.found.append(_Found(tensor, _join(path, name), path, kind if registered else "nothing"))
        for name, value in vars(module).items():
            if name not in _OF_EVERY_MODULE:
                self.plain(value, _join(path, name), path, above)
        for name, child in module._modules.items():
            if child is not None:
                self.module(child, _join(path, name), registered, above)

    def plain(self, value: object, name: str, owner: str, above: tuple[int, ...]) -> None:
        """What an ordinary attribute holds: nobody has registered any of it."""
        if isinstance(value, Tensor):
            self.found.append(_Found(value, name, owner, "nothing"))
        elif isinstance(value, nn.Module):
            self.module(value, name, False, above)
        elif id(value) not in above:
            for key, item in _items(value):
                self.plain(item, _join(name, str(key)), owner, (*above, id(value)))


def _items(value: object) -> list[tuple[object, object]]:
    """What a dictionary, list or tuple holds, with the key of each; anything else holds nothing for us."""
    if isinstance(value, Mapping):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list | tuple | deque) else []


def _of_dictionary(source: Mapping[str, object]) -> Iterator[_Found]:
    for name, value in source.items():
        if isinstance(value, Tensor):
            yield _Found(value, str(name), "", "nothing")


def _held(optimizer: Any) -> list[tuple[Tensor, int, int]]:
    """Each tensor of the optimizer with its group and its place there."""
    if optimizer is None:
        return []
    if not hasattr(optimizer, _GROUPS):
        raise TypeError(f"an optimizer has {_GROUPS}, such as torch.optim.SGD; got {type(optimizer).__name__}")
    return [
        (tensor, number, place)
        for number, group in enumerate(getattr(optimizer, _GROUPS))
        for place, tensor in enumerate(group["params"])
    ]


def _by_tensor(found: list[_Found]) -> list[list[_Found]]:
    """What was met, one list a tensor. Where one of its names is registered, the others are left out."""
    groups: dict[int, list[_Found]] = {}
    for one in found:
        groups.setdefault(id(one.tensor), []).append(one)
    chosen = {key: [one for one in same if one.registered != "nothing"] or same for key, same in groups.items()}
    return [chosen[id(one.tensor)] for one in found if chosen[id(one.tensor)][0] is one]


def _home(
    same: list[_Found],
    saved: set[int],
    places: Mapping[int, tuple[int, int]],
    blocks: list[tuple[str, Any]],
) -> Home:
    first = same[0]
    return Home(
        **_facts(first.tensor),
        name=first.name,
        owner=first.owner,
        registered=first.registered,
        saved=id(first.tensor) in saved,
        also=tuple(dict.fromkeys(one.name for one in same[1:] if one.name != first.name)),
        group=places[id(first.tensor)][0] if id(first.tensor) in places else None,
        shares=_sharing(first.tensor, first.name, blocks),
    )


def _facts(tensor: Tensor) -> dict[str, Any]:
    return {
        "shape": None if is_lazy(tensor) else tuple(tensor.shape),
        "dtype": str(tensor.dtype).removeprefix("torch."),
        "device": str(tensor.device),
        "leaf": tensor.is_leaf,
        "requires_grad": tensor.requires_grad,
    }


def _sharing(tensor: Tensor, name: str, blocks: list[tuple[str, Any]]) -> tuple[str, ...]:
    mine = memory_of(tensor)
    return tuple(other for other, block in blocks if mine is not None and block == mine and other != name)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
