"""From a tensor's values to colours: below zero is blue, zero is white, above zero is orange."""

from __future__ import annotations

import torch
from torch import Tensor

from course.marks import text
from course.network.marks import line, number, pixels
from course.picture import INK, LINE, MUTED

__all__ = ["colours", "photo_colours", "plain_values", "range_text", "scale_bar"]

_BLUE, _WHITE, _ORANGE = (0x00, 0x72, 0xB2), (0xFF, 0xFF, 0xFF), (0xE6, 0x9F, 0x00)
_NOT_FINITE = (0xCC, 0x79, 0xA7)  # purple: on no place of the scale


def plain_values(tensor: object, what: str) -> Tensor:
    """The values of ``tensor`` as float64 on the CPU, apart from autograd; ``what`` names it in an error.

    Raises ``TypeError`` for what is no tensor of real numbers, ``ValueError`` for one without values.

    >>> plain_values(torch.tensor([True, False]), "the mask")
    tensor([1., 0.], dtype=torch.float64)
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{what} must be a torch.Tensor; got {type(tensor).__name__}")
    if tensor.is_complex():
        raise TypeError(f"{what} must hold real numbers; got {tensor.dtype}; try its .real or its .abs()")
    if tensor.layout != torch.strided:
        raise TypeError(f"{what} must be dense; got layout {tensor.layout}; try its .to_dense()")
    if tensor.device.type == "meta":
        raise ValueError(f"{what} lies on the meta device and has a shape, but no values to draw")
    if tensor.numel() == 0:
        raise ValueError(f"{what} is empty: its shape is {tuple(tensor.shape)}, and there is nothing to draw")
    return tensor.detach().to("cpu", torch.float64)


def colours(values: Tensor, limit: float) -> Tensor:
    """Colours ``(…, 3)`` uint8 of ``values`` ``(…)``: ``-limit`` full blue, 0 white, ``limit`` full orange.

    Values beyond the limit get the full colour; NaN and the infinities get purple.

    >>> colours(torch.tensor([-2.0, 0.0, 2.0]), 2.0).tolist()
    [[0, 114, 178], [255, 255, 255], [230, 159, 0]]
    """
    strength = (values.nan_to_num() / limit if limit > 0 else torch.zeros_like(values)).clamp(-1, 1)[..., None]
    end = torch.where(strength < 0, _colour(_BLUE), _colour(_ORANGE))
    mixed = _colour(_WHITE) + strength.abs() * (end - _colour(_WHITE))
    mixed = torch.where(values.isfinite()[..., None], mixed, _colour(_NOT_FINITE))
    return mixed.round().to(torch.uint8)


def _colour(rgb: tuple[int, int, int]) -> Tensor:
    return torch.tensor(rgb, dtype=torch.float64)


def photo_colours(image: Tensor) -> tuple[Tensor, str]:
    """A photograph's colours ``(H, W, 3)`` uint8 from ``(3, H, W)`` or grey ``(1, H, W)``, and how they were made.

    Values in [0, 1] are shown as they are. Others, of a normalised image for instance, are spread from the
    smallest to the largest, and the words say so.

    >>> photo_colours(torch.tensor([[[0.0, 1.0]]]))[1]
    '0 is dark, 1 is bright'
    """
    finite = image[image.isfinite()]
    low, high = (finite.min().item(), finite.max().item()) if finite.numel() else (0.0, 0.0)
    if low >= 0 and high <= 1:
        level, words = image, "0 is dark, 1 is bright"
    else:
        level = (image - low) / ((high - low) or 1.0)
        words = f"{number(low)} is dark, {number(high)} is bright"
    colour = (level.nan_to_num(0, 1, 0).clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0)
    return colour.expand(-1, -1, 3), words


def range_text(values: Tensor, digits: int = 2) -> str:
    """The smallest and the largest finite value in words, and how many values are not finite.

    >>> range_text(torch.tensor([-0.5, float("nan"), 2.0]))
    '−0.50 to 2.00, 1 not finite'
    """
    finite = values[values.isfinite()]
    words = f"{number(finite.min().item(), digits)} to {number(finite.max().item(), digits)}" if finite.numel() else ""
    wrong = values.numel() - finite.numel()
    return ", ".join(part for part in (words, f"{wrong} not finite" if wrong else "") if part)


def scale_bar(x: float, y: float, width: float, values: Tensor) -> tuple[str, float]:
    """The colour scale from the smallest to the largest of ``values``, zero marked, and the limit it belongs to.

    The scale always holds zero, because white means zero. The bar is 12 pixels high, its numbers lie under it.
    """
    finite = values[values.isfinite()]
    low = min(finite.min().item(), 0.0) if finite.numel() else 0.0
    high = max(finite.max().item(), 0.0) if finite.numel() else 0.0
    limit = max(-low, high)
    if limit == 0:
        return text(x, y + 11, "every value is 0" if finite.numel() else "no value is finite", size=12), 0.0
    ramp = torch.linspace(low, high, 96, dtype=torch.float64)[None]
    zero = x + width * (-low / (high - low))
    marks = [
        pixels(colours(ramp, limit), x, y, width, 12),
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="12" fill="none" stroke="{LINE}"/>',
        line(zero, y - 4, zero, y + 16, stroke=INK),
        text(zero, y + 29, "0", size=11.5, anchor="middle", bold=True),
    ]
    if low < 0 and zero - x > 44:
        marks.append(text(x, y + 29, f"{number(low)} blue", size=11.5, fill=MUTED))
    if high > 0 and x + width - zero > 44:
        marks.append(text(x + width, y + 29, f"orange {number(high)}", size=11.5, fill=MUTED, anchor="end"))
    return "".join(marks), limit
