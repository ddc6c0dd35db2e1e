"""What learners get who are not to have the model answers: a wheel of the course and the released notebooks."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from autograder import sides
from autograder.authoring.build import ROOT
from autograder.files import write_whole
from autograder.workbench.notebook import read
from autograder.workbench.update import chapters_in, holds_work

__all__ = ["bundle", "members"]

_PROJECT = ("pyproject.toml", "README.md", "LICENSE")
# Beside the sides that run with learners: their commands, and what these need.
_COMMANDS = ("__main__.py", "plain.py", "commands.py", "py.typed")


def members(root: Path = ROOT) -> Iterator[Path]:
    """The files of the wheel below ``root``: those that a learner's side names, and the course without its lessons."""
    package = root / "autograder"
    for name in dict.fromkeys((*sides.DOOR, *_COMMANDS, "sides.py")):
        yield package / name
    for folder in (*(package / side for side in (*sides.LEARNERS, "workbench", "cli")), root / "course"):
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(root).parts
            if path.is_file() and "__pycache__" not in inside and inside[:2] != ("course", "lessons"):
                yield path


def bundle(output: Path, root: Path = ROOT) -> list[Path]:
    """Write the wheel and ``notebooks/`` into ``output``; return what was written.

    Raises ``ValueError`` where a released notebook holds somebody's work, ``RuntimeError`` where pip makes no wheel.
    """
    released = chapters_in(root / "notebooks")
    if held := [str(path) for path in released.values() if holds_work(read(path))]:
        raise ValueError(f"{', '.join(held)}: somebody has worked in here; nothing was written")
    written = [_wheel(output, root)]
    for path in released.values():
        place = output / path.relative_to(root)
        write_whole(place, path.read_bytes())
        written.append(place)
    return written


def _wheel(output: Path, root: Path) -> Path:
    with tempfile.TemporaryDirectory() as folder:
        staged = Path(folder, "staged")
        for path in (*members(root), *(root / name for name in _PROJECT)):
            place = staged / path.relative_to(root)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
        # With the setuptools that is here: a bundle is made without a network, too.
        command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
        done = subprocess.run(
            [*command, "--wheel-dir", str(Path(folder, "made")), str(staged)],
            capture_output=True, text=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"pip made no wheel: {(done.stderr or done.stdout).strip()[-400:]}")
        (made,) = Path(folder, "made").glob("*.whl")
        write_whole(output / made.name, made.read_bytes())
    return output / made.name
