"""Numbers that an answer has drawn at random: how they spread, whether they come again, whose they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from autograder.observing.project import LARGE

__all__ = ["has_given", "numbers_of", "repeated_in"]

_SOME = 200  # numbers of each draw
_STEPS = 1 << 20  # to a bound; numbers in one step count as the same, since scaling moves the last bits
_FEW = 1000  # a small tensor has fewer numbers: a bias, a filter
_DRAWS = 2  # of which small tensors are looked for in a large one
_AGAIN = 0.25  # of a tensor's numbers; by chance one in twenty of a large tensor's come again
_IN_A_LARGE = 0.5  # by chance one in twelve of a bias's numbers come again in 160,000 others
_ENOUGH_DRAWS, _FEWEST_PLACES = 20, 8  # that say something of where large and small numbers stand
_PLACES = 2000  # of a large tensor
_FURTHER = 6.0  # times the variance of means by chance
_WORDS = 4  # numbers of a generator that tell where it stands
_WORD = 1 << 24  # torch takes one word for each number below this


def numbers_of(draws: Sequence[Any]) -> Any:
    """Some two hundred numbers of each draw, in pieces that an observation may hold, the largest of all, and where they stand.

    >>> noted = numbers_of([torch.ones(3), torch.zeros(3)])
    >>> noted["largest"], noted["numbers"], noted["places"]
    (1.0, (tensor([1., 1., 1., 0., 0., 0.]),), 'any')
    """
    if not all(isinstance(one, Tensor) and one.numel() for one in draws):
        return "no tensor"
    every = [one.detach().flatten() for one in draws]
    some = torch.cat([one[:: max(1, one.numel() // _SOME)] for one in every])
    largest = max(float(one.abs().max()) for one in every)
    return {"largest": largest, "numbers": some.split(LARGE), "places": _places(every)}


def _places(draws: Sequence[Tensor]) -> str:
    """Whether each place of a tensor gets numbers of any size, or one more than another, as in sorted ones.

    Of numbers by chance the means of the places lie as far from each other as means of so many numbers do. That they lie so
    much further happens less than once in a million times, with ten places.
    """
    if len(draws) < _ENOUGH_DRAWS or len({(one.shape, one.dtype) for one in draws}) > 1:
        return "any"
    every = torch.stack([one[:: max(1, one.numel() // _PLACES)] for one in draws])
    if every.shape[1] < _FEWEST_PLACES or not every.is_floating_point() or torch.equal(every[0], every[1]):
        return "any"  # of one draw again and again each place knows its number, and that is told otherwise
    for numbers in (every.double(), every.double().abs()):
        if len(draws) * numbers.mean(0).var() > _FURTHER * numbers.var():
            return "its own"
    return "any"


def repeated_in(draws: Sequence[Mapping[str, Any]], bounds: Mapping[str, float]) -> dict[str, str]:
    """For each tensor, in words, whether its numbers come again: in itself, in another one or in another draw.

    Numbers count as parts of their bound, so that a bias that repeats a weight is seen where the two bounds differ.

    >>> even = torch.rand(3, 100, generator=torch.Generator().manual_seed(0))
    >>> repeated_in([{"a": even[0], "b": 2 * even[0, :5]}, {"a": even[1], "b": even[2, :5]}], {"a": 1.0, "b": 2.0})
    {'a': 'all different', 'b': 'some come again'}
    """
    large = [name for name in bounds if isinstance(one := draws[0].get(name), Tensor) and one.numel() >= _FEW]
    small = [name for name in bounds if name not in large]
    some = [{name: _steps(one.get(name), bounds[name]) for name in bounds} for one in draws[:_DRAWS]]
    pools = {name: torch.cat([_steps(one.get(name), bounds[name]) for one in draws]).sort().values for name in small}
    found = {name: _again(some[0][name]) > _AGAIN for name in large}
    for name in small:
        others = torch.cat([some[0][name][:0], *(pools[other] for other in small if other != name)]).sort().values
        in_large = [_share(one[name], one[other]) for one in some for other in large]
        in_small = max(_again(pools[name]), _share(pools[name], others))
        found[name] = in_small > _AGAIN or sum(in_large) > _IN_A_LARGE * len(some)
    return {name: "some come again" if found[name] else "all different" for name in bounds}


def _steps(value: Any, bound: float) -> Tensor:
    """The numbers as whole steps, sorted."""
    if not isinstance(value, Tensor):
        return torch.zeros(0, dtype=torch.int32)
    return (value.detach().flatten().double() * (_STEPS / bound)).round().to(torch.int32).sort().values


def _again(numbers: Tensor) -> float:
    """The share of sorted numbers that are the same as the one before."""
    return float((numbers[1:] == numbers[:-1]).double().mean()) if numbers.numel() > 1 else 0.0


def _share(numbers: Tensor, others: Tensor) -> float:
    """The share of numbers that are among the sorted others."""
    if not numbers.numel() or not others.numel():
        return 0.0
    places = torch.searchsorted(others, numbers).clamp(max=others.numel() - 1)
    return float((others[places] == numbers).double().mean())


def has_given(before: torch.Generator, after: torch.Generator, numbers: int) -> bool:
    """Whether a generator has given so many numbers at least on the way from ``before`` to ``after``, of one word each.

    >>> start, used = torch.Generator().manual_seed(0), torch.Generator().manual_seed(0)
    >>> _ = torch.rand(1000, generator=used)
    >>> has_given(start, used, 1000), has_given(torch.Generator().manual_seed(0), used, 1001)
    (True, False)
    """
    stream = torch.randint(_WORD, (numbers + _WORDS - 1,), generator=before)
    there = torch.Generator()
    there.set_state(after.get_state())
    words = torch.randint(_WORD, (_WORDS,), generator=there)
    here = torch.stack([stream[place : place + numbers] == words[place] for place in range(_WORDS)]).all(0)
    return not bool(here.any())
