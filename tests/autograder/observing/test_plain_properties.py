"""Whatever an answer gives can be written down, sent and shown: what a notebook sees of it, grading sees as well."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch._subclasses import FakeTensorMode

from autograder.grading.wire.observations import pack_run, unpack_run
from autograder.judging.show import show_value
from autograder.observing.codec import Listed, Other, Raised
from autograder.observing.observe import Run
from autograder.observing.plain import plain


def zeros() -> Iterator[torch.Tensor]:
    """Two zeros of every dtype of which torch makes them."""
    for dtype in {one: None for one in vars(torch).values() if isinstance(one, torch.dtype)}:
        with contextlib.suppress(RuntimeError, TypeError, NotImplementedError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield torch.zeros(2).to(dtype)


def made_up() -> torch.Tensor:
    with FakeTensorMode():
        return torch.zeros(2, 3)


def nested(depth: int, wide: int = 1) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value] * wide
    return value


def circle() -> list[Any]:
    found: list[Any] = []
    found += [found] * 1000
    return found


class Endless(dict[Any, Any]):
    def items(self) -> Any:
        return ((number, number) for number in iter(int, 1))


ODD = {
    "half a letter": lambda: "a\ud800",
    "a key of half a letter": lambda: {"\udfff": 1},
    "a text of megabytes": lambda: "x" * (20 << 20),
    "a name of megabytes": lambda: type("N" * 10**6, (), {})(),
    "a number of thousands of digits": lambda: [10**6000],
    "a key of thousands of digits": lambda: {10**6000: 1},
    "a list without end": lambda: range(10**12),
    "a dict without end": Endless,
    "lists in lists": lambda: nested(100),
    "very many lists": lambda: nested(12, wide=9),
    "a list of itself": circle,
    "numbers by the thousand": lambda: torch.zeros(8, 16, 32, 32).tolist(),
    "a tensor without numbers": made_up,
    "a dtype of eight bits": lambda: torch.float8_e5m2,
}


def sent(value: Any) -> Any:
    """What the controller reads of a value that was seen in every one of a hundred cases."""
    run = Run(({"values": plain(value)},) * 100)
    first = unpack_run(pack_run(run), 100).seen[0]
    assert not isinstance(first, Raised)
    return first["values"]


@pytest.mark.parametrize("what", ODD)
def test_whatever_an_answer_gives_is_sent(what: str) -> None:
    found = sent(ODD[what]())
    assert found == plain(ODD[what]())
    assert len(show_value(found)) < 1000


@pytest.mark.parametrize("value", [*zeros()], ids=lambda value: str(value.dtype))
def test_a_tensor_of_any_dtype_is_sent(value: torch.Tensor) -> None:
    found = sent(value)
    assert isinstance(found, Other) or (found.dtype == value.dtype and torch.equal(found, value))
    assert sent(value.dtype) in (value.dtype, Other(str(value.dtype)))


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.binary(), st.complex_numbers()
)
KEYS = st.one_of(st.text(), st.integers(), st.booleans(), st.tuples(st.integers()), st.none())


@settings(deadline=None)
@given(st.recursive(LEAVES, lambda inner: st.one_of(st.lists(inner), st.dictionaries(KEYS, inner, max_size=5))))
def test_any_value_is_sent_as_it_was_seen(value: Any) -> None:
    assert sent(value) == plain(value)


def test_what_is_small_is_kept_whole() -> None:
    value = {"a": [1, (2.5, "ä"), None], 3: [True] * 1000, "deep": nested(10)}
    assert plain(value) == {"a": (1, (2.5, "ä"), None), 3: (True,) * 1000, "deep": plain(nested(10))}
    assert nested(10) == unlisted(plain(nested(10)))


def unlisted(value: Any) -> Any:
    return list(map(unlisted, value)) if isinstance(value, Listed) else value
