"""Every sentence is held against what torch does with the very tensor it is said of."""

import random
import re
from math import prod

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import assume, given, settings
from torch import Tensor

from course.strides.chain import ChainError, layout_of, parse, take
from course.strides.explain import (
    slot_arithmetic,
    step_in_words,
    why_not_contiguous,
    why_not_view,
    why_out_of_bounds,
    why_overlap,
    zero_strides,
)
from course.strides.layout import Layout
from course.strides.operations import apply
from course.strides.random_chains import random_start, random_step

RANDOMS = st.randoms(use_true_random=False)
TENSORS = RANDOMS.map(random_start)  # rank 0 to 5; value k lies in slot k
MANY = settings(max_examples=400, deadline=None)


def numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"-?\d+", text))


@st.composite
def tensors_and_sizes(draw: st.DrawFn) -> tuple[Tensor, list[int]]:
    """A tensor and a size with as many elements: neighbours merged and split."""
    tensor = draw(TENSORS)
    size = list(tensor.size())
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, max(len(size) - 1, 0)))
        if draw(st.booleans()):
            size[place : place + 2] = [prod(size[place : place + 2])]
        elif place < len(size) and size[place]:
            factor = draw(st.sampled_from([n for n in range(1, size[place] + 1) if size[place] % n == 0]))
            size[place : place + 1] = [factor, size[place] // factor]
    return tensor, size


@MANY
@given(tensors_and_sizes())
def test_why_not_view_speaks_where_torch_refuses_and_names_the_dimensions(case: tuple[Tensor, list[int]]) -> None:
    tensor, size = case
    message = why_not_view(layout_of(tensor), size)
    try:
        tensor.view(size)
    except RuntimeError:
        pass
    else:
        assert message == ""
        return
    pairs = re.findall(
        r"dimensions (\d+) and (\d+) cannot merge: stride (\d+) ≠ (\d+) × (\d+) \(dimension (\d+)'s size × stride\), "
        r"and the new dimension (\d+) of size (\d+) would run over both",
        message,
    )
    assert pairs
    for pair in pairs:
        outer, inner, stride, inner_size, inner_stride, again, new_dim, new_length = map(int, pair)
        assert (tensor.stride(outer), tensor.size(inner), tensor.stride(inner)) == (stride, inner_size, inner_stride)
        assert stride != inner_size * inner_stride
        assert again == inner
        assert size[new_dim] == new_length
        assert all(length == 1 for length in tensor.size()[outer + 1 : inner])
        # Row by row, the new dimension starts before `inner` is through and ends after `outer` has moved.
        behind = prod(tensor.size()[inner:])
        assert prod(size[new_dim + 1 :]) < behind < prod(size[new_dim:])
        # The two alone, all else left out, cannot become one dimension.
        alone = tensor[tuple(slice(None) if dim in (outer, inner) else 0 for dim in range(tensor.dim()))]
        with pytest.raises(RuntimeError, match="view size is not compatible"):
            alone.view(-1)
    call, count, stride = re.search(r"(reshape\(.*\)) would copy (.+) elements? to .* stride (.*)$", message).groups()
    copied = tensor.reshape(numbers(call))
    assert copied.untyped_storage().data_ptr() != tensor.untyped_storage().data_ptr()
    assert (copied.stride(), tensor.numel()) == (numbers(stride), int(count))


def test_why_not_view_says_that_the_number_of_elements_differs() -> None:
    message = why_not_view(Layout.contiguous((2, 3)), (4, 2))
    assert message == "no view of size (4, 2): it holds 8 elements, the tensor has 6"


@MANY
@given(TENSORS)
def test_why_not_contiguous_is_true(tensor: Tensor) -> None:
    message = why_not_contiguous(layout_of(tensor))
    assert (message == "") == tensor.is_contiguous()
    if not message:
        return
    dim, stride, expected = numbers(message.split(". ")[0])
    assert tensor.stride(dim) == stride != expected == prod(tensor.size()[dim + 1 :])
    slots = sorted(tensor.flatten().tolist())
    shared = len(set(slots)) < len(slots)
    assert ("Some elements share a slot" in message) == shared
    if "permute" in message:
        assert slots == list(range(slots[0], slots[-1] + 1))
        assert numbers(message.split("The ")[1])[:2] == (len(slots), len(slots))
        assert tensor.permute(numbers(message.split("permute")[1])).is_contiguous()
    elif not shared:
        span = slots[-1] - slots[0] + 1
        assert numbers(message.split("The ")[1]) == (len(slots), span, slots[0], slots[-1], span - len(slots))
        assert span > len(slots)


@MANY
@given(TENSORS)
def test_a_stride_of_zero_is_the_same_memory_all_along(tensor: Tensor) -> None:
    said = [numbers(part) for part in zero_strides(layout_of(tensor)).split("; ") if part]
    repeated = [dim for dim in range(tensor.dim()) if tensor.size(dim) > 1 and tensor.stride(dim) == 0]
    assert [dim for dim, *_ in said] == (repeated if tensor.numel() else [])
    for dim, stride, places, copies in said:
        assert (stride, places, copies) == (0, tensor.size(dim), tensor.size(dim))
        tensor.select(dim, 0).fill_(-1)
        assert bool((tensor == -1).all())
        break  # everything is written now


@MANY
@given(TENSORS)
def test_overlap_names_two_elements_of_one_slot_and_what_torch_does(tensor: Tensor) -> None:
    message = why_overlap(layout_of(tensor))
    values = tensor.flatten().tolist()
    assert bool(message) == (len(set(values)) < len(values))
    try:
        tensor.add_(0)
        raised = False
    except RuntimeError:
        raised = True
    assert raised == ("torch notices the stride 0" in message)
    assert ("torch does not notice" in message) == (bool(message) and not raised)
    if message:
        first, second, slot = re.search(r"elements \((.*?)\) and \((.*?)\) share slot (\d+)", message).groups()
        assert numbers(first) != numbers(second)
        assert int(tensor[numbers(first)]) == int(tensor[numbers(second)]) == int(slot)
        tensor[numbers(first)] = -7
        assert int(tensor[numbers(second)]) == -7


@MANY
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), max_size=4), st.integers(0, 5), st.integers(0, 30))
def test_out_of_bounds_is_where_torch_refuses(dims: list[tuple[int, int]], offset: int, slots: int) -> None:
    layout = Layout([length for length, _ in dims], [step for _, step in dims], offset, slots)
    message = why_out_of_bounds(layout)
    try:
        torch.arange(slots).as_strided(layout.size, layout.stride, offset)
    except RuntimeError:
        index, slot = re.search(r"element \((.*?)\) would lie in slot (\d+)", message).groups()
        assert layout.slot(numbers(index)) == int(slot) >= slots
        assert "no slots" in message if slots == 0 else f"0 to {slots - 1}" in message
    else:
        assert message == ""


