"""Chapter 09, answers of somebody who has the contract alone: right ones that go another way, and wrong ones nobody here had thought of."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from answers.shining.ideas import attending, divided, scaled, usual
from answers.shining.lending import Tensors, ask, exchanged
from answers.shining.pieces import heads_permuted
from answers.shining.right_classes import Symmetric, Tied, WithFour
from answers.shining.wrong import attended, hidden
from torch import Tensor, nn

from autograder.authoring.oracles.shining.no_parameters import no_parameters

__all__ = ["STRANGER", "STRANGER_BEYOND", "STRANGER_WRONG"]


def shadowed(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    """A plain attribute is found before a Parameter of that name."""
    ask(module, tensors)
    parameters = dict(module.named_parameters())
    places = {
        name: (module.get_submodule(name.rpartition(".")[0]), name.rpartition(".")[2])
        for name in tensors
        if name in parameters
    }
    for name, (part, leaf) in places.items():
        vars(part)[leaf] = tensors[name]
    try:
        with exchanged(module, {name: one for name, one in tensors.items() if name not in parameters}) as lent:
            return lent(x)
    finally:
        for part, leaf in places.values():
            del vars(part)[leaf]


def put_in_by_a_hook(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    """A hook before all others puts the tensors in."""
    ask(module, tensors)
    put_in = exchanged(module, tensors)
    handle = module.register_forward_pre_hook(lambda module, args: (put_in.__enter__(), None)[1], prepend=True)
    try:
        return module(x)
    finally:
        put_in.__exit__(None, None, None)
        handle.remove()


def one_name_at_a_time(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    """Each call lends one and calls itself."""
    ask(module, tensors)

    def lending(names: list[str]) -> Any:
        if not names:
            return module(x)
        with exchanged(module, {names[0]: tensors[names[0]]}):
            return lending(names[1:])

    return lending(list(tensors))


class Softmax(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, scores: Tensor) -> Tensor:
        weights = torch.softmax(scores, -1)
        ctx.save_for_backward(weights)
        return weights

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # type: ignore[override]
        (weights,) = ctx.saved_tensors
        return weights * (grad - (grad * weights).sum(-1, keepdim=True))


def table_by_table(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Calls itself down to two dimensions."""
    whole = None if mask is None else mask.expand(*q.shape[:-1], k.shape[-2])
    if q.dim() > 2:
        masks = [None] * len(q) if whole is None else list(whole)
        return torch.stack([table_by_table(*one) for one in zip(q, k, v, masks, strict=True)])
    scores = torch.mm(q, k.t()) / q.shape[1] ** 0.5
    if whole is not None:
        scores[~whole] = -torch.inf
    return torch.mm(scores.softmax(1), v)


