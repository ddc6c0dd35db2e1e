"""Chapter 05, `correlate2d`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.convolution.spoil import Wrong, dtype_lost, gradient_lost, squeezed, then
from autograder.authoring.oracles.convolution.window_spaces import CORRELATE2D_SPACE
from autograder.observing.case import Case

__all__ = ["CORRELATE2D"]


def _cropped(out: Tensor, rows: int, columns: int) -> Tensor:
    """A result of the same size in which the last rows and columns were never written: they stay 0."""
    mask = torch.ones(out.shape, dtype=out.dtype)
    mask[..., mask.shape[-2] - rows :, :] = 0
    mask[..., :, mask.shape[-1] - columns :] = 0
    return out * mask


def _correlate(x: Tensor, kernel: Tensor) -> Tensor:
    kh, kw = kernel.shape
    return torch.einsum("ijuv,uv->ij", x.unfold(0, kh, 1).unfold(1, kw, 1), kernel)


def _by_slices(x: Tensor, kernel: Tensor, kh: int, kw: int, rows: int, columns: int) -> Tensor:
    """A loop over positions with whatever sizes the learner took them for."""
    out = torch.zeros(rows, columns, dtype=x.dtype)
    for i, j in product(range(rows), range(columns)):
        out[i, j] = (x[i : i + kh, j : j + kw] * kernel).sum()
    return out


def _by_elements(x: Tensor, kernel: Tensor, kh: int, kw: int, rows: int, columns: int) -> Tensor:
    """The same, number by number: it steps over an edge where slices would be cut short."""
    out = torch.zeros(rows, columns, dtype=x.dtype)
    for i, j, u, v in product(range(rows), range(columns), range(kh), range(kw)):
        out[i, j] = out[i, j] + x[i + u, j + v] * kernel[u, v]
    return out


def _sizes_taken_for(loop: Callable[..., Tensor], swapped: str = "", more: int = 0) -> Wrong:
    """A loop that unpacks the sizes of ``x``, of ``kernel`` or of both the wrong way round, or goes ``more`` too far."""

    def answer(x: Tensor, kernel: Tensor) -> Tensor:
        height, width = reversed(x.shape) if "x" in swapped else x.shape
        kh, kw = reversed(kernel.shape) if "kernel" in swapped else kernel.shape
        return loop(x, kernel, kh, kw, height - kh + 1 + more, width - kw + 1 + more)

    return answer


def _one_side(x: Tensor, kernel: Tensor, dim: int) -> tuple[int, int, int, int]:
    """The kernel's and the result's sizes, if the kernel were square."""
    side = kernel.shape[dim]
    return side, side, x.shape[0] - side + 1, x.shape[1] - side + 1


def _square_result(x: Tensor, kernel: Tensor, dim: int) -> Tensor:
    """As many columns as rows, or the other way round."""
    side = x.shape[dim] - kernel.shape[dim] + 1
    return _by_slices(x, kernel, kernel.shape[0], kernel.shape[1], side, side)


def _stacked(out: Tensor) -> Tensor:
    """As rows of a list are stacked: nothing to stack is an error."""
    if out.numel() == 0:
        raise RuntimeError("stack expects a non-empty TensorList")
    return out


def _images(make: CaseMaker) -> list[Case]:
    h, w = make.sizes(2, 5, 8)
    kh, kw = make.sizes(2, 2, 3)
    counted = torch.arange(1.0, 13.0, dtype=torch.float64)
    small = torch.tensor([[1.0, 2.0], [0.0, -1.0]], dtype=torch.float64)
    edges = torch.tensor([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0]], dtype=torch.float64)
    both = "x kernel"
    return [
        make.case("a 2 × 2 kernel over 3 × 4", x=counted.view(3, 4), kernel=small),
        make.case("asked before, of other numbers", x=counted.view(3, 4), kernel=small, asked_before=True),
        make.case("a 3 × 2 kernel over 4 × 3", x=counted.view(4, 3), kernel=make.small_integers(3, 2)),
        make.case("any numbers", x=make.normal(h, w), kernel=make.normal(kh, kw), leaves=both),
        make.case("an edge filter, with zeros in it", x=make.normal(h, w), kernel=edges, leaves=both),
        make.case("height and width exchanged", x=make.normal(w, h), kernel=make.normal(kw, kh)),
        make.case("square image and kernel", x=make.normal(h, h), kernel=make.normal(kh, kh), leaves=both),
        make.case("a kernel of one number", x=make.normal(h, w), kernel=make.normal(1, 1)),
        make.case("a kernel of one row", x=make.normal(h, w), kernel=make.normal(1, kw)),
        make.case("a kernel of one column", x=make.normal(h, w), kernel=make.normal(kh, 1)),
        make.case("a kernel as large as the image", x=make.normal(w, w), kernel=make.normal(w, w)),
        make.case(
            "not contiguous, with an offset",
            x=make.scattered(make.normal(h, w)),
            kernel=make.normal(kh + 1, kw)[1:],
            leaves=both,
        ),
        make.case(
            "float32",
            x=make.normal(w, h, dtype=torch.float32),
            kernel=make.normal(kh, kw, dtype=torch.float32),
            leaves=both,
        ),
    ]


CORRELATE2D = Oracle(
    "correlate2d",
    lambda x, kernel: F.conv2d(x[None, None], kernel[None, None])[0, 0],
    _images,
    [
        Misconception(
            "kernel flipped",
            lambda x, kernel: _correlate(x, kernel.flip(0, 1)),
            lambda x, kernel: _correlate(x, kernel.flip(0)),
            lambda x, kernel: _correlate(x, kernel.flip(1)),
            says="Mathematics flips the kernel and calls that a convolution. torch's convolution is a correlation: "
            "the kernel's first number meets the window's first number.",
        ),
        Misconception(
            "off by one",
            lambda x, kernel: _correlate(x, kernel)[:-1, :-1],
            lambda x, kernel: _correlate(x, kernel)[:-1],
            lambda x, kernel: _correlate(x, kernel)[:, :-1],
            lambda x, kernel: _correlate(x, kernel)[1:, 1:],
            lambda x, kernel: _stacked(_correlate(x, kernel)[:-1, :-1]),
            lambda x, kernel: _stacked(_correlate(x, kernel)[:-1]),
            lambda x, kernel: _stacked(_correlate(x, kernel)[:, :-1]),
            lambda x, kernel: _cropped(_correlate(x, kernel), 1, 1),
            lambda x, kernel: _cropped(_correlate(x, kernel), 1, 0),
            lambda x, kernel: _cropped(_correlate(x, kernel), 0, 1),
            lambda x, kernel: F.pad(_correlate(x, kernel), (0, 1, 0, 1)),
            _sizes_taken_for(_by_slices, more=1),
            _sizes_taken_for(_by_elements, more=1),
            raises="IndexError",
            says="Count the places where the window fits: in a row of 4, a window of 2 starts at 0, 1 or 2. "
            "That is one more than 4 − 2.",
        ),
        Misconception(
            "height and width swapped",
            lambda x, kernel: _correlate(x, kernel).T,
            lambda x, kernel: _correlate(x, kernel.T),
            lambda x, kernel: _correlate(x.T, kernel),
            lambda x, kernel: _correlate(x, kernel).reshape(_correlate(x, kernel).T.shape),
            *(
                _sizes_taken_for(loop, one)
                for loop in (_by_slices, _by_elements)
                for one in ("x", "kernel", "x kernel")
            ),
            says="A shape says height first: rows, then columns. So do the kernel's sizes and the output's.",
        ),
        Misconception(
            "height and width taken for the same",
            lambda x, kernel: _by_slices(x, kernel, *_one_side(x, kernel, 0)),
            lambda x, kernel: _by_slices(x, kernel, *_one_side(x, kernel, 1)),
            lambda x, kernel: _square_result(x, kernel, 0),
            lambda x, kernel: _square_result(x, kernel, 1),
            says="Images and kernels need not be square: rows by height and kh, columns by width and kw.",
        ),
        Misconception(
            "a window of 3 × 3, whatever the kernel",
            lambda x, kernel: _by_slices(x, kernel, 3, 3, x.shape[0] - 2, x.shape[1] - 2),
            lambda x, kernel: _by_slices(x, kernel, 2, 2, x.shape[0] - 1, x.shape[1] - 1),
            lambda x, kernel: _by_slices(x, kernel, kernel.shape[0], kernel.shape[1], x.shape[0] - 2, x.shape[1] - 2),
            lambda x, kernel: _by_slices(x, kernel, kernel.shape[0], kernel.shape[1], x.shape[0] - 1, x.shape[1] - 1),
            says="The window is as large as the kernel: ask kernel.shape, and no number written in.",
        ),
        Misconception(
            "windows side by side",
            lambda x, kernel: _correlate(x, kernel)[:: kernel.shape[0], :: kernel.shape[1]],
            says="The window moves by one pixel, so that windows overlap. Side by side they lie in pooling.",
        ),
        Misconception(
            "kernel not multiplied with",
            lambda x, kernel: _correlate(x, torch.ones_like(kernel)),
            lambda x, kernel: _correlate(x, torch.ones_like(kernel)) + kernel.sum(),
            says="Each number of the window is multiplied with the kernel's number in the same place; then all are summed.",
        ),
        Misconception(
            "summed before multiplied",
            lambda x, kernel: _correlate(x, torch.ones_like(kernel)) * kernel.sum(),
            says="The sum of the products is not the product of the sums: multiply place by place, then sum.",
        ),
        Misconception(
            "largest for sum",
            lambda x, kernel: (x.unfold(0, kernel.shape[0], 1).unfold(1, kernel.shape[1], 1) * kernel).amax((-2, -1)),
            says="The products are summed. The largest of a window is what pooling gives.",
        ),
        Misconception(
            "matrix product for products",
            lambda x, kernel: (x.unfold(0, kernel.shape[0], 1).unfold(1, kernel.shape[1], 1) @ kernel.T).sum((-2, -1)),
            says="@ mixes rows with columns. Here each number meets the one in the same place: *, then sum.",
        ),
        Misconception(
            "dimensions of another kind",
            then(_correlate, Tensor.flatten),
            then(_correlate, lambda out: out[None]),
            then(_correlate, lambda out: out[None, None]),
            says="One image goes in, (H, W), and one map comes out, with as many dimensions: two.",
        ),
        squeezed(_correlate),
        Misconception(
            "output as large as the image",
            lambda x, kernel: F.pad(
                _correlate(x, kernel),
                (0, kernel.shape[1] - 1, 0, kernel.shape[0] - 1),
            ),
            lambda x, kernel: _correlate(F.pad(x, (0, kernel.shape[1] - 1, 0, kernel.shape[0] - 1)), kernel),
            lambda x, kernel: _correlate(
                F.pad(
                    x,
                    (
                        (kernel.shape[1] - 1) // 2,
                        kernel.shape[1] // 2,
                        (kernel.shape[0] - 1) // 2,
                        kernel.shape[0] // 2,
                    ),
                ),
                kernel,
            ),
            says="Without padding the window has to fit inside the image, so there are fewer places than pixels.",
        ),
        Misconception(
            "mean for sum",
            lambda x, kernel: _correlate(x, kernel) / kernel.numel(),
            says="The products are summed, not averaged. A kernel that averages has its division in its numbers.",
        ),
        Misconception(
            "products not summed",
            lambda x, kernel: x.unfold(0, kernel.shape[0], 1).unfold(1, kernel.shape[1], 1) * kernel,
            lambda x, kernel: (x.unfold(0, kernel.shape[0], 1).unfold(1, kernel.shape[1], 1) * kernel).sum(-1),
            says="Each place of the window gives one number: the sum of all its products, over rows and columns.",
        ),
        dtype_lost(_correlate),
        gradient_lost(
            _correlate,
            lambda x, kernel: _correlate(x.detach(), kernel),
            lambda x, kernel: _correlate(x, kernel.detach()),
        ),
    ],
    space=CORRELATE2D_SPACE,
)
