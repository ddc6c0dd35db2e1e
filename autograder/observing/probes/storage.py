"""Chapter 01, storage and strides: how its answers are observed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from autograder.observing.case import Case
from autograder.observing.exercise import exercise
from autograder.observing.observe import observe, raised_by
from autograder.observing.whole import whole

Observations = dict[str, Any]

_BITS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}  # integers by their number of bytes


@exercise("flat_index(index, stride, offset=0) -> int", points=2, draws=False)
def flat_index(answer: Callable[..., Any], case: Case) -> Observations:
    """Call the answer with tuples of ints; the cases with an offset are an aspect of their own."""
    return observe(**{"offset" if "offset" in case else "values": whole(case.call(answer))})


@exercise("contiguous_stride(size) -> tuple", points=2, draws=False, by_hand="*")
def contiguous_stride(answer: Callable[..., Any], case: Case) -> Observations:
    """Call the answer with a size; sizes with a 0 in them are an aspect of their own."""
    return observe(**{"size 0" if 0 in case["size"] else "values": whole(case.call(answer))})


@exercise("read_strided(storage, size, stride, offset=0) -> Tensor", points=4, draws=False, by_hand="as_strided*")
def read_strided(answer: Callable[..., Any], case: Case) -> Observations:
    """Read ``storage (slots,)``; afterwards write to it, and see whether what was read changes."""
    if case.get("outside"):
        return observe(errors=raised_by(lambda: case.call(answer), partial(_numbers_instead, case=case)))
    out = case.call(answer)
    if not isinstance(out, Tensor):
        return observe(**{case.get("aspect", "values"): out})
    read = out.detach().clone()
    memory = case.unchanged()
    storage = case["storage"]
    _changed(storage)
    # Under its size, so that one tensor given back for every question earns nothing by being nobody's memory.
    kept = "its own memory" if torch.equal(out.detach(), read) else "the storage's memory"
    memory[f"result {tuple(out.shape)}"] = kept
    again = case.call(answer)  # of the same storage, which holds other numbers by now
    follows = isinstance(again, Tensor) and torch.equal(again.detach(), _changed(read.clone()))
    memory["a second call"] = "reads anew" if follows else "gives other numbers than are there now"
    return observe(**{case.get("aspect", "values"): read}, memory=memory)


def _numbers_instead(given: Any, case: Case) -> str:
    """Whether the numbers that came back in the place of an error are counted from the end, as Python counts below 0."""
    storage = case["storage"]
    try:  # once more in front, it is what slots below 0 are counted in
        from_the_end = torch.cat([storage, storage]).as_strided(
            case["size"], case["stride"], len(storage) + case.get("offset", 0)
        )
    except RuntimeError:  # slots that are in neither
        return "nothing"
    alike = isinstance(given, Tensor) and given.dtype == storage.dtype
    same = alike and torch.equal(given.detach().reshape(-1), from_the_end.reshape(-1))
    return "no error, and numbers from the end" if same else "nothing"


def _changed(numbers: Tensor) -> Tensor:
    """All numbers made others, in place."""
    return numbers.logical_not_() if numbers.dtype == torch.bool else numbers.add_(1)


@exercise("shares_storage(a, b) -> bool", points=2, draws=False, shares={"offsets": 2, "kinds": 2})
def shares_storage(answer: Callable[..., Any], case: Case) -> Observations:
    """Build two tensors over one memory or over two with the same numbers, as the case describes; ask about them."""
    memory = case["memory"]
    if case.get("made") == "next to it":
        memories = _next_to_each_other(memory)
    else:  # Each owns its slots, as what torch made does. The second may have more of them, at its end, or other numbers.
        memories = [memory.clone(), torch.cat([memory + case.get("more", 0), memory[: case.get("longer", 0)]])]
    before = [memory.clone() for memory in memories]
    other = memories[case["over"]]
    a, b = _over(memories[0], case["a"]), _over(other, case["b"])
    match case.get("made"):
        case "the same object":
            b = a
        case "detached":
            a.requires_grad_()
            b = b.detach()
        case "other dtype":
            b = b.view(_BITS[b.element_size()])
        case "of bytes":
            b = _over(other.view(torch.uint8), case["b"])
    # torch makes a Python object for each storage when it is first asked for, and keeps it. Both are made here, so that what
    # id() says of objects that are gone at once, a.storage() and b.storage(), is no accident of which was made when.
    _ = a.untyped_storage(), b.untyped_storage()
    said = case.call(answer, a=a, b=b)
    kept = all(torch.equal(memory.detach(), one) for memory, one in zip(memories, before, strict=True))
    return observe(**{case.get("aspect", "values"): said if kept else "the tensors were written to"})


def _next_to_each_other(memory: Tensor) -> list[Tensor]:
    """Two copies of ``memory``, each with a storage of its own, the second right behind the first.

    >>> one, other = _next_to_each_other(torch.ones(3))
    >>> other.data_ptr() - one.data_ptr() == one.untyped_storage().nbytes() == 12
    True
    """
    room = bytearray(memory.numpy().tobytes() * 2)
    count = memory.numel()
    return [torch.frombuffer(room, dtype=memory.dtype, count=count, offset=at) for at in (0, len(room) // 2)]


def _over(memory: Tensor, layout: tuple[Any, ...] | None) -> Tensor:
    """The tensor of that ``(size, stride, offset)`` over ``memory``; without a layout, ``memory`` itself."""
    return memory if layout is None else memory.as_strided(*layout)


@exercise("predict_layout: dict", points=4, core="order, parts, strides, copies")
def predict_layout(answer: Any, case: Case) -> Observations:
    """The layouts predicted for the operations of the case, which are all about one aspect."""
    made = answer() if callable(answer) else answer  # a function that makes the dict is as good
    layouts = made if isinstance(made, Mapping) else {}
    return observe(**{case["aspect"]: {one: layouts.get(one, "no prediction") for one in case["operations"]}})
