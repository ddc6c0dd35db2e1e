"""The tensor as grids: one for every matrix, with row and column numbers, values, and the slot of every element."""

from __future__ import annotations

from collections.abc import Set

from course.marks import text
from course.picture import INK, LINE, MUTED, ORANGE
from course.strides.marks import box, mono_width
from course.strides.scene import Block, Scene, cut

__all__ = ["draw_grid", "longest_row"]

_HIGH, _GAP, _HEAD, _BETWEEN = 36, 3, 34, 26


def _wide(scene: Scene) -> float:
    last = str(max(scene.layout.last_slot, 0))
    longest = max((mono_width(words, 13) for words in scene.elements), default=0)
    return max(36, longest + 12, mono_width(f"@{last}", 9) + 8)


def _side(scene: Scene) -> float:
    """The room for the row numbers."""
    return 0 if scene.layout.ndim < 2 else mono_width(str(max(scene.window[-2], default=0)), 10) + 8


def longest_row(scene: Scene, width: float) -> int:
    """How many columns fit into ``width`` pixels."""
    return max(1, int((width - _side(scene) + _GAP) // (_wide(scene) + _GAP)))


def draw_grid(scene: Scene, x: float, y: float, width: float, lit: Set[int]) -> tuple[str, float]:
    """The elements in sight as SVG markup, and the height that they take; elements in ``lit`` slots are marked."""
    blocks = cut(scene.layout.size, scene.window, longest_row(scene, width))
    if not blocks:
        return text(x, y + 20, "no elements: a size of 0 leaves nothing to lie anywhere", fill=MUTED), 32
    wide, side = _wide(scene), _side(scene)
    parts, left, high = [], x, 0.0
    for block in blocks:
        across = max(side + len(block.columns) * (wide + _GAP), mono_width(block.label, 12))
        if left > x and left + across > x + width:
            y, left, high = y + high, x, 0.0
        parts.append(_block(scene, block, left, y, wide, side, lit))
        high = max(high, _HEAD + len(block.rows) * (_HIGH + _GAP) + 12)
        left += across + _BETWEEN
    return "".join(parts), y + high


def _block(scene: Scene, block: Block, x: float, y: float, wide: float, side: float, lit: Set[int]) -> str:
    parts = [text(x, y + 14, block.label, size=12, mono=True, fill=MUTED)]
    headed = block.rank > 0
    for across, column in enumerate(block.columns):
        middle = x + side + across * (wide + _GAP) + wide / 2
        if headed:
            parts.append(text(middle, y + 29, str(column), size=10, mono=True, fill=MUTED, anchor="middle"))
        for down, row in enumerate(block.rows):
            top = y + _HEAD + down * (_HIGH + _GAP)
            if side and not across:
                parts.append(text(x + side - 6, top + 22, str(row), size=10, mono=True, fill=MUTED, anchor="end"))
            index = block.index(row, column)
            parts.append(_cell(scene, index, middle - wide / 2, top, wide, lit))
    return "".join(parts)


def _cell(scene: Scene, index: tuple[int, ...], x: float, y: float, wide: float, lit: Set[int]) -> str:
    slot = scene.layout.slot(index)
    focused = index == scene.focus
    if focused:
        frame = box(x, y, wide, _HIGH, stroke=ORANGE, tint=0.18, weight=3, kind="focus")
    elif slot in lit:
        frame = box(x, y, wide, _HIGH, stroke=ORANGE, tint=0.1, weight=2, dash="4 3", kind="shared")
    else:
        frame = box(x, y, wide, _HIGH, stroke=LINE, kind="element")
    middle = x + wide / 2
    value = text(middle, y + 18, scene.value(index), mono=True, bold=focused, anchor="middle", fill=INK)
    return frame + value + text(middle, y + 31, f"@{slot}", size=9, mono=True, fill=MUTED, anchor="middle")
