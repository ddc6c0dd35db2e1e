"""A chain on a real tensor: a history of what torch did, with reasons."""

import warnings

import pytest
import torch

from course.strides.chain import (
    MOST_ELEMENTS,
    ChainError,
    Record,
    Step,
    layout_of,
    parse,
    run,
    shares_storage,
    start_tensor,
    take,
)


def history(text: str, tensor: torch.Tensor | None = None) -> list[Record]:
    chain = parse(text)
    return list(run(start_tensor(chain.start) if tensor is None else tensor, chain.steps))


def test_a_history_marks_views_copies_and_errors() -> None:
    records = history("arange(24).view(2, 3, 4)[:, ::2].transpose(0, 1).reshape(16).view(5, 5)")
    assert [record.kind for record in records] == ["view", "view", "view", "copy", "error"]
    assert [record.text for record in records][-2:] == [".reshape(16)", ".view(5, 5)"]
    assert records[2].layout == layout_of(records[2].tensor)


def test_a_failing_view_says_why_and_what_torch_said() -> None:
    record = history("arange(12).view(3, 4).t().view(12)")[-1]
    assert (record.kind, record.tensor) == ("error", None)
    assert "dimensions 0 and 1 cannot merge: stride 1 ≠ 3 × 4" in record.explanation
    assert "reshape(12) would copy 12 elements" in record.explanation
    assert record.torch_message.startswith("view size is not compatible with input tensor's size and stride")
    assert record.layout.size == (4, 3), "after an error the layout is the one it was tried on"


def test_a_history_ends_with_the_first_error() -> None:
    assert [record.kind for record in history("arange(6).view(4).view(6)")] == ["error"]


def test_steps_run_one_by_one_as_they_are_asked_for() -> None:
    records = run(torch.arange(6), parse(".view(2, 3).view(4)").steps)
    assert next(records).kind == "view"


def test_the_tensors_are_the_real_ones() -> None:
    x = torch.arange(6)
    (record,) = history(".view(2, 3)", x)
    record.tensor[1, 2] = 50
    assert x[5] == 50


@pytest.mark.parametrize("dtype", [torch.float64, torch.bool, torch.complex64, torch.uint8, torch.bfloat16])
def test_every_dtype_counts_its_own_slots(dtype: torch.dtype) -> None:
    records = history(".t()[1:].H.mH.contiguous().flip(0).clone()", torch.zeros(3, 4, dtype=dtype))
    assert records[0].layout.storage_size == 12
    assert [record.kind for record in records] == ["view", "view", "view", "view", "copy", "copy", "copy"]


def test_parameters_and_gradients_are_left_alone() -> None:
    weight = torch.nn.Parameter(torch.ones(2, 3))
    assert history(".t().reshape(6)", weight)[-1].kind == "copy"
    assert weight.grad is None


def test_a_deprecated_transpose_does_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert history("zeros(2, 3, 4).T")[0].layout.size == (4, 3, 2)


def test_an_error_inside_torch_is_shown_without_its_call_stack() -> None:
    message = history("arange(6).unflatten(0, (-2, -3))")[0].torch_message
    assert "invalid shape dimension -2" in message
    assert "frame #" not in message


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("arange(5)", (5,)),
        ("arange(2, 8, 2)", (3,)),
        ("zeros(2, 3)", (2, 3)),
        ("ones((2, 0))", (2, 0)),
        ("zeros(())", ()),
    ],
)
def test_starts(text: str, size: tuple[int, ...]) -> None:
    assert tuple(start_tensor(parse(text).start).size()) == size


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("arange(-1000000, 1000000)", "would have 2000000 elements, the limit here is 1000000"),
        ("zeros(1000000, 1000000)", "would have 1000000000000 elements"),
        ("ones((1000000, 1000000))", "would have 1000000000000 elements"),
        ("zeros(size=(1000000, 1000000))", "zeros takes plain numbers here, without names"),
        ("arange(5, 0)", "torch refuses it: upper bound"),
        ("arange(5, 0, 0)", "torch refuses it: step must be nonzero"),
        ("arange()", "torch refuses it"),
        ("arange((1, 2), 3)", "torch refuses it"),
        ("zeros(-1)", "torch refuses it"),
        ("zeros(None)", "torch refuses it"),
    ],
)
def test_starts_that_cannot_be(text: str, message: str) -> None:
    with pytest.raises(ChainError, match=message):
        start_tensor(parse(text).start)


def test_a_start_that_is_none_of_the_known_is_refused() -> None:
    with pytest.raises(ChainError, match="load is no start of a chain; known are arange, zeros, ones"):
        start_tensor(Step("load", (1,)))


@pytest.mark.parametrize("chain", [".expand(1000, 1000, 1000)", ".expand(1000, 1000, 1000).clone()"])
def test_a_result_that_is_too_large_is_refused_before_it_is_made(chain: str) -> None:
    with pytest.raises(ChainError, match="would have 1000000000 elements, the limit here is 1000000"):
        history(chain, torch.zeros(1))


def test_a_large_tensor_of_ones_own_is_welcome() -> None:
    own = torch.zeros(1, dtype=torch.int8).expand(MOST_ELEMENTS + 1).clone()
    assert history(".view(-1, 1).t()", own)[-1].layout.numel == MOST_ELEMENTS + 1


def test_strides_beyond_what_can_be_counted_are_refused() -> None:
    with pytest.raises(ChainError, match=r"a stride beyond 2\*\*40 is longer than is shown here"):
        history("arange(6)" + "[::1000000]" * 3)


def test_a_step_made_by_hand_has_to_be_known_too() -> None:
    with pytest.raises(ChainError, match="__class__ is no known operation; known are index, view"):
        take(torch.arange(3), Step("__class__"))


def test_a_tensor_with_strides_is_needed() -> None:
    with pytest.raises(TypeError, match=r"this one's layout is torch.sparse_coo; try .to_dense\(\)"):
        layout_of(torch.eye(2).to_sparse())
    with pytest.raises(TypeError, match="a torch tensor is needed, this is a list"):
        layout_of([1, 2])  # type: ignore[arg-type]


def test_sharing_storage_is_the_same_memory_whatever_is_read_of_it() -> None:
    x = torch.arange(6)
    assert shares_storage(x[:2], x[4:])
    assert shares_storage(x, x.view(torch.uint8))
    assert not shares_storage(x, x.clone())


def test_empty_storages_are_told_apart() -> None:
    x = torch.empty(0)
    assert shares_storage(x, x.view(0, 3))
    assert not shares_storage(x, torch.empty(0))
