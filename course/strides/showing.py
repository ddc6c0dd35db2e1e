"""Pictures of real tensors for lessons: one and its storage, or two side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from course.picture import Picture
from course.strides.chain import shares_storage
from course.strides.draw import draw, draw_pair
from course.strides.layout import Layout
from course.strides.reading import read
from course.strides.scene import Scene

__all__ = ["compare", "show"]

_COMPARED = 200_000  # elements up to which common slots are looked for one by one


def show(tensor: Tensor, focus: Sequence[int] | None = None, name: str = "x") -> Picture:
    """The picture of ``tensor``, rank 0 to 5, and of its storage; ``focus`` is the index of the element marked.

    Raises ``TypeError`` for tensors without strides or values, ``ValueError`` for more than five dimensions and
    ``IndexError`` for a focus outside of the tensor.

    >>> import torch
    >>> show(torch.arange(6).view(2, 3).t(), focus=(2, 1))
    x and its storage: Shape (3, 2), stride (1, 3), offset 0, over 6 slots of int64. Contiguous: no.
    Elements overlap: no. Element [2, 1] is 5 and lies in slot 5: 0 + 2·1 + 1·3 = 5.
    """
    return draw(read(tensor, name, focus))


def compare(a: Tensor, b: Tensor, names: tuple[str, str] = ("a", "b")) -> Picture:
    """The picture of two tensors over one storage, or over two: it says which. Raises as ``show`` does.

    Over one storage, a slot that both read is marked, and the elements of both that lie there.

    >>> import torch
    >>> x = torch.arange(6)
    >>> compare(x[1:], x[::2]).body.count('class="focus"')
    3
    >>> print(compare(x, x.clone()).description.split(".")[0])
    a and b have two storages: writing to one never changes the other
    """
    first, second = read(a, names[0]), read(b, names[1])
    if not shares_storage(a, b):
        return draw_pair(
            first, second, False, f"{_both(names)} have two storages: writing to one never changes the other"
        )
    if first.dtype != second.dtype:
        headline = f"{_both(names)} read the same memory, counted off in slots of {first.dtype} and of {second.dtype}"
        return draw_pair(first, second, True, headline)
    if max(first.layout.numel, second.layout.numel) > _COMPARED:
        return draw_pair(
            replace(first, focus=None),
            _over(first, replace(second, focus=None)),
            True,
            f"{_both(names)} read one storage",
        )
    meeting = _meeting(first.layout, second.layout)
    if meeting is None:
        headline = f"{_both(names)} read one storage, in no common slot"
        return draw_pair(replace(first, focus=None), _over(first, replace(second, focus=None)), True, headline)
    here, there = meeting
    first, second = read(a, names[0], here), read(b, names[1], there)
    headline = f"{_both(names)} read one storage: writing to {names[0]}{list(here)} changes {names[1]}{list(there)}"
    return draw_pair(first, _over(first, second), True, headline)


def _both(names: tuple[str, str]) -> str:
    return f"{names[0]} and {names[1]}"


def _over(first: Scene, second: Scene) -> Scene:
    """``second`` with the slots that ``first`` shows: one storage is drawn once."""
    return replace(second, slots=first.slots, stored=first.stored)


def _meeting(a: Layout, b: Layout) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """An element of each that lie in one slot, away from the first if there is a choice; None without such a pair."""
    common = sorted(set(a.slots()) & set(b.slots()))
    if not common:
        return None
    slot = common[min(1, len(common) - 1)]
    return a.elements_at(slot)[0], b.elements_at(slot)[0]
