"""HTML that a stranger wrote, as a page may hold it: what it shows stays, what it could do goes.

nh3 (ammonia, with a browser's own parser) decides on tags and attributes, css-inline turns style sheets into the style of
the elements that they mean, so that they reach nothing else on the page, and tinycss2 reads what a style says.
"""

from __future__ import annotations

import re
from html import escape

import css_inline
import nh3
import tinycss2
from bs4 import BeautifulSoup

__all__ = ["PREFIX", "as_text", "clean"]

PREFIX = "shown-"  # before every id: none can stand for one of the page's own

_HTML = {
    *("a", "abbr", "b", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del"),
    *("details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i"),
    *("img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strike", "strong"),
    *("sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var", "wbr"),
}
# No script, style, title, foreignObject, use, animate or set: a drawing, and nothing that a second parser reads otherwise.
_SVG = {
    *("svg", "g", "defs", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "image"),
    *("linearGradient", "radialGradient", "stop", "clipPath", "marker", "pattern"),
}
# Where these are dropped, so is what is in them.
_GONE = {"script", "style", "title", "template", "noscript", "noembed", "noframes", "iframe", "textarea", "xmp", "math"}

_EVERYWHERE = {
    *("align", "aria-describedby", "aria-hidden", "aria-label", "aria-labelledby", "class", "dir", "height", "id"),
    *("lang", "role", "style", "title", "valign", "width"),
}
_OF_A_TAG = {
    "a": {"href"},
    "img": {"src", "alt"},
    "ol": {"start", "type", "reversed"},
    "td": {"colspan", "rowspan", "headers", "bgcolor"},
    "th": {"colspan", "rowspan", "headers", "scope", "bgcolor"},
    "col": {"span"},
    "colgroup": {"span"},
    "table": {"border", "cellpadding", "cellspacing", "bgcolor"},
    "details": {"open"},
    "image": {"href", "preserveAspectRatio"},
}
_OF_SVG = {
    *("clip-path", "clip-rule", "clipPathUnits", "cx", "cy", "d", "dominant-baseline", "dx", "dy", "fill"),
    *("fill-opacity", "fill-rule", "font-family", "font-size", "font-style", "font-weight", "fx", "fy"),
    *("gradientTransform", "gradientUnits", "letter-spacing", "marker-end", "marker-mid", "marker-start"),
    *("markerHeight", "markerUnits", "markerWidth", "offset", "opacity", "orient", "patternContentUnits"),
    *(
        "patternTransform",
        "patternUnits",
        "points",
        "preserveAspectRatio",
        "r",
        "refX",
        "refY",
        "rx",
        "ry",
        "shape-rendering",
        "spreadMethod",
        "stop-color",
    ),
    *("stop-opacity", "stroke", "stroke-dasharray", "stroke-dashoffset", "stroke-linecap", "stroke-linejoin"),
    *("stroke-miterlimit", "stroke-opacity", "stroke-width", "text-anchor", "transform", "vector-effect", "viewBox"),
    *("x", "x1", "x2", "y", "y1", "y2"),
}
_ATTRIBUTES = (
    {"*": _EVERYWHERE}
    | {tag: _OF_SVG | _OF_A_TAG.get(tag, set()) for tag in _SVG}
    | {tag: names for tag, names in _OF_A_TAG.items() if tag not in _SVG}
)

# Nothing that leaves its place (position, z-index, float) and nothing that loads.
_PROPERTIES = re.compile(
    r"(background(-color|-image|-size|-position|-repeat)?|border(-[a-z-]+)?|padding(-[a-z]+)?|margin(-[a-z]+)?"
    r"|(min-|max-)?(width|height)|color|opacity|font(-[a-z-]+)?|line-height|letter-spacing|text-[a-z-]+|vertical-align"
    r"|white-space|word-break|overflow(-[a-z]+)?|display|flex(-[a-z]+)?|(row-|column-)?gap|justify-content"
    r"|align-(items|content|self)|grid(-[a-z-]+)?|list-style(-type)?|caption-side|table-layout|aspect-ratio"
    r"|fill(-opacity)?|stroke(-[a-z]+)?|stop-(color|opacity)|dominant-baseline)"
)
_FUNCTIONS = {
    *("var", "rgb", "rgba", "hsl", "hsla", "calc", "min", "max", "clamp", "repeat", "minmax"),
    *("linear-gradient", "radial-gradient", "repeating-linear-gradient"),
}
# The classes of Pygments' words, of tables and of headings; not those that the page's own script and style look for.
_CLASS = re.compile(r"[a-z]{1,2}[0-9]?|dataframe|highlight|anchor-link|language-[\w-]{1,20}")

_LINK = re.compile(r"(https?://|mailto:)\S+", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]*")
_BESIDE = re.compile(r"(?!.*(//|\.\.))\w[^:\\?#<>\"']*\.(png|jpe?g|gif|webp|svg)", re.IGNORECASE)
_PART = re.compile(r"url\(\s*[\"']?#([\w.:-]+)[\"']?\s*\)")


def clean(html: str) -> str:
    """``html`` without anything that runs, loads, sends or leaves its place, in a ``<div>`` that it cannot draw outside of.

    >>> clean('<b onclick="x()">bold</b><script>x()</script>')
    '<div style="contain:content;overflow:auto"><b>bold</b></div>'
    """
    kept = nh3.clean(
        _own_styles(_named_drawings(html)),
        tags=_HTML | _SVG,
        clean_content_tags=_GONE,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer",
    )
    return f'<div style="contain:content;overflow:auto">{kept}</div>'


def _own_styles(html: str) -> str:
    """Style sheets as the style of the elements that they mean; without them where nobody can read them."""
    if "<style" not in html.lower():
        return html
    try:
        inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False)
        return str(inliner.inline(f"<!DOCTYPE html><html><head></head><body>{html}</body></html>"))
    except (css_inline.InlineError, ValueError):
        return html


