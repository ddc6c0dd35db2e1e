"""Pages with a learner's work in them: it is shown, and none of it runs.

A class's ``nbgrader_config.py`` names what is here, for feedback pages and for the formgrader. `Shown` rebuilds a notebook from
what a page shows of it; `markdown2html` and `clean_html` stand in the place of nbconvert's filters; `FeedbackExporter` adds a
Content-Security-Policy, a second wall for the day when the first has a hole. Light to import: a Jupyter server does it when it
starts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any

from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor
from nbformat.notebooknode import NotebookNode, from_dict
from traitlets import default
from traitlets.config import Config

from autograder.grading.records.safe_html import as_text, clean

__all__ = ["FILTERS", "POLICY", "FeedbackExporter", "Shown", "clean_html", "markdown2html", "settings", "unchanged"]

_HERE = "autograder.grading.records.shown"
FILTERS = {
    "markdown2html": f"{_HERE}.markdown2html",
    "clean_html": f"{_HERE}.clean_html",
    "strip_files_prefix": f"{_HERE}.unchanged",
}

# MathJax is the one script of a feedback page. It evaluates nbconvert's settings for it, hence 'unsafe-eval'; scripts and
# handlers that stand in the page do not run.
_MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/2.7.7/"
POLICY = (
    f"default-src 'none'; script-src {_MATHJAX} 'unsafe-eval'; script-src-attr 'none'; style-src 'unsafe-inline' {_MATHJAX}; "
    f"font-src {_MATHJAX} data:; img-src data: 'self' file: {_MATHJAX}; base-uri 'none'; form-action 'none'"
)

# What is drawn, the best first; all else that an output holds is left behind.
_DRAWN = ("text/html", "text/markdown", "image/svg+xml", "text/latex", "image/png", "image/jpeg", "text/plain")
# What would be drawn by a script of its own, and is shown as it was typed where there is nothing else.
_TYPED = ("application/javascript", "text/vnd.mermaid", "application/json")
_NAME = re.compile(r"[\w.:~-]{1,200}")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
_MARKS = ("grade", "solution", "locked", "task", "schema_version", "checksum", "points", "score", "comment")


class Shown(Preprocessor):
    """Rebuilds a notebook from what a page shows of it, so that nothing that is not known to be shown reaches a template."""

    enabled = True

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """A new notebook; and the names in ``resources``, folders that learners named among them, as text for HTML."""
        if not resources.get("shown"):
            resources["shown"] = True
            _escape(resources, ("student", "last_name", "first_name", "notebook_path"))
        metadata = {"language_info": {"name": "python"}}
        cells = [_cell(one) for one in nb.cells]
        return from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}), resources


def _escape(resources: Any, names: tuple[str, ...]) -> None:
    for name in names:
        if isinstance(resources.get(name), str):
            resources[name] = escape(resources[name])


def _cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    kind = cell.get("cell_type")
    new: dict[str, Any] = {
        "cell_type": kind if kind in ("code", "markdown") else "raw",
        "source": _text(cell.get("source")),
        "metadata": _marks((cell.get("metadata") or {}).get("nbgrader")),
    }
    if isinstance(cell.get("id"), str) and _NAME.fullmatch(cell["id"]):
        new["id"] = cell["id"]
    if kind == "code":
        new["execution_count"] = _number(cell.get("execution_count"), int)
        new["outputs"] = [new for one in cell.get("outputs") or [] for new in _output(one)]
    elif isinstance(cell.get("attachments"), Mapping):
        new["attachments"] = {
            str(name): {kind: _text(data) for kind, data in one.items() if kind.startswith("image/")}
            for name, one in cell["attachments"].items()
            if isinstance(one, Mapping)
        }
    return new


def _marks(marks: Any) -> dict[str, Any]:
    """What nbgrader says of a cell, where its name is a name: templates write it into the page as it stands."""
    if not isinstance(marks, Mapping) or not _NAME.fullmatch(str(marks.get("grade_id") or "")):
        return {}
    kept = {name: marks[name] for name in _MARKS if name in marks and isinstance(marks[name], str | int | float | None)}
    for name in ("points", "score"):
        if name in kept:
            kept[name] = _number(kept[name], float) or 0.0
    return {"nbgrader": {**kept, "grade_id": str(marks["grade_id"])}}


def _output(one: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    kind = one.get("output_type")
    if kind == "stream":
        name = "stderr" if one.get("name") == "stderr" else "stdout"
        yield {"output_type": "stream", "name": name, "text": _text(one.get("text"))}
    elif kind == "error":
        lines = one.get("traceback")
        told = [_text(line) for line in lines] if isinstance(lines, list | tuple) else [_text(lines)]
        words = {name: _text(one.get(name)) for name in ("ename", "evalue")}
        yield {"output_type": "error", **words, "traceback": told}
    elif kind in ("display_data", "execute_result"):
        new = {"output_type": kind, "data": _data(one.get("data") or {}), "metadata": _metadata(one.get("metadata"))}
        if kind == "execute_result":
            new["execution_count"] = _number(one.get("execution_count"), int)
        yield new


def _data(data: Mapping[str, Any]) -> dict[str, str]:
    """The one representation that the page draws. Nothing is silent: what cannot be drawn is named."""
    for kind in _DRAWN:
        if kind in data and not (kind in ("image/png", "image/jpeg") and not _BASE64.fullmatch(_text(data[kind]))):
            return {kind: _text(data[kind])}
    for kind in _TYPED:
        if kind in data:
            return {"text/plain": f"{kind}, not run:\n{_text(data[kind])}"}
    return {"text/plain": f"(not shown: {', '.join(map(str, data)) or 'nothing in it'})"}


def _metadata(metadata: Any) -> dict[str, Any]:
    """The size and the words of a picture."""
    kept: dict[str, Any] = {}
    for kind in ("image/png", "image/jpeg"):
        one = metadata.get(kind) if isinstance(metadata, Mapping) else None
        if isinstance(one, Mapping):
            sizes = {name: _number(one.get(name), float) for name in ("width", "height")}
            kept[kind] = {name: size for name, size in sizes.items() if size is not None}
            if isinstance(one.get("alt"), str):
                kept[kind]["alt"] = one["alt"]
    return kept


def _number(value: Any, kind: Callable[[Any], Any]) -> Any:
    try:
        return kind(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _text(value: Any) -> str:
    """What nbformat may have as a string, or as a list of lines."""
    if isinstance(value, list | tuple):
        return "".join(map(_text, value))
    return value if isinstance(value, str) else "" if value is None else str(value)


@pass_context
def markdown2html(context: Any, source: str) -> str:
    """In the place of nbconvert's filter, cleaned; as it was typed where nbconvert cannot read it."""
    attachments = (context.get("cell") or {}).get("attachments") or {}
    try:
        renderer = IPythonRenderer(escape=False, attachments=attachments)
        return clean(MarkdownWithMath(renderer=renderer).render(source))
    except Exception:  # a missing attachment, brackets a thousand deep: one cell's fault, not the page's
        return as_text(source)


