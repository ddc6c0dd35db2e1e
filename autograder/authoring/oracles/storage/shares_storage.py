"""Chapter 01, `shares_storage`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.space import FLOATS, Chosen, Space
from autograder.observing.case import Case

__all__ = ["SHARES_STORAGE"]


def _pairs(make: CaseMaker) -> list[Case]:
    n, m = make.sizes(2, 3, 7)
    whole = n * m
    cut = make.integer(2, whole - 2)
    memory = make.normal(whole)
    same = torch.ones(whole, dtype=torch.float64)
    rows, turned = ((n, m), (m, 1), 0), ((m, n), (1, m), 0)
    first, second = ((m,), (1,), 0), ((m,), (1,), m)

    def case(name: str, shown: str, a: Any, b: Any, over: int = 0, **more: Any) -> Case:
        return make.case(name, **{"memory": memory, "a": a, "b": b, "over": over, **more}, shown=shown)

    x = f"x = torch.randn({whole})"
    return [
        case("a tensor and its view", f"{x}; a = x, b = x.view({n}, {m})", None, rows),
        case("a tensor and its clone", f"{x}; a = x, b = x.clone()", None, None, 1),
        case("as many other numbers", f"{x}; a = x, b = x + 1", None, None, 1, more=1),
        case("a tensor and itself", f"{x}; a = x, b = x", None, None, made="the same object"),
        case("twice the same numbers", f"a = torch.ones({whole}), b = torch.ones({whole})", None, None, 1, memory=same),
        case("two views alike", f"{x}; a = x.view({n}, {m}), b = x.view({n}, {m})", rows, rows),
        case("a view of a clone", f"{x}; a = x.view({n}, {m}), b = x.clone().view({n}, {m})", rows, rows, 1),
        case("a transpose", f"{x}.view({n}, {m}); a = x, b = x.t()", rows, turned),
        case("a transpose, copied", f"{x}.view({n}, {m}); a = x, b = x.clone().t()", rows, turned, 1),
        *(
            case(name, f"{text}; {shown}", *layouts, over, **kind, aspect="offsets")
            for name, shown, layouts, over in (
                ("two rows", f"x = x.view({n}, {m}); a = x[0], b = x[1]", (first, second), 0),
                (
                    "without a slot in common",
                    f"a = x[:{cut}], b = x[{cut}:]",
                    (((cut,), (1,), 0), ((whole - cut,), (1,), cut)),
                    0,
                ),
                ("a row and a clone's row", f"x = x.view({n}, {m}); a = x[0], b = x.clone()[1]", (first, second), 1),
                ("the second row of each", f"x = x.view({n}, {m}); a = x[1], b = x.clone()[1]", (second, second), 1),
            )
            for text, kind in ((x, {}), (f"x = torch.ones({whole})", {"memory": same}))
        ),
        case("detached", f"{x}; a = x, b = x.detach()", None, None, made="detached", aspect="kinds"),
        case("bits read as integers", f"{x}; b = x.view(torch.int64)", None, None, made="other dtype", aspect="kinds"),
        case(
            "a clone's bits read as integers",
            f"{x}; b = x.clone().view(torch.int64)",
            None,
            None,
            1,
            made="other dtype",
            aspect="kinds",
        ),
        case(
            "its bytes from the fourth on",
            f"{x}; a = x[1:], b = x.view(torch.uint8)[3:]",
            ((whole - 1,), (1,), 1),
            ((whole - 3,), (1,), 3),
            made="of bytes",
            aspect="kinds",
        ),
        case("one row expanded", f"{x}; b = x[:{m}].expand({n}, {m})", None, ((n, m), (0, 1), 0), aspect="kinds"),
        case("one number", f"{x}; a = x, b = x[{cut}]", None, ((), (), cut), aspect="kinds"),
        case("one number, copied", f"{x}; a = x, b = x.clone()[0]", None, ((), (), 0), 1, aspect="kinds"),
        case(
            "far from each other in one long memory",
            "x = torch.randn(20_000); a = x[:3], b = x[-3:]",
            ((3,), (1,), 0),
            ((3,), (1,), 19_997),
            memory=make.drawn(20_000),
            aspect="offsets",
        ),
        case(
            "the end of one memory, the beginning of the next",
            "x = torch.randn(500), y = x.clone(), which lies right behind x in memory; a = x[-3:], b = y[:3]",
            ((3,), (1,), 497),
            ((3,), (1,), 0),
            1,
            memory=make.drawn(500),
            made="next to it",
            aspect="offsets",
        ),
    ]


# Ways to look at twelve slots: size, stride and offset.
_LOOKS: dict[str, tuple[Any, ...] | None] = {
    "the whole": None,
    "transposed": ((4, 3), (1, 4), 0),
    "the last slots": ((5,), (1,), 7),
    "every third slot": ((2, 1, 2), (6, 1, 3), 2),
    "the first number": ((), (), 0),
    "the last number": ((), (), 11),
    "a number expanded": ((4, 5), (0, 0), 6),
}
_OTHERS = {"copied, and longer": "x.repeat(2)[:16].clone()", "copied, with other numbers": "(x + 1)"}
_OFFSETS = {look: layout[2] if layout else 0 for look, layout in _LOOKS.items()}


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    memory = make.drawn(12, draw="integers" if "few" in one.memory else "", dtype=one.dtype)
    a, b = (_LOOKS[look] for look in (one.a, one.b))
    kind = {} if one.made == "a view" else {"made": one.made}
    moved = _OFFSETS[one.a] or _OFFSETS[one.b]
    aspect = "offsets" if moved else "kinds"
    over = int("copied" in one.memory)
    kind |= {"longer": 4} if "longer" in one.memory else {"more": 1} if "other numbers" in one.memory else {}
    other = _OTHERS.get(one.memory, "x.clone()" if over else "x")
    shown = f"x {str(one.dtype)[6:]} (12,); a: {one.a} of x; b: {one.b} of {other}, {one.made}"
    return make.case(memory=memory, a=a, b=b, over=over, aspect=aspect, shown=shown, **kind)


_SPACE = Space(
    _drawn,
    a=tuple(_LOOKS),
    b=tuple(_LOOKS),
    memory=("the same", "copied", *_OTHERS, "the same, of few values", "copied, of few values"),
    made=("a view", "detached", "other dtype", "of bytes"),
    dtype=(*FLOATS, torch.int64, torch.int16),
    within=lambda one: one.made != "detached" or one.dtype.is_floating_point,
    traits={
        "the same memory is looked at from two slots": lambda one: (
            "same" in one.memory and _OFFSETS[one.a] != _OFFSETS[one.b]
        ),
        "a begins behind slot 0, and b in it": lambda one: _OFFSETS[one.a] > 0 == _OFFSETS[one.b],
        "b begins behind slot 0, and a in it": lambda one: _OFFSETS[one.b] > 0 == _OFFSETS[one.a],
    },
    words={
        "a": "a shows of its memory: {}",
        "b": "b shows of its memory: {}",
        "memory": "the memory of b is {}",
        "made": "b is {}",
    },
)


def _same_numbers(a: Tensor, b: Tensor) -> bool:
    return sorted(a.flatten().tolist()) == sorted(b.flatten().tolist())


SHARES_STORAGE = Oracle(
    "shares_storage",
    lambda a, b: a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr(),
    _pairs,
    [
        Misconception(
            "compares values",
            torch.equal,
            lambda a, b: a.shape == b.shape and torch.equal(a, b),
            lambda a, b: bool((a == b).all()),
            lambda a, b: (a == b).all(),
            lambda a, b: a.shape == b.shape and torch.allclose(a, b.to(a.dtype)),
            lambda a, b: torch.allclose(a, b),
            lambda a, b: a.shape == b.shape and torch.allclose(a, b),
            lambda a, b: a.tolist() == b.tolist(),
            lambda a, b: a.flatten().tolist() == b.flatten().tolist(),
            lambda a, b: torch.equal(a.flatten(), b.flatten()),
            _same_numbers,
            lambda a, b: bytes(a.untyped_storage()) == bytes(b.untyped_storage()),
            says="Two tensors can hold the same numbers in two places, and other numbers in the same place. "
            "Ask where their memory is, not what is in it.",
        ),
        Misconception(
            "compares data_ptr()",
            lambda a, b: a.data_ptr() == b.data_ptr(),
            lambda a, b: (a.data_ptr(), a.dtype) == (b.data_ptr(), b.dtype),
            lambda a, b: a.data_ptr() - a.storage_offset() == b.data_ptr() - b.storage_offset(),
            says="data_ptr() is the address of a tensor's first element. Two views of one storage may begin in "
            "different slots: offset × element_size() bytes behind its beginning.",
        ),
        Misconception(
            "compares with is",
            lambda a, b: a is b,
            says="Every view is a Python object of its own. What they share is the memory behind them.",
        ),
        Misconception(
            "compares _base",
            lambda a, b: a._base is b._base,
            lambda a, b: a._base is not None and a._base is b._base,
            lambda a, b: a._base is b or b._base is a,
            lambda a, b: a._base is b or b._base is a or (a._base is not None and a._base is b._base),
            lambda a, b: a is b or a._base is b or b._base is a or (a._base is not None and a._base is b._base),
            lambda a, b: (a if a._base is None else a._base) is (b if b._base is None else b._base),
            says="_base is a note for autograd: a tensor that owns its memory has none, and detach() leaves none.",
        ),
        Misconception(
            "only common slots count",
            lambda a, b: np.shares_memory(a.detach().numpy(), b.detach().numpy()),
            lambda a, b: np.may_share_memory(a.detach().numpy(), b.detach().numpy()),
            says="Two slices without a slot in common can still lie in one allocation, and keep it alive together.",
        ),
        Misconception(
            "the first element of one, the storage of the other",
            lambda a, b: a.data_ptr() == b.untyped_storage().data_ptr(),
            lambda a, b: a.untyped_storage().data_ptr() == b.data_ptr(),
            lambda a, b: a.data_ptr() in (b.data_ptr(), b.untyped_storage().data_ptr()),
            says="Of one tensor you take the address of its storage, of the other that of its first element. "
            "The other may begin behind slot 0, too.",
        ),
        Misconception(
            "a fixed number of bytes an element",
            *(
                lambda a, b, width=width: (
                    a.data_ptr() - width * a.storage_offset() == b.data_ptr() - width * b.storage_offset()
                )
                for width in (8, 4)
            ),
            *(
                lambda a, b, of=of: (
                    a.data_ptr() - (a, b)[of].element_size() * a.storage_offset()
                    == b.data_ptr() - (a, b)[of].element_size() * b.storage_offset()
                )
                for of in (0, 1)
            ),
            says="The offset counts elements, an address counts bytes, and not every dtype has the same number of bytes: "
            "element_size() says how many, of each tensor its own.",
        ),
        Misconception(
            "compares how long the memory is",
            lambda a, b: a.untyped_storage().nbytes() == b.untyped_storage().nbytes(),
            says="Two allocations of one length are still two. Ask where a storage begins, not how long it is.",
        ),
        Misconception(
            "the same answer every time",
            lambda a, b: False,
            lambda a, b: True,
            says="You say the same of every pair, of a tensor and itself and of a tensor and its clone. "
            "(If you compare what a.storage() gives, by ==, by is or by id: that is a new Python object at every call.)",
        ),
    ],
    space=_SPACE,
)
