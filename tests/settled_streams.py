"""An extension for a stock kernel: what other processes wrote is shown, and shown before what is written after it.

A kernel reads file descriptors 1 and 2 in threads of their own. Such a thread may come late: ``0`` is printed before the
line of the program that ended before it, or the cell has ended and the line is nobody's. On a busy machine one cell in
twenty shows that. Here Python's own writing waits until the thread has passed on what came before, so that there is one
right order to be held against.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

_MARK = "\0"  # no program in these notebooks writes it, and one character is never read in two halves
_PATIENCE = 20  # seconds


def load_ipython_extension(shell: Any) -> None:
    """Settle both streams, for all cells to come."""
    for stream in (sys.stdout, sys.stderr):
        _settle(stream)


def _settle(stream: Any) -> None:
    write, flush, watcher, owner = stream.write, stream.flush, stream.watch_fd_thread, os.getpid()
    passed, one_at_a_time = threading.Semaphore(0), threading.Lock()

    def settle() -> None:
        """Send a mark after all that was written to the file descriptor, and wait until it has come through."""
        if os.getpid() != owner or threading.current_thread() in (watcher, stream.pub_thread.thread):
            return
        with one_at_a_time:
            os.write(stream._original_stdstream_fd, _MARK.encode())
            if not passed.acquire(timeout=_PATIENCE):
                raise TimeoutError("the kernel does not read what was written to its file descriptors")

    def settled_write(text: str) -> int:
        if threading.current_thread() is not watcher:
            settle()
            return int(write(text))
        parts = text.split(_MARK)
        for place, part in enumerate(parts):
            if part:
                write(part)
            if place < len(parts) - 1:
                passed.release()
        return len(text)

    def settled_flush() -> None:
        settle()
        flush()

    stream.write, stream.flush = settled_write, settled_flush
