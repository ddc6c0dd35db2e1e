"""Both builds of TinyCNN side by side: where every tensor lives, and what flows through."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from torch import nn

from course.marks import text
from course.network.marks import arrow, box, line, shape_text
from course.network.plan import Card, Step, cards, extra_names, flow, module_steps, registered, shared_names
from course.picture import BLUE, GREEN, INK, LINE, MUTED, ORANGE, VERMILION, Picture

__all__ = ["draw_builds"]

_WIDTH = 900
_LEFT, _PANEL = 12, 374  # the build with modules: its left edge and its width
_CALLS, _CALL = 520, 148  # the calls of the build with functions
_DICT = 704  # the dictionary beside them
_CARD, _CARD_HEIGHT = 164, 68
_GAP, _TALL, _SHORT = 46, 154, 50  # heights: between two steps, a step with tensors, a step without
_TOP = 98

_CALL_CODE = (
    ("F.conv2d(", "  x, weight, bias,", "  padding=1)"),
    ("F.relu(x)",),
    ("x.flatten(1)",),
    ("F.linear(", "  x, weight, bias)"),
)


def draw_builds(model: nn.Module | None = None, params: Mapping[str, object] | None = None) -> Picture:
    """TinyCNN built with modules (left) and with functions (right), and the home of each of its four tensors.

    Without arguments it is the plan of the course. Given your ``model`` and your dictionary ``params``, names,
    shapes, counts and dtypes are read from them; a name that is not there is drawn as missing, a shape that differs
    from the plan beside the planned one. A side that is not given shows the plan, and says so.

    Raises ``TypeError`` when ``model`` is no ``nn.Module`` or ``params`` is no dictionary.

    >>> draw_builds().title
    'TinyCNN built with modules and with functions'
    >>> "conv.weight is missing" in draw_builds(params={}).description
    True
    """
    if model is not None and not isinstance(model, nn.Module):
        hint = "; call the class to make one" if isinstance(model, type) else ""
        raise TypeError(f"draw_builds takes an nn.Module as model; got {type(model).__name__}{hint}")
    if params is not None and not isinstance(params, Mapping):
        raise TypeError(f"draw_builds takes a dictionary, name to tensor, as params; got {type(params).__name__}")

    held = None if model is None else registered(model)
    steps, left, right = module_steps(model), cards(held), cards(params)
    name = "TinyCNN()" if model is None else f"{type(model).__name__}()"
    tops = _tops()
    bottom = tops[3] + _TALL + _GAP
    body = [
        *_heading(model is None, params is None),
        *_modules(name, steps, left, tops),
        *_functions(right, tops),
        *_spine(tops),
        *_sums(bottom, left, right, extra_names(held), extra_names(params)),
    ]
    notes = _notes(held, params)
    foot = bottom + 50
    for note in notes:
        foot += 20
        body.append(text(_LEFT, foot, note))
    body += _legend(foot + 20)
    return Picture(
        "TinyCNN built with modules and with functions",
        _describe(name, steps, left, right, notes),
        _WIDTH,
        foot + 84,
        "".join(body),
    )


def _tops() -> tuple[int, int, int, int]:
    """The upper edges of the four steps."""
    conv = _TOP + _GAP
    relu = conv + _TALL + _GAP
    flatten = relu + _SHORT + _GAP
    return conv, relu, flatten, flatten + _SHORT + _GAP


def _heading(planned_model: bool, planned_params: bool) -> list[str]:
    whose = (
        "the plan" if planned_model else "read from your model",
        "the plan" if planned_params else "read from yours",
    )
    return [
        text(_LEFT, 28, "With modules", size=19, bold=True),
        text(_LEFT + _PANEL, 28, whose[0], fill=MUTED, anchor="end"),
        text(_LEFT, 52, "Each tensor lives inside the object that uses it."),
        text(_CALLS, 28, "With functions", size=19, bold=True),
        text(_DICT + _CARD + 20, 28, whose[1], fill=MUTED, anchor="end"),
        text(_CALLS, 52, "The tensors lie in a dictionary, and each call is"),
        text(_CALLS, 70, "handed those that it needs."),
    ]


def _modules(name: str, steps: tuple[Step, ...], tensors: tuple[Card, ...], tops: tuple[int, ...]) -> list[str]:
    x, width = _LEFT + 12, _PANEL - 24
    height = tops[3] + _TALL + _GAP - _TOP + 30
    marks = [
        box(_LEFT, _TOP - 30, _PANEL, height, stroke=BLUE, tint=0.04, radius=14, weight=2),
        text(_LEFT + 14, _TOP - 9, f"model = {_cut(name, 40)}", mono=True, bold=True),
        text(_LEFT + _PANEL - 14, _TOP - 9, "module", size=11.5, fill=MUTED, anchor="end"),
    ]
    for number, (step, top) in enumerate(zip(steps, tops, strict=True)):
        tall = number in (0, 3)
        height = _TALL if tall else _SHORT
        real = step.name is not None
        marks.append(box(x, top, width, height, stroke=BLUE if real else MUTED, tint=0.1 if real else 0,
                         radius=10, dash="" if real else "5 4"))  # fmt: skip
        label = f"self.{_cut(step.name, 22)}" if step.name is not None else "no module here"
        marks.append(text(x + 12, top + 20, label, mono=real, bold=real))
        marks.append(text(x + width - 12, top + 20, "module" if real else "", size=11.5, fill=MUTED, anchor="end"))
        for row, code in enumerate(_wrapped(step.code, 2 if tall else 1, 46 if tall or not real else 24)):
            marks.append(text(x + 12, top + 39 + 16 * row, code, size=11.5, mono=True))
        if tall:
            if step.wraps:
                calls = f"its forward calls {step.wraps} with these"
                marks.append(text(x + 12, top + 70, calls, size=11.5, fill=MUTED))
            for place, card in enumerate(tensors[:2] if number == 0 else tensors[2:]):
                marks += _card(card, x + 8 + place * (_CARD + 6), top + _TALL - _CARD_HEIGHT - 9)
        elif real:
            holds = f"calls {step.wraps}, holds no tensor" if step.wraps else "holds no tensor"
            marks.append(text(x + width - 12, top + 39, holds, size=11.5, fill=MUTED, anchor="end"))
    return marks + _arrows(_LEFT + _PANEL / 2, tops)


def _functions(tensors: tuple[Card, ...], tops: tuple[int, ...]) -> list[str]:
    end = tops[3] + _TALL
    marks = [
        box(_DICT, tops[0] - 32, _CARD + 20, end - tops[0] + 58, stroke=GREEN, tint=0.05, radius=3, dash="2 3"),
        text(_DICT + 10, tops[0] - 11, "params = {", mono=True, bold=True),
        text(_DICT + 10, end + 18, "}", mono=True, bold=True),
    ]
    for number, (code, top) in enumerate(zip(_CALL_CODE, tops, strict=True)):
        tall = number in (0, 3)
        height = _TALL if tall else _SHORT
        marks.append(box(_CALLS, top, _CALL, height, stroke=ORANGE, tint=0.12, radius=0, weight=2))
        middle = top + height / 2 + (4 if tall else 12) - 8 * (len(code) - 1)
        marks.append(text(_CALLS + 10, top + 18, "function", size=11.5, fill=MUTED))
        for row, words in enumerate(code):
            marks.append(text(_CALLS + 10, middle + 16 * row, words, size=12, mono=True, bold=row == 0))
        if not tall:
            marks.append(
                text(_DICT + 92, top + height / 2 + 4, "needs no tensor", size=11.5, fill=MUTED, anchor="middle")
            )
            continue
        for place, card in enumerate(tensors[:2] if number == 0 else tensors[2:]):
            y = top + 6 + place * (_CARD_HEIGHT + 6)
            port = y + _CARD_HEIGHT / 2
            marks += _card(card, _DICT + 10, y)
            if card.shape is None:
                marks.append(line(_DICT + 10, port, _CALLS + _CALL + 2, port, stroke=VERMILION, dash="3 4"))
            else:
                marks.append(arrow(_DICT + 10, port, _CALLS + _CALL + 1, port, stroke=GREEN, weight=2))
            marks.append(
                text(_CALLS + _CALL - 8, port + 4, card.name.split(".")[1], size=11.5, fill=MUTED, anchor="end")
            )
    return marks + _arrows(_CALLS + _CALL / 2, tops)


def _arrows(x: float, tops: tuple[int, ...]) -> list[str]:
    """The way of ``x`` through the four steps, along a vertical line."""
    heights = (_TALL, _SHORT, _SHORT, _TALL)
    ends = [top + height for top, height in zip(tops, heights, strict=True)]
    starts = [tops[0] - _GAP + 4, *ends]
    return [arrow(x, start, x, stop) for start, stop in zip(starts, [*tops, ends[-1] + _GAP - 4], strict=True)]


def _spine(tops: tuple[int, ...]) -> list[str]:
    """The shapes between the steps: one label in the middle, tied to the arrows of both builds."""
    middle, half = (_LEFT + _PANEL + _CALLS) / 2, 64
    marks: list[str] = []
    for (where, shape), top in zip(flow, [*tops, tops[3] + _TALL + _GAP], strict=True):
        y = top - _GAP / 2
        marks += [
            line(_LEFT + _PANEL / 2 + 5, y, middle - half, y, dash="2 3"),
            line(middle + half, y, _CALLS + _CALL / 2 - 5, y, dash="2 3"),
            box(middle - half, y - 20, 2 * half, 40, stroke=LINE, radius=20),
            text(middle, y - 4, where, size=11.5, fill=MUTED, anchor="middle"),
            text(middle, y + 12, shape_text(shape), size=12, anchor="middle", mono=True, bold=True),
        ]
    return marks


def _card(card: Card, x: float, y: float) -> list[str]:
    """One tensor: its name, its shape, how many numbers it holds, their dtype."""
    bad = not card.fits
    colour = VERMILION if bad else GREEN
    marks = [
        box(x, y, _CARD, _CARD_HEIGHT, stroke=colour, tint=0.1, radius=3, dash="5 3" if card.shape is None else ""),
        *_glyph(x + _CARD - 20, y + 8, colour, card.shape is None),
        text(x + 8, y + 18, card.name, size=12.5, mono=True, bold=True),
    ]
    if card.shape is None:
        return [*marks, text(x + 8, y + 37, f"✗ {_cut(card.remark, 22)}", size=12, bold=True),
                text(x + 8, y + 55, f"planned: {shape_text(card.planned)}", size=11.5, fill=MUTED)]  # fmt: skip
    count = f"{card.numel:,} {'number' if card.numel == 1 else 'numbers'}, {card.dtype}"
    last = f"≠ planned {shape_text(card.planned)}" if bad else count
    if bad:
        marks.append(text(x + 8, y + 49, count, size=11, fill=MUTED))
    return [*marks, text(x + 8, y + (34 if bad else 37), _cut(shape_text(card.shape), 21), size=12, mono=True),
            text(x + 8, y + (63 if bad else 55), last, size=11.5, fill=INK if bad else MUTED, bold=bad)]  # fmt: skip


def _glyph(x: float, y: float, colour: str, empty: bool) -> list[str]:
    """A small grid, the sign of a tensor; an empty frame for one that is not there."""
    cross = "" if empty else f"M{x + 4:g} {y:g}v12M{x + 8:g} {y:g}v12M{x:g} {y + 4:g}h12M{x:g} {y + 8:g}h12"
    frame = f"M{x:g} {y:g}h12v12h-12z"
    return [f'<path d="{frame}{cross}" fill="none" stroke="{colour}" stroke-width="1.25"/>']


def _sums(
    y: float, left: tuple[Card, ...], right: tuple[Card, ...], more_left: tuple[str, ...], more_right: tuple[str, ...]
) -> list[str]:
    marks: list[str] = []
    for x, found, more, where in (
        (_LEFT, left, more_left, "model"),
        (_CALLS, right, more_right, "params"),
    ):
        marks.append(text(x, y + 22, f"{where}: {_total(found)}", bold=True))
        if more:
            marks.append(text(x, y + 40, _cut(f"and beside TinyCNN's four: {', '.join(more)}", 54), fill=MUTED))
    return marks


def _total(found: tuple[Card, ...]) -> str:
    there = [card for card in found if card.shape is not None]
    return f"{len(there)} of 4 tensors, {sum(card.numel for card in there):,} numbers"


def _notes(held: Mapping[str, object] | None, params: Mapping[str, object] | None) -> list[str]:
    if held is None and params is None:
        return []
    notes = ["The shapes in the middle are the plan's; the tensors on a side that was given are read from it."]
    if held is not None and params is not None:
        shared = shared_names(held, params)
        notes.append(
            f"The same memory in both: {', '.join(shared)}. Writing to one writes to the other."
            if shared
            else "No tensor of the dictionary shares its memory with the module's tensor of that name."
        )
    return notes


def _legend(y: float) -> list[str]:
    return [
        line(_LEFT, y - 6, _WIDTH - _LEFT, y - 6, stroke=LINE, weight=1),
        box(_LEFT, y + 8, 26, 18, stroke=BLUE, tint=0.1, radius=6),
        text(_LEFT + 34, y + 22, "module: an object, may hold tensors", size=12),
        box(_LEFT, y + 34, 26, 18, stroke=ORANGE, tint=0.12, radius=0, weight=2),
        text(_LEFT + 34, y + 48, "function: holds nothing between two calls", size=12),
        *_glyph(_CALLS + 7, y + 11, GREEN, False),
        text(_CALLS + 34, y + 22, "tensor: its name, shape, how many numbers, dtype", size=12),
        box(_CALLS, y + 34, 26, 18, stroke=LINE, radius=9),
        text(_CALLS + 34, y + 48, "the shape of what flows; N images in a batch", size=12),
    ]


def _describe(
    name: str, steps: tuple[Step, ...], left: tuple[Card, ...], right: tuple[Card, ...], notes: list[str]
) -> str:
    shapes = ", ".join(f"{where} {shape_text(shape)}" for where, shape in flow)
    way = ", ".join(f"self.{step.name} = {step.code}" if step.name else step.code for step in steps)
    calls = ", ".join(" ".join("".join(code).split()) for code in _CALL_CODE)
    return " ".join(
        [
            f"Left, {name}, an object. Its steps: {way}. Inside of it live: {_list(left)}.",
            f"Right, four calls: {calls}. Beside them lies a dictionary, params, with: {_list(right)}.",
            "Arrows lead from conv.weight and conv.bias to F.conv2d, from fc.weight and fc.bias to F.linear.",
            f"Between the steps, in both builds: {shapes}.",
            *notes,
        ]
    )


def _list(found: tuple[Card, ...]) -> str:
    return "; ".join(
        f"{card.name} is {card.remark}"
        if card.shape is None
        else f"{card.name} {shape_text(card.shape)}, {card.numel:,} numbers, {card.dtype}"
        + ("" if card.fits else f", planned {shape_text(card.planned)}")
        for card in found
    )


def _wrapped(code: str, rows: int, width: int) -> list[str]:
    return textwrap.wrap(code, width, max_lines=rows, placeholder=" …") or [""]


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"
