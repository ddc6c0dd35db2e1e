"""The picture of attention: which query looks at which key, and how much."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from course.marks import text
from course.network.colours import colours, plain_values
from course.network.marks import box, number, pixels, shape_text
from course.picture import LINE, MUTED, Picture

__all__ = ["draw_attention"]

_MOST = 16  # queries down and keys across: more would be too small to read
_CELL, _LEFT, _TOP = 46, 130, 96
_CELL_INK = "#1b1f24"  # the cells' ground is the same in a dark page, and so is the ink on it


def draw_attention(weights: Tensor, queries: Sequence[object] = (), keys: Sequence[object] = ()) -> Picture:
    """Attention weights ``(L, S)`` as a table: a row a query, a column a key, in each cell how much it looks there.

    The stronger the orange, the larger the number in the cell; a dot stands for exactly 0. Behind each row is its sum.
    ``queries`` and ``keys`` are words for the rows and the columns; without them they are numbered.

    Raises ``TypeError`` for what is no tensor of real numbers, ``ValueError`` for another number of dimensions, for
    more than 16 queries or keys, and for words that are too few or too many.

    >>> import torch
    >>> draw_attention(torch.tensor([[1.0, 0.0], [0.5, 0.5]]), keys=("a", "b")).description[:48]
    'Weights of shape (2, 2). Query 0: a 1.00, b 0; s'
    """
    values = plain_values(weights, "the attention weights")
    if values.ndim != 2:
        hint = "; pick one image and one head, for instance weights[0, 0]" if values.ndim > 2 else ""
        raise ValueError(f"attention weights are (L, S), two dimensions; got {shape_text(weights.shape)}{hint}")
    if max(values.shape) > _MOST:
        raise ValueError(f"at most {_MOST} queries and keys are drawn; got {shape_text(weights.shape)}; take a part")
    rows = _words(queries, values.shape[0], "queries")
    columns = _words(keys, values.shape[1], "keys")
    height, width = (_CELL * size for size in values.shape)
    marks = [
        text(12, 26, f"attention weights {shape_text(weights.shape)}", size=15, mono=True, bold=True),
        text(12, 46, "a row is a query, a column a key; a dot is exactly 0", fill=MUTED),
        text(12, _TOP - 10, "query", size=12, bold=True),
        text(_LEFT - 12, _TOP - 10, "key", size=12, bold=True, anchor="end"),
        text(_LEFT + width + 14, _TOP - 10, "sum", size=12, bold=True),
        pixels(colours(values, 1.0), _LEFT, _TOP, width, height),
    ]
    for column, word in enumerate(columns):
        marks.append(text(_LEFT + (column + 0.5) * _CELL, _TOP - 10, _cut(word, 7), size=12, anchor="middle"))
    for row, word in enumerate(rows):
        y = _TOP + row * _CELL
        marks.append(text(12, y + _CELL / 2 + 4, _cut(word, 15), size=12))
        marks.append(text(_LEFT + width + 14, y + _CELL / 2 + 4, number(values[row].sum().item()), size=12, mono=True))
        for column in range(len(columns)):
            x, weight = _LEFT + column * _CELL, values[row, column].item()
            marks.append(box(x, y, _CELL, _CELL, stroke=LINE, fill="none", radius=0, weight=1))
            shown = "·" if weight == 0 else number(weight)
            marks.append(
                text(x + _CELL / 2, y + _CELL / 2 + 4, shown, size=12, anchor="middle", mono=True, fill=_CELL_INK)
            )
    return Picture(
        f"Who looks at whom: {len(rows)} {_some(len(rows), 'query', 'queries')}, {len(columns)} "
        f"{_some(len(columns), 'key', 'keys')}",
        f"Weights of shape {shape_text(weights.shape)}. " + " ".join(map(_row, rows, [columns] * len(rows), values)),
        max(_LEFT + width + 70, 420),
        _TOP + height + 14,
        "".join(marks),
    )


def _words(given: Sequence[object], size: int, what: str) -> list[str]:
    if given and len(given) != size:
        raise ValueError(f"there are {size} {what}; got {len(given)} words for them")
    return [str(one) for one in given] or [str(one) for one in range(size)]


def _row(query: str, keys: list[str], weights: Tensor) -> str:
    looks = ", ".join(
        f"{key} {'0' if weight == 0 else number(weight)}" for key, weight in zip(keys, weights.tolist(), strict=True)
    )
    return f"Query {query}: {looks}; sum {number(weights.sum().item())}."


def _some(count: int, one: str, many: str) -> str:
    return one if count == 1 else many


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"
