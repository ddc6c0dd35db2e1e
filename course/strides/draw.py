"""A tensor and its storage as one picture: history, tensor, arithmetic, storage, and the reason in words."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Literal

from course.marks import text, wrapped
from course.picture import BLUE, GREEN, INK, LINE, MUTED, ORANGE, PURPLE, VERMILION, Picture
from course.strides.badges import Badge, badges, elements_words, storage_words
from course.strides.draw_grid import draw_grid
from course.strides.draw_storage import draw_storage
from course.strides.explain import slot_arithmetic
from course.strides.marks import DIMENSIONS, box, curve, mono_width
from course.strides.scene import Scene

__all__ = ["MARKS", "WIDTH", "Stage", "describe", "draw", "draw_pair"]

WIDTH = 900
_LEFT, _INSIDE = 20.0, WIDTH - 40
_LONGEST_NAME = int(_INSIDE / mono_width("x", 17))

MARKS = {"start": "●", "view": "⇄", "copy": "❐", "error": "✕"}
"""The sign of each kind of stage; the word always stands beside it."""
_COLOURS = {"start": BLUE, "view": GREEN, "copy": PURPLE, "error": VERMILION}


@dataclass(frozen=True)
class Stage:
    """One stage of a history: its text, what it was, and for a tensor its shape; ``why`` is the explanation."""

    text: str
    kind: Literal["start", "view", "copy", "error"]
    size: tuple[int, ...] | None = None
    why: str = ""

    @property
    def caption(self) -> str:
        """The mark, the word and the shape.

        >>> Stage(".t()", "view", (3, 2)).caption, Stage(".view(5)", "error").caption
        ('⇄ view · (3, 2)', '✕ error')
        """
        word = "tensor" if self.kind == "start" else self.kind
        return f"{MARKS[self.kind]} {word}" + ("" if self.size is None else f" · {self.size}")


def draw(scene: Scene, stages: Sequence[Stage] = (), shown: int = 0, shares: bool | None = None) -> Picture:
    """The picture of ``scene``; ``shown`` is the place of the stage that is looked at, whose reason is written out.

    >>> from course.strides.layout import Layout
    >>> layout = Layout((2,), (2,), offset=1, storage_size=4)
    >>> scene = Scene("x[1::2]", layout, "int64", 8, (range(2),), ("5", "7"), range(4), tuple("4567"), (1,))
    >>> print(draw(scene).description)
    Shape (2,), stride (2,), offset 1, over 4 slots of int64. Contiguous: no. Elements overlap: no.
    Element [1] is 7 and lies in slot 3: 1 + 1·2 = 3.
    """
    parts = [text(_LEFT, 32, _short(scene.name, _LONGEST_NAME), size=17, mono=True, bold=True)]
    y = 48.0
    if stages:
        body, y = _history(stages, shown, y)
        parts.append(body)
    body, y = _tensor(scene, badges(scene, shares), _lit(scene), y)
    parts.append(body)
    body, y = _arithmetic(scene, y)
    parts.append(body)
    body, y = _storage(scene, "Storage", _lit(scene), y)
    parts.append(body)
    notes = [stages[shown].why] if stages else []
    kind = stages[shown].kind if stages else "start"
    body, y = _note([note for note in (*notes, scene.remark) if note], kind, y)
    parts.append(body)
    title = f"{_short(scene.name, 120)} and its storage"
    return Picture(title, describe(scene, stages, shown), WIDTH, y + 8, "".join(parts))


def describe(scene: Scene, stages: Sequence[Stage] = (), shown: int = 0) -> str:
    """The picture in words, for those who do not see it."""
    layout = scene.layout
    words = [
        f"Shape {layout.size}, stride {layout.stride}, offset {layout.offset}, over {layout.storage_size} "
        f"slot{'s' * (layout.storage_size != 1)} of {scene.dtype}. Contiguous: {'yes' if layout.is_contiguous else 'no'}. "
        f"Elements overlap: {'yes' if layout.overlaps else 'no'}."
    ]
    if scene.focus is not None:
        where = f"Element {list(scene.focus)} is {scene.value(scene.focus)} and lies in slot {layout.slot(scene.focus)}"
        words.append(f"{where}: {slot_arithmetic(layout, scene.focus)}.")
    if not scene.all_slots:
        words.append(f"Slots {scene.slots.start} to {scene.slots.stop - 1} are shown.")
    if len(stages) > 1:
        words.append(f"History: {', '.join(f'{stage.text} ({stage.kind})' for stage in stages)}.")
    if stages and stages[shown].why:
        words.append(stages[shown].why)
    if scene.remark:
        words.append(scene.remark)
    return " ".join(words)


def draw_pair(a: Scene, b: Scene, same_memory: bool, headline: str) -> Picture:
    """Two tensors, and below them the storage that they share, or the two that they have."""
    lit_a = _lit(a)
    one_storage = same_memory and a.dtype == b.dtype
    lit_b = lit_a if one_storage else _lit(b)
    lines = wrapped(headline, _INSIDE, 17, bold=True)
    parts = [text(_LEFT, 32 + 23 * place, line, size=17, bold=True) for place, line in enumerate(lines)]
    body, y = _tensor(a, badges(a), lit_a, 21 + 23 * len(lines), a.name)
    parts.append(body)
    body, y = _tensor(b, badges(b), lit_b, y + 4, b.name)
    parts.append(body)
    if one_storage:
        body, y = _storage(a, "The one storage", lit_a, y, ((a.name, a), (b.name, b)))
        parts.append(body)
    else:
        for scene, lit in ((a, lit_a), (b, lit_b)):
            body, y = _storage(scene, f"Storage of {scene.name}", lit, y, ((scene.name, scene),))
            parts.append(body)
    remarks = [f"{scene.name}: {scene.remark}" for scene in (a, b) if scene.remark]
    body, y = _note(remarks, "start", y)
    words = f"{headline}. {a.name}: {describe(a)} {b.name}: {describe(b)}"
    return Picture(f"{a.name} beside {b.name}", words, WIDTH, y + 8, "".join([*parts, body]))


def _lit(scene: Scene) -> Set[int]:
    return set() if scene.focus is None else {scene.layout.slot(scene.focus)}


def _short(words: str, most: int) -> str:
    return words if len(words) <= most else f"…{words[1 - most :]}"


def _history(stages: Sequence[Stage], shown: int, y: float) -> tuple[str, float]:
    parts, x = [], float(_LEFT)
    for place, stage in enumerate(stages):
        words = _short(stage.text, 60)
        wide = max(mono_width(words, 13), 6.6 * len(stage.caption)) + 22
        if place and x + wide + 18 > _LEFT + _INSIDE:
            x, y = float(_LEFT), y + 52
        elif place:
            parts.append(text(x + 3, y + 28, "›", size=18, fill=MUTED))
            x += 18
        colour = _COLOURS[stage.kind]
        if place == shown:
            parts.append(
                box(x, y, wide, 44, stroke=colour, tint=0.1, weight=2.5, radius=8, kind=f"stage {stage.kind} shown")
            )
        else:
            parts.append(box(x, y, wide, 44, stroke=colour, tint=0.02, weight=1, radius=8, kind=f"stage {stage.kind}"))
        parts.append(text(x + 11, y + 19, words, mono=True, bold=True))
        parts.append(text(x + 11, y + 36, stage.caption, size=11.5))
        x += wide
    return "".join(parts), y + 60


def _tensor(scene: Scene, signs: Sequence[Badge], lit: Set[int], y: float, name: str = "Tensor") -> tuple[str, float]:
    parts, x = [text(_LEFT, y + 20, name, size=15, bold=True, mono=name != "Tensor")], _LEFT + 16 + 10 * len(name)
    for sign in signs:
        wide = 6.9 * len(sign.words) + 18
        if x + wide > _LEFT + _INSIDE:
            x, y = float(_LEFT), y + 28
        stroke = VERMILION if sign.warns else LINE
        parts.append(box(x, y + 4, wide, 22, stroke=stroke, tint=0.08, weight=1 + sign.warns, radius=11, kind="badge"))
        parts.append(text(x + wide / 2, y + 19, sign.words, size=12, anchor="middle"))
        x += wide + 6
    if not scene.all_elements:
        parts.append(text(_LEFT, y + 46, elements_words(scene), size=12, fill=MUTED))
        y += 20
    grid, y = draw_grid(scene, _LEFT, y + 34, _INSIDE, lit)
    parts.append(grid)
    return "".join(parts), y


def _arithmetic(scene: Scene, y: float) -> tuple[str, float]:
    """``offset + Σ index·stride = slot`` for the focused element, every dimension's term in its own colour."""
    if scene.focus is None:
        return "", y
    layout = scene.layout
    parts = [
        box(_LEFT, y, _INSIDE, 56, stroke=ORANGE, tint=0.06, weight=1, radius=8, kind="arithmetic"),
        text(_LEFT + 14, y + 33, f"Where is [{', '.join(map(str, scene.focus))}]?", size=14, bold=True),
    ]
    x = _LEFT + 150 + 6.0 * layout.ndim
    terms = [(str(layout.offset), "offset", "")]
    for dim, (at, step) in enumerate(zip(scene.focus, layout.stride, strict=True)):
        terms.append((f"{at}·{step}", f"index·stride {dim}", DIMENSIONS[dim]))
    room = min(110.0, (_LEFT + _INSIDE - 90 - x) / len(terms))
    for place, (term, caption, colour) in enumerate(terms):
        if place:
            parts.append(text(x + 24 - room / 2, y + 27, "+", size=15, mono=True, anchor="middle"))
        parts.append(text(x + 24, y + 27, term, size=15, mono=True, bold=True, anchor="middle"))
        if colour:
            half = mono_width(term, 15) / 2
            parts.append(curve(f"M{x + 24 - half:g} {y + 32:g}h{2 * half:g}", stroke=colour, weight=3))
        parts.append(text(x + 24, y + 47, caption, size=10, fill=MUTED, anchor="middle"))
        x += room
    slot = layout.slot(scene.focus)
    parts.append(text(x - 8, y + 27, f"= slot {slot}", size=15, mono=True, bold=True))
    return "".join(parts), y + 66


def _storage(
    scene: Scene, title: str, lit: Set[int], y: float, readers: Sequence[tuple[str, Scene]] = ()
) -> tuple[str, float]:
    head = text(_LEFT, y + 20, title, size=15, bold=True)
    words = text(_LEFT + 14 + 8.6 * len(title), y + 20, storage_words(scene, len(readers) > 1), size=12, fill=MUTED)
    body, y = draw_storage(scene, _LEFT, y + 34, _INSIDE, lit, readers)
    return head + words + body, y + 4


def _note(notes: Sequence[str], kind: str, y: float) -> tuple[str, float]:
    lines = [line for note in notes for line in wrapped(note[0].upper() + note[1:], _INSIDE - 28, 13)]
    if not lines:
        return "", y
    colour = _COLOURS[kind]
    parts = [box(_LEFT, y + 6, _INSIDE, 18 + 19 * len(lines), stroke=colour, tint=0.07, radius=8, kind="note")]
    parts += [text(_LEFT + 14, y + 28 + 19 * place, line, size=13, fill=INK) for place, line in enumerate(lines)]
    return "".join(parts), y + 26 + 19 * len(lines)
