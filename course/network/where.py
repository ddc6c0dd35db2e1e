"""`where`: the tool to look with when a tensor does not do what it should. A picture, a table, and what is odd."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from torch import nn

from course.network import inventory_table
from course.network.homes import draw_homes
from course.network.inventory import Home, Inventory, take
from course.network.problems import Problem, problems
from course.picture import Picture

__all__ = ["Whereabouts", "where"]


@dataclass(frozen=True)
class Whereabouts:
    """Where the tensors lived when `where` looked: as a notebook's output a picture with a table, printed the table.

    ``whereabouts["fc.weight"]`` is what is known of one tensor, ``problems`` is what to look at.
    """

    inventory: Inventory

    @property
    def tensors(self) -> tuple[Home, ...]:
        """Every tensor, in the order of registration."""
        return self.inventory.homes

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What to look at: each has a ``kind``, the ``names`` it is about, and ``words``."""
        return problems(self.inventory)

    @cached_property
    def picture(self) -> Picture:
        """The picture alone."""
        return draw_homes(self.inventory, self.problems)

    def __getitem__(self, name: str) -> Home:
        return self.inventory[name]

    def __str__(self) -> str:
        return inventory_table.text(self.inventory, self.problems)

    __repr__ = __str__

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        table = inventory_table.html(self.inventory, self.problems)
        return {"text/html": f"<div>{self.picture.svg()}{table}</div>", "text/plain": str(self)}


def where(model: nn.Module | Mapping[str, object], optimizer: Any = None) -> Whereabouts:
    """Where every tensor of ``model``, a module or a dictionary, lives; with an optimizer, which of them it steps.

    Of each tensor: name, shape, dtype, device, leaf, requires_grad, whether it is registered as parameter, buffer or
    nothing, whether the state_dict has it, the optimizer's group that holds it, and with whom it shares memory. It names
    what is odd: a tensor that only the optimizer holds, one that nobody registered, one that has several names. It looks
    and changes nothing.

    Raises ``TypeError`` when ``model`` is neither a module nor a dictionary, or ``optimizer`` is none.

    >>> layer = nn.Linear(2, 3)
    >>> optimizer = __import__("torch").optim.SGD(layer.parameters(), lr=0.1)
    >>> layer.bias = nn.Parameter(layer.bias.detach().clone())
    >>> where(layer, optimizer)
    Linear: 2 tensors, 9 numbers. SGD holds 2 tensors, 1 of them from elsewhere.
    name      shape   dtype    device  leaf  requires grad  registered as  in state_dict  optimiser  shares memory with
    weight    (3, 2)  float32  cpu     yes   yes            parameter      yes            group 0    –
    bias      (3,)    float32  cpu     yes   yes            parameter      yes            no         –
    not here  (3,)    float32  cpu     yes   yes            –              –              group 0    –
    ✗ stale: The optimiser holds a tensor, float32 (3,), at place 1 of group 0, that is not here: a step on it changes nothing here.
    ✗ not stepped: bias asks for gradients, and the optimiser does not hold it: no step looks at its .grad.
    """
    return Whereabouts(take(model, optimizer))