@MANY
@given(TENSORS, RANDOMS)
def test_the_arithmetic_adds_up_to_the_slot(tensor: Tensor, rng: random.Random) -> None:
    assume(tensor.numel())
    index = tuple(rng.randrange(-length, length) for length in tensor.size())
    text = slot_arithmetic(layout_of(tensor), index)
    terms, slot = text.split(" = ")
    assert sum(prod(numbers(term)) for term in terms.split(" + ")) == int(slot) == int(tensor[index])


@settings(max_examples=1000, deadline=None)
@given(RANDOMS)
def test_what_is_said_of_a_step_is_true_of_it(rng: random.Random) -> None:
    tensor = random_start(rng)
    step = parse(random_step(rng, layout_of(tensor))).steps[0]
    try:
        record = take(tensor, step)
    except ChainError:
        return
    words = record.explanation
    assert words
    if record.tensor is None:
        return
    after = record.tensor
    assert words.startswith(f"A {record.kind}: ")
    for name, old, new in (
        ("size", tuple(tensor.size()), tuple(after.size())),
        ("stride", tensor.stride(), after.stride()),
        ("offset", tensor.storage_offset(), after.storage_offset()),
    ):
        assert (f"{name} {old} → {new}" in words) == (record.kind == "view" and old != new)
    if record.kind == "view":
        assert ("the same layout as before" in words) == (layout_of(tensor) == layout_of(after))
        newly_shared = layout_of(after).overlaps and not layout_of(tensor).overlaps
        assert ("share slot" in words) == newly_shared
        if "no place in front is skipped" in words:
            assert int(after[(0,) * after.dim()]) == int(tensor[(0,) * tensor.dim()])
        if "A step multiplies" in words:
            assert re.search(r":\s*[2-9]\b", step.text), "without a step there is none to speak of"
        return
    assert f"A copy: {after.numel()} element{'' if after.numel() == 1 else 's'} in new memory" in words
    assert f"{after.untyped_storage().nbytes() // 8} slots with stride {after.stride()}" in words
    assert ("There is no view of size" in words) == (step.name in ("reshape", "flatten"))
    assert ("It was not contiguous" in words) == (step.name == "contiguous")
    assert ("it is not contiguous" in words) == (not after.is_contiguous())
    assert ("the copy keeps them" in words) == (not after.is_contiguous() and after.stride() == tensor.stride())
    assert ("packed without a gap" in words) == (not after.is_contiguous() and after.stride() != tensor.stride())
    assert layout_of(after).is_dense


@pytest.mark.parametrize(
    ("chain", "says"),
    [
        (
            "arange(12).view(3, 4).t()",
            "size (3, 4) → (4, 3), stride (4, 1) → (1, 4). Sizes and strides change places together",
        ),
        ("arange(3).view(3, 1).expand(3, 4)", "Dimension 1 has stride 0: its 4 places are the same memory"),
        (
            "arange(12).view(3, 4)[:, ::2]",
            "The offset stays: no place in front is skipped. A step multiplies its dimension's stride",
        ),
        ("arange(12)[3:]", "offset 0 → 3. The offset moves by 3: every place skipped counts"),
        (
            "arange(12).view(3, 4).t().reshape(12)",
            "There is no view of size (12,): dimensions 0 and 1 cannot merge: stride 1 ≠",
        ),
        ("arange(5).as_strided((3, 3), (1, 1))", "Elements (0, 1) and (1, 0) share slot 1"),
        ("arange(12).view(3, 4)[:, ::2].clone()", "clone() always copies"),
    ],
)
def test_a_step_is_told_in_words(chain: str, says: str) -> None:
    parsed = parse(chain)
    tensor = torch.arange(*parsed.start.args)
    for step in parsed.steps:
        record = take(tensor, step)
        tensor = record.tensor
    assert says in record.explanation


def test_the_sentence_for_a_step_needs_no_tensor() -> None:
    layout = Layout.contiguous((2, 3))
    assert step_in_words(layout, "contiguous", apply(layout, "contiguous")) == (
        "A view: the same layout as before over the same memory."
    )
