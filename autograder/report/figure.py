"""From a matplotlib figure to SVG that stands in a page: in its colours, with words, the same bytes every time."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree import ElementTree

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

__all__ = ["INK", "LINE", "MUTED", "drawing", "svg"]

# matplotlib knows no CSS. These stand in for the page's own colours, which follow the reader's light or dark.
INK, MUTED, LINE = "#010101", "#020202", "#030303"
_VARIABLES = {INK: "var(--ink)", MUTED: "var(--muted)", LINE: "var(--line)"}

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_STYLE = {
    "svg.fonttype": "none",  # text stays text: it can be read aloud, searched for and printed sharp
    "svg.hashsalt": "class report",
    "text.parse_math": False,  # a $ in a name is a $
    "font.family": "sans-serif",
    "font.size": 12,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.facecolor": "none",
    "axes.edgecolor": LINE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
}


@contextmanager
def drawing(width: float, height: float) -> Iterator[Figure]:
    """A transparent figure of ``width`` by ``height`` CSS pixels, in our style and in nobody else's settings."""
    with matplotlib.rc_context(), warnings.catch_warnings():
        # Only measuring is done with matplotlib's font; the reader's browser has the letters that it lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield Figure(figsize=(width / 72, height / 72), layout="constrained")  # an SVG has 72 units an inch


def svg(figure: Figure, key: str, title: str, description: str) -> str:
    """``figure`` as one ``<svg>`` element for a page. All its ids begin with ``key``. Call it within `drawing`."""
    figure.patch.set_visible(False)
    text = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    FigureCanvasSVG(figure).print_svg(text, metadata=nothing)
    root = ElementTree.fromstring(text.getvalue())
    for found in root.findall(f"{{{_SVG}}}metadata"):
        root.remove(found)

    for one in root.iter():
        _as_our_own(one, key)
    root.set("role", "img")
    root.set("aria-labelledby", f"{key}-title {key}-desc")
    # Width and height come without a unit: pixels, where matplotlib has points.
    for side in ("width", "height"):
        root.set(side, root.attrib[side].removesuffix("pt"))
    words = [_words("title", f"{key}-title", title), _words("desc", f"{key}-desc", description)]
    root[:0] = words
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    return ElementTree.tostring(root, encoding="unicode")


def _words(tag: str, name: str, text: str) -> ElementTree.Element:
    element = ElementTree.Element(f"{{{_SVG}}}{tag}", {"id": name})
    element.text = text
    return element


def _as_our_own(element: ElementTree.Element, key: str) -> None:
    for name, value in element.attrib.items():
        if name == "id":
            value = f"{key}-{value}"
        elif name == f"{{{_XLINK}}}href":
            value = re.sub(r"^#", f"#{key}-", value)
        else:
            value = value.replace("url(#", f"url(#{key}-")
            for colour, variable in _VARIABLES.items():
                value = value.replace(colour, variable)
        element.set(name, value)
