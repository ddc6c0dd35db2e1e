"""The stride explorer: a widget on a real tensor; operations run on it, pointing at things needs no kernel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from torch import Tensor

from course.alive import ALIVE, display_alive
from course.picture import Picture
from course.strides.badges import badges, elements_words, storage_words
from course.strides.chain import ChainError, Disagreement, Record, parse, shares_storage
from course.strides.draw import MARKS, WIDTH, draw
from course.strides.draw_grid import longest_row
from course.strides.draw_storage import columns_of
from course.strides.layout import Layout
from course.strides.reading import read, stored_in
from course.strides.scene import Scene, cut, read_slots, slot_window
from course.strides.suggest import suggestions
from course.strides.trail import Trail
from course.strides.written import written

__all__ = ["WRITTEN", "Explorer", "explore"]

WRITTEN = "one_cnn_explorer"
"""The key, in the metadata of the picture's output, of the exploration written down."""


def explore(tensor: Tensor | str, name: str = "x") -> Explorer:
    """Explore ``tensor``, rank 0 to 5, or the chain in a text such as ``"arange(24).view(2, 3, 4)"``.

    Type or click operations, undo them, point at elements and slots, or move between them with the arrow keys. Where
    no widget is alive (a saved notebook, a static page, a terminal), its picture or its words stand in its place.

    Raises as ``show`` does for tensors, and ``ChainError`` for a text that is no chain or has no start.

    >>> explorer = explore("arange(6).view(2, 3)")
    >>> explorer.do(".t().view(6)")
    >>> explorer.tensor.stride(), explorer.code
    ((1, 3), 'torch.arange(6).view(2, 3).t()')
    >>> print(explorer)
    ● torch.arange(6)  tensor (6,)
    ⇄ .view(2, 3)  view (2, 3)
    ⇄ .t()  view (3, 2)
    ✕ .view(6)  error: no view of size (6,): dimensions 0 and 1 cannot merge: stride 1 ≠ 2 × 3 (dimension 1's size ×
    stride), and the new dimension 0 of size 6 would run over both. reshape(6) would copy 6 elements to new memory with
    stride (1,)
    >>> explorer.undo()
    >>> explorer.code
    'torch.arange(6).view(2, 3)'
    """
    if not isinstance(tensor, str):
        return Explorer(Trail(tensor, name))
    return Explorer(Trail.of(tensor))


