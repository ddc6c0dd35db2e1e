"""Real images that scikit-learn's wheel carries: two photographs and 1,797 written digits. Nothing is downloaded."""

from __future__ import annotations

import colorsys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

__all__ = ["DIGITS", "HELD_BACK", "PARTS", "PHOTOS", "coloured_digits", "digits", "ink_colour", "photo", "photos"]

PHOTOS = ("china", "flower")
DIGITS = 1797  # how many digits there are
PARTS = ("train", "held back")
HELD_BACK = 360  # of them: one in five

_ZOOM = 4  # a digit of 8 × 8 pixels fills TinyCNN's 32 × 32 with blocks of 4 × 4
_WHITE = 16.0  # the largest value in a digit's pixel
_SPLIT_SEED = 8  # of NumPy's frozen RandomState, which shuffles the digits before they are split
_GOLDEN = (5**0.5 - 1) / 2  # steps of this share of the colour circle never come back to a hue they had
_SATURATION = 0.6


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

    They are ``n`` digits in the order of the package, from number ``start`` on; 1 is ink. Each is 8 × 8
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


def coloured_digits(part: str = "train") -> tuple[Tensor, Tensor]:
    """Written digits in colours, for training: images ``(n, 3, 32, 32)`` float32 in [0, 1], targets ``(n,)`` int64.

    There are 1,437 digits to ``"train"`` on and 360 that are ``"held back"``: all 1,797 shuffled once by
    ``numpy.random.RandomState(8)``, the last 360 kept apart. No digit is in both parts, but the same people wrote both.
    Each is enlarged as `digits` does it, and its ink takes the colour that `ink_colour` gives its number in the package;
    the paper is black. The colour depends on the number alone, so it says nothing of which digit it is.

    Every call gives new tensors, always in the same order. `course.network.draw_images` shows them.
    Raises ``ValueError`` for another part.

    >>> x, target = coloured_digits("held back")
    >>> x.shape, target[:5]
    (torch.Size([360, 3, 32, 32]), tensor([3, 2, 9, 9, 9]))
    """
    if part not in PARTS:
        raise ValueError(f"there is no part {part!r}; try one of {', '.join(map(repr, PARTS))}")
    order = np.random.RandomState(_SPLIT_SEED).permutation(DIGITS)
    chosen = order[: DIGITS - HELD_BACK] if part == "train" else order[DIGITS - HELD_BACK :]
    x, target = digits()
    numbers = torch.from_numpy(chosen)
    colours = torch.tensor([ink_colour(int(number)) for number in chosen])
    return x[numbers] * colours[:, :, None, None], target[numbers]


def ink_colour(number: int) -> tuple[float, float, float]:
    """The ink of the digit with this number in the package: red, green, blue, each in [0, 1].

    The hue goes round the colour circle in steps of the golden ratio, ``0.618… · number mod 1``; saturation 0.6, value 1.

    >>> [round(level, 2) for level in ink_colour(0)]
    [1.0, 0.4, 0.4]
    """
    return colorsys.hsv_to_rgb(number * _GOLDEN % 1, _SATURATION, 1.0)


@cache
def _square(name: str) -> Tensor:
    """The middle square of a photograph, ``(3, side, side)`` float32; never handed out itself."""
    with Image.open(_file("images", f"{name}.jpg")) as picture:
        pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)
    _, height, width = pixels.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return (pixels[:, top : top + side, left : left + side].to(torch.float32) / 255).contiguous()


@cache
def _scans() -> tuple[Tensor, Tensor]:
    """All digits ``(1797, 8, 8)`` float32 in [0, 1] and their targets; never handed out themselves."""
    rows = np.loadtxt(_file("data", "digits.csv.gz"), delimiter=",")  # the pixels of a digit, and the digit
    images = torch.from_numpy(rows[:, :-1].reshape(-1, 8, 8) / _WHITE)
    return images.to(torch.float32), torch.from_numpy(rows[:, -1]).to(torch.int64)


def _file(kind: str, name: str) -> Path:
    """What `load_sample_image` and `load_digits` read. To import them takes a second and more; their files do not.

    Raises ``FileNotFoundError`` with what to do.
    """
    package = find_spec("sklearn")
    path = Path(package.origin).parent / "datasets" / kind / name if package and package.origin else Path(name)
    if not path.is_file():
        raise FileNotFoundError(
            f"scikit-learn, which carries the images, is not there or holds no {name}; "
            "install it with: python -m pip install scikit-learn"
        )
    return path
