"""Chapter 08, `load_partly`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.training.part_space import PART_SPACE
from autograder.observing.case import Case

__all__ = ["LOAD_PARTLY"]

State = dict[str, Tensor]
Names = tuple[tuple[str, ...], tuple[str, ...]]


def _fitting(own: Mapping[str, Tensor], state_dict: Mapping[str, Tensor]) -> list[str]:
    return [name for name, one in state_dict.items() if name in own and own[name].shape == one.shape]


def _names(loaded: Iterable[str], state_dict: Mapping[str, Any]) -> Names:
    found = set(loaded)
    return tuple(sorted(found)), tuple(sorted(set(state_dict) - found))


def _load(model: nn.Module, state_dict: State) -> Names:
    own = model.state_dict()
    fitting = _fitting(own, state_dict)
    if not fitting:
        raise ValueError(f"nothing of {list(state_dict)} fits into {list(own)}")
    with torch.no_grad():
        for name in fitting:
            own[name].copy_(state_dict[name])
    return _names(fitting, state_dict)


def _state_dicts(make: CaseMaker) -> list[Case]:
    a, b, c, d = make.sizes(4, 2, 7)
    plain = (("linear", a, b), ("relu",), ("linear", b, c))
    normed = (("conv", 2, b, 3), ("norm", b), ("nest", ("relu",), ("linear", a, c)))
    norm = {"1.weight": (b,), "1.bias": (b,), "1.running_mean": (b,), "1.running_var": (b,)}

    def case(
        name: str,
        layers: Sequence[tuple[Any, ...]],
        entries: Mapping[str, tuple[int, ...] | Tensor],
        *,
        dtype: torch.dtype = torch.float32,
        of: torch.dtype | None = None,
        fits: bool = True,
        **more: Any,
    ) -> Case:
        """``entries`` are tensors, or sizes of tensors that are drawn, of dtype ``of``."""
        state_dict = {
            key: one if isinstance(one, Tensor) else make.normal(*one, dtype=of or dtype)
            for key, one in entries.items()
        }
        sizes = ", ".join(f"{key} {tuple(one.shape)}" for key, one in state_dict.items())
        inputs = {"evaluating": (), "trained": False, "shown": f"state_dict: {sizes or 'empty'}", **more}
        return make.case(
            name, layers=tuple(layers), seed=make.seed(), dtype=dtype, state_dict=state_dict, fits=fits, **inputs
        )

    four = {"2.weight": (c, b), "0.bias": (b,), "2.bias": (c,), "0.weight": (b, a)}
    return [
        case("one layer, both entries fit", (("linear", a, b),), {"0.weight": (b, a), "0.bias": (b,)}),
        case("a head for another number of classes", plain, {**four, "2.weight": (c + 1, b), "2.bias": (c + 1,)}),
        case("some names under a prefix", plain, {"module.0.weight": (b, a), "0.bias": (b,), "module.2.bias": (c,)}),
        case("batch norm has buffers too", normed, {**norm, "1.num_batches_tracked": torch.tensor(make.integer(2, 99))}),
        case("a part deeper down", normed, {"2.1.weight": (c, a), "2.1.bias": (c,), "2.weight": (c, a), "1.weight": (b,)}),
        case("the entries are float64", plain, four, of=torch.float64),
        case("whole numbers as entries", normed, {"1.running_mean": make.small_integers(b, dtype=torch.int64)}),
        case(
            "shapes that only broadcast, or hold as many numbers",
            plain,
            {"0.weight": (1, a), "0.bias": (), "2.weight": (b, c), "2.bias": (c, 1), "0.extra": (b,)} | {"2.bias": (c,)},
        ),
        case("one number is not one number", (("linear", 1, 1),), {"0.weight": (1, 1), "0.bias": ()}),
        case("a frozen layer, parts in eval mode", (*plain, ("freeze", 0)), four, dtype=torch.float64, evaluating=("", "1")),
        case("entries that are another module's parameters", plain, {**four, "3.weight": (d,)}, trained=True),
        case(
            "entries stored in another order, behind an offset",
            plain,
            {"0.weight": make.scattered(make.normal(b, a)), "2.bias": make.scattered(make.normal(c))},
            dtype=torch.float64,
        ),
        case("nothing fits: every name has a prefix", plain, {f"module.{key}": size for key, size in four.items()}, fits=False),
        case("nothing fits: every shape differs", plain, {"0.weight": (a, b), "0.bias": (b + 1,)}, fits=False),
        case("nothing fits: there is no entry", plain, {}, fits=False),
        case("one layer of the same size, other numbers", (("linear", a, b),), {"0.weight": (b, a), "0.bias": (b,)}),
    ]  # fmt: skip


def _not_strict(model: nn.Module, state_dict: State) -> Names:
    found = model.load_state_dict(state_dict, strict=False)
    return _names(set(state_dict) - set(found.unexpected_keys), state_dict)


def _not_strict_and_asked(model: nn.Module, state_dict: State) -> Names:
    loaded, skipped = _not_strict(model, state_dict)
    if not loaded:
        raise ValueError("nothing fits")
    return loaded, skipped


def _new_parameters(
    model: nn.Module, state_dict: State, through_state: bool = False, own_dtype: bool = True, cloned: bool = True
) -> Names:
    own = model.state_dict()
    fitting = _fitting(own, state_dict)
    if not fitting:
        raise ValueError("nothing fits")
    for name in fitting:
        path, _, last = name.rpartition(".")
        part = model.get_submodule(path)
        if last in part._parameters:
            entry = state_dict[name].detach()
            entry = entry.to(own[name].dtype) if own_dtype else entry
            part._parameters[last] = nn.Parameter(entry.clone() if cloned else entry)
        else:
            (own[name] if through_state else getattr(part, last)).copy_(state_dict[name])
    return _names(fitting, state_dict)


def _assigned(model: nn.Module, state_dict: State) -> Names:
    fitting = _fitting(model.state_dict(), state_dict)
    if not fitting:
        raise ValueError("nothing fits")
    model.load_state_dict({name: state_dict[name] for name in fitting}, strict=False, assign=True)
    return _names(fitting, state_dict)


def _other_memory(model: nn.Module, state_dict: State) -> Names:
    own = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    fitting = _fitting(own, state_dict)
    if not fitting:
        raise ValueError("nothing fits")
    for name in fitting:
        own[name].data = state_dict[name].detach().to(own[name].dtype).clone()
    return _names(fitting, state_dict)


def _parameters_only(model: nn.Module, state_dict: State) -> Names:
    own = dict(model.named_parameters())
    fitting = _fitting(own, state_dict)
    if not fitting:
        raise ValueError("nothing fits")
    with torch.no_grad():
        for name in fitting:
            own[name].copy_(state_dict[name])
    return _names(fitting, state_dict)


def _by_size(model: nn.Module, state_dict: State) -> Names:
    own = model.state_dict()
    fitting = [name for name, one in state_dict.items() if name in own and own[name].numel() == one.numel()]
    if not fitting:
        raise ValueError("nothing fits")
    for name in fitting:
        own[name].copy_(state_dict[name].detach().reshape(own[name].shape))
    return _names(fitting, state_dict)


def _never_refused(model: nn.Module, state_dict: State) -> Names:
    own = model.state_dict()
    fitting = _fitting(own, state_dict)
    for name in fitting:
        own[name].copy_(state_dict[name].detach())
    return _names(fitting, state_dict)


def _names_missed(model: nn.Module, state_dict: State) -> Names:
    loaded, _ = _load(model, state_dict)
    return loaded, tuple(sorted(set(model.state_dict()) - set(loaded)))


def _unsorted(model: nn.Module, state_dict: State) -> Names:
    loaded, skipped = _load(model, state_dict)
    return tuple(name for name in state_dict if name in loaded), tuple(name for name in state_dict if name in skipped)


def _another_error(kind: type[Exception]) -> Callable[[nn.Module, State], Names]:
    def answer(model: nn.Module, state_dict: State) -> Names:
        try:
            return _load(model, state_dict)
        except ValueError:
            raise kind("nothing fits") from None

    return answer


def _answering(change: Callable[[Any, Any], Any]) -> Callable[[nn.Module, State], Any]:
    return lambda model, state_dict: change(*_load(model, state_dict))


def _only_named(model: nn.Module, state_dict: State) -> Names:
    """As what is put into the dictionary that state_dict() makes: the model hears nothing of it."""
    fitting = _fitting(model.state_dict(), state_dict)
    if not fitting:
        raise ValueError("nothing fits")
    return _names(fitting, state_dict)


def _prefix_forgiven(model: nn.Module, state_dict: State) -> Names:
    return _load(model, {name.removeprefix("module."): one for name, one in state_dict.items()})


def _where_it_broadcasts(model: nn.Module, state_dict: State) -> Names:
    own, loaded = model.state_dict(), []
    for name, one in state_dict.items():
        try:
            own[name].copy_(one.detach())
            loaded.append(name)
        except (KeyError, RuntimeError):
            continue
    if not loaded:
        raise ValueError("nothing fits")
    return _names(loaded, state_dict)


def _same_dtype(model: nn.Module, state_dict: State) -> Names:
    own = model.state_dict()
    fitting = [name for name in _fitting(own, state_dict) if own[name].dtype == state_dict[name].dtype]
    if not fitting:
        raise ValueError("nothing fits")
    for name in fitting:
        own[name].copy_(state_dict[name].detach())
    return _names(fitting, state_dict)


def _in_eval(model: nn.Module, state_dict: State) -> Names:
    model.eval()
    return _load(model, state_dict)


LOAD_PARTLY = Oracle(
    "load_partly",
    _load,
    _state_dicts,
    [
        Misconception(
            "strict=False believed to be enough",
            _not_strict,
            _not_strict_and_asked,
            says="strict=False forgives names, not shapes: an entry whose shape differs raises all the same. And where no name "
            "fits, it loads nothing and raises nothing. Choose what fits first, and say it when that is nothing.",
        ),
        Misconception(
            "new Parameters put in",
            _new_parameters,
            lambda model, state_dict: _new_parameters(model, state_dict, through_state=True),
            lambda model, state_dict: _new_parameters(model, state_dict, own_dtype=False),
            lambda model, state_dict: _new_parameters(model, state_dict, through_state=True, cloned=False),
            _assigned,
            says="The values are right, in other tensors. An optimiser made before holds the old ones and goes on stepping them. "
            "Copy into the tensors that the model has: copy_, under torch.no_grad().",
        ),
        Misconception(
            "other memory under the same Parameters",
            _other_memory,
            says="p.data = … keeps the Parameter and changes the memory under it. Whoever looked into the old memory sees "
            "nothing of it. copy_ writes into the memory that is there.",
        ),
        Misconception(
            "buffers forgotten",
            _parameters_only,
            says="A state_dict holds buffers, too: batch norm's running statistics, which named_parameters does not list.",
        ),
        Misconception(
            "as many numbers taken for the same shape",
            _by_size,
            says="A weight (2, 3) and one of (3, 2) hold as many numbers and mean different things. Compare the shapes.",
        ),
        Misconception(
            "nothing loaded and nothing said",
            _never_refused,
            says="A prefix on all names, and the network trains from nothing without a word. Where no entry fits, raise a "
            "ValueError.",
        ),
        Misconception(
            "skipped are what the model misses",
            _names_missed,
            says="The second tuple names the entries of state_dict that were not used, not the model's tensors that got nothing.",
        ),
        Misconception(
            "another error than a ValueError",
            _another_error(KeyError),
            _another_error(RuntimeError),
            says="Where nothing fits, a ValueError is asked for: the state_dict is of the right kind, and wrong in what it holds.",
        ),
        Misconception(
            "the two exchanged",
            _answering(lambda loaded, skipped: (skipped, loaded)),
            says="First the names that were loaded, then those that were skipped.",
        ),
        Misconception(
            "numbers for names",
            _answering(lambda loaded, skipped: (len(loaded), len(skipped))),
            says="Which they are is asked for, not how many: two sorted tuples of names.",
        ),
        Misconception(
            "nothing handed back",
            _answering(lambda loaded, skipped: None),
            says="All is loaded, and the function says nothing: it is to answer (loaded, skipped).",
        ),
        Misconception(
            "nothing copied",
            _only_named,
            says="The names are right, and the model is as it was. state_dict() makes a new dictionary of the model's tensors: what "
            "is put into it never reaches the model. copy_ writes into its tensors.",
        ),
        Misconception(
            "a prefix forgiven",
            _prefix_forgiven,
            says="A name under a prefix is another name, and is skipped. Whoever calls decides what it might mean.",
        ),
        Misconception(
            "copied wherever it broadcasts",
            _where_it_broadcasts,
            says="copy_ stretches a smaller tensor over a larger one without a word. Compare the shapes before you copy.",
        ),
        Misconception(
            "the dtypes compared, too",
            _same_dtype,
            says="A float64 entry fits into a float32 tensor: copy_ changes the dtype. Only name and shape decide.",
        ),
        Misconception(
            "mode changed",
            _in_eval,
            says="Loading has nothing to do with the mode: leave it as it is.",
        ),
        Misconception(
            "names in the order of the file",
            _unsorted,
            says="Both tuples are asked for sorted, so that two files with the same entries give the same answer.",
        ),
    ],
    space=PART_SPACE,
)
