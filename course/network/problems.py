"""What is odd about where tensors live, by name: stale in the optimizer, registered by nobody, tied."""

from __future__ import annotations

from dataclasses import dataclass

from course.network.inventory import Home, Inventory, Stray
from course.network.marks import shape_text

__all__ = ["Problem", "problems"]


@dataclass(frozen=True)
class Problem:
    """One thing to look at: its ``kind``, the ``names`` of the tensors it is about, and a sentence that says it.

    Kinds are ``"stale"``, ``"not stepped"``, ``"not registered"``, ``"tied"`` and ``"no leaf"``.
    """

    kind: str
    names: tuple[str, ...]
    words: str


def problems(inventory: Inventory) -> tuple[Problem, ...]:
    """What to look at, the most pressing first. Nothing of it has to be a mistake: tying, for one, is often meant.

    >>> from torch import nn
    >>> from course.network.inventory import take
    >>> layer = nn.Linear(2, 3)
    >>> layer.more = [nn.Linear(3, 3)]
    >>> [(one.kind, one.names) for one in problems(take(layer))]
    [('not registered', ('more.0.weight', 'more.0.bias'))]
    """
    found = [_stale(stray) for stray in inventory.strays]
    found += [_not_stepped(home) for home in inventory.homes if _should_step(home, inventory)]
    if inventory.is_module:
        found += _not_registered(inventory)
    found += [_no_leaf(home) for home in inventory.homes if _lost_gradient(home, inventory)]
    found += [_tied(home, inventory) for home in inventory.homes if _is_tied(home, inventory)]
    return tuple(found)


def _stale(stray: Stray) -> Problem:
    where = f"place {stray.place} of group {stray.group}"
    what = f"{stray.dtype} {'without a shape' if stray.shape is None else shape_text(stray.shape)}"
    words = f"The optimiser holds a tensor, {what}, at {where}, that is not here: a step on it changes nothing here."
    if stray.shares:
        words = (
            f"The optimiser holds a tensor, {what}, at {where}, that is not here but lies in the memory of "
            f"{_list(stray.shares)}. It is another object, with a .grad of its own."
        )
    return Problem("stale", stray.shares, words)


def _should_step(home: Home, inventory: Inventory) -> bool:
    learned = home.registered == "parameter" or not inventory.is_module
    return bool(inventory.optimizer) and home.group is None and learned and home.leaf and home.requires_grad


def _not_stepped(home: Home) -> Problem:
    words = f"{home.name} asks for gradients, and the optimiser does not hold it: no step looks at its .grad."
    return Problem("not stepped", (home.name,), words)


def _not_registered(inventory: Inventory) -> list[Problem]:
    """One problem for a tensor that lies about, one for all tensors of a module that does."""
    found = []
    unregistered = {owner.path for owner in inventory.owners if not owner.registered}
    lonely = [home for home in inventory.homes if home.registered == "nothing"]
    for home in lonely:
        if home.owner not in unregistered:
            words = f"{home.name} is a tensor that nobody registered: {_passed_by((home,))}"
            if home.requires_grad and not home.leaf:
                words += " It is a result, not a leaf."
            found.append(Problem("not registered", (home.name,), words))
    for owner in inventory.owners:
        inside = tuple(home for home in lonely if home.owner == owner.path)
        if not owner.registered and inside:
            what = _list(tuple(home.attribute for home in inside))
            words = f"{owner.path} is a module that nobody registered. With its {what}: {_passed_by(inside)}"
            found.append(Problem("not registered", tuple(home.name for home in inside), words))
    return found


def _passed_by(homes: tuple[Home, ...]) -> str:
    pronoun = "it" if len(homes) == 1 else "them"
    missing = "parameters() and .to()" if any(home.saved for home in homes) else "parameters(), state_dict() and .to()"
    return f"{missing} pass {pronoun} by."


def _lost_gradient(home: Home, inventory: Inventory) -> bool:
    return not inventory.is_module and home.requires_grad and not home.leaf


def _no_leaf(home: Home) -> Problem:
    words = f"{home.name} is a result, not a leaf: gradients go through it, and no optimiser takes it."
    return Problem("no leaf", (home.name,), words)


def _is_tied(home: Home, inventory: Inventory) -> bool:
    return bool(home.also) and (home.registered != "nothing" or not inventory.is_module)


def _tied(home: Home, inventory: Inventory) -> Problem:
    names = (home.name, *home.also)
    words = f"{_list(names)} are one tensor: what changes one changes {'the other' if len(names) == 2 else 'all'}."
    return Problem("tied", names, words)


def _list(names: tuple[str, ...]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
