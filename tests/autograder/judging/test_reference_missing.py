"""A folder without reference tensors is named, with the command that makes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.judging.reference import load
from autograder.observing.exercise import find


def test_a_private_folder_that_holds_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere.functional.safetensors; .* reference --seed-file"):
        load(find("linear"), tmp_path / "nowhere")
