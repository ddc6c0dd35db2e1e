"""Many images at once, each with its own words under it."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from course.marks import text
from course.network.colours import photo_colours, plain_values
from course.network.marks import pixels, shape_text
from course.picture import LINE, MUTED, Picture

__all__ = ["draw_images"]

_WIDTH = 900
_ACROSS, _MOST = 10, 40
_LETTERS = 12  # of a caption that fit under an image


def draw_images(images: Tensor, captions: Sequence[object] = ()) -> Picture:
    """A batch of images ``(N, 3, H, W)`` or ``(N, 1, H, W)``, ten in a row, ``captions`` under them one by one.

    A caption is anything that has words: a text, a number, a 0-d tensor. At most 40 images are drawn; the picture says
    how many there are. Each is drawn as `draw_image` draws one.

    Raises ``TypeError`` for what is no tensor of real numbers, ``ValueError`` for another shape and for a number of
    captions that is not the number of images.

    >>> import torch
    >>> draw_images(torch.rand(2, 3, 4, 4), ["a", "b"]).description
    '2 images (3, 4, 4): a, b.'
    """
    values = plain_values(images, "the images")
    if values.ndim != 4 or values.shape[1] not in (1, 3):
        hint = "; for one image there is draw_image" if values.ndim == 3 else ""
        raise ValueError(f"images are (N, 3, H, W) or (N, 1, H, W); got {shape_text(images.shape)}{hint}")
    words = [str(one.item() if isinstance(one, Tensor) and one.ndim == 0 else one) for one in captions]
    if words and len(words) != len(values):
        raise ValueError(f"there are {len(values)} images and {len(words)} captions; give each image one")
    shown = values[:_MOST]
    step = (_WIDTH - 24) / _ACROSS
    width = step - 8
    height = width * values.shape[2] / values.shape[3]
    below = 22 if words else 8
    count = f"{len(values)} image{'' if len(values) == 1 else 's'} {shape_text(values.shape[1:])}"
    part = f"; the first {_MOST} are drawn" if len(values) > _MOST else ""
    marks = [text(12, 22, count + part, size=13, fill=MUTED)]
    for place, image in enumerate(shown):
        x, y = 12 + place % _ACROSS * step, 34 + place // _ACROSS * (height + below)
        marks.append(pixels(photo_colours(image)[0], x, y, width, height))
        marks.append(f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="none" stroke="{LINE}"/>')
        if words:
            marks.append(text(x + width / 2, y + height + 15, _cut(words[place]), size=12, anchor="middle"))
    bottom = 34 + -(-len(shown) // _ACROSS) * (height + below)
    said = f": {', '.join(words[:_MOST])}" if words else ""
    return Picture("Images", f"{count}{part}{said}.", _WIDTH, bottom + 4, "".join(marks))


def _cut(words: str) -> str:
    return words if len(words) <= _LETTERS else words[: _LETTERS - 1] + "…"
