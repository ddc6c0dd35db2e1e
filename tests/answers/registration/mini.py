"""Chapter 06, `mini_module`: right answers in other styles, and known misconceptions in other words."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class Separate:
    """Attributes live in the lists only, as in nn.Module: reading goes through ``__getattr__``."""

    def __init__(self) -> None:
        self.__dict__["params"] = {}
        self.__dict__["mods"] = {}
        self.training = True

    def __setattr__(self, name: str, value: Any) -> None:
        for place in (self.params, self.mods, self.__dict__):
            place.pop(name, None)
        if isinstance(value, nn.Parameter):
            self.params[name] = value
        elif isinstance(value, Separate):
            self.mods[name] = value
        else:
            self.__dict__[name] = value

    def __getattr__(self, name: str) -> Any:
        for place in ("params", "mods"):
            if name in self.__dict__.get(place, {}):
                return self.__dict__[place][name]
        raise AttributeError(name)

    def named_parameters(self) -> Any:
        own = list(self.params.items())
        inside = [(f"{name}.{key}", one) for name, child in self.mods.items() for key, one in child.named_parameters()]
        return own + inside

    def parameters(self) -> Any:
        return (one for _, one in self.named_parameters())

    def state_dict(self) -> Any:
        return {name: one.detach().clone() for name, one in self.named_parameters()}

    def load_state_dict(self, state: Any, strict: bool = True) -> str:
        own = dict(self.named_parameters())
        for name in state:
            own[name].data.copy_(state[name])
        return "loaded"

    def train(self, mode: bool = True) -> Any:
        self.training = mode
        [child.train(mode) for child in self.mods.values()]
        return self

    def eval(self) -> Any:
        return self.train(mode=False)


class Scanning:
    """No lists at all: what is registered is read off the attributes each time."""

    def __init__(self) -> None:
        self.training = True

    def _of(self, kind: type) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if isinstance(value, kind)}

    def named_parameters(self, prefix: str = "") -> Any:
        found = {prefix + name: one for name, one in self._of(nn.Parameter).items()}
        for name, child in self._of(Scanning).items():
            found.update(child.named_parameters(prefix + name + "."))
        return found.items()

    def parameters(self) -> Any:
        return list(dict(self.named_parameters()).values())

    def state_dict(self) -> Any:
        return {name: one.data for name, one in self.named_parameters()}

    def load_state_dict(self, state: Any) -> None:
        for name, one in self.named_parameters():
            with torch.no_grad():
                one[...] = state[name]

    def _walk(self) -> Any:
        yield self
        for child in self._of(Scanning).values():
            yield from child._walk()

    def train(self, mode: bool = True) -> Any:
        for part in self._walk():
            part.training = mode
        return self

    def eval(self) -> Any:
        return self.train(False)


class OneList:
    """One list for both kinds; parameters before children by sorting on the kind."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = super().__new__(cls)
        object.__setattr__(self, "entries", {})
        object.__setattr__(self, "training", True)
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, nn.Parameter | OneList):
            self.entries.pop(name, None)
            self.entries[name] = value
        elif name in self.entries:
            del self.entries[name]
        super().__setattr__(name, value)

    def named_parameters(self) -> Any:
        for name, value in sorted(self.entries.items(), key=lambda entry: isinstance(entry[1], OneList)):
            if isinstance(value, OneList):
                for key, parameter in value.named_parameters():
                    yield f"{name}.{key}", parameter
            else:
                yield name, value

    def parameters(self) -> Any:
        yield from (pair[1] for pair in self.named_parameters())

    def state_dict(self) -> Any:
        with torch.no_grad():
            return {name: parameter.clone() for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: Any) -> None:
        for name, value in self.entries.items():
            if isinstance(value, OneList):
                value.load_state_dict({k.split(".", 1)[1]: v for k, v in state.items() if k.startswith(name + ".")})
            else:
                value.detach().copy_(state[name])

    def train(self, mode: bool = True) -> Any:
        object.__setattr__(self, "training", mode)
        for value in self.entries.values():
            if isinstance(value, OneList):
                value.train(mode)
        return self

    def eval(self) -> Any:
        self.train(False)
        return self


class Listed(Separate):
    """Derived from a class of its own; pairs as a list, with a prefix as an option."""

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Any:
        pairs = [*self.params.items()]
        for name, child in self.mods.items() if recurse else ():
            pairs.extend((".".join((name, key)), one) for key, one in child.named_parameters())
        return [(prefix + name, one) for name, one in pairs]


class WithMore(Scanning):
    """More than was asked for."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.forward(*args, **kwargs)

    def forward(self, x: Any) -> Any:
        return x

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)

    def zero_grad(self) -> None:
        for parameter in self.parameters():
            parameter.grad = None


class ByData(Separate):
    """Values are copied, and laid under the Parameters that are there."""

    def load_state_dict(self, state: Any, strict: bool = True) -> str:
        for name, one in self.named_parameters():
            one.data = state[name].detach().clone()
        return "loaded"


MINI = [Separate, Scanning, OneList, Listed, WithMore, ByData]


class Shallow(Scanning):
    def named_parameters(self, prefix: str = "") -> Any:
        return {prefix + name: one for name, one in self._of(nn.Parameter).items()}.items()


class Sticky(Separate):
    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, nn.Parameter):
            self.params[name] = value
        if isinstance(value, Separate):
            self.mods[name] = value
        self.__dict__[name] = value


class Selfish(Scanning):
    def train(self, mode: bool = True) -> Any:
        self.training = mode
        return self


class Renewing(Separate):
    def load_state_dict(self, state: Any, strict: bool = True) -> Any:
        for name in [*self.params]:
            self.params[name] = nn.Parameter(state[name].detach().clone())
        for name, child in self.mods.items():
            child.load_state_dict(
                {key[len(name) + 1 :]: one for key, one in state.items() if key.startswith(f"{name}.")}
            )


MINI_WRONG = [
    ("mini_module", "children not recursed", Shallow),
    ("mini_module", "replaced attribute kept", Sticky),
    ("mini_module", "train not passed on", Selfish),
    ("mini_module", "new Parameters put in", Renewing),
]