def query_by_query_in_vmap(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    def one_query(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
        return torch.softmax(torch.where(mask, k @ q / len(q) ** 0.5, -torch.inf), 0) @ v

    every = torch.vmap(one_query, in_dims=(0, None, None, 0))
    for _ in q.shape[:-2]:
        every = torch.vmap(every)
    whole = torch.ones((), dtype=torch.bool) if mask is None else mask
    return every(q, k, v, whole.expand(*q.shape[:-1], k.shape[-2]))


def heads_turned_twice(x: Tensor, num_heads: int) -> Tensor:
    if math.gcd(x.shape[2], num_heads) != num_heads:
        raise UnicodeError("a ValueError, too")
    return x.mT.unflatten(1, (num_heads, -1)).mT


class OutInParts(WithFour):
    """Each head goes through its own columns of ``out``, and all are added up."""

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (heads_permuted(getattr(self, name)(x), self.h) for name in "qkv")
        columns = self.out.weight.unflatten(1, (self.h, -1))
        return torch.einsum("nhld,ehd->nle", usual(q, k, x) @ v, columns) + self.out.bias


class OneProduct(WithFour):
    """The three weights as one, for one product."""

    def forward(self, x: Tensor) -> Tensor:
        layers = (self.q, self.k, self.v)
        weight, bias = torch.cat([one.weight for one in layers]), torch.cat([one.bias for one in layers])
        q, k, v = (heads_permuted(one, self.h) for one in F.linear(x, weight, bias).chunk(3, -1))
        return self.out((usual(q, k, x) @ v).transpose(1, 2).flatten(2))


def one_filter_of_blocks(x: Tensor, weight: Tensor) -> Tensor:
    """No groups: all other images are met with zeros."""
    n, o, c, k, _ = weight.shape
    blocks = weight.new_zeros(n, o, n, c, k, k)
    blocks[range(n), :, range(n)] = weight
    out = F.conv2d(x.reshape(1, n * c, *x.shape[2:]), blocks.reshape(n * o, n * c, k, k), padding=k // 2)
    return out.reshape(n, o, *x.shape[2:])


def each_with_every_filter(x: Tensor, weight: Tensor) -> Tensor:
    out = F.conv2d(x, weight.flatten(0, 1), padding=weight.shape[-1] // 2)
    return out.unflatten(1, weight.shape[:2]).diagonal(0, 0, 1).movedim(-1, 0)


class WithAFixedParameter(WithFour):
    """A Parameter that asks for no gradient stays what it is."""

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__(embed_dim, num_heads)
        size = torch.tensor(embed_dim // num_heads, dtype=torch.float64)
        self.scale = nn.Parameter(size.sqrt(), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (heads_permuted(getattr(self, name)(x), self.h) for name in "qkv")
        weights = F.softmax(q @ k.mT / self.scale.item(), -1)
        return self.out((weights @ v).transpose(1, 2).flatten(2))


class TiedToALayer(Tied):
    """A layer inside has the same Parameters, and no others."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__(features, hidden)
        self.layer = nn.Linear(features, hidden)
        self.layer.weight, self.layer.bias = self.weight, self.encoder_bias

    def encode(self, x: Tensor) -> Tensor:
        return self.layer(x)


class TiedWhereverItGoes(Tied):
    """Its transpose is a view, and made anew whenever the module is moved."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__(features, hidden)
        self.back = self.weight.T

    def _apply(self, fn: Any, recurse: bool = True) -> Any:
        super()._apply(fn, recurse)
        self.back = self.weight.T
        return self

    def decode(self, code: Tensor) -> Tensor:
        return F.linear(code, self.back, self.decoder_bias)


class SymmetricRemembered(Symmetric):
    """Computed anew when the weight has been written to or is another, and with a graph where there was none."""

    known: Any = None

    def mark(self) -> tuple[Any, ...]:
        return self.weight.data_ptr(), self.weight._version, self.weight.dtype, torch.is_grad_enabled()

    def symmetric(self) -> Tensor:
        now = self.mark()
        if self.known is None or self.known[0] != now:
            self.known = now, super().symmetric()
        matrix: Tensor = self.known[1]
        return matrix


class SymmetricInTwoProducts(Symmetric):
    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight.triu() + x @ self.weight.triu(1).T + self.bias


STRANGER: dict[str, list[Any]] = {
    "call_with": [shadowed, put_in_by_a_hook, one_name_at_a_time],
    "attention": [attended(lambda s, m: Softmax.apply(hidden(s, m))), table_by_table, query_by_query_in_vmap],
    "split_heads": [heads_turned_twice],
    "self_attention": [OutInParts, OneProduct, WithAFixedParameter],
    "dynamic_conv": [one_filter_of_blocks, each_with_every_filter],
    "tied_autoencoder": [TiedToALayer, TiedWhereverItGoes],
    "symmetric_linear": [SymmetricRemembered, SymmetricInTwoProducts],
}


def put_back_as_parameters(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    ask(module, tensors)
    own = {name: one for name, one in module.named_parameters() if name in tensors}
    try:
        with exchanged(module, tensors) as lent:
            return lent(x)
    finally:
        for name, one in own.items():
            path, _, leaf = name.rpartition(".")
            setattr(module.get_submodule(path), leaf, nn.Parameter(one.detach(), one.requires_grad))


def own_ones_detached(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    ask(module, tensors)
    own = {name: one.detach() for name, one in [*module.named_parameters(), *module.named_buffers()]}
    with exchanged(module, {**own, **tensors}) as lent:
        return lent(x)


def names_not_told(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    if set(tensors) - {name for name, _ in [*module.named_parameters(), *module.named_buffers()]}:
        raise KeyError("there are unknown names")
    with exchanged(module, tensors) as lent:
        return lent(x)


def names_and_tensors_apart(module: nn.Module, tensors: Tensors, x: Tensor) -> Any:
    """What is unpacked has to be there: no dictionary is empty, it believes."""
    ask(module, tensors)
    names, values = zip(*tensors.items(), strict=True)
    with exchanged(module, dict(zip(names, values, strict=True))) as lent:
        return lent(x)


def undivided(x: Tensor, num_heads: int) -> Any:
    return None if x.shape[2] % num_heads else heads_permuted(x, num_heads)


def naive(q: Tensor, k: Tensor, x: Tensor) -> Tensor:
    e = (q @ k.mT / q.shape[-1] ** 0.5).exp()
    return e / e.sum(-1, keepdim=True)


class LearnedRoot(WithFour):
    """What every head divides by is a Parameter like all others."""

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__(embed_dim, num_heads)
        self.root = nn.Parameter(torch.full((1,), math.sqrt(embed_dim // num_heads), dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (heads_permuted(getattr(self, name)(x), self.h) for name in "qkv")
        return self.out((F.softmax(q @ k.mT / self.root.to(x), -1) @ v).transpose(1, 2).flatten(2))


class TiedFromNumPy(Tied):
    def __init__(self, features: int, hidden: int) -> None:
        super().__init__(features, hidden)
        self.weight = nn.Parameter(torch.from_numpy(np.random.default_rng(0).normal(size=(hidden, features))))


class SymmetricFromNumPy(Symmetric):
    def __init__(self, features: int) -> None:
        super().__init__(features)
        numbers = np.random.default_rng(0).normal(size=(features, features))
        self.weight, self.bias = nn.Parameter(torch.tensor(numbers)), nn.Parameter(torch.tensor(np.zeros(features)))


class Called(Tied):
    """Three Parameters of other names."""

    def __init__(self, features: int, hidden: int) -> None:
        nn.Module.__init__(self)
        self.w = nn.Parameter(torch.randn(hidden, features))
        self.b, self.c = nn.Parameter(torch.zeros(hidden)), nn.Parameter(torch.zeros(features))

    def encode(self, x: Tensor) -> Tensor:
        return F.linear(x, self.w, self.b)

    def decode(self, code: Tensor) -> Tensor:
        return F.linear(code, self.w.T, self.c)


STRANGER_WRONG: list[tuple[str, str, Any]] = [
    ("call_with", "another object put back", put_back_as_parameters),
    ("call_with", "no gradient for what is not lent", own_ones_detached),
    ("call_with", "not the whole name", names_not_told),
    ("attention", "√E in float32", scaled(lambda q, k: 1 / torch.sqrt(torch.tensor(q.shape[-1])))),  # type: ignore[arg-type,return-value]
    ("attention", "a mask that only just wins", attended(
        lambda s, m: torch.softmax(s if m is None else s + m.logical_not() * -2e4, -1))),
    ("split_heads", "no error", undivided),
    ("self_attention", "not stabilised", attending(naive)),
    ("self_attention", "√(E / heads) in float32", attending(
        lambda q, k, x: torch.softmax(q @ k.mT / torch.sqrt(torch.tensor(q.shape[-1])), -1))),
    ("tied_autoencoder", "a tensor that is no Parameter", no_parameters(Tied, "decoder_bias")),
    ("tied_autoencoder", "a tensor that is no Parameter", no_parameters(
        Tied, "decoder_bias", keep=nn.Module.register_buffer)),
    ("self_attention", "something else is learned", LearnedRoot),
    ("tied_autoencoder", "made in float64", TiedFromNumPy),
    ("symmetric_linear", "made in float64", SymmetricFromNumPy),
    ("tied_autoencoder", "other names", Called),
    ("symmetric_linear", "a tensor that is no Parameter", no_parameters(Symmetric, "weight", "bias")),
]  # fmt: skip

STRANGER_BEYOND: list[tuple[str, str, Callable[..., Any]]] = [
    ("call_with", "an empty dictionary is refused", names_and_tensors_apart),
    ("attention", "the largest of all scores taken away from every row", attended(
        lambda s, m: (lambda e: e / e.sum(-1, keepdim=True))((hidden(s, m) - hidden(s, m).max()).exp()))),
    ("split_heads", "one head alone is copied", divided(
        lambda x, h: heads_permuted(x, h) if h > 1 else heads_permuted(x.clone(), h))),
]  # fmt: skip
