"""Chapter 09: what is told about an answer, and what it earns, where the chapter has rules of its own."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from answers.shining.lending import LENDING, ask, exchanged, with_a_stack
from answers.shining.pieces import attention_einsum, heads_permuted
from answers.shining.right import RIGHT, dynamic_groups, dynamic_vmap
from answers.shining.right_classes import Symmetric, Tied, WithFour
from torch import Tensor, nn

from autograder import check
from autograder.authoring.oracles import oracles_of
from autograder.judging.reference import load
from autograder.judging.verdict import Status, Verdict
from autograder.observing.exercise import exercises_of

EXERCISES = {one.id: one for one in exercises_of("shining")}


def failing(verdict: Verdict) -> list[str]:
    return sorted(one.name for one in verdict.aspects if not one.holds)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_feasible_pair_of_what_the_contract_lets_vary_meets_in_a_case(exercise: str) -> None:
    space = oracles_of("shining")[exercise].space
    assert space is not None
    assert space.unmet() == []


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_first_case_shown_has_numbers_to_follow(exercise: str) -> None:
    first = load(EXERCISES[exercise]).cases[0]
    assert all(value.numel() <= 24 for value in first.inputs.values() if isinstance(value, Tensor))


def keeping_a_hook(module: nn.Module, tensors: Any, x: Tensor) -> Any:
    module.register_forward_hook(lambda *_: None)
    return with_a_stack(module, tensors, x)


def in_eval_mode(module: nn.Module, tensors: Any, x: Tensor) -> Any:
    out = with_a_stack(module, tensors, x)
    module.eval()
    return out


def gradients_cleared(module: nn.Module, tensors: Any, x: Tensor) -> Any:
    module.zero_grad()
    return with_a_stack(module, tensors, x)


def thawed(module: nn.Module, tensors: Any, x: Tensor) -> Any:
    module.requires_grad_(True)
    return with_a_stack(module, tensors, x)


def leaving_an_attribute(module: nn.Module, tensors: Any, x: Tensor) -> Any:
    module._lent = True  # type: ignore[assignment]
    return with_a_stack(module, tensors, x)


def parameters_made_anew(module: nn.Module, tensors: Any, x: Tensor) -> Any:
    out = with_a_stack(module, tensors, x)
    for part in module.modules():
        for name, own in part._parameters.items():
            part._parameters[name] = copy.deepcopy(own)
    return out


def buffers_saved_from_now_on(module: nn.Module, tensors: Any, x: Tensor) -> Any:
    out = with_a_stack(module, tensors, x)
    for part in module.modules():
        part._non_persistent_buffers_set.clear()
    return out


@pytest.mark.parametrize(
    "answer",
    [
        keeping_a_hook,
        in_eval_mode,
        gradients_cleared,
        thawed,
        leaving_an_attribute,
        parameters_made_anew,
        buffers_saved_from_now_on,
    ],
)
def test_what_call_with_leaves_behind_in_the_module_costs_the_state(answer: Callable[..., Any]) -> None:
    verdict = check("call_with", answer)
    assert "state" in failing(verdict), str(verdict)
    assert set(failing(verdict)) <= {"state", "after an error", "errors"}


def taking_out(module: nn.Module, tensors: Any, x: Tensor) -> Any:
    ask(module, tensors)
    given = dict(tensors)
    while tensors:
        tensors.popitem()
    with exchanged(module, given) as lent:
        return lent(x)


def filling_up(module: nn.Module, tensors: Any, x: Tensor) -> Any:
    ask(module, tensors)
    for name, own in module.named_parameters():
        tensors.setdefault(name, own)
    with exchanged(module, tensors) as lent:
        return lent(x)


def writing_to_tensors(module: nn.Module, tensors: Any, x: Tensor) -> Any:
    out = with_a_stack(module, tensors, x)
    for tensor in tensors.values():
        tensor.data.zero_()
    return out


def asking_for_gradients(module: nn.Module, tensors: Any, x: Tensor) -> Any:
    out = with_a_stack(module, tensors, x)
    for tensor in tensors.values():
        if tensor.is_floating_point():
            tensor.requires_grad_()
    return out


@pytest.mark.parametrize("answer", [taking_out, filling_up, writing_to_tensors, asking_for_gradients])
def test_what_call_with_does_to_the_dictionary_costs_memory(answer: Callable[..., Any]) -> None:
    assert "memory" in failing(check("call_with", answer))


def through_hasattr(module: nn.Module, tensors: Any, x: Tensor) -> Any:
    """Known is what the module has under that name, whatever it is."""
    for name in tensors:
        try:
            thing: Any = module
            for word in name.split("."):
                thing = (
                    thing[int(word)] if word.isdigit() and isinstance(thing, nn.Sequential) else getattr(thing, word)
                )
        except (AttributeError, IndexError):
            if "first one" not in name and "extra" not in name and "2." not in name:
                raise KeyError(name) from None
    known = dict(module.named_parameters()) | dict(module.named_buffers())
    with exchanged(module, {name: one for name, one in tensors.items() if name in known}) as lent:
        return lent(x)


def test_what_a_module_has_under_a_name_is_not_yet_a_parameter_or_a_buffer() -> None:
    assert failing(check("call_with", through_hasattr)) == ["errors"]


def test_an_error_of_the_network_is_passed_on() -> None:
    def swallowed(module: nn.Module, tensors: Any, x: Tensor) -> Any:
        ask(module, tensors)
        with exchanged(module, tensors) as lent:
            try:
                return lent(x)
            except Exception:
                return None

    assert failing(check("call_with", swallowed)) == ["after an error"]


def test_no_lent_module_keeps_what_an_answer_before_it_has_done() -> None:
    """A patched class costs nobody but who patched it: every case makes its module anew."""
    check("call_with", keeping_a_hook)
    assert check("call_with", LENDING[0]).solved


def test_an_answer_that_calls_forward_twice_counts_twice() -> None:
    def twice(module: nn.Module, tensors: Any, x: Tensor) -> Any:
        with_a_stack(module, tensors, x)
        return with_a_stack(module, tensors, x)

    assert "buffers" in failing(check("call_with", twice))


@pytest.mark.parametrize(("exercise", "answer", "missing"), [
    ("attention", lambda q, k, v, mask=None: attention_einsum(q, k, v), ["gradients", "large scores", "mask"]),
    ("attention", lambda q, k, v, mask=None: attention_einsum(q, k, v, mask).detach(), ["gradients"]),
    ("split_heads", lambda x, num_heads: heads_permuted(x, num_heads).clone(), ["memory"]),
    ("split_heads", lambda x, num_heads: x.unflatten(-1, (num_heads, -1)).transpose(1, 2), ["errors"]),
    ("dynamic_conv", lambda x, weight: torch.stack(
        [F.conv2d(one, own, padding="same") for one, own in zip(x, weight, strict=True)]), ["one call"]),
    ("dynamic_conv", lambda x, weight: dynamic_groups(x, weight.detach()), ["gradients"]),
])  # fmt: skip
def test_what_is_right_but_for_one_thing_keeps_its_share(exercise: str, answer: Any, missing: list[str]) -> None:
    verdict = check(exercise, answer)
    assert failing(verdict) == missing
    assert 0 < verdict.score < verdict.points


def test_a_second_convolution_is_not_one_call() -> None:
    def with_another(x: Tensor, weight: Tensor) -> Tensor:
        F.conv2d(x, weight[0])
        return dynamic_vmap(x, weight)

    verdict = check("dynamic_conv", with_another)
    assert "one call" in failing(verdict)


def test_a_mask_that_is_written_to_costs_memory() -> None:
    def rude(q: Tensor, k: Tensor, v: Tensor, mask: Any = None) -> Tensor:
        out = attention_einsum(q, k, v, mask)
        if mask is not None:
            mask.logical_not_()
        return out

    assert "memory" in failing(check("attention", rude))


def test_a_layer_that_holds_torchs_attention_and_never_calls_it_is_seen_too() -> None:
    class Holding(WithFour):
        def __init__(self, embed_dim: int, num_heads: int) -> None:
            super().__init__(embed_dim, num_heads)
            self.spare = nn.MultiheadAttention(embed_dim, num_heads)

    assert check("self_attention", Holding).status is Status.NOT_BY_HAND


@pytest.mark.parametrize("exercise", ["self_attention", "tied_autoencoder", "symmetric_linear"])
def test_a_half_written_class_is_told_that_it_is_half(exercise: str) -> None:
    class Half(RIGHT[exercise][0]):  # type: ignore[misc]
        def forward(self, x: Tensor) -> Tensor:
            raise NotImplementedError

    verdict = check(exercise, Half)
    assert (verdict.status, verdict.score) == (Status.WRONG, 0)
    assert "forward is still to be written" in str(verdict)


def test_an_autoencoder_without_decode_keeps_what_it_has() -> None:
    class OnlyForward(nn.Module):
        def __init__(self, features: int, hidden: int) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(hidden, features))
            self.encoder_bias, self.decoder_bias = (
                nn.Parameter(torch.zeros(hidden)),
                nn.Parameter(torch.zeros(features)),
            )

        def forward(self, x: Tensor) -> Tensor:
            return F.linear(F.linear(x, self.weight, self.encoder_bias), self.weight.T, self.decoder_bias)

    assert failing(check("tied_autoencoder", OnlyForward)) == ["parts"]


def test_a_transpose_kept_from_the_first_call_is_right_until_something_happens() -> None:
    class Cached(Tied):
        kept: Tensor | None = None

        def decode(self, code: Tensor) -> Tensor:
            if self.kept is None:
                self.kept = self.weight.detach().clone()
            return code @ self.kept.to(code.dtype) + self.decoder_bias

    verdict = check("tied_autoencoder", Cached)
    assert failing(verdict) == ["gradients", "tied"]


@pytest.mark.parametrize("once", ["made symmetric once, in __init__", ""])
def test_what_does_not_depend_on_the_weight_was_made_in_init_only_where_something_was(once: str) -> None:
    class Forgetful(nn.Module):
        def __init__(self, features: int) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(features, features))
            self.bias = nn.Parameter(torch.zeros(features))
            if once:
                self.kept = self.weight.triu() + self.weight.triu(1).T

        def forward(self, x: Tensor) -> Tensor:
            return F.linear(x, self.kept if once else torch.zeros_like(self.weight), self.bias)

    assert check("symmetric_linear", Forgetful).misconception == once


def test_layers_that_two_objects_share_are_found_out() -> None:
    one = WithFour(4, 2)

    class Sharing(WithFour):
        def __init__(self, embed_dim: int, num_heads: int) -> None:
            super().__init__(embed_dim, num_heads)
            if embed_dim == 4:
                self.q = one.q

    assert "state" in failing(check("self_attention", Sharing))


def test_the_default_dtype_and_the_gradient_mode_are_the_answers_own_affair() -> None:
    """What an answer leaves on costs itself, and no exercise after it."""

    def in_double(q: Tensor, k: Tensor, v: Tensor, mask: Any = None) -> Tensor:
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        return attention_einsum(q, k, v, mask)

    before = torch.get_default_dtype()
    assert not check("attention", in_double).solved
    assert torch.get_default_dtype() is before
    assert torch.is_grad_enabled()
    assert check("attention", attention_einsum).solved


def test_numbers_that_are_not_finite_as_made_are_found_out() -> None:
    class Empty(Symmetric):
        def __init__(self, features: int) -> None:
            super().__init__(features)
            with torch.no_grad():
                self.weight.fill_(float("nan"))

    assert failing(check("symmetric_linear", Empty)) == ["state"]


def test_one_layer_under_two_names_is_told() -> None:
    class KeysAreQueries(WithFour):
        def __init__(self, embed_dim: int, num_heads: int) -> None:
            super().__init__(embed_dim, num_heads)
            self.k = self.q

    said = str(check("self_attention", KeysAreQueries))
    assert "Some are one tensor under two names: k.weight is q.weight, k.bias is q.bias." in said


@pytest.mark.parametrize(("exercise", "right"), [("tied_autoencoder", Tied), ("symmetric_linear", Symmetric)])
def test_parameters_in_two_dtypes_cost_the_state_and_no_other_aspect(exercise: str, right: Any) -> None:
    class Mixed(right):
        def __init__(self, *sizes: int) -> None:
            super().__init__(*sizes)
            self.weight = nn.Parameter(self.weight.detach().double())

    verdict = check(exercise, Mixed)
    assert failing(verdict) == ["state"]
    assert verdict.misconception == "made in float64"
