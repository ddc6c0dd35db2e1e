"""One step of a convolution worked out: the window, the weights, their products, the output cell. Values, no picture."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from course.network.colours import plain_values
from course.network.marks import shape_text

__all__ = ["Slide", "slide_of"]

_MOST_PIXELS = 64  # a side of the padded image: beyond that a pixel is too small to point at
_MOST_KERNEL, _MOST_CHANNELS = 5, 4  # beyond that the numbers are too many to read


@dataclass(frozen=True)
class Slide:
    """A kernel on its way over an image: all that a picture of any of its steps needs, in float64.

    ``padded`` is the image with its zeros around it ``(C, H + 2p, W + 2p)``, ``weight`` is ``(C, kh, kw)``,
    ``output`` is ``(Ho, Wo)``. ``memory`` is the stride in memory of the image as it was given.
    """

    padded: Tensor
    weight: Tensor
    output: Tensor
    stride: int
    padding: int
    memory: tuple[int, ...]

    @property
    def steps(self) -> int:
        """How many cells the output has, which is how often the kernel stops."""
        return self.output.numel()

    def place(self, step: int) -> tuple[int, int]:
        """Row and column in the output of step number ``step``, counted along the rows."""
        return divmod(step, self.output.shape[1])

    def corner(self, row: int, column: int) -> tuple[int, int]:
        """Row and column in the padded image of the window's upper left cell."""
        return row * self.stride, column * self.stride

    def window(self, row: int, column: int) -> Tensor:
        """The numbers under the kernel ``(C, kh, kw)`` for the output cell ``(row, column)``.

        Raises ``IndexError`` when the output has no such cell.
        """
        rows, columns = self.output.shape
        if any(isinstance(place, bool) or not isinstance(place, int) for place in (row, column)):
            raise TypeError(f"row and column are whole numbers; got {row!r} and {column!r}")
        if not (0 <= row < rows and 0 <= column < columns):
            raise IndexError(
                f"the output is {rows} × {columns}, so row is 0 to {rows - 1} and column 0 to {columns - 1}; "
                f"got row {row}, column {column}"
            )
        top, left = self.corner(row, column)
        _, height, width = self.weight.shape
        return self.padded[:, top : top + height, left : left + width]


def slide_of(image: Tensor, weight: Tensor, stride: int = 1, padding: int = 0) -> Slide:
    """Work out a convolution of ``image`` ``(H, W)`` or ``(C, H, W)`` with one kernel ``(kh, kw)`` or ``(C, kh, kw)``.

    Raises ``TypeError`` for what is no tensor of real numbers, ``ValueError`` for shapes that do not fit together, an
    empty output, and sizes that nobody could read in a picture.

    >>> import torch
    >>> slide_of(torch.ones(4, 5), torch.ones(3, 3)).output.tolist()
    [[9.0, 9.0, 9.0], [9.0, 9.0, 9.0]]
    """
    pixels, kernel = plain_values(image, "the image"), plain_values(weight, "the weight")
    if pixels.ndim not in (2, 3):
        raise ValueError(f"the image is (H, W) or (C, H, W); got {shape_text(image.shape)}")
    if kernel.ndim not in (2, 3):
        hint = "; pick one filter, for instance weight[0]" if kernel.ndim == 4 else ""
        raise ValueError(f"the weight is one kernel, (kh, kw) or (C, kh, kw); got {shape_text(weight.shape)}{hint}")
    pixels = pixels if pixels.ndim == 3 else pixels[None]
    kernel = kernel if kernel.ndim == 3 else kernel[None]
    if pixels.shape[0] != kernel.shape[0]:
        raise ValueError(
            f"the kernel needs one slice for each channel of the image; got {kernel.shape[0]} in the weight "
            f"{shape_text(weight.shape)} and {pixels.shape[0]} in the image {shape_text(image.shape)}"
        )
    for what, value, least in (("stride", stride, 1), ("padding", padding, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(f"{what} is a whole number from {least}; got {value!r}")
    (_, rows, columns), (channels, height, width) = pixels.shape, kernel.shape
    if height > rows + 2 * padding or width > columns + 2 * padding:
        raise ValueError(
            f"a kernel of {height} × {width} has no place in an image of {rows} × {columns} with padding {padding}; "
            "try a larger image, a smaller kernel or more padding"
        )
    if channels > _MOST_CHANNELS or max(height, width) > _MOST_KERNEL:
        raise ValueError(
            f"the picture shows every number of a kernel, so up to {_MOST_CHANNELS} channels of {_MOST_KERNEL} × "
            f"{_MOST_KERNEL}; got {channels} of {height} × {width}; try a slice of both"
        )
    if max(rows, columns) + 2 * padding > _MOST_PIXELS:
        raise ValueError(
            f"the picture shows every pixel, so up to {_MOST_PIXELS} × {_MOST_PIXELS} with padding; got "
            f"{rows + 2 * padding} × {columns + 2 * padding}; try a crop such as image[..., :32, :32]"
        )
    return Slide(
        padded=F.pad(pixels, (padding,) * 4),
        weight=kernel,
        output=F.conv2d(pixels[None], kernel[None], stride=stride, padding=padding)[0, 0],
        stride=stride,
        padding=padding,
        memory=tuple(image.stride()),
    )
