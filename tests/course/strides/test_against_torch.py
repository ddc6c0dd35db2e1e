"""Every operation of the model, called as torch is called, on layouts of every kind."""

from __future__ import annotations

from math import prod
from typing import Any

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from torch import Tensor

from course.strides.chain import Disagreement, layout_of, parse, take
from course.strides.layout import Layout
from course.strides.merging import blocked_merges, view_stride
from course.strides.operations import ATTRIBUTES, OPERATIONS, LayoutError, apply

LENGTHS = st.sampled_from([0, 1, 1, 2, 2, 3, 3, 4])
Arguments = tuple[tuple[Any, ...], dict[str, Any]]


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    """Rank 0 to 5, any strides and offset, sometimes a permuted or expanded one, over a storage with room to spare."""
    size = draw(st.lists(LENGTHS, max_size=5))
    if draw(st.booleans()):
        tensor = torch.arange(prod(size)).view(size).permute(draw(st.permutations(range(len(size)))))
    else:
        stride = [draw(st.sampled_from([0, 1, 1, 2, 3, 4, 6, 12])) for _ in size]
        layout = Layout(size, stride, draw(st.integers(0, 4)))
        tensor = torch.arange(layout.storage_size + draw(st.integers(0, 2))).as_strided(size, stride, layout.offset)
    return tensor


@st.composite
def arguments(draw: st.DrawFn, name: str, layout: Layout) -> Arguments:
    """Arguments for ``name``, mostly good ones, written in one of the ways that torch takes."""
    ndim = layout.ndim
    dims = st.integers(-ndim, max(ndim - 1, 0)) if draw(st.integers(0, 9)) else st.integers(-ndim - 2, ndim + 1)
    match name:
        case "view" | "reshape":
            key = "size" if name == "view" else "shape"
            return draw(
                spellings(key, draw(st.one_of(regrouped(layout.size), st.lists(st.integers(-2, 6), max_size=4))))
            )
        case "permute":
            order = st.permutations(range(-ndim, 0))
            return draw(spellings("dims", draw(st.one_of(order, order, st.lists(dims, max_size=ndim + 1)))))
        case "flip":
            return draw(spellings("dims", draw(st.lists(dims, max_size=3))))
        case "squeeze":
            return draw(st.one_of(st.just(((), {})), spellings("dim", draw(st.lists(dims, max_size=3)))))
        case "expand":
            kept = [draw(st.sampled_from([0, 1, 3, -1, -2] if length == 1 else [length, -1])) for length in layout.size]
            front = draw(st.lists(st.sampled_from([0, 1, 1, 2, 3, -1, -2]), max_size=2))
            other = st.lists(st.integers(-2, 4), max_size=ndim + 1)
            return draw(spellings("size", draw(st.one_of(st.just(front + kept), st.just(front + kept), other))))
        case "transpose" | "swapdims" | "swapaxes":
            keys = ("axis0", "axis1") if name == "swapaxes" else ("dim0", "dim1")
            return draw(named(keys, [draw(dims), draw(dims)]))
        case "movedim" | "moveaxis":
            count = draw(st.integers(0, ndim))
            some = st.permutations(range(ndim)).map(lambda order: tuple(order[:count]))
            one = st.one_of(dims, some, st.lists(dims, max_size=2))
            return draw(named(("source", "destination"), [draw(one), draw(one)]))
        case "select":
            return draw(named(("dim", "index"), [draw(dims), draw(st.integers(-5, 5))]))
        case "narrow":
            return draw(
                named(("dim", "start", "length"), [draw(dims), draw(st.integers(-5, 5)), draw(st.integers(-1, 4))])
            )
        case "unsqueeze":
            return draw(named(("dim",), [draw(st.integers(-ndim - 2, ndim + 1))]))
        case "flatten":
            return draw(named(("start_dim", "end_dim"), [draw(dims), draw(st.one_of(st.just(-1), dims))]))
        case "unflatten":
            dim = draw(dims)
            length = layout.size[dim] if ndim and -ndim <= dim < ndim else 1
            sizes = draw(st.one_of(regrouped((length,)), st.lists(st.integers(-2, 4), max_size=3)))
            return draw(named(("dim", "sizes"), [dim, tuple(sizes)]))
        case "unfold":
            numbers = [draw(dims), draw(st.integers(-1, 5)), draw(st.integers(0, 4))]
            return draw(named(("dimension", "size", "step"), numbers))
        case "diagonal":
            return draw(named(("offset", "dim1", "dim2"), [draw(st.integers(-5, 5)), draw(dims), draw(dims)]))
        case "as_strided":
            size = draw(st.lists(st.sampled_from([0, 1, 2, 2, 3, -1]), max_size=4))
            length = len(size) if draw(st.integers(0, 9)) else draw(st.integers(0, 4))
            stride = draw(st.lists(st.sampled_from([0, 1, 1, 2, 3, -1]), min_size=length, max_size=length))
            offset = draw(st.one_of(st.none(), st.integers(-1, 6)))
            return draw(named(("size", "stride", "storage_offset"), [tuple(size), tuple(stride), offset]))
        case "index":
            return (draw(keys_for(ndim)),), {}
    return (), {}


