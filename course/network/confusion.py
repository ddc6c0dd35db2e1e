"""Which class was taken for which: a table of counts, and the most frequent mistakes in words."""

from __future__ import annotations

import torch
from torch import Tensor

from course.marks import text
from course.network.marks import box, shape_text
from course.picture import BLUE, LINE, MUTED, VERMILION, Picture

__all__ = ["draw_confusion"]

_CELL, _LEFT, _TOP = 46, 104, 104
_NAMED = 5  # mistakes that are named in words


def draw_confusion(guess: Tensor, target: Tensor, classes: int = 10) -> Picture:
    """Counts of what was there (rows, ``target (N,)``) and what it was taken for (columns, ``guess (N,)``).

    What is right lies on the diagonal and is framed in blue; a mistake is bold and has a broken vermilion frame.
    The last column says how many of a row are right.

    Raises ``TypeError`` for what is no tensor of whole numbers, ``ValueError`` for other shapes or classes.

    >>> picture = draw_confusion(torch.tensor([0, 1, 1]), torch.tensor([0, 1, 0]), classes=2)
    >>> picture.description
    '2 of 3 are right, 66.7 %. Mistakes: 0 taken for 1 (once).'
    """
    counts = _counts(guess, target, classes)
    right, every = int(counts.trace()), int(counts.sum())
    side = classes * _CELL
    marks = [
        text(12, 26, f"{right} of {every} are right, {right / every:.1%}".replace("%", " %"), size=15, bold=True),
        text(_LEFT + side / 2, _TOP - 34, "taken for", fill=MUTED, anchor="middle"),
        text(_LEFT - 16, _TOP - 12, "is", fill=MUTED, anchor="end"),
        text(_LEFT + side + 12, _TOP - 12, "right", fill=MUTED),
    ]
    for one in range(classes):
        middle = _CELL * one + _CELL / 2
        row = int(counts[one].sum())
        share = f"{int(counts[one, one])} of {row}" if row else "none there"
        marks += [
            text(_LEFT + middle, _TOP - 12, str(one), anchor="middle", bold=True),
            text(_LEFT - 16, _TOP + middle + 5, str(one), anchor="end", bold=True),
            text(_LEFT + side + 12, _TOP + middle + 5, share),
        ]
        marks += [_cell(one, other, int(counts[one, other]), row) for other in range(classes)]
    mistakes = _mistakes(counts)
    marks += [text(12, _TOP + side + 28, _said(mistakes))]
    return Picture(
        "Which class was taken for which",
        f"{right} of {every} are right, {100 * right / every:.1f} %. {_said(mistakes)}",
        max(_LEFT + side + 100, 900),
        _TOP + side + 44,
        "".join(marks),
    )


def _counts(guess: Tensor, target: Tensor, classes: int) -> Tensor:
    for name, one in (("guess", guess), ("target", target)):
        if not isinstance(one, Tensor) or one.is_floating_point() or one.is_complex() or one.dtype == torch.bool:
            kind = one.dtype if isinstance(one, Tensor) else type(one).__name__
            raise TypeError(f"{name} must be a tensor of whole numbers, a class each; got {kind}; try .argmax(1)")
    if guess.ndim != 1 or guess.shape != target.shape or len(guess) == 0:
        raise ValueError(
            f"guess and target are (N,), of the same length; got {shape_text(guess.shape)} and {shape_text(target.shape)}"
        )
    both = torch.stack([target, guess]).long()
    if int(both.min()) < 0 or int(both.max()) >= classes:
        raise ValueError(
            f"classes are 0 to {classes - 1}; got {int(both.min())} to {int(both.max())}; say classes= for another number"
        )
    return (both[0] * classes + both[1]).bincount(minlength=classes**2).view(classes, classes)


def _cell(row: int, column: int, count: int, of: int) -> str:
    x, y = _LEFT + column * _CELL, _TOP + row * _CELL
    wrong = row != column and count > 0
    colour = BLUE if row == column else VERMILION if wrong else LINE
    frame = box(
        x + 2, y + 2, _CELL - 4, _CELL - 4,
        stroke=colour, tint=0.3 * count / of if of else 0, radius=3, dash="4 3" if wrong else "",
    )  # fmt: skip
    words = text(x + _CELL / 2, y + _CELL / 2 + 5, str(count), anchor="middle", bold=wrong) if count else ""
    return frame + words


def _mistakes(counts: Tensor) -> list[tuple[int, int, int]]:
    """Count, row and column of every mistake, the most frequent first."""
    found = [
        (int(counts[row, column]), row, column)
        for row in range(len(counts))
        for column in range(len(counts))
        if row != column and counts[row, column]
    ]
    return sorted(found, key=lambda one: (-one[0], one[1], one[2]))


def _said(mistakes: list[tuple[int, int, int]]) -> str:
    if not mistakes:
        return "There is no mistake."
    named = [
        f"{row} taken for {column} ({'once' if count == 1 else f'{count} times'})"
        for count, row, column in mistakes[:_NAMED]
    ]
    more = sum(count for count, _, _ in mistakes[_NAMED:])
    return f"Mistakes: {', '.join(named)}{f', and {more} more' if more else ''}."
