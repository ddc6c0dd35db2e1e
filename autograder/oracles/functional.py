"""Chapter 04, the same CNN with functions: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.case import Case
from autograder.oracles import Misconception, Oracle
from autograder.oracles.maker import CaseMaker
from autograder.oracles.modules import network_inputs

__all__ = ["ORACLES"]

SIZES = {"conv.weight": (16, 3, 3, 3), "conv.bias": (16,), "fc.weight": (10, 16 * 32 * 32), "fc.bias": (10,)}
BOUNDS = {name: (27 if name.startswith("conv") else 16 * 32 * 32) ** -0.5 for name in SIZES}


def init_params(generator: torch.Generator | None) -> dict[str, Tensor]:
    """Uniform in ±1/√fan_in, as torch's default initialisation (kaiming with a = √5) comes out."""
    return {
        name: torch.empty(size).uniform_(-BOUNDS[name], BOUNDS[name], generator=generator).requires_grad_()
        for name, size in SIZES.items()
    }


def _draws(make: CaseMaker) -> list[Case]:
    return [
        make.case("thirty draws", seed=make.seed(), draws=30, bounds=BOUNDS, shown="thirty draws from one generator"),
        make.case("whose numbers", seed=make.seed(), other_seed=make.seed(), shown="generators of two seeds"),
    ]


def _randn(generator: torch.Generator) -> dict[str, Tensor]:
    return {name: torch.randn(size, generator=generator).requires_grad_() for name, size in SIZES.items()}


def _non_leaf(generator: torch.Generator) -> dict[str, Tensor]:
    def one(name: str) -> Tensor:
        return (torch.rand(SIZES[name], generator=generator, requires_grad=True) * 2 - 1) * BOUNDS[name]

    return {name: one(name) for name in SIZES}


def _transposed(generator: torch.Generator) -> dict[str, Tensor]:
    params = init_params(generator)
    return params | {"fc.weight": params["fc.weight"].detach().t().contiguous().requires_grad_()}


def _changed_bias(change: Callable[[Tensor], Tensor]) -> Callable[[torch.Generator], dict[str, Tensor]]:
    def answer(generator: torch.Generator) -> dict[str, Tensor]:
        params = init_params(generator)
        return {
            name: change(one.detach()).requires_grad_() if name.endswith("bias") else one
            for name, one in params.items()
        }

    return answer


INIT_PARAMS = Oracle(
    "init_params",
    init_params,
    _draws,
    [
        Misconception(
            "unscaled randn",
            _randn,
            lambda generator: {
                name: one if name.endswith("weight") else torch.zeros(SIZES[name], requires_grad=True)
                for name, one in _randn(generator).items()
            },
            lambda generator: {
                name: torch.rand(size, generator=generator).requires_grad_() for name, size in SIZES.items()
            },
            says="Normal numbers of size 1 give logits in the hundreds: each sums 16,384 features. "
            "Scale by 1/√fan_in of the layer.",
        ),
        Misconception(
            "non-leaf (scaled after requires_grad)",
            _non_leaf,
            says="A tensor computed from one that requires grad is a result, not a leaf: no .grad will land in it. "
            "Scale first, ask for gradients last.",
        ),
        Misconception(
            "weight transposed",
            _transposed,
            says="torch keeps a linear weight as (out, in): (10, 16384).",
        ),
        Misconception(
            "global generator",
            lambda generator: init_params(None),
            says="Draw from the generator you were given. The global one is somebody else's.",
        ),
        Misconception(
            "biases left at zero",
            _changed_bias(torch.zeros_like),
            says="Here the biases are drawn too, within ±1/√fan_in of their layer.",
        ),
        Misconception(
            "no gradients asked for",
            lambda generator: {name: one.detach() for name, one in init_params(generator).items()},
            says="A plain tensor collects no gradient. What is to be trained needs requires_grad.",
        ),
        Misconception(
            "only positive numbers",
            lambda generator: {
                name: (torch.rand(size, generator=generator) * BOUNDS[name]).requires_grad_()
                for name, size in SIZES.items()
            },
            says="torch.rand is uniform from 0 to 1. Asked for is uniform from minus the bound to the bound.",
        ),
    ],
)


