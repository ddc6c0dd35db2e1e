"""How numbers that were drawn at random spread, in words: within a bound, evenly, all of them different."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from autograder.judging.chance import FALSE_ALARM, is_chance

__all__ = ["EVENLY", "repetition", "spread"]

EVENLY = "evenly within its bound"

_FEWEST = 100  # numbers that say something of how they spread
_AT_THE_BOUND = 0.02  # of all numbers, beyond which they were cut off there
_DIFFERENT = 0.99  # of thousands of float32 numbers, so many are different at least, if nothing is repeated


def spread(drawn: Any, bound: float) -> str:
    """How the numbers of all draws lie in ``±bound``; uneven by Kolmogorov and Smirnov's distance, by how many lie in the
    inner half, or by how many lie exactly at the bound.

    ``drawn`` is what `autograder.observing.probes.drawing.numbers_of` has noted. What is not even within the bound is told
    apart by what explains a mistake: all the same, as torch draws them unasked, none below zero, even within another bound.
    Numbers that are even on the whole and not in each place are not drawn each by itself.

    >>> noted = {"largest": 0.5, "numbers": (torch.linspace(-0.5, 0.5, 1000),)}
    >>> spread(noted, 0.5), spread(noted, 0.4), spread(noted, 1.0)
    ('evenly within its bound', 'evenly, beyond its bound', 'evenly, all too close to zero')
    >>> spread({"largest": 0.5, "numbers": (torch.linspace(0, 0.5, 1000),)}, 0.5)
    'none below zero'
    >>> spread({"largest": 0.5, "numbers": (torch.linspace(-0.5, 0.5, 30),) * 20}, 0.5)
    'the same few numbers again and again'
    >>> spread({"largest": 1.0, "numbers": (torch.linspace(-1, 1, 1000) ** 3,)}, 1.0)
    'unevenly'
    >>> normal = torch.special.ndtri(torch.linspace(0.001, 0.999, 1000))
    >>> spread({"largest": 1.0, "numbers": (normal.clamp(-1, 1),)}, 1.0)
    'unevenly'
    >>> spread({"largest": 0.31, "numbers": (normal / 10,)}, 0.1), spread({"largest": 1.5, "numbers": (normal.exp() - 1,)}, 0.1)
    ('normally, beyond its bound', 'unevenly, beyond its bound')
    """
    if not isinstance(drawn, Mapping):
        return "no tensor"
    # Numbers that come again are a matter of `repetition`: of a seed set anew they would say even or uneven by chance.
    every = torch.cat(list(drawn["numbers"])).double()
    numbers = every.unique()
    largest = float(drawn["largest"])
    if numbers[0] == numbers[-1]:
        return "all zero" if largest == 0 else "all the same number"
    if len(numbers) < _FEWEST:
        few = "too few numbers" if len(every) < _FEWEST else "the same few numbers again and again"
        return "beyond its bound" if largest > bound * (1 + 1e-6) else few
    if _near(len(numbers)) * bound <= largest <= bound * (1 + 1e-6) and _is_even(every, numbers, bound):
        return EVENLY if drawn.get("places") != "its own" else "evenly, and by their place, as sorted ones are"
    return _otherwise(numbers, largest, bound)


def _is_even(every: Tensor, numbers: Tensor, bound: float) -> bool:
    """Whether ``every`` number of the draws, each once in ``numbers``, may be an even one within the bound.

    Normal numbers that were cut off at the bound pile up there, and those drawn anew until they fell within lie nearer to zero:
    the distance alone tells either only by luck.
    """
    cut_off = (every.abs() >= bound * (1 - 1e-6)).double().mean() > _AT_THE_BOUND
    inner = (numbers.abs() < bound / 2).sum()
    return not cut_off and is_chance(inner, len(numbers), 0.5) and _as_drawn((numbers / bound + 1) / 2)


def _otherwise(numbers: Tensor, largest: float, bound: float) -> str:
    """How sorted numbers lie that are not even within the bound."""
    if largest > 1 and _as_drawn(torch.special.ndtr(numbers)):
        return "as torch.randn draws them"
    if largest > bound and largest <= 1 and _as_drawn(numbers):
        return "as torch.rand draws them"
    if numbers[0] >= 0:
        return "none below zero" if largest <= bound * (1 + 1e-6) else "none below zero, beyond its bound"
    halves = (numbers.abs() < largest / 2).sum() - 1
    how = "unevenly"
    if is_chance(halves, len(numbers) - 1, 0.5) and _as_drawn((numbers / largest + 1) / 2):
        how = "evenly"
    elif _as_drawn(torch.special.ndtr(numbers / numbers.square().mean().sqrt())):
        how = "normally"
    if largest > bound * (1 + 1e-6):
        return f"{how}, beyond its bound"
    return f"{how}, all too close to zero" if largest < _near(len(numbers)) * bound else "unevenly"


def _near(count: int) -> float:
    """The part of the bound that the largest of so many even numbers reaches, but for once in a hundred million times."""
    return FALSE_ALARM ** (1 / count)


def _as_drawn(parts: Tensor) -> bool:
    """Whether sorted numbers may be even draws from 0 to 1: those lie further off than this once in a million times."""
    steps = torch.arange(1, len(parts) + 1) / len(parts)
    return bool((parts - steps).abs().max() < (14.5 / (2 * len(parts))) ** 0.5)


def repetition(drawn: Sequence[Any]) -> str:
    """Whether numbers come again, in one tensor or from one to another.

    >>> noted = {"largest": 0.5, "numbers": (torch.linspace(-0.5, 0.5, 200),)}
    >>> repetition([noted]), repetition([noted, noted])
    ('all different', 'some come again')
    """
    pieces = [piece for one in drawn if isinstance(one, Mapping) for piece in one["numbers"]]
    if not pieces:
        return "no numbers"
    numbers = torch.cat(pieces)
    return "all different" if len(numbers.unique()) >= _DIFFERENT * len(numbers) else "some come again"
