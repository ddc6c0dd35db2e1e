"""Chapter 07, `record_activations`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.space import FLOATS, Chosen, Space, fits
from autograder.observing.case import Case

__all__ = ["RECORD_ACTIVATIONS"]

Names = Sequence[str]
Record = dict[str, Tensor]


def record_activations(model: nn.Module, names: Names, x: Tensor) -> Record:
    """By hooks that keep clones; buffers are cloned before the pass and copied back after it."""
    return _recorded(model, names, x)


def _recorded(
    model: nn.Module,
    names: Names,
    x: Tensor,
    *,
    modules: Callable[[nn.Module], dict[str, nn.Module]] = lambda model: dict(model.named_modules()),
    keep: Callable[[Tensor], Tensor] = lambda out: out.detach().clone(),
    first: bool = False,
    removes: str = "always",
    mode: Callable[[nn.Module], Any] = lambda model: None,
    buffers: Callable[[nn.Module], dict[str, Tensor]] = lambda model: dict(model.named_buffers()),
    ordered: bool = True,
    looks_first: bool = True,
    in_turn: bool = False,
    enabled: bool | None = False,
    passes: int = 1,
    before: bool = False,
    unknown: Callable[[str], Exception] = KeyError,
) -> Record:
    known, found, handles = modules(model), {}, []
    if looks_first and any(name not in known for name in names):
        raise unknown(next(name for name in names if name not in known))

    def hook(name: str) -> Callable[..., None]:
        def kept(module: nn.Module, inputs: Any, out: Tensor) -> None:
            if not (first and name in found):
                found[name] = keep(out)

        return kept

    saved = {name: buffer.clone() for name, buffer in buffers(model).items()}
    for name in names:
        if in_turn or name in known:
            handles.append(
                known[name].register_forward_pre_hook(_of_inputs(hook(name)))
                if before
                else known[name].register_forward_hook(hook(name))
            )
    mode(model)
    went = False
    try:
        with torch.set_grad_enabled(torch.is_grad_enabled() if enabled is None else enabled):
            for _ in range(passes):
                model(x)
        went = True
    finally:
        if removes == "always" or (removes == "at the end" and went):
            for handle in handles:
                handle.remove()
        with torch.no_grad():
            for name, buffer in buffers(model).items():
                buffer.copy_(saved[name])
    return {name: found[name] for name in names} if ordered else found


def _of_inputs(hook: Callable[..., None]) -> Callable[..., None]:
    return lambda module, inputs: hook(module, inputs, inputs[0])


def _cases(make: CaseMaker) -> list[Case]:
    a, b, c = make.sizes(3, 2, 5)
    plain = {"first": ["linear", a, b], "act": ["relu"], "second": ["linear", b, c]}
    written = {"first": ["linear", a, b], "act": ["relu in place"], "second": ["linear", b, c]}
    deep = {
        "stem": {"conv": ["conv", 2, a, 2], "norm": ["norm", a], "act": ["relu in place"]},
        "body": {"inner": {"drop": ["dropout", 1.0], "flat": ["flatten"], "lin": ["linear", 4 * a, b]}},
        "head": ["linear", b, c],
    }
    counted = {
        "start": ["identity"],
        "count": ["counting"],
        "lin": ["linear", a, b],
        "norm": ["norm 1d", b],
        "act": ["relu in place"],
        "again": ["counting"],
    }
    twice = {"lin": ["linear", a, b], "pair": ["twice", b], "out": ["linear", b, c]}
    own = {"lin": ["linear", a, b], "own": ["own", b], "act": ["relu"]}
    kept = {"lin": ["linear", a, b], "kept": ["kept in eval", {"norm": ["norm 1d", b], "drop": ["dropout", 1.0]}]}
    broken = {"lin": ["linear", a, b], "norm": ["norm 1d", b], "refuses": ["refusing"], "out": ["linear", b, c]}

    def case(name: str, parts: Any, names: str, x: Tensor, shown: str = "", **inputs: Any) -> Case:
        asked = names.split()
        shown = shown or f"names = {asked}, x {str(x.dtype)[6:]} {tuple(x.shape)}"
        return make.case(name, parts=parts, names=asked, x=x, seed=make.seed(), shown=shown, **inputs)

    def rows(count: int, dtype: torch.dtype = torch.float64) -> Tensor:
        return make.normal(count, a, dtype=dtype)

    images = make.normal(3, 2, 3, 3)
    return [
        case("one part", plain, "first", rows(1)),
        case("a ReLU in place behind it", written, "first second", rows(2), "first, act (ReLU in place), second"),
        case("in another order", plain, "second act first", rows(3)),
        case("deeper down, in training", deep, "body.inner.lin stem.conv stem.norm head body.inner.flat", images),
        case(
            "deeper down, parts in eval",
            deep,
            "stem.norm body.inner.drop stem head stem.act",
            images,
            eval_parts=("stem", "body.inner.drop"),
            hooks=True,
            gradients=True,
        ),
        case("all in eval", deep, "stem.norm head", make.scattered(images), eval_parts=("",), gradients_off=True),
        case("called twice in one pass", twice, "pair.step pair lin", rows(2), hooks=True),
        case(
            "buffers of all kinds",
            counted,
            "start lin norm again",
            rows(4),
            gradients=True,
            frozen=True,
        ),
        case("a part that gives its own tensor", own, "own act", rows(3)),
        case("parts that stay in eval", kept, "kept.drop kept lin", rows(3), eval_parts=("kept.norm", "kept.drop")),
        case("float32, x asks for gradients", written, "act first", rows(2, torch.float32), leaves="x", hooks=True),
        case("an unknown name", plain, "first secnd", rows(2), unknown=("secnd",), hooks=True),
        case("an unknown name deeper down", deep, "stem.relu head", images, unknown=("stem.relu",)),
        case("the last part of a name alone", deep, "act head", images, unknown=("act",)),
        case("the name of a parameter", plain, "first.weight", rows(1), unknown=("first.weight",)),
        case("the model raises", broken, "lin norm", rows(4), refuses=True, hooks=True, eval_parts=("lin",), gradients=True),
        case("the model raises, gradients off", broken, "lin", rows(2), refuses=True, gradients_off=True),
        case("one part, another row", plain, "first", rows(1)),
    ]  # fmt: skip


_NETS: dict[str, tuple[dict[str, Any], str]] = {
    "layers in a row": ({"one": ["linear", 3, 4], "two": ["relu"], "three": ["linear", 4, 2]}, "one two three"),
    "in place": (
        {"one": ["linear", 3, 4], "two": ["relu in place"], "three": ["identity"], "four": ["relu in place"]},
        "one two three",
    ),
    "deeper down": (
        {"a": {"b": {"c": ["linear", 3, 4], "d": ["norm 1d", 4]}, "e": ["relu in place"]}, "f": ["dropout", 1.0]},
        "a.b.c a.b.d a.b a f",
    ),
    "called twice": ({"one": ["linear", 3, 4], "two": ["twice", 4], "three": ["norm 1d", 4]}, "two.step two one"),
    "buffers of all kinds": ({"one": ["counting"], "two": ["linear", 3, 4], "three": ["own", 4]}, "one two three"),
}
_MODES: dict[str, dict[str, Any]] = {
    "in training": {},
    "in eval": {"eval_parts": ("",)},
    "outside in eval, first part in training": {"eval_parts": ("",), "training": True},
}


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    parts, names = _NETS[one.net]
    flags = one.flags("hooks", "gradients", "frozen", "gradients_off")
    asked = names.split() if one.order == "of the pass" else names.split()[::-1]
    asked = asked[:1] if one.order == "one name" else asked
    mode = dict(_MODES[one.modes])
    if mode.pop("training", False):
        mode["training_parts"] = (next(iter(parts)),)
    if one.ends == "an unknown name":
        asked, flags = [*asked, "one.nothing"], flags | {"unknown": ("one.nothing",)}
    elif one.ends == "the model raises":
        parts, flags = parts | {"refuses": ["refusing"]}, flags | {"refuses": True}
    x = make.drawn(one.rows, 3, layout=one.layout, dtype=one.dtype)
    shown = f"{one.net}, {one.modes}, names = {asked}, x {str(one.dtype)[6:]} {(one.rows, 3)}"
    return make.case(parts=parts, names=asked, x=x, seed=make.seed(), leaves=one.leaves, shown=shown, **mode, **flags)


_SPACE = Space(
    _drawn,
    net=tuple(_NETS),
    modes=tuple(_MODES),
    order=("of the pass", "the other way round", "one name"),
    ends=("well", "an unknown name", "the model raises"),
    rows=(2, 5),
    hooks=(False, True),
    gradients=(False, True),
    frozen=(False, True),
    gradients_off=(False, True),
    layout=("contiguous", "dimensions in another order", "expanded"),
    dtype=FLOATS,
    leaves=("", "x"),
    within=lambda one: fits(one.layout, (one.rows, 3)),
    words={
        "net": "the model is {}",
        "modes": "the model is {}",
        "order": "the names are asked for in the order: {}",
        "ends": "the pass ends like this: {}",
        "rows": "the number of rows of x is {}",
        "hooks": "hooks are there already: {}",
        "gradients": "gradients are there already: {}",
        "frozen": "some parameters are frozen: {}",
        "gradients_off": "gradients are off before: {}",
        "layout": "x lies in memory like this: {}",
        "leaves": "gradients are asked for {}",
    },
)


def _with(**changes: Any) -> Callable[..., Record]:
    def answer(model: nn.Module, names: Names, x: Tensor) -> Record:
        return _recorded(model, names, x, **changes)

    return answer


def _children(model: nn.Module) -> dict[str, nn.Module]:
    return dict(model.named_children())


def _without_dots(model: nn.Module, names: Names, x: Tensor) -> Record:
    return _recorded(model, names, x, modules=lambda model: {name: getattr(model, name) for name in names})


def _last_name_for_all(model: nn.Module, names: Names, x: Tensor) -> Record:
    """The hooks ask for the loop's name when they are called, and by then it is the last one."""
    found = _recorded(model, names, x)
    return {name: found[name] for name in list(names)[-1:]}