def _tensors(make: CaseMaker) -> list[Case]:
    a, b, c = make.sizes(3, 2, 6)
    return [
        make.case("two numbers", x=torch.tensor([-2.0, 3.0])),
        make.case("one image", x=make.normal(1, a, b), leaves="x"),
        make.case("float32, large numbers", x=make.normal(a, b, c, dtype=torch.float32, scale=1e4), leaves="x"),
        make.case("not contiguous, with an offset", x=make.scattered(make.normal(a, b, c)), leaves="x"),
        make.case("used again afterwards", x=make.normal(b, a)),
    ]


RELU = Oracle(
    "relu",
    F.relu,
    _tensors,
    [
        Misconception(
            "in place",
            lambda x: x.clamp_(min=0),
            lambda x: x.mul_(x > 0),
            lambda x: x.data.clamp_(min=0),
            says="The input is still needed by whoever gave it. Return a new tensor; operations that end in _ write.",
        ),
        Misconception(
            "absolute value",
            torch.abs,
            says="Negative numbers become 0, they do not change their sign.",
        ),
        Misconception(
            "gradient lost",
            lambda x: x.detach().clamp(min=0),
            says="detach, .data, item and torch.tensor cut the graph: no gradient reaches x any more.",
        ),
        Misconception(
            "everything kept",
            lambda x: x * 1,
            says="Negative numbers become 0.",
        ),
        Misconception(
            "the step instead of the ramp",
            lambda x: (x > 0).to(x.dtype),
            says="Positive numbers stay what they are. x > 0 says where they are; multiply x with it.",
        ),
        Misconception(
            "negative part kept",
            lambda x: x.clamp(max=0),
            says="The other way round: positive numbers stay, negative ones become 0.",
        ),
    ],
)


def _products(make: CaseMaker) -> list[Case]:
    n, m, a, b = make.sizes(4, 2, 7)
    square: dict[str, Any] = {"x": make.normal(n, a), "weight": make.normal(a, a)}
    return [
        make.case(
            "one row, two features",
            x=torch.tensor([[1.0, 2.0]]),
            weight=torch.tensor([[1.0, 2.0], [3.0, 4.0]]),
        ),
        make.case(
            "with a bias",
            x=torch.tensor([[1.0, 2.0]]),
            weight=torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]),
            bias=torch.tensor([10.0, 20.0, 30.0]),
        ),
        make.case("square weight", **square, bias=make.normal(a), leaves="x weight bias"),
        make.case("no bias", **square, leaves="x weight"),
        make.case("bias=None said", x=make.normal(1, a), weight=make.normal(b, a), bias=None, leaves="x weight"),
        make.case(
            "as many rows as outputs",
            x=make.normal(a, b),
            weight=make.normal(a, b),
            bias=make.normal(a),
            leaves="x bias",
        ),
        make.case(
            "two dimensions in front",
            x=make.normal(n, m, a),
            weight=make.normal(b, a),
            bias=make.normal(b),
            leaves="x weight bias",
        ),
        make.case(
            "one vector", x=make.normal(a), weight=make.normal(b, a), bias=make.normal(b), leaves="x weight bias"
        ),
        make.case(
            "not contiguous, with offsets",
            x=make.scattered(make.normal(n, a)),
            weight=make.scattered(make.normal(b, a), offset=3),
            bias=make.normal(b),
            leaves="x weight bias",
        ),
        make.case(
            "float32",
            x=make.normal(n, a, dtype=torch.float32),
            weight=make.normal(b, a, dtype=torch.float32),
            bias=make.normal(b, dtype=torch.float32),
            leaves="x weight bias",
        ),
    ]


def _added(out: Tensor, bias: Tensor | None) -> Tensor:
    return out if bias is None else out + bias


