"""Answers that behave alike share a group, however they are written; others do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.judging.alike import Behaviour, behaviour_of, grouped
from autograder.judging.reference import load
from autograder.observing.exercise import find
from autograder.observing.observe import run

LINEAR = find("linear")
REFERENCE = load(LINEAR)


def behaviour(answer: Callable[..., Any]) -> Behaviour:
    return behaviour_of(LINEAR, REFERENCE, run(LINEAR, answer, REFERENCE.cases))


def bias_twice(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return x @ weight.T + (0 if bias is None else 2 * bias)


def bias_twice_by_einsum(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    out = torch.einsum("...i,oi->...o", x, weight)
    if bias is not None:
        out += bias
        out += bias
    return out


def bias_twice_in_double(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    out = x.double() @ weight.double().T + (0 if bias is None else 2 * bias.double())
    return out.to(x.dtype)


def bias_thrice(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return x @ weight.T + (0 if bias is None else 3 * bias)


def without_gradient(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return bias_twice(x.detach(), weight, bias)


def raises(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    raise TypeError("one")


def raises_the_same(*given: Any, **named: Any) -> Tensor:
    message = "one"
    raise TypeError(message)


def raises_other_words(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    raise TypeError("another")


@pytest.mark.parametrize(
    ("answers", "groups"),
    [
        ([bias_twice, bias_twice_by_einsum, bias_twice_in_double], ((0, 1, 2),)),
        ([bias_thrice, bias_twice, bias_twice_by_einsum], ((1, 2), (0,))),
        ([bias_twice, without_gradient], ((0, 1),)),
        ([raises, raises_the_same, raises_other_words], ((0, 1), (2,))),
        ([raises, bias_twice], ((0,), (1,))),
    ],
    ids=["three spellings", "largest first", "what comes beside the values", "errors", "an error and values"],
)
def test_answers_are_grouped_by_what_was_seen(
    answers: list[Callable[..., Any]], groups: tuple[tuple[int, ...], ...]
) -> None:
    assert grouped(REFERENCE, [behaviour(one) for one in answers]) == groups
