"""A chain run on a real tensor, each step beside the model: what torch did, what the model says, and why in words.

The one module of the stride explorer's core that imports torch.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import torch
from torch import Tensor

from course.strides.explain import step_in_words
from course.strides.layout import Layout
from course.strides.operations import ATTRIBUTES, OPERATIONS, LayoutError, Outcome, apply
from course.strides.parse import STARTS, Chain, ChainError, Step, parse

__all__ = [
    "MOST_ELEMENTS",
    "Chain",
    "ChainError",
    "Disagreement",
    "Record",
    "Step",
    "layout_of",
    "parse",
    "run",
    "shares_storage",
    "start_tensor",
    "take",
]

MOST_ELEMENTS = 1_000_000
"""The largest result of a step (or the size of the tensor it is done to, if that is larger)."""
_LONGEST_STRIDE = 2**40  # far from where torch's 64-bit arithmetic would wrap around

# What torch raises when it refuses an operation or its arguments.
_TORCH_ERRORS = (RuntimeError, IndexError, TypeError, ValueError)


class Disagreement(RuntimeError):
    """The model and torch do not say the same of a step. That is a mistake in the model: it is never hidden."""


@dataclass(frozen=True)
class Record:
    """One step of a history.

    ``text`` is the step as it was typed. ``tensor`` and ``layout`` are what the step gave; after an error
    ``tensor`` is None, ``layout`` the one that the step was tried on, and ``torch_message`` what torch said.
    ``explanation`` says in words what happened, or why it could not.
    """

    text: str
    kind: Literal["view", "copy", "error"]
    tensor: Tensor | None
    layout: Layout
    explanation: str
    torch_message: str = ""


def layout_of(tensor: Tensor) -> Layout:
    """The layout that torch reports for ``tensor``; ``storage_size`` counts elements of its dtype.

    Raises ``TypeError`` for tensors without strides, such as sparse ones.

    >>> layout_of(torch.arange(6).view(2, 3)[:, 1:])
    Layout(size=(2, 2), stride=(3, 1), offset=1, storage_size=6)
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"a torch tensor is needed, this is a {type(tensor).__name__}; try torch.as_tensor(…)")
    if tensor.layout != torch.strided:
        raise TypeError(f"a tensor with strides is needed, this one's layout is {tensor.layout}; try .to_dense()")
    slots = tensor.untyped_storage().nbytes() // tensor.element_size()
    return Layout(tensor.size(), [int(step) for step in tensor.stride()], int(tensor.storage_offset()), slots)


