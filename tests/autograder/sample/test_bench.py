"""The benchmark's measure: what a command and all that it starts take, and nothing of who measures."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from autograder.sample.bench import _timed

STARTS = "import subprocess, sys; subprocess.run([sys.executable, '-c', {0!r}], check=True)"
TAKES = "x = bytearray({0} << 20)"


def test_it_tells_the_memory_of_the_largest_process_and_not_its_own(tmp_path: Path) -> None:
    own = bytearray(300 << 20)
    small = _timed((sys.executable, "-c", "pass"), tmp_path)
    large = _timed((sys.executable, "-c", STARTS.format(TAKES.format(200))), tmp_path)
    assert len(own) == 300 << 20
    assert 0 < small.largest < 100
    assert 200 < large.largest < 290


def test_a_command_that_ends_badly_is_told_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ended with 3:\nno such class"):
        _timed((sys.executable, "-c", "import sys; print('no such class', file=sys.stderr); sys.exit(3)"), tmp_path)
