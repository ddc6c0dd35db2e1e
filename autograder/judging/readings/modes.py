"""Chapter 07: what the numbers say that a dropout has let through."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, product
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.judging.chance import is_chance
from autograder.judging.compare import TOLERANCES, difference
from autograder.observing.case import Case
from autograder.observing.codec import Drawn, Uniform
from autograder.observing.gradients import weights_of

__all__ = ["READINGS"]

_KEPT = "0 or x / (1 − p)"
_FROM_DROPPED = "of x with numbers dropped"
_PAIRED = 100  # with so few elements, each is compared with each


def dropout(seen: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """What one draw, or many, or draws from several generators say, in words; what is not drawn stays as it is."""
    if "generator" in seen:
        return {**seen, "generator": _whose(seen["generator"])}
    if not case.inputs.get("drawn"):
        return dict(seen)
    x, p = _input(case, "x"), float(case.inputs.get("p", 0.5))
    outs = _joined(seen["values"], x)
    if outs is None:
        return {**seen, "values": seen["values"] if isinstance(seen["values"], str) else "not of the size of x"}
    said = {**seen, "values": {"elements": _elements(x, outs, p)}}
    if "gradients" in seen:
        said["gradients"] = {"x": _gradient(outs[0], seen["gradients"].get("x"), p)}
    share = _share(outs != 0, p)
    if case.inputs.get("mask"):  # so many elements that a wrong share of zeros is always seen
        said["values"]["share of zeros"] = share
    elif case.inputs.get(
        "share"
    ):  # so few are dropped that whether none is, or a whole row, may be chance where some share a fate
        said["values"]["share of zeros"] = "of several with one fate" if _shared(outs != 0) else share
    if case.inputs.get("mask"):
        said["mask"] = {**_mask(outs != 0, p if share == "as p says" else None), "share of zeros": share}
    return said


def dropout_net(seen: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """What entered the last layer in training, in words; in eval, the logits, if they are the same when asked again."""
    if "eval" in seen and isinstance(seen["eval"], Mapping):
        first, again = seen["eval"]["logits"], seen["eval"]["asked again"]
        if not _equal(first, again):
            lost = dict.fromkeys(seen.get("gradients", {}), "of an answer that is never the same")
            return {**seen, "eval": "another answer each time", **({"gradients": lost} if lost else {})}
        return {**seen, "eval": first}
    said = dict(seen)
    for aspect in ("values", "nothing to drop"):
        if isinstance(seen.get(aspect), Mapping):
            said[aspect] = _hidden(seen[aspect], case)
    return said


def _hidden(seen: Mapping[str, Any], case: Case) -> dict[str, str]:
    """In training the pre-activations of these cases are above 0 in most units, whose numbers say whether they were dropped,
    and below it in the others, whatever the row: there a number that is not 0 has seen no ReLU.
    """
    p, x = float(case.inputs["p"]), _input(case, "x")
    hidden = F.relu(F.linear(x, _input(case, "hidden.weight"), _input(case, "hidden.bias")))
    weight, bias = _input(case, "out.weight"), _input(case, "out.bias")
    logits, again = (
        _joined(seen["logits"], x.new_empty(len(x), 4)),
        _joined(seen["asked again"], x.new_empty(len(x), 4)),
    )
    entered = _joined(seen["entered"], x.new_empty(len(x), 4, 16))
    if logits is None or again is None or entered is None:
        return {"hidden numbers": "not to be seen"}
    entered = entered[0]
    if not _near(entered, entered[:, :1].expand_as(entered)).all():
        return {
            "hidden numbers": "all of them for some outputs, none for others"
            if _whole(entered)
            else "others for each output"
        }
    inside = entered[:, 0][None]
    agree = difference(F.linear(inside[0], weight, bias), logits[0], "float32") is None
    mask = (inside != 0)[..., (hidden > 0).any(0)]
    share = _share(mask, p)
    words = _elements(hidden, inside, p).replace("x", "relu")
    return {
        "hidden numbers": words
        if words != "other numbers" or not _of_dropped_input(case, entered[:, 0])
        else _FROM_DROPPED,
        "logits": "made of these" if agree else "made of others",
        "share of zeros": share,
        "mask": _mask(mask[0], p if share == "as p says" else None).get("elements", "one for several")
        if p
        else "all kept",
        "asked again": "another answer" if not _equal(logits, again) else "the same answer",
    }


def _whole(entered: Tensor) -> bool:
    """Whether each row's outputs see the same numbers ``(N, outputs, hidden)``, or none at all."""
    some = (entered != 0).any(-1)
    first = entered[torch.arange(len(entered)), some.int().argmax(1)][:, None]
    return bool((_near(entered, first.expand_as(entered)).all(-1) | ~some).all())


