"""Pictures of real values: an image, the filters of a convolution, the feature maps that they make of an image."""

from __future__ import annotations

from torch import Tensor

from course.marks import text
from course.network.colours import colours, photo_colours, plain_values, range_text, scale_bar
from course.network.marks import pixels, shape_text
from course.picture import LINE, MUTED, Picture

__all__ = ["draw_feature_maps", "draw_filters", "draw_image"]

_WIDTH = 900
_MOST_FILTERS = 16  # across the page, and as many input channels down
_MOST_MAPS = 32


def draw_image(image: Tensor) -> Picture:
    """An image ``(3, H, W)``, grey ``(1, H, W)`` or ``(H, W)``, or a batch of one, each pixel a sharp block.

    Values in [0, 1] are shown as they are; others are spread from the smallest to the largest, and it is said.

    >>> import torch
    >>> draw_image(torch.rand(3, 4, 6)).description[:40]
    'An image of 4 rows and 6 columns of pixe'
    """
    values = _image(image)
    channels, rows, columns = values.shape
    width, height = _fit(rows, columns, 320)
    shown, words = photo_colours(values)
    lines = (
        f"shape {shape_text(image.shape)}, {_dtype(image)}",
        f"values {range_text(values)}",
        f"{words}; {'red, green, blue' if channels == 3 else 'grey'}",
    )
    body = _framed(pixels(shown, 12, 12, width, height), 12, 12, width, height)
    body += "".join(text(12, height + 34 + 20 * row, line, size=13) for row, line in enumerate(lines))
    description = f"An image of {rows} rows and {columns} columns of pixels: {'; '.join(lines)}."
    return Picture("An image", description, max(width + 24, 344), height + 92, body)


def draw_filters(weight: Tensor) -> Picture:
    """The filters of a convolution, from its weight ``(out, in, kh, kw)``: a column a filter, a row an input channel.

    Blue with a minus sign is below zero, white is zero, orange is above. All share one scale. At most 16 filters
    and 16 input channels are drawn; the picture says how many there are.

    Raises ``TypeError`` for what is no tensor of real numbers, ``ValueError`` for another number of dimensions.

    >>> import torch
    >>> draw_filters(torch.randn(16, 3, 3, 3)).title
    '16 filters of 3 × 3 over 3 input channels'
    """
    values = plain_values(weight, "the weight")
    if values.ndim != 4:
        raise ValueError(
            f"the weight of a convolution is (out, in, kh, kw), four dimensions; got {shape_text(weight.shape)}"
        )
    filters, inputs, rows, columns = values.shape
    shown = values[:_MOST_FILTERS, :_MOST_FILTERS]
    step = min(52.0, (_WIDTH - 84) / shown.shape[0])
    width, height = _fit(rows, columns, step - 6)
    bar, limit = scale_bar(84, 58, 260, values)
    top = 128
    marks = [
        text(12, 26, f"weight {shape_text(weight.shape)}, {_dtype(weight)}", size=15, mono=True, bold=True),
        text(12, 46, f"values {range_text(values, 3)}", fill=MUTED),
        bar,
        text(12, top - 10, "out", size=12, bold=True),
    ]
    for out in range(shown.shape[0]):
        x = 84 + out * step
        marks.append(text(x + width / 2, top - 10, str(out), size=12, anchor="middle", mono=True))
        for channel in range(shown.shape[1]):
            y = top + channel * (height + 6)
            tile = shown[out, channel]
            marks.append(_framed(pixels(colours(tile, limit), x, y, width, height), x, y, width, height))
            marks.append(_minus_signs(tile, x, y, width, height))
    for channel in range(shown.shape[1]):
        y = top + channel * (height + 6) + height / 2 + 4
        marks.append(text(12, y, f"in {channel}", size=12, mono=True))
    bottom = top + shown.shape[1] * (height + 6)
    part = _part(("filters", filters, shown.shape[0]), ("input channels", inputs, shown.shape[1]))
    marks.append(text(12, bottom + 16, f"white is 0, blue with − is below, orange is above{part}", fill=MUTED))
    return Picture(
        f"{filters} filters of {rows} × {columns} over {inputs} input {'channel' if inputs == 1 else 'channels'}",
        f"Weight of shape {shape_text(weight.shape)}, values {range_text(values, 3)}. A column is a filter, a row an "
        f"input channel. White is zero, blue with a minus sign is below zero, orange above{part}.",
        _WIDTH,
        bottom + 32,
        "".join(marks),
    )