def _child_by_child(model: nn.Module, names: Names, x: Tensor) -> Record:
    found = {}
    for name, part in model.named_children():
        x = part(x)
        if name in names:
            found[name] = x.detach().clone()
    return found


def _each_on_x(model: nn.Module, names: Names, x: Tensor) -> Record:
    modules = dict(model.named_modules())
    return {name: modules[name](x).detach() for name in names}


def _by_get_submodule(model: nn.Module, names: Names, x: Tensor) -> Record:
    for name in names:
        model.get_submodule(name)
    return _recorded(model, names, x)


def _only_known(model: nn.Module, names: Names, x: Tensor) -> Record:
    known = dict(model.named_modules())
    return _recorded(model, [name for name in names if name in known], x)


def _mode_put_back(model: nn.Module, names: Names, x: Tensor) -> Record:
    modes = [(part, part.training) for part in model.modules()]
    try:
        return _recorded(model, names, x, mode=lambda model: model.eval())
    finally:
        for part, mode in modes:
            part.training = mode


def _all_hooks_cleared(model: nn.Module, names: Names, x: Tensor) -> Record:
    found = _recorded(model, names, x)
    for part in model.modules():
        part._forward_hooks.clear()
    return found


def _grad_left_off(model: nn.Module, names: Names, x: Tensor) -> Record:
    torch.set_grad_enabled(False)
    return _recorded(model, names, x)


