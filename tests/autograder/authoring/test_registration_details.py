"""Chapter 06: what is told about an answer, and what it earns, where the chapter has rules of its own."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, ClassVar

import pytest
import torch
import torch.nn.functional as F
from answers.registration.mini import Separate
from answers.registration.right import LISTED, NOTHING, InPlaceMean, KaimingConv, KaimingLinear, Layers, by_stack
from torch import Tensor, nn

from autograder import check
from autograder.authoring.oracles.registration.predict_registered import ATTRIBUTES, Box
from autograder.judging.verdict import Verdict


def held(verdict: Verdict) -> dict[str, bool]:
    return {aspect.name: aspect.holds for aspect in verdict.aspects}


def test_the_ten_attributes_are_those_of_the_lesson(root: Any) -> None:
    text = (root / "course/lessons/06_what_a_module_registers.py").read_text()
    lesson = text.partition("class Box(nn.Module):")[2].partition("# %%")[0]
    names = [name for group in ATTRIBUTES.values() for name in group]
    assert len(names) == 10
    for name in names:
        assert f"self.{name} = " in lesson or f'"{name}"' in lesson
    namespace: dict[str, Any] = {"nn": nn, "torch": torch, "F": F}
    exec("class Box(nn.Module):" + lesson, namespace)
    theirs, ours = namespace["Box"](), Box()
    for entries in ("_parameters", "_buffers", "_modules"):
        assert list(getattr(theirs, entries)) == list(getattr(ours, entries))


def test_half_right_predictions_earn_their_share() -> None:
    assert check("predict_registered", NOTHING | LISTED | {"act": "module"}).score == 2
    assert check("predict_registered", dict.fromkeys(NOTHING | LISTED, ...)).status.value == "not attempted"


@pytest.mark.parametrize("word", ["nothing", "parameter", "buffer", "module"])
def test_one_word_for_all_ten_earns_nothing(word: str) -> None:
    assert check("predict_registered", dict.fromkeys(NOTHING | LISTED, word)).score == 0


def test_a_half_written_layer_counts_as_not_attempted() -> None:
    class Half(nn.Module):
        def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
            super().__init__()
            raise NotImplementedError

    assert check("my_linear", Half).status.value == "not attempted"


class Scaled(KaimingLinear):
    """Starts at what ``start`` makes of torch's numbers."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__(in_features, out_features, bias)
        with torch.no_grad():
            self.start()

    def start(self) -> None:
        raise NotImplementedError


def start(change: Any) -> type[nn.Module]:
    return type("Started", (Scaled,), {"start": change})


@pytest.mark.parametrize(
    "change",
    [
        lambda layer: layer.weight.copy_(layer.weight[0].clone()),  # one row for all outputs
        lambda layer: None if layer.bias is None else layer.bias.copy_(layer.weight.flatten()[: len(layer.bias)]),
        lambda layer: layer.weight.copy_(layer.weight.abs()),
        lambda layer: layer.weight.mul_(0.5),
        lambda layer: layer.weight.mul_(1.2),
        lambda layer: layer.weight.copy_(layer.weight.sign() * layer.in_features**-0.5),
        lambda layer: layer.weight.fill_(layer.in_features**-0.5 / 2),
        lambda layer: nn.init.normal_(layer.weight, std=layer.in_features**-0.5 / 4),
        lambda layer: nn.init.xavier_uniform_(layer.weight),
    ],
)
def test_first_numbers_that_only_look_right_cost_their_share(change: Any) -> None:
    verdict = check("my_linear", start(change))
    assert [name for name, holds in held(verdict).items() if not holds] == ["start"]
    assert 0 < verdict.score < verdict.points


def test_a_seed_of_its_own_makes_all_layers_the_same() -> None:
    class Seeded(KaimingLinear):
        def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
            torch.manual_seed(0)
            super().__init__(in_features, out_features, bias)

    assert not held(check("my_linear", Seeded))["start"]


def test_one_layer_for_all_calls_is_no_answer() -> None:
    made: dict[Any, nn.Module] = {}

    def cached(in_features: int, out_features: int, bias: bool = True) -> nn.Module:
        key = (in_features, out_features, bias)
        if key not in made:
            made[key] = KaimingLinear(*key)
        return made[key]

    assert not held(check("my_linear", cached))["memory"]


class Detached(KaimingLinear):
    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight.detach(), self.bias)


class Frozen(KaimingLinear):
    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__(in_features, out_features, bias)
        self.requires_grad_(False)


