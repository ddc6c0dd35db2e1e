"""What TinyCNN's two builds hold: the plan of the course, or what is read from a real module and dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from course.network.memory import memory_of

__all__ = ["TENSORS", "Card", "Step", "cards", "extra_names", "flow", "module_steps", "registered", "shared_names"]

TENSORS = {"conv.weight": (16, 3, 3, 3), "conv.bias": (16,), "fc.weight": (10, 16 * 32 * 32), "fc.bias": (10,)}

# What the forward of torch's own modules calls; a subclass may do something else.
_WRAPS: dict[type[nn.Module], str] = {
    nn.Conv2d: "F.conv2d",
    nn.ReLU: "F.relu",
    nn.Flatten: "x.flatten",
    nn.Linear: "F.linear",
}

# What moves through the network, in both builds: where we are, and the shape there. N is the size of the batch.
flow: tuple[tuple[str, tuple[str | int, ...]], ...] = (
    ("images", ("N", 3, 32, 32)),
    ("after conv", ("N", 16, 32, 32)),
    ("after relu", ("N", 16, 32, 32)),
    ("after flatten", ("N", 16 * 32 * 32)),
    ("logits", ("N", 10)),
)


@dataclass(frozen=True)
class Card:
    """One of TinyCNN's four tensors: its name, the shape it should have, and what was found under the name.

    ``shape`` is None where nothing usable was found, and then ``remark`` says what there was instead.

    >>> Card("conv.bias", (16,), (8,), "float32").fits
    False
    """

    name: str
    planned: tuple[int, ...]
    shape: tuple[int, ...] | None
    dtype: str = ""
    remark: str = ""

    @property
    def numel(self) -> int:
        """How many numbers the tensor holds; 0 where there is no tensor."""
        return 0 if self.shape is None else prod(self.shape)

    @property
    def fits(self) -> bool:
        """Whether the tensor is there and has the planned shape."""
        return self.shape == self.planned


@dataclass(frozen=True)
class Step:
    """One step of the build with modules: the module's name and its code, or ``name=None`` where there is none.

    ``wraps`` is the function that the module's own ``forward`` calls, where torch's source says so.
    """

    name: str | None
    code: str
    wraps: str = ""


def cards(found: Mapping[str, object] | None) -> tuple[Card, ...]:
    """TinyCNN's four tensors as they are in ``found``; as they are planned when ``found`` is None.

    >>> import torch
    >>> cards({"conv.bias": torch.zeros(16, dtype=torch.float64)})[1]
    Card(name='conv.bias', planned=(16,), shape=(16,), dtype='float64', remark='')
    >>> cards({})[0].remark
    'missing'
    """
    if found is None:
        return tuple(Card(name, shape, shape, "float32") for name, shape in TENSORS.items())
    return tuple(_card(name, shape, found) for name, shape in TENSORS.items())


def _card(name: str, planned: tuple[int, ...], found: Mapping[str, object]) -> Card:
    if name not in found:
        return Card(name, planned, None, remark="missing")
    value = found[name]
    if not isinstance(value, Tensor):
        return Card(name, planned, None, remark=f"no tensor: {type(value).__name__}")
    if is_lazy(value):
        return Card(name, planned, None, remark="lazy: no shape yet")
    return Card(name, planned, tuple(value.shape), str(value.dtype).removeprefix("torch."))


def extra_names(found: Mapping[str, object] | None) -> tuple[str, ...]:
    """The names in ``found`` that TinyCNN does not have.

    >>> extra_names({"fc.bias": 1, "head.bias": 2})
    ('head.bias',)
    """
    return tuple(str(name) for name in found or () if name not in TENSORS)


def registered(model: nn.Module) -> dict[str, Tensor]:
    """The parameters that ``model`` has registered, by name; a shared one stands under each of its names.

    >>> list(registered(nn.Linear(2, 3)))
    ['weight', 'bias']
    """
    return dict(model.named_parameters(remove_duplicate=False))


def module_steps(model: nn.Module | None) -> tuple[Step, Step, Step, Step]:
    """The four steps of the build with modules: conv, relu, flatten, fc, read from ``model``'s children.

    A model may do relu and flatten in ``forward`` with functions; then there is no module to name.

    >>> module_steps(nn.Sequential())[1].name is None
    True
    """
    if model is None:
        return (
            Step("conv", "nn.Conv2d(3, 16, kernel_size=3, padding=1)", "F.conv2d"),
            Step("relu", "nn.ReLU()", "F.relu"),
            Step("flatten", "nn.Flatten()", "x.flatten"),
            Step("fc", "nn.Linear(16 * 32 * 32, 10)", "F.linear"),
        )
    children = dict(model.named_children())
    return (
        _named(children, "conv"),
        _of_kind(children, nn.ReLU, "forward may call F.relu"),
        _of_kind(children, nn.Flatten, "forward may call x.flatten(1)"),
        _named(children, "fc"),
    )


def _named(children: Mapping[str, nn.Module], name: str) -> Step:
    if name in children:
        return _step(name, children[name])
    return Step(None, f"no module is called {name}")


def _of_kind(children: Mapping[str, nn.Module], kind: type[nn.Module], otherwise: str) -> Step:
    for name, child in children.items():
        if isinstance(child, kind):
            return _step(name, child)
    return Step(None, otherwise)


def _step(name: str, module: nn.Module) -> Step:
    return Step(name, " ".join(repr(module).split()), _WRAPS.get(type(module), ""))


def shared_names(model: Mapping[str, object], params: Mapping[str, object]) -> tuple[str, ...]:
    """Those of the four names under which both hold the same memory.

    >>> import torch
    >>> one = torch.zeros(16)
    >>> shared_names({"conv.bias": one}, {"conv.bias": one.detach()})
    ('conv.bias',)
    """
    return tuple(name for name in TENSORS if _same_memory(model.get(name), params.get(name)))


def _same_memory(one: object, other: object) -> bool:
    if not isinstance(one, Tensor) or not isinstance(other, Tensor) or is_lazy(one) or is_lazy(other):
        return False
    return one is other or (memory_of(one) is not None and memory_of(one) == memory_of(other))
