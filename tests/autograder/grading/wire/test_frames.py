"""Frames, outputs and observations: what the controller takes from a process that it does not trust."""

from __future__ import annotations

import struct
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.grading.slots.outputs import Collector
from autograder.grading.wire.frames import Decoder, Frame, FrameError, encode
from autograder.grading.wire.observations import pack_run, unpack_run
from autograder.observing.codec import Projection, Raised, to_bytes
from autograder.observing.observe import Run

WORDS = st.dictionaries(st.text(max_size=5), st.none() | st.integers(-9, 9) | st.text(max_size=5), max_size=3)
FRAMES = st.builds(Frame, st.text(max_size=5), st.integers(0, 99), WORDS, st.binary(max_size=20))


@settings(deadline=None, max_examples=50)
@given(st.lists(FRAMES, max_size=4), st.integers(1, 40))
def test_frames_survive_any_cutting_of_the_stream(frames: list[Frame], step: int) -> None:
    stream = b"".join(map(encode, frames))
    decoder = Decoder()
    read = [one for start in range(0, len(stream), step) for one in decoder.feed(stream[start : start + step])]
    decoder.close()
    assert read == frames


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_noise_is_either_refused_or_waited_for(noise: bytes) -> None:
    decoder = Decoder(100, 100)
    try:
        assert all(isinstance(one, Frame) for one in decoder.feed(noise))
    except FrameError:
        return


@pytest.mark.parametrize(
    ("stream", "says"),
    [
        (struct.pack(">II", 101, 0), "a header of 101 bytes; at most 100 are allowed"),
        (struct.pack(">II", 0, 51), "a payload of 51 bytes; at most 50 are allowed"),
        (struct.pack(">II", 2, 0) + b"{{", "a header that is no JSON"),
        (struct.pack(">II", 2, 0) + b"\xff\xff", "a header that is no JSON"),
        (struct.pack(">II", 3, 0) + b"NaN", "NaN is no JSON"),
        (struct.pack(">II", 2, 0) + b"[]", "a header without kind, turn and data"),
        (struct.pack(">II", 37, 0) + b'{"kind": "a", "turn": true, "data":{}}'[:37], "JSON|without kind"),
        (struct.pack(">II", 100, 0) + b"[" * 100, "a header that is no JSON"),
    ],
)
def test_what_is_no_frame_is_refused(stream: bytes, says: str) -> None:
    with pytest.raises(FrameError, match=says):
        list(Decoder(100, 50).feed(stream))


def test_a_header_may_not_be_so_deep_that_reading_it_ends_the_reader() -> None:
    with pytest.raises(FrameError, match="no JSON"):
        list(Decoder().feed(struct.pack(">II", 200_000, 0) + b"[" * 200_000))


def test_a_stream_may_not_end_within_a_frame() -> None:
    decoder = Decoder()
    assert list(decoder.feed(encode(Frame("end"))[:-1])) == []
    with pytest.raises(FrameError, match="the stream ended 40 bytes into a frame"):
        decoder.close()


def collected(*messages: dict[str, Any], limit: int = 1000) -> tuple[dict[str, Any], ...]:
    collector = Collector(limit)
    collector.start(0)
    for one in messages:
        collector.take(one)
    return collector.of(0)


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"type": "stream", "name": name, "text": text}


def test_a_stream_is_one_output_until_something_comes_between() -> None:
    shown = collected(stream("a"), stream("b"), stream("c", "stderr"), stream("d"))
    assert [(one["name"], one["text"]) for one in shown] == [("stdout", "ab"), ("stderr", "c"), ("stdout", "d")]


def test_clearing_takes_effect_at_once_or_before_what_follows() -> None:
    assert collected(stream("a"), {"type": "clear", "wait": False}) == ()
    waiting = [stream("a"), {"type": "clear", "wait": True}]
    assert [one["text"] for one in collected(*waiting)] == ["a"]
    assert [one["text"] for one in collected(*waiting, stream("b"))] == ["b"]


def test_an_update_changes_what_earlier_cells_showed_under_that_name() -> None:
    collector = Collector(1000)
    show = {"type": "display", "data": {"text/plain": "1"}, "metadata": {}, "id": "name"}
    collector.start(0)
    collector.take(show)
    collector.take(show | {"id": "other"})
    collector.start(5)
    collector.take(show | {"type": "update", "data": {"text/plain": "2"}})
    assert [one["data"]["text/plain"] for one in collector.of(0)] == ["2", "1"]
    assert collector.of(5) == ()


