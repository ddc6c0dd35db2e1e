"""Chapter 06, `find_unregistered`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.registration.finding_space import FINDING_SPACE
from autograder.observing.case import Case

__all__ = ["FIND_UNREGISTERED", "Search"]

_OF_NN = frozenset(vars(nn.Module()))


class Search:
    """The search, with the ways to go wrong in it as switches. Called on a module it gives the sorted paths."""

    def __init__(
        self,
        *,
        deep: bool = True,
        containers: tuple[type, ...] = (list, tuple, dict),
        nested: bool = True,
        modules_in_containers: bool = True,
        buffers_in_containers: bool = True,
        inside_those: bool = True,
        known: Callable[[nn.Module], list[Any]] = lambda module: [
            *(*module.parameters(), *module.buffers(), *module.modules())
        ],
        buffers_looked_at: bool = False,
        counts: Callable[[Tensor], bool] = lambda tensor: True,
        order: Callable[[list[str]], list[str]] = sorted,
    ) -> None:
        self.deep, self.containers, self.nested = deep, containers, nested
        self.modules, self.buffers, self.inside = modules_in_containers, buffers_in_containers, inside_those
        self.looked_at = buffers_looked_at
        self.known, self.counts, self.order = known, counts, order

    def __call__(self, module: nn.Module) -> list[str]:
        """The paths of what is lost, sorted."""
        known = {id(one) for one in self.known(module)}
        found: list[str] = []
        for path, part in module.named_modules():
            if self.deep or not path:
                for name, value in [*_attributes(part), *(part._buffers.items() if self.looked_at else ())]:
                    found += self._look(value, f"{path}.{name}" if path else name, known, 0)
        return self.order(found)

    def _look(self, value: Any, path: str, known: set[int], level: int) -> Iterator[str]:
        if id(value) in known:
            return
        if isinstance(value, Tensor):
            if self.counts(value):
                yield path
        elif isinstance(value, nn.Module) and self.modules:
            yield from self._through(value, path, known)
        elif isinstance(value, self.containers) and (self.nested or level == 0):
            holder: Any = value
            items = holder.items() if isinstance(holder, dict) else enumerate(holder)
            for key, item in items:
                yield from self._look(item, f"{path}.{key}", known, level + 1)

    def _through(self, module: nn.Module, path: str, known: set[int]) -> Iterator[str]:
        own = [*module._parameters.items(), *(module._buffers.items() if self.buffers else ())]
        for name, value in [*own, *module._modules.items(), *(_attributes(module) if self.inside else ())]:
            yield from self._look(value, f"{path}.{name}", known, 0)


def _attributes(module: nn.Module) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in vars(module).items() if name not in _OF_NN]


def _modules(make: CaseMaker) -> list[Case]:
    a, b, c, d = make.sizes(4, 2, 6)
    layer, tensor = ("linear", a, b), ("tensor",)

    def case(name: str, shown: str, aspect: str = "", **attributes: Any) -> Case:
        return make.case(name, attributes=attributes, shown=shown, **({"aspect": aspect} if aspect else {}))

    def registered(name: str, shown: str, **attributes: Any) -> Case:
        return case(name, shown, "registered", **attributes)

    inner = {"weight": ("parameter",), "scale": tensor, "steps": ("list", tensor, ("value", 2))}
    return [
        case("a plain tensor beside a layer", "self.fc = nn.Linear(…), self.scale = a tensor", fc=layer, scale=tensor),
        case("one level down", "a tensor scale in self.block", block=("module", inner)),
        case(
            "tensors in a list",
            "self.scales = [tensor, 1.5, tensor]",
            fc=layer,
            scales=("list", tensor, ("value", 1.5), tensor),
        ),
        case(
            "layers in a list", "self.layers = [nn.Linear(…), nn.Linear(…)]", layers=("list", layer, ("linear", b, c))
        ),
        case(
            "tensors in a dictionary",
            'self.heads = {"a": tensor, "b": None, 3: tensor}',
            heads=("dict", {"a": tensor, "b": ("value", None), 3: tensor}),
            fc=layer,
        ),
        case(
            "a tuple, two levels down",
            "a tuple of tensors in self.body.block",
            body=("module", {"block": ("module", {"pair": ("tuple", tensor, tensor), "bias": ("parameter",)})}),
        ),
        case(
            "batch norm in a dictionary",
            'self.norms = {"a": nn.BatchNorm1d(…)}',
            fc=layer,
            norms=("dict", {"a": ("norm", c)}),
        ),
        case(
            "whatever asks for gradients",
            "a tensor that requires grad, a Parameter times a number, a list of Parameters",
            asking=("asking",),
            scaled=("scaled",),
            weights=("list", ("parameter",), ("parameter",)),
            weight=("parameter",),
        ),
        case(
            "lists in lists",
            "self.grid = [[tensor, tensor], (tensor, {…})]",
            grid=("list", ("list", tensor, tensor), ("tuple", tensor, ("dict", {"deep": tensor}))),
        ),
        case(
            "a module in a list, with all that it holds",
            "self.blocks = [a module with a buffer, a plain tensor, a layer and a list]",
            blocks=(
                "list",
                ("module", {"mean": ("buffer",), "scratch": ("scratch",), "fc": ("bare", a, d), **inner}),
                ("modules", layer),
            ),
        ),
        case(
            "layers in a tuple, in a list of lists",
            "self.pair = (nn.Linear(…), …), self.grid = [[nn.Linear(…)], …]",
            pair=("tuple", ("bare", a, b), ("value", "text")),
            grid=("list", ("list", ("bare", b, c)), ("list",), ("dict", {"x": ("list", ("norm", d))})),
        ),
        case(
            "one number, no numbers",
            "self.steps = torch.tensor(0), self.none = a tensor without elements",
            fc=layer,
            steps=("count",),
            none=("empty",),
            counts=("list", ("count",), ("empty",)),
        ),
        case(
            "deep down",
            "a tensor five levels down, and one in five lists",
            a=("module", {"b": ("module", {"c": ("module", {"d": ("module", {"e": tensor, "f": ("count",)})})})}),
            lists=("list", ("list", ("list", ("list", ("list", tensor))))),
        ),
        case(
            "registered and not in one list",
            "self.kept = [self.fc, nn.Linear(…), self.fc.weight, tensor]",
            fc=layer,
            kept=("list", ("of", "fc"), ("bare", b, d), ("of", "fc.weight"), tensor),
        ),
        case(
            "more than ten, in the order of text",
            "self.many = a list of twelve tensors, self._cache = a tensor",
            many=("list", *[tensor] * 12),
            _cache=tensor,
        ),
        case(
            "the same numbers as what is registered",
            "three zeros as a Parameter, as a buffer, and as plain tensors",
            weight=("parameter",),
            mean=("buffer",),
            copy=tensor,
            copies=("dict", {"of mean": tensor}),
        ),
        registered(
            "nothing is lost",
            "layers in layers",
            fc=layer,
            block=("module", {"fc": ("bare", c, d), "norm": ("norm", c)}),
        ),
        registered(
            "buffers, one of them not persistent", "two buffers", mean=("buffer",), scratch=("scratch",), fc=layer
        ),
        registered(
            "a list holds what is registered",
            "self.layers = [self.fc], self.tied = {…: self.fc.weight}, self.state = [self.scratch]",
            fc=layer,
            scratch=("scratch",),
            layers=("list", ("of", "fc")),
            tied=("dict", {"w": ("of", "fc.weight"), "b": ("of", "fc.bias")}),
            state=("list", ("of", "scratch")),
        ),
        registered(
            "lists that are modules",
            "nn.ModuleList and nn.ParameterList",
            stack=("modules", layer, ("norm", b)),
            weights=("parameters", ("parameter",), ("parameter",)),
        ),
        registered(
            "no tensors at all",
            "text, numbers, a function, an empty list",
            title=("value", "a name"),
            size=("value", (3, 4)),
            act=("function",),
            empty=("list",),
            words=("list", ("value", "some"), ("value", "words")),
        ),
    ]


def _by_state_dict(module: nn.Module) -> list[Any]:
    return [*module.state_dict(keep_vars=True).values(), *module.modules()]


class _Equal(Search):
    """Takes a tensor for registered when it holds the same numbers as one that is."""

    def _look(self, value: Any, path: str, known: set[int], level: int) -> Iterator[str]:
        if not isinstance(value, Tensor) or not any(_same_numbers(value, one) for one in self.registered):
            yield from super()._look(value, path, known, level)

    def __call__(self, module: nn.Module) -> list[str]:
        self.registered = [*module.parameters(), *module.buffers()]
        return super().__call__(module)


def _same_numbers(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and torch.equal(one.detach(), other.detach())


class _NotSaved(Search):
    """Adds the buffers that the state_dict does not have."""

    def __call__(self, module: nn.Module) -> list[str]:
        saved = module.state_dict()
        return sorted([*super().__call__(module), *(name for name, _ in module.named_buffers() if name not in saved)])


FIND_UNREGISTERED = Oracle(
    "find_unregistered",
    Search(),
    _modules,
    [
        Misconception(
            "top level only",
            Search(deep=False),
            Search(deep=False, containers=()),
            says="A module inside may have lost tensors as well. module.modules() gives all of them, the module itself first.",
        ),
        Misconception(
            "buffers reported",
            Search(known=lambda module: [*module.parameters(), *module.modules()]),
            Search(known=lambda module: [*module.parameters(), *module.modules()], buffers_looked_at=True),
            Search(known=_by_state_dict),
            Search(known=_by_state_dict, buffers_looked_at=True),
            _NotSaved(),
            lambda module: sorted({*Search()(module), *(name for name, _ in module.named_buffers())}),
            says="A buffer is registered, and so is one that is not persistent: it stands in buffers(), not in the state_dict.",
        ),
        Misconception(
            "lists missed",
            Search(containers=()),
            Search(containers=(dict,)),
            Search(containers=(list, dict)),
            says="Lists and tuples are plain attributes. Look at what is in them, each item under its number.",
        ),
        Misconception(
            "dictionaries missed",
            Search(containers=(list, tuple)),
            says="A dictionary is a plain attribute like a list. Look at its values, each under its key.",
        ),
        Misconception(
            "layers in lists missed",
            Search(modules_in_containers=False),
            says="A layer in a Python list is not registered, so none of its tensors is: layers.0.weight and layers.0.bias.",
        ),
        Misconception(
            "buffers of layers in lists missed",
            Search(buffers_in_containers=False),
            says="A module that is kept only in a list loses its buffers as well as its parameters.",
        ),
        Misconception(
            "only one level of lists",
            Search(nested=False),
            says="There may be a list in a list, or a dictionary in a tuple. The way in is the same each time: recursion.",
        ),
        Misconception(
            "plain tensors of layers in lists missed",
            Search(inside_those=False),
            says="A module in a list may hold plain tensors and lists of its own. Nobody registered those either.",
        ),
        Misconception(
            "reported although it is registered",
            Search(known=lambda module: [*module.modules()]),
            Search(known=lambda module: []),
            says="What a list holds may be registered elsewhere. Collect the id of everything registered, and leave it out.",
        ),
        Misconception(
            "compared by numbers",
            _Equal(),
            says="Two tensors may hold the same numbers and be two tensors. Ask whether one *is* the other: is, or id.",
        ),
        Misconception(
            "only what asks for gradients",
            Search(counts=lambda tensor: tensor.requires_grad),
            says="A tensor need not be learned to get lost. Constants and statistics have to be moved and saved, too.",
        ),
        Misconception(
            "nothing found",
            lambda module: [],
            says="named_parameters() and named_buffers() list what is registered. What is lost stands in vars(part) of each part.",
        ),
        Misconception(
            "names without the way to them",
            lambda module: sorted(path.rpartition(".")[2] for path in Search()(module)),
            says="A path is the whole way from the outside in, with dots: block.inner.scale.",
        ),
        Misconception(
            "not sorted",
            Search(order=lambda found: found),
            says="The paths are to come sorted, as text: sorted(…).",
        ),
    ],
    space=FINDING_SPACE,
)