def _of_dropped_input(case: Case, inside: Tensor) -> bool:
    """Whether every row of hidden numbers is what comes of its ``x`` with some of the eight numbers dropped, 256 ways."""
    x, p = _input(case, "x"), float(case.inputs["p"])
    ways = torch.tensor(list(product((0.0, 1 / (1 - p)), repeat=x.shape[1])), dtype=x.dtype)
    hidden = F.relu(F.linear(x[:, None] * ways, _input(case, "hidden.weight"), _input(case, "hidden.bias")))
    kept = (inside != 0)[:, None]  # of what was dropped once more there is nothing to see
    close = (inside[:, None] - hidden).abs() <= TOLERANCES["float32"] * 100 * hidden.abs().amax()
    again = (inside[:, None] - hidden / (1 - p)).abs() <= TOLERANCES["float32"] * 100 * hidden.abs().amax()
    return bool(((close | ~kept).all(-1) | (again | ~kept).all(-1)).any(-1).all())


def _input(case: Case, name: str) -> Tensor:
    value = case.inputs[name]
    return value.tensor() if isinstance(value, Drawn | Uniform) else value


def _joined(pieces: Any, like: Tensor) -> Tensor | None:
    """The draws ``(draws, *like.shape)`` from the pieces that an observation may hold; ``None`` if they are not that."""
    if not isinstance(pieces, tuple) or not pieces or not all(isinstance(one, Tensor) for one in pieces):
        return None
    numbers = torch.cat([one.flatten() for one in pieces])
    if like.numel() == 0 or numbers.numel() == 0 or numbers.numel() % like.numel():
        return None
    return numbers.view(-1, *like.shape)


def _equal(one: Any, other: Any) -> bool:
    return isinstance(one, Tensor) and isinstance(other, Tensor) and torch.equal(one, other)


def _near(one: Tensor, other: Tensor) -> Tensor:
    """Element by element: equal up to rounding, each relative to itself.

    A mask divided by 1 − p in float32 is right for a float64 ``x``, too: only bfloat16 and float16 are coarser.
    """
    named = TOLERANCES.get(str(one.dtype).removeprefix("torch."), 0.0)
    tolerance = max(named, TOLERANCES["float32"])
    one, other = one.double(), other.double()
    close = (one - other).abs() <= tolerance * torch.maximum(one.abs(), other.abs())
    return close & one.isfinite() & other.isfinite()  # from an infinite number everything is less than infinity away


def _elements(x: Tensor, outs: Tensor, p: float) -> str:
    """What every element is that is not 0. No element of ``x`` is 0, and so many are drawn that surely some are kept."""
    kept = outs != 0
    if not kept.any():
        return "all 0"
    x = x.expand_as(outs)
    for words, factor in (
        (_KEPT, 1 / (1 - p)),
        ("0 or x", 1.0),
        ("0 or x · (1 − p)", 1 - p),
        ("0 or x / p", 1 / p if p else 0.0),
        ("0 or x · p", p),
    ):
        if (_near(outs, x * factor) | ~kept).all():
            return words
    return "other numbers"


def _shared(kept: Tensor) -> list[int]:
    """The dimensions of ``x`` along which all elements of every draw ``(draws, *x.shape)`` have one fate."""
    return [
        dim - 1 for dim in range(1, kept.dim()) if kept.shape[dim] > 1 and (kept == kept.narrow(dim, 0, 1)).all().item()
    ]


def _decisions(kept: Tensor) -> Tensor:
    """One element of all those that share a fate, and one of draws that are all alike: each decision counts once."""
    if (kept == kept[:1]).all():
        kept = kept[:1]
    for dim in _shared(kept):
        kept = kept.narrow(dim + 1, 0, 1)
    return kept


