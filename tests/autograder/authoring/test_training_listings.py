"""Chapter 08's nine broken loops: each has the bug that it is named after, and no other; repaired, it has none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path, PurePath
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.optim.optimizer import register_optimizer_step_pre_hook

from autograder.authoring.lessons.lesson import read
from autograder.authoring.oracles.training import BUGS

LESSON = Path(__file__).parents[3] / "course/lessons/08_training_both_ways.py"

# What a learner would change: the line as it stands, and as it should.
_AWAKE = ("        for images, digits in few:\n", "        model.train()\n        for images, digits in few:\n")
REPAIRS = {
    1: [
        (
            "        loss.backward()\n        optimizer.zero_grad()\n",
            "        optimizer.zero_grad()\n        loss.backward()\n",
        )
    ],
    2: [("        with torch.no_grad():\n", "        model.eval()\n        with torch.no_grad():\n"), _AWAKE],
    3: [("probabilities = model(images).softmax(dim=1)", "probabilities = model(images)")],
    4: [
        (
            "self.layers = [nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Flatten()]",
            "self.layers = nn.ModuleList([nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Flatten()])",
        )
    ],
    5: [("parameter = parameter - 0.1 * gradient", "parameter.data.sub_(0.1 * gradient)")],
    6: [("        loss.backward()\n", "        optimizer.zero_grad()\n        loss.backward()\n")],
    7: [
        (
            "    before = model.fc.weight.detach().clone()\n",
            "    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n    before = model.fc.weight.detach().clone()\n",
        )
    ],
    8: [_AWAKE],
    9: [('{f"module.{name}": tensor for', "{name: tensor for")],
}


@cache
def cells() -> tuple[str, ...]:
    """The cells of the lesson that the listings need, and the listings."""
    found = read(LESSON, PurePath(LESSON.name)).cells
    return tuple(cell.source for cell in found if "listing" in cell.words.get("tags", ()))


def source_of(number: int) -> str:
    [source] = [source for source in cells() if f"def listing_{number}()" in source]
    return source


@pytest.fixture(scope="module")
def lesson() -> dict[str, Any]:
    """The names that the listings use, after the cells above them have run."""
    names: dict[str, Any] = {"__name__": "lesson"}
    for source in cells():
        if "def listing_" not in source:
            exec(compile(source, LESSON.name, "exec"), names)
    return names


def listing(number: int, lesson: dict[str, Any], *, repaired: bool = False) -> Callable[[], list[float]]:
    """The loop of that number, defined as its cell defines it, but not run."""
    definition = re.split(r"\n(?=show\()", source_of(number))[0]
    if repaired:
        for wrong, right in REPAIRS[number]:
            assert definition.count(wrong) == 1
            definition = definition.replace(wrong, right)
    names = dict(lesson)
    exec(compile(definition, LESSON.name, "exec"), names)
    return names[f"listing_{number}"]


class Autopsy:
    """Watches a loop while it runs, and says which of the nine bugs it has by what was seen of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.found: set[str] = set()
        self._model: nn.Module | None = None
        self._own: dict[int, Tensor] = {}  # the gradient of the last loss alone, by leaf
        self._sums: dict[int, Tensor] = {}
        self._leaves: dict[int, tuple[Tensor, Tensor]] = {}  # each leaf and what it held at first
        self._steps, self._by_hand, self._empty_steps, self._soft, self._losses = 0, 0, 0, 0, 0
        self._patch = monkeypatch

    def __call__(self, loop: Callable[[], Any]) -> set[str]:
        cross_entropy, backward, grad = F.cross_entropy, Tensor.backward, torch.autograd.grad
        load_state_dict = nn.Module.load_state_dict

        def watched_loss(logits: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            self._losses += 1
            row = logits.detach()
            self._soft += bool((row >= 0).all()) and torch.allclose(row.sum(1), torch.ones(len(row)))
            loss = cross_entropy(logits, *args, **kwargs)
            self._look_at_graph(loss)
            return loss

        def watched_backward(loss: Tensor, *args: Any, **kwargs: Any) -> None:
            leaves = list(leaves_of(loss))
            for leaf, one in zip(leaves, grad(loss, leaves, retain_graph=True), strict=True):
                self._own[id(leaf)] = one
                self._sums[id(leaf)] = self._sums.get(id(leaf), 0) + one
            backward(loss, *args, **kwargs)

        def watched_grad(*args: Any, **kwargs: Any) -> Any:
            self._by_hand += 1
            return grad(*args, **kwargs)

        def watched_load(module: nn.Module, state: Any, *args: Any, **kwargs: Any) -> Any:
            if state and not set(state) & set(module.state_dict()):
                self.found.add("nothing pretrained loaded")
            return load_state_dict(module, state, *args, **kwargs)

        hooks = [
            register_module_forward_pre_hook(self._called),
            register_optimizer_step_pre_hook(self._stepped),
        ]
        with self._patch.context() as patch:
            patch.setattr(F, "cross_entropy", watched_loss)
            patch.setattr(Tensor, "backward", watched_backward)
            patch.setattr(torch.autograd, "grad", watched_grad)
            patch.setattr(nn.Module, "load_state_dict", watched_load)
            try:
                loop()
            finally:
                for hook in hooks:
                    hook.remove()
        return self.found | self._afterwards()

    def _called(self, module: nn.Module, args: Any) -> None:
        if isinstance(module, nn.Dropout | nn.BatchNorm1d):
            if module.training and not torch.is_grad_enabled():
                self.found.add("measured in training mode")
            if not module.training and torch.is_grad_enabled():
                self.found.add("trained in eval mode")
        elif self._model is None or self._model not in (module, *self._parents(module)):
            self._model = module

    def _parents(self, module: nn.Module) -> list[nn.Module]:
        """The model itself, if the module is a part of it or one that it calls without having registered it."""
        assert self._model is not None
        hidden = [part for part in vars(self._model).get("layers", ()) if isinstance(part, nn.Module)]
        return [self._model] if module in (*self._model.modules(), *hidden) else []

    def _look_at_graph(self, loss: Tensor) -> None:
        leaves = list(leaves_of(loss))
        for leaf in leaves:
            self._leaves.setdefault(id(leaf), (leaf, leaf.detach().clone()))
        if self._model is not None:
            registered = {id(one) for one in self._model.parameters()}
            if any(id(leaf) not in registered for leaf in leaves):
                self.found.add("layers that nobody registered")

    def _stepped(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        self._steps += 1
        held = [one for group in optimizer.param_groups for one in group["params"]]
        assert self._model is not None
        if {id(one) for one in held} != {id(one) for one in self._model.parameters()}:
            self.found.add("an optimiser with old tensors")
        stepped = [one for one in held if id(one) in self._own]
        self._empty_steps += all(one.grad is None or not one.grad.any() for one in stepped)
        if self._steps > 1 and any(
            one.grad is not None
            and not torch.allclose(one.grad, self._own[id(one)], rtol=1e-3, atol=1e-6)
            and torch.allclose(one.grad, self._sums[id(one)], rtol=1e-3, atol=1e-5)
            for one in stepped
        ):
            self.found.add("gradients never cleared")

    def _afterwards(self) -> set[str]:
        found = set()
        if self._steps and self._empty_steps == self._steps:
            found.add("gradients cleared before the step")
        if self._soft == self._losses:
            found.add("softmax before the loss")
        still = all(torch.equal(leaf, before) for leaf, before in self._leaves.values())
        if still and self._by_hand and not self._steps:
            found.add("a name rebound, the tensor unchanged")
        return found


def leaves_of(loss: Tensor) -> Iterator[Tensor]:
    """The leaves behind a loss that gradients are accumulated in."""
    waiting, seen = [loss.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            yield node.variable
        waiting += [one for one, _ in node.next_functions]


each_listing = pytest.mark.parametrize("number", BUGS)


@each_listing
def test_a_broken_loop_has_the_bug_that_it_is_named_after_and_no_other(
    number: int, lesson: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    assert Autopsy(monkeypatch)(listing(number, lesson)) == {BUGS[number]}


@each_listing
def test_a_line_or_two_repair_it(number: int, lesson: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    assert Autopsy(monkeypatch)(listing(number, lesson, repaired=True)) == set()


def test_whoever_only_adds_eval_to_listing_2_has_listing_8(
    lesson: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(REPAIRS, 2, REPAIRS[2][:1])
    torch.manual_seed(0)
    assert Autopsy(monkeypatch)(listing(2, lesson, repaired=True)) == {BUGS[8]}


def test_the_sound_loop_has_none_of_the_bugs(lesson: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    lesson = dict(lesson, trained=lesson["TinyCNN"]())
    [source] = [source for source in cells() if "def sound_loop" in source]
    names = dict(lesson)
    exec(compile(source.partition("\nshow(")[0], LESSON.name, "exec"), names)
    torch.manual_seed(0)
    assert Autopsy(monkeypatch)(names["sound_loop"]) == set()


def run(number: int, lesson: dict[str, Any], *, repaired: bool = False) -> list[float]:
    torch.manual_seed(8)
    return listing(number, lesson, repaired=repaired)()


@pytest.mark.parametrize("number", [1, 5])
def test_where_nothing_moves_every_pass_has_the_same_losses(number: int, lesson: dict[str, Any]) -> None:
    losses = run(number, lesson)
    assert losses[:10] * 6 == losses
    assert run(number, lesson, repaired=True)[-1] < losses[-1]


def test_after_a_softmax_no_loss_goes_below_its_floor(lesson: dict[str, Any]) -> None:
    floor = torch.log(torch.tensor(1.0).exp() + 9).item() - 1
    assert floor == pytest.approx(1.461, abs=1e-3)
    assert min(run(3, lesson)) > floor - 1e-4
    assert min(run(3, lesson, repaired=True)) < floor


@pytest.mark.parametrize(("number", "what"), [(4, "filters have"), (7, "head has")])
def test_what_the_optimiser_does_not_hold_stands_still(
    number: int, what: str, lesson: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    run(number, lesson)
    assert f"the {what} moved by 0.000" in capsys.readouterr().out
    run(number, lesson, repaired=True)
    assert re.search(rf"the {what} moved by 0\.0*[1-9]", capsys.readouterr().out)


def test_a_measurement_in_training_mode_is_another_one_the_next_time(
    lesson: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    def twice() -> list[tuple[str, str]]:
        return re.findall(r"right: (\d+), and once more: (\d+)", capsys.readouterr().out)

    run(2, lesson)
    assert any(one != other for one, other in twice())
    run(2, lesson, repaired=True)
    assert len(again := twice()) == 6 and all(one == other for one, other in again)


def test_batch_norm_in_eval_mode_counts_no_batch(lesson: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    def counted() -> list[int]:
        return [int(one) for one in re.findall(r"has counted: (\d+)", capsys.readouterr().out)]

    run(8, lesson)
    assert counted() == [10] * 6
    run(8, lesson, repaired=True)
    assert counted() == [10, 20, 30, 40, 50, 60]


def test_gradients_never_cleared_make_other_steps_from_the_second_on(lesson: dict[str, Any]) -> None:
    broken, repaired = run(6, lesson), run(6, lesson, repaired=True)
    assert broken[:2] == repaired[:2]
    assert broken[2] != repaired[2]


def test_a_network_with_nothing_loaded_begins_where_all_begin(lesson: dict[str, Any]) -> None:
    ten_classes = torch.log(torch.tensor(10.0)).item()
    assert run(9, lesson)[0] == pytest.approx(ten_classes, abs=0.2)
    assert run(9, lesson, repaired=True)[0] < 1


def test_the_lesson_names_every_bug_and_no_listing_gives_its_own_away() -> None:
    text = LESSON.read_text()
    for number, name in BUGS.items():
        assert f'| `"{name}"` |' in text
        assert name not in source_of(number)
