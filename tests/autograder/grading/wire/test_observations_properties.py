"""Observations from a stranger: a `Run` that is safe to judge and to write down again, or a `FrameError`."""

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

from autograder.grading.slots.job import CellEnd, Outcome, Ran
from autograder.grading.submissions import verdicts
from autograder.grading.wire import observations
from autograder.grading.wire.frames import FrameError
from autograder.grading.wire.observations import pack_run, unpack_run
from autograder.judging.compare import leaves
from autograder.judging.reference import load
from autograder.observing.codec import Projection, Raised, to_tree
from autograder.observing.exercise import find
from autograder.observing.observe import Run, run

HONEST = Run(
    (
        {"values": torch.arange(6.0).view(2, 3), "gradients": {"x": "no gradient", "w": torch.ones(2)}},
        {"values": (Projection((600,), torch.float32, torch.zeros(4, dtype=torch.float64)), {3: (1, 2)})},
        Raised("ValueError", "no", "x = 1", 1),
    ),
    used=("relu",),
)
DATA = pack_run(HONEST)
STORE: dict[str, Tensor] = {}
TREE = to_tree({"seen": HONEST.seen, "used": HONEST.used, "attempted": True}, STORE)
TENSOR = {"~": "tensor", "name": "t0", "size": [1], "stride": [1], "offset": 0}


def sent(tree: Any, **tensors: Tensor) -> bytes:
    return safetensors.torch.save({**tensors, "end": torch.zeros(0)}, metadata={"tree": json.dumps(tree)})


def seen(*items: Any) -> dict[str, Any]:
    """A run's tree with these observations."""
    seq = {"~": "seq", "items": list(items)}
    return {"seen": seq, "used": {"~": "seq", "items": []}, "attempted": True}


def read(data: bytes, cases: int = 3) -> Run | None:
    """The run that ``data`` holds, if any: as many observations as cases, and no more to write down than came."""
    try:
        found = unpack_run(data, cases)
    except FrameError as error:
        assert len(str(error)) < 600
        return None
    assert len(found.seen) == (cases if found.attempted else 0)
    assert len(Outcome((Ran(0, CellEnd.DONE, run=found),)).to_bytes()) < 2 * len(data) + 1000
    return found


def test_an_honest_run_is_read() -> None:
    assert read(DATA) is not None
    empty = {"values": torch.zeros(0, 3), "state": {"conv.weight": torch.zeros(()), "": torch.zeros(2, 0)}}
    assert read(pack_run(Run((empty,))), cases=1) is not None


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_run_or_refused(noise: bytes) -> None:
    read(noise)


@settings(deadline=None)
@given(torn(DATA))
def test_right_bytes_with_a_few_changed_are_a_run_or_refused(data: bytes) -> None:
    read(data)


@settings(deadline=None, max_examples=300)
@given(bent(TREE))
def test_a_right_tree_with_one_thing_changed_is_a_run_or_refused(tree: Any) -> None:
    read(sent(tree, **STORE))


@settings(deadline=None)
@given(JSON)
def test_any_observation_is_read_or_refused(one: Any) -> None:
    read(sent(seen(one)), cases=1)
    read(sent(seen({"values": one})), cases=1)


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_whatever_was_read_gets_a_verdict(data: st.DataObject) -> None:
    exercise = find("relu")
    reference = load(exercise)
    right = run(exercise, lambda x: x.clamp(min=0), reference.cases)
    store: dict[str, Tensor] = {}
    tree = to_tree({"seen": right.seen, "used": (), "attempted": True}, store)
    found = read(sent(data.draw(bent(tree)), **store), cases=len(reference.cases))
    if found is not None:
        assert 0 <= verdicts._judged(exercise, reference, found).score <= exercise.points


@pytest.mark.parametrize(
    ("one", "tensors"),
    [
        ({"values": TENSOR}, {"t0": torch.zeros(1000)}),
        ({"values": {**TENSOR, "size": [512], "stride": [0]}}, {"t0": torch.zeros(1)}),
        ({"values": {**TENSOR, "size": [0], "offset": 10}}, {"t0": torch.zeros(1000)}),
        ({"values": {**TENSOR, "size": [2, 3], "stride": [1, 2]}}, {"t0": torch.zeros(6)}),
        ({"values": {"~": "map", "items": [[TENSOR, 0]]}}, {"t0": torch.zeros(1)}),
        ({"values": {"~": "map", "items": [[None, 0]]}}, {}),
        ({"values": {"~": "projection", "size": [9], "dtype": "float32", "values": 3}}, {}),
        ({"values": {"~": "uniform", "size": [2**40], "bound": 1.0, "seed": 1, "dtype": "float32"}}, {}),
        (
            {
                "values": {
                    "~": "drawn",
                    "size": [2**40],
                    "seed": 1,
                    "draw": "normal",
                    "scale": 1.0,
                    "layout": "contiguous",
                    "dtype": "float32",
                }
            },
            {},
        ),
        ({"values": {"~": "seq", "items": [{"~": "bytes", "hex": "00"}]}}, {}),
    ],
)
def test_what_no_probe_can_have_seen_is_refused(one: Any, tensors: dict[str, Tensor]) -> None:
    with pytest.raises(FrameError, match=r"holds what none can hold|are no data"):
        unpack_run(sent(seen(one), **tensors), cases=1)


def test_one_storage_cannot_be_sent_once_and_seen_many_times() -> None:
    many = seen({"values": {"~": "seq", "items": [TENSOR] * 1000}})
    with pytest.raises(FrameError, match="no data"):
        unpack_run(sent(many, t0=torch.zeros(1)), cases=1)


def test_the_names_that_the_judge_makes_of_keys_are_no_longer_than_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observations, "RUN_LIMIT", 100_000)
    honest = {"values": {f"layer {number}": (torch.zeros(1), 3) for number in range(1000)}}
    assert read(pack_run(Run((honest,))), cases=1) is not None
    for key in ("k" * 1000, 10**1000):
        for items in ({str(number): 0 for number in range(1000)}, ({},) * 1000):
            with pytest.raises(FrameError, match=r"holds what none can hold|are no data"):
                unpack_run(pack_run(Run(({"values": {key: items}},))), cases=1)


@settings(deadline=None)
@given(bent(TREE))
def test_what_was_read_never_has_longer_names_than_that(tree: Any) -> None:
    found = read(sent(tree, **STORE))
    for one in found.seen if found is not None else ():
        assert isinstance(one, Raised) or sum(map(len, leaves(one))) <= observations.RUN_LIMIT


@pytest.mark.parametrize("piece", ["{}", '{"a":{}}', '{"~":"seq","items":[]}', '"a"', "0.5", '{"~":"other","type":""}'])
def test_a_run_takes_memory_in_proportion_to_its_length(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observations, "_MOST_NESTED", 2000)
    for length in (20_000, 400_000):
        tree = json.loads(f"[{','.join([piece] * (length // len(piece)))}]")
        data = sent(seen({"values": {"~": "seq", "items": tree}}))
        assert peak(lambda: read(data, cases=1)) < 25 * len(data) + 2000 * 600  # noqa: B023
