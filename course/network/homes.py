"""The picture of an inventory: modules as boxes, tensors inside of them, and who saves and who steps each one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from course.marks import text
from course.network.inventory import Home, Inventory, Owner, Stray
from course.network.marks import arrow, box, line, shape_text
from course.network.problems import Problem
from course.picture import BLUE, GREEN, INK, MUTED, ORANGE, PURPLE, VERMILION, Picture

__all__ = ["draw_homes"]

_WIDTH = 900
_LEFT, _INDENT, _ROW, _HEAD, _GAP = 12, 16, 31, 28, 5
_SAVED, _STEPPED, _COLUMN = 664, 782, 96  # the two columns on the right, and their width
_EDGE = 640  # where the outermost box ends
_TOP = 64
_MOST = 40  # tensors that are drawn; a table has the others, too

_COLOURS = {"parameter": BLUE, "buffer": GREEN, "nothing": VERMILION}


@dataclass(frozen=True)
class _Line:
    """One line of the picture: the head of a module, or a tensor by one of its names; ``first`` of several, or further."""

    depth: int
    head: Owner | None = None
    home: Home | None = None
    name: str = ""
    first: bool = True


def draw_homes(inventory: Inventory, found: tuple[Problem, ...] = ()) -> Picture:
    """Where every tensor lives. The title, the description and all signs in words say what the colours say.

    >>> from torch import nn
    >>> from course.network.inventory import take
    >>> draw_homes(take(nn.Linear(2, 3))).description
    'Linear holds weight (3, 2) float32, a parameter, saved; bias (3,) float32, a parameter, saved.'
    """
    lines, left_out = _lines(inventory)
    blocks = _blocks(inventory)
    tops = [_TOP + 6]
    for one in lines:
        tops.append(tops[-1] + (_HEAD + _GAP if one.head else _ROW))
    bottom = tops[-1] + 12
    marks = _boxes(inventory, lines, tops)
    marks += _column_boxes(inventory, bottom + _ROW * len(inventory.strays))
    for one, top in zip(lines, tops, strict=False):
        if one.home is not None:
            marks += _tensor(one, top, inventory, blocks)
    foot = bottom
    for stray in inventory.strays[:_MOST]:
        marks += _stray(stray, foot)
        foot += _ROW
    foot += 24
    if left_out:
        marks.append(text(_LEFT, foot, f"and {left_out:,} tensors more, which are not drawn"))
        foot += 22
    signs = _legend(inventory, bool(blocks))
    for number, words in enumerate(signs):
        marks.append(text(_LEFT, foot + 10 + 18 * number, words, size=12, fill=MUTED))
    foot += 18 * len(signs)
    title = f"Where the tensors of {_cut(inventory.kind, 40)} live"
    marks.insert(0, text(_LEFT, 28, title, size=19, bold=True))
    return Picture(title, _describe(inventory, found), _WIDTH, foot + 14, "".join(marks))


def _lines(inventory: Inventory) -> tuple[list[_Line], int]:
    """Heads and tensors from top to bottom; modules without a tensor at any depth are left out."""
    paths = [owner.path for owner in inventory.owners]
    rows: dict[str, list[_Line]] = {path: [] for path in paths}
    for drawn, home in enumerate(inventory.homes):
        if drawn >= _MOST:
            break
        rows[home.owner].append(_Line(0, home=home, name=home.attribute))
        for other in home.also:
            path = max((one for one in paths if not one or other.startswith(f"{one}.")), key=len)
            rows[path].append(_Line(0, home=home, name=other.removeprefix(f"{path}."), first=False))
    lines: list[_Line] = []
    for owner in inventory.owners:
        inside = [path for path in paths if path == owner.path or path.startswith(f"{owner.path}.") or not owner.path]
        if not owner.path or any(rows[path] for path in inside):
            depth = min(sum(_is_inside(owner.path, path) for path in paths), 8)
            lines.append(_Line(depth, head=owner))
            lines += [replace(one, depth=depth) for one in rows[owner.path]]
    return lines, max(0, len(inventory.homes) - _MOST)


def _is_inside(path: str, other: str) -> bool:
    """Whether the module at ``path`` lies somewhere in the one at ``other``."""
    return path != other and (not other or path.startswith(f"{other}."))


def _blocks(inventory: Inventory) -> dict[str, str]:
    """A letter for every block of memory that several tensors lie in, by the tensors' names."""
    letters: dict[str, str] = {}
    for home in inventory.homes:
        if home.shares and home.name not in letters:
            letter = chr(ord("A") + len(set(letters.values())) % 26)
            letters |= dict.fromkeys((home.name, *home.shares), letter)
    return letters


