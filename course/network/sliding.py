"""The kernel that slides over an image: one step, with every number of it."""

from __future__ import annotations

import textwrap

from torch import Tensor

from course.marks import text
from course.network.colours import colours, photo_colours, range_text
from course.network.marks import arrow, box, line, number, pixels
from course.network.windowing import Slide, slide_of
from course.picture import BLUE, LINE, MUTED, ORANGE, Picture

__all__ = ["draw_slide", "draw_sliding_step"]

_WIDTH, _EDGE = 900, 12
_SIDE = 330  # of the image and of the output map
_CELL_HEIGHT = 30


def draw_sliding_step(
    image: Tensor, weight: Tensor, row: int, column: int, stride: int = 1, padding: int = 0
) -> Picture:
    """How the output cell ``(row, column)`` of a convolution comes about, with numbers.

    ``image`` is ``(H, W)`` or ``(C, H, W)``, ``weight`` one kernel ``(kh, kw)`` or ``(C, kh, kw)``: at most 5 × 5 over
    at most 4 channels. The picture marks the window in the image and the cell in the output, and works out
    window × weights, and their sum. It is what ``F.conv2d`` calculates, which does not flip the kernel.

    Raises ``IndexError`` when the output has no such cell; ``ValueError`` for shapes that do not fit together, for an
    empty output, and for sizes that nobody could read; ``TypeError`` for what is no tensor of real numbers.

    >>> import torch
    >>> draw_sliding_step(torch.ones(5, 5), torch.ones(3, 3), 1, 2).title
    'Output cell (1, 2) of a 3 × 3 kernel with stride 1'
    """
    return draw_slide(slide_of(image, weight, stride, padding), row, column)


def draw_slide(slide: Slide, row: int, column: int) -> Picture:
    """The picture of one step of ``slide``, for the output cell ``(row, column)``."""
    window = slide.window(row, column)
    products = window * slide.weight
    result = number(slide.output[row, column].item(), 3)
    channels, height, width = slide.weight.shape
    top, left = slide.corner(row, column)
    sums, spoken = _sum_lines(products, result, row, column)
    captions = _captions(slide, row, column)

    marks = _image_panel(slide, row, column) + _output_panel(slide, row, column, result)
    y = 60 + _panel_height(slide) + 66
    marks += _working(window, slide.weight, products, y)
    y += 24 + channels * (height * _CELL_HEIGHT + 14) + 12
    for place, words in enumerate(sums):
        marks.append(text(_EDGE, y + 20 * place, words, size=13.5, mono=True, bold=place == len(sums) - 1))
    y += 20 * len(sums) + 12
    marks.append(line(_EDGE, y - 18, _WIDTH - _EDGE, y - 18, stroke=LINE, weight=1))
    for place, words in enumerate(captions):
        marks.append(text(_EDGE, y + 4 + 20 * place, words, fill=MUTED))
    description = (
        f"The window covers rows {top} to {top + height - 1} and columns {left} to {left + width - 1} of the image"
        f"{_with_padding(slide)}. Its numbers: {_listed(window)}. The weights: {_listed(slide.weight)}. "
        f"The products: {_listed(products)}. {spoken} {' '.join(captions)}"
    )
    return Picture(
        f"Output cell ({row}, {column}) of a {height} × {width} kernel with stride {slide.stride}",
        description,
        _WIDTH,
        y + 20 * len(captions),
        "".join(marks),
    )


def _listed(values: Tensor) -> str:
    """All numbers of a window, row after row and channel after channel, for the description."""
    rows = [", ".join(number(value, 3) for value in row) for row in values.flatten(0, 1).tolist()]
    return "; ".join(rows)


def _with_padding(slide: Slide) -> str:
    return f", counted with its padding of {slide.padding}" if slide.padding else ""


def _image_cell(slide: Slide) -> float:
    return _SIDE / max(slide.padded.shape[1:])


def _output_cell(slide: Slide) -> float:
    return min(_SIDE / max(slide.output.shape), 40.0)


def _panel_height(slide: Slide) -> float:
    return max(slide.padded.shape[1] * _image_cell(slide), slide.output.shape[0] * _output_cell(slide))


