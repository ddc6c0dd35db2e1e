"""What an answer gives is the same whether `torch.compile` stands on it or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from judging import verdict_on
from torch import Tensor

from autograder.judging.verdict import Status
from autograder.observing.exercise import find


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """By way of float64: compiled together with the mode that watches, it has lost a dimension of size 1."""
    scores = q.double() @ k.double().mT / q.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return (scores.softmax(-1) @ v.double()).to(v.dtype)


def compiled_inside(*words: Any, **more: Any) -> Tensor:
    answer: Callable[..., Tensor] = torch.compile(attention)
    return answer(*words, **more)


def torchs_own(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, mask)


COMPILED = {
    "by the default backend": torch.compile(attention),
    "by another": torch.compile(attention, backend="eager"),
    "inside, at every call": compiled_inside,
}


@pytest.mark.parametrize("name", COMPILED)
def test_a_compiled_answer_is_solved(name: str) -> None:
    assert verdict_on(find("attention"), COMPILED[name]).status is Status.SOLVED


@pytest.mark.parametrize("backend", ["inductor", "eager"])
def test_torchs_own_is_seen_in_a_compiled_answer(backend: str) -> None:
    verdict = verdict_on(find("attention"), torch.compile(torchs_own, backend=backend))
    assert verdict.status is Status.NOT_BY_HAND


def test_the_compiler_is_as_before_afterwards() -> None:
    before = torch.compile
    verdict_on(find("attention"), compiled_inside)
    assert torch.compile is before
    assert torch.compile(lambda x: x + int(torch.compiler.is_compiling()), backend="eager")(torch.zeros(())) == 1
