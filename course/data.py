"""Real images that scikit-learn's wheel carries: two photographs and 1,797 written digits. Nothing is downloaded."""

from __future__ import annotations

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["DIGITS", "PHOTOS", "digits", "photo", "photos"]

PHOTOS = ("china", "flower")
DIGITS = 1797  # how many digits there are

_ZOOM = 4  # a digit of 8 × 8 pixels fills TinyCNN's 32 × 32 with blocks of 4 × 4
_WHITE = 16.0  # the largest value in a digit's pixel


def photo(name: str = "flower", size: int = 32) -> Tensor:
    """A real photograph: the largest square in its middle, made smaller. ``(3, size, size)``, float32 in [0, 1].

    The channels are red, green, blue; 0 is dark. Every call gives a new tensor, so that you may write into it.
    Source: ``sklearn.datasets.load_sample_image``; "china" by danielbuechele and "flower" by vultilion, on Flickr, CC BY 2.0.

    Raises ``ValueError`` for another name, and for a size below 1 or above the photograph's own 427 pixels.

    >>> image = photo("flower")
    >>> image.shape, image.dtype
    (torch.Size([3, 32, 32]), torch.float32)
    """
    if name not in PHOTOS:
        raise ValueError(f"there is no photograph {name!r}; try one of {', '.join(map(repr, PHOTOS))}")
    square = _square(name)
    largest = square.shape[-1]
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= largest:
        raise ValueError(f"the size of a photograph is a whole number of pixels from 1 to {largest}; got {size!r}")
    if size == largest:
        return square.clone()
    # Antialiasing averages the pixels that fall together; without it, a small picture is a random choice of them.
    smaller = F.interpolate(square[None], size=(size, size), mode="bilinear", antialias=True, align_corners=False)
    return smaller[0].clamp(0, 1)


def photos(size: int = 32) -> Tensor:
    """Both photographs as one batch, in the order of ``PHOTOS``: ``(2, 3, size, size)``, float32 in [0, 1].

    >>> photos().shape
    torch.Size([2, 3, 32, 32])
    """
    return torch.stack([photo(name, size) for name in PHOTOS])


def digits(n: int = DIGITS, start: int = 0) -> tuple[Tensor, Tensor]:
    """Written digits as TinyCNN takes them: images ``(n, 3, 32, 32)`` float32 in [0, 1], targets ``(n,)`` int64.

    They are ``n`` digits in the order of the package, from number ``start`` on; 1 is ink. Each was scanned as 8 × 8
    pixels with values 0 to 16: a pixel becomes a block of 4 × 4, and its value, divided by 16, stands in all three
    channels. Every call gives new tensors. ``digits(1000)`` and ``digits(797, start=1000)`` have no image in common.
    Source: ``sklearn.datasets.load_digits`` (UCI's Optical Recognition of Handwritten Digits, test set).

    Raises ``ValueError`` when there are no such digits.

    >>> x, target = digits(5)
    >>> x.shape, target
    (torch.Size([5, 3, 32, 32]), tensor([0, 1, 2, 3, 4]))
    """
    if any(isinstance(number, bool) or not isinstance(number, int) or number < 0 for number in (n, start)):
        raise ValueError(f"digits are counted by whole numbers from 0; got n={n!r}, start={start!r}")
    if start + n > DIGITS:
        raise ValueError(
            f"there are {DIGITS} digits, and {n} from number {start} on would need {start + n}; "
            f"try n={max(0, DIGITS - start)} or a smaller start"
        )
    small, target = _scans()
    chosen = slice(start, start + n)
    large = small[chosen].repeat_interleave(_ZOOM, dim=1).repeat_interleave(_ZOOM, dim=2)
    return large[:, None].repeat(1, 3, 1, 1), target[chosen].clone()


@cache
def _square(name: str) -> Tensor:
    """The middle square of a photograph, ``(3, side, side)`` float32; never handed out itself."""
    from sklearn.datasets import load_sample_image  # takes a second to import, so only those who look wait

    pixels = torch.from_numpy(load_sample_image(f"{name}.jpg").copy()).permute(2, 0, 1)
    _, height, width = pixels.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return (pixels[:, top : top + side, left : left + side].to(torch.float32) / 255).contiguous()


@cache
def _scans() -> tuple[Tensor, Tensor]:
    """All digits ``(1797, 8, 8)`` float32 in [0, 1] and their targets; never handed out themselves."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return torch.from_numpy(bunch.images / _WHITE).to(torch.float32), torch.from_numpy(bunch.target).to(torch.int64)