def _share(kept: Tensor, p: float) -> str:
    zeros = ~_decisions(kept)
    if is_chance(zeros.sum()[None], zeros.numel(), p):
        return "as p says"
    if zeros.all():
        return "all"
    return "more than p" if zeros.double().mean() > p else "less than p" if zeros.any() else "none"


def _mask(kept: Tensor, p: float | None) -> dict[str, str]:
    """Whether the elements of the draws ``(draws, *x.shape)`` are decided one by one, each with the same ``p``.

    Without ``p``, the share of zeros is not what was asked, and what there is of it has to do.
    """
    shared = _shared(kept)
    said = {"one fate": f"along dimension {', '.join(map(str, shared))}" if shared else "along no dimension"}
    if len(kept) > 1:
        said["draws"] = "another mask each time" if (kept != kept[:1]).any() else "one mask each time"
    if shared or said.get("draws") == "one mask each time":
        return said
    return {**said, "elements": _by_themselves(kept, 1 - kept.double().mean().item() if p is None else p)}


def _by_themselves(kept: Tensor, p: float) -> str:
    """No element is dropped more often than another, no two go together, no number of zeros is fixed."""
    if _fixed_count(kept):
        return "always the same number of zeros"
    flat = kept.reshape(len(kept), -1)
    if flat.shape[1] > _PAIRED:
        # Two elements of one draw, a distance apart along the flattened tensor, agree in half of all places. The places
        # of one distance form paths, not circles, so that at p = 1/2 their agreements are independent of each other.
        together = p == 0.5 and not all(_agrees_by_chance(one) for one in flat)
    elif not is_chance((~flat).sum(0), len(flat), p):
        return "some dropped more often than others"
    else:
        pairs = torch.tensor(list(combinations(range(flat.shape[1]), 2)), dtype=torch.int64).view(-1, 2).T
        agree = (flat[:, pairs[0]] == flat[:, pairs[1]]).sum(0)
        together = not is_chance(agree, len(flat), p**2 + (1 - p) ** 2)
    return "some decided together" if together else "each by itself"


def _agrees_by_chance(kept: Tensor) -> bool:
    signs, count = kept.double() * 2 - 1, kept.numel()
    spectrum = torch.fft.rfft(signs, 2 * count)
    products = torch.fft.irfft(spectrum * spectrum.conj(), 2 * count)[1 : count // 2].round()
    pairs = count - torch.arange(1, count // 2)
    return is_chance((pairs + products) / 2, pairs, 0.5)


def _fixed_count(kept: Tensor) -> bool:
    """Whether along some dimensions the number of zeros is always the same, in every draw and at every other place."""
    dims = [dim for dim in range(1, kept.dim()) if kept.shape[dim] > 1]
    for number in range(1, len(dims) + 1):
        for chosen in combinations(dims, number):
            counts = kept.sum(chosen).flatten()
            if len(counts) > 100 and (counts == counts[0]).all():
                return True
    return False


def _gradient(out: Tensor, gradient: Any, p: float) -> str:
    """Of the weighted sum that `Case.gradients` goes backward from."""
    if not isinstance(gradient, Tensor):
        return str(gradient)
    weights = weights_of(out)
    right = gradient.shape == out.shape and _near(gradient, weights * (out != 0) / (1 - p)).all()
    return "1 / (1 − p) where x is kept, 0 where it is dropped" if right else "another"


def _whose(draws: Mapping[str, Any]) -> dict[str, str]:
    """Whose numbers decide: those of the generator's state, and nothing else."""

    def same(one: str, other: str) -> str:
        mine, others = draws.get(one), draws.get(other)
        if not isinstance(mine, Tensor) or not isinstance(others, Tensor) or mine.shape != others.shape:
            return "no tensors"
        return "the same mask" if torch.equal(mine != 0, others != 0) else "another mask"

    return {
        "same state": same("first", "again"),
        "same state, other x": same("first", "other x"),
        "other seed": same("first", "other seed"),
        "next from the same generator": same("first", "next"),
        "global generator": str(draws.get("global generator")),
    }


READINGS = (dropout, dropout_net)
