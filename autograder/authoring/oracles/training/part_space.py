"""Chapter 08, `load_partly`: what its contract lets vary."""

from __future__ import annotations

import torch

from autograder.authoring.cases import CaseMaker
from autograder.authoring.space import FLOATS, Chosen, Space, fits
from autograder.observing.case import Case

__all__ = ["PART_SPACE"]

# The tensors of the network that is loaded into; its batch norm has running statistics.
_LAYERS = (("conv", 2, 3, 2), ("norm", 3), ("nest", ("linear", 4, 5)))
_SIZES = {"0.weight": (3, 2, 2, 2), "1.running_mean": (3,), "1.bias": (3,), "2.0.weight": (5, 4)}
_AS = (
    "as it is",
    "left out",
    "under a prefix",
    "with one number more",
    "with one dimension more",
    "with its sizes the other way round",
)


def _entry(make: CaseMaker, one: Chosen, name: str, how: str) -> dict[str, object]:
    size = {
        "with one number more": (*_SIZES[name][:-1], _SIZES[name][-1] + 1),
        "with one dimension more": (1, *_SIZES[name]),
        "with its sizes the other way round": tuple(reversed(_SIZES[name])),
    }.get(how, _SIZES[name])
    layout = one.layout if fits(one.layout, size) else "contiguous"
    key = f"module.{name}" if how == "under a prefix" else name
    return {} if how == "left out" else {key: make.drawn(*size, layout=layout, dtype=one.of)}


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    state_dict: dict[str, object] = {}
    for name, how in (("2.0.weight", one.weight), ("1.running_mean", one.buffer), ("0.weight", one.filters)):
        state_dict |= _entry(make, one, name, how)
    state_dict |= _entry(make, one, "1.bias", "as it is")  # so that something fits
    if one.counted:
        state_dict["1.num_batches_tracked"] = torch.tensor(make.integer(2, 99))
    frozen = {"nothing": (), "the filters": (("freeze", 0),), "batch norm": (("freeze", 1),)}[one.frozen]
    return make.case(
        layers=(*_LAYERS, *frozen), seed=make.seed(), dtype=one.dtype, state_dict=state_dict, fits=True,
        evaluating=("", "0", "1", "2", "2.0") if one.mode == "eval" else (), trained=one.trained,
    )  # fmt: skip


PART_SPACE = Space(
    _drawn,
    weight=_AS,
    filters=_AS[:4],
    buffer=_AS[:5],
    counted=(True, False),
    of=(torch.float64, torch.float32, torch.bfloat16, torch.int64),
    dtype=FLOATS,
    layout=("contiguous", "behind an offset", "dimensions in another order", "expanded"),
    trained=(False, True),
    frozen=("nothing", "the filters", "batch norm"),
    mode=("training", "eval"),
    words={
        "weight": "the linear weight is in the file {}",
        "filters": "the filters are in the file {}",
        "buffer": "the running mean is in the file {}",
        "counted": "the number of batches is in the file: {}",
        "of": "the entries are {}",
        "layout": "the entries lie in memory like this: {}",
        "trained": "the entries ask for gradients: {}",
        "frozen": "what is frozen is {}",
        "mode": "the model is in {} mode",
    },
)
