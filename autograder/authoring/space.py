"""What the contract of an exercise lets vary, and the cases that follow from it.

An author writes down the choices, boundary values among them, which combinations are out of contract, and how one
combination becomes a case. Every feasible pair of choices then meets in at least one case.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor

from autograder.authoring.covering import Open, Want, Within, all_pairs, covering, is_feasible
from autograder.authoring.faults import told
from autograder.observing.case import Case
from autograder.observing.codec import Drawn, Uniform
from autograder.observing.layouts import LAYOUTS, WRITTEN, fits

if TYPE_CHECKING:
    from autograder.authoring.cases import CaseMaker

__all__ = [
    "DTYPES",
    "FLOATS",
    "GRADS",
    "LAYOUTS",
    "NO_GRAD_WORDS",
    "RANKS",
    "WRITTEN",
    "Chosen",
    "Space",
    "absent",
    "asks_for_no_gradient",
    "computed",
    "extent",
    "fits",
    "leaf",
    "plain",
    "sizes_of_rank",
]

# An argument that is not given at all.
absent: Final = "absent"

# A tensor by itself, one that asks for its gradient, and one that does and comes out of a computation.
plain: Final = "a plain tensor"
leaf: Final = "a leaf that asks for its gradient"
computed: Final = "computed from a leaf"
GRADS = (plain, leaf, computed)

RANKS = (0, 1, 2, 3, 4, 5, 6)
FLOATS = (torch.float64, torch.float32)
DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.int64)  # where the contract names no dtype

# What is said of a choice that many exercises have: whether gradients are off.
NO_GRAD_WORDS: Final = {"no_grad": "it is called under torch.no_grad(): {}"}


class Chosen:
    """One combination of choices, read by name; ``get`` reads one that may be `absent`.

    >>> one = Chosen({"stride": absent, "kernel": (2, 3), "no_grad": True})
    >>> one.kernel, one.get("stride", 1), one.given("kernel", "stride"), one.flags("no_grad")
    ((2, 3), 1, {'kernel': (2, 3)}, {'no_grad': True})
    """

    def __init__(self, choices: Mapping[str, Any], names: Iterable[str] = ()) -> None:
        self.choices = choices
        self._names = tuple(names or choices)  # of those, too, for which nothing has been chosen yet

    def __getattr__(self, name: str) -> Any:
        try:
            return self.choices[name]
        except KeyError:
            raise AttributeError(f"there is no choice called {name!r}; there are {', '.join(self._names)}") from None

    def __str__(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.choices.items())

    def get(self, name: str, default: Any) -> Any:
        """The choice called ``name``, or ``default`` where it is absent."""
        value = getattr(self, name)
        return default if _is_absent(value) else value

    def given(self, *names: str) -> dict[str, Any]:
        """Those of the choices that are not absent: arguments to be handed on."""
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if not _is_absent(value)}

    def flags(self, *names: str) -> dict[str, Any]:
        """Those of the choices that are set, of some that are on or off: inputs that a case has or has not."""
        return {name: True for name in names if getattr(self, name)}


def asks_for_no_gradient(one: Chosen) -> bool:
    """Whether nothing is a leaf where there are no gradients: for choices that are called ``no_grad`` and ``leaves``."""
    return not one.no_grad or not one.leaves


def _is_absent(value: Any) -> bool:
    return isinstance(value, str) and value == absent


@dataclass(frozen=True, init=False)
class Space:
    """Named choices, which combinations are within the contract, and how one of them becomes a case.

    ``within`` is one condition on a `Chosen` or several; several that each ask for few names are found faster.
    ``traits`` name what an author knows to matter and no single choice says: ``{"the stride is larger than the window":
    lambda one: one.stride > one.kernel}``. Each trait meets every choice that it can meet. ``words`` say a choice in a
    sentence, ``{"layout": "x lies in memory as: {}"}``; without words ``layout is …``.

    >>> space = Space(
    ...     lambda make, one: make.case(x=make.drawn(one.rows, 3), **one.given("dim")),
    ...     rows=(1, 4), dim=(absent, 0, 1), within=lambda one: one.rows > 1 or one.dim != 0,
    ... )
    >>> [one.choices for one in space.combinations][:2]
    [{'rows': 1, 'dim': 'absent'}, {'rows': 4, 'dim': 'absent'}]
    """

    case: Callable[[CaseMaker, Chosen], Case]
    choices: Mapping[str, tuple[Any, ...]]
    within: tuple[Callable[[Chosen], bool], ...]
    traits: Mapping[str, Callable[[Chosen], bool]]
    words: Mapping[str, str]

    def __init__(
        self,
        case: Callable[[CaseMaker, Chosen], Case],
        /,
        *,
        within: Callable[[Chosen], bool] | Sequence[Callable[[Chosen], bool]] = (),
        traits: Mapping[str, Callable[[Chosen], bool]] | None = None,
        words: Mapping[str, str] | None = None,
        **choices: Sequence[Any],
    ) -> None:
        object.__setattr__(self, "case", case)
        object.__setattr__(self, "choices", {name: tuple(values) for name, values in choices.items()})
        object.__setattr__(self, "within", (within,) if callable(within) else tuple(within))
        object.__setattr__(self, "traits", dict(traits or {}))
        object.__setattr__(self, "words", dict(words or {}))

    @cached_property
    def combinations(self) -> tuple[Chosen, ...]:
        """Combinations in which every feasible pair of choices meets, and every trait every choice; the same for all seeds.

        Raises ``ValueError`` for a trait that no combination within the contract has.
        """
        rows = covering(self.choices, self._conditions, self._traits_met)
        found = tuple(Chosen({name: self.choices[name][index] for name, index in row.items()}) for row in rows)
        for name, trait in self.traits.items():
            if not any(_asked(f"the trait {name!r}", trait, one) for one in found):
                raise ValueError(f"no combination within the contract has the trait {name!r}")
        return found

    def cases(self, make: CaseMaker) -> list[Case]:
        """The cases of all combinations, smallest first: fewest elements, then fewest arguments given."""
        made = [
            replace(self._made(make, one), choices={**one.choices, **self._traits_of(one)}, projected=True)
            for one in self.combinations
        ]
        made.sort(key=lambda case: (extent(case.inputs), len(case.inputs)))
        return [
            replace(case, name=case.name or f"drawn from the contract, {number} of {len(made)}")
            for number, case in enumerate(made, 1)
        ]

    def one_more(self, make: CaseMaker) -> Case:
        """A case of any combination within the contract, drawn at random: also one that no pair has asked for.

        Raises ``ValueError`` where a thousand draws give none.
        """
        for _ in range(1000):
            row = {name: values[make.integer(0, len(values) - 1)] for name, values in self.choices.items()}
            one = Chosen(row)
            if all(_asked("within=", condition, one) for condition in self.within):
                return replace(self._made(make, one), choices=row | self._traits_of(one), projected=True)
        raise ValueError("a thousand random combinations, and none is within the contract")

    def unmet(self) -> list[Want]:
        """What is feasible and met in no combination, pairs and traits: nothing, or the space does not do its work."""
        rows = [self._indices(one) for one in self.combinations]
        wants = (*all_pairs(self.choices), *self._traits_met)
        left = [want for want in wants if not any(map(want.met_by, rows))]
        return [want for want in left if is_feasible(want, self.choices, self._conditions)]

    def _indices(self, one: Chosen) -> dict[str, int]:
        return {
            name: next(index for index, value in enumerate(values) if _is(value, one.choices[name]))
            for name, values in self.choices.items()
        }

    @cached_property
    def _conditions(self) -> list[Within]:
        return [self._condition("within=", one) for one in self.within]

    @cached_property
    def _traits_met(self) -> list[Want]:
        """Each trait with each choice."""
        traits = [self._condition(f"the trait {name!r}", trait) for name, trait in self.traits.items()]
        return [
            Want(((name, index),), trait)
            for trait in traits
            for name, values in self.choices.items()
            for index in range(len(values))
        ]

    def _condition(self, what: str, one: Callable[[Chosen], bool]) -> Within:
        return Within(lambda row: _asked(what, one, Chosen(row, self.choices)), self.choices)

    def _traits_of(self, one: Chosen) -> dict[str, bool]:
        return {name: _asked(f"the trait {name!r}", trait, one) for name, trait in self.traits.items()}

    def _made(self, make: CaseMaker, one: Chosen) -> Case:
        with told(f"the case of {one}", near=self.case):
            return replace(self.case(make, one))  # None is no case


def _asked(what: str, condition: Callable[[Chosen], bool], one: Chosen) -> bool:
    open_yet: Open | None = None
    with told(f"{what} asked of {one}", near=condition):
        try:
            return bool(condition(one))
        except Open as error:  # no mistake: it has to know more
            open_yet = error
    assert open_yet is not None, "told raises everything else"
    raise open_yet


def _is(one: Any, other: Any) -> bool:
    """The same choice: True is not 1 here."""
    return type(one) is type(other) and bool(one == other)


def extent(value: Any) -> int:
    """How much there is to read in an input: elements of tensors, numbers of sequences."""
    match value:
        case Tensor():
            return value.numel()
        case Drawn() | Uniform():
            return math.prod(value.size)
        case Mapping():
            return sum(map(extent, value.values()))
        case list() | tuple():
            return sum(map(extent, value))
    return 1


def sizes_of_rank(rank: int, one: int = 1) -> tuple[int, ...]:
    """Sizes of a tensor of so many dimensions: all different as far as that is small, one of them ``one``.

    >>> sizes_of_rank(0), sizes_of_rank(2), sizes_of_rank(4), sizes_of_rank(3, one=0)
    ((), (2, 1), (2, 1, 3, 4), (2, 0, 3))
    """
    return (2, one, 3, 4, 2, 3)[:rank] if rank != 1 else (3,)