def _boxes(inventory: Inventory, lines: list[_Line], tops: list[int]) -> list[str]:
    marks: list[str] = []
    for number, one in enumerate(lines):
        if one.head is None:
            continue
        rest = lines[number + 1 :]
        inside = next((place for place, later in enumerate(rest) if later.head and later.depth <= one.depth), len(rest))
        x, top, bottom = _LEFT + one.depth * _INDENT, tops[number] + _GAP, tops[number + 1 + inside]
        colour = BLUE if one.head.registered else VERMILION
        whole = not one.head.path
        if whole and not inventory.is_module:
            colour = GREEN
        marks.append(
            box(x, top, _EDGE - x - one.depth * 6, bottom - top + (6 if whole else 1), stroke=colour, tint=0.05,
                radius=10, weight=2 if whole else 1.5, dash="" if one.head.registered else "5 4")
        )  # fmt: skip
        name = one.head.path.rpartition(".")[2] if one.head.registered else one.head.path
        label = f"{_cut(name, 30)}: {_cut(one.head.kind, 30)}" if name else _cut(one.head.kind, 60)
        kind = "module" if inventory.is_module else "dictionary"
        marks.append(text(x + 10, top + 18, label, mono=True, bold=True))
        words = kind if one.head.registered else "? a module that nobody registered"
        marks.append(text(_EDGE - one.depth * 6 - 10, top + 18, words, size=11.5, fill=MUTED, anchor="end"))
    return marks


def _column_boxes(inventory: Inventory, bottom: float) -> list[str]:
    marks = []
    columns = [(_SAVED, "state_dict()", PURPLE)] if inventory.is_module else []
    columns += [(_STEPPED, inventory.optimizer, ORANGE)] if inventory.optimizer else []
    for x, label, colour in columns:
        marks.append(box(x, _TOP - 8, _COLUMN, bottom - _TOP + 16, stroke=colour, tint=0.07, radius=3))
        marks.append(text(x + _COLUMN / 2, _TOP + 12, _cut(label, 13), size=12, anchor="middle", bold=True, mono=True))
    return marks


def _tensor(one: _Line, top: float, inventory: Inventory, blocks: dict[str, str]) -> list[str]:
    home = one.home
    assert home is not None
    x, middle = _LEFT + one.depth * _INDENT + 10, top + 13
    right = _EDGE - one.depth * 6 - 10
    nothing = home.registered == "nothing" and inventory.is_module
    colour = _COLOURS[home.registered] if inventory.is_module else GREEN
    radius = 12 if home.registered == "buffer" else 3
    marks = [
        box(
            x,
            top,
            right - x,
            26,
            stroke=colour,
            tint=0.1,
            radius=radius,
            dash="5 3" if nothing or not one.first else "",
        ),
        text(x + 10, middle + 4, _cut(one.name, 22), size=12.5, mono=True, bold=True),
    ]
    if not one.first:
        return [*marks, text(x + 184, middle + 4, f"= {_cut(home.name, 34)}, the same tensor", size=12)]
    shape = "no shape yet" if home.shape is None else shape_text(home.shape)
    words = {"parameter": "parameter", "buffer": "buffer", "nothing": "? nobody registered"}[home.registered]
    words = words if inventory.is_module else ("a leaf" if home.leaf else "✗ a result")
    memory = f"⇄ memory {blocks[home.name]} · " if home.name in blocks else ""
    where = home.dtype if home.device == "cpu" else f"{home.dtype} {home.device}"
    marks.append(text(x + 184, middle + 4, _cut(shape, 20), size=12, mono=True))
    marks.append(text(x + 322, middle + 4, _cut(where, 16), size=11.5, fill=MUTED))
    marks.append(text(right - 10, middle + 4, memory + words, size=11.5, anchor="end", bold=nothing))
    return marks + _ties(home, right, middle, inventory)


