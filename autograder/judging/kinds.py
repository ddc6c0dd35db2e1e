"""Answers of the wrong kind: another thing handed in than was asked, another thing given back, names that are missing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from autograder.judging import sentences
from autograder.judging.compare import MISSING, Difference, aspect_of
from autograder.judging.reference import Reference
from autograder.judging.sides import both_sides
from autograder.observing.codec import Drawn, Listed, Other, Projection, Raised, Uniform
from autograder.observing.exercise import Exercise
from autograder.observing.handed_in import Form
from autograder.observing.observe import Run, Seen
from autograder.observing.probes.built import NOT_THESE

__all__ = ["in_torch", "kind_note"]

# What may come back where a contract asks for it: a number counted with NumPy or torch is as good as one of Python's.
_FINE = {
    "tensor": ("tensor",),
    "tuple": ("tuple", "list"),
    "list": ("list", "tuple"),
    "dict": ("dict", "object"),
    "int": ("int", "numpy", "tensor", "float", "bool"),
    "bool": ("bool", "numpy", "tensor", "int"),
    "bytes": ("bytes",),
    "module": ("module",),
}
# What a container has to hold that is seen as a tensor, or holds some.
_MADE_OF = {"list": "list of numbers", "dict": "dict of tensors"}
_ARROWS = {"Tensor": "tensor", "tuple": "tuple", "list": "list", "dict": "dict", "int": "int", "bool": "bool"}
_OF_TYPES = {"ndarray": "array", "type": "class", "builtin_function_or_method": "function", "method": "function"}
_KNOWN = ("nothing", "array", "function", "class", "generator", "coroutine")
_FITTING = {"fits": "by name", "names of the layers": "as asked for"}
# So end the names of the tensors that a case loads into a module.
_OF_A_LAYER = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
# The words of a probe that keeps nothing of a result which is no tensor.
_NO_TENSOR = re.compile(r"^an? (\w{1,60}), no tensor$")
_TO_NUMPY = re.compile(r"\s*Use (tensor|Tensor)\.detach\(\)\.numpy\(\) instead\.?")


def in_torch(message: str) -> str:
    """An error's message without torch's own advice to leave it, which would cut the gradient.

    >>> in_torch("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
    "Can't call numpy() on Tensor that requires grad."
    """
    return _TO_NUMPY.sub("", message)


def kind_note(
    exercise: Exercise,
    reference: Reference,
    run: Run,
    seen: Sequence[Seen],
    found: Sequence[Mapping[str, Difference]],
) -> str:
    """What is of the wrong kind, in a few sentences; nothing where it is only wrong."""
    parts = [_handed_in(exercise, run.handed_in.form, found)]
    for index in (index for index, one in enumerate(found) if one and not parts[0]):
        expected = reference.expected[index]
        if _asks_for_an_error(exercise, expected):
            continue
        asked, form = _asked(exercise, expected), _given_back(exercise, reference, run, seen, index)
        or_none = exercise.contract.endswith(" or None")
        if form[:1] == ("nothing",) and or_none:
            continue
        if not (asked and form and form[0] not in _FINE[asked]):
            form = _in_place_of_a_tensor(exercise, expected, seen[index], found[index])
            asked = _MADE_OF.get(asked, "tensor")
        if form:
            parts.append(sentences.given_back(form, asked, run.handed_in.prints, or_none))
            break
    parts += list(_lacking(reference, run, seen, found))[:2]
    advised = any(isinstance(one, Raised) and _TO_NUMPY.search(one.message) for one in seen)
    if advised and not any(part.endswith(sentences.STAY_IN_TORCH) for part in parts):
        parts.append(sentences.STAY_IN_TORCH)
    return " ".join(dict.fromkeys(filter(None, parts)))


def _handed_in(exercise: Exercise, form: Form, found: Sequence[Mapping[str, Difference]]) -> str:
    """What was handed in instead of what the check takes, where nothing of it is right."""
    if not form or not all(found):
        return ""
    name = exercise.contract.removeprefix("class ").partition("(")[0].partition(":")[0]
    if exercise.asks:
        return "" if form[0] in ("dict", "function", "object") else sentences.handed_in(form, "dict", name)
    if exercise.contract.startswith("class "):
        return "" if form[0] == "class" else sentences.handed_in(form, "class", name)
    made = form[0] == "module" and "-> nn." in exercise.contract  # what the function has to make, not a function
    if " and " in exercise.contract or (form[0] in ("function", "module", "object") and not made):
        return ""
    return sentences.handed_in(form, "function", name)


def _asks_for_an_error(exercise: Exercise, expected: Seen) -> bool:
    """Whether nothing at all has to come back in a case."""
    assert not isinstance(expected, Raised)
    return "errors" in expected and not any(aspect in expected for aspect in exercise.core)


def _asked(exercise: Exercise, expected: Seen) -> str:
    """What a call has to give: by the contract, else by what is expected of the values."""
    arrow = exercise.contract.partition("->")[2].strip().removesuffix(" or None")
    if arrow:
        return _ARROWS.get(arrow, "module" if arrow.startswith("nn.") else "")
    assert not isinstance(expected, Raised)
    values = next((expected[aspect] for aspect in exercise.core if aspect in expected), None)
    match values:
        case Tensor() | Projection():
            return "tensor"
        case bool():
            return "bool"
        case int():
            return "int"
        case tuple():
            return "tuple"
    return ""


def _given_back(exercise: Exercise, reference: Reference, run: Run, seen: Sequence[Seen], index: int) -> Form:
    """What sort of thing came back in a case: as it was seen at the call, else by what was observed of it."""
    returned = run.handed_in.returned[index] if index < len(run.handed_in.returned) else ()
    if exercise.contract.startswith("class ") or returned == ("tensor",):
        returned = ()  # a class gives its objects; what these give when they are called is observed
    one, expected = seen[index], reference.expected[index]
    assert not isinstance(expected, Raised)
    if isinstance(one, Raised):
        # With a line of the learner's own it never came back; without one it is the check that could do nothing with it.
        return returned if not one.number else ()
    if returned and exercise.contract.partition("->")[2]:
        return returned
    aspect = next((name for name in exercise.core if name in expected), "")
    if not aspect or not isinstance(expected[aspect], Tensor | Projection | tuple | bool | int):
        return ()
    return _form_of(one.get(aspect, MISSING), returned)


def _in_place_of_a_tensor(exercise: Exercise, expected: Seen, seen: Seen, found: Mapping[str, Difference]) -> Form:
    """What was seen where a part of the values ought to be a tensor, if it is none."""
    for path, one in found.items():
        if aspect_of(path) in exercise.core and not isinstance(seen, Raised):
            _, got, right = both_sides(path, one, seen, expected)
            if isinstance(got, tuple) and isinstance(right, tuple) and len(got) == len(right):
                got, right = next(
                    ((a, b) for a, b in zip(got, right, strict=True) if isinstance(b, Tensor)), (got, right)
                )
            if isinstance(got, str) and (named := _NO_TENSOR.match(got)):
                got, right = Other("nothing" if named[1] == "NoneType" else named[1]), torch.empty(0)
            if isinstance(right, Tensor | Projection) and not isinstance(got, Tensor | Projection | str):
                return _form_of(got, ()) if got is not MISSING or path in exercise.core else ()
    return ()


def _form_of(value: Any, returned: Form) -> Form:
    """The form of an observation; a sentence of a probe's, or what it made a tuple of, is of what was ``returned``."""
    match value:
        case Tensor() | Projection():
            return ("tensor",)
        case Mapping():
            return ("dict",)
        case bool() | int() | float():
            return (type(value).__name__,)
        case None:
            return returned or ("nothing",)
        case tuple():
            kind = "list" if isinstance(value, Listed) else "tuple"
            text = ("str",) if kind == "list" else ()  # in a tuple, it may be a probe that speaks
            return returned or (kind, *(_form_of(one, text if isinstance(one, str) else ()) for one in value[:4]))
        case Other():
            kind = _OF_TYPES.get(value.type, value.type)
            if kind in ("list", "tuple", "dict", "int", "float", "bool", "str"):
                return returned or (kind,)
            return returned or ((kind,) if kind in _KNOWN else ("object", value.type))
    return returned


def _lacking(
    reference: Reference, run: Run, seen: Sequence[Seen], found: Sequence[Mapping[str, Difference]]
) -> Iterator[str]:
    """Names that are missing from a dict or a network, those nobody asked for, and tensors of another size."""
    for index, one in enumerate(seen):
        if not found[index] or isinstance(one, Raised):
            continue
        state = one.get("state")
        state = state if isinstance(state, Mapping) else {}
        if isinstance(state.get("tensors"), Mapping) and (asked := _asked_tensors(reference, index)):
            yield sentences.lacking(asked, {str(name): _size(one) for name, one in state["tensors"].items()})
            return
        returned = run.handed_in.returned[index] if index < len(run.handed_in.returned) else ()
        keys = [item[0] for item in returned[1:] if isinstance(item, tuple) and item]
        if returned[:1] == ("module",):
            said = _keys(
                {"": _expected_state(reference.expected[index], "state_dict")}, {"": state.get("state_dict")}, keys
            )
            by_name = all(state.get(what, right) == right for what, right in _FITTING.items())
            if not said and (NOT_THESE in one.values() or not by_name):
                there = [item for item in returned[2:] if len(item) == 2]
                names = [name for name in reference.cases[index].inputs if name.endswith(_OF_A_LAYER)]
                lacks = [name for name in names if name not in dict(there)]
                said = sentences.its_tensors(there, lacks, [] if lacks else _once_more(seen))
            if said:
                yield said
                return
        if returned[:1] == ("dict",):
            said = _keys(reference.expected[index], one, keys)
            if said:
                yield said
                return


def _once_more(seen: Sequence[Seen]) -> list[str]:
    """Names of what another name is there for already, as `what_is_registered` says it of the first case that asks."""
    states = [one.get("state") for one in seen if not isinstance(one, Raised)]
    told = next((str(one["parameters"]) for one in states if isinstance(one, Mapping) and "parameters" in one), "")
    return [part.removesuffix(" once more") for part in told.split(", ") if part.endswith(" once more")]


def _asked_tensors(reference: Reference, index: int) -> dict[str, tuple[int, ...]]:
    """The tensors that a network is asked to have, by name and size: those of the case, or those that are expected of it."""
    named = _expected_state(reference.expected[index], "tensors")
    of_a_layer = {
        name: item
        for name, item in reference.cases[index].inputs.items()
        if "." in name and isinstance(item, Tensor | Uniform | Drawn)
    }
    return {name: _size(item) for name, item in (named or of_a_layer).items()}


def _keys(expected: Seen, one: Mapping[str, Any], keys: Sequence[str]) -> str:
    """Of a dict that came back: the keys that are asked for and not there, and those that are not asked for."""
    assert not isinstance(expected, Raised)
    for aspect, right in expected.items():
        got = one.get(aspect)
        if isinstance(right, Mapping) and isinstance(got, Mapping):
            asked = [str(key) for key in right]
            there = [str(key) for key in got]  # what was looked at, which may be more than what came back
            mine = [key for key in there if key in keys]
            if (set(asked) & set(keys) or set(mine) == set(keys)) and set(asked) != set(keys):
                missing = [key for key in asked if key not in keys and key not in there]
                others = [key for key in mine if key not in asked]
                if missing or others:
                    return sentences.keys(missing, others)
    return ""


def _expected_state(expected: Seen, what: str) -> Any:
    """What is expected of a module's state under the name ``what``; ``None`` where that is not looked at."""
    state = None if isinstance(expected, Raised) else expected.get("state")
    return state.get(what) if isinstance(state, Mapping) else None


def _size(item: Any) -> Any:
    """The size of a tensor or of the recipe of one; anything else, such as a size, as it is."""
    match item:
        case Tensor():
            return tuple(item.shape)
        case Uniform() | Drawn():
            return item.size
    return item
