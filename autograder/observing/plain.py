"""What an answer gave, as plain data: whatever it is, it can be sent, written down and shown, in a notebook and in grading alike."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.observing.codec import DTYPES, Listed, Other, Projection
from autograder.observing.project import LARGE, project

__all__ = ["plain", "plain_key", "text"]

# Far more than any right answer has. What has more is told by its kind alone.
_DEEPEST = 16
_ITEMS = 1024  # of one sequence or dict
_ALL_ITEMS = 2048  # of all that are in one another
_LETTERS = 4096
_BITS = 14_000  # of a whole number: Python writes no more than 4,300 digits


def plain(value: Any) -> Any:
    """``value`` as data: detached contiguous tensors, numbers, text, tuples and dicts; anything else by its type's name.

    A list is a tuple that knows of it. Whatever has ``__index__`` is an int; a large tensor becomes a `Projection`.

    >>> plain([torch.tensor(3), np.float64(0.5), object()])
    (tensor(3), 0.5, Other(type='object'))
    >>> plain(list(range(5000))), plain(10**9999)
    (Other(type='list of 5000 items'), Other(type='int of 33216 bits'))
    """
    return _Reading().read(value, 0)


class _Reading:
    """Reads one value, however it is nested, as far as there is anything to tell."""

    def __init__(self) -> None:
        self._left = _ALL_ITEMS

    def read(self, value: Any, depth: int) -> Any:
        kind = type(value)  # by far most are exactly one of these, and a check looks at thousands
        if kind in _AS_IT_IS:
            return value
        if kind is int:
            return _whole_number(value)
        if kind is Tensor:
            return _tensor(value)
        match value:
            case str():
                return text(value)
            case Tensor():
                return _tensor(value)
            case None | bool() | Other() | Projection():
                return value
            case torch.dtype():
                return value if value in DTYPES else Other(str(value))
            case np.bool_():
                return bool(value)
            case float():
                return float.__float__(value)
            case Mapping():
                items = self._few(value.items(), depth)
                if items is None:
                    return _too_much(value)
                return {plain_key(key): self.read(item, depth + 1) for key, item in items}
            case Sequence() if not isinstance(value, bytes):
                items = self._few(value, depth)
                if items is None:
                    return _too_much(value)
                found = (self.read(item, depth + 1) for item in items)
                return Listed(found) if isinstance(value, list) else tuple(found)
        whole: Any = value
        try:
            return _whole_number(int.__int__(operator.index(whole)))
        except TypeError:
            return Other(_name_of(value))

    def _few(self, items: Iterable[Any], depth: int) -> list[Any] | None:
        """The items, where they are not too many. A length is a word of whoever made it: they are counted."""
        found = list(islice(items, _ITEMS + 1)) if depth < _DEEPEST else []
        self._left -= len(found)
        return None if depth == _DEEPEST or len(found) > _ITEMS or self._left < 0 else found


_AS_IT_IS = frozenset({type(None), bool, float, Other, Projection})


def plain_key(key: Any) -> Any:
    """A dict's key as data: text and integers stay, everything else becomes its ``repr``."""
    if isinstance(key, str):
        return text(key)
    if isinstance(key, int):
        return key if key.bit_length() <= _BITS else _whole_number(key).type
    return text(repr(key))


def text(words: str) -> str:
    """``words`` as text that any file can hold: no more of it than anybody reads, and no half characters.

    >>> text("a\\ud800b"), len(text("x" * 10**6))
    ('a?b', 4096)
    """
    if len(words) <= _LETTERS and words.isascii():
        return words
    return str.encode(words[:_LETTERS], "utf-8", "replace").decode()


def _whole_number(number: int) -> Any:
    return number if number.bit_length() <= _BITS else Other(f"int of {number.bit_length()} bits")


def _too_much(value: Any) -> Other:
    return Other(f"{_name_of(value)} of {len(value)} items" if type(value) in (list, tuple, dict) else _name_of(value))


def _name_of(value: Any) -> str:
    return text(type(value).__name__[:100])


def _tensor(value: Tensor) -> Any:
    with torch._C.DisableTorchFunctionSubclass():
        tensor = value.detach()
        if type(tensor) is not Tensor:
            tensor = tensor.as_subclass(Tensor)
        if tensor.layout is not torch.strided or tensor.is_meta:
            return Other(f"Tensor ({tensor.layout}, {tensor.device})")
        if tensor.is_nested or tensor.is_quantized:  # such have no size, or no numbers to compare
            return Other(f"Tensor ({'nested' if tensor.is_nested else tensor.dtype})")
        if tensor.dtype not in DTYPES:
            return Other(f"Tensor ({tensor.dtype})")
        if tensor.untyped_storage().device != tensor.device:  # it only says that it lies there
            return Other(f"{_name_of(value)} without numbers")
        if not tensor.is_cpu or tensor.is_conj() or tensor.is_neg():
            tensor = tensor.cpu().resolve_conj().resolve_neg()
        return tensor.clone(memory_format=torch.contiguous_format) if tensor.numel() <= LARGE else project(tensor)
