"""What a stranger's process says to the controller: whatever it is, the turn ends, and nothing is believed that was not asked."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from strangers import bent, peak, torn

from autograder.grading.slots import conversation
from autograder.grading.slots.conversation import Child, Ended
from autograder.grading.slots.job import Cell, CellEnd, Job, Limits
from autograder.grading.slots.outputs import Collector
from autograder.grading.wire.cases import pack
from autograder.grading.wire.frames import Frame, encode
from autograder.grading.wire.observations import pack_run
from autograder.observing.case import Case
from autograder.observing.observe import Run

LIMITS = Limits(cell_seconds=60, output=10_000)
CELL, CHECK = Cell(0, "x = 1"), Cell(1, 'check("relu", relu)', "relu", "relu")
JOB = Job("functional", (CELL, CHECK), {"relu": pack([Case("one", {"x": torch.ones(2)}, arguments=("x",))])}, LIMITS)
TEXT = {"type": "stream", "name": "stdout", "text": "häßlich"}
SEEN = Run(({"values": torch.zeros(2)},))
OUTPUT, RUN, END = Frame("output", 1, TEXT), Frame("run", 1, {}, pack_run(SEEN)), Frame("end", 1, {"how": "done"})
SAID = b"".join(map(encode, (OUTPUT, RUN, END)))


class Zygote:
    """Stands for the zygote of a child that leaves when it has spoken: asked, it says at once that the child is gone."""

    def __init__(self) -> None:
        self.control, self._inside = socket.socketpair()
        self._inside.send(b"\n")

    def heard(self) -> list[Mapping[str, Any]]:
        return [{"say": "gone", "reason": "exit", "code": 0}]

    def ran_out(self) -> bool:
        return False

    def close(self) -> None:
        self.control.close()
        self._inside.close()


def listened(said: bytes, cell: Cell = CHECK) -> tuple[Ended, str]:
    """How the turn of ``cell`` ends with a child that says this and leaves, and the text that it showed."""
    ours, theirs = socket.socketpair()
    zygote, outputs = Zygote(), Collector(LIMITS.output)
    outputs.start(cell.place)
    try:
        with ours, theirs:
            theirs.setblocking(False)
            theirs.sendall(said)
            theirs.close()
            ended = Child(zygote, ours, JOB, sandboxed=True).turn(cell, 1, outputs, float("inf"))  # type: ignore[arg-type]
    finally:
        zygote.close()
    assert ended.alive == (ended.end in (CellEnd.DONE, CellEnd.ERROR, CellEnd.OUT_OF_MEMORY))
    return ended, "".join(one.get("text", "") for one in outputs.of(cell.place))


def framed(header: Any, payload: bytes = b"") -> bytes:
    written = json.dumps(header).encode()
    return struct.pack(">II", len(written), len(payload)) + written + payload


def test_an_honest_child_is_understood() -> None:
    ended, text = listened(SAID)
    assert (ended.end, ended.alive, text) == (CellEnd.DONE, True, "häßlich")
    assert ended.run is not None and torch.equal(ended.run.seen[0]["values"], torch.zeros(2))  # type: ignore[index]


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_end_the_turn(noise: bytes) -> None:
    ended, text = listened(noise)
    assert (ended, text) == (Ended(CellEnd.CRASHED, False), "")


@settings(deadline=None)
@given(torn(SAID), st.sampled_from([CELL, CHECK]))
def test_right_words_with_a_few_bytes_changed_end_the_turn(said: bytes, cell: Cell) -> None:
    ended, _ = listened(said, cell)
    assert ended.run is None or (cell is CHECK and len(ended.run.seen) == (1 if ended.run.attempted else 0))


@settings(deadline=None)
@given(st.sampled_from([OUTPUT, END]).flatmap(lambda one: bent({"kind": one.kind, "turn": 1, "data": one.data})))
def test_right_words_with_one_thing_changed_end_the_turn(header: Any) -> None:
    ended, text = listened(framed(header) + encode(END), CELL)
    assert ended.end in (CellEnd.DONE, CellEnd.ERROR, CellEnd.OUT_OF_MEMORY, CellEnd.CRASHED)
    assert len(text.encode()) < 2 * LIMITS.output


@pytest.mark.parametrize(
    ("frames", "cell"),
    [
        ([RUN, END], CELL),
        ([RUN, RUN, END], CHECK),
        ([Frame("run", 1, {}, pack_run(Run(({}, {})))), END], CHECK),
        ([Frame("run", 1, {}, b"noise"), END], CHECK),
        ([Frame("end", 1, {"how": "solved"}), END], CELL),
        ([Frame("end", 1), END], CELL),
        ([Frame("grade", 1, {"points": 5}), END], CELL),
        ([Frame("output", 2, TEXT), END], CELL),
        ([Frame("x" * 10**4, 1), END], CELL),
    ],
)
def test_words_that_were_not_asked_for_end_the_child(frames: list[Frame], cell: Cell) -> None:
    assert listened(b"".join(map(encode, frames)), cell) == (Ended(CellEnd.CRASHED, False), "")


@pytest.mark.parametrize("turn", [0, -1, -(10**300)])
def test_words_of_a_turn_that_is_over_change_nothing(turn: int) -> None:
    late = [Frame("output", turn, TEXT), Frame("run", turn, {}, b"noise"), Frame("end", turn, {"how": "memory"})]
    assert listened(b"".join(map(encode, [*late, END])), CELL) == (Ended(CellEnd.DONE, True), "")


def test_words_after_the_end_of_a_turn_change_nothing() -> None:
    after = encode(Frame("end", 1, {"how": "memory"})) + encode(OUTPUT)
    assert listened(encode(END) + after, CELL) == (Ended(CellEnd.DONE, True), "")


def test_a_child_that_says_more_than_can_be_is_not_listened_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "_SLACK", 0)
    late = encode(Frame("output", 0, TEXT))
    said = late * (2 * LIMITS.output // len(late) + 1) + encode(END)
    assert listened(said, CELL) == (Ended(CellEnd.CRASHED, False), "")


@pytest.mark.parametrize(
    "said", [b"\xff" * 50_000, struct.pack(">II", 1000, 1 << 24) + b"x" * 50_000, encode(OUTPUT) * 500]
)
def test_listening_takes_memory_in_proportion_to_what_was_said(said: bytes) -> None:
    assert peak(lambda: listened(said, CELL)) < 10 * len(said) + 500_000  # what is read at a time has a size of its own
