"""Frames: what controller and child say to each other, length-prefixed: a JSON header, then plain bytes. Never pickle.

A frame is two lengths (four bytes each, big-endian), the header and the payload. Whoever reads it sets the limits and
trusts none of its words.

`Decoder` reads a stranger's bytes, at both ends: it gives frames or raises `FrameError`, and keeps no more than one
frame may hold, whatever lengths are said.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

__all__ = ["HEADER_LIMIT", "PAYLOAD_LIMIT", "Decoder", "Frame", "FrameError", "encode"]

HEADER_LIMIT = 16 << 20  # an output with a picture in it travels in the header
PAYLOAD_LIMIT = 256 << 20  # the cases of an exercise, the files of an assignment

_LENGTHS = struct.Struct(">II")


class FrameError(ValueError):
    """Bytes that are no frame, a frame larger than allowed, or one that came out of turn."""


@dataclass(frozen=True)
class Frame:
    """One message: its kind, the turn that it belongs to, words as JSON, and bytes."""

    kind: str
    turn: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)
    payload: bytes = b""


def encode(frame: Frame) -> bytes:
    """``frame`` as bytes.

    >>> list(Decoder().feed(encode(Frame("cell", 3, {"source": "1 + 1"}))))
    [Frame(kind='cell', turn=3, data={'source': '1 + 1'}, payload=b'')]
    """
    words = {"kind": frame.kind, "turn": frame.turn, "data": frame.data}
    header = json.dumps(words, separators=(",", ":"), allow_nan=False).encode()
    return _LENGTHS.pack(len(header), len(frame.payload)) + header + frame.payload


class Decoder:
    """Cuts a stream of bytes into frames, and never keeps more of it than one frame may hold.

    >>> decoder = Decoder(header_limit=100)
    >>> one = encode(Frame("end"))
    >>> [len(list(decoder.feed(one[:9]))), len(list(decoder.feed(one[9:])))]
    [0, 1]
    >>> list(decoder.feed(b"lots of text that is no frame"))
    Traceback (most recent call last):
    autograder.grading.wire.frames.FrameError: a header of 1819243635 bytes; at most 100 are allowed
    """

    def __init__(self, header_limit: int = HEADER_LIMIT, payload_limit: int = PAYLOAD_LIMIT) -> None:
        self._limits = header_limit, payload_limit
        self._kept = bytearray()
        self.read = 0  # bytes so far

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are whole once ``data`` has come. Raises `FrameError`."""
        self.read += len(data)
        self._kept += data
        while len(self._kept) >= _LENGTHS.size:
            header, payload = _LENGTHS.unpack_from(self._kept)
            for what, length, limit in zip(("header", "payload"), (header, payload), self._limits, strict=True):
                if length > limit:
                    raise FrameError(f"a {what} of {length} bytes; at most {limit} are allowed")
            start, middle, end = _LENGTHS.size, _LENGTHS.size + header, _LENGTHS.size + header + payload
            if len(self._kept) < end:
                return
            frame = _read(bytes(self._kept[start:middle]), bytes(self._kept[middle:end]))
            del self._kept[:end]
            yield frame

    def close(self) -> None:
        """Say that no more will come. Raises `FrameError` when that cuts a frame off."""
        if self._kept:
            raise FrameError(f"the stream ended {len(self._kept)} bytes into a frame")


def _read(header: bytes, payload: bytes) -> Frame:
    try:
        words = json.loads(header, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"a header that is no JSON: {error}") from None
    match words:
        case {"kind": str(kind), "turn": int(turn), "data": dict(data)} if not isinstance(turn, bool):
            return Frame(kind, turn, data, payload)
    raise FrameError("a header without kind, turn and data")


def _finite(digits: str) -> float:
    """The number; 1e999 would be read as infinite, and could not be written again."""
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:20]} is no number that a float can hold")
    return number


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
