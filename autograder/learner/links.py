"""Links from a notebook of the course to a place in another: they begin where this kernel's notebook stands."""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import quote

from course.chapters import Chapter

__all__ = ["address", "link"]


def address(chapter: Chapter, heading: str = "") -> str | None:
    """Where ``chapter``'s notebook lies from here, at ``heading`` as it stands in there; ``None`` where there is none near."""
    name = f"{chapter.slug}.ipynb"
    below = f"{chapter.slug}/{name}"
    for near in (name, f"../{below}", below, f"work/{below}", f"notebooks/{below}"):
        if Path(near).is_file():
            return near + (f"#{fragment(heading)}" if heading else "")
    return None


def fragment(heading: str) -> str:
    """The heading as JupyterLab, and whoever follows it, names its place.

    >>> fragment("Exercise: `relu` (2 points)")
    'Exercise:-relu-(2-points)'
    """
    return quote(heading.replace("`", "").replace("*", "").replace(" ", "-"), safe=":()!,;'=?/·–×−√✋")


def link(words: str, chapter: Chapter, heading: str = "") -> str:
    """``words`` as a link in HTML, or as they are where there is nothing to lead to."""
    to = address(chapter, heading)
    return f'<a href="{escape(to)}">{escape(words)}</a>' if to else escape(words)