class Remembering(KaimingLinear):
    """Keeps a transposed view of the first weight, which ``.to`` leaves behind."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__(in_features, out_features, bias)
        self.turned = self.weight.T

    def forward(self, input: Tensor) -> Tensor:
        out = input @ self.turned.to(input.dtype)
        return out if self.bias is None else out + self.bias


class Double(KaimingLinear):
    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__(in_features, out_features, bias)
        self.double()


class MoreSaved(KaimingLinear):
    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__(in_features, out_features, bias)
        self.register_buffer("steps", torch.tensor(0))


class WritesBack(KaimingLinear):
    def forward(self, input: Tensor) -> Tensor:
        out = super().forward(input)
        with torch.no_grad():
            self.weight.mul_(0.9)
        return out


@pytest.mark.parametrize(
    ("answer", "aspect"),
    [
        (Detached, "gradients"),
        (Frozen, "gradients"),
        (Remembering, "values"),
        (Double, "state"),
        (MoreSaved, "state"),
        (WritesBack, "memory"),
    ],
)
def test_a_layer_that_is_wrong_in_one_thing_loses_that(answer: Any, aspect: str) -> None:
    verdict = check("my_linear", answer)
    assert not held(verdict)[aspect]
    assert verdict.score < verdict.points


def test_what_torchs_layer_saved_is_what_the_learners_layer_computes_with() -> None:
    class Other(KaimingConv):
        """Registers a weight, and convolves with another one."""

        def __init__(self, *sizes: Any, **more: Any) -> None:
            super().__init__(*sizes, **more)
            self.used = self.weight.detach().clone()

        def forward(self, x: Tensor) -> Tensor:
            return F.conv2d(x, self.used.to(x.dtype), self.bias, self.stride, self.padding)

    assert check("my_conv2d", Other).score == 0


def test_the_same_number_for_stride_and_padding_is_seen() -> None:
    class Swapped(KaimingConv):
        def forward(self, x: Tensor) -> Tensor:
            return F.conv2d(x, self.weight, self.bias, max(self.padding, 1), self.stride - 1)

    assert not held(check("my_conv2d", Swapped))["values"]


def register_plain_tensors(module: nn.Module) -> None:
    for name, value in list(vars(module).items()):
        if isinstance(value, Tensor):
            delattr(module, name)
            module.register_buffer(name, value)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda module: module.eval(),
        lambda module: module.requires_grad_(False),
        lambda module: setattr(module, "found", []),
        lambda module: module.register_forward_hook(lambda *seen: None),
        lambda module: register_plain_tensors(module),
        lambda module: [value.add_(1) for value in vars(module).values() if isinstance(value, Tensor)
                        and value.is_leaf and not value.requires_grad],
        lambda module: module.double(),
    ],
)  # fmt: skip
def test_a_search_that_changes_the_module_is_right_and_not_solved(spoil: Any) -> None:
    def search(module: nn.Module) -> list[str]:
        found = by_stack(module)
        spoil(module)
        return found

    holds = held(check("find_unregistered", search))
    assert holds["values"] and holds["registered"]
    assert not holds["memory"]


@pytest.mark.parametrize(
    "change",
    [
        lambda paths: [path for path in paths if path.count(".") < 4],
        lambda paths: [path for path in paths if not path.split(".")[-1].startswith("_")],
        lambda paths: [path for path in paths if "steps" not in path],
        lambda paths: paths[:10],
        lambda paths: sorted(paths, key=lambda path: [int(one) if one.isdigit() else 0 for one in path.split(".")]),
        lambda paths: sorted({path.split(".")[0] for path in paths}),
        lambda paths: [path.replace(".", "/") for path in paths],
        lambda paths: set(paths),
    ],
)
def test_a_search_that_is_nearly_right_is_not_solved(change: Any) -> None:
    assert not held(check("find_unregistered", lambda module: change(by_stack(module))))["values"]


def test_a_search_that_asks_whether_a_tensor_is_true_is_not_solved() -> None:
    def truthy(module: nn.Module) -> list[str]:
        lost = by_stack(module)
        return [path for path in lost if "steps" not in path and "none" not in path and "counts" not in path]

    assert not check("find_unregistered", truthy).solved


class Doubled(Layers):
    """Each layer twice among the parameters, the second one unused."""

    def __init__(self, widths: Any) -> None:
        super().__init__(widths)
        self.more = nn.Linear(widths[0], widths[1])


class Leaky(Layers):
    def forward(self, x: Tensor) -> Tensor:
        for part in self.net:
            x = F.leaky_relu(x, 0.01) if isinstance(part, nn.ReLU) else part(x)
        return x


class AtMostFive(Layers):
    def forward(self, x: Tensor) -> Tensor:
        for part in self.net[:11]:
            x = part(x)
        return x


class Transposing(Layers):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).detach() + 0 * x.sum()


@pytest.mark.parametrize(
    ("answer", "aspect"),
    [(Doubled, "state"), (Leaky, "values"), (AtMostFive, "values"), (Transposing, "gradients")],
)
def test_a_stack_that_is_wrong_in_one_thing_loses_that(answer: Any, aspect: str) -> None:
    assert not held(check("stacked_mlp", answer))[aspect]


class NoLayers(nn.Module):
    def __init__(self, widths: Any) -> None:
        super().__init__()
        self.layers = nn.ModuleList()
        self.widths = list(widths)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers[-1](x)  # type: ignore[no-any-return]


class InALoop(nn.Module):
    def __init__(self, widths: Any) -> None:
        super().__init__()
        for a, b in pairwise(widths):
            self.layer = nn.Linear(a, b)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)  # type: ignore[no-any-return]


@pytest.mark.parametrize("answer", [NoLayers, InALoop])
def test_a_stack_without_its_layers_is_not_called_a_list(answer: Any) -> None:
    verdict = check("stacked_mlp", answer)
    assert (verdict.misconception, verdict.score) == ("", 0)


class Aliasing(InPlaceMean):
    """After a batch of one row, the mean is that row itself."""

    def forward(self, x: Tensor) -> Tensor:
        if self.training and len(x) == 1 and int(self.count) == 0:
            self.count = self.count + 1
            self.mean = x.detach()[0]
            return x - self.mean
        return super().forward(x)


class CountsOnce(InPlaceMean):
    def forward(self, x: Tensor) -> Tensor:
        out = super().forward(x)
        self.count.clamp_(max=20)
        return out


class InPlaceInput(InPlaceMean):
    def forward(self, x: Tensor) -> Tensor:
        out = super().forward(x)
        x.data.copy_(out)
        return out


class OneNumber(InPlaceMean):
    """The mean over everything, not for each feature."""

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            with torch.no_grad():
                self.count.add_(len(x))
                self.mean.add_((x.mean(1, keepdim=True) - self.mean).sum(0) / self.count)
        return x - self.mean


class LongCount(InPlaceMean):
    def __init__(self, num_features: int) -> None:
        super().__init__(num_features)
        self.count = torch.zeros(1, dtype=torch.int64)


@pytest.mark.parametrize(
    ("answer", "aspect"),
    [(Aliasing, "state"), (CountsOnce, "state"), (InPlaceInput, "memory"), (OneNumber, "values"), (LongCount, "state")],
)
def test_a_mean_that_is_wrong_in_one_thing_loses_that(answer: Any, aspect: str) -> None:
    verdict = check("running_mean", answer)
    assert not held(verdict)[aspect]
    assert verdict.score < verdict.points


class CopiesParameters(Separate):
    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, nn.Parameter(value.data.clone()) if isinstance(value, nn.Parameter) else value)


class OldState(Separate):
    """Gives the state of the first time for ever."""

    def state_dict(self) -> Any:
        return self.__dict__.setdefault("saved", super().state_dict())


class ClearsGradients(Separate):
    def load_state_dict(self, state: Any, strict: bool = True) -> str:
        for parameter in self.parameters():
            parameter.grad = None
        return super().load_state_dict(state)


class Thaws(Separate):
    def load_state_dict(self, state: Any, strict: bool = True) -> str:
        for parameter in self.parameters():
            parameter.requires_grad_(True)
        return super().load_state_dict(state)


class SharedLists(Separate):
    """The lists belong to the class."""

    everyone: ClassVar[dict[str, Any]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.__dict__["params"] = self.everyone


class ListsOfModules(Separate):
    """Registers the modules in a list as well."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if isinstance(value, list):
            self.mods.update({f"{name}.{k}": one for k, one in enumerate(value) if isinstance(one, Separate)})


