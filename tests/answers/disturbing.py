"""Answers that give what is right and leave something else changed, or give the same thing twice; and right ones that borrow."""

from __future__ import annotations

import copy
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from answers.modes.normed import ByFunction
from answers.registration.right import InPlaceMean, KaimingConv, KaimingLinear, Layers, by_generator
from answers.shining.right_classes import HeadByHead
from answers.training.checkpoints import load_by_torch, save_by_torch
from answers.training.heads import by_index
from torch import Tensor, nn

from autograder.authoring.oracles import oracles_of

__all__ = ["BORROWING", "DISTURBING"]

Answer = Callable[..., Any]
SIZES = {"conv.weight": (16, 3, 3, 3), "conv.bias": (16,), "fc.weight": (10, 16384), "fc.bias": (10,)}
LEFT_ON: list[Any] = []  # what has to live on for a mode to stay


def taken(model: nn.Module) -> dict[str, Tensor]:
    return {name: one.detach().clone().requires_grad_() for name, one in model.named_parameters()}


def probabilities(model: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        return model(x).softmax(1)


def relu(x: Tensor) -> Tensor:
    return x.clamp(min=0)


def layers() -> OrderedDict[str, nn.Module]:
    return OrderedDict(
        conv=nn.Conv2d(3, 16, 3, padding=1), relu=nn.ReLU(), flatten=nn.Flatten(), fc=nn.Linear(16384, 10)
    )


def after(right: Answer, change: Callable[..., Any]) -> Answer:
    """``right``, and then ``change`` on the first argument."""

    def answer(*args: Any) -> Any:
        result = right(*args)
        change(*args[:1])
        return result

    return answer


def _first(model: nn.Module) -> nn.Module:
    return next(part for part in model.modules() if not list(part.children()))


def _some(model: nn.Module) -> Tensor:
    return next(iter([*model.parameters(), torch.zeros(1)]))


def _replace(model: nn.Module) -> None:
    for part in model.modules():
        for name, one in list(part._parameters.items()):
            part._parameters[name] = nn.Parameter(one.detach().clone(), requires_grad=one.requires_grad)


def _no_grad(model: nn.Module) -> None:
    for one in model.parameters():
        one.grad = None


def _zeroed(model: nn.Module) -> None:
    for one in model.parameters():
        if one.grad is not None:
            one.grad.zero_()


def _move(model: nn.Module) -> None:
    for one in model.parameters():
        one.data = one.data.clone()


def _buffers(model: nn.Module) -> None:
    for one in model.buffers():
        one.add_(1)


def _renamed(model: nn.Module) -> None:
    model.note = 1  # type: ignore[assignment]


# What may become of a module.
TO_A_MODULE: dict[str, Callable[..., Any]] = {
    "frozen": lambda model: model.requires_grad_(False),
    "one parameter frozen": lambda model: _some(model).requires_grad_(False),
    "thawed": lambda model: model.requires_grad_(True),
    ".grad cleared": _no_grad,
    ".grad cleared by zero_grad": lambda model: model.zero_grad(),
    ".grad filled with zeros": _zeroed,
    "left in eval mode": lambda model: model.eval(),
    "one part left in eval mode": lambda model: _first(model).eval(),
    "one part left in training mode": lambda model: _first(model).train(),
    "hooked": lambda model: model.register_forward_hook(lambda *args: None),
    "a hook on one part": lambda model: _first(model).register_forward_pre_hook(lambda *args: None),
    "a hook on a parameter": lambda model: (
        _some(model).register_hook(lambda grad: grad) if _some(model).requires_grad else None
    ),
    "parameters replaced": _replace,
    "parameters moved in memory": _move,
    "buffers written to": _buffers,
    "in another dtype": lambda model: model.half(),
    "weights written to": lambda model: _some(model).data.add_(1),
    "an attribute set": _renamed,
    "a child added": lambda model: model.add_module("more", nn.ReLU()),
}


def _one_mode(model: nn.Module) -> None:
    model.train(model.training)


_MODE: dict[str, Callable[..., Any]] = {"one mode for all parts": _one_mode}


def _enter(context: Any) -> None:
    LEFT_ON.append(context)
    context.__enter__()


# What may become of the world.
TO_THE_WORLD: dict[str, Callable[..., Any]] = {
    "grad mode off": lambda *args: torch.set_grad_enabled(False),
    "inference mode on": lambda *args: _enter(torch.inference_mode()),
    "another default dtype": lambda *args: torch.set_default_dtype(torch.float64),
    "another default device": lambda *args: torch.set_default_device("meta"),
    "the default device said": lambda *args: torch.set_default_device("cpu"),
    "deterministic algorithms": lambda *args: torch.use_deterministic_algorithms(True),
    "only warned of": lambda *args: torch.use_deterministic_algorithms(True, warn_only=True),
    "another number of threads": lambda *args: torch.set_num_threads(torch.get_num_threads() + 1),
    "the global generator seeded": lambda *args: torch.manual_seed(0),
    "the global generator seeded with another number": lambda *args: torch.manual_seed(1),
    "the global generator drawn from": lambda *args: torch.rand(3),
    "hooks of all modules": lambda *args: nn.modules.module.register_module_forward_hook(lambda *args: None),
}


def _image_frozen(model: nn.Module, x: Tensor) -> Tensor:
    return probabilities(model, x.requires_grad_(False))


def _image_asking(model: nn.Module, x: Tensor) -> Tensor:
    return probabilities(model, x.requires_grad_())


def _image_without_grad(model: nn.Module, x: Tensor) -> Tensor:
    x.grad = None
    return probabilities(model, x)


def _image_clamped(model: nn.Module, x: Tensor) -> Tensor:
    out = probabilities(model, x)
    x.data.clamp_(0, 1)
    return out


def _image_written_back(model: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        x.mul_(2)
        x.mul_(0.5)
    return probabilities(model, x)


def _through_double(model: nn.Module, x: Tensor) -> Tensor:
    return probabilities(model.double(), x.double()).to(x.dtype)


def _trained_on(model: nn.Module, x: Tensor) -> Tensor:
    out = model(x)
    if out.requires_grad:
        out.sum().backward()
    return out.softmax(1).detach()


def _again_raises(model: nn.Module, x: Tensor) -> Tensor:
    model.eval()
    raise ArithmeticError("after it has changed the mode")


def _once(right: Answer) -> Answer:
    """The same result at each call, made once."""
    kept: list[Any] = []

    def answer(*args: Any) -> Any:
        if not kept:
            kept.append(right(*args))
        return kept[0]

    return answer


def _by_the_model(right: Answer) -> Answer:
    kept: dict[int, Any] = {}
    held: list[Any] = []

    def answer(model: nn.Module) -> Any:
        held.append(model)
        if id(model) not in kept:
            kept[id(model)] = right(model)
        return kept[id(model)]

    return answer


SHARED_CONV = nn.Conv2d(3, 16, 3, padding=1)
SHARED_BIAS = nn.Parameter(torch.zeros(10))


def _one_layer_for_all() -> nn.Sequential:
    return nn.Sequential(layers() | {"conv": SHARED_CONV})


def _one_tensor_for_all() -> nn.Sequential:
    net = nn.Sequential(layers())
    net.get_submodule("fc").bias = SHARED_BIAS
    return net


def _one_memory_for_all() -> nn.Sequential:
    net = nn.Sequential(layers())
    net.get_submodule("fc").bias = nn.Parameter(SHARED_BIAS.detach())
    return net


def _in_one_buffer(net: nn.Module) -> nn.Module:
    flat = torch.cat([one.detach().flatten() for one in net.parameters()])
    for one in net.parameters():
        one.data, flat = flat[: one.numel()].view(one.shape), flat[one.numel() :]
    return net


def _entries_of_one_buffer(params: dict[str, Tensor]) -> dict[str, Tensor]:
    flat = torch.cat([one.detach().flatten() for one in params.values()]) if params else torch.zeros(0)
    pieces = flat.split([one.numel() for one in params.values()])
    return {
        name: piece.view(one.shape).detach().requires_grad_()
        for (name, one), piece in zip(params.items(), pieces, strict=True)
    }


def _drawn(generator: torch.Generator | None) -> dict[str, Tensor]:
    params = {}
    for name, size in SIZES.items():
        bound = 1 / math.sqrt(27 if "conv" in name else 16384)
        params[name] = torch.empty(size).uniform_(-bound, bound, generator=generator)
    return params


def _asking(params: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: one.clone().requires_grad_() for name, one in params.items()}


def _weights_from_the_global_one(generator: torch.Generator) -> dict[str, Tensor]:
    mine, others = _drawn(generator), _drawn(None)
    return _asking({name: mine[name] if name.endswith("bias") else others[name] for name in SIZES})


def _seeded(generator: torch.Generator) -> dict[str, Tensor]:
    seed = int(torch.randint(2**31, (1,), generator=generator))
    return _asking(_drawn(torch.Generator().manual_seed(seed)))


def _seeded_by_its_seed(generator: torch.Generator) -> dict[str, Tensor]:
    return _asking(_drawn(torch.Generator().manual_seed(generator.initial_seed())))


def _seeding_the_global_one(generator: torch.Generator) -> dict[str, Tensor]:
    torch.manual_seed(int(torch.randint(2**31, (1,), generator=generator)))
    return _asking(_drawn(None))


def _with(**change: Callable[[dict[str, Tensor]], Tensor]) -> Answer:
    def answer(generator: torch.Generator) -> dict[str, Tensor]:
        params = _drawn(generator)
        return _asking(params | {name.replace("_", "."): make(params) for name, make in change.items()})

    return answer


def _seeding_first(generator: torch.Generator) -> dict[str, Tensor]:
    torch.manual_seed(0)
    return _asking(_drawn(generator))


INIT_PARAMS: dict[str, Answer] = {
    "the global generator seeded first": _seeding_first,
    "one filter sixteen times": _with(conv_weight=lambda p: p["conv.weight"][:1].expand(16, 3, 3, 3)),
    "one channel three times": _with(conv_weight=lambda p: p["conv.weight"][:, :1].expand(16, 3, 3, 3)),
    "one row of the head ten times": _with(fc_weight=lambda p: p["fc.weight"][:1].expand(10, 16384)),
    "one half of the head twice": _with(fc_weight=lambda p: p["fc.weight"][:, :8192].repeat(1, 2)),
    "biases that repeat the weights": _with(
        conv_bias=lambda p: p["conv.weight"][:, 0, 0, 0], fc_bias=lambda p: p["fc.weight"][:, 0]
    ),
    "the head's biases repeat its last weights": _with(fc_bias=lambda p: p["fc.weight"][:, -1]),
    "one bias ten times": _with(fc_bias=lambda p: p["fc.bias"][:1].expand(10)),
    "a bias scaled from the other": _with(fc_bias=lambda p: p["conv.bias"][:10] * math.sqrt(27 / 16384)),
    "a generator seeded from the generator": _seeded,
    "a generator seeded by its seed": _seeded_by_its_seed,
    "the global generator seeded from the generator": _seeding_the_global_one,
    "weights from the global generator": _weights_from_the_global_one,
    "views of one buffer": lambda generator: _entries_of_one_buffer(_drawn(generator)),
    "the same tensors at every call": _once(lambda generator: _asking(_drawn(generator))),
}

_FORWARD = {
    "count_parameters": lambda module, trainable_only=False: sum(
        one.numel() for one in module.parameters() if one.requires_grad or not trainable_only
    ),
    "predict_proba": probabilities,
    "params_from_module": taken,
    "relu": relu,
    "functional_cnn": lambda x, params: F.linear(
        F.conv2d(x, params["conv.weight"], params["conv.bias"], padding=1).clamp(min=0).flatten(1),
        params["fc.weight"],
        params["fc.bias"],
    ),
}


def _params_popped(x: Tensor, params: dict[str, Tensor]) -> Tensor:
    out = _FORWARD["functional_cnn"](x, params)
    params["conv.bias"] = params.pop("conv.bias")
    return out


def _in_forward(right: type[nn.Module], change: Callable[[Tensor], Any]) -> type[nn.Module]:
    """``right``, whose forward does ``change`` to its input first."""

    def forward(self: Any, x: Tensor) -> Tensor:
        change(x)
        return right.forward(self, x)

    return type(right.__name__, (right,), {"forward": forward})


TO_AN_INPUT: dict[str, Callable[[Tensor], Any]] = {
    "the input asks for gradients": lambda x: x.requires_grad_() if x.is_leaf else None,
    "the input is hooked": lambda x: x.register_hook(lambda gradient: gradient) if x.requires_grad else None,
    "the input is written to and back": lambda x: x.detach().neg_().neg_(),
}


def _with_itself(right: type[nn.Module], change: Callable[[nn.Module], Any]) -> type[nn.Module]:
    """``right``, whose forward does ``change`` to the module itself when all is computed."""

    def forward(self: Any, x: Tensor) -> Tensor:
        out = right.forward(self, x)
        change(self)
        return out

    return type(right.__name__, (right,), {"forward": forward})


def _turned_and_back(model: nn.Module) -> None:
    modes = [(part, part.training) for part in model.modules()]
    model.train(not model.training)
    for part, training in modes:
        part.training = training


TO_ITSELF: dict[str, Callable[[nn.Module], Any]] = {
    "goes to eval": lambda model: model.eval(),
    "goes to training": lambda model: model.train(),
    "clears its gradients": lambda model: model.zero_grad(),
    "zeroes its gradients": lambda model: model.zero_grad(set_to_none=False),
    "switches gradients off": lambda model: torch.set_grad_enabled(False),
}
_LAYERS: dict[str, type[nn.Module]] = {
    **{"my_batch_norm2d": ByFunction, "self_attention": HeadByHead},
    **{"my_linear": KaimingLinear, "my_conv2d": KaimingConv, "stacked_mlp": Layers, "running_mean": InPlaceMean},
    **{
        one: oracles_of(topic)[one].answer
        for topic, ones in (
            ("modules", ("tiny_cnn",)),
            ("modes", ("dropout_net",)),
            ("shining", ("tied_autoencoder", "symmetric_linear")),
            ("capstone", ("hybrid_cnn",)),
        )
        for one in ones
    },
}
_NO_GRADIENT = ("tiny_cnn", "hybrid_cnn")  # is asked of their images, so no hook can be put on them

DISTURBING: list[tuple[str, str, Answer]] = [
    *(
        (one, what, after(_FORWARD[one], change))
        for one in ("params_from_module", "predict_proba", "count_parameters")
        for what, change in TO_A_MODULE.items()
    ),
    *(
        (one, what, after(_FORWARD[one], change))
        for one in ("params_from_module", "count_parameters")
        for what, change in _MODE.items()  # predict_proba may put back the mode of the whole
    ),
    *(
        (one, what, after(_FORWARD[one], change))
        for one in ("predict_proba", "relu")
        for what, change in TO_THE_WORLD.items()
    ),
    *(
        (one, what, after(_FORWARD[one], TO_THE_WORLD[what]))
        for one in ("params_from_module", "count_parameters", "functional_cnn")
        for what in ("grad mode off", "the global generator seeded")
    ),
    *(
        ("sequential_cnn", what, after(lambda: nn.Sequential(layers()), change))
        for what, change in TO_THE_WORLD.items()
        if what != "the global generator drawn from"
    ),
    *(
        ("find_unregistered", what, after(by_generator, (TO_A_MODULE | _MODE)[what]))
        for what in (*_MODE, "frozen", "thawed", ".grad cleared", "hooked")
    ),
    *(
        ("swap_head", what, after(by_index, (TO_A_MODULE | _MODE)[what]))
        for what in (*_MODE, "one parameter frozen", ".grad cleared by zero_grad", "hooked")
    ),
    *(
        ("checkpoint", what, (after(save_by_torch, (TO_A_MODULE | _MODE)[what]), load_by_torch))
        for what in (*_MODE, ".grad cleared", "parameters replaced", "parameters moved in memory", "hooked")
    ),
    *(
        (one, what, _in_forward(right, change))
        for one, right in _LAYERS.items()
        for what, change in TO_AN_INPUT.items()
        if "hooked" not in what or one not in _NO_GRADIENT
    ),
    *(
        (one, what, _with_itself(right, change))
        for one, right in _LAYERS.items()
        for what, change in TO_ITSELF.items()
        if "its gradients" not in what or one != "running_mean"  # which has none
    ),
    *(("init_params", what, answer) for what, answer in INIT_PARAMS.items()),
    ("functional_cnn", "clears the gradients of an earlier batch", lambda x, params: (
        [setattr(one, "grad", None) for one in params.values()], _FORWARD["functional_cnn"](x, params))[1]),
    ("predict_proba", "the image asks for nothing any more", _image_frozen),
    ("predict_proba", "the image asks for gradients", _image_asking),
    ("predict_proba", "the image has lost its .grad", _image_without_grad),
    ("predict_proba", "the image is clamped", _image_clamped),
    ("predict_proba", "the image is written to and back", _image_written_back),
    ("predict_proba", "the model is float64 now", _through_double),
    ("predict_proba", "gradients land in the model", _trained_on),
    ("predict_proba", "raises after it has changed the mode", _again_raises),
    ("params_from_module", "the same dictionary for the same model", _by_the_model(taken)),
    ("params_from_module", "views of one buffer", lambda model: _entries_of_one_buffer(taken(model))),
    ("sequential_cnn", "the global generator seeded first", lambda: (torch.manual_seed(0), nn.Sequential(layers()))[1]),
    ("sequential_cnn", "made in float64", lambda: nn.Sequential(layers()).double()),
    ("sequential_cnn", "made in part in float64", lambda: nn.Sequential(layers() | {"fc": layers()["fc"].double()})),
    ("sequential_cnn", "the same network twice", _once(lambda: nn.Sequential(layers()))),
    ("sequential_cnn", "one layer for all networks", _one_layer_for_all),
    ("sequential_cnn", "one tensor for all networks", _one_tensor_for_all),
    ("sequential_cnn", "one tensor's memory for all networks", _one_memory_for_all),
    ("sequential_cnn", "views of one buffer", lambda: _in_one_buffer(nn.Sequential(layers()))),
    ("sequential_cnn", "frozen", lambda: nn.Sequential(layers()).requires_grad_(False)),
    ("relu", "x itself where nothing is below 0", lambda x: x if bool((x > 0).all()) else x.clamp(min=0)),
    ("relu", "a view of x where nothing is below 0", lambda x: x.view_as(x) if bool((x > 0).all()) else x.clamp(min=0)),
    ("functional_cnn", "the keys in another order", _params_popped),
]  # fmt: skip


@contextmanager
def _in_eval(model: nn.Module) -> Iterator[None]:
    modes = {part: part.training for part in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for part, mode in modes.items():
            part.training = mode


def _probabilities_borrowed(model: nn.Module, x: Tensor) -> Tensor:
    with _in_eval(model), torch.no_grad():
        return model(x).softmax(-1)


def _probabilities_of_a_copy(model: nn.Module, x: Tensor) -> Tensor:
    other = copy.deepcopy(model).requires_grad_(False).eval()
    return other(x.detach()).softmax(1)


def _probabilities_hooked(model: nn.Module, x: Tensor) -> Tensor:
    seen: list[Tensor] = []
    handle = model.register_forward_hook(lambda module, args, out: seen.append(out.detach()))
    try:
        with torch.inference_mode():
            model(x)
    finally:
        handle.remove()
    return seen[0].softmax(1)


def _counted_in_eval(module: nn.Module, trainable_only: bool = False) -> int:
    with _in_eval(module), torch.no_grad():
        return sum(one.numel() for one in module.parameters() if one.requires_grad or not trainable_only)


def _counted_by_walking(module: nn.Module, trainable_only: bool = False) -> int:
    seen: dict[int, int] = {}
    for part in module.modules():
        for one in part._parameters.values():
            if one is not None and (one.requires_grad or not trainable_only):
                seen[id(one)] = one.numel()
    return sum(seen.values())


def _taken_under_no_grad(model: nn.Module) -> dict[str, Tensor]:
    with _in_eval(model), torch.no_grad():
        params = {name: one.clone() for name, one in model.named_parameters()}
    for one in params.values():
        one.requires_grad = True
    return params


def _taken_by_parts(model: nn.Module) -> dict[str, Tensor]:
    params: dict[str, Tensor] = {}
    seen: set[int] = set()
    for path, part in model.named_modules():
        for name, one in part.named_parameters(recurse=False):
            if id(one) not in seen:
                seen.add(id(one))
                key = f"{path}.{name}" if path else name
                params[key] = one.new_tensor(one.detach(), requires_grad=True)
    return params


def _drawn_in_double(generator: torch.Generator) -> dict[str, Tensor]:
    params = {}
    for name in sorted(SIZES):
        bound = (27 if "conv" in name else 16384) ** -0.5
        numbers = torch.rand(SIZES[name], generator=generator, dtype=torch.float64)
        params[name] = ((2 * numbers - 1) * bound).float().requires_grad_()
    return params


def _drawn_row_by_row(generator: torch.Generator) -> dict[str, Tensor]:
    params = {}
    for name, size in SIZES.items():
        bound = (27 if "conv" in name else 16384) ** -0.5
        rows = [torch.rand(size[1:], generator=generator) for _ in range(size[0])]
        params[name] = nn.Parameter(torch.stack(rows).sub_(0.5).mul_(2 * bound))
    return params


# Right, in styles that touch what they are given and put it back.
BORROWING: list[tuple[str, str, Answer]] = [
    *((one, "its mode turned and turned back", _with_itself(right, _turned_and_back)) for one, right in _LAYERS.items()),
    ("predict_proba", "in eval mode without gradients, every part put back", _probabilities_borrowed),
    ("predict_proba", "a frozen copy", _probabilities_of_a_copy),
    ("predict_proba", "a hook that is taken off", _probabilities_hooked),
    ("count_parameters", "in eval mode without gradients", _counted_in_eval),
    ("count_parameters", "every part by hand", _counted_by_walking),
    ("params_from_module", "in eval mode without gradients", _taken_under_no_grad),
    ("params_from_module", "every part by hand", _taken_by_parts),
    ("init_params", "in float64 first", _drawn_in_double),
    ("init_params", "row by row", _drawn_row_by_row),
    ("sequential_cnn", "appended", lambda: nn.Sequential(layers()).append(nn.Identity())),
    ("relu", "an empty result filled", lambda x: torch.zeros_like(x) + x * (x > 0)),
    ("relu", "in place on a clone", lambda x: x.clone(memory_format=torch.contiguous_format).clamp_(min=0)),
]  # fmt: skip
