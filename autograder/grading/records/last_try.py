"""What a learner's last try looked like at home: the output that their notebook holds of a check, as plain text.

All of it is a stranger's: nothing of it is taken as HTML, and its size has limits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bs4 import BeautifulSoup, Tag

__all__ = ["as_text", "claimed", "saved_outputs"]

Outputs = Sequence[Mapping[str, Any]]

_LARGEST = 32 << 20  # bytes of a notebook whose outputs are looked at
_MOST_NESTED = 1 << 20  # its lists and dicts
_LARGEST_PAGE = 200_000  # letters of HTML that are read; a panel has some thousands
_MOST_TAGS = 2_000  # a panel with three pictures has some hundreds
_MOST_LINES, _MOST_LETTERS = 60, 4_000
_LINES = ["div", "li", "tr", "caption", "p", "pre", "br"]
_PARTS = ["span", "th", "td"]


def saved_outputs(content: bytes) -> dict[str, Outputs]:
    """The outputs that the notebook ``content`` holds of its marked cells, by grade_id; of a cell twice the last.

    Nothing where they cannot be read, or are too many to be looked at.

    >>> cell = {"cell_type": "code", "metadata": {"nbgrader": {"grade_id": "a"}}, "outputs": [{"output_type": "stream"}]}
    >>> saved_outputs(json.dumps({"nbformat": 4, "cells": [cell]}).encode()), saved_outputs(b"{nope")
    ({'a': [{'output_type': 'stream'}]}, {})
    """
    if len(content) > _LARGEST or content.count(b"{") + content.count(b"[") > _MOST_NESTED:
        return {}
    try:
        tree = json.loads(content.decode("utf-8-sig"))
        found: dict[str, Outputs] = {}
        for cell in tree["cells"]:
            name = (_of(cell.get("metadata"), "nbgrader") or {}).get("grade_id")
            outputs = cell.get("outputs")
            if isinstance(name, str) and isinstance(outputs, list):
                found[name] = [one for one in outputs if isinstance(one, dict)]
        return found
    except Exception:  # a stranger's bytes fail in many ways, and none of them matters here
        return {}


def _of(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def claimed(outputs: Outputs) -> float | None:
    """The score that a check's saved output names. It is the learner's own word: it decides nothing."""
    for one in outputs:
        try:
            return float(_written(_of(one.get("data"), "text/plain")))
        except ValueError:
            continue
    return None


def as_text(outputs: Outputs) -> str:
    """What a check's saved output says, in some lines of plain text; nothing where it says nothing.

    >>> print(as_text([{"output_type": "display_data", "data": {"text/html": "<b>solved</b><script>x()</script>"}}]))
    solved
    >>> print(as_text([{"output_type": "error", "ename": "NameError", "evalue": "name 'relu' is not defined"}]))
    NameError: name 'relu' is not defined
    """
    lines = [line for one in outputs for line in _said(one).splitlines()]
    shown = [" ".join(line.expandtabs(4).rstrip().split("\r")) for line in lines]
    text = "\n".join("".join(letter for letter in line if letter.isprintable()) for line in shown[:_MOST_LINES])
    cut = len(shown) > _MOST_LINES or len(text) > _MOST_LETTERS
    return f"{text[:_MOST_LETTERS]}\n… (there is more)" if cut else text.strip("\n")


def _said(one: Mapping[str, Any]) -> str:
    match one.get("output_type"):
        case "stream":
            return _written(one.get("text"))
        case "error":
            return f"{_written(one.get('ename'))}: {_written(one.get('evalue'))}"
        case "display_data" | "execute_result":
            html = _written(_of(one.get("data"), "text/html"))
            return _panel(html) or _written(_of(one.get("data"), "text/plain"))
    return ""


def _written(value: Any) -> str:
    """What nbformat may have as a string, or as a list of lines."""
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""


def _panel(html: str) -> str:
    """The words of a panel without what is folded below it; of other HTML all its words. Nothing where it cannot be read."""
    if not html or len(html) > _LARGEST_PAGE or html.count("<") > _MOST_TAGS:
        return ""
    try:
        page = BeautifulSoup(html, "html.parser")
        for gone in page.find_all(["script", "style", "template"]):
            gone.decompose()
        panel = page.find(role="group")
        inside = panel if isinstance(panel, Tag) else page
        for picture in inside.find_all(role="img"):
            picture.replace_with(f"\n{picture.get('aria-label') or ''}\n")
        # In front of what is inside, not behind it: for that all that is nested in it is gone through, each time.
        for tag in inside.find_all(_LINES):
            tag.insert(0, "\n")
        for tag in inside.find_all(_PARTS):
            tag.insert(0, " ")
        return "\n".join(_lines(inside.get_text()))
    except Exception:  # tags that nest a thousand deep, say
        return ""


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if words := " ".join(line.split()):
            yield words