class Explorer(anywidget.AnyWidget):
    """The widget that ``explore`` makes. What can be clicked can also be called: ``do``, ``undo``, ``go_to``."""

    _esm = Path(__file__).with_name("explorer.js")
    state = traitlets.Dict().tag(sync=True)
    """All that the canvas draws; plain values."""
    focus = traitlets.List(traitlets.Int()).tag(sync=True)
    """The index of the element that is looked at; moved by the canvas too."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        self._past: list[Trail] = []
        self._message = ""
        self._version = 0
        self._looked_at = trail.tensor
        self._scene = read(trail.tensor, trail.code)
        super().__init__(focus=list(self._scene.focus or ()))
        self.add_class(ALIVE)
        self._show()
        self.on_msg(self._hear)
        self.observe(self._follow, names="focus")

    @property
    def tensor(self) -> Tensor:
        """The tensor that is looked at: the real one, no copy of it."""
        return self._trail.tensor

    @property
    def code(self) -> str:
        """The torch code that gives this tensor."""
        return self._trail.code

    @property
    def history(self) -> tuple[Record, ...]:
        """What was done, step by step, errors among it."""
        return self._trail.records

    @property
    def picture(self) -> Picture:
        """The present state as a picture."""
        return draw(self._scene, self._trail.stages, self._trail.shown, self._trail.shares)

    def do(self, text: str) -> None:
        """Run the operations in ``text`` on the tensor that is looked at; later stages are given up.

        A text with a start (``arange(6).t()``) begins anew. A step that torch refuses stands in the history with the
        reason, and the steps behind it are not tried. Raises ``ChainError`` for what is no chain of operations.
        """
        steps = parse(text)
        trail = self._trail.then(steps.steps) if steps.start is None else Trail.of(text)
        self._past.append(self._trail)
        self._trail = trail
        self._message = ""
        self._show()

    def undo(self) -> None:
        """Go back to before the last ``do``; nothing happens when there is none."""
        if self._past:
            self._trail = self._past.pop()
            self._message = ""
            self._show()

    def go_to(self, stage: int) -> None:
        """Look at a stage of the history, 0 being the tensor at its beginning.

        Raises ``IndexError`` when there is no such stage.
        """
        if not 0 <= stage <= len(self._trail.records):
            raise IndexError(f"the history has stages 0 to {len(self._trail.records)}, {stage} was asked for")
        self._trail = replace(self._trail, shown=stage)
        self._message = ""
        self._show()

    def refresh(self) -> None:
        """Read the values again, after something was written to the tensor."""
        self._show()

    def _hear(self, _widget: object, content: Any, _buffers: object) -> None:
        """What the canvas asks for. A chain that is refused is answered beside the text field."""
        try:
            match content:
                case {"do": str(text)}:
                    self.do(text)
                case {"undo": True}:
                    self.undo()
                case {"go_to": int(stage)}:
                    self.go_to(stage)
                case {"slot": int(slot)}:
                    self._turn_to(slot)
        except (ChainError, Disagreement, IndexError) as error:
            self._message = str(error)
            self._show()

    def _follow(self, change: Any) -> None:
        """The focus moved: what is not in sight yet comes into sight."""
        focus = tuple(change["new"])
        if focus == (self._scene.focus or ()):
            return
        try:
            scene = read(self.tensor, self._trail.code, focus)
        except IndexError:  # the canvas was still on a tensor of another shape
            return
        moved = scene.window != self._scene.window or scene.slots != self._scene.slots
        self._scene = scene
        if moved:
            self.state = self._drawn()

    def _turn_to(self, slot: int) -> None:
        """Bring the page of the storage into sight that ``slot`` lies on."""
        layout = self._scene.layout
        if 0 <= slot < layout.storage_size:
            slots = slot_window(Layout((), (), slot, layout.storage_size), ())
            self._scene = replace(self._scene, slots=slots, stored=stored_in(self.tensor, slots))
            self.state = self._drawn()

    def _show(self) -> None:
        """Read the tensor again and draw it. The focus stays on its slot, if the tensor reads that slot."""
        tensor, before = self.tensor, self._scene
        scene = read(tensor, self._trail.code)
        if before.focus is not None and self._version and shares_storage(tensor, self._looked_at):
            slot = before.layout.slot(before.focus)
            if before.dtype == scene.dtype and any(read_slots(scene.layout, range(slot, slot + 1))):
                scene = read(tensor, self._trail.code, _first_at(scene, slot))
        self._looked_at = tensor
        self._scene = scene
        self._version += 1
        with self.hold_sync():
            self.state = self._drawn()
            self.focus = list(scene.focus or ())

    def _drawn(self) -> dict[str, Any]:
        """The state as plain values for the canvas."""
        scene, trail, layout = self._scene, self._trail, self._scene.layout
        stages = trail.stages
        return {
            "version": self._version,
            "code": trail.code,
            "stages": [
                {"text": one.text, "kind": one.kind, "mark": MARKS[one.kind], "caption": one.caption} for one in stages
            ],
            "shown": trail.shown,
            "why": stages[trail.shown].why,
            "torch": trail.records[trail.shown - 1].torch_message if trail.shown else "",
            "remark": scene.remark,
            "message": self._message,
            "undo": bool(self._past),
            "suggestions": list(suggestions(layout)),
            "badges": [
                {"words": one.words, "why": one.why, "warns": one.warns} for one in badges(scene, self._trail.shares)
            ],
            "size": list(layout.size),
            "stride": list(layout.stride),
            "offset": layout.offset,
            "focus": list(scene.focus or ()),
            "elements": elements_words(scene),
            "window": [[part.start, part.stop] for part in scene.window],
            "values": list(scene.elements),
            "whole": scene.all_elements,
            "blocks": [
                {
                    "label": one.label,
                    "lead": list(one.lead),
                    "rows": [one.rows.start, one.rows.stop],
                    "columns": [one.columns.start, one.columns.stop],
                }
                for one in cut(layout.size, scene.window, longest_row(scene, WIDTH - 40))
            ],
            "storage": {
                "words": storage_words(scene),
                "start": scene.slots.start,
                "total": layout.storage_size,
                "columns": columns_of(scene, WIDTH - 40),
                "values": list(scene.stored),
                "read": list(read_slots(layout, scene.slots)),
            },
        }

    def __str__(self) -> str:
        return str(self._trail)

    def __repr__(self) -> str:
        return f"{self._trail}\n{self.picture!r}"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widget, and for where there is none, the picture and the history in words."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        return {**data, "text/plain": repr(self), "image/svg+xml": self.picture.svg()}, metadata

    def _ipython_display_(self, **_: Any) -> None:
        data, metadata = self._repr_mimebundle_() or ({}, {})
        display_alive(data, metadata, self.picture, repr(self), {WRITTEN: written(self._trail)})


def _first_at(scene: Scene, slot: int) -> tuple[int, ...]:
    """The first element in a slot; dimensions of stride 0 stay at their first place."""
    layout = scene.layout
    once = [min(n, 1) if not step else n for n, step in zip(layout.size, layout.stride, strict=True)]
    return Layout(once, layout.stride, layout.offset).elements_at(slot)[0]
