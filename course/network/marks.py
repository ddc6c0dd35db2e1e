"""The few marks that the pictures of the network are drawn with, as SVG markup."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import torch
from torch import Tensor

from course.picture import INK, MUTED, PAPER

__all__ = ["arrow", "box", "line", "number", "pixels", "shape_text"]


def box(
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    stroke: str,
    fill: str | None = None,
    tint: float = 0.0,
    radius: float = 6,
    weight: float = 1.5,
    dash: str = "",
) -> str:
    """A rectangle over the page's own ground. ``tint`` (0 to 1) lays that much of the ``stroke`` colour on it."""
    frame = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}"'
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    ground = f'<rect {frame} fill="{PAPER}"/>' if fill is None else ""
    inside = f'fill="{stroke}" fill-opacity="{tint:g}"' if fill is None else f'fill="{fill}"'
    return f'{ground}<rect {frame} {inside} stroke="{stroke}" stroke-width="{weight:g}"{dashes}/>'


def line(
    x1: float, y1: float, x2: float, y2: float, *, stroke: str = MUTED, weight: float = 1.5, dash: str = ""
) -> str:
    """A straight line."""
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="M{x1:g} {y1:g}L{x2:g} {y2:g}" fill="none" stroke="{stroke}" stroke-width="{weight:g}"{dashes}/>'


def arrow(x1: float, y1: float, x2: float, y2: float, *, stroke: str = INK, weight: float = 1.75) -> str:
    """A line with a head at its end. The head is a path: a marker's id would clash between pictures of one page."""
    length = max(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5, 1e-9)
    along_x, along_y = (x2 - x1) / length, (y2 - y1) / length
    back_x, back_y = x2 - 8 * along_x, y2 - 8 * along_y
    head = (
        f"M{x2:g} {y2:g}L{back_x - 4.5 * along_y:g} {back_y + 4.5 * along_x:g}"
        f"L{back_x + 4.5 * along_y:g} {back_y - 4.5 * along_x:g}Z"
    )
    return line(x1, y1, back_x, back_y, stroke=stroke, weight=weight) + f'<path d="{head}" fill="{stroke}"/>'


def pixels(colours: Tensor, x: float, y: float, width: float, height: float) -> str:
    """An image from ``colours`` ``(H, W, 3)`` uint8, each pixel a sharp block; its PNG lies inside of the SVG."""
    from PIL import Image  # scikit-learn's photographs need Pillow anyway

    png = io.BytesIO()
    Image.fromarray(colours.contiguous().numpy()).save(png, format="PNG", optimize=True)
    data = base64.b64encode(png.getvalue()).decode("ascii")
    return (
        f'<image x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" preserveAspectRatio="none" '
        f'style="image-rendering:pixelated" href="data:image/png;base64,{data}"/>'
    )


def number(value: float, digits: int = 2) -> str:
    """A number to read: ``digits`` decimals, or three significant digits where it is too large for that.

    >>> number(-0.125, 3), number(0.0), number(123456.0), number(float("nan"))
    ('−0.125', '0.00', '1.23e+05', 'NaN')
    """
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "∞" if value > 0 else "−∞"
    words = f"{value:.{digits}f}" if abs(value) < 1000 else f"{value:.3g}"
    if words.startswith("-"):
        # Rounded to nothing is nothing: "−0.00" would be a riddle.
        return "−" + words[1:] if float(words) else words[1:]
    return words


def shape_text(shape: Sequence[int | str] | torch.Size) -> str:
    """A shape as Python writes a tuple; names such as N may stand for sizes.

    >>> shape_text(["N", 3, 32, 32]), shape_text(torch.Size([16])), shape_text(())
    ('(N, 3, 32, 32)', '(16,)', '()')
    """
    inside = ", ".join(str(size) for size in shape)
    return f"({inside},)" if len(shape) == 1 else f"({inside})"