def draw_feature_maps(maps: Tensor, image: Tensor | None = None) -> Picture:
    """Feature maps ``(C, H, W)``, or of a batch of one, on one colour scale; beside the image they came from.

    Over each map stands its channel, under it its smallest and its largest value. White is zero, so after a ReLU no
    blue is left. At most 32 maps are drawn; the picture says how many there are.

    Raises ``TypeError`` for what is no tensor of real numbers, ``ValueError`` for shapes that are none of these.

    >>> import torch
    >>> draw_feature_maps(torch.randn(1, 16, 32, 32)).title
    '16 feature maps of 32 × 32'
    """
    values = plain_values(maps, "the feature maps")
    if values.ndim == 4 and values.shape[0] == 1:
        values = values[0]
    if values.ndim != 3:
        hint = "; pick one image of the batch, for instance maps[0]" if values.ndim == 4 else ""
        raise ValueError(f"feature maps are (C, H, W) or (1, C, H, W); got {shape_text(maps.shape)}{hint}")
    channels, rows, columns = values.shape
    shown = values[:_MOST_MAPS]
    left = 12 if image is None else 216
    across = 8 if image is None else 6
    step = (_WIDTH - left - 4) / across
    width, height = _fit(rows, columns, step - 10)
    bar, limit = scale_bar(left, 58, 260, values)
    marks = [
        text(12, 26, f"feature maps {shape_text(maps.shape)}, {_dtype(maps)}", size=15, mono=True, bold=True),
        text(left, 46, f"values {range_text(values)}; white is 0, blue is below, orange is above", fill=MUTED),
        bar,
    ]
    top = 108
    for channel, tile in enumerate(shown):
        x, y = left + channel % across * step, top + channel // across * (height + 46) + 14
        marks += [
            text(x, y - 4, str(channel), size=12, mono=True, bold=True),
            _framed(pixels(colours(tile, limit), x, y, width, height), x, y, width, height),
            text(x, y + height + 14, range_text(tile), size=11, fill=MUTED),
        ]
    bottom = top + -(-shown.shape[0] // across) * (height + 46)
    words = ""
    if image is not None:
        source = _image(image)
        wide, high = _fit(source.shape[1], source.shape[2], 180)
        picture, _ = photo_colours(source)
        marks += [
            text(12, top + 10, "the image", size=12, bold=True),
            _framed(pixels(picture, 12, top + 14, wide, high), 12, top + 14, wide, high),
            text(12, top + high + 28, shape_text(image.shape), size=12, mono=True),
            text(12, top + high + 44, range_text(source), size=11, fill=MUTED),
        ]
        bottom = max(bottom, top + high + 52)
        words = f" Beside them the image {shape_text(image.shape)}, values {range_text(source)}."
    part = _part(("maps", channels, shown.shape[0]))
    if part:
        marks.append(text(12, bottom + 14, part.removeprefix("; "), fill=MUTED))
        bottom += 20
    each = "; ".join(f"{channel}: {range_text(tile)}" for channel, tile in enumerate(shown))
    return Picture(
        f"{channels} feature {'map' if channels == 1 else 'maps'} of {rows} × {columns}",
        f"Shape {shape_text(maps.shape)}, values {range_text(values)}{part}. Each channel's values: {each}.{words}",
        _WIDTH,
        bottom + 8,
        "".join(marks),
    )


def _image(image: Tensor) -> Tensor:
    """An image as ``(3, H, W)`` or ``(1, H, W)`` float64."""
    values = plain_values(image, "the image")
    if values.ndim == 4 and values.shape[0] == 1:
        values = values[0]
    if values.ndim == 2:
        values = values[None]
    if values.ndim != 3 or values.shape[0] not in (1, 3):
        hint = "; channels come first, try .permute(2, 0, 1)" if values.ndim == 3 and values.shape[2] in (1, 3) else ""
        raise ValueError(f"an image is (3, H, W), (1, H, W) or (H, W); got {shape_text(image.shape)}{hint}")
    # Bytes are the other way of writing an image down: 255 is their 1.
    return values / 255 if str(image.dtype) == "torch.uint8" else values


def _fit(rows: int, columns: int, side: float) -> tuple[float, float]:
    """Width and height in pixels whose longer one is ``side``."""
    cell = side / max(rows, columns)
    return columns * cell, rows * cell


def _framed(inside: str, x: float, y: float, width: float, height: float) -> str:
    frame = f'x="{x - 0.5:g}" y="{y - 0.5:g}" width="{width + 1:g}" height="{height + 1:g}"'
    return f'{inside}<rect {frame} fill="none" stroke="{LINE}"/>'


def _minus_signs(tile: Tensor, x: float, y: float, width: float, height: float) -> str:
    """A minus in every cell below zero, where a cell is large enough for one."""
    rows, columns = tile.shape
    cell = width / columns
    if cell < 8:
        return ""
    half = min(cell * 0.22, 4)
    moves = "".join(
        f"M{x + (column + 0.5) * cell - half:.1f} {y + (row + 0.5) * cell:.1f}h{2 * half:.1f}"
        for row in range(rows)
        for column in range(columns)
        if tile[row, column] < 0
    )
    # The colours under the signs are the same in a dark page, and so is their ink.
    return f'<path d="{moves}" stroke="#1b1f24" stroke-width="1.5"/>' if moves else ""


def _part(*counts: tuple[str, int, int]) -> str:
    """What is left out, in words: the name, how many there are, how many are drawn."""
    return "".join(f"; the first {drawn} of {all_} {name} are drawn" for name, all_, drawn in counts if drawn < all_)


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
