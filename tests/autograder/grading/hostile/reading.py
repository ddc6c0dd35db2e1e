"""Hostile to whoever reads them: notebooks whose text or metadata lead in circles, or down without end."""

from __future__ import annotations

from typing import Any

from .row import RIGHT_RELU, Row, answers, edited, marked

__all__ = ["READING"]


def _deep_marks(notebook: Any) -> None:
    deep: Any = []
    for _ in range(400):
        deep = [deep]
    marked(notebook, "relu").metadata.nbgrader["deep"] = deep


READING: tuple[Row, ...] = (
    # relu goes on to names that stand for each other, and is right all the same.
    answers("names_in_a_circle", "a, b = 0, 0\na, b = b, a", relu=f"{RIGHT_RELU} + a - b", shows=""),
    answers("a_sum_of_six_hundred", "", relu=RIGHT_RELU + " + 0" * 600, shows=""),
    answers("magics_by_the_dozen", "%xmode Plain\n" * 60, relu=f"%xmode Plain\n{RIGHT_RELU}", shows=""),
    edited("metadata_without_end", _deep_marks),
)