@pytest.mark.parametrize(
    ("answer", "aspect"),
    [
        (CopiesParameters, "values"),
        (SharedLists, "values"),
        (ListsOfModules, "values"),
        (OldState, "saving"),
        (ClearsGradients, "saving"),
        (Thaws, "saving"),
    ],
)
def test_a_module_that_is_wrong_in_one_thing_loses_that(answer: Any, aspect: str) -> None:
    verdict = check("mini_module", answer)
    assert not held(verdict)[aspect]
    assert verdict.score < verdict.points


def test_methods_still_to_be_written_leave_the_others_their_share() -> None:
    class WithoutModes(Separate):
        def train(self, mode: bool = True) -> Any:
            raise NotImplementedError

    verdict = check("mini_module", WithoutModes)
    assert held(verdict)["values"] and not held(verdict)["modes"]
    assert 0 < verdict.score < verdict.points


@pytest.mark.parametrize("answer", [nn.Linear, nn.LazyLinear, nn.Bilinear])
def test_another_kind_of_linear_layer_earns_nothing(answer: Any) -> None:
    assert check("my_linear", answer).score == 0


def test_an_answer_that_leaves_the_world_changed_costs_itself_and_no_neighbour() -> None:
    class Careless(KaimingLinear):
        def forward(self, input: Tensor) -> Tensor:
            torch.set_default_dtype(torch.float64)
            torch.set_grad_enabled(False)
            return super().forward(input)

    assert not check("my_linear", Careless).solved
    assert torch.is_grad_enabled() and torch.get_default_dtype() == torch.float32
    assert check("my_linear", KaimingLinear).solved


def test_a_count_of_another_integer_type_is_told_by_its_type() -> None:
    class Short(InPlaceMean):
        def __init__(self, num_features: int) -> None:
            super().__init__(num_features)
            self.count = self.count.int()

    verdict = check("running_mean", Short)
    assert held(verdict)["values"] and not held(verdict)["state"]
    assert verdict.finding is not None and "torch.int32" in verdict.finding.got
