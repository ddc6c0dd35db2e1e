"""The storage as numbered slots, with a step along every dimension drawn from the focused one."""

from __future__ import annotations

from collections.abc import Sequence, Set

from course.marks import text
from course.picture import INK, LINE, MUTED, ORANGE, PAPER
from course.strides.marks import DIMENSIONS, box, curve, mono_width
from course.strides.scene import Scene, read_slots, slot_columns

__all__ = ["columns_of", "draw_storage", "next_slots"]

_HIGH, _GAP, _LANE = 30, 3, 18


def _wide(scene: Scene) -> float:
    longest = max((mono_width(words, 12) for words in scene.stored), default=0)
    return max(30, longest + 8, mono_width(str(max(scene.slots, default=0)), 10) + 6)


def columns_of(scene: Scene, width: float) -> int:
    """How many slots stand in a row that is ``width`` pixels wide."""
    return slot_columns(len(scene.slots), int((width + _GAP) // (_wide(scene) + _GAP)))


def next_slots(scene: Scene) -> dict[int, int]:
    """For every dimension that can be stepped along from the focus, the slot that one step leads to.

    At the end of a dimension the step leads back; a dimension of size 1 has none.
    """
    if scene.focus is None:
        return {}
    here = scene.layout.slot(scene.focus)
    return {
        dim: here + (step if at + 1 < length else -step)
        for dim, (at, length, step) in enumerate(zip(scene.focus, scene.layout.size, scene.layout.stride, strict=True))
        if length > 1
    }


def draw_storage(
    scene: Scene, x: float, y: float, width: float, lit: Set[int], readers: Sequence[tuple[str, Scene]] = ()
) -> tuple[str, float]:
    """The slots in sight as SVG markup, and where they end below; ``lit`` slots are marked.

    With several named ``readers`` of the one storage, the names of those that read a slot stand below it; else the
    steps along the dimensions do.
    """
    if not scene.slots:
        return text(x, y + 20, "no slots: the storage is empty", fill=MUTED), y + 32
    wide, columns = _wide(scene), columns_of(scene, width)
    named = {name: dict(zip(scene.slots, read_slots(one.layout, scene.slots), strict=True)) for name, one in readers}
    used = dict(zip(scene.slots, read_slots(scene.layout, scene.slots), strict=True))
    if named:
        used = {slot: any(reads[slot] for reads in named.values()) for slot in scene.slots}
    steps = {} if named else next_slots(scene)
    one_row = columns == len(scene.slots)
    row_high = _HIGH + (32 if named or not one_row else 20)
    parts = []
    for place, slot in enumerate(scene.slots):
        left, top = x + place % columns * (wide + _GAP), y + place // columns * row_high
        parts.append(_slot(scene.stored[place], slot, left, top, wide, used[slot], slot in lit))
        below = " ".join(name for name, reads in named.items() if reads[slot])
        if not one_row and not named:
            below = _steps_to(slot, scene, steps)
        if below:
            middle = left + wide / 2
            parts.append(text(middle, top + _HIGH + 25, below, size=10, mono=True, bold=True, anchor="middle"))
    end = y + (len(scene.slots) - 1) // columns * row_high + row_high
    if one_row and steps:
        lanes, end = _lanes(scene, steps, x + wide / 2, wide + _GAP, end - 2, x + width)
        parts.insert(0, lanes)
    return "".join(parts), end


def _slot(value: str, slot: int, x: float, y: float, wide: float, used: bool, lit: bool) -> str:
    if lit:
        frame = box(x, y, wide, _HIGH, stroke=ORANGE, tint=0.18, weight=3, kind="focus")
    elif used:
        frame = box(x, y, wide, _HIGH, stroke=MUTED, kind="slot")
    else:  # struck through and grey: no element lies here
        strike = curve(f"M{x + 4:g} {y + _HIGH - 4:g}L{x + wide - 4:g} {y + 4:g}", stroke=LINE, weight=1)
        frame = box(x, y, wide, _HIGH, stroke=LINE, tint=0.3, dash="3 3", kind="unread") + strike
    fill = INK if used else MUTED
    middle = x + wide / 2
    number = text(middle, y + _HIGH + 13, str(slot), size=10, mono=True, fill=MUTED, anchor="middle")
    return frame + text(middle, y + 20, value, size=12, mono=True, bold=lit, fill=fill, anchor="middle") + number


def _steps_to(slot: int, scene: Scene, steps: dict[int, int]) -> str:
    dims = [dim for dim, target in steps.items() if target == slot]
    if len(dims) != 1 or scene.focus is None:
        return " ".join(f"d{dim}" for dim in dims)
    away = slot - scene.layout.slot(scene.focus)
    return f"d{dims[0]} {'+' if away >= 0 else '−'}{abs(away)}"


def _lanes(
    scene: Scene, steps: dict[int, int], first: float, pitch: float, y: float, right: float
) -> tuple[str, float]:
    """One lane for each dimension below the row, the shortest step on top, so that no two cross."""
    assert scene.focus is not None
    here = scene.layout.slot(scene.focus)
    lines, words = [], []
    order = sorted(steps.items(), key=lambda item: (abs(item[1] - here), item[0]))
    for lane, (dim, target) in enumerate(order):
        colour, low = DIMENSIONS[dim], y + lane * _LANE + 12
        start, stop = (first + (slot - scene.slots.start) * pitch for slot in (here, target))
        label = f"dim {dim}: {'+' if target >= here else '−'}{abs(target - here)}"
        if target != here:
            lines.append(curve(f"M{start:g} {y:g}V{low:g}H{stop:g}V{y + 6:g}", stroke=colour))
            lines.append(curve(f"M{stop:g} {y - 1:g}l4.5 8h-9z", stroke=colour, fill=colour, weight=1))
        else:
            label += ", the same slot"
            lines.append(curve(f"M{start:g} {y:g}V{low:g}h8", stroke=colour))
        long = mono_width(label, 11)
        middle = (start + stop) / 2
        if abs(stop - start) < long + 12:  # too short for its label, which then stands beside it
            outer = max(start, stop) + 12 if target >= here else min(start, stop) - 12
            middle = outer + long / 2 if target >= here else outer - long / 2
            if middle + long / 2 > right:
                middle = min(start, stop) - 12 - long / 2
            middle = max(middle, first + long / 2)
        # A piece of ground keeps the words readable where they stand on a line.
        words.append(
            f'<rect x="{middle - long / 2 - 2:g}" y="{low - 7:g}" width="{long + 4:g}" height="14" fill="{PAPER}"/>'
        )
        words.append(text(middle, low + 4, label, size=11, mono=True, anchor="middle"))
    return "".join(lines + words), y + len(order) * _LANE + 8