def _image_panel(slide: Slide, row: int, column: int) -> list[str]:
    """The padded image, a dashed line where the padding ends, and the window."""
    channels, rows, columns = slide.padded.shape
    cell = _image_cell(slide)
    x, y = float(_EDGE), 60.0
    if channels in (1, 3):
        shown, words = photo_colours(slide.padded)
    else:
        shown, words = photo_colours(slide.padded.mean(0, keepdim=True))
        words = f"the mean of {channels} channels; {words}"
    marks = [
        text(x, 24, f"image{_with_padding(slide)}", size=15, bold=True),
        text(x, 46, words, size=12, fill=MUTED),
        pixels(shown, x, y, columns * cell, rows * cell),
        box(x, y, columns * cell, rows * cell, stroke=LINE, fill="none", radius=0, weight=1),
    ]
    if slide.padding:
        ring = slide.padding * cell
        inner = (x + ring, y + ring, columns * cell - 2 * ring, rows * cell - 2 * ring)
        marks.append(_outlined(*inner, "#ffffff", "#1b1f24", dash="4 4", weight=1.25))
    top, left = slide.corner(row, column)
    _, height, width = slide.weight.shape
    marks.append(_outlined(x + left * cell, y + top * cell, width * cell, height * cell, ORANGE, "#1b1f24"))
    return marks


def _output_panel(slide: Slide, row: int, column: int, result: str) -> list[str]:
    """The output map, with its cell marked, and the arrow from the image to it."""
    rows, columns = slide.output.shape
    cell = _output_cell(slide)
    x, y = 500.0, 60.0
    middle, halfway = (_EDGE + _SIDE + x) / 2, y + _panel_height(slide) / 2
    finite = slide.output[slide.output.isfinite()]
    limit = finite.abs().max().item() if finite.numel() else 0.0
    return [
        text(middle, halfway - 12, f"step {row * columns + column}", anchor="middle", bold=True),
        arrow(_EDGE + _SIDE + 20, halfway, x - 16, halfway),
        text(middle, halfway + 22, f"of 0 to {rows * columns - 1}", size=12, fill=MUTED, anchor="middle"),
        text(x, 24, f"output {rows} × {columns}", size=15, bold=True),
        text(x, 46, f"{range_text(slide.output)}; blue is below 0, white 0, orange above", size=12, fill=MUTED),
        pixels(colours(slide.output, limit), x, y, columns * cell, rows * cell),
        box(x, y, columns * cell, rows * cell, stroke=LINE, fill="none", radius=0, weight=1),
        _outlined(x + column * cell, y + row * cell, cell, cell, BLUE, "#1b1f24"),
        text(x, y + rows * cell + 20, f"output[{row}, {column}] = {result}", size=13.5, mono=True, bold=True),
    ]


def _outlined(
    x: float, y: float, width: float, height: float, inner: str, outer: str, *, dash: str = "", weight: float = 3
) -> str:
    """A frame in two colours around the cells, one light and one dark, so that it shows on every pixel."""
    return box(x - 1, y - 1, width + 2, height + 2, stroke=outer, fill="none", radius=0, weight=weight + 2.5) + box(
        x - 1, y - 1, width + 2, height + 2, stroke=inner, fill="none", radius=0, weight=weight, dash=dash
    )


def _working(window: Tensor, weight: Tensor, products: Tensor, y: float) -> list[str]:
    """Window × weights = products, a row of three grids for every channel."""
    channels, height, width = weight.shape
    gap, first = 34, _EDGE + (70 if channels > 1 else 0)
    cell = min(56.0, (_WIDTH - _EDGE - first - 2 * gap) / (3 * width))
    grid = cell * width
    starts = [first + place * (grid + gap) for place in range(3)]
    names = ("window", "weights", "products")
    marks = [text(x + grid / 2, y, name, bold=True, anchor="middle") for x, name in zip(starts, names, strict=True)]
    for channel in range(channels):
        top = y + 12 + channel * (height * _CELL_HEIGHT + 14)
        middle = top + height * _CELL_HEIGHT / 2 + 5
        if channels > 1:
            marks.append(text(_EDGE, middle, f"channel {channel}", size=12, fill=MUTED))
        grids = (window[channel], weight[channel], products[channel])
        for place, (x, values) in enumerate(zip(starts, grids, strict=True)):
            marks += _numbers(values, x, top, cell, ORANGE if place == 0 else LINE)
        for sign, x in zip("×=", starts[1:], strict=True):
            marks.append(text(x - gap / 2, middle, sign, size=17, anchor="middle", bold=True))
    return marks


