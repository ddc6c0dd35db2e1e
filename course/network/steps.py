"""A slider with a name: ipywidgets' own has none for a screen reader."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

__all__ = ["Steps"]


class Steps(anywidget.AnyWidget):
    """The browser's own slider from 0 to ``last``, labelled; ``words`` say what its present ``value`` stands for."""

    _esm = Path(__file__).with_name("steps.js")
    value = traitlets.Int(0).tag(sync=True)
    last = traitlets.Int(0).tag(sync=True)
    label = traitlets.Unicode("Step").tag(sync=True)
    words = traitlets.Unicode("").tag(sync=True)