def _named_drawings(html: str) -> str:
    """A drawing's ``<title>`` and ``<desc>`` as its label: a parser of HTML may read other things than text in them."""
    if "<svg" not in html.lower():
        return html
    soup = BeautifulSoup(html, "html.parser")
    for drawing in soup.find_all("svg"):
        words = [part.get_text(" ", strip=True) for part in drawing.find_all(["title", "desc"], recursive=False)]
        if any(words):
            drawing["aria-label"] = ": ".join(word for word in words if word)
            drawing["role"] = "img"
            del drawing["aria-labelledby"]
        for part in drawing.find_all(["title", "desc"]):
            part.decompose()
    return str(soup)


def _attribute(tag: str, name: str, value: str) -> str | None:
    """What becomes of one attribute; ``None`` leaves it out."""
    if name == "style":
        return _style(value) or None
    if name == "class":
        return " ".join(one for one in value.split() if _CLASS.fullmatch(one)) or None
    if name == "id":
        return _prefixed(value)
    if name in ("aria-labelledby", "aria-describedby", "headers"):
        return " ".join(map(_prefixed, value.split()))
    if name == "href" and tag == "a":
        return _link(value.strip())
    if name in ("src", "href"):
        return value.strip() if _PICTURE.fullmatch(value.strip()) or _BESIDE.fullmatch(value.strip()) else None
    if "url(" in value.lower() and tag in _SVG and name not in ("aria-label", "title"):
        found = _PART.fullmatch(value.strip())
        return f"url(#{_prefixed(found.group(1))})" if found else None
    return value


def _prefixed(name: str) -> str:
    return name if name.startswith(PREFIX) else PREFIX + name


def _link(value: str) -> str | None:
    """To the outside, or to a place in what the same person wrote; never to a file that lies beside, which could be a page."""
    if value.startswith("#"):
        return f"#{_prefixed(value[1:])}"
    return value if _LINK.fullmatch(value) else None


def _style(value: str) -> str:
    kept = []
    for one in tinycss2.parse_blocks_contents(value, skip_comments=True, skip_whitespace=True):
        if one.type == "declaration" and _PROPERTIES.fullmatch(one.lower_name) and _harmless(one.value):
            kept.append(f"{one.lower_name}:{tinycss2.serialize(one.value).strip()}{' !important' * one.important}")
    return ";".join(kept)


def _harmless(tokens: list[tinycss2.ast.Node]) -> bool:
    """Whether a value loads nothing: only functions that we know, in all its depth."""
    for one in tokens:
        if one.type in ("url", "error", "{} block"):
            return False
        if one.type == "function" and not (one.lower_name in _FUNCTIONS and _harmless(one.arguments)):
            return False
        if one.type in ("() block", "[] block") and not _harmless(one.content):
            return False
    return True


def as_text(text: str) -> str:
    """``text`` as it was typed.

    >>> as_text("<b>")
    '<pre>&lt;b&gt;</pre>'
    """
    return f"<pre>{escape(text)}</pre>"
