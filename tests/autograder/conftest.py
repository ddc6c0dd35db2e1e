"""What tests of the exercises share: references made from a seed that is not the public one."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from judging import recorded


@pytest.fixture(scope="session")
def private(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Where the reference of a topic lies that an instructor's own seed gave; recorded when first asked for."""
    directory = tmp_path_factory.mktemp("private")

    @cache
    def made(topic: str) -> Path:
        (directory / f"{topic}.safetensors").write_bytes(recorded(topic, b"an instructor's own"))
        return directory

    return made