def test_half_surrogates_which_no_file_could_hold_are_replaced() -> None:
    assert collected(stream("\ud800")) == ({"output_type": "stream", "name": "stdout", "text": "?"},)


@pytest.mark.parametrize(
    "flood",
    [
        [stream("x" * 100)] * 50,
        [stream("x"), stream("x", "stderr")] * 500,
        [{"type": "display", "data": {"text/plain": "x" * 100}, "metadata": {}}] * 50,
        [{"type": "display", "data": {}, "metadata": {}, "id": "a"}]
        + [{"type": "update", "data": {"a": "x" * 100}, "metadata": {}, "id": "a"}] * 50,
        [{"type": "error", "ename": "E", "evalue": "x" * 5000, "traceback": []}],
        [{"type": "cut"}] * 9,
    ],
)
def test_output_is_cut_once_and_says_so(flood: list[dict[str, Any]]) -> None:
    shown = collected(*flood)
    assert len(str(shown)) < 2000 + 60 * len(shown)
    assert str(shown).count("The rest of the output was cut.") == 1
    assert "cut" in shown[-1]["text"]


def test_one_cells_flood_leaves_room_for_the_next() -> None:
    collector = Collector(1000)
    for place in (0, 1, 2):
        collector.start(place)
        collector.take(stream("x" * 400))
    assert [len(collector.of(place)[0]["text"]) for place in (0, 1)] == [400, 400]
    assert "cut" in collector.of(2)[0]["text"]


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"type": "stream", "name": "stdlog", "text": "a"},
        {"type": "stream", "name": "stdout", "text": 3},
        {"type": "display", "data": [], "metadata": {}},
        {"type": "display", "data": {"text/plain": 3}, "metadata": {}},
        {"type": "display", "data": {}, "metadata": {}, "id": 3},
        {"type": "result", "data": {}, "metadata": {}, "count": "1"},
        {"type": "error", "ename": "E", "evalue": "", "traceback": [3]},
        {"type": "clear"},
    ],
)
def test_an_output_of_no_known_form_is_refused(message: dict[str, Any]) -> None:
    with pytest.raises(FrameError, match=r"no known form|not text|no text"):
        collected(message)


HONEST = Run(
    (
        {"values": torch.arange(6.0).view(2, 3), "gradients": {"x": "no gradient"}},
        {"values": Projection((600,), torch.float32, torch.zeros(4, dtype=torch.float64))},
        Raised("ValueError", "no"),
    ),
    used=("relu",),
)


def test_observations_survive_the_channel() -> None:
    read = unpack_run(pack_run(HONEST), cases=3)
    assert torch.equal(read.seen[0]["values"], HONEST.seen[0]["values"])  # type: ignore[index]
    assert read.seen[2] == HONEST.seen[2]
    assert (read.used, read.attempted) == (("relu",), True)
    assert unpack_run(pack_run(Run((), attempted=False)), cases=3) == Run((), attempted=False)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no data"),
        (b"x" * 100, "no data"),
        (to_bytes({"seen": ()}), "without seen, used and attempted"),
        (pack_run(Run(({},) * 2)), "2 observations of 3 cases"),
        (pack_run(Run(({},) * 4)), "4 observations of 3 cases"),
        (pack_run(Run(({},), attempted=False)), "1 observations of 0 cases"),
        (pack_run(Run(({},) * 3, used=(3,))), "not text"),  # type: ignore[arg-type]
        (pack_run(Run((3,) * 3)), "an observation that is a int"),  # type: ignore[arg-type]
        (pack_run(Run(({1: 2},) * 3)), "an observation"),  # type: ignore[dict-item]
        (pack_run(Run(({"values": torch.zeros(1).expand(100)},) * 3)), "holds what none can hold"),
        (pack_run(Run(({"values": torch.zeros(513)},) * 3)), "holds what none can hold"),
        (pack_run(Run(({"values": (b"bytes",)},) * 3)), "holds what none can hold"),
    ],
)
def test_observations_of_another_form_are_refused(data: bytes, says: str) -> None:
    with pytest.raises(FrameError, match=says):
        unpack_run(data, cases=3)
