"""What cells showed, as nbformat's outputs: each checked as it comes, and put together the way nbclient does.

`Collector` reads a stranger's words: the child's messages, as frames brought them. It takes each or raises `FrameError`, keeps
no more than its limit, and is done with each in time that grows with that message alone.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.grading.wire.frames import FrameError

__all__ = ["Collector"]

Output = dict[str, Any]

_DEEPEST = 20  # levels of JSON in a display; what has more is left out, and its other forms are shown


class Collector:
    """The outputs of all cells of a notebook, in no more than ``limit`` bytes, and half of that for one cell."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._a_cell = limit // 2
        self._cells: dict[int, list[Output]] = {}
        self._shown: dict[str, _Shown] = {}  # by display id, to be updated later
        self._now: list[Output] = []
        self._cell_left = self._a_cell
        self._clear_next = self._cut = False

    def start(self, place: int) -> None:
        """From here on, outputs belong to the cell at ``place``."""
        self._now = self._cells.setdefault(place, [])
        self._cell_left = self._a_cell
        self._clear_next = self._cut = False

    def of(self, place: int) -> tuple[Output, ...]:
        """The outputs of the cell at ``place``."""
        return tuple(map(_put_together, self._cells.get(place, ())))

    def take(self, words: Mapping[str, Any]) -> None:
        """Take one message of the child: an output, an update of a display, a clearing, or ``cut``.

        Raises `FrameError` for anything else.
        """
        match words:
            case {"type": "clear", "wait": bool(wait)}:
                self._clear_next = wait
                if not wait:
                    self._now.clear()
            case {"type": "cut"}:
                self._cut_here()
            case {"type": "stream", "name": "stdout" | "stderr" as name, "text": str(text)}:
                self._stream(name, _sane(text))
            case {"type": "error", "ename": str(name), "evalue": str(value), "traceback": list(lines)}:
                if not all(isinstance(line, str) for line in lines):
                    raise FrameError("a traceback that is not text")
                traceback = [_sane(line) for line in lines]
                self._put(
                    {"output_type": "error", "ename": _sane(name), "evalue": _sane(value), "traceback": traceback}
                )
            case {"type": "display" | "result" | "update" as kind, "data": dict(data), "metadata": dict(metadata)}:
                self._display(kind, _bundle(data), metadata, words.get("id"), words.get("count"))
            case _:
                raise FrameError(f"an output of no known form: {reprlib.repr(words.get('type'))[:100]}")

    def _display(self, kind: str, data: Output, metadata: Output, name: Any, count: Any) -> None:
        data = {mime: value for mime, value in data.items() if _is_flat(value)}
        metadata = metadata if _is_flat(metadata) else {}
        if not isinstance(name, str | None) or not isinstance(count, int | None):
            raise FrameError("a display with an id that is no text, or a count that is no number")
        data, metadata = _sane(data), _sane(metadata)
        size = _size((data, metadata))
        if kind == "update":
            one = None if name is None else self._shown.get(name)
            if one is not None and self._affords(size + one.growth(size, one.times - 1)):
                one.show(data, metadata, size)
            return
        output: Output = {"output_type": "display_data", "data": data, "metadata": metadata}
        if kind == "result":
            output |= {"output_type": "execute_result", "execution_count": count}
        if name is None:
            self._put(output)
            return
        one = self._shown.get(name, _Shown())
        if self._put(output, one.growth(size, one.times)):
            self._shown[name] = output["shown"] = one
            one.times += 1
            one.show(data, metadata, size)  # showing an id again changes the earlier ones, too

    def _stream(self, name: str, text: str) -> None:
        last = self._now[-1] if self._now and not self._clear_next else {}
        if (last.get("output_type"), last.get("name")) != ("stream", name):
            self._put({"output_type": "stream", "name": name, "text": [text]})
        elif self._affords(_size(text)):
            last["text"].append(text)

    def _put(self, output: Output, others: int = 0) -> bool:
        if not self._affords(_size(output) + others):
            return False
        if self._clear_next:
            self._now.clear()
            self._clear_next = False
        self._now.append(output)
        return True

    def _affords(self, size: int) -> bool:
        self._left -= size
        self._cell_left -= size
        if self._left < 0 or self._cell_left < 0:
            self._cut_here()
        return not self._cut

    def _cut_here(self) -> None:
        if not self._cut:
            self._cut = True
            self._now.append(
                {"output_type": "stream", "name": "stderr", "text": ["\n[The rest of the output was cut.]\n"]}
            )


@dataclass
class _Shown:
    """What a display id shows now, in so many outputs. Each will be written with all of it, so each is paid for."""

    times: int = 0
    now: Output = field(default_factory=dict)
    largest: int = 0

    def growth(self, size: int, outputs: int) -> int:
        """What so many outputs grow by when the id shows something of this ``size``."""
        return outputs * max(0, size - self.largest)

    def show(self, data: Output, metadata: Output, size: int) -> None:
        """Show this from now on."""
        self.now = {"data": data, "metadata": metadata}
        self.largest = max(size, self.largest)


def _put_together(output: Output) -> Output:
    """One output as nbformat has it: the pieces of a stream as one text, a display as its id shows it now."""
    if output["output_type"] == "stream":
        return {**output, "text": "".join(output["text"])}
    shown = output.get("shown")
    return output if shown is None else {key: item for key, item in (output | shown.now).items() if key != "shown"}


def _bundle(data: Mapping[str, Any]) -> Output:
    for mime, value in data.items():
        text = isinstance(value, str) or (isinstance(value, list) and all(isinstance(line, str) for line in value))
        if not text and not mime.endswith("json"):
            raise FrameError(f"{mime[:100]} that is not text")
    return dict(data)


def _is_flat(value: Any) -> bool:
    """Whether ``value`` is nested no deeper than what is written down later can hold."""
    inside = [value]
    for _ in range(_DEEPEST):
        inside = [item for one in inside if isinstance(one, list | dict) for item in _items(one)]
        if not inside:
            return True
    return False


def _items(value: list[Any] | dict[str, Any]) -> list[Any]:
    return value if isinstance(value, list) else list(value.values())


def _sane(value: Any) -> Any:
    """``value`` without half surrogates, which no file could hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_sane(item) for item in value]
    if isinstance(value, dict):
        return {_sane(key): _sane(item) for key, item in value.items()}
    return value


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value) + 4
    if isinstance(value, list | tuple):
        return sum(map(_size, value)) + 4
    if isinstance(value, dict):
        return sum(_size(key) + _size(item) for key, item in value.items()) + 4
    return 8