def _numbers(values: Tensor, x: float, y: float, cell: float, frame: str) -> list[str]:
    """A grid of numbers."""
    rows, columns = values.shape
    moves = "".join(f"M{x + place * cell:g} {y:g}v{rows * _CELL_HEIGHT}" for place in range(1, columns))
    moves += "".join(f"M{x:g} {y + place * _CELL_HEIGHT:g}h{columns * cell:g}" for place in range(1, rows))
    marks = [
        f'<path d="{moves}" stroke="{LINE}" fill="none"/>' if moves else "",
        box(x, y, columns * cell, rows * _CELL_HEIGHT, stroke=frame, fill="none", radius=0, weight=2),
    ]
    for row in range(rows):
        for column in range(columns):
            words = number(values[row, column].item(), 3)
            place = (x + (column + 0.5) * cell, y + (row + 0.5) * _CELL_HEIGHT + 4)
            marks.append(text(*place, words, size=12.5 if cell > 50 else 11.5, anchor="middle", mono=True))
    return marks


def _sum_lines(products: Tensor, result: str, row: int, column: int) -> tuple[list[str], str]:
    """The sum written out, row after row of each channel's products; and the same as a sentence."""
    channels = products.shape[0]
    partial = [number(products[channel].sum().item(), 3) for channel in range(channels)]
    terms = [[number(value, 3) for value in channel.flatten().tolist()] for channel in products]
    cell = f"output[{row}, {column}]"
    lines = []
    for channel, found in enumerate(terms):
        name = f"channel {channel}: " if channels > 1 else f"{cell} = "
        whole = name + _added(found) + (f" = {partial[channel]}" if channels > 1 else f" = {result}")
        lines += _broken(whole, 100)
    if channels > 1:
        lines.append(f"{cell} = {_added(partial)} = {result}")
    return lines, f"Their sum: {cell} = {result}, rounded to three decimals."


def _added(terms: list[str]) -> str:
    """Terms with their signs between them: ``a − b`` for the negative ones."""
    words = terms[0]
    for term in terms[1:]:
        words += f" − {term[1:]}" if term.startswith("−") else f" + {term}"
    return words


def _broken(words: str, most: int) -> list[str]:
    """``words`` in lines of at most ``most`` characters; a line begins with its sign."""
    lines, rest = [], words
    while len(rest) > most:
        cut = max(rest.rfind(sign, 1, most) for sign in (" + ", " − ", " = "))
        if cut <= 0:
            break
        lines.append(rest[:cut])
        rest = "   " + rest[cut:]
    return [*lines, rest]


def _captions(slide: Slide, row: int, column: int) -> list[str]:
    """What is where, and the two meanings of "stride" told apart."""
    top, left = slide.corner(row, column)
    pixel = "pixel" if slide.stride == 1 else "pixels"
    names = ("row", "column") if len(slide.memory) == 2 else ("channel", "row", "column")
    memory = ", ".join(f"{step} to the next {name}" for step, name in zip(slide.memory, names, strict=True))
    shift = f" − {slide.padding}" if slide.padding else ""
    rows, columns = (
        f"{place}·{slide.stride}{shift} = {number(place * slide.stride - slide.padding, 0)}" for place in (row, column)
    )
    corner = f"row {rows}, column {columns}"
    outside = " A window may begin in the padding, before row 0 or column 0." if min(top, left) < slide.padding else ""
    words = (
        f"The window's upper left pixel in the image: {corner}.{outside}",
        f'"stride" of the kernel = {slide.stride}: from one output cell to the next, the window moves '
        f"{slide.stride} {pixel}.",
        f'"stride" in memory is another thing: image.stride() = {slide.memory} slots of storage, {memory}.',
    )
    return [part for sentence in words for part in textwrap.wrap(sentence, 126)]
