"""The losses of two trainings over their steps, on one plot, and under it how far they are apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from course.marks import text
from course.network.marks import line, number
from course.picture import BLUE, INK, LINE, MUTED, ORANGE, VERMILION, Picture

__all__ = ["draw_losses"]

_WIDTH = 900
_LEFT, _RIGHT = 84, 876  # of both plots
_TOP, _MIDDLE = 70, 310  # the upper plot
_LOW, _BOTTOM = 372, 482  # the lower one


def draw_losses(losses: Mapping[str, Sequence[float]]) -> Picture:
    """Two lists of losses by name, a number a step: both curves, and under them the first minus the second.

    The first is a broad line, the second a thin dashed one that lies on it where the two agree.

    Raises ``ValueError`` unless there are two lists of the same length, at least one number long and finite.

    >>> draw_losses({"modules": [2.3, 1.1], "functions": [2.3, 1.1]}).description
    '2 steps. modules: from 2.300 to 1.100. functions: from 2.300 to 1.100. The two are equal at every step, to the last bit.'
    """
    (first, ones), (second, others) = _two(losses)
    apart = [one - other for one, other in zip(ones, others, strict=True)]
    said = _difference(apart)
    steps = len(ones)
    bottom, top = _span([*ones, *others, 0.0])
    reach = max(map(abs, apart)) or 1.0
    marks = [
        text(12, 26, "loss before each step", size=15, bold=True),
        line(330, 21, 366, 21, stroke=BLUE, weight=6),
        text(374, 26, first),
        line(560, 21, 596, 21, stroke=ORANGE, weight=2, dash="6 4"),
        text(604, 26, second),
        *_axes(_TOP, _MIDDLE, _ticks(bottom, top), bottom, top, 1.0),
        _curve(ones, bottom, top, _TOP, _MIDDLE, BLUE, 6),
        _curve(others, bottom, top, _TOP, _MIDDLE, ORANGE, 2, "6 4"),
        text(12, _LOW - 22, f"{first} − {second}", size=15, bold=True),
        text(_RIGHT, _LOW - 22, f"the two {said}", anchor="end"),
        *_axes(_LOW, _BOTTOM, (-reach, 0.0, reach) if any(apart) else (0.0,), -reach, reach, reach),
        _curve(apart, -reach, reach, _LOW, _BOTTOM, VERMILION, 2),
        *_steps(steps),
    ]
    description = (
        f"{steps} step{'' if steps == 1 else 's'}. {first}: from {ones[0]:.3f} to {ones[-1]:.3f}. "
        f"{second}: from {others[0]:.3f} to {others[-1]:.3f}. The two {said}."
    )
    return Picture("The losses of two trainings", description, _WIDTH, _BOTTOM + 50, "".join(marks))


def _two(losses: Mapping[str, Sequence[float]]) -> list[tuple[str, list[float]]]:
    found = [(str(name), [float(one) for one in some]) for name, some in losses.items()]
    if len(found) != 2:
        raise ValueError(f"two lists of losses are compared; got {len(found)}")
    (first, ones), (second, others) = found
    if len(ones) != len(others) or not ones:
        raise ValueError(
            f"both lists need the same number of steps, at least one; got {len(ones)} of {first} and "
            f"{len(others)} of {second}"
        )
    for name, some in found:
        if strange := [step for step, one in enumerate(some) if not math.isfinite(one)]:
            raise ValueError(
                f"{name} has a loss of {some[strange[0]]} at step {strange[0]}; only finite ones are drawn"
            )
    return found


def _difference(apart: Sequence[float]) -> str:
    """How far the two are apart, in words that go on after "the two"."""
    if not any(apart):
        return "are equal at every step, to the last bit"
    largest = max(range(len(apart)), key=lambda step: abs(apart[step]))
    return f"are {abs(apart[largest]):.1e} apart at most, at step {largest}"


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low, low + 1.0)


def _ticks(low: float, high: float) -> list[float]:
    from matplotlib.ticker import MaxNLocator  # its choice of round numbers; takes a moment to import

    return [float(tick) for tick in MaxNLocator(5).tick_values(low, high) if low <= tick <= high]


def _axes(top: float, bottom: float, ticks: Sequence[float], low: float, high: float, scale: float) -> list[str]:
    """A line and a number for each tick; numbers far below 1 are written with their exponent."""
    marks = []
    for tick in ticks:
        y = _height(tick, low, high, top, bottom)
        words = number(tick) if scale >= 0.1 or not tick else f"{tick:.1e}".replace("-", "−")
        marks.append(line(_LEFT, y, _RIGHT, y, stroke=INK if tick == 0 else LINE, weight=1))
        marks.append(text(_LEFT - 8, y + 4, words, size=12, fill=MUTED, anchor="end"))
    return marks


def _steps(count: int) -> list[str]:
    """Numbers of steps under both plots."""
    marks = []
    for tick in _ticks(0, max(count - 1, 1)):
        if tick == int(tick) < count:
            x = _place(int(tick), count)
            marks += [text(x, y + 20, str(int(tick)), size=12, fill=MUTED, anchor="middle") for y in (_MIDDLE, _BOTTOM)]
    return [*marks, text((_LEFT + _RIGHT) / 2, _BOTTOM + 40, "step", fill=MUTED, anchor="middle")]


def _place(step: int, count: int) -> float:
    return _LEFT + (_RIGHT - _LEFT) * (step / (count - 1) if count > 1 else 0.5)


def _height(value: float, low: float, high: float, top: float, bottom: float) -> float:
    return bottom - (bottom - top) * (value - low) / (high - low)


def _curve(
    values: Sequence[float],
    low: float,
    high: float,
    top: float,
    bottom: float,
    colour: str,
    weight: float,
    dash: str = "",
) -> str:
    points = [(_place(step, len(values)), _height(one, low, high, top, bottom)) for step, one in enumerate(values)]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (points if len(points) > 1 else points * 2))
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{weight:g}" stroke-linejoin="round" '
        f'stroke-linecap="round"{dashes}/>'
    )
