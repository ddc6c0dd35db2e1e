"""A picture that everybody can read: SVG with a title and a description, in a light or a dark page."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from html import escape
from pathlib import Path

__all__ = [
    "BLUE",
    "GREEN",
    "INK",
    "LINE",
    "MUTED",
    "ORANGE",
    "PAPER",
    "PURPLE",
    "SKY",
    "VERMILION",
    "YELLOW",
    "Picture",
]

# Okabe and Ito's palette: told apart by every kind of colour vision. Colour is never the only sign.
BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, YELLOW = "#56B4E9", "#CC79A7", "#F0E442"

# Text, lines and ground follow JupyterLab's theme, and have a light fallback for GitHub and static pages.
INK = "var(--jp-ui-font-color1, #1b1f24)"
MUTED = "var(--jp-ui-font-color2, #57606a)"
LINE = "var(--jp-border-color1, #c9d1d9)"
PAPER = "var(--jp-layout-color1, #ffffff)"

_ids = itertools.count()


@dataclass(frozen=True)
class Picture:
    """A drawing with words: what it is called, what it shows, and the SVG elements that draw it.

    ``width`` and ``height`` are in pixels; ``body`` is SVG markup whose texts are already escaped.

    >>> picture = Picture("A dot", "One dot in the middle.", 20, 20, '<circle cx="10" cy="10" r="3"/>')
    >>> picture.svg().startswith("<svg xmlns=")
    True
    >>> picture
    A dot: One dot in the middle.
    """

    title: str
    description: str
    width: float
    height: float
    body: str

    def svg(self) -> str:
        """The whole picture as one SVG element, with ``<title>`` and ``<desc>``."""
        key = f"picture-{next(_ids)}"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}" '
            f'width="{self.width:g}" height="{self.height:g}" style="max-width:100%;height:auto" role="img" '
            f'aria-labelledby="{key}-title {key}-desc" font-family="system-ui, Segoe UI, Helvetica, Arial, sans-serif">'
            f'<title id="{key}-title">{escape(self.title)}</title>'
            f'<desc id="{key}-desc">{escape(self.description)}</desc>'
            f'<rect width="{self.width:g}" height="{self.height:g}" fill="{PAPER}"/>{self.body}</svg>'
        )

    def save(self, path: str | Path) -> Path:
        """Write the SVG to ``path`` and return the path."""
        path = Path(path)
        path.write_text(self.svg(), encoding="utf-8")
        return path

    def __repr__(self) -> str:
        return f"{self.title}: {self.description}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        svg = self.svg()
        # JupyterLab draws image/svg+xml as an <img>, which knows no theme and has no text: inline it has both.
        return {"text/html": f"<div>{svg}</div>", "image/svg+xml": svg, "text/plain": repr(self)}
