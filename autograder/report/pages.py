"""The templates of all pages: what they write is text that can be seen, and markup is ours alone."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from autograder.plain import plain

__all__ = ["points", "template"]


def template(name: str, **filters: Any) -> Template:
    """The template called ``name``, with ``filters`` of its own beside `points`."""
    environment = _environment().overlay()
    environment.filters = {**environment.filters, "points": points, **filters}
    return environment.get_template(name)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("autograder.report", "template"),
        autoescape=True,  # names and notes are other people's words
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )


def _finalize(value: Any) -> Any:
    """Whatever a template writes is text that can be seen; markup is ours."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def points(value: float) -> str:
    """Points as people write them.

    >>> points(2.0), points(1 / 3)
    ('2', '0.33')
    """
    return f"{value:.2f}".rstrip("0").rstrip(".")