def shares_storage(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors read the same storage, whatever their offsets and dtypes, and be it empty.

    >>> x = torch.arange(6)
    >>> shares_storage(x[4:], x[:2]), shares_storage(x, x.clone())
    (True, False)
    """
    if a.device != b.device:
        return False
    # is_set_to compares storages, and also sizes, strides and offsets: two plain windows differ in the storage alone.
    one, other = (torch.empty(0, dtype=torch.uint8, device=x.device).set_(x.untyped_storage()) for x in (a, b))
    return one.is_set_to(other)


def start_tensor(start: Step) -> Tensor:
    """The tensor that a chain's start makes: ``arange``, ``zeros`` or ``ones``.

    Raises ``ChainError`` when torch refuses the arguments, or when there would be too many elements.

    >>> start_tensor(parse("arange(2, 8, 2)").start)
    tensor([2, 4, 6])
    """
    if start.name not in STARTS:
        raise ChainError(f"{start.name} is no start of a chain; known are {', '.join(STARTS)}")
    if start.kwargs:
        raise ChainError(f"{start.text}: {start.name} takes plain numbers here, without names", 0)
    # Counted before it is made: a slip of the finger should not take all memory.
    _limit(_count(start), start.text, MOST_ELEMENTS)
    try:
        tensor: Tensor = getattr(torch, start.name)(*start.args)
    except _TORCH_ERRORS as error:
        raise ChainError(f"{start.text}: torch refuses it: {_first_words(error)}", 0) from None
    return tensor


def take(tensor: Tensor, step: Step) -> Record:
    """Do one step on ``tensor``, and hold what torch gives against the model.

    Raises ``Disagreement`` when the two differ, and ``ChainError`` for a step that is refused before it is done: an
    unknown operation, or a result that is too large.

    >>> record = take(torch.arange(6).view(2, 3), Step("t", text=".t()"))
    >>> record.kind, record.layout.stride
    ('view', (1, 3))
    """
    if step.name not in OPERATIONS:
        raise ChainError(f"{step.name} is no known operation; known are {', '.join(OPERATIONS)}")
    before = layout_of(tensor)
    expected = _model(before, step)
    if isinstance(expected, Outcome):
        _limit(expected.layout.numel, step.text, max(MOST_ELEMENTS, tensor.numel()))
        if max(expected.layout.stride, default=0) > _LONGEST_STRIDE:
            raise ChainError(f"{step.text}: a stride beyond 2**40 is longer than is shown here")
    result = _on_torch(tensor, step)
    _compare(tensor, step, expected, result)
    if isinstance(expected, Outcome) and isinstance(result, Tensor):
        words = step_in_words(before, step.name, expected)
        return Record(step.text, expected.kind, result, expected.layout, words)
    return Record(step.text, "error", None, before, str(expected), str(result))


def run(tensor: Tensor, steps: Iterable[Step]) -> Iterator[Record]:
    """The history of a chain on ``tensor``, record by record; it ends with the first error.

    >>> for record in run(torch.arange(24), parse(".view(3, 8).t()[:, ::2].view(12)").steps):
    ...     print(record.text, record.kind, record.layout.size, record.layout.stride)
    .view(3, 8) view (3, 8) (8, 1)
    .t() view (8, 3) (1, 8)
    [:, ::2] view (8, 2) (1, 16)
    .view(12) error (8, 2) (1, 16)
    """
    for step in steps:
        record = take(tensor, step)
        yield record
        if record.tensor is None:
            return
        tensor = record.tensor


def _count(start: Step) -> int:
    """How many elements a start makes; 0 for arguments that torch will refuse."""
    sizes = start.args[0] if len(start.args) == 1 and isinstance(start.args[0], (tuple, list)) else start.args
    if not all(isinstance(size, int) for size in sizes):
        return 0
    if start.name != "arange":
        return prod(max(size, 0) for size in sizes)
    return len(range(*sizes)) if 1 <= len(sizes) <= 3 and sizes[2:] != (0,) else 0


def _limit(numel: int, text: str, limit: int) -> None:
    if numel > limit:
        raise ChainError(f"{text}: would have {numel} elements, the limit here is {limit}")


def _model(layout: Layout, step: Step) -> Outcome | LayoutError:
    try:
        return apply(layout, step.name, step.args, dict(step.kwargs))
    except LayoutError as error:
        return error


def _on_torch(tensor: Tensor, step: Step) -> Tensor | str:
    """What torch gives: a tensor, or the message of its error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # .T of other than matrices is deprecated; here it is still looked at
            if step.name == "index":
                result: Any = tensor[step.args[0]]
            elif step.name in ATTRIBUTES:
                result = getattr(tensor, step.name)
            else:
                result = getattr(tensor, step.name)(*step.args, **dict(step.kwargs))
    except _TORCH_ERRORS as error:
        return _first_words(error)
    if min(result.size(), default=0) < 0:
        # Where another size is 0, torch's expand and as_strided let a size below 0 through. Nobody can use such a
        # tensor, so it counts as refused.
        return f"torch gives a tensor of the impossible size {tuple(result.size())}"
    return result if isinstance(result, Tensor) else f"torch gives a {type(result).__name__}"


def _compare(tensor: Tensor, step: Step, expected: Outcome | LayoutError, result: Tensor | str) -> None:
    if isinstance(expected, LayoutError):
        model = "error" if isinstance(result, str) else f"error: {expected}"
    else:
        model = f"{expected.kind} {expected.layout}"
    if isinstance(result, str):
        measured = "error" if isinstance(expected, LayoutError) else f"error: {result}"
    else:
        measured = f"{'view' if shares_storage(tensor, result) else 'copy'} {layout_of(result)}"
    if model != measured:
        raise Disagreement(
            f"{step.text or step.name} on {layout_of(tensor)}: the model says {model}, torch gives {measured}"
        )


def _first_words(error: Exception) -> str:
    """An error's message without torch's C++ call stack, on one line."""
    return " ".join(str(error).split("\nException raised from")[0].split()) or type(error).__name__
