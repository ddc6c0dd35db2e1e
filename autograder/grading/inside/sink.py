"""The child's mouth: everything that a cell shows leaves here as frames of the turn in which it was shown."""

from __future__ import annotations

import fcntl
import io
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from typing import Any

from autograder.grading.inside.message import as_message
from autograder.grading.wire.frames import Frame, encode

__all__ = ["Sink", "Stream"]

_PIECE = 1 << 16  # characters of a stream that travel together
_PATIENCE = 0.2  # seconds that text may wait, so that little is lost when the process is killed

# Without a kernel behind it a widget cannot be shown; what else it offers can.
_LIVE_ONLY = ("application/vnd.jupyter.widget-view+json",)


class Sink:
    """Sends what is shown to the controller, in order, up to ``limit`` characters in all."""

    def __init__(self, channel: socket.socket, limit: int) -> None:
        self._channel = channel
        self._left = limit
        # Twelve bytes is the most that a character takes on its way: a smiley, escaped. A frame has room for twice the limit.
        self._largest = max(_PIECE // 16, min(16 * _PIECE, limit // 8))
        self._a_cell = self._cell_left = limit // 2
        self._turn = 0
        self._open = False
        self._cut = False
        self._name, self._waiting, self._since = "stdout", 0, 0.0
        self._text: list[str] = []
        self._lock = threading.RLock()
        self._owner = os.getpid()
        self._files = {name: _capture(number) for name, number in (("stdout", 1), ("stderr", 2))}
        self._read_to = dict.fromkeys(self._files, 0)
        self.sending = False  # an interrupt has to wait while a frame is half out,
        self.interrupted = False  # and is let through behind it

    def open(self, turn: int) -> None:
        """Begin a turn. What was written since the last one belongs to it."""
        with self._lock:
            self._turn, self._open, self._cut = turn, True, False
            self._cell_left = self._a_cell

    def close(self, data: Mapping[str, Any]) -> None:
        """End the turn, saying how the cell ended."""
        with self._lock:
            self.flush()
            self._send(Frame("end", self._turn, data))
            self._open = False

    def observed(self, payload: bytes) -> None:
        """Send what was seen of an answer."""
        with self._lock:
            self._send(Frame("run", self._turn, {}, payload))

    def write(self, name: str, text: str) -> None:
        """Text on ``stdout`` or ``stderr``."""
        if not self.in_its_process:  # a process that the learner's code forked: by way of the captured file
            os.write(1 if name == "stdout" else 2, text.encode("utf-8", "replace"))
            return
        with self._lock:
            self._drain()
            self._write(name, text)

    def show(self, **words: Any) -> None:
        """Send one output; it comes after all that was written before."""
        if not self.in_its_process:
            return
        with self._lock:
            self.flush()
            for mime in _LIVE_ONLY:
                if mime in words.get("data", {}):
                    words["data"] = {key: value for key, value in words["data"].items() if key != mime}
            said, size = as_message(words)
            if self._affords(size):
                self._send(Frame("output", self._turn, said))

    def flush(self) -> None:
        """Send the text that waits, the captured files' too."""
        if not self.in_its_process:
            return
        with self._lock:
            self._drain()
            self._flush()

    def _write(self, name: str, text: str) -> None:
        if name != self._name:
            self._flush()
        if not self._waiting:
            self._name, self._since = name, time.monotonic()
        if self._waiting <= _PIECE:
            self._text.append(text[: 2 * self._a_cell])
            self._waiting += len(text)
        if self._open and (self._waiting > _PIECE or time.monotonic() - self._since > _PATIENCE):
            self._flush()

    def _flush(self) -> None:
        if not self._waiting or not self._open:
            return
        text, self._text, self._waiting = "".join(self._text), [], 0
        for start in range(0, len(text), self._largest):
            piece = text[start : start + self._largest]
            if not self._affords(len(piece)):
                break
            self._send(Frame("output", self._turn, {"type": "stream", "name": self._name, "text": piece}))

    def _affords(self, size: int) -> bool:
        self._left -= size
        self._cell_left -= size
        if not self._cut and (self._left < 0 or self._cell_left < 0):
            self._cut = True
            self._send(Frame("output", self._turn, {"type": "cut"}))
        return not self._cut and self._open

    def _drain(self) -> None:
        """Take over what was written to file descriptors 1 and 2 behind ``sys.stdout``'s back."""
        for name, file in self._files.items():
            size = os.fstat(file).st_size
            if size == self._read_to[name]:
                continue
            while size > self._read_to[name]:
                data = os.pread(file, 16 * _PIECE, self._read_to[name])
                self._read_to[name] += len(data)
                self._write(name, data.decode("utf-8", "replace"))
                if self._cut or not data:
                    break
            if self._cut or not self._open or size > 64 * _PIECE:
                self._read_to[name] = 0
                os.ftruncate(file, 0)

    @property
    def in_its_process(self) -> bool:
        """Whether this is the process that it was made in, and not one that the learner's code forked."""
        return os.getpid() == self._owner

    def _send(self, frame: Frame) -> None:
        if not self._open or not self.in_its_process:
            return
        self.sending = True
        try:
            self._channel.sendall(encode(frame))
        finally:
            self.sending = False
        if self.interrupted:
            self.interrupted = False
            raise KeyboardInterrupt


class Stream(io.TextIOBase):
    """``sys.stdout`` or ``sys.stderr`` of the cells."""

    encoding = "UTF-8"
    errors = "strict"

    def __init__(self, sink: Sink, name: str) -> None:
        self._sink = sink
        self.name = f"<{name}>"
        self._stream = name

    def write(self, text: str) -> int:
        """Write ``text``. Raises ``TypeError`` for anything but text, as every text file does."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        self._sink.write(self._stream, text)
        return len(text)

    def flush(self) -> None:
        """Send what waits."""
        self._sink.flush()

    def writable(self) -> bool:
        """Yes."""
        return True

    def isatty(self) -> bool:
        """Nobody sits in front of it."""
        return False

    def fileno(self) -> int:
        """The file descriptor that child processes write to; captured too."""
        return 1 if self._stream == "stdout" else 2


def _capture(number: int) -> int:
    """Point file descriptor ``number`` at an unnamed file, and return another descriptor to read it by."""
    sys.stdout.flush()
    file, path = tempfile.mkstemp()
    os.unlink(path)
    fcntl.fcntl(file, fcntl.F_SETFL, os.O_APPEND)  # several processes may write at once
    os.dup2(file, number)
    return file
