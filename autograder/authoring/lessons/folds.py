"""The folded parts of a lesson's prose: each has a line to click on, and an end, or all that follows would be folded with it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from autograder.authoring.lessons.lesson import Cell, Mistake

__all__ = ["unfolded"]

_TAG = re.compile(r"<(/?)(details|summary)\b")
_CODE = re.compile(r"`[^`]*`")


def unfolded(cell: Cell) -> Iterator[Mistake]:
    """What is wrong with the ``<details>`` of a cell of text.

    >>> [one.says for one in unfolded(Cell(1, "markdown", {}, "", ("# <details><summary>Hint</summary>",)))]
    ['the folded part is not closed; </details> is missing in this cell']
    """
    if cell.kind != "markdown":
        return
    is_open: list[list[int]] = []  # of each part the lines of its <details> and of its summaries
    for number, line in enumerate(cell.text, cell.line + 1):
        for end, tag in _TAG.findall(_CODE.sub("", line)):
            if tag == "summary":
                if not end and not is_open:
                    yield Mistake(number, "<summary> without a <details> around it")
                elif not end:
                    is_open[-1].append(number)
            elif not end:
                is_open.append([number])
            elif not is_open:
                yield Mistake(number, "</details> without a <details> above it in the same cell")
            elif len(lines := is_open.pop()) == 1:
                yield Mistake(lines[0], "a folded part needs a line to click on: <details><summary>Hint 1</summary>")
    for began, *_ in is_open:
        yield Mistake(began, "the folded part is not closed; </details> is missing in this cell")
