"""Chapter 01: what is told about an answer, and what it earns, where the chapter has rules of its own."""

from __future__ import annotations

import itertools
from typing import Any

import torch
from answers.storage.right import predicted, read_by_hand, slot_in_a_loop
from answers.storage.wrong import shared, wrong
from torch import Tensor

from autograder import check
from autograder.authoring.oracles.storage import OPERATIONS


def test_predictions_nobody_filled_in_are_not_attempted() -> None:
    for stub in (dict.fromkeys(predicted(), ...), {}):
        verdict = check("predict_layout", stub)
        assert (verdict.status.value, verdict.score) == ("not attempted", 0)


def test_no_layout_predicted_for_everything_earns_anything() -> None:
    for layout in predicted().values():
        assert check("predict_layout", dict.fromkeys(predicted(), layout)).score == 0


def test_a_read_that_knows_no_error_keeps_what_its_values_are_worth() -> None:
    def unchecked(storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
        slots = [slot_in_a_loop(index, stride, offset) % len(storage) for index in itertools.product(*map(range, size))]
        return storage[torch.tensor(slots, dtype=torch.long)].reshape(size)

    verdict = check("read_strided", unchecked)
    assert [one.name for one in verdict.aspects if not one.holds] == ["errors"]
    assert 0 < verdict.score < verdict.points


def test_a_result_in_the_storages_memory_costs_the_memory_only() -> None:
    verdict = check("read_strided", shared)
    assert [one.name for one in verdict.aspects if not one.holds] == ["memory"]
    assert verdict.finding is not None
    assert "the storage's memory" in verdict.finding.got


def test_of_a_storage_that_is_a_slice_the_panel_says_where_it_lies() -> None:
    def by_the_whole_memory(storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
        slots = storage.untyped_storage().nbytes() // storage.element_size()
        return read_by_hand(torch.cat([storage, storage.new_zeros(slots - len(storage))]), size, stride, offset)

    verdict = check("read_strided", by_the_whole_memory)
    assert [one.name for one in verdict.aspects if not one.holds] == ["errors"]
    assert "storage = [True, True], with strides (1,) and offset 5" in str(verdict)


def test_writing_to_the_storage_is_found_out() -> None:
    def rude(storage: Tensor, size: Any, stride: Any, offset: int = 0) -> Tensor:
        out = read_by_hand(storage, size, stride, offset)
        storage.zero_()
        return out

    assert [one.name for one in check("read_strided", rude).aspects if not one.holds] == ["memory"]


def test_asking_for_shared_memory_may_not_change_it() -> None:
    def rude(a: Tensor, b: Tensor) -> bool:
        same = a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()
        a.untyped_storage().fill_(0)
        return same

    verdict = check("shares_storage", rude)
    assert verdict.score == 0
    assert "written to" in str(verdict)


def test_three_right_groups_of_four_earn_three_quarters() -> None:
    verdict = check("predict_layout", wrong("x[:, ::2]", (1,), (1,), 0))
    assert [one.name for one in verdict.aspects if not one.holds] == ["parts"]
    assert verdict.score == 3


def test_the_operations_are_what_torch_does_with_them() -> None:
    x = torch.arange(24).view(2, 3, 4)
    for text, apply in (pair for group in OPERATIONS.values() for pair in group.items()):
        written = eval(text, {"x": x})
        assert torch.equal(written, apply(x))
        assert (written.stride(), written.storage_offset()) == (apply(x).stride(), apply(x).storage_offset())
