"""Why, in words and with the numbers at hand: each sentence is true of every layout that it is given for."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from course.strides.layout import Layout, contiguous_stride
from course.strides.merging import blocked_merges
from course.strides.outcome import Outcome

__all__ = [
    "slot_arithmetic",
    "step_in_words",
    "why_not_contiguous",
    "why_not_view",
    "why_out_of_bounds",
    "why_overlap",
    "zero_strides",
]


def slot_arithmetic(layout: Layout, index: Sequence[int]) -> str:
    """``offset + Σ index·stride = slot``, worked out for one element.

    >>> slot_arithmetic(Layout((2, 3), (3, 1), offset=6), (1, 2))
    '6 + 1·3 + 2·1 = 11'
    """
    slot = layout.slot(index)
    places = (place % length for place, length in zip(index, layout.size, strict=True))
    terms = (f"{place}·{step}" for place, step in zip(places, layout.stride, strict=True))
    return f"{' + '.join((str(layout.offset), *terms))} = {slot}"


def why_not_view(layout: Layout, new_size: Sequence[int]) -> str:
    """Why ``view(new_size)`` cannot be, and what ``reshape`` would do; empty where the view exists.

    >>> print(why_not_view(Layout((4, 3), (2, 8)), (12,)))
    no view of size (12,): dimensions 0 and 1 cannot merge: stride 2 ≠ 3 × 8 (dimension 1's size × stride), and the new
    dimension 0 of size 12 would run over both. reshape(12) would copy 12 elements to new memory with stride (1,)
    """
    reasons = _why_no_view(layout, tuple(new_size))
    if not reasons or prod(new_size) != layout.numel:
        return reasons
    return (
        f"{reasons}. reshape({', '.join(map(str, new_size))}) would copy {_elements(layout.numel)} to new memory "
        f"with stride {contiguous_stride(new_size)}"
    )


def _why_no_view(layout: Layout, new_size: tuple[int, ...]) -> str:
    if prod(new_size) != layout.numel:
        return f"no view of size {new_size}: it holds {prod(new_size)} elements, the tensor has {layout.numel}"
    reasons = [
        f"dimensions {pair.outer} and {pair.inner} cannot merge: stride {pair.stride} ≠ {pair.inner_size} × "
        f"{pair.inner_stride} (dimension {pair.inner}'s size × stride), and the new dimension {pair.new_dim} of size "
        f"{new_size[pair.new_dim]} would run over both"
        for pair in blocked_merges(layout.size, layout.stride, new_size)
    ]
    return f"no view of size {new_size}: {'; '.join(reasons)}" if reasons else ""


def why_not_contiguous(layout: Layout) -> str:
    """The first dimension from the right that breaks row-by-row order, and what the slots look like instead.

    Empty where the layout is contiguous.

    >>> print(why_not_contiguous(Layout((3, 2), (1, 3))))
    not contiguous: dimension 1 has stride 3, row by row it would be 1. The 6 elements fill 6 neighbouring slots,
    in another order: after permute(1, 0) it would be contiguous
    """
    if layout.is_contiguous:
        return ""
    expected = 1
    for dim in range(layout.ndim - 1, -1, -1):
        if layout.size[dim] != 1:
            if layout.stride[dim] != expected:
                break
            expected *= layout.size[dim]
    reason = f"not contiguous: dimension {dim} has stride {layout.stride[dim]}, row by row it would be {expected}. "
    span = layout.last_slot - layout.first_slot + 1
    if layout.overlaps:
        return reason + "Some elements share a slot"
    if layout.is_dense:
        # Sizes of 1 may stand anywhere, so only the others have to be in order.
        order = sorted(range(layout.ndim), key=lambda dim: -layout.stride[dim])
        return reason + (
            f"The {layout.numel} elements fill {span} neighbouring slots, in another order: after "
            f"permute({', '.join(map(str, order))}) it would be contiguous"
        )
    return reason + (
        f"The {layout.numel} elements lie scattered over {span} slots, {layout.first_slot} to {layout.last_slot}: "
        f"{span - layout.numel} of these belong to no element"
    )


def zero_strides(layout: Layout) -> str:
    """What a stride of 0 means; empty where no dimension longer than 1 has it, or where there are no elements.

    >>> print(zero_strides(Layout((3, 4), (1, 0))))
    dimension 1 has stride 0: its 4 places are the same memory, not 4 copies of it
    """
    if not layout.numel:
        return ""
    dims = [dim for dim in range(layout.ndim) if layout.size[dim] > 1 and layout.stride[dim] == 0]
    return "; ".join(
        f"dimension {dim} has stride 0: its {layout.size[dim]} places are the same memory, "
        f"not {layout.size[dim]} copies of it"
        for dim in dims
    )


def why_overlap(layout: Layout) -> str:
    """Two elements that share a slot, and what writing in place does then; empty where none do.

    >>> print(why_overlap(Layout((3, 3), (1, 1))))
    elements (0, 1) and (1, 0) share slot 1: writing to one changes the other. torch does not notice here: add_ and its
    like raise no error, and what they leave in shared slots is not to be relied on. clone() first
    """
    if not layout.overlaps:
        return ""
    first, second = _first_pair(layout)
    shared = f"elements {first} and {second} share slot {layout.slot(first)}: writing to one changes the other. "
    if zero_strides(layout):
        return shared + "torch notices the stride 0: add_ and its like raise an error. clone() first"
    return shared + (
        "torch does not notice here: add_ and its like raise no error, and what they leave in shared slots is not to "
        "be relied on. clone() first"
    )


def _first_pair(layout: Layout) -> tuple[tuple[int, ...], tuple[int, ...]]:
    origin = [0] * layout.ndim
    for dim in range(layout.ndim):
        if layout.stride[dim] == 0 and layout.size[dim] > 1:
            return tuple(origin), tuple(int(place == dim) for place in range(layout.ndim))
    seen: dict[int, tuple[int, ...]] = {}
    for index, slot in zip(layout.indices(), layout.slots(), strict=True):
        if slot in seen:
            return seen[slot], index
        seen[slot] = index
    raise ValueError(f"{layout} has no two elements in one slot")


def why_out_of_bounds(layout: Layout) -> str:
    """Which element would lie beyond the storage; empty where every element has its slot.

    >>> why_out_of_bounds(Layout((2, 3), (3, 1), offset=1, storage_size=6))
    'element (1, 2) would lie in slot 6 (1 + 1·3 + 2·1 = 6), but the storage has 6 slots, 0 to 5'
    """
    if layout.fits:
        return ""
    last = tuple(length - 1 for length in layout.size)
    have = f"{layout.storage_size} slot{'s' * (layout.storage_size != 1)}, 0 to {layout.storage_size - 1}"
    return (
        f"element {last} would lie in slot {layout.last_slot} ({slot_arithmetic(layout, last)}), "
        f"but the storage has {have if layout.storage_size else 'no slots'}"
    )


_SAME_ORDER = "The same elements in the same order, counted off in other dimensions. "
_REORDERED = "Sizes and strides change places together. "
_NO_NEGATIVE_STRIDE = "Reading backwards would need a negative stride, which torch does not have. "
_RULES = {
    **dict.fromkeys(("view", "reshape", "flatten", "unflatten"), _SAME_ORDER),
    **dict.fromkeys(("transpose", "swapaxes", "swapdims", "t", "permute", "movedim", "moveaxis"), _REORDERED),
    **dict.fromkeys(("T", "mT", "H", "mH"), _REORDERED),
    "squeeze": "Dimensions of size 1 are left out: they never moved anything. ",
    "unsqueeze": "A dimension of size 1 comes in: only its place 0 exists, so its stride never counts. ",
    "unfold": "Windows over the same slots: the new last dimension has the old stride, the old dimension step × it. ",
    "diagonal": "One place along a diagonal moves both dimensions: its stride is the sum of the two. ",
    "as_strided": "Size, stride and offset are taken as told, over the same storage. ",
}


def step_in_words(before: Layout, operation: str, outcome: Outcome) -> str:
    """What an operation did with the layout ``before``: what changed, by which rule, and what to look out for.

    >>> from course.strides.operations import apply
    >>> matrix = Layout.contiguous((2, 3))
    >>> print(step_in_words(matrix, "t", apply(matrix, "t")))
    A view: size (2, 3) → (3, 2), stride (3, 1) → (1, 3). Sizes and strides change places together.
    >>> print(step_in_words(matrix, "flip", apply(matrix, "flip", (0,))))
    A copy: 6 elements in new memory, 6 slots with stride (3, 1). Reading backwards would need a negative stride,
    which torch does not have.
    """
    return (_view_in_words if outcome.kind == "view" else _copy_in_words)(before, operation, outcome.layout).strip()


def _view_in_words(before: Layout, operation: str, after: Layout) -> str:
    if before == after:
        return "A view: the same layout as before over the same memory."
    fields = (
        ("size", before.size, after.size),
        ("stride", before.stride, after.stride),
        ("offset", before.offset, after.offset),
    )
    changes = ", ".join(f"{name} {old} → {new}" for name, old, new in fields if old != new)
    words = f"A view: {changes}. {_RULES.get(operation, '')}"
    if operation in ("index", "select", "narrow"):
        words += _chosen_in_words(before, after)
    repeated, shared = zero_strides(after), "" if before.overlaps else why_overlap(after)
    if repeated and repeated != zero_strides(before):
        words += f"{repeated[0].upper()}{repeated[1:]}. "
    if shared:
        words += f"{shared[0].upper()}{shared[1:]}."
    return words


def _chosen_in_words(before: Layout, after: Layout) -> str:
    moved = after.offset - before.offset
    if moved:
        words = f"The offset moves by {moved}: every place skipped counts its dimension's stride. "
    else:
        words = "The offset stays: no place in front is skipped. " if after.numel else "The offset stays. "
    # None brings in dimensions of size 1 with strides of their own; only a step gives a longer one a new stride.
    if any(n > 1 and step not in before.stride for n, step in zip(after.size, after.stride, strict=True)):
        words += "A step multiplies its dimension's stride. "
    return words


def _copy_in_words(before: Layout, operation: str, after: Layout) -> str:
    slots = f"{after.storage_size} slots with stride {after.stride}"
    words = f"A copy: {_elements(after.numel)} in new memory, {slots}. "
    if operation in ("reshape", "flatten"):
        return f"{words}There is {_why_no_view(before, after.size)}."
    if operation == "contiguous":
        return f"{words}It was {why_not_contiguous(before)}."
    words += "clone() always copies. " if operation == "clone" else _NO_NEGATIVE_STRIDE
    if after.is_contiguous:
        return words
    if before.stride == after.stride:
        return words + "The old strides left no gap, so the copy keeps them: it is not contiguous."
    return words + "The copy is packed without a gap, but not row by row: it is not contiguous."


def _elements(count: int) -> str:
    return f"{count} element{'s' * (count != 1)}"
