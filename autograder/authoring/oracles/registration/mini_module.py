"""Chapter 06, `mini_module`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.beginning import begins_in_eval
from autograder.authoring.oracles.registration.tree_space import TREE_SPACE, calls
from autograder.observing.case import Case

__all__ = ["MINI_MODULE", "MiniModule"]


class MiniModule:
    """Registers Parameters and MiniModules that are assigned to its attributes."""

    training: bool

    def __init__(self) -> None:
        vars(self).update(_parameters={}, _children={}, training=True)

    def __setattr__(self, name: str, value: Any) -> None:
        self.forget(name)
        if self.is_parameter(value):
            vars(self)["_parameters"][name] = value
        elif isinstance(value, MiniModule):
            vars(self)["_children"][name] = value
        object.__setattr__(self, name, value)

    def is_parameter(self, value: Any) -> bool:
        """Whether a value is registered as a parameter."""
        return isinstance(value, nn.Parameter)

    def forget(self, name: str) -> None:
        """Take a name off both lists."""
        vars(self)["_parameters"].pop(name, None)
        vars(self)["_children"].pop(name, None)

    def children(self) -> Mapping[str, MiniModule]:
        """The children by name."""
        found: Mapping[str, MiniModule] = vars(self)["_children"]
        return found

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, nn.Parameter]]:
        """Own ones first, then the children's."""
        for name, parameter in vars(self)["_parameters"].items():
            yield prefix + name, parameter
        for name, child in self.children().items():
            yield from child.named_parameters(f"{prefix}{name}.")

    def parameters(self) -> Iterator[nn.Parameter]:
        """Without names."""
        for _, parameter in self.named_parameters():
            yield parameter

    def state_dict(self) -> dict[str, Tensor]:
        """Every tensor by its name, detached."""
        return {name: parameter.detach() for name, parameter in self.named_parameters()}

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Copy the values in."""
        for name, parameter in self.named_parameters():
            parameter.copy_(state[name])

    def train(self, mode: bool = True) -> MiniModule:
        """Set the mode everywhere."""
        self.training = mode
        for child in self.children().values():
            child.train(mode)
        return self

    def eval(self) -> MiniModule:
        """The other mode."""
        return self.train(False)


def _trees(make: CaseMaker) -> list[Case]:
    def parameter(*size: int) -> tuple[str, Tensor]:
        return "parameter", make.normal(*size, dtype=torch.float32)

    def numbers(*size: int) -> Tensor:
        return make.normal(*size, dtype=torch.float32)

    def child(*entries: tuple[str, Any]) -> tuple[str, Any]:
        return "child", entries

    def case(name: str, aspect: str, shown: str, *entries: tuple[str, Any], **more: Any) -> Case:
        return make.case(name, aspect=aspect, entries=entries, shown=shown, **more)

    a, b, c = make.sizes(3, 2, 4)
    layer = child(("weight", parameter(b, a)), ("bias", parameter(b)))
    plain = (
        ("table", ("tensor", numbers(2))),
        ("asking", ("asking", numbers(2))),
        ("scaled", ("scaled", numbers(2))),
        ("kept", ("list", numbers(2))),
        ("size", ("value", 3)),
        ("none", ("value", None)),
        ("title", ("value", "a name")),
    )
    deep = child(
        ("inner", child(("core", child(("scale", parameter(c)))), ("weight", parameter(a)))), ("bias", parameter(b))
    )
    tree = (("fc", layer), ("scale", parameter(c)), ("block", deep))
    paths = ("", "fc", "block", "block.inner", "block.inner.core")
    loaded = {
        "fc.weight": numbers(b, a),
        "fc.bias": numbers(b),
        "scale": numbers(c),
        "block.bias": numbers(b),
        "block.inner.weight": numbers(a),
        "block.inner.core.scale": numbers(c),
    }
    words = "a tree four levels deep"
    return [
        case("two parameters", "values", "weight and bias", ("weight", parameter(2)), ("bias", parameter(1))),
        case(
            "one number",
            "values",
            "a Parameter without dimensions, in a child and beside it",
            ("top", child(("scale", parameter()))),
            ("bias", parameter()),
        ),
        case("a child", "values", "a layer fc with weight and bias, and scale", ("fc", layer), ("scale", parameter(c))),
        case("children of children", "values", words, *tree),
        case(
            "what is not registered",
            "values",
            "tensors, a scaled Parameter, a list of a Parameter and a child, a number and text beside a weight",
            *plain,
            ("weight", parameter(a)),
            read=tuple(name for name, _ in plain),
        ),
        case(
            "two children with the same names inside",
            "values",
            "two layers, one and other, after them a weight",
            ("one", layer),
            ("other", child(("weight", parameter(a)), ("bias", parameter(c)))),
            ("weight", parameter(b)),
        ),
        case(
            "what is frozen",
            "values",
            "a frozen scale, and a layer whose weight is frozen",
            ("fc", child(("weight", ("frozen", numbers(b))), ("bias", parameter(a)))),
            ("scale", ("frozen", numbers(c))),
        ),
        case(
            "a parameter made None",
            "replacing",
            "bias = None where a Parameter was",
            ("weight", parameter(a)),
            ("bias", parameter(b)),
            puts=(("bias", ("value", None)),),
        ),
        case(
            "a parameter made a plain tensor, another one a Parameter again",
            "replacing",
            "weight = a tensor, bias = another Parameter",
            ("weight", parameter(a)),
            ("bias", parameter(b)),
            ("scale", parameter(c)),
            puts=(("weight", ("tensor", numbers(a))), ("bias", parameter(c))),
        ),
        case(
            "a child made a number",
            "replacing",
            "fc = 3 where a layer was",
            ("fc", layer),
            ("block", deep),
            puts=(("fc", ("value", 3)),),
        ),
        case(
            "a child made another child, one made None",
            "replacing",
            "fc = another layer, block = None",
            ("fc", layer),
            ("block", deep),
            ("bias", parameter(b)),
            puts=(("fc", child(("scale", parameter(a)))), ("block", ("value", None))),
        ),
        case(
            "a parameter and a child change places",
            "replacing",
            "fc = a Parameter, scale = a layer, deeper down",
            ("top", child(("fc", layer), ("scale", parameter(a)))),
            puts=(("top.fc", parameter(b)), ("top.scale", layer)),
        ),
        case(
            "a number made a Parameter, a tensor made a child",
            "replacing",
            "size = a Parameter where a number was, _last = a layer where a tensor was",
            ("weight", parameter(a)),
            ("size", ("value", 3)),
            ("_last", ("tensor", numbers(a))),
            puts=(("size", parameter(b)), ("_last", layer)),
        ),
        case("a tree saved, and loaded into", "saving", words, *tree, load=loaded),
        case(
            "a frozen parameter loaded into",
            "saving",
            "a frozen weight and a bias",
            ("weight", ("frozen", numbers(b, a))),
            ("bias", parameter(b)),
            load={"bias": numbers(b), "weight": numbers(b, a)},
        ),
        case(
            "modes of a tree",
            "modes",
            words,
            *tree,
            parts=paths,
            calls=calls("eval()", "train()", "train(mode=False)"),
        ),
        case(
            "a child made by itself",
            "modes",
            "a layer alone",
            ("fc", layer),
            ("weight", parameter(a)),
            parts=("", "fc"),
            calls=calls("train(False)", "train(True)", "eval()"),
        ),
    ]


def _but(**methods: Any) -> type[MiniModule]:
    return type("Wrong", (MiniModule,), methods)


def _own_only(self: MiniModule, prefix: str = "") -> Iterator[tuple[str, nn.Parameter]]:
    yield from vars(self)["_parameters"].items()


def _one_level(self: MiniModule, prefix: str = "") -> Iterator[tuple[str, nn.Parameter]]:
    yield from vars(self)["_parameters"].items()
    for name, child in self.children().items():
        for key, parameter in vars(child)["_parameters"].items():
            yield f"{name}.{key}", parameter


def _last_name(self: MiniModule, prefix: str = "") -> Iterator[tuple[str, nn.Parameter]]:
    """Each level passes on its own name only."""
    for name, parameter in vars(self)["_parameters"].items():
        yield prefix + name, parameter
    for name, child in self.children().items():
        yield from child.named_parameters(f"{name}.")


def _no_prefix(self: MiniModule, prefix: str = "") -> Iterator[tuple[str, nn.Parameter]]:
    yield from vars(self)["_parameters"].items()
    for child in self.children().values():
        yield from child.named_parameters()


def _children_first(self: MiniModule, prefix: str = "") -> Iterator[tuple[str, nn.Parameter]]:
    for name, child in self.children().items():
        yield from child.named_parameters(f"{prefix}{name}.")
    for name, parameter in vars(self)["_parameters"].items():
        yield prefix + name, parameter


def _in_order_of_assignment(self: MiniModule, prefix: str = "") -> Iterator[tuple[str, nn.Parameter]]:
    for name, value in vars(self).items():
        if isinstance(value, MiniModule):
            yield from value.named_parameters(f"{prefix}{name}.")
        elif isinstance(value, nn.Parameter):
            yield prefix + name, value


def _train_here(self: MiniModule, mode: bool = True) -> MiniModule:
    self.training = mode
    return self


def _train_one_level(self: MiniModule, mode: bool = True) -> MiniModule:
    self.training = mode
    for child in self.children().values():
        child.training = mode
    return self


def _train_without_return(self: MiniModule, mode: bool = True) -> None:
    MiniModule.train(self, mode)


def _load_new(self: MiniModule, state: Mapping[str, Tensor]) -> None:
    for name, child in self.children().items():
        child.load_state_dict(
            {key.removeprefix(f"{name}."): one for key, one in state.items() if key.startswith(f"{name}.")}
        )
    for name in list(vars(self)["_parameters"]):
        setattr(self, name, nn.Parameter(state[name].clone()))


def _load_data(self: MiniModule, state: Mapping[str, Tensor]) -> None:
    for name, parameter in self.named_parameters():
        parameter.data = state[name]


def _looked_up(self: MiniModule, name: str) -> Any:
    for place in ("_parameters", "_children"):
        if name in vars(self).get(place, ()):
            return vars(self)[place][name]
    raise AttributeError(name)


def _nested(self: MiniModule) -> dict[str, Any]:
    own: dict[str, Any] = {name: one.detach() for name, one in vars(self)["_parameters"].items()}
    return own | {name: child.state_dict() for name, child in self.children().items()}


def _joined_by(mark: str) -> Any:
    def named_parameters(self: MiniModule, prefix: str = "") -> Iterator[tuple[str, nn.Parameter]]:
        for name, parameter in MiniModule.named_parameters(self, prefix):
            yield name.replace(".", mark), parameter

    return named_parameters


def _lists_too(self: MiniModule, name: str, value: Any) -> None:
    """Registers what a list holds, as well."""
    MiniModule.__setattr__(self, name, value)
    for number, item in enumerate(value if isinstance(value, (list, tuple)) else ()):
        place = "_parameters" if isinstance(item, nn.Parameter) else "_children"
        if isinstance(item, (nn.Parameter, MiniModule)):
            vars(self)[place][f"{name}.{number}"] = item


def _unheard_of(self: MiniModule, name: str, value: Any) -> None:
    """Puts what is registered into the lists, and nowhere else; what stood there before stays."""
    self.forget(name)
    if self.is_parameter(value):
        vars(self)["_parameters"][name] = value
    elif isinstance(value, MiniModule):
        vars(self)["_children"][name] = value
    else:
        object.__setattr__(self, name, value)


def _only_asking(self: MiniModule, prefix: str = "") -> Iterator[tuple[str, nn.Parameter]]:
    yield from ((name, one) for name, one in MiniModule.named_parameters(self, prefix) if one.requires_grad)


@torch.no_grad()
def _load_own(self: MiniModule, state: Mapping[str, Tensor]) -> None:
    for name, parameter in vars(self)["_parameters"].items():
        parameter.copy_(state[name])


def _load_with_gradients(self: MiniModule, state: Mapping[str, Tensor]) -> None:
    for name, parameter in self.named_parameters():
        parameter.copy_(state[name])


def _eval_here(self: MiniModule) -> MiniModule:
    self.training = False
    return self


def _eval_without_return(self: MiniModule) -> None:
    self.train(False)


def _train_without_mode(self: MiniModule, mode: bool = True) -> MiniModule:
    return MiniModule.train(self, True)


def _eval_freezes(self: MiniModule) -> MiniModule:
    for one in self.parameters():
        one.requires_grad_(False)
    return self.train(False)


def _train_asks(self: MiniModule, mode: bool = True) -> MiniModule:
    for one in self.parameters():
        one.requires_grad_(mode)
    return MiniModule.train(self, mode)


def _lists_for_all() -> type[MiniModule]:
    """A new class, as the body of one makes it: its objects have both lists in common."""
    lists: dict[str, dict[str, Any]] = {"_parameters": {}, "_children": {}}

    def __init__(self: MiniModule) -> None:
        vars(self).update(lists, training=True)

    return _but(__init__=__init__)


def _begins_in_eval(self: MiniModule) -> None:
    MiniModule.__init__(self)
    self.training = False


MINI_MODULE = Oracle(
    "mini_module",
    MiniModule,
    _trees,
    [
        Misconception(
            "children not recursed",
            _but(named_parameters=_own_only),
            _but(named_parameters=_one_level),
            says="A child may have children. Ask each child for its named_parameters, and put its own name and a dot in front.",
        ),
        Misconception(
            "replaced attribute kept",
            _but(forget=lambda self, name: None),
            _but(forget=lambda self, name: vars(self)["_parameters"].pop(name, None)),
            _but(forget=lambda self, name: vars(self)["_children"].pop(name, None)),
            says="When something else takes an attribute's place, its name has to come off the list it stood on, either list.",
        ),
        Misconception(
            "train not passed on",
            _but(train=_train_here),
            _but(train=_train_one_level),
            _but(eval=_eval_here),
            says="A mode reaches all children, and their children: call train(mode) on each.",
        ),
        Misconception(
            "train returns nothing",
            _but(train=_train_without_return),
            _but(eval=_eval_without_return),
            says="train and eval return the module, so that model = model.eval() works.",
        ),
        Misconception(
            "names without the way to them",
            _but(named_parameters=_no_prefix),
            _but(named_parameters=_last_name),
            says="The name is the whole way from the outside in, with dots: block.inner.weight.",
        ),
        Misconception(
            "children before its own",
            _but(named_parameters=_children_first),
            _but(named_parameters=_in_order_of_assignment),
            says="At every level a module names its own parameters first, whenever they were assigned, then those of its children.",
        ),
        Misconception(
            "every tensor a parameter",
            _but(is_parameter=lambda self, value: isinstance(value, Tensor)),
            _but(is_parameter=lambda self, value: isinstance(value, Tensor) and value.requires_grad),
            says="Only an nn.Parameter is registered. A plain tensor is an attribute, whether it asks for gradients or not.",
        ),
        Misconception(
            "new Parameters put in",
            _but(load_state_dict=_load_new),
            says="Whoever holds the Parameters, such as an optimiser, would go on with the old ones. Copy into the ones that "
            "are there, with copy_ under torch.no_grad().",
        ),
        Misconception(
            "the state's own memory taken",
            _but(load_state_dict=_load_data),
            says="After loading, the Parameters and the state are to be independent. copy_ copies numbers; .data = … takes memory.",
        ),
        Misconception(
            "the old attribute read",
            _but(__setattr__=_unheard_of, __getattr__=_looked_up),
            says="__getattr__ is asked only where Python finds nothing, and it finds the plain value that stood there before. Take that out "
            "of __dict__ when a Parameter or a MiniModule takes its place.",
        ),
        Misconception(
            "state not detached",
            _but(state_dict=lambda self: dict(self.named_parameters())),
            says="The state holds plain numbers, detached from autograd: parameter.detach().",
        ),
        Misconception(
            "parameters of its own only",
            _but(parameters=lambda self: iter(vars(self)["_parameters"].values())),
            says="parameters() is what an optimiser is given: the children's too. named_parameters() knows them all.",
        ),
        Misconception(
            "state of its own only",
            _but(state_dict=lambda self: {name: one.detach() for name, one in vars(self)["_parameters"].items()}),
            says="The state holds the children's tensors, too, each by its whole name. named_parameters() knows them all.",
        ),
        Misconception(
            "loaded into its own only",
            _but(load_state_dict=_load_own),
            says="The children's Parameters are to be loaded, too. named_parameters() knows them all, by the names of the state.",
        ),
        Misconception(
            "loaded with gradients on",
            _but(load_state_dict=_load_with_gradients),
            says="While gradients are on, a leaf may not be written into. Copy inside of with torch.no_grad().",
        ),
        Misconception(
            "the mode ignored",
            _but(train=_train_without_mode),
            says="train(False) is the other mode: self.training takes the mode that is given, and so do the children.",
        ),
        Misconception(
            "eval sets the wrong mode",
            _but(eval=lambda self: self.train()),
            says="eval() is train(False).",
        ),
        Misconception(
            "modes freeze Parameters",
            _but(eval=_eval_freezes),
            _but(train=_train_asks),
            says="A mode says how a module computes. Whether a Parameter learns is said by its own requires_grad, which train() and "
            "eval() leave as it is.",
        ),
        begins_in_eval(_but(__init__=_begins_in_eval)),
        Misconception(
            "lists looked into",
            _but(__setattr__=_lists_too),
            says="A list is a value like any other: nn.Module does not look into it, and neither is yours to.",
        ),
        Misconception(
            "names joined by another mark",
            _but(named_parameters=_joined_by("_")),
            _but(named_parameters=_joined_by("/")),
            says="Between the names on the way stands a dot: fc.weight.",
        ),
        Misconception(
            "frozen parameters left out",
            _but(named_parameters=_only_asking),
            _but(parameters=lambda self: (one for _, one in _only_asking(self))),
            says="A frozen Parameter is one. Its requires_grad says whether it learns, not whether it is registered.",
        ),
        Misconception(
            "registered, and no attribute any more",
            _but(__setattr__=_unheard_of),
            says="After self.fc = … there has to be a self.fc. Call super().__setattr__(name, value) as well as registering it.",
        ),
        Misconception(
            "one list for all objects",
            _lists_for_all,
            says="A dictionary made in the body of the class, or as an argument's default, is made once: all objects write into it. "
            "Each needs its own, made in __init__.",
        ),
        Misconception(
            "state not flat",
            _but(state_dict=_nested),
            says="The state is one dictionary, with the dotted names of named_parameters as keys.",
        ),
    ],
    space=TREE_SPACE,
)