@st.composite
def regrouped(draw: st.DrawFn, size: tuple[int, ...]) -> list[int]:
    """As many elements in other dimensions: neighbours merged, or split, or a 1 put in; sometimes one is -1."""
    result = list(size)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(result)))
        move = draw(st.sampled_from(["merge", "merge", "split", "one"]))
        if move == "merge" and place + 1 < len(result):
            result[place : place + 2] = [result[place] * result[place + 1]]
        elif move == "split" and place < len(result) and result[place] > 1:
            factor = draw(st.sampled_from([n for n in range(1, result[place] + 1) if result[place] % n == 0]))
            result[place : place + 1] = [factor, result[place] // factor]
        elif move == "one":
            result.insert(place, 1)
    if result and draw(st.integers(0, 3)) == 0:
        result[draw(st.integers(0, len(result) - 1))] = -1
    return result


def spellings(key: str, numbers: list[int]) -> st.SearchStrategy[Arguments]:
    """``f(1, 2)``, ``f((1, 2))``, ``f([1, 2])`` and ``f(size=(1, 2))``."""
    return st.sampled_from(
        [(tuple(numbers), {}), ((tuple(numbers),), {}), ((list(numbers),), {}), ((), {key: tuple(numbers)})]
    )


@st.composite
def named(draw: st.DrawFn, keys: tuple[str, ...], values: list[Any]) -> Arguments:
    """The first arguments by place, the others by name."""
    cut = draw(st.integers(0, len(keys)))
    return tuple(values[:cut]), dict(zip(keys[cut:], values[cut:], strict=True))


@st.composite
def keys_for(draw: st.DrawFn, ndim: int) -> Any:
    end = st.one_of(st.none(), st.integers(-6, 6))
    part = st.one_of(
        st.integers(-3, 3), st.builds(slice, end, end, st.sampled_from([None, 1, 2, 3, 3, 0, -1])), st.none()
    )
    parts = draw(st.lists(part, max_size=ndim + 1))
    if draw(st.booleans()):
        parts.insert(draw(st.integers(0, len(parts))), ...)
    return parts[0] if len(parts) == 1 and draw(st.booleans()) else tuple(parts)


def torch_does(tensor: Tensor, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor | None:
    """What torch gives, None where it raises."""
    try:
        if name == "index":
            return tensor[args[0]]
        result = getattr(tensor, name) if name in ATTRIBUTES else getattr(tensor, name)(*args, **kwargs)
    except (RuntimeError, IndexError, TypeError, ValueError):
        return None
    # torch lets expand(-2, 0) through: a size below 0 that nobody can use.
    return result if all(length >= 0 for length in result.size()) else None


def the_model_does(tensor: Tensor, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    try:
        return apply(layout_of(tensor), name, args, kwargs)
    except LayoutError as error:
        assert str(error), "an error without words"
        return None


@pytest.mark.filterwarnings("ignore:The use of `x")  # .T of other than matrices is deprecated, and modelled
@pytest.mark.filterwarnings("ignore:Tensor.")
@pytest.mark.filterwarnings("ignore:tensor.")
@pytest.mark.parametrize("name", OPERATIONS)
def test_size_stride_offset_sharing_and_errors_are_torchs(name: str) -> None:
    seen = set()

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        tensor = data.draw(tensors())
        args, kwargs = data.draw(arguments(name, layout_of(tensor)))
        theirs, ours = torch_does(tensor, name, args, kwargs), the_model_does(tensor, name, args, kwargs)
        assert (theirs is None) == (ours is None), f"torch: {theirs}, model: {ours}"
        if theirs is not None:
            assert ours.layout == layout_of(theirs)
            if tensor.untyped_storage().nbytes():
                same = tensor.untyped_storage().data_ptr() == theirs.untyped_storage().data_ptr()
                assert ours.kind == ("view" if same else "copy")
        seen.add("error" if ours is None else ours.kind)

    holds()
    assert ("copy" if name in ("clone", "flip") else "view") in seen


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_a_view_is_blocked_exactly_where_no_strides_exist(data: st.DataObject) -> None:
    layout = layout_of(data.draw(tensors()))
    size = [abs(length) for length in data.draw(regrouped(layout.size))]
    if prod(size) == layout.numel:
        blocked = blocked_merges(layout.size, layout.stride, size)
        assert bool(blocked) == (view_stride(layout.size, layout.stride, size) is None)


@pytest.mark.parametrize(
    ("size", "chain", "kind"),
    [
        ((3, 0), ".view(5, -1)", "view"),
        ((3, 0), ".view(0, -1)", "error"),
        ((3, 0, 2), ".permute(2, 0, 1).view(2, 3, 0)", "view"),
        ((2, 3), ".view()", "error"),
        ((6,), ".view((2, 3))", "view"),
        ((6,), ".view(size=(2, 3))", "view"),
        ((6,), ".view(size=6)", "error"),
        ((6,), ".view((2,), 3)", "error"),
        ((6,), ".view(None)", "error"),
        ((6,), ".view(-2, -3)", "error"),
        ((), ".squeeze(0)", "view"),
        ((), ".squeeze(1)", "error"),
        ((2, 1), ".squeeze(None)", "error"),
        ((2, 1), ".squeeze(0, 1)", "view"),
        ((2, 1), ".squeeze(dim=())", "view"),
        ((), ".expand(1, 1)", "view"),
        ((), ".expand(-1)", "error"),
        ((1, 1), ".expand(-2, 0)", "error"),
        ((2, 3), ".expand(4, 1, 2, 3)", "view"),
        ((0, 3), ".narrow(0, -1, 0)", "error"),
        ((2, 3), ".narrow(0, 2, 0)", "view"),
        ((2, 3), ".narrow(0, 3, 0)", "error"),
        ((), ".narrow(0, 0, 1)", "error"),
        ((), ".unfold(0, 1, 5)", "view"),
        ((), ".unfold(0, 2, 1)", "error"),
        ((10,), ".unfold(0, 2, size=1)", "error"),
        ((), ".unflatten(0, (1, 1))", "error"),
        ((6,), ".unflatten(0, 6)", "error"),
        ((6,), ".unflatten(0, 2, 3)", "error"),
        ((6,), ".unflatten(0, sizes=[2, 3])", "view"),
        ((0, 2), ".unflatten(0, (0, -1))", "error"),
        ((2, 3), ".movedim((0,), 1)", "error"),
        ((2, 3), ".swapaxes(dim0=0, dim1=1)", "error"),
        ((2, 3), ".transpose(0)", "error"),
        ((2, 3), ".transpose(0, dim1=-2)", "view"),
        ((2, 3), ".flip()", "error"),
        ((2, 3), ".flip(())", "copy"),
        ((2, 3), ".flip(0, -2)", "error"),
        ((2, 3), ".t(0)", "error"),
        ((2, 3), ".contiguous()", "view"),
        ((2, 3), ".clone(1)", "error"),
        ((6,), ".as_strided((2,), 3)", "error"),
        ((6,), ".as_strided((0,), (1,), 100)", "view"),
        ((6,), ".as_strided((0, -3), (1, 1))", "error"),
        ((6,), ".as_strided((), (), storage_offset=None)", "view"),
        ((6,), "[::0]", "error"),
        ((6,), "[::-1]", "error"),
        ((6,), "[100:]", "view"),
        ((6,), "[-1:-100:1000000]", "view"),
        ((), "[:]", "error"),
        ((), "[..., None]", "view"),
        ((2, 3), "[0, 0, :]", "error"),
        ((2, 3), "[0, None, ..., 0]", "view"),
        ((2, 3), "[()]", "view"),
        ((2, 3, 4), ".T", "view"),
        ((2, 3, 4), ".H", "error"),
        ((4,), ".mT", "error"),
    ],
)
def test_corner_cases(size: tuple[int, ...], chain: str, kind: str) -> None:
    tensor = torch.arange(prod(size)).view(size)
    for step in parse(chain).steps:
        record = take(tensor, step)  # raises Disagreement unless torch does the same
        tensor = tensor if record.tensor is None else record.tensor
    assert record.kind == kind


def test_a_model_that_is_wrong_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    tensor, step = torch.arange(6).view(2, 3), parse(".t()").steps[0]
    right = apply(layout_of(tensor), "t")
    for wrong in (
        type(right)("copy", right.layout),
        type(right)("view", Layout((3, 2), (2, 1))),
        type(right)("view", Layout((3, 2), (1, 3), 0, 7)),
    ):
        monkeypatch.setattr("course.strides.chain.apply", lambda *_, wrong=wrong: wrong)
        with pytest.raises(Disagreement, match=r"\.t\(\) on Layout.*the model says .*, torch gives view"):
            take(tensor, step)


def test_an_error_of_the_model_alone_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise LayoutError("no")

    monkeypatch.setattr("course.strides.chain.apply", refuse)
    with pytest.raises(Disagreement, match="the model says error: no, torch gives view"):
        take(torch.arange(6), parse(".view(2, 3)").steps[0])


def test_a_second_ellipsis_is_refused_where_torch_would_look_beyond_the_sizes() -> None:
    with pytest.raises(LayoutError, match="a second Ellipsis leaves no dimension"):
        apply(Layout.contiguous((2, 3)), "index", ((..., ..., 0),))
    with pytest.raises(LayoutError, match="a second Ellipsis leaves no dimension"):
        apply(Layout.contiguous((2, 3)), "index", ((..., ..., None),))


@pytest.mark.parametrize("wrong", [True, "0", 1.5, [0, 1]])
def test_an_index_of_another_kind_is_refused(wrong: object) -> None:
    with pytest.raises(LayoutError, match="is none of a whole number, a slice, None and Ellipsis"):
        apply(Layout.contiguous((2, 3)), "index", (wrong,))
