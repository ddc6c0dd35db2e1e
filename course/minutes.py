"""How long a chapter takes, estimated by one rule: it reads words, cells and points off the notebook that is handed out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["CELLS_A_MINUTE", "MINUTES_A_POINT", "WORDS_A_MINUTE", "minutes", "minutes_of", "words"]

# A rule, not a measurement. It is for somebody who makes each prediction before running the cell.
WORDS_A_MINUTE = 120  # prose that is thought about; a novel is read twice as fast
CELLS_A_MINUTE = 2  # predict, run, look
MINUTES_A_POINT = 4  # an exercise of three points is a quarter of an hour, with a hint and a second try


def minutes(words: int, cells: int, points: int) -> int:
    """Minutes for ``words`` of prose, ``cells`` of code to run and exercises of ``points`` in all, to the next five.

    >>> minutes(words=1800, cells=30, points=15)
    90
    >>> minutes(words=1, cells=0, points=0)
    5
    """
    exact = words / WORDS_A_MINUTE + cells / CELLS_A_MINUTE + points * MINUTES_A_POINT
    return -int(-exact // 5) * 5


def words(text: str) -> int:
    """How many words a text cell has. What is folded does not count: only those who unfold it read it.

    >>> words("**Predict:** which of [these](a/b.ipynb) is larger? <details><summary>Why?</summary> Count. </details>")
    6
    """
    unfolded = re.sub(r"<details>.*?</details>", " ", text, flags=re.DOTALL)
    return len(re.findall(r"\w+(?:[.'’]\w+)*", re.sub(r"<[^>]+>|\]\([^)]*\)", " ", unfolded)))


def minutes_of(notebook: Path) -> int | None:
    """The estimate for a chapter's ``notebook``; ``None`` where there is none, or where it cannot be read.

    A cell that somebody adds counts like any other.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        return _minutes_of(cells)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _minutes_of(cells: Iterable[Mapping[str, Any]]) -> int:
    prose, code, points = 0, 0, 0
    for cell in cells:
        grading = cell["metadata"].get("nbgrader", {})
        points += int(grading.get("points", 0))
        if cell["cell_type"] == "markdown" and not grading:
            prose += words("".join(cell["source"]))
        elif cell["cell_type"] == "code" and not grading:
            code += 1
    return minutes(prose, code, points)
