"""Chapter 10: what the numbers say that `hybrid_cnn` drops by chance, and those that `parity_report` finds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from autograder.observing.case import Case

__all__ = ["READINGS"]

_SUMS = 5  # logits that each sum every fifth feature; the other five are one feature each
_FEATURES = 16 * 16 * 16

# The largest difference of two builds that is only the order of their sums, of logits and gradients around 1.
_ROUNDING = {torch.float32: 1e-5, torch.float64: 1e-12}


def hybrid_cnn(seen: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """Of features that are all 1: which share was dropped, how the others were scaled, and whether each by itself."""
    if "dropout" not in seen:
        return dict(seen)
    dropout = seen["dropout"]
    logits = dropout.get("logits") if isinstance(dropout, Mapping) else dropout
    return {**seen, "dropout": _what_was_dropped(logits)}


def _what_was_dropped(logits: Any) -> Any:
    if not isinstance(logits, Tensor) or logits.dim() != 2 or logits.shape[1] != 10 or not logits.isfinite().all():
        return "no such logits"
    one_each = logits[:, _SUMS:].double()
    kept = one_each[one_each.abs() > 1e-9]
    if len(kept) == 0:
        return "nothing is left"
    scale = float(kept.mean())
    if float((kept - scale).abs().max()) > 1e-6 * abs(scale):
        return "features are changed in several ways"
    counts = logits[:, :_SUMS].double() / scale
    share = float(counts.sum()) / (_FEATURES * len(logits))
    return {
        "dropped": f"about {round((1 - share) * 20) * 5} %",
        "the others are": f"multiplied by {scale:.4g}",
        "each feature": "by itself" if _by_itself(counts, share) else "together with others",
    }


def _by_itself(counts: Tensor, share: float) -> bool:
    """Whether the counts vary as those of independent features do; whole maps dropped vary 25 times as much."""
    expected = _FEATURES / _SUMS * share * (1 - share)
    return expected < 1 or float(counts.var()) < 5 * expected


def parity_report(seen: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """Where a difference is no more than rounding, only that: its digits are others on every processor."""
    bound = _ROUNDING[case.inputs["x"].dtype]
    return {aspect: _without_rounding(value, bound) for aspect, value in seen.items()}


def _without_rounding(value: Any, bound: float) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_rounding(one, bound) for name, one in value.items()}
    return "no more than rounding" if isinstance(value, float) and 0 <= value <= bound else value


READINGS = (hybrid_cnn, parity_report)