def _wrong_axis(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    out = x @ weight.T
    return out if bias is None else out + bias.unsqueeze(-1)


LINEAR = Oracle(
    "linear",
    F.linear,
    _products,
    [
        Misconception(
            "weight not transposed",
            lambda x, weight, bias=None: _added(x @ weight, bias),
            says="The weight is stored (out, in). A product with x (…, in) needs its transpose. "
            "With a square weight nothing complains, and the numbers are wrong.",
        ),
        Misconception(
            "weight reshaped, not transposed",
            lambda x, weight, bias=None: _added(x @ weight.reshape(weight.shape[1], weight.shape[0]), bias),
            says="reshape keeps the order in memory and only cuts it anew. A transpose swaps rows and columns.",
        ),
        Misconception(
            "bias forgotten",
            lambda x, weight, bias=None: x @ weight.T,
            says="Where a bias is given it is added to every row.",
        ),
        Misconception(
            "bias added along the wrong axis",
            _wrong_axis,
            lambda x, weight, bias=None: x @ weight.T if bias is None else x @ weight.T + bias[:, None],
            lambda x, weight, bias=None: x @ weight.T if bias is None else x @ weight.T + bias.view(-1, 1),
            says="The bias has one number an output. It belongs to the last dimension, which broadcasting does by itself.",
        ),
        Misconception(
            "bias subtracted",
            lambda x, weight, bias=None: x @ weight.T if bias is None else x @ weight.T - bias,
            says="The bias is added.",
        ),
        Misconception(
            "gradient lost",
            lambda x, weight, bias=None: _added(x @ weight.T, bias).detach(),
            says="detach, .data, item and torch.tensor cut the graph: no gradient reaches the weights any more.",
        ),
    ],
)


def _scores(make: CaseMaker) -> list[Case]:
    a, b, c = make.sizes(3, 2, 6)
    large = make.normal(a, b)
    large[0, 0], large[0, 1] = 1e4, 1e4 - 1
    return [
        make.case("two classes", x=torch.tensor([[0.0, 1.0]], dtype=torch.float64), dim=1),
        make.case("along dimension 0", x=make.normal(a, b), dim=0, leaves="x"),
        make.case("square, along dimension 1", x=make.normal(a, a), dim=1, leaves="x"),
        make.case("square, along dimension 0", x=make.normal(b, b), dim=0, leaves="x"),
        make.case("the last of three", x=make.normal(a, b, c), dim=-1, leaves="x"),
        make.case("the middle of three", x=make.normal(a, b, c), dim=1, leaves="x"),
        make.case("counted from the end", x=make.normal(c, a, b), dim=-2, leaves="x"),
        make.case("one vector", x=make.normal(c), dim=0, leaves="x"),
        make.case("four dimensions", x=make.normal(1, a, b, c), dim=-3, leaves="x"),
        make.case("not contiguous", x=make.scattered(make.normal(a, b, c)), dim=1, leaves="x"),
        make.case("float32", x=make.normal(a, b, dtype=torch.float32), dim=1, leaves="x"),
        make.case("as large as 1e4", x=large, dim=1, leaves="x"),
        make.case("as small as -1e4", x=-large.abs() - 1e4, dim=1, leaves="x"),
        make.case("large and small rows", x=torch.stack([large[0] + 1e4, large[1] - 1e4]), dim=1, leaves="x"),
    ]


def _ignoring(dim: int) -> Callable[..., Tensor]:
    """Softmax along a dimension of its own choice, or the first where there is no such dimension."""
    return lambda x, _: _by_hand(x, dim if -x.dim() <= dim < x.dim() else 0)


def _by_hand(x: Tensor, dim: int, keepdim: bool = True, shift: bool = True) -> Tensor:
    e = (x - x.amax(dim, keepdim=True)).exp() if shift else x.exp()
    return e / e.sum(dim, keepdim=keepdim)


SOFTMAX = Oracle(
    "softmax",
    F.softmax,
    _scores,
    [
        Misconception(
            "wrong dim",
            _ignoring(-1),
            _ignoring(0),
            _ignoring(1),
            lambda x, dim: _by_hand(x.flatten(), 0).view(x.shape),
            lambda x, dim: _by_hand(x, -1 - dim if dim >= 0 else -dim - 1),
            lambda x, dim: x.exp() / x.exp().sum(),
            lambda x, dim: (x - x.max()).exp() / (x - x.max()).exp().sum(),
            says="The numbers along dim sum to 1, whichever dimension that is and from whichever end it is counted.",
        ),
        Misconception(
            "not stabilised",
            lambda x, dim: _by_hand(x, dim, shift=False),
            says="exp(1e4) is infinite and exp(-1e4) is 0. Softmax does not change when a number is subtracted everywhere: "
            "subtract the largest along dim.",
        ),
        Misconception(
            "one largest for all rows",
            lambda x, dim: _by_hand(x - x.max(), dim, shift=False),
            says="The largest of the whole tensor leaves small rows at exp(-2e4) = 0, and 0/0. "
            "Subtract the largest along dim, row by row.",
        ),
        Misconception(
            "keepdim forgotten",
            lambda x, dim: _by_hand(x, dim, keepdim=False),
            lambda x, dim: _by_hand(x, dim, keepdim=False, shift=False),
            lambda x, dim: (x - x.amax(dim)).exp() / (x - x.amax(dim)).exp().sum(dim),
            lambda x, dim: (x - x.amax(dim)).exp() / (x - x.amax(dim)).exp().sum(dim, keepdim=True),
            says="Without keepdim the summed dimension is gone, and broadcasting lines up the wrong ones. "
            "In a square tensor nothing complains.",
        ),
        Misconception(
            "log-probabilities",
            lambda x, dim: x - x.logsumexp(dim, keepdim=True),
            says="These are logarithms. Asked for are the probabilities.",
        ),
        Misconception(
            "gradient lost",
            lambda x, dim: _by_hand(x.detach(), dim),
            says="detach, .data, item and torch.tensor cut the graph: no gradient reaches x any more.",
        ),
    ],
)


def _sources(make: CaseMaker) -> list[Case]:
    a, b, c, d = make.sizes(4, 2, 7)
    plain = [("linear", a, b)]
    norms = [("conv", a, b, 3), ("norm", b), ("nest", ("relu",), ("linear", c, d))]
    frozen = [("linear", a, b), ("relu",), ("linear", b, c), ("freeze", 0)]
    cases = [
        ("one linear layer", plain, torch.float32, f"nn.Linear({a}, {b}) in an nn.Sequential"),
        ("batch norm has buffers too", norms, torch.float32, "conv, batch norm, and a linear layer deeper down"),
        ("float64", norms, torch.float64, "the same in float64"),
        ("a frozen layer", frozen, torch.float32, "two linear layers, the first frozen"),
    ]
    return [
        make.case(name, layers=layers, seed=make.seed(), dtype=dtype, shown=shown)
        for name, layers, dtype, shown in cases
    ]


PARAMS_FROM_MODULE = Oracle(
    "params_from_module",
    lambda model: {name: one.detach().clone().requires_grad_() for name, one in model.named_parameters()},
    _sources,
    [
        Misconception(
            "aliases the module's memory",
            lambda model: dict(model.named_parameters()),
            lambda model: {name: one.detach().requires_grad_() for name, one in model.named_parameters()},
            says="Your dictionary and the module share one block of memory: training one changes the other. Clone.",
        ),
        Misconception(
            "non-leaf",
            lambda model: {name: one.clone() for name, one in model.named_parameters()},
            lambda model: {name: one.clone().requires_grad_() for name, one in model.named_parameters()},
            says="clone is an operation like any other: its result hangs in the module's graph. Detach first.",
        ),
        Misconception(
            "no grad",
            lambda model: {name: one.detach().clone() for name, one in model.named_parameters()},
            says="detach gives a tensor that asks for no gradients. Ask for them again, for frozen parameters too.",
        ),
        Misconception(
            "frozen parameters left frozen",
            lambda model: {
                name: one.detach().clone().requires_grad_(one.requires_grad) for name, one in model.named_parameters()
            },
            says="All of them become leaves that require grad, whatever the module did with its own.",
        ),
        Misconception(
            "buffers taken too",
            lambda model: {
                name: one.detach().clone().requires_grad_(one.is_floating_point())
                for name, one in model.state_dict().items()
            },
            lambda model: {name: one.clone() for name, one in model.state_dict().items()},
            says="state_dict holds buffers such as running statistics. named_parameters() gives parameters only.",
        ),
        Misconception(
            "dtype changed",
            lambda model: {
                name: one.detach().clone().float().requires_grad_() for name, one in model.named_parameters()
            },
            says="A float64 module has float64 parameters. Keep their dtype.",
        ),
    ],
)


def _passes(make: CaseMaker) -> list[Case]:
    batches = make.integer(2, 4)
    order = tuple(SIZES)
    shuffled = ("fc.bias", "conv.weight", "fc.weight", "conv.bias")

    def case(batch: int, order: tuple[str, ...], dtype: torch.dtype, leaves: str) -> Case:
        name = f"{batch} image{'s' if batch > 1 else ''} in {str(dtype)[6:]}"
        x = make.uniform((batch, 3, 32, 32), 2.0, dtype)
        shown = f"x {str(dtype)[6:]} ({batch}, 3, 32, 32), params with the keys {', '.join(order)}"
        return make.case(name, x=x, order=order, shown=shown, leaves=leaves, **network_inputs(make, dtype))

    return [
        case(1, order, torch.float32, " ".join(order)),
        case(batches, order, torch.float32, " ".join(order)),
        case(batches + 1, shuffled, torch.float64, " ".join(("x", *order))),
    ]


Params = Mapping[str, Tensor]


def _forward(
    x: Tensor,
    params: Params,
    *,
    padding: int = 1,
    biases: str = "conv fc",
    relu: bool = True,
    flatten: Callable[[Tensor], Tensor] = lambda hidden: hidden.flatten(1),
) -> Tensor:
    hidden = F.conv2d(x, params["conv.weight"], params["conv.bias"] if "conv" in biases else None, padding=padding)
    hidden = flatten(F.relu(hidden) if relu else hidden)
    return F.linear(hidden, params["fc.weight"], params["fc.bias"] if "fc" in biases else None)


FUNCTIONAL_CNN = Oracle(
    "functional_cnn",
    _forward,
    _passes,
    [
        Misconception(
            "padding forgotten",
            lambda x, params: _forward(x, params, padding=0),
            lambda x, params: _forward(x, params, padding=0, flatten=lambda hidden: hidden.view(len(x), 16 * 32 * 32)),
            lambda x, params: _forward(x, params, padding=0, flatten=lambda hidden: hidden.view(-1, 16 * 32 * 32)),
            lambda x, params: _forward(x, params, padding=0, flatten=lambda hidden: hidden.reshape(-1, 16 * 32 * 32)),
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
            says="detach, .data and torch.no_grad cut the graph: no gradient reaches the four tensors.",
        ),
    ],
)

# The situations that the lesson lists, under what decides them.
SITUATIONS: Mapping[str, Mapping[str, str]] = {
    "weights": {
        "a convolution whose filters are learned": "module",
        "a convolution whose filters another network computes for each input": "functional",
    },
    "mode": {
        "dropout that has to stop in eval mode": "module",
        "a ReLU between two layers, written in forward": "functional",
        "max pooling, written in forward": "functional",
    },
    "state": {
        "batch norm with its running statistics": "module",
        "softmax to read probabilities off the logits": "functional",
        "a flatten step inside nn.Sequential": "module",
    },
}
_RIGHT = {one: choice for group in SITUATIONS.values() for one, choice in group.items()}


def _situations(make: CaseMaker) -> list[Case]:
    return [
        make.case(f"what decides: {aspect}", aspect=aspect, situations=tuple(group), shown="; ".join(group))
        for aspect, group in SITUATIONS.items()
    ]


WHICH_API = Oracle(
    "which_api",
    _RIGHT,
    _situations,
    [
        Misconception(
            "dropout taken as stateless",
            _RIGHT | {"dropout that has to stop in eval mode": "functional"},
            says="Dropout has no parameters, but a mode. F.dropout drops always unless told; nn.Dropout follows eval().",
        ),
        Misconception(
            "ReLU thought to need a module",
            _RIGHT | {"a ReLU between two layers, written in forward": "module"},
            says="ReLU has no parameters, no state and no mode: nothing for a module to keep. F.relu in forward will do.",
        ),
        Misconception(
            "dynamic weights in a module",
            _RIGHT | {"a convolution whose filters another network computes for each input": "functional and module"},
            _RIGHT | {"a convolution whose filters another network computes for each input": "module"},
            says="A module owns its weights. Weights that are computed for each input are arguments: F.conv2d takes them.",
        ),
        Misconception(
            "batch norm taken as stateless",
            _RIGHT | {"batch norm with its running statistics": "functional"},
            says="Running statistics have to live somewhere, be saved and be moved. A module registers them as buffers.",
        ),
        Misconception(
            "nn.Sequential given a function",
            _RIGHT | {"a flatten step inside nn.Sequential": "functional"},
            says="nn.Sequential holds modules. nn.Flatten is the module form of the same step.",
        ),
        Misconception(
            "pooling thought to need a module",
            _RIGHT | {"max pooling, written in forward": "module"},
            says="Pooling has no parameters, no state and no mode. F.max_pool2d in forward will do.",
        ),
    ],
)

ORACLES = (INIT_PARAMS, RELU, LINEAR, SOFTMAX, PARAMS_FROM_MODULE, FUNCTIONAL_CNN, WHICH_API)
