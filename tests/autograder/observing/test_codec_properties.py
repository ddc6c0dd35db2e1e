"""The codec reads a stranger's bytes: whatever they are, there is a value that can be written again, or a `CodecError`."""

from __future__ import annotations

import json
from typing import Any

import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from strangers import JSON, bent, peak, torn
from torch import Tensor

from autograder.observing.codec import (
    CodecError,
    Other,
    Projection,
    Raised,
    Uniform,
    from_bytes,
    from_tree,
    to_bytes,
    to_tree,
)

RIGHT = {
    "values": (torch.arange(12.0)[1:].as_strided((2, 3), (1, 3)), torch.tensor(3), True, None, 7, 0.5, float("-inf")),
    "size": {"torch": torch.Size([2, 3]), "empty": (), "letter": "ä", "kind": torch.bool, 3: b"\x00\xff"},
    "large": Projection((600,), torch.float32, torch.zeros(4, dtype=torch.float64)),
    "input": Uniform((2, 3), 0.5, seed=1),
    "error": Raised("ValueError", "no", "x = 1", 3),
    "odd": Other("object"),
}
DATA = to_bytes(RIGHT)
STORE: dict[str, Tensor] = {}
TREE = to_tree(RIGHT, STORE)


def with_tree(tree: str, **tensors: Tensor) -> bytes:
    return safetensors.torch.save({**tensors, "end": torch.zeros(0)}, metadata={"tree": tree})


def read(data: bytes) -> Any:
    """What ``data`` holds, if anything; it can be written again."""
    try:
        value = from_bytes(data)
    except CodecError as error:
        assert len(str(error)) < 500
        return None
    assert to_bytes(value)
    return value


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_refused(noise: bytes) -> None:
    read(noise)
    read(len(noise).to_bytes(8, "little") + noise)


@settings(deadline=None)
@given(torn(DATA))
def test_right_bytes_with_a_few_changed_are_a_value_or_refused(data: bytes) -> None:
    read(data)


@settings(deadline=None)
@given(JSON)
def test_any_tree_is_a_value_or_refused(tree: Any) -> None:
    read(with_tree(json.dumps(tree)))


@settings(deadline=None, max_examples=300)
@given(bent(TREE))
def test_a_right_tree_with_one_thing_changed_is_a_value_or_refused(tree: Any) -> None:
    try:
        value = from_tree(tree, STORE)
    except CodecError as error:
        assert len(str(error)) < 500
        return
    assert to_bytes(value)


@settings(deadline=None)
@given(bent(to_tree({"x": torch.arange(6.0).view(2, 3)}, {})))
def test_a_tensor_never_reaches_beyond_what_was_sent(tree: Any) -> None:
    try:
        value = from_tree(tree, {"t0": torch.arange(6.0)})
    except CodecError:
        return
    found = value.get("x") if isinstance(value, dict) else None
    if isinstance(found, Tensor):
        last = found.storage_offset() + sum(
            (size - 1) * step for size, step in zip(found.shape, found.stride(), strict=True)
        )
        assert found.numel() == 0 or last < 6


def test_no_storage_is_read_twice_so_that_a_few_bytes_never_stand_for_many() -> None:
    tensor = {"~": "tensor", "name": "t0", "size": [1], "stride": [1], "offset": 0}
    twice = json.dumps({"~": "seq", "items": [tensor] * 2})
    with pytest.raises(CodecError, match="t0"):
        from_bytes(with_tree(twice, t0=torch.zeros(1000)))


@pytest.mark.parametrize(
    "keys",
    [
        [number * (2**61 - 1) for number in range(20)],  # Python's hash of each is 0
        [{"~": "seq", "items": [number * (2**61 - 1)]} for number in range(20)],
    ],
)
def test_keys_that_are_made_to_hash_alike_are_refused(keys: list[Any]) -> None:
    tree = {"~": "map", "items": [[key, 0] for key in keys]}
    with pytest.raises(CodecError, match="hash alike"):
        from_tree(tree, {})
    assert len(from_tree({"~": "map", "items": [[number, 0] for number in range(-500, 500)]}, {})) == 1000


@pytest.mark.parametrize(
    ("tree", "says"),
    [
        ({"~": {"~": {"~": "seq"}}}, "a dict where a word is written"),
        ({"~": "x" * 10**6}, "unknown tag 'xxx"),
        ({"~": "raised", "type": [], "message": "", "line": "", "number": 0}, "a list where a word"),
        ({"~": "raised", "type": "", "message": "", "line": "", "number": float("inf")}, "finite number"),
        ({"~": "uniform", "size": [2], "bound": float("nan"), "seed": 1, "dtype": "float32"}, "finite number"),
        ({"~": "seq", "items": "99"}, "a str where a list is written"),
        ({"~": "map", "items": {}}, "a dict where a list is written"),
        ({"~": "projection", "size": ["a"], "dtype": "float32", "values": 3}, "a size that is none"),
        ({"~": "tensor", "name": "t0", "size": [1] * 65, "stride": [1] * 65, "offset": 0}, "65 dimensions; at most 64"),
        ({"~": "tensor", "name": "t0", "size": [2, 2**62], "stride": [0, 0], "offset": 0}, "overflow"),
        ({"~": "tensor", "name": "t0", "size": [7], "stride": [1], "offset": 0}, "out of bounds"),
        ({"~": "tensor", "name": "t0", "size": [1], "stride": [1], "offset": -1}, "offset"),
        ({"~": "tensor", "name": [], "size": [1], "stride": [1], "offset": 0}, "unhashable"),
        ({"~": "float", "value": 10**400}, "a int where a word"),
        ({"~": "map", "items": [[{"~": "map", "items": []}, 0]]}, "unhashable"),
        ("\ud800", "surrogates"),
        ({"\ud800": 1}, "surrogates"),
        ([], "a bare list"),
    ],
)
def test_what_is_never_written_is_refused_in_a_few_words(tree: Any, says: str) -> None:
    with pytest.raises(CodecError, match=says) as refused:
        from_tree(tree, {"t0": torch.arange(6.0)})
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize(
    "deep", ['{"a":' * 500 + "0" + "}" * 500, '{"~":"seq","items":[' * 200 + "]}" * 200, "[" * 90_000]
)
def test_a_tree_may_not_be_so_deep_that_reading_it_ends_the_reader(deep: str) -> None:
    with pytest.raises(CodecError, match=r"too deep|recursion"):
        from_bytes(with_tree(deep))


@pytest.mark.parametrize("piece", ["{}", "0", "0.5", '"a"', '{"~":"seq","items":[]}', '{"~":"other","type":"a"}'])
def test_a_tree_takes_memory_in_proportion_to_its_length(piece: str) -> None:
    items = ",".join([piece] * (200_000 // len(piece)))
    data = with_tree(f'{{"~":"seq","items":[{items}]}}')
    assert peak(lambda: read(data)) < 100 * len(data)


def test_a_length_is_not_believed() -> None:
    said = (1 << 60).to_bytes(8, "little") + DATA[8:]
    assert read(said) is None
    assert peak(lambda: read(said)) < 100 * len(said)
