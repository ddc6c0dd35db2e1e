"""Words in a picture, as SVG markup: what the pictures of the network and those of strides have in common."""

from __future__ import annotations

from html import escape

from course.picture import INK

__all__ = ["MONO", "text"]

MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def text(
    x: float,
    y: float,
    words: str,
    *,
    size: float = 13,
    fill: str = INK,
    anchor: str = "start",
    mono: bool = False,
    bold: bool = False,
) -> str:
    """Words whose baseline begins (``anchor="start"``), ends or has its middle at ``(x, y)``; escaped here.

    >>> text(0, 9, "a < b").endswith(">a &lt; b</text>")
    True
    """
    extra = (f' font-family="{MONO}"' if mono else "") + (' font-weight="600"' if bold else "")
    # Spaces are kept, because an indented line of code means something.
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{fill}" text-anchor="{anchor}" '
        f'style="white-space:pre"{extra}>{escape(words)}</text>'
    )
