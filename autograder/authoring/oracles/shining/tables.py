"""Chapter 09, `attention`: queries, keys, values and masks of many shapes, and what its contract lets vary."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.space import FLOATS, LAYOUTS, Chosen, Space, absent, fits
from autograder.observing.case import Case
from autograder.observing.codec import Uniform

__all__ = ["SPACE", "tables"]

Given = Tensor | Uniform


def _may_attend(make: CaseMaker, *size: int) -> Tensor:
    """A mask of that size, about half of it True, and something in every row."""
    mask = make.normal(*size) > 0
    always = torch.arange(mask[..., 0].numel()).view(mask.shape[:-1]) % mask.shape[-1]
    return mask.scatter(-1, always[..., None], True)


def tables(make: CaseMaker) -> Sequence[Case]:
    """Small ones first; then one size at a time, other layouts and dtypes, masks of every shape, large scores."""
    n, h = make.sizes(2, 2, 3)
    length, s, e, ev = make.sizes(4, 4, 7)

    def case(name: str, q: Given, k: Given, v: Given, mask: Tensor | None = None, *, asks: str = "",
             leaves: str = "q k v", shown: str = "", **more: Any) -> Case:  # fmt: skip
        given = more if mask is None else {"mask": mask, **more}
        what = asks or ("mask" if mask is not None else "")
        return make.case(name, q=q, k=k, v=v, leaves=leaves, shown=shown, **given, **({"asks": what} if what else {}))

    def three(*front: int, length: int = length, s: int = s, e: int = e, ev: int = ev,
              dtype: torch.dtype = torch.float64) -> tuple[Uniform, Uniform, Uniform]:  # fmt: skip
        q, k, v = (make.uniform((*front, *size), 2.0, dtype) for size in ((length, e), (s, e), (s, ev)))
        return q, k, v

    q, k, v = three(n, h)
    above = make.normal(length, s)
    above[:, 0] = 1e4  # far above the others
    below = torch.cat([above[:, :1], above[:, 1:].abs() - 1e4], dim=1)
    not_first = torch.arange(s) > 0
    one = torch.eye(s, dtype=torch.float64)
    orders = ((2, 0, 3, 1), (3, 2, 1, 0), (0, 2, 1, 3))
    laid = [make.scattered(one.tensor(), order=order) for one, order in zip(three(n, h), orders, strict=True)]
    return [
        case(
            "one query, two keys",
            torch.tensor([[2.0, 0.0]]).double(),
            torch.tensor([[1.0, 0.0], [0.0, 1.0]]).double(),
            torch.tensor([[10.0], [20.0]]).double(),
        ),
        case(
            "two queries, one may see the first key only",
            torch.tensor([[2.0, 0.0], [0.0, 2.0]]).double(),
            torch.tensor([[1.0, 0.0], [0.0, 1.0]]).double(),
            torch.tensor([[10.0], [20.0]]).double(),
            torch.tensor([[True, False], [True, True]]),
        ),
        case("all sizes different", *three()),
        case("as many queries as keys as numbers", *three(length=s, e=s, ev=s), leaves=""),
        case("a batch of tables", *three(n), leaves=""),
        case("a batch of heads", *three(n, h)),
        case("three dimensions in front", *three(2, 1, n), leaves=""),
        case("a single number a key", *three(h, e=1), leaves=""),
        case("one key", *three(n, s=1), leaves="v"),
        case("one query", *three(n, length=1), leaves=""),
        case("other layouts in memory", *laid),
        case("float32", *three(n, dtype=torch.float32)),
        case("bfloat16", *three(dtype=torch.bfloat16), leaves=""),
        case("each sees what was before", *three(n, length=s), torch.ones(s, s, dtype=torch.bool).tril()),
        case("a mask for all tables", q, k, v, _may_attend(make, length, s), leaves=""),
        case("a mask for each image, the same for its heads", *three(n, h), _may_attend(make, n, 1, length, s)),
        case("a mask for each head", *three(n, h), _may_attend(make, h, length, s), leaves=""),
        case("the same keys for all queries", *three(n, h), _may_attend(make, n, 1, 1, s), leaves=""),
        case("one row of keys", *three(n), _may_attend(make, s), leaves=""),
        case("everybody may attend to everything", *three(h), torch.ones(length, 1, dtype=torch.bool), leaves=""),
        case(
            "a mask in float32, not contiguous",
            *three(n, length=s, dtype=torch.float32),
            _may_attend(make, s, s).T.logical_or(torch.eye(s, dtype=torch.bool)),
        ),
        case("scores as large as 10,000", *_scores(make, length, s, 1e4), asks="large scores", leaves="v"),
        case(
            "what is masked is by far the largest",
            above * s**0.5,
            one,
            make.normal(s, ev),
            not_first,
            asks="large scores",
            leaves="v",
        ),
        case(
            "what is left is as low as −10,000",
            below * s**0.5,
            one,
            make.normal(s, ev),
            not_first,
            asks="large scores",
            leaves="v",
        ),
        case("gradients off", *three(n), leaves="", no_grad=True),
        case(
            "asked before, of other numbers",
            torch.tensor([[2.0, 0.0]]).double(),
            torch.tensor([[1.0, 0.0], [0.0, 1.0]]).double(),
            torch.tensor([[10.0], [20.0]]).double(),
            leaves="",
            asked_before=True,
        ),
    ]


def _scores(make: CaseMaker, length: int, s: int, largest: float) -> tuple[Tensor, Tensor, Tensor]:
    """Queries and keys whose scores, after the division, are as large as that, two of them near each other; the last query's
    are all as far below 0.
    """
    scores = make.normal(length, s) * largest / 3
    scores[:, 0], scores[:, 1] = largest, largest - 1
    scores[-1] = torch.arange(s) / s - largest
    return scores * s**0.5, torch.eye(s, dtype=torch.float64), make.normal(s, 3)


# Which of the dimensions of (…, L, S) a mask has, and which of these at full size.
_MASKS: Mapping[str, Callable[[tuple[int, ...]], tuple[int, ...]]] = {
    "of full size": lambda size: size,
    "for each table, queries alike": lambda size: (*size[:-2], 1, size[-1]),
    "for all tables": lambda size: size[-2:],
    "for all queries": lambda size: size[-1:],
    "with sizes of 1": lambda size: (*(1 for _ in size[:-2]), *size[-2:]),
    "for the first dimension only": lambda size: (*size[:-2], 1, 1),
}


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    inputs: dict[str, Any] = {
        "q": make.drawn(*one.front, one.queries, one.size, layout=one.q_layout, scale=one.scale, dtype=one.dtype),
        "k": make.drawn(*one.front, one.keys, one.size, layout=one.k_layout, dtype=one.dtype),
        "v": make.drawn(*one.front, one.keys, one.values, layout=one.v_layout, dtype=one.dtype),
    }
    if one.mask in _MASKS:
        size = _MASKS[one.mask]((*one.front, one.queries, one.keys))
        inputs |= {"mask": _may_attend(make, *size), "asks": "mask"}
    elif one.mask is None:
        inputs["mask"] = None
    return make.case(leaves=one.leaves, **inputs)


SPACE = Space(
    _drawn,
    front=((), (1,), (3,), (2, 1), (2, 3), (1, 2, 2)),
    queries=(1, 2, 5),
    keys=(1, 2, 4),
    size=(1, 2, 6),
    values=(1, 3),
    mask=(absent, None, *_MASKS),
    q_layout=LAYOUTS,
    k_layout=LAYOUTS,
    v_layout=LAYOUTS,
    scale=(1.0, 10.0),
    dtype=FLOATS,
    leaves=("", "q", "k v", "q k v"),
    within=(
        lambda one: fits(one.q_layout, (*one.front, one.queries, one.size)),
        lambda one: fits(one.k_layout, (*one.front, one.keys, one.size)),
        lambda one: fits(one.v_layout, (*one.front, one.keys, one.values)),
        # In float32 the gradient of what is spread so far is mostly rounding.
        lambda one: one.scale == 1.0 or one.dtype == torch.float64,
    ),
    traits={
        "there are as many queries as keys": lambda one: one.queries == one.keys,
        "there are more keys than queries": lambda one: one.queries < one.keys,
    },
    words={
        "front": "the dimensions in front are {}",
        "queries": "the queries are {}",
        "keys": "the keys are {}",
        "size": "the number of numbers in a query is {}",
        "values": "the number of numbers in a value is {}",
        "mask": "the mask is {}",
        "q_layout": "q lies in memory like this: {}",
        "k_layout": "k lies in memory like this: {}",
        "v_layout": "v lies in memory like this: {}",
        "scale": "the numbers of q are spread by {}",
        "leaves": "gradients are asked for {}",
    },
)
