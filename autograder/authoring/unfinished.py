"""What an author has still to write: the lines marked ``TO DO(exercise)``, and exercises without reference tensors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from autograder.judging.reference import load
from autograder.observing.codec import CodecError
from autograder.observing.exercise import exercises_of
from course.chapters import CHAPTERS

__all__ = ["left", "mark", "pieces_of", "unrecorded"]

_MARK = re.compile(r"TO DO\((\w+)\): *(.*)")


def mark(exercise: str) -> str:
    """The word that says that a line of ``exercise`` is not written yet.

    >>> mark("relu")
    'TO DO(relu)'
    """
    return f"TO DO({exercise})"


def pieces_of(topic: str, root: Path) -> list[Path]:
    """The files below ``root`` in which the exercises of ``topic`` are written, as far as they are there, from ``root``."""
    slug = next((one.slug for one in CHAPTERS if one.topic == topic), topic)
    answers = Path("tests", "answers")
    found = [Path("autograder", "observing", "probes", f"{topic}.py")]
    found += [one.relative_to(root) for one in sorted((root / "autograder/authoring/oracles" / topic).glob("*.py"))]
    found += [Path("course", "lessons", f"{slug}.py"), answers / f"{topic}.py", answers / topic / "__init__.py"]
    return [one for one in found if (root / one).is_file()]


def left(topic: str, root: Path) -> list[str]:
    """What is marked as not written yet in the exercises of ``topic``: ``FILE:LINE: exercise: what to do``, in order."""
    found = []
    for path in pieces_of(topic, root):
        for number, line in enumerate((root / path).read_text(encoding="utf-8", errors="replace").split("\n"), 1):
            if told := _MARK.search(line):
                found.append(f"{path.as_posix()}:{number}: {told[1]} is not finished: {told[2]}")
    return found


def unrecorded(topic: str) -> Iterator[str]:
    """The exercises of ``topic`` for which there are no reference tensors, so that no check could judge them."""
    for one in exercises_of(topic):
        try:
            load(one)
        except (FileNotFoundError, CodecError):
            yield one.id
