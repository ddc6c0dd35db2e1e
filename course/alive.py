"""A widget and its picture as two outputs, of which one is in sight: the widget where it is alive, else the picture.

One output cannot do that. A front end takes the widget's view out of a bundle wherever it knows widgets, and then says
"Error displaying widget: model not found" when the kernel is another one, or leaves an empty place when the page has
no network, though the picture lies beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from IPython.display import display

from course.picture import Picture

__all__ = ["ALIVE", "STILL", "display_alive"]

ALIVE = "one-cnn-alive"
"""The class of a widget's live view: it is in the page when a kernel, or a page's own widget manager, draws it."""
STILL = "one-cnn-still"
"""The class of the picture that stands in."""

VIEW = "application/vnd.jupyter.widget-view+json"

# Read by JupyterLab, Notebook 7 and nbconvert's pages, which put each output into such a child. Where it is not read
# (no style is, in a notebook that is not trusted), no widget is drawn either, or both are seen.
_ONE_OF_TWO = (
    f"<style>.jp-OutputArea-child:has(.{STILL}):has(+ .jp-OutputArea-child .{ALIVE}),"
    f".jp-OutputArea-child:has(.{STILL}) + .jp-OutputArea-child:not(:has(.{ALIVE})){{display:none}}</style>"
)


def display_alive(
    view: Mapping[str, Any],
    metadata: Mapping[str, Any],
    picture: Picture,
    words: str,
    still_metadata: Mapping[str, Any] | None = None,
) -> None:
    """Display ``picture``, with ``words`` for terminals, and behind it the widget's ``view``, which takes its place.

    ``view`` is the widget's own bundle; its root has to carry the class ``ALIVE``. ``still_metadata`` goes with the
    picture into the notebook's file, for whoever makes a page of it.
    """
    still = picture._repr_mimebundle_()
    html = f'<div class="{STILL}">{_ONE_OF_TWO}{still["text/html"]}</div>'
    display({**still, "text/html": html, "text/plain": words}, metadata=dict(still_metadata or {}), raw=True)
    # No text here: a terminal would print a second one, and a notebook that is not trusted would show it.
    if VIEW in view:
        display({VIEW: view[VIEW]}, metadata=dict(metadata), raw=True)
