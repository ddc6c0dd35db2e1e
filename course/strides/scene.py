"""What a picture of a tensor shows: which elements and slots are in sight, their values as text, and where the focus is.

Pure values: real tensors are read in ``reading``, drawn in ``draw``, and moved through in ``explorer``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from course.strides.layout import Layout

__all__ = [
    "MOST_SHOWN",
    "Block",
    "Scene",
    "count_read",
    "cut",
    "element_window",
    "first_focus",
    "read_slots",
    "slot_columns",
    "slot_window",
]

MOST_SHOWN = 512
"""Up to so many slots, and elements, are shown in full."""
_SLOTS_AT_ONCE = 128  # of a larger storage: five or six rows, which can still be read
_LONGEST_ROW, _MOST_ROWS, _ELEMENTS_AT_ONCE = 16, 8, 256  # of a larger tensor
_ROWS_OF_BLOCK = 16
_NICE_ROWS = (64, 48, 32, 24, 20, 16, 12, 10, 8, 6, 5, 4, 3, 2, 1)
_COUNTED = 200_000  # elements up to which overlapping slots are counted one by one


@dataclass(frozen=True)
class Scene:
    """A tensor as it is looked at.

    ``window`` holds the places in sight of each dimension, ``elements`` their values row by row; ``slots`` the slots
    in sight, ``stored`` what lies in them. ``focus`` is the index of one element, or None when there are none.
    ``remark`` says when the elements are not simply what lies in their slots.
    """

    name: str
    layout: Layout
    dtype: str
    itemsize: int
    window: tuple[range, ...]
    elements: tuple[str, ...]
    slots: range
    stored: tuple[str, ...]
    focus: tuple[int, ...] | None = None
    remark: str = ""

    @property
    def all_elements(self) -> bool:
        """Whether no element is out of sight."""
        return tuple(map(len, self.window)) == self.layout.size

    @property
    def all_slots(self) -> bool:
        """Whether no slot is out of sight."""
        return len(self.slots) == self.layout.storage_size

    def value(self, index: Sequence[int]) -> str:
        """The text of the element at ``index``, which has to be in sight."""
        place = 0
        for at, places in zip(index, self.window, strict=True):
            place = place * len(places) + places.index(at)
        return self.elements[place]


def first_focus(size: Sequence[int]) -> tuple[int, ...] | None:
    """The element that is looked at first: one step along every dimension, so that every stride counts.

    >>> first_focus((2, 1, 4)), first_focus((3, 0))
    ((1, 0, 1), None)
    """
    return None if 0 in size else tuple(min(1, length - 1) for length in size)


def element_window(size: Sequence[int], focus: Sequence[int] | None) -> tuple[range, ...]:
    """The places in sight of each dimension: all of them up to ``MOST_SHOWN`` elements, else pages around the focus.

    >>> element_window((2, 3), None)
    (range(0, 2), range(0, 3))
    >>> element_window((3, 32, 32), (2, 20, 31))
    (range(1, 3), range(16, 24), range(16, 32))
    """
    if prod(size) <= MOST_SHOWN:
        return tuple(map(range, size))
    lengths: list[int] = []
    for back, length in enumerate(reversed(size)):
        room = _ELEMENTS_AT_ONCE // prod(lengths)
        most = (_LONGEST_ROW if len(size) > 1 else room, _MOST_ROWS, room)[min(back, 2)]
        lengths.insert(0, min(length, most, max(room, 1)))
    return tuple(map(_page, size, lengths, focus or (0,) * len(size)))


def slot_window(layout: Layout, focus: Sequence[int] | None) -> range:
    """The slots in sight: all of them up to ``MOST_SHOWN``, else the page that the focused element lies in.

    >>> slot_window(Layout((2, 3), (3, 1)), None), slot_window(Layout.contiguous((1000,)), (999,))
    (range(0, 6), range(872, 1000))
    """
    if layout.storage_size <= MOST_SHOWN:
        return range(layout.storage_size)
    slot = layout.offset if focus is None else layout.slot(focus)
    return _page(layout.storage_size, _SLOTS_AT_ONCE, min(slot, layout.storage_size - 1))


def _page(whole: int, length: int, place: int) -> range:
    start = max(min(place // max(length, 1) * length, whole - length), 0)
    return range(start, min(start + length, whole))


@dataclass(frozen=True)
class Block:
    """A piece of one matrix of the tensor, small enough to be drawn as one grid.

    ``lead`` is where the matrix stands in the dimensions in front; a 1-D tensor is one row, a 0-d tensor one cell.
    """

    label: str
    rank: int
    lead: tuple[int, ...]
    rows: range
    columns: range

    def index(self, row: int, column: int) -> tuple[int, ...]:
        """The index of the element in that row and column, both counted as the tensor counts them.

        >>> Block("[1, :, :]", 3, (1,), range(2), range(3)).index(0, 2)
        (1, 0, 2)
        """
        return ((), (column,), (*self.lead, row, column))[min(self.rank, 2)]


def cut(size: Sequence[int], window: Sequence[range], longest_row: int) -> tuple[Block, ...]:
    """The window as blocks of at most ``longest_row`` columns, in reading order; none when it has no elements.

    >>> [block.label for block in cut((2, 2, 4), (range(2), range(2), range(4)), 20)]
    ['[0, :, :]', '[1, :, :]']
    >>> [block.label for block in cut((30,), (range(30),), 20)]
    ['[0:20]', '[20:30]']
    """
    if not all(window):
        return ()
    rank = len(size)
    rows = window[-2] if rank > 1 else range(1)
    columns = window[-1] if rank else range(1)
    return tuple(
        Block(_label(size, lead, some_rows, some_columns), rank, lead, some_rows, some_columns)
        for lead in product(*window[:-2])
        for some_rows in _pieces(rows, _ROWS_OF_BLOCK)
        for some_columns in _pieces(columns, max(longest_row, 1))
    )


def _pieces(places: range, length: int) -> list[range]:
    return [places[start : start + length] for start in range(0, len(places), length)]


def _label(size: Sequence[int], lead: tuple[int, ...], rows: range, columns: range) -> str:
    if not size:
        return "one number, no index"
    shown = [(size[-1], columns)] if len(size) == 1 else [(size[-2], rows), (size[-1], columns)]
    parts = [":" if len(places) == length else f"{places.start}:{places.stop}" for length, places in shown]
    return f"[{', '.join([*map(str, lead), *parts])}]"


def slot_columns(count: int, fitting: int) -> int:
    """How many slots stand in a row: all where ``fitting`` is enough, else a number that is easy to count in.

    >>> slot_columns(24, 25), slot_columns(100, 25)
    (24, 24)
    """
    if count <= fitting:
        return max(count, 1)
    return next(nice for nice in _NICE_ROWS if nice <= max(fitting, 1))


def read_slots(layout: Layout, slots: range) -> tuple[bool, ...]:
    """For each of ``slots``, whether some element lies in it.

    >>> read_slots(Layout((2, 2), (4, 1)), range(6))
    (True, True, False, False, True, True)
    """
    if not layout.numel:
        return (False,) * len(slots)
    # The same slots are read whatever the order of the dimensions; with long strides first, few ways have to be tried.
    # Places of stride 0 add none.
    dims = sorted(
        ((step, length) for step, length in zip(layout.stride, layout.size, strict=True) if step), reverse=True
    )
    reach = [sum((length - 1) * step for step, length in dims[dim:]) for dim in range(len(dims) + 1)]

    def reads(left: int, dim: int) -> bool:
        if dim == len(dims):
            return left == 0
        step, length = dims[dim]
        # What is left over has to lie within the reach of the dimensions behind.
        places = range(max(0, -((reach[dim + 1] - left) // step)), min(length - 1, left // step) + 1)
        return any(reads(left - place * step, dim + 1) for place in places)

    return tuple(reads(slot - layout.offset, 0) for slot in slots)


def count_read(layout: Layout) -> int | None:
    """How many slots are read; None where elements share slots and are too many to count.

    >>> count_read(Layout((2, 3), (1, 1))), count_read(Layout((2, 3), (3, 1)))
    (4, 6)
    """
    shrunk = [(n if step else min(n, 1), step) for n, step in zip(layout.size, layout.stride, strict=True)]
    once = Layout([n for n, _ in shrunk], [step for _, step in shrunk], layout.offset, layout.storage_size)
    if not once.overlaps:
        return once.numel
    return len(set(once.slots())) if once.numel <= _COUNTED else None
