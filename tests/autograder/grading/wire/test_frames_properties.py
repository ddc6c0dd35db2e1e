"""Frames from a stranger: whatever bytes come, there are frames or a `FrameError`, and no more is kept than one may hold."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strangers import bent, grows_evenly, peak, steps, torn

from autograder.grading.wire.frames import Decoder, Frame, FrameError, encode

HEADER, PAYLOAD = 4000, 500
RIGHT = {
    "kind": "output",
    "turn": 3,
    "data": {"type": "stream", "name": "stdout", "text": "häßlich", "id": None, "x": 0.5},
}
STREAM = (
    encode(Frame("cell", 2, {"source": "1 + 1"})) + encode(Frame("run", 3, {}, b"payload")) + encode(Frame("end", 3))
)


def framed(header: bytes, payload: bytes = b"") -> bytes:
    return struct.pack(">II", len(header), len(payload)) + header + payload


def read(stream: bytes, step: int = 1 << 20, *, header: int = HEADER) -> list[Frame]:
    """The frames of ``stream``, up to where it is none, after each piece of which no more is kept than a frame holds."""
    decoder, found = Decoder(header, PAYLOAD), []
    try:
        for start in range(0, len(stream), step):
            found += decoder.feed(stream[start : start + step])
            assert len(decoder._kept) < 8 + header + PAYLOAD
        decoder.close()
    except FrameError as error:
        assert len(str(error)) < 300
    return found


def is_frame(one: Frame) -> bool:
    """Whether ``one`` is what it says it is, and can be written again."""
    assert (type(one.kind), type(one.turn), type(one.data), type(one.payload)) == (str, int, dict, bytes)
    [again] = Decoder().feed(encode(one))
    return again == one


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(1, 50))
def test_any_bytes_are_frames_or_refused(noise: bytes, step: int) -> None:
    assert all(map(is_frame, read(noise, step)))


@settings(deadline=None)
@given(st.binary(max_size=60), st.binary(max_size=20))
def test_any_header_is_a_frame_or_refused(header: bytes, payload: bytes) -> None:
    assert all(map(is_frame, read(framed(header, payload))))


@settings(deadline=None)
@given(torn(STREAM), st.integers(1, 50))
def test_right_frames_with_a_few_bytes_changed_are_frames_or_refused(stream: bytes, step: int) -> None:
    assert all(map(is_frame, read(stream, step)))


@settings(deadline=None)
@given(bent(RIGHT))
def test_a_right_header_with_one_thing_changed_is_a_frame_or_refused(header: Any) -> None:
    assert all(map(is_frame, read(framed(json.dumps(header).encode()), header=1 << 20)))


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "9" * 5000])
def test_a_number_that_could_not_be_written_again_is_refused(number: str) -> None:
    with pytest.raises(FrameError, match="a header that is no JSON"):
        list(Decoder().feed(framed(b'{"kind": "a", "turn": 0, "data": {"x": %s}}' % number.encode())))


@pytest.mark.parametrize("lengths", [(0xFFFFFFFF, 0), (0, 0xFFFFFFFF), (HEADER + 1, 0), (0, PAYLOAD + 1)])
def test_a_length_is_not_believed(lengths: tuple[int, int]) -> None:
    said = struct.pack(">II", *lengths) + b"x" * 1000
    assert read(said) == []
    assert peak(lambda: read(said)) < 20_000


@pytest.mark.parametrize(
    "piece", [b"[],", b"{},", b'"",', b"0,", b"0.5,", b'"\\ud800",', b'{"a":1},', b"[" * 90 + b"]" * 90 + b","]
)
def test_a_header_takes_memory_in_proportion_to_its_length(piece: bytes) -> None:
    header = b'{"kind":"a","turn":0,"data":{"x":[' + piece * (300_000 // len(piece)) + b"0]}}"
    assert peak(lambda: read(framed(header), header=1 << 20)) < 60 * len(header)


def test_many_small_frames_take_time_in_proportion_to_their_number() -> None:
    one = encode(Frame("end"))
    assert grows_evenly(lambda count: steps(lambda: read(one * count)), 100)
    assert grows_evenly(lambda count: steps(lambda: read(one * count, step=7)), 100)
