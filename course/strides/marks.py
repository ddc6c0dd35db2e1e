"""The few marks that the pictures of strides are drawn with, as SVG markup."""

from __future__ import annotations

from course.picture import BLUE, GREEN, LINE, MUTED, PURPLE, SKY, VERMILION

__all__ = ["DIMENSIONS", "box", "curve", "mono_width"]

DIMENSIONS = (BLUE, GREEN, VERMILION, PURPLE, SKY)
"""The colour of each dimension's stride; its number always stands beside it. Orange is kept for the focus."""


def mono_width(words: str, size: float) -> float:
    """How wide ``words`` are in the fixed-width font of that size, in pixels.

    >>> mono_width("12345", 10)
    31.0
    """
    return len(words) * size * 0.62


def box(
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    stroke: str = LINE,
    tint: float = 0.0,
    radius: float = 5,
    weight: float = 1,
    dash: str = "",
    kind: str = "",
) -> str:
    """A rectangle on the page's own ground; ``tint`` (0 to 1) lays that much of the ``stroke`` colour over it.

    ``kind`` names what it stands for, as its class.
    """
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    named = f' class="{kind}"' if kind else ""
    return (
        f'<rect{named} x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" fill="{stroke}" '
        f'fill-opacity="{tint:g}" stroke="{stroke}" stroke-width="{weight:g}"{dashes}/>'
    )


def curve(path: str, *, stroke: str = MUTED, weight: float = 1.5, dash: str = "", fill: str = "none") -> str:
    """A line along an SVG path."""
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="{path}" fill="{fill}" stroke="{stroke}" stroke-width="{weight:g}"{dashes}/>'
