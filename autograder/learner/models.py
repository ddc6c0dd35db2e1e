"""The model answers, where they lie on this machine: in the notebooks of the solutions, and nowhere else."""

from __future__ import annotations

import json
import re
from pathlib import Path

from course.chapters import CHAPTERS

__all__ = ["are_here", "model_answer"]

_MARK = re.compile(r"### (BEGIN|END) SOLUTION")
_ABOVE = 3  # folders above the one we are in where solutions are looked for


def _folders() -> list[Path]:
    """Where ``solutions`` may lie: in the course's own folder, and above the one we are in."""
    here = Path.cwd()
    return [Path(__file__).resolve().parents[2], here, *list(here.parents)[:_ABOVE]]


def _notebook(slug: str) -> Path | None:
    paths = (folder / "solutions" / slug / f"{slug}.ipynb" for folder in _folders())
    return next((path for path in paths if path.is_file()), None)


def are_here() -> bool:
    """Whether there are model answers on this machine: a class that is graded is handed none."""
    return any(_notebook(chapter.slug) for chapter in CHAPTERS)


def model_answer(slug: str, exercise: str) -> str | None:
    """The model answer to an exercise of a chapter; ``None`` where there is none here."""
    path = _notebook(slug)
    if path is None:
        return None
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        source = next("".join(one["source"]) for one in cells if _id(one) == exercise)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return None
    return "\n".join(line for line in source.splitlines() if not _MARK.search(line))


def _id(cell: dict[str, dict[str, dict[str, str]]]) -> str:
    marks = cell["metadata"].get("nbgrader", {})
    return marks.get("grade_id", "") if marks.get("solution") else ""
