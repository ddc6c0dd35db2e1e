"""The layout model against torch: a tensor made of ``arange`` holds its own slots as values."""

import subprocess
import sys
from collections import Counter

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings

from course.strides.chain import layout_of
from course.strides.layout import Layout, contiguous_stride, dense_stride
from course.strides.random_chains import random_start

TENSORS = st.randoms(use_true_random=False).map(random_start)  # rank 0 to 5; value k lies in slot k
SIZES = st.lists(st.integers(0, 4), max_size=5)


def brute_force_overlap(layout: Layout) -> bool:
    return any(count > 1 for count in Counter(map(layout.slot, layout.indices())).values())


@settings(deadline=None)
@given(TENSORS)
def test_every_element_lies_in_the_slot_that_torch_reads(tensor: torch.Tensor) -> None:
    layout = layout_of(tensor)
    values = [int(tensor[index]) for index in layout.indices()]
    assert [layout.slot(index) for index in layout.indices()] == values
    assert list(layout.slots()) == values


@settings(deadline=None)
@given(TENSORS)
def test_negative_indices_count_from_the_end(tensor: torch.Tensor) -> None:
    layout = layout_of(tensor)
    for index in layout.indices():
        from_end = tuple(place - length for place, length in zip(index, layout.size, strict=True))
        assert layout.slot(from_end) == layout.slot(index)


@settings(deadline=None)
@given(TENSORS)
def test_a_slot_knows_all_of_its_elements_row_by_row(tensor: torch.Tensor) -> None:
    layout = layout_of(tensor)
    for slot in range(-1, layout.storage_size + 2):
        assert list(layout.elements_at(slot)) == [index for index in layout.indices() if layout.slot(index) == slot]


@settings(deadline=None)
@given(TENSORS)
def test_contiguity_bounds_and_clone_strides_are_torchs(tensor: torch.Tensor) -> None:
    layout = layout_of(tensor)
    assert layout.is_contiguous == tensor.is_contiguous()
    assert (layout.numel, layout.ndim, layout.fits) == (tensor.numel(), tensor.dim(), True)
    assert dense_stride(layout.size, layout.stride) == tensor.clone().stride()
    if tensor.numel():
        assert (layout.first_slot, layout.last_slot) == (int(tensor.min()), int(tensor.max()))


@settings(deadline=None)
@given(TENSORS)
def test_dense_means_one_stretch_of_slots_each_used_once(tensor: torch.Tensor) -> None:
    layout = layout_of(tensor)
    slots = sorted(map(layout.slot, layout.indices()))
    assert layout.is_dense == (slots == list(range(layout.first_slot, layout.first_slot + layout.numel)))


@settings(deadline=None)
@given(SIZES)
def test_contiguous_stride_is_that_of_a_fresh_tensor(size: list[int]) -> None:
    assert contiguous_stride(size) == torch.empty(size).stride()
    assert Layout.contiguous(size) == layout_of(torch.empty(size))


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 12)), max_size=4))
def test_overlap_is_exact(dims: list[tuple[int, int]]) -> None:
    layout = Layout([length for length, _ in dims], [step for _, step in dims])
    assert layout.overlaps == brute_force_overlap(layout)


@pytest.mark.parametrize(
    ("size", "stride", "expected"),
    [
        ((100, 100), (101, 100), False),  # 100 · 101 = 101 · 100, but the last place is 99
        ((100, 100), (98, 100), True),
        ((10, 10, 10, 10), (1, 7, 49, 343), True),
        ((10, 10, 10, 10), (1000, 100, 10, 1), False),
        ((100, 100), (3, 1000), False),
        ((100, 50), (1001, 2002), True),
    ],
)
def test_overlap_of_ten_thousand_elements(size: tuple[int, ...], stride: tuple[int, ...], expected: bool) -> None:
    layout = Layout(size, stride)
    assert brute_force_overlap(layout) is expected
    assert layout.overlaps is expected


def test_storage_size_is_derived_when_it_is_left_out() -> None:
    assert Layout((2, 3), (5, 2), offset=4).storage_size == 14
    assert Layout((2, 0), (5, 2), offset=4).storage_size == 0
    assert Layout((), ()).storage_size == 1


def test_a_layout_may_reach_beyond_its_storage_and_says_so() -> None:
    assert not Layout((2, 2), (3, 1), offset=0, storage_size=4).fits
    assert Layout((2, 0), (3, 1), offset=9, storage_size=4).fits


def test_sizes_strides_and_offset_below_zero_are_refused() -> None:
    with pytest.raises(ValueError, match=r"stride \(-1,\) goes below 0"):
        Layout((3,), (-1,))
    with pytest.raises(ValueError, match=r"size \(-3,\) goes below 0"):
        Layout((-3,), (1,))
    with pytest.raises(ValueError, match="offset -2 goes below 0"):
        Layout((3,), (1,), -2)
    with pytest.raises(ValueError, match="storage_size -1 goes below 0"):
        Layout((3,), (1,), 0, -1)


def test_one_stride_is_needed_for_every_size() -> None:
    with pytest.raises(ValueError, match=r"size \(2, 3\) and stride \(1,\) differ in length"):
        Layout((2, 3), (1,))


def test_an_index_has_to_fit_the_size() -> None:
    layout = Layout.contiguous((2, 3))
    with pytest.raises(IndexError, match="index 3 lies outside dimension 1, which has size 3"):
        layout.slot((0, 3))
    with pytest.raises(IndexError, match=r"index \(0,\) has 1 numbers, size \(2, 3\) needs 2"):
        layout.slot((0,))


def test_a_layout_is_a_value() -> None:
    assert Layout([2, 3], torch.Size((3, 1))) == Layout((2, 3), (3, 1))
    assert len({Layout((2,), (1,)), Layout((2,), (1,)), Layout((2,), (2,))}) == 2
    with pytest.raises(AttributeError, match="cannot assign"):
        Layout((2,), (1,)).offset = 3  # type: ignore[misc]


def test_the_model_does_not_need_torch() -> None:
    code = "import course.strides, course.strides.explain, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
