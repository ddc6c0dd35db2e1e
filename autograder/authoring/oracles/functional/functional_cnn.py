"""Chapter 04, `functional_cnn`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.functional.parameters import SIZES
from autograder.authoring.oracles.modules import network_inputs
from autograder.authoring.space import FLOATS, NO_GRAD_WORDS, Chosen, Space
from autograder.observing.case import Case

__all__ = ["FUNCTIONAL_CNN"]


def _passes(make: CaseMaker) -> list[Case]:
    batches = make.integer(2, 4)
    order = tuple(SIZES)
    shuffled = ("fc.bias", "conv.weight", "fc.weight", "conv.bias")

    def case(batch: int, order: tuple[str, ...], dtype: torch.dtype, leaves: str, before: bool = False) -> Case:
        name = f"{batch} image{'s' if batch > 1 else ''} in {str(dtype)[6:]}"
        x = make.uniform((batch, 3, 32, 32), 2.0, dtype)
        shown = f"x {str(dtype)[6:]} ({batch}, 3, 32, 32), params with the keys {', '.join(order)}"
        inputs = network_inputs(make, dtype)
        if before:
            inputs["asked_before"], name = True, f"{name}, asked before, of other numbers"
        return make.case(name, x=x, order=order, shown=shown, leaves=leaves, **inputs)

    return [
        case(1, order, torch.float32, " ".join(order)),
        case(batches, order, torch.float32, " ".join(order)),
        case(batches + 1, shuffled, torch.float64, " ".join(("x", *order))),
        case(1, order, torch.float32, "", before=True),
    ]


_ORDERS = {
    "as the network has them": tuple(SIZES),
    "the other way round": tuple(reversed(SIZES)),
    "biases first": ("conv.bias", "fc.bias", "conv.weight", "fc.weight"),
}
_ASKING = {
    "nothing": ("", ""),
    "the four tensors": (" ".join(SIZES), ""),
    "x": ("x", ""),
    "x and tensors that were computed": (" ".join(("x", *SIZES)), " ".join(SIZES)),
}


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    x = make.uniform((one.images, 3, 32, 32), one.scale, one.dtype)
    leaves, computed = _ASKING[one.leaves]
    order = _ORDERS[one.order]
    shown = f"x {str(one.dtype)[6:]} ({one.images}, 3, 32, 32), params with the keys {', '.join(order)}"
    inputs = network_inputs(make, one.dtype)
    inputs |= one.flags("no_grad")
    return make.case(x=x, order=order, shown=shown, leaves=leaves, computed=computed, **inputs)


_SPACE = Space(
    _drawn,
    images=(1, 2, 7),
    order=tuple(_ORDERS),
    leaves=tuple(_ASKING),
    no_grad=(False, True),
    scale=(1.0, 100.0),
    dtype=FLOATS,
    # A dozen networks take long enough; in float32 the large ones are mostly rounding.
    within=(
        lambda one: one.scale == 1.0 or one.dtype == torch.float64,
        lambda one: one.images < 7 or one.leaves in ("nothing", "x"),
        lambda one: not one.no_grad or one.leaves == "nothing",
    ),
    words={
        "images": "the number of images is {}",
        "order": "the keys are ordered {}",
        "leaves": "gradients are asked for {}",
        "scale": "the numbers of x are in ±{}",
        **NO_GRAD_WORDS,
    },
)

Params = Mapping[str, Tensor]


def _forward(
    x: Tensor,
    params: Params,
    *,
    padding: int = 1,
    biases: str = "conv fc",
    relu: bool = True,
    between: Callable[[Tensor], Tensor] = lambda hidden: hidden,
    stride: int = 1,
    flatten: Callable[[Tensor], Tensor] = lambda hidden: hidden.flatten(1),
) -> Tensor:
    hidden = F.conv2d(x, params["conv.weight"], params["conv.bias"] if "conv" in biases else None, stride, padding)
    hidden = flatten(between(F.relu(hidden) if relu else hidden))
    return F.linear(hidden, params["fc.weight"], params["fc.bias"] if "fc" in biases else None)


def _by_place(x: Tensor, params: Params) -> Tensor:
    return _forward(x, dict(zip(SIZES, params.values(), strict=True)))


FUNCTIONAL_CNN = Oracle(
    "functional_cnn",
    _forward,
    _passes,
    [
        Misconception(
            "pooled",
            lambda x, params: _forward(x, params, between=lambda hidden: F.max_pool2d(hidden, 2)),
            lambda x, params: _forward(x, params, between=lambda hidden: F.avg_pool2d(hidden, 2)),
            lambda x, params: _forward(x, params, stride=2),
            raises="RuntimeError",
            says="TinyCNN has no pooling and no stride: 16 maps of 32 × 32 are the 16,384 features that fc.weight takes.",
        ),
        Misconception(
            "padding forgotten",
            lambda x, params: _forward(x, params, padding=0),
            lambda x, params: _forward(x, params, padding=0, flatten=lambda hidden: hidden.view(len(x), 16 * 32 * 32)),
            lambda x, params: _forward(x, params, padding=0, flatten=lambda hidden: hidden.view(-1, 16 * 32 * 32)),
            lambda x, params: _forward(x, params, padding=0, flatten=lambda hidden: hidden.reshape(-1, 16 * 32 * 32)),
            raises="RuntimeError",
            says="F.conv2d pads by nothing unless told. TinyCNN's convolution pads by 1 and keeps 32 × 32.",
        ),
        Misconception(
            "bias forgotten",
            lambda x, params: _forward(x, params, biases="fc"),
            lambda x, params: _forward(x, params, biases="conv"),
            lambda x, params: _forward(x, params, biases=""),
            says="F.conv2d and F.linear take the bias as an argument; left out, there is none, and no gradient either.",
        ),
        Misconception(
            "softmax inside",
            lambda x, params: F.softmax(_forward(x, params), 1),
            lambda x, params: F.softmax(_forward(x, params), 0),
            lambda x, params: F.log_softmax(_forward(x, params), 1),
            says="The network returns logits. Softmax is for reading probabilities; cross-entropy does its own.",
        ),
        Misconception(
            "flattened in channels-last order",
            lambda x, params: _forward(x, params, flatten=lambda hidden: hidden.permute(0, 2, 3, 1).flatten(1)),
            lambda x, params: _forward(x, params, flatten=lambda hidden: hidden.permute(0, 3, 2, 1).flatten(1)),
            says="fc.weight expects channel by channel: all of channel 0 first. Flatten (N, C, H, W) as it is.",
        ),
        Misconception(
            "ReLU missing",
            lambda x, params: _forward(x, params, relu=False),
            says="Without a nonlinearity between them, two linear layers are one linear layer.",
        ),
        Misconception(
            "batch flattened",
            lambda x, params: _forward(x, params, flatten=lambda hidden: hidden.flatten()),
            lambda x, params: _forward(x, params, flatten=lambda hidden: hidden.view(1, -1)),
            says="Dimension 0 counts the images and has to stay. Flatten what is behind it: start at dimension 1.",
        ),
        Misconception(
            "graph cut",
            lambda x, params: _forward(x.detach(), {name: one.detach() for name, one in params.items()}),
            lambda x, params: _forward(x, {name: one.detach() for name, one in params.items()}),
            lambda x, params: _forward(
                x, {name: one.detach() if name.endswith("weight") else one for name, one in params.items()}
            ),
            lambda x, params: _forward(x, params, flatten=lambda hidden: hidden.detach().flatten(1)),
            says="detach, .data and torch.no_grad cut the graph: no gradient goes back past them to the four tensors.",
        ),
        Misconception(
            "tensors by their place, not by their name",
            _by_place,
            says="The keys come in any order. Ask for params['conv.weight'] by name; the order of values() says nothing.",
        ),
        Misconception(
            "a batch of one image dropped",
            lambda x, params: _forward(x, params).squeeze(),
            lambda x, params: _forward(x, params).squeeze(0),
            says="One image is a batch of one: the logits are (1, 10). squeeze takes that dimension away.",
        ),
        Misconception(
            "ReLU on the logits",
            lambda x, params: F.relu(_forward(x, params)),
            lambda x, params: F.relu(_forward(x, params, relu=False)),
            says="Logits are any numbers, negative ones too. ReLU stands between the two layers, not behind the second.",
        ),
        Misconception(
            "another nonlinearity",
            *(
                lambda x, params, act=act: _forward(
                    x, params, relu=False, flatten=lambda hidden: act(hidden).flatten(1)
                )
                for act in (F.gelu, torch.sigmoid, torch.tanh, F.leaky_relu, torch.abs)
            ),
            says="Between the layers of TinyCNN stands ReLU: negative numbers become 0, and the others stay.",
        ),
        Misconception(
            "classes, not logits",
            lambda x, params: _forward(x, params).argmax(1),
            lambda x, params: _forward(x, params).max(1).values,
            says="Asked for are ten numbers an image. argmax and max leave one, and no loss could learn from it.",
        ),
        Misconception(
            "averaged over the batch",
            lambda x, params: _forward(x, params).mean(0),
            lambda x, params: _forward(x, params).mean(0, keepdim=True),
            says="Every image has logits of its own: as many rows come out as images go in.",
        ),
        Misconception(
            "dtype of the input lost",
            lambda x, params: _forward(x.float(), {name: one.float() for name, one in params.items()}),
            says="Numbers in float64 give logits in float64. float() makes float32.",
        ),
    ],
    space=_SPACE,
)
