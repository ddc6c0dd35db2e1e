"""What tests of the exercises share: references made from a seed that is not the public one."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from autograder.authoring.references import record


@pytest.fixture(scope="session")
def private(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Where the reference of a topic lies that an instructor's own seed gave; recorded when first asked for."""
    directory = tmp_path_factory.mktemp("private")

    @cache
    def recorded(topic: str) -> Path:
        (directory / f"{topic}.safetensors").write_bytes(record(topic, b"an instructor's own"))
        return directory

    return recorded
