"""`mini_module`: trees of objects of a class that derives from the answer, as a case describes them in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, nn

from autograder.observing.case import Case
from autograder.observing.observe import observe

__all__ = ["mini_observations"]

Entries = Sequence[tuple[str, Sequence[Any]]]


def mini_observations(answer: Any, case: Case) -> dict[str, Any]:
    """Build the tree that the case describes and observe what the case asks of it."""
    if not isinstance(answer, type):
        answer = answer()  # a function that makes the class is as good
    if not isinstance(answer, type):
        return observe(values="not a class", replacing="not a class", saving="not a class", modes="not a class")
    case.watch.look_at(answer)
    _look_for_borrowed(answer, case)
    with case.watch:
        root = _tree(answer, case["entries"])
        _tree(answer, (("another", ("parameter", torch.zeros(1))),))  # a tree of its own, which no other may notice
        if _is_born_with_some(answer):
            return observe(**{case["aspect"]: "a new object has what others were given"})
        seen = _ASPECTS[case["aspect"]](root, case)
    for part in _held(root):
        case.watch.look_at(part)
    return observe(**{case["aspect"]: seen})


def _is_born_with_some(answer: type) -> bool:
    """Whether an object to which nobody has assigned anything names parameters, or itself among its own children."""
    try:
        return any(True for _ in _tree(answer, ()).named_parameters())  # one is enough: there may be no end to them
    except Exception as error:  # what else an answer raises is told where it is asked
        return isinstance(error, RecursionError)


def _look_for_borrowed(answer: type, case: Case) -> None:
    """A method that is nn.Module's own is nn.Module's, whatever class it stands in."""
    for kind in answer.__mro__:
        if any(getattr(one, "__module__", "") == nn.Module.__module__ for one in vars(kind).values()):
            case.watch.look_at(nn.Module)


def _held(root: Any) -> Iterator[nn.Module]:
    for value in vars(root).values():
        for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]:
            if isinstance(one, nn.Module):
                yield one


def _tree(answer: type, entries: Entries) -> Any:
    """An object whose attributes are assigned in ``__init__``, the last one from outside."""

    class Part(answer):
        def __init__(self, entries: Entries) -> None:
            super().__init__()
            for name, item in entries:
                setattr(self, name, _made(answer, item))

    root = Part(entries[:-1])
    for name, item in entries[-1:]:
        setattr(root, name, _made(answer, item))
    return root


def _made(answer: type, item: Sequence[Any]) -> Any:
    match item:
        case ["parameter", values]:
            return nn.Parameter(values.clone())
        case ["frozen", values]:
            return nn.Parameter(values.clone(), requires_grad=False)
        case ["child", entries]:
            return _tree(answer, entries)
        case ["tensor", values]:
            return values.clone()
        case ["asking", values]:
            return values.clone().requires_grad_()
        case ["scaled", values]:
            return nn.Parameter(values.clone()) * 2
        case ["list", values]:
            return [nn.Parameter(values.clone()), _tree(answer, (("weight", ("parameter", values)),))]
        case ["value", value]:
            return value
    raise ValueError(f"no attribute is called {item[0]!r}")


def _names(root: Any, case: Case) -> dict[str, Any]:
    """Names and numbers in order, whether the Parameters are the ones assigned, and what attributes read."""
    pairs = list(root.named_parameters())
    parameters = list(root.parameters())
    return {
        "named_parameters": [
            (name, one.tolist() if isinstance(one, Tensor) else type(one).__name__) for name, one in pairs
        ],
        "parameters": _same(parameters, [one for _, one in pairs]),
        "attributes": _same([attrgetter(name)(root) for name, _ in pairs], [one for _, one in pairs]),
        "kinds": [type(one).__name__ for one in parameters],
        "read": {name: type(attrgetter(name)(root)).__name__ for name in case.get("read", ())},
        "assigned last": _assigned(root),
    }


def _assigned(root: Any) -> str:
    """Whether a Parameter that is assigned from outside is itself among the attributes and the parameters."""
    root.last = parameter = nn.Parameter(torch.zeros(2))
    listed = sum(one is parameter for one in root.parameters())
    return f"read as {'itself' if root.last is parameter else 'another'}, listed {listed} times"


def _same(some: Sequence[Any], others: Sequence[Any]) -> str:
    same = len(some) == len(others) and all(one is other for one, other in zip(some, others, strict=True))
    return "the same objects" if same else "other objects"


def _replaced(root: Any, case: Case) -> dict[str, Any]:
    """The same after something else has been put in the place of entries; names in any order."""
    old = {path: attrgetter(path)(root) for path, _ in case["puts"]}
    put = {}
    for path, item in case["puts"]:
        owner, _, name = path.rpartition(".")
        put[path] = _made(_base(root), item)
        setattr(attrgetter(owner)(root) if owner else root, name, put[path])
    root.eval()
    return {
        "named_parameters": sorted(name for name, _ in root.named_parameters()),
        "state_dict": sorted(root.state_dict()),
        "attributes": {
            path: "as put" if attrgetter(path)(root) is one else "something else" for path, one in put.items()
        },
        "taken out": {path: one.training for path, one in old.items() if hasattr(one, "training")},
    }


def _base(root: Any) -> type:
    return type(root).__mro__[1]


def _saved(root: Any, case: Case) -> dict[str, Any]:
    """The state as it is given, then numbers loaded into the Parameters that are there."""
    before = [one for _, one in root.named_parameters()]
    asking = [one.requires_grad for one in before]
    for one in before:
        one.grad = torch.ones_like(one)
    marks = [one.grad for one in before]
    state = root.state_dict()
    given = _state(state)
    new = dict(case["load"])
    handed = dict(new)
    root.load_state_dict(new)
    alike = new.keys() == handed.keys() and all(new[name] is one for name, one in handed.items())
    after = [one for _, one in root.named_parameters()]
    again = _state(root.state_dict())
    for value in handed.values():
        value.add_(1)  # what was loaded is copied
    return {
        "state_dict": given,
        "loaded": {name: one.detach().clone() for name, one in root.named_parameters()},
        "state_dict afterwards": again,
        "parameters": _same(after, before),
        "requires_grad": "as it was" if [one.requires_grad for one in after] == asking else "changed",
        "grad": _same([one.grad for one in after], marks),
        "the state that was loaded": "as it was" if alike else "changed",
    }


def _state(state: Any) -> Any:
    if not isinstance(state, Mapping):
        return type(state).__name__
    return {
        name: {"numbers": one.detach().clone(), "detached": not one.requires_grad} if isinstance(one, Tensor) else one
        for name, one in sorted(state.items())
    }


def _modes(root: Any, case: Case) -> dict[str, Any]:
    """The flag of every part after each call, and what the call returned; at the end, which Parameters ask for gradients."""
    found: dict[str, Any] = {"at first": _flags(root, case)}
    own = list(_leaves(root, case["entries"]))
    asking = [one.requires_grad for one in own]
    for number, (said, method, positional, named) in enumerate(case["calls"], 1):
        returned = getattr(root, method)(*positional, **named)
        said = f"{number}: {said}"
        found[said] = _flags(root, case) | {"returned": "itself" if returned is root else type(returned).__name__}
    found["requires_grad"] = "as it was" if [one.requires_grad for one in own] == asking else "changed"
    return found


def _leaves(root: Any, entries: Entries) -> Iterator[nn.Parameter]:
    """The Parameters that were assigned, read as attributes: who names them otherwise has them all the same."""
    for name, (kind, *rest) in entries:
        if kind == "child":
            yield from _leaves(getattr(root, name), rest[0])
        elif kind in ("parameter", "frozen"):
            yield getattr(root, name)


def _flags(root: Any, case: Case) -> dict[str, Any]:
    return {path or "itself": (attrgetter(path)(root) if path else root).training for path in case["parts"]}


_ASPECTS = {"values": _names, "replacing": _replaced, "saving": _saved, "modes": _modes}
