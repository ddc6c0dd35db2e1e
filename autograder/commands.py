"""Programs that libraries call by name: those beside this Python come first."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["commands_on_path"]


@contextlib.contextmanager
def commands_on_path() -> Iterator[None]:
    """Let `alembic`, which nbgrader calls by name when it makes a gradebook, be the one beside this Python."""
    before = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before
