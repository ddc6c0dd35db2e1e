"""Numbers that an answer has drawn at random, noted so that the judge can say how they spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from autograder.observing.project import LARGE

__all__ = ["numbers_of"]

_SOME = 200  # numbers of each draw


def numbers_of(draws: Sequence[Any]) -> Any:
    """Some two hundred numbers of each draw, in pieces that an observation may hold, and the largest of all.

    >>> noted = numbers_of([torch.ones(3), torch.zeros(3)])
    >>> noted["largest"], noted["numbers"]
    (1.0, (tensor([1., 1., 1., 0., 0., 0.]),))
    """
    if not all(isinstance(one, Tensor) and one.numel() for one in draws):
        return "no tensor"
    every = [one.detach().flatten() for one in draws]
    some = torch.cat([one[:: max(1, one.numel() // _SOME)] for one in every])
    return {"largest": max(float(one.abs().max()) for one in every), "numbers": some.split(LARGE)}