def _ties(home: Home, right: float, middle: float, inventory: Inventory) -> list[str]:
    """The lines from a tensor to the state_dict and from the optimizer to it, or a sign that there is none."""
    marks = []
    if inventory.optimizer and home.group is not None:
        start = _STEPPED
        if inventory.is_module:  # the arrow passes under the column in between
            marks.append(line(_STEPPED, middle + 6, _SAVED + _COLUMN, middle + 6, stroke=ORANGE, weight=1.75))
            start = _SAVED
        marks.append(arrow(start, middle + 6, right, middle + 6, stroke=ORANGE))
    if inventory.is_module:
        if home.saved:
            marks.append(line(right, middle - 4, _SAVED, middle - 4, stroke=PURPLE, weight=2))
        marks.append(_word(_SAVED, middle, "● saved" if home.saved else "○ not saved", home.saved))
    if inventory.optimizer:
        held = home.group is not None
        marks.append(_word(_STEPPED, middle, f"● group {home.group}" if held else "○ not held", held))
    return marks


def _word(x: float, middle: float, words: str, strong: bool) -> str:
    return text(x + _COLUMN / 2, middle + 4, words, size=11.5, fill=INK if strong else MUTED, anchor="middle")


def _stray(stray: Stray, top: float) -> list[str]:
    middle, x = top + 21, 250
    shape = "no shape yet" if stray.shape is None else shape_text(stray.shape)
    words = f"✗ held by the optimiser, not here: {stray.dtype} {_cut(shape, 24)}"
    return [
        box(x, top + 8, _SAVED - 14 - x, 26, stroke=VERMILION, tint=0.1, radius=3, dash="5 3"),
        text(x + 10, middle + 4, words, size=12, bold=True),
        arrow(_STEPPED, middle, _SAVED - 14, middle, stroke=ORANGE),
        _word(_STEPPED, middle, f"● group {stray.group}", True),
    ]


def _legend(inventory: Inventory, memory: bool) -> list[str]:
    """What the signs mean, a line each."""
    if inventory.is_module:
        words = ["parameter: straight corners · buffer: round corners · nobody registered it: dashed, with a ?"]
    else:
        words = ["A dictionary registers nothing, and saves nothing by itself."]
    if memory:
        words.append("⇄ Tensors with the same letter lie in one block of memory.")
    if inventory.optimizer:
        words.append("An arrow leads from the optimiser to each tensor that it holds.")
    return words


def _describe(inventory: Inventory, found: tuple[Problem, ...]) -> str:
    every = "; ".join(_said(home, inventory) for home in inventory.homes[:_MOST]) or "no tensor"
    more = len(inventory.homes) - _MOST
    words = [f"{inventory.kind} holds {every}{f'; and {more} more' if more > 0 else ''}."]
    return " ".join([*words, *(one.words for one in found)])


def _said(home: Home, inventory: Inventory) -> str:
    shape = "without a shape yet" if home.shape is None else shape_text(home.shape)
    words = [f"{' = '.join((home.name, *home.also))} {shape} {home.dtype}"]
    if inventory.is_module:
        words.append("registered by nobody" if home.registered == "nothing" else f"a {home.registered}")
        words.append("saved" if home.saved else "not saved")
    if inventory.optimizer:
        words.append("not held by the optimiser" if home.group is None else f"stepped in group {home.group}")
    if home.shares:
        words.append(f"in one block of memory with {', '.join(home.shares)}")
    return ", ".join(words)


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"
