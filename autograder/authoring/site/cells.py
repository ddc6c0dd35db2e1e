"""The cells of a notebook as a piece of HTML, with nbconvert: our own template, nothing fetched from anywhere."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbformat.notebooknode import NotebookNode
from traitlets.config import Config

from autograder.authoring.site.answers import is_answer, is_check
from course.alive import STILL, VIEW
from course.strides.explorer import WRITTEN

__all__ = ["cells_to_html", "has_explorer"]

_NOTEBOOK = re.compile(r'href="(?:[^":]*/)?(\d\d_\w+)\.ipynb(#[^"]*)?"')
_FORMULA = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)


def cells_to_html(book: NotebookNode, left_out: frozenset[str]) -> str:
    """The cells, in reading order; links between notebooks lead from page to page.

    Cells in ``left_out`` were not run and say so. ``book`` is changed: widgets give way to what stands in for them.
    """
    for cell in book.cells:
        cell.metadata["page"] = _kind(cell, left_out)
        if cell.cell_type == "code":
            cell.outputs = [_still(output) for output in cell.outputs if VIEW not in output.get("data", {})]
    settings = Config({"HTMLExporter": {"exclude_anchor_links": True}})
    exporter = HTMLExporter(
        config=settings, template_name="template", extra_template_basedirs=[str(Path(__file__).parent)]
    )
    exporter.register_filter("formulas", _formulas)
    body, _ = exporter.from_notebook_node(book)
    return _NOTEBOOK.sub(lambda found: f'href="{found[1]}.html{found[2] or ""}"', body)


def has_explorer(body: str) -> bool:
    """Whether a page with this body needs the explorer's script."""
    return "data-explorer=" in body


def _kind(cell: NotebookNode, left_out: frozenset[str]) -> str:
    if cell.cell_type == "code" and is_answer(cell):
        return "answer"
    if is_check(cell):
        return "check"
    return "waiting" if cell.id in left_out else "plain"


def _still(output: NotebookNode) -> NotebookNode:
    """A picture as it is; an explorer's, put where the page's script finds it and lays the living one over it."""
    given: dict[str, Any] | None = output.get("metadata", {}).get(WRITTEN)
    if given is not None:
        written = html.escape(json.dumps(given, ensure_ascii=False, separators=(",", ":")))
        output.data["text/html"] = f'<div data-explorer="{written}">{output.data["text/html"]}</div>'
    elif f'class="{STILL}"' in output.get("data", {}).get("text/html", ""):
        output.data["text/html"] += '<p class="left-out">A picture of it: it moves in the notebook.</p>'
    return output


def _formulas(text: str) -> str:
    """Formulas as MathML, which browsers draw and screen readers read; what is too wide can be scrolled, by keys too.

    >>> "<math" in _formulas("$$a + b$$"), _formulas("no formula")
    (True, 'no formula')
    """

    def drawn(found: re.Match[str]) -> str:
        formula: str = convert(html.unescape(found[1]).strip(), display="block")
        return f'<span class="formula" role="group" aria-label="Formula" tabindex="0">{formula}</span>'

    return _FORMULA.sub(drawn, text)
