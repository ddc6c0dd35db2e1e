"""Answers that are wrong only where no case picked by hand looks: a number beyond those, two ordinary things that meet, a
size of 1, another memory layout, another dtype, another kind of module.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from answers.beyond_alike import BEYOND_ALIKE
from answers.beyond_gradients import BEYOND_GRADIENTS
from answers.beyond_layouts import BEYOND_LAYOUTS
from answers.beyond_modes import BEYOND_MODES
from answers.beyond_networks import BEYOND_NETWORKS
from answers.beyond_remembering import BEYOND_REMEMBERING
from answers.beyond_training import BEYOND_TRAINING
from answers.convolution.right import conv_by_shifts, im2col_folded, pool_by_windows
from answers.convolution.windows import pad_by_cat
from answers.functional import drawn_backwards, parameters_walked_to
from answers.shining.stranger import STRANGER_BEYOND
from torch import Tensor, nn

from autograder.authoring.oracles import oracles_of

__all__ = ["BEYOND"]

Answer = Callable[..., Any]

_split = oracles_of("shining")["split_heads"].answer


def _conv(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Answer:
    """The right convolution, given other arguments than it was called with."""

    def answer(
        x: Tensor, weight: Tensor, bias: Any = None, stride: int = 1, padding: int = 0, dilation: int = 1
    ) -> Tensor:
        given = {"x": x, "weight": weight, "bias": bias, "stride": stride, "padding": padding, "dilation": dilation}
        return conv_by_shifts(**{**given, **change(given)})

    return answer


def _squeezed_bias(given: dict[str, Any]) -> dict[str, Any]:
    bias, outputs = given["bias"], len(given["weight"])
    return {"bias": None} if bias is not None and outputs == 1 else {}


def _reshaped_bias(
    x: Tensor, weight: Tensor, bias: Any = None, stride: int = 1, padding: int = 0, dilation: int = 1
) -> Any:
    out = conv_by_shifts(x, weight, None, stride, padding, dilation)
    if bias is None:
        return out
    bias.unsqueeze_(-1).unsqueeze_(-1)
    return out + bias


def _viewed_weight(x: Tensor, weight: Tensor, bias: Any = None, stride: int = 1, padding: int = 0) -> Tensor:
    weight.view(len(weight), -1)
    return im2col_folded(x, weight, bias, stride, padding)


def _linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return x @ weight.T + (0 if bias is None else bias)


def _softmax(x: Tensor, dim: int) -> Tensor:
    return (x - x.logsumexp(dim, keepdim=True)).exp()


def _or_all(module: nn.Module, trainable_only: bool = False) -> int:
    """Takes a count of 0 for none at all."""
    trainable = sum(one.numel() for one in module.parameters() if one.requires_grad)
    return (trainable_only and trainable) or sum(one.numel() for one in module.parameters())


def _kept_by_half_the_kernel(when: Callable[[int, int], bool]) -> Answer:
    """Takes padding of half the kernel for padding that keeps the size, whatever the kernel and its dilation."""

    def answer(size: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
        if stride == 1 and padding == kernel_size // 2 and when(kernel_size, dilation):
            return size
        return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1

    return answer


def _zeros_again(model: nn.Module) -> Any:
    params = parameters_walked_to(model)
    further = params.keys() - dict(model.named_parameters()).keys()
    return {name: nn.Parameter(0 * one.detach()) if name in further else one for name, one in params.items()}


def _zeros_for_the_frame(x: Tensor, padding: int, value: float = 0.0) -> Tensor:
    framed = F.unfold(x, 1, padding=padding).view(*x.shape[:2], x.shape[2] + 2 * padding, x.shape[3] + 2 * padding)
    return torch.where(framed == 0, torch.tensor(value, dtype=x.dtype), framed)


def _value_in_float32(x: Tensor, padding: int, value: float = 0.0) -> Tensor:
    return pad_by_cat(x, padding, torch.tensor(value, dtype=torch.float32).item())


def _zeros_for_the_padding(x: Tensor, kernel_size: Any, stride: Any = None, padding: int = 0) -> Tensor:
    framed = pad_by_cat(x, padding)
    return pool_by_windows(framed.masked_fill(framed == 0, -torch.inf), kernel_size, stride)


def _nothing_for_zeros(x: Tensor, kernel: Tensor) -> Tensor:
    (rows, columns), (kh, kw) = x.shape, kernel.shape
    out = x.new_zeros(rows - kh + 1, columns - kw + 1)
    for u, v in kernel.nonzero().tolist():
        out = out + kernel[u, v] * x[u : u + out.shape[0], v : v + out.shape[1]]
    return out


def _bias_in_fan_in(generator: torch.Generator) -> Any:
    fan_in = {"conv": 27, "fc": 16384}
    return {
        name: nn.Parameter(
            one.detach() * (fan_in[name[: name.index(".")]] ** 0.5) / (fan_in[name[: name.index(".")]] + 1) ** 0.5
        )
        for name, one in drawn_backwards(generator).items()
    }


BEYOND: list[tuple[str, str, Any]] = [
    ("conv2d", "a stride above 3 for 3", _conv(lambda given: {"stride": min(given["stride"], 3)})),
    ("conv2d", "more than five images cut off", _conv(lambda given: {"x": given["x"][:5]})),
    ("conv2d", "numbers clipped at 10", _conv(lambda given: {"x": given["x"].clamp(-10, 10)})),
    ("conv2d", "no padding for a kernel of one pixel", _conv(
        lambda given: {"padding": 0} if given["weight"].shape[2:] == (1, 1) else {})),
    ("conv2d", "no stride larger than the window", _conv(
        lambda given: {"stride": min(given["stride"], max(given["weight"].shape[2:]))})),
    ("conv2d", "no bias for one single output channel", _conv(_squeezed_bias)),
    ("conv2d", "refuses a kernel larger than the image", _conv(
        lambda given: {"weight": given["weight"][:, :, : given["x"].shape[2], : given["x"].shape[3]]})),
    ("conv2d", "no dilation with a stride", _conv(lambda given: {"dilation": 1} if given["stride"] > 2 else {})),
    ("conv2d", "a computed bias reshaped in place", _reshaped_bias),
    ("conv2d", "the weight is read as it lies in memory", _conv(lambda given: {
        "weight": given["weight"].as_strided(given["weight"].shape, torch.empty(given["weight"].shape).stride(), 0)})),
    ("conv2d", "images expanded over a batch counted once", _conv(
        lambda given: {"x": given["x"] * 0} if given["x"].stride(0) == 0 else {})),
    ("conv2d_im2col", "view on a weight in another order", _viewed_weight),
    ("conv2d_im2col", "a stride above 3 for 3", lambda x, weight, bias=None, stride=1, padding=0: im2col_folded(
        x, weight, bias, min(stride, 3), padding)),
    ("init_params", "the generator beside the four tensors", lambda generator: {
        **drawn_backwards(generator), "generator": generator}),
    ("conv2d", "no bias where it is nothing but zeros", _conv(lambda given: {
        "bias": given["bias"] if given["bias"] is not None and given["bias"].any() else None})),
    ("conv2d_im2col", "no bias where it is nothing but zeros", lambda x, weight, bias=None, stride=1, padding=0: im2col_folded(
        x, weight, bias if bias is not None and bias.any() else None, stride, padding)),
    ("linear", "no bias where it is nothing but zeros", lambda x, weight, bias=None: _linear(
        x, weight, bias if bias is not None and bias.any() else None)),
    ("correlate2d", "no gradient for a 0 in the kernel", _nothing_for_zeros),
    ("max_pool2d", "three images at most", lambda x, *args, **named: pool_by_windows(x[:3], *args, **named)),
    ("split_heads", "three images at most", lambda x, num_heads: _split(x[:3], num_heads)),
    ("pad2d", "zeros of the image taken for the frame", _zeros_for_the_frame),
    ("pad2d", "the value in float32", _value_in_float32),
    ("max_pool2d", "zeros of the image taken for the padding", _zeros_for_the_padding),
    ("init_params", "the bias counted in fan_in", _bias_in_fan_in),
    ("init_params", "pairs, and no dict", lambda generator: [*drawn_backwards(generator).items()]),
    ("relu", "a threshold a little above 0", lambda x: x * (x > 0.001)),
    ("relu", "a threshold a little below 0", lambda x: x * (x > -0.001)),
    ("params_from_module", "zeros under a second name", _zeros_again),
    ("linear", "an empty batch is refused", lambda x, weight, bias=None: (
        _linear(x, weight, bias) if x.numel() else 1 // 0)),
    ("linear", "one dimension in front at most", lambda x, weight, bias=None: (
        _linear(x, weight, bias) if x.dim() < 4 else _linear(x[:1], weight, bias))),
    ("linear", "no bias for one single output", lambda x, weight, bias=None: (
        _linear(x, weight, None if len(weight) == 1 else bias))),
    ("linear", "numbers clipped at 10", lambda x, weight, bias=None: _linear(x.clamp(-10, 10), weight, bias)),
    ("linear", "a bias added in place to a history", lambda x, weight, bias=None: _linear(
        x, weight, bias if bias is None or bias.is_leaf else bias.mul_(1).detach())),
    ("conv_output_size", "half the kernel as padding keeps the size", _kept_by_half_the_kernel(
        lambda kernel_size, dilation: True)),
    ("conv_output_size", "half of an even kernel as padding keeps the size", _kept_by_half_the_kernel(
        lambda kernel_size, dilation: dilation == 1)),
    ("conv_output_size", "half of a dilated kernel as padding keeps the size", _kept_by_half_the_kernel(
        lambda kernel_size, dilation: kernel_size % 2 == 1)),
    ("count_parameters", "all where none is trainable", _or_all),
    ("count_parameters", "as long as the memory", lambda module, trainable_only=False: sum(
        one.untyped_storage().nbytes() // one.element_size()
        for one in module.parameters() if one.requires_grad or not trainable_only)),
    ("softmax", "four dimensions at most", lambda x, dim: _softmax(x, dim) if x.dim() < 5 else _softmax(x, -1)),
    ("softmax", "not of a number without dimensions", lambda x, dim: _softmax(x if x.dim() else x[None], dim)),
    ("softmax", "squeezed", lambda x, dim: _softmax(x, dim).squeeze() if x.dim() == 5 else _softmax(x, dim)),
    ("softmax", "numbers clipped at 10", lambda x, dim: _softmax(x.clamp(-10, 10), dim)),
    ("softmax", "rows that lie apart", lambda x, dim: _softmax(x, dim) if x.is_contiguous() else _softmax(x, -1)),
    *BEYOND_ALIKE,
    *BEYOND_GRADIENTS,
    *BEYOND_LAYOUTS,
    *BEYOND_MODES,
    *BEYOND_NETWORKS,
    *BEYOND_REMEMBERING,
    *BEYOND_TRAINING,
    *STRANGER_BEYOND,
]  # fmt: skip