def _back_to_training(model: nn.Module, names: Names, x: Tensor) -> Record:
    found = _recorded(model, names, x, mode=lambda model: model.eval())
    model.train()
    return found


RECORD_ACTIVATIONS = Oracle(
    "record_activations",
    record_activations,
    _cases,
    [
        Misconception(
            "hooks left",
            _with(removes="never"),
            _with(removes="never", buffers=lambda model: {}),
            says="Your hooks are still there, and will go on recording at every pass. Keep the handles, and remove() each.",
        ),
        Misconception(
            "hooks left where the model raises",
            _with(removes="at the end"),
            says="When the model raises, what stands behind the call is never reached. Remove the hooks in a finally.",
        ),
        Misconception(
            "hooks left where a name is unknown",
            _with(looks_first=False, in_turn=True),
            says="The hooks of the names before the unknown one are there already when the KeyError comes, and nobody removes them. "
            "Look all names up first.",
        ),
        Misconception(
            "a reference that the next layer writes over",
            _with(keep=lambda out: out.detach()),
            _with(keep=lambda out: out.data),
            says="A tensor that was kept is not a copy: an in-place layer behind it writes into the same memory. clone() it in the hook.",
        ),
        Misconception(
            "only direct children",
            _with(modules=_children),
            _without_dots,
            says="Children are one level down. named_modules() goes all the way, and get_submodule takes dotted names.",
        ),
        Misconception(
            "inputs for outputs",
            _with(before=True),
            says="A pre-hook sees what goes into a module. Asked for is what comes out: register_forward_hook.",
        ),
        Misconception(
            "the last name for all",
            _last_name_for_all,
            says="All hooks write under the same name: a function made in a loop looks its names up when it is called, and by "
            "then the loop is at its end. Bind it: lambda …, name=name.",
        ),
        Misconception(
            "child by child",
            _child_by_child,
            says="Children one after the other are what nn.Sequential does. What a model does is in its forward: call model(x) once.",
        ),
        Misconception(
            "each module on x",
            _each_on_x,
            says="A module deeper down does not see x, but what the ones before it give. One pass of the model feeds them all.",
        ),
        Misconception(
            "unknown names left out",
            _only_known,
            says="A name that is no module's is an error: KeyError, before anything runs.",
        ),
        Misconception(
            "another error than a KeyError",
            _by_get_submodule,
            _with(unknown=ValueError),
            says="A name that is no module's is a KeyError, as in a dictionary. get_submodule raises an AttributeError.",
        ),
        Misconception(
            "an error that names nothing",
            _with(unknown=lambda name: KeyError("there is no such module")),
            says="A model may have a hundred modules: the KeyError has to say the name that is none's.",
        ),
        Misconception(
            "all hooks taken away",
            _all_hooks_cleared,
            says="Somebody else's hooks are gone as well. Keep the handle of each of yours, and remove() just those.",
        ),
        Misconception(
            "the pass in eval mode",
            _mode_put_back,
            says="The pass is to run in the modes that the parts have. Leave them alone.",
        ),
        Misconception(
            "the graph kept",
            _with(keep=lambda out: out.clone(), enabled=None),
            _with(keep=lambda out: out.clone(), enabled=True),
            says="clone is an operation like any other: the copy hangs in the graph of the whole pass. detach() as well.",
        ),
        Misconception(
            "graph and memory kept",
            _with(keep=lambda out: out, enabled=None),
            _with(keep=lambda out: out, enabled=True),
            says="What the hook is given hangs in a graph, and the next layer may write over it. detach() and clone().",
        ),
        Misconception(
            "the pass in eval mode, and left there",
            _with(mode=lambda model: model.eval()),
            _back_to_training,
            says="The pass is to run in the modes that the parts have. Leave them alone.",
        ),
        Misconception(
            "buffers not put back",
            _with(buffers=lambda model: {}),
            says="A batch norm in training learns from being looked at: its statistics have moved. Clone the buffers before, copy them "
            "back afterwards.",
        ),
        Misconception(
            "only saved buffers put back",
            _with(buffers=lambda model: {
                name: one for name, one in model.state_dict(keep_vars=True).items() if not isinstance(one, nn.Parameter)
            }),
            says="A buffer may stay out of the state_dict (persistent=False). named_buffers() has them all.",
        ),
        Misconception(
            "in the order of the pass",
            _with(ordered=False),
            says="The hooks are called in the order of the pass. The dictionary is asked for in the order of names.",
        ),
        Misconception(
            "called twice: the first kept",
            _with(first=True),
            says="A module that is called twice in a pass gives two results. The last one counts.",
        ),
        Misconception(
            "unknown names noticed too late",
            _with(looks_first=False),
            says="A name that is no module's is an error before anything runs: look all of them up first.",
        ),
        Misconception(
            "two passes",
            _with(passes=2),
            says="The model ran more than once. One forward pass fills all the hooks.",
        ),
        Misconception(
            "gradients left off for everybody",
            _grad_left_off,
            says="torch.set_grad_enabled(False) stays after the function. A with block ends.",
        ),
    ],
    space=_SPACE,
)  # fmt: skip