def clean_html(element: Any) -> str:
    """In the place of nbconvert's filter; its own leaves no style and no drawing."""
    return clean(element.decode("utf-8", "replace") if isinstance(element, bytes) else str(element))


def unchanged(text: str) -> str:
    """In the place of ``strip_files_prefix``, which makes ``javascript:`` of ``files/javascript:`` in what is already clean."""
    return text


def settings() -> Config:
    """What a page's exporter is told, whatever a class's older ``nbgrader_config.py`` says."""
    config = Config()
    config.HTMLExporter.default_preprocessors = [f"{_HERE}.Shown", "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor"]
    config.HTMLExporter.filters = dict(FILTERS)
    config.HTMLExporter.sanitize_html = True
    config.HTMLExporter.skip_svg_encoding = False
    config.GenerateFeedback.exporter_class = f"{_HERE}.FeedbackExporter"
    return config


# nbgrader's page names no language, tells links from text by colour alone, and is too pale on its greys.
_STYLE = """<style>
a, div.nbgrader_cell .panel-heading a { color: #1a5a94; text-decoration: underline }
div.panel.panel-primary > .panel-heading a { color: #fff }
div.input_area, div.input_area .highlight, div.input_area pre { background: #fff }
</style>"""


class FeedbackExporter(HTMLExporter):
    """nbconvert's exporter of HTML with a Content-Security-Policy in the page, and what a screen reader and weak eyes need."""

    @default("template_name")
    def _feedback(self) -> str:
        return "feedback"

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **words: Any) -> tuple[str, Any]:
        """The page of ``nb``. Raises ``ValueError`` when the template has no ``<head>`` to put the policy in."""
        html, resources = super().from_notebook_node(nb, resources, **words)
        before, head, after = html.partition("<head>")
        if not head:
            raise ValueError("this template writes no <head>: there is no place for the page's policy")
        policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"/>'
        page = f"{before}{head}\n{policy}{after}".replace("<html>", '<html lang="en">', 1)
        return page.replace("</head>", f"{_STYLE}\n</head>", 1), resources
