"""How numbers that were drawn at random spread, in words: within a bound, evenly, all of them different."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

__all__ = ["repetition", "spread"]

_FEWEST = 100  # numbers that say something of how they spread
_DIFFERENT = 0.99  # of thousands of float32 numbers, so many are different at least, if nothing is repeated


def spread(drawn: Any, bound: float) -> str:
    """How the numbers of all draws lie in ``±bound``; uneven by Kolmogorov and Smirnov's distance.

    ``drawn`` is what `autograder.observing.probes.drawing.numbers_of` has noted.

    >>> noted = {"largest": 0.5, "numbers": (torch.linspace(-0.5, 0.5, 200),)}
    >>> spread(noted, 0.5), spread(noted, 0.4), spread(noted, 1.0)
    ('evenly within its bound', 'beyond its bound', 'unevenly')
    """
    if not isinstance(drawn, Mapping):
        return "no tensor"
    if float(drawn["largest"]) > bound * (1 + 1e-6):
        return "beyond its bound"
    numbers = torch.cat(list(drawn["numbers"])).double().sort().values
    if len(numbers) < _FEWEST:
        return "too few numbers"
    even = (numbers / bound + 1) / 2
    steps = torch.arange(1, len(even) + 1) / len(even)
    distance = float((even - steps).abs().max())
    # An even draw of n numbers lies further off than this once in a million times.
    return "evenly within its bound" if distance < (14.5 / (2 * len(even))) ** 0.5 else "unevenly"


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
