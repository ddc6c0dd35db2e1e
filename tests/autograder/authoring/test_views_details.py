"""Chapter 02: what is told about an answer, and what it earns, where the chapter has rules of its own."""

from __future__ import annotations

import random

import pytest
import torch
from answers.views.layouts import expand_numpy
from answers.views.own import view_by_torch
from answers.views.right import infer_checked, view_as_torch_does, view_by_blocks, view_by_slots
from answers.views.wrong import expand_silently, offset_unmoved

from autograder import check


@pytest.mark.parametrize("exercise", ["transpose_layout", "slice_layout", "expand_layout"])
def test_giving_the_layout_back_earns_nothing_much(exercise: str) -> None:
    verdict = check(exercise, lambda size, stride, offset, *rest, **named: (size, stride, offset))
    assert verdict.score < 0.1 * verdict.points, str(verdict)  # right it is where nothing is asked to change


def test_right_sizes_and_strides_of_a_slice_are_said_to_be_right() -> None:
    verdict = check("slice_layout", offset_unmoved)
    held = {one.name: one.holds for one in verdict.aspects}
    assert held == {"values": False, "size": True, "stride": True, "offset": False, "empty": False}
    assert 0 < verdict.score < verdict.points


def test_an_expansion_without_errors_keeps_what_its_layouts_are_worth() -> None:
    verdict = check("expand_layout", expand_silently)
    assert [one.name for one in verdict.aspects if not one.holds] == ["errors"]
    assert verdict.finding is not None
    assert (verdict.finding.got, verdict.finding.expected) == ("no error", "ValueError")


def test_it_is_how_many_sizes_are_known_that_is_said() -> None:
    verdict = check("infer_size", lambda numel, new_size: infer_checked(numel, new_size) if new_size else ())
    assert "exactly where the number of known sizes is 0." in str(verdict)


def test_copying_always_costs_the_memory_only() -> None:
    verdict = check("flatten_batch", lambda x: x.clone().flatten(1))
    assert [one.name for one in verdict.aspects if not one.holds] == ["memory"]


def test_a_view_that_fails_where_none_exists_costs_that_only() -> None:
    verdict = check("flatten_batch", lambda x: x.view(len(x), -1))
    assert [one.name for one in verdict.aspects if not one.holds] == ["no view"]


def test_nothing_in_the_place_of_a_copy_is_shown_beside_a_tensor_not_beside_our_notes() -> None:
    def where_possible(x: torch.Tensor) -> torch.Tensor | None:
        try:
            return x.view(len(x), -1)
        except RuntimeError:
            return None

    verdict = check("flatten_batch", where_possible)
    assert [one.name for one in verdict.aspects if not one.holds] == ["no view"]
    assert verdict.finding is not None
    assert verdict.finding.got == "None"
    assert verdict.finding.expected.startswith("float64 (")


def test_of_false_for_an_impossible_view_it_is_said_that_none_is_asked_for() -> None:
    def or_false(size: tuple[int, ...], stride: tuple[int, ...], new_size: tuple[int, ...]) -> object:
        found = view_as_torch_does(size, stride, new_size)
        return False if found is None else found

    assert "What came back is a bool, and a tuple or None is asked for." in str(check("view_stride", or_false))


def test_an_error_of_its_own_kind_that_is_a_value_error_counts_as_one() -> None:
    assert check("expand_layout", expand_numpy).solved


def test_the_right_strides_are_torchs_on_layouts_drawn_at_random() -> None:
    draw = random.Random(0)
    for _ in range(500):
        x = torch.arange(64)[: draw.choice([1, 6, 12, 24])].reshape(draw.choice([(-1,), (-1, 1), (1, -1), (1, -1, 1)]))
        for _ in range(3):
            x = x.transpose(draw.randrange(x.dim()), draw.randrange(x.dim()))
            x = x.unsqueeze(draw.randrange(x.dim() + 1)) if draw.random() < 0.4 and x.dim() < 5 else x
            dim = draw.randrange(x.dim())
            x = x.unflatten(dim, (2, -1)) if x.shape[dim] % 2 == 0 else x
            x = x.narrow(dim, 0, max(1, x.shape[dim] - 1)) if draw.random() < 0.2 else x
        new_size = random_size(draw, x.numel())
        expected = view_by_torch(x.shape, x.stride(), new_size)
        for answer in (view_by_blocks, view_as_torch_does, view_by_slots):
            found = answer(tuple(x.shape), x.stride(), new_size)
            assert (None if found is None else tuple(found)) == expected, (x.shape, x.stride(), new_size)


def random_size(draw: random.Random, numel: int) -> tuple[int, ...]:
    size, rest = [], numel
    while rest > 1:
        n = draw.choice([k for k in range(2, rest + 1) if rest % k == 0])
        size.append(n)
        rest //= n
    for _ in range(draw.randrange(3)):
        size.insert(draw.randrange(len(size) + 1), 1)
    return tuple(size)
