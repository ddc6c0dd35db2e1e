"""Telling a wrong way of drawing from bad luck: bounds on how far an honest draw strays, exact for any number of draws."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["FALSE_ALARM", "is_chance"]

# How often one question to a right answer is answered wrongly. A check asks fewer than a hundred of them, so that a right
# answer is refused less than once in a million times.
FALSE_ALARM = 1e-8


def is_chance(hits: Tensor, draws: int | Tensor, probability: float) -> bool:
    """Whether all of the counts ``hits`` may be chance: each of that many independent ``draws`` that hit with ``probability``.

    By Chernoff's bound with the Kullback-Leibler divergence, which no binomial tail exceeds, and the union bound over the
    counts: together they call an honest draw no chance at most once in ``1 / FALSE_ALARM`` times, whether the counts are
    independent of each other or not.

    >>> is_chance(torch.tensor([480, 530]), 1000, 0.5), is_chance(torch.tensor([480, 620]), 1000, 0.5)
    (True, False)
    """
    share = hits.double() / draws
    divergence = _part(share, probability) + _part(1 - share, 1 - probability)
    return bool((draws * divergence <= math.log(2 * max(1, hits.numel()) / FALSE_ALARM)).all())


def _part(share: Tensor, probability: float) -> Tensor:
    if probability == 0:
        return torch.where(share > 0, math.inf, 0.0)
    return torch.xlogy(share, share / probability)
