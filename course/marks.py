"""Words in a picture, as SVG markup: what the pictures of the network and those of strides have in common."""

from __future__ import annotations

from html import escape

from course.picture import INK

__all__ = ["MONO", "text", "text_width", "wrapped"]

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


# Widths in ems of DejaVu Sans, the widest of the fonts that a picture asks for, each group by its widest letter.
_WIDTHS = {
    **dict.fromkeys(" iljI.,:;'|", 0.34),
    **dict.fromkeys("ft!()[]/\\-r", 0.42),
    **dict.fromkeys("0123456789", 0.64),
    **dict.fromkeys("mwMW@%…—", 1.0),
}


def text_width(words: str, size: float, bold: bool = False) -> float:
    """How wide ``words`` are at most in the picture's font of that size, in pixels.

    >>> round(text_width("ill", 10), 1)
    10.2
    """
    ems = sum(_WIDTHS.get(letter, 0.65 if letter.islower() else 0.84) for letter in words)
    return ems * size * (1.13 if bold else 1)


def wrapped(words: str, width: float, size: float, bold: bool = False) -> list[str]:
    """``words`` in lines that are ``width`` pixels wide at most; a word that is longer alone is divided.

    >>> wrapped("a tensor and its storage", 70, 10)
    ['a tensor and', 'its storage']
    >>> wrapped("immeasurable", 45, 10)
    ['immeas', 'urable']
    """
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if text_width(longer, size, bold) <= width:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if lines[-1] and text_width(lines[-1] + letter, size, bold) > width:
                lines.append("")
            lines[-1] += letter
    return [line for line in lines if line]
