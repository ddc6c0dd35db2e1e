"""What an answer has to leave alone: the tensors and modules that it is given, and torch's own settings.

Looked at before each call and after it. What has changed is noted by name, and is nobody's word but ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from autograder.observing.patches import put_back
from autograder.observing.world import WORLD

__all__ = ["Earlier", "Look", "Noted", "look", "running"]

# By aspect, then by the name of what was given: what is no longer as it was.
Noted = dict[str, dict[str, tuple[str, ...]]]
Look = Callable[[], Noted]

_HOOKS = tuple(name for name in vars(nn.Module()) if name.endswith("hooks"))


def look(given: Mapping[str, Any]) -> Look:
    """Remember what is ``given``, by name; the function returned says what is no longer so.

    Tensors (also in dicts and sequences) count for the aspect *memory*, modules for *state*.

    >>> x, layer = torch.ones(2), nn.Linear(2, 1)
    >>> changed = look({"x": x, "layer": layer})
    >>> _ = x.mul_(2), layer.eval(), layer.weight.requires_grad_(False)
    >>> changed()
    {'memory': {'x': ('its numbers',)}, 'state': {'layer': ('its mode', 'requires_grad of weight')}}
    """
    looks = [
        (aspect, name, _tensor(value) if isinstance(value, Tensor) else _module(value) if aspect == "state" else value)
        for aspect, name, value in _parts(given)
    ]

    def changed() -> Noted:
        noted: Noted = {}
        for aspect, name, changes in looks:
            if found := tuple(changes()):
                noted.setdefault(aspect, {})[name] = found
        return noted

    return changed


def _parts(given: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for name, value in given.items():
        match value:
            case Tensor():
                yield "memory", name, value
            case nn.Module():
                yield "state", name, value
            case dict() | list():
                yield "memory", name, _holder(value)
                yield from _parts(_items(name, value))
            case tuple():
                yield from _parts(_items(name, value))


def _items(name: str, value: Any) -> dict[str, Any]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return {f"{name}[{key!r}]": item for key, item in items}


def _holder(value: dict[Any, Any] | list[Any]) -> Callable[[], Iterator[str]]:
    """A dict or list: the same objects in the same places."""

    def now() -> list[Any]:
        return [*value.items()] if isinstance(value, dict) else [*enumerate(value)]

    before = now()

    def changes() -> Iterator[str]:
        after = now()
        same = len(before) == len(after) and all(
            key == other and one is another for (key, one), (other, another) in zip(before, after, strict=True)
        )
        if not same:
            yield "what it holds"

    return changes


def _tensor(value: Tensor, back: bool = False) -> Callable[..., Iterator[str]]:
    """What is seen of one tensor, numbers first. Those of a module may be changed in between and put ``back``.

    Of another that stands in its place, which is told by itself, the numbers are seen.
    """
    numbers = value.detach().clone()
    before = _form(value)
    grad = None if before.grad is None else before.grad.detach().clone()

    def changes(there: Tensor = value) -> Iterator[str]:
        after = _form(there)
        if after.size != before.size or after.dtype != before.dtype:
            yield "its shape or dtype"
        elif not _same(numbers, there.detach()):
            yield "its numbers"
        elif after.version != before.version and after.place == before.place and not back and there is value:
            yield "its numbers, which were written to and written back"
        if there is not value:
            return
        if (after.stride, after.place) != (before.stride, before.place):
            yield "where it lies in memory"
        if after.requires_grad != before.requires_grad:
            yield "requires_grad"
        if not _same_gradient(grad, after.grad):
            yield ".grad"
        if after.hooks != before.hooks:
            yield "its hooks"

    return changes


class _Form(NamedTuple):
    """All of a tensor but its numbers."""

    size: torch.Size
    dtype: torch.dtype
    stride: tuple[int, ...]
    place: int
    requires_grad: bool
    grad: Tensor | None
    hooks: tuple[int, ...]
    version: int


def _form(value: Tensor) -> _Form:
    grad = value.grad if value.is_leaf else None
    hooks = (*(value._backward_hooks or ()), *(getattr(value, "_post_accumulate_grad_hooks", None) or ()))
    version = 0 if value.is_inference() else value._version
    return _Form(value.size(), value.dtype, value.stride(), value.data_ptr(), value.requires_grad, grad, hooks, version)


def _same(one: Tensor, other: Any) -> bool:
    """The same numbers, bit by bit but for NaN; on a device that holds none, whatever they are."""
    if one.is_meta or torch.equal(one, other):
        return True
    return one.shape == other.shape and bool(((one == other) | ((one != one) & (other != other))).all())


def _same_gradient(before: Tensor | None, after: Tensor | None) -> bool:
    """By its numbers: who puts back a copy of what was there has put it back."""
    return after is before if before is None or after is None else _same(before, after)


def _module(value: nn.Module) -> Callable[[], Iterator[str]]:
    """What is seen of a module and of all its parts."""
    parts = dict(value.named_modules())
    before = {path: _Part(part) for path, part in parts.items()}
    tensors = {name: _tensor(one, back=True) for name, one in _named_tensors(parts, "_parameters", "_buffers")}
    kinds = dict.fromkeys(kind for part in parts.values() for kind in type(part).__mro__[:-1])
    classes = {kind: dict(vars(kind)) for kind in kinds}

    def changes() -> Iterator[str]:
        for path, part in parts.items():
            yield from (f"{what}{path and ' of '}{path}" for what in before[path].changes(part))
        there = dict(_named_tensors(parts, "_buffers"))
        for name, tensor in tensors.items():
            found = tensor(there[name]) if name in there else tensor()
            yield from (f"{what.removeprefix('its ')} of {name}" for what in found)
        # What was patched there would answer for every other module of the class.
        for kind, names in classes.items():
            if put_back(kind, names):
                yield f"the class {kind.__name__}"

    return changes


def running(model: nn.Module) -> Look:
    """Remember how an answer's own ``model`` stands before its forward; the function returned says what is no longer so.

    That is the mode of each part, the gradients that the parameters have by then, ones until the function is called, and
    torch's gradient mode, which is put back.

    >>> layer = nn.Linear(2, 1)
    >>> changed = running(layer)
    >>> layer.eval().zero_grad()
    >>> changed(), layer.weight.grad
    ({'state': {'the model': ('its mode', '.grad of weight', '.grad of bias')}}, None)
    """
    enabled = torch.is_grad_enabled()
    modes = [(path, part, part.training) for path, part in model.named_modules()]
    without = {
        name: one
        for name, one in model.named_parameters()
        if one.requires_grad and one.grad is None and not nn.parameter.is_lazy(one)
    }
    for one in without.values():
        one.grad = torch.ones_like(one)

    def changed() -> Noted:
        found = [f"its mode{path and ' of '}{path}" for path, part, mode in modes if part.training != mode]
        found += [f".grad of {name}" for name, one in without.items() if one.grad is None or (one.grad != 1).any()]
        noted = {"the model": tuple(found)} if found else {}
        if torch.is_grad_enabled() != enabled:
            noted[WORLD] = ("the grad mode",)
        torch.set_grad_enabled(enabled)
        for one in without.values():
            one.grad = None
        return {"state": noted} if noted else {}

    return changed


def _named_tensors(parts: Mapping[str, nn.Module], *homes: str) -> Iterator[tuple[str, Tensor]]:
    """Every parameter of the parts, then every buffer, each once: as torch names them, without walking through the parts again."""
    for home in homes:
        seen: set[int] = set()
        for path, part in parts.items():
            for name, one in vars(part)[home].items():
                if one is not None and id(one) not in seen:
                    seen.add(id(one))
                    yield f"{path}{path and '.'}{name}", one


class _Part:
    """One part of a module: its mode, its class, and which objects are registered under which name."""

    def __init__(self, part: nn.Module) -> None:
        self.mode = part.training
        self.kind = type(part)
        self.names = {
            name: value for name, value in vars(part).items() if name == "forward" or not name.startswith("_")
        }
        self.held = {kind: dict(vars(part)[kind]) for kind in ("_parameters", "_buffers", "_modules")}
        self.hooks = {name: tuple(vars(part).get(name) or ()) for name in _HOOKS}

    def changes(self, part: nn.Module) -> Iterator[str]:
        now = _Part(part)
        if now.mode != self.mode:
            yield "its mode"
        if now.kind is not self.kind:
            yield "its class"
        if set(now.names) != set(self.names) or now.names.get("forward") is not self.names.get("forward"):
            yield "its attributes"
        for kind, held in self.held.items():
            found = now.held[kind]
            if list(found) != list(held) or any(found[name] is not held[name] for name in held):
                yield f"its {kind[1:]}"
        if now.hooks != self.hooks:
            yield "its hooks"


@dataclass
class Earlier:
    """The results of earlier calls, kept so that their memory is nobody else's."""

    memories: dict[int, torch.UntypedStorage] = field(default_factory=dict)
    modules: dict[int, nn.Module] = field(default_factory=dict)

    def shared_by(self, result: Any, given: Mapping[str, Any]) -> Noted:
        """What a new ``result`` shares with an earlier one. Memory that was ``given`` to this call is the caller's.

        >>> once, earlier = torch.zeros(2), Earlier()
        >>> earlier.shared_by(once, {}), earlier.shared_by(once.view(2, 1), {})
        ({}, {'memory': {'the result': ('its memory, which an earlier result has too',)}})
        """
        # A storage, not its tensor: a tensor may come to lie elsewhere, and its place be taken by somebody else.
        mine = dict(_memories(result))
        for where, _ in _memories(given) if mine else ():
            mine.pop(where, None)
        modules = {id(one): one for one in _modules(result)}
        for other in _modules(given) if modules else ():
            modules.pop(id(other), None)
        noted: Noted = {}
        if modules.keys() & self.modules.keys():
            noted["state"] = {"the result": ("it is the very object that an earlier call gave",)}
        elif mine.keys() & self.memories.keys():
            noted["memory"] = {"the result": ("its memory, which an earlier result has too",)}
        self.memories.update(mine)
        self.modules.update(modules)
        return noted


def _memories(value: Any) -> Iterator[tuple[int, torch.UntypedStorage]]:
    """The memory of every tensor in ``value`` by its address; a tensor without elements has none."""
    for one in _tensors(value):
        if not nn.parameter.is_lazy(one) and one.layout is torch.strided and not one.is_meta and one.numel():
            storage = one.untyped_storage()
            yield storage.data_ptr(), storage


def _tensors(value: Any) -> Iterator[Tensor]:
    match value:
        case Tensor():
            yield value
        case nn.Module():
            yield from (*value.parameters(), *value.buffers())
        case dict():
            for item in value.values():
                yield from _tensors(item)
        case list() | tuple():
            for item in value:
                yield from _tensors(item)


def _modules(value: Any) -> Iterator[nn.Module]:
    match value:
        case nn.Module():
            yield value
        case dict():
            for item in value.values():
                yield from _modules(item)
        case list() | tuple():
            for item in value:
                yield from _modules(item)
