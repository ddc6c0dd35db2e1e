"""The sliding kernel under a slider: each step is the picture of its window, worked out with numbers."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets as widgets
from torch import Tensor

from course.alive import ALIVE, display_alive
from course.network.sliding import draw_slide
from course.network.steps import Steps
from course.network.windowing import Slide, slide_of
from course.picture import Picture

__all__ = ["SlidingKernel", "slide"]


def slide(image: Tensor, weight: Tensor, stride: int = 1, padding: int = 0, step: int = 0) -> SlidingKernel:
    """Slide a kernel over an image, step by step: with the mouse, or with the arrow keys once the slider has focus.

    ``image`` is ``(H, W)`` or ``(C, H, W)``, ``weight`` one kernel ``(kh, kw)`` or ``(C, kh, kw)``. ``step`` counts
    the output's cells along its rows, from 0. Where no widget is alive (a saved notebook, a static page, a
    terminal), the picture of the step or its words stand in its place.

    Raises as ``draw_sliding_step`` does.

    >>> import torch
    >>> sliding = slide(torch.ones(4, 5), torch.ones(3, 3))
    >>> sliding.step = 3
    >>> sliding.picture.title
    'Output cell (1, 0) of a 3 × 3 kernel with stride 1'
    """
    return SlidingKernel(slide_of(image, weight, stride, padding), step)


class SlidingKernel(widgets.VBox):
    """A slider and the picture of its step.

    ``step`` may be read and set; ``picture`` is the picture of that step, a ``Picture``.
    """

    def __init__(self, sliding: Slide, step: int = 0) -> None:
        self._sliding = sliding
        self._require(step)
        self._slider = Steps(value=step, last=sliding.steps - 1)
        self._view = widgets.HTML()
        # For sighted readers; a screen reader has the same words as the slider's value.
        self._said = widgets.HTML()
        self._show()
        self._slider.observe(self._show, names="value")
        super().__init__([self._slider, self._said, self._view])
        self.add_class(ALIVE)

    @property
    def step(self) -> int:
        """The number of the step that is shown, counted along the rows of the output, from 0."""
        return int(self._slider.value)

    @step.setter
    def step(self, step: int) -> None:
        self._require(step)
        self._slider.value = step

    @property
    def picture(self) -> Picture:
        """The picture of the present step."""
        return draw_slide(self._sliding, *self._sliding.place(self.step))

    def _require(self, step: int) -> None:
        last = self._sliding.steps - 1
        if isinstance(step, bool) or not isinstance(step, int) or not 0 <= step <= last:
            raise ValueError(f"the kernel takes steps 0 to {last} over this image; got {step!r}")

    def _show(self, change: object = None) -> None:
        row, column = self._sliding.place(self.step)
        result = self._sliding.output[row, column].item()
        words = f"Step {self.step} of 0 to {self._sliding.steps - 1}: output[{row}, {column}] = {result:.3f}"
        self._slider.words = words
        self._said.value = f"<div>{escape(words)}</div>"
        self._view.value = self.picture.svg()

    def __repr__(self) -> str:
        return repr(self.picture)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        return {**(super()._repr_mimebundle_(**kwargs) or {}), **self.picture._repr_mimebundle_()}

    def _ipython_display_(self, **_: Any) -> None:
        # Colab draws widgets that are not its own once it is asked to: the slider inside knows how.
        _, metadata = self._slider._repr_mimebundle_() or ({}, {})
        display_alive(super()._repr_mimebundle_() or {}, metadata, self.picture, repr(self.picture))
