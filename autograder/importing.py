"""Importing large libraries, without looking for garbage meanwhile: that is a quarter of the wait for torch."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

__all__ = ["undisturbed"]


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """In here large libraries are imported. What is there afterwards stays: it is never looked through for garbage.

    >>> import gc
    >>> with undisturbed():
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was:
            gc.enable()
