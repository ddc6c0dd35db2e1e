"""The estimate of a chapter's minutes: a rule that is written down, and follows what the notebook holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from course.chapters import CHAPTERS, Chapter
from course.minutes import CELLS_A_MINUTE, MINUTES_A_POINT, WORDS_A_MINUTE, minutes, minutes_of


def written(path: Path, *cells: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"cells": list(cells)}))
    return path


def prose(count: int) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": ["word "] * count}


def code(**grading: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {"nbgrader": grading} if grading else {}, "source": "x = 1"}


def test_an_estimate_is_prose_cells_and_points_to_the_next_five(tmp_path: Path) -> None:
    cells = [prose(10 * WORDS_A_MINUTE), *[code()] * (10 * CELLS_A_MINUTE), code(grade=True, points=5)]
    path = written(tmp_path / "one.ipynb", *cells)
    assert minutes_of(path) == 10 + 10 + 5 * MINUTES_A_POINT


def test_a_minute_more_is_five_minutes_more() -> None:
    assert minutes(10 * WORDS_A_MINUTE, 0, 0) == 10
    assert minutes(11 * WORDS_A_MINUTE, 0, 0) == 15


def test_a_written_answer_counts_by_its_points_and_not_by_its_words(tmp_path: Path) -> None:
    answer = {**prose(5000), "metadata": {"nbgrader": {"grade": True, "solution": True, "points": 5}}}
    assert minutes_of(written(tmp_path / "one.ipynb", answer)) == 5 * MINUTES_A_POINT


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"cells": [7]}', '{"cells": [{"cell_type": "code"}]}'])
def test_what_is_no_notebook_has_no_estimate(text: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.ipynb"
    path.write_text(text)
    assert minutes_of(path) is None
    assert minutes_of(tmp_path / "missing.ipynb") is None


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda one: one.slug)
def test_every_chapter_fits_into_an_evening(chapter: Chapter, root: Path) -> None:
    found = minutes_of(root / "notebooks" / chapter.slug / f"{chapter.slug}.ipynb")
    assert found is not None
    assert 30 <= found <= 240
