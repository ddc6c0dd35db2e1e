"""Chapter 09, `call_with`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.shining.lending import SPACE, lendings
from autograder.authoring.oracles.shining.lent_wrongly import (
    another_error,
    anything,
    as_a_copy,
    as_a_parameter,
    asked_on_the_way,
    copied,
    data_exchanged,
    every_name,
    half_a_name,
    lent,
    loaded,
    loaded_and_back,
    loaded_and_back_unless_it_breaks,
    on_a_copy,
    only_at_the_top,
    only_parameters,
    only_saved,
    parameters_set_as_attributes,
    refuse,
    registered_anew,
    set_as_attributes,
    top_level_only,
    unasked,
)

__all__ = ["CALL_WITH"]


def call_with(module: nn.Module, tensors: dict[str, Tensor], x: Tensor) -> Any:
    """Torch's own, once the names are known."""
    refuse(module, tensors)
    return functional_call(module, tensors, (x,))


CALL_WITH = Oracle(
    "call_with",
    call_with,
    lendings,
    [
        Misconception(
            "values copied into the module",
            loaded,
            loaded_and_back,
            loaded_and_back_unless_it_breaks,
            copied(restored=False),
            copied(restored=True),
            copied(restored=True, seen=False),
            copied(restored=True, check=anything),
            copied(restored=True, everything=False),
            copied(restored=True, everything=False, seen=False),
            data_exchanged,
            says="A copy takes the numbers and leaves their history behind: no gradient reaches your tensors. "
            "The tensor itself has to stand where the module looks for it.",
        ),
        Misconception(
            "not restored",
            lent(back=False),
            lent(back=False, check=anything),
            set_as_attributes,
            parameters_set_as_attributes,
            says="Your tensors are still in the module afterwards, and its own Parameters are gone. Keep what was there, "
            "and put it back when the module has run.",
        ),
        Misconception(
            "another object put back",
            *(lent(again=way, check=check) for way in (as_a_parameter, as_a_copy) for check in (refuse, anything)),
            says="The numbers are back, but in new tensors: an optimiser holds the old Parameters, and trains what nobody uses any more. "
            "Keep the object itself that was there, and put that back.",
        ),
        Misconception(
            "not restored after an error",
            lent(whatever_happens=False),
            lent(whatever_happens=False, check=anything),
            says="When the module raises an error, the lines after the call never run. try … finally puts everything back, "
            "whatever happens.",
        ),
        Misconception(
            "top level only",
            top_level_only,
            lent(chosen=lambda module, name: "." not in name),
            lent(check=only_at_the_top),
            says="A name such as fc.weight has a way in it: first the submodule fc, then weight in there.",
        ),
        Misconception(
            "a typo ignored",
            lent(check=anything),
            says="A name that the module does not have is a mistake, and nobody hears of it: the module uses its own tensor. "
            "Raise a KeyError that names it.",
        ),
        Misconception(
            "gradient cut",
            lent(entry=Tensor.detach),
            lent(entry=Tensor.detach, check=anything),
            lent(entry=lambda one: nn.Parameter(one, requires_grad=one.is_floating_point())),
            lent(entry=lambda one: nn.Parameter(one, requires_grad=one.is_floating_point()), check=anything),
            *(
                lent(of_parameters=cut, check=check, whatever_happens=whatever_happens)
                for cut in (nn.Parameter, Tensor.detach)
                for check in (refuse, anything)
                for whatever_happens in (True, False)
            ),
            lent(call=torch.no_grad()(lambda module, x: module(x))),
            says="nn.Parameter(tensor), detach, .data and no_grad cut the graph: the module has your numbers, but no gradient "
            "comes back to your tensors.",
        ),
        Misconception(
            "put back in another order",
            lent(again=registered_anew),
            says="What is deleted and set again stands at the end of its dictionary: parameters() gives another order then, "
            "and an optimiser's state goes to the wrong ones. Exchange the entry without deleting it.",
        ),
        Misconception(
            "forward called past the hooks",
            lent(call=lambda module, x: module.forward(x)),
            says="module.forward(x) goes past the module's hooks. module(x) is what was asked for.",
        ),
        Misconception(
            "buffers left out",
            lent(check=only_parameters),
            lent(chosen=lambda module, name: name in dict(module.named_parameters())),
            says="A module has buffers, too, and the dictionary may hold them: module.named_buffers() has their names.",
        ),
        Misconception(
            "only what is saved",
            lent(check=only_saved),
            says="A state_dict misses buffers that are not persistent. named_parameters() and named_buffers() have every name.",
        ),
        Misconception(
            "buffers updated in a copy",
            lent(entry=lambda one: one if one.requires_grad else one.clone()),
            lent(entry=Tensor.clone),
            says="Batch norm writes its new statistics into the tensor that it finds. With a clone, the dictionary's own never "
            "hears of them.",
        ),
        Misconception(
            "no gradient for what is not lent",
            on_a_copy,
            says="Names left out are the module's own tensors, and their gradients reach them. Those of a deepcopy are others, and "
            "detach cuts the way back.",
        ),
        Misconception(
            "every name asked for",
            lent(check=every_name),
            says="Names may be left out. Then the module's own tensor is used.",
        ),
        Misconception(
            "asked too late",
            asked_on_the_way(back=False),
            says="The unknown name is found when others are exchanged already, and those stay. Ask about all names first.",
        ),
        Misconception(
            "not the whole name",
            lent(check=half_a_name),
            says="The KeyError has to say the whole dotted name: a model may have a weight in a hundred places.",
        ),
        Misconception(
            "another error than a KeyError",
            lent(check=another_error(ValueError)),
            lent(check=another_error(AttributeError)),
            lent(check=another_error(RuntimeError)),
            says="A name that is not there is a KeyError, as in a dictionary.",
        ),
        Misconception(
            "names never asked about",
            unasked,
            says="get_submodule raises an AttributeError, and a dictionary names only its own part. Ask about all names "
            "first, and raise a KeyError that says the whole name.",
        ),
    ],
    space=SPACE,
)
