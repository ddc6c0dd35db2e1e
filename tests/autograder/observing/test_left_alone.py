"""The watcher: each kind of change is noted by name, and what was borrowed and put back is not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from autograder.observing.case import Case
from autograder.observing.codec import Raised
from autograder.observing.exercise import Exercise
from autograder.observing.left_alone import look
from autograder.observing.observe import LEFT_ALONE, run
from autograder.observing.world import World


def tensor() -> Tensor:
    """A leaf with a gradient already."""
    x = torch.ones(2, 3, requires_grad=True)
    x.grad = torch.ones(2, 3)
    return x


def module() -> Any:
    """A module whose first layer is frozen, and whose last stands in eval mode; all that learns has a gradient."""
    made = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    made[0].requires_grad_(False)
    made[2].eval()
    for one in made.parameters():
        one.grad = torch.ones_like(one)
    return made


def swapped(made: Any) -> None:
    made[2].weight = nn.Parameter(made[2].weight.detach().clone())


def renamed(made: Any) -> None:
    made[2].extra = 3


def moved(x: Tensor) -> None:
    x.data = x.data.clone()


def no_gradient(x: Tensor) -> None:
    x.grad = None


def zeroed(x: Tensor) -> None:
    assert x.grad is not None
    x.grad.zero_()


def there_and_back(x: Tensor) -> None:
    with torch.no_grad():
        x.mul_(2).div_(2)


def cast(x: Tensor) -> None:
    x.data = x.data.double()


def another_class(made: Any) -> None:
    class Other(nn.Linear):
        pass

    made[2].__class__ = Other


def own_forward(made: Any) -> None:
    made[2].forward = lambda x: x


@pytest.mark.parametrize(
    ("change", "noted"),
    [
        (lambda x: x.data.add_(1), "its numbers"),
        (there_and_back, "its numbers, which were written to and written back"),
        (cast, "its shape or dtype"),
        (moved, "where it lies in memory"),
        (lambda x: x.requires_grad_(False), "requires_grad"),
        (no_gradient, ".grad"),
        (zeroed, ".grad"),
        (lambda x: (x * 2).sum().backward(), ".grad"),
        (lambda x: x.register_hook(lambda grad: grad), "its hooks"),
        (lambda x: x.register_post_accumulate_grad_hook(lambda leaf: None), "its hooks"),
    ],
)
def test_what_becomes_of_a_tensor_is_noted(change: Callable[[Tensor], Any], noted: str) -> None:
    x = tensor()
    changed = look({"x": x})
    change(x)
    assert noted in changed()["memory"]["x"]


@pytest.mark.parametrize(
    ("change", "noted"),
    [
        (lambda made: made.eval(), "its mode"),
        (lambda made: made.train(), "its mode of 2"),
        (lambda made: made[1].eval(), "its mode of 1"),
        (lambda made: made.requires_grad_(True), "requires_grad of 0.weight"),
        (lambda made: made[2].requires_grad_(False), "requires_grad of 2.bias"),
        (lambda made: made.zero_grad(), ".grad of 2.weight"),
        (lambda made: zeroed(made[2].bias), ".grad of 2.bias"),
        (swapped, "its parameters of 2"),
        (lambda made: made.register_buffer("more", torch.zeros(1)), "its buffers"),
        (lambda made: made[1].running_mean.add_(1), "numbers of 1.running_mean"),
        (lambda made: made(torch.rand(5, 3)), "numbers of 1.num_batches_tracked"),
        (lambda made: made[2].weight.data.mul_(2), "numbers of 2.weight"),
        (lambda made: moved(made[2].weight), "where it lies in memory of 2.weight"),
        (lambda made: made.double(), "shape or dtype of 2.weight"),
        (lambda made: made.register_forward_hook(print), "its hooks"),
        (lambda made: made[2].register_full_backward_pre_hook(print), "its hooks of 2"),
        (lambda made: made[2].weight.register_hook(lambda grad: grad), "hooks of 2.weight"),
        (lambda made: made.append(nn.ReLU()), "its modules"),
        (renamed, "its attributes of 2"),
        (own_forward, "its attributes of 2"),
        (another_class, "its class of 2"),
    ],
)
def test_what_becomes_of_a_module_is_noted(change: Callable[[Any], Any], noted: str) -> None:
    made = module()
    changed = look({"model": made})
    change(made)
    assert noted in changed()["state"]["model"]


def test_a_class_that_was_patched_is_noted_and_put_back() -> None:
    class Layer(nn.Linear):
        pass

    changed = look({"model": Layer(2, 1)})
    Layer.forward = lambda self, x: x  # type: ignore[method-assign]
    assert changed() == {"state": {"model": ("the class Layer",)}}
    assert Layer(2, 1)(torch.ones(2)).shape == (1,)


def test_the_places_of_a_dict_and_what_lies_in_a_sequence_are_watched() -> None:
    params = {"a": torch.ones(2), "b": torch.ones(2)}
    pair = (torch.zeros(1), nn.ReLU())
    changed = look({"params": params, "pair": pair})
    params["a"] = params.pop("a")
    pair[0].add_(1)
    pair[1].eval()
    assert changed() == {
        "memory": {"params": ("what it holds",), "pair[0]": ("its numbers",)},
        "state": {"pair[1]": ("its mode",)},
    }


def borrowed(made: Any, x: Tensor) -> None:
    """Everything an honest answer may do on its way."""
    modes = {part: part.training for part in made.modules()}
    made.eval()
    handle = made.register_forward_hook(lambda *args: None)
    with torch.no_grad():
        made(x)
    with torch.inference_mode():
        made(x)
    handle.remove()
    for part, mode in modes.items():
        part.training = mode
    list(made.state_dict().values())


def test_what_was_borrowed_and_put_back_is_not_noted() -> None:
    made, x = module(), tensor()
    changed = look({"model": made, "x": x})
    borrowed(made, x)
    assert changed() == {}


def test_reading_and_going_backward_elsewhere_is_not_noted() -> None:
    made, x = module(), tensor()
    made.eval()
    changed = look({"model": made, "x": x})
    torch.autograd.grad(made(x).sum(), [x, made[2].weight])
    assert changed() == {}


def trace(*args: Any) -> None:
    """A hook that does nothing."""


SETTINGS = {
    "the grad mode": lambda: torch.set_grad_enabled(False),
    "the default dtype": lambda: torch.set_default_dtype(torch.float64),
    "the default device": lambda: torch.set_default_device("meta"),
    "the deterministic setting": lambda: torch.use_deterministic_algorithms(True, warn_only=True),
    "the number of threads": lambda: torch.set_num_threads(torch.get_num_threads() + 1),
    "the precision of products": lambda: torch.set_float32_matmul_precision("medium"),
    "the search for anomalies": lambda: torch.autograd.set_detect_anomaly(True),
    "the autocast setting": lambda: torch.set_autocast_enabled("cpu", True),
    "the hooks of all modules": lambda: nn.modules.module.register_module_forward_hook(trace),
}


@pytest.fixture
def left_on() -> Iterator[list[Any]]:
    """Contexts that nobody ends."""
    held: list[Any] = []
    yield held
    held.clear()
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


@pytest.mark.parametrize("name", SETTINGS)
def test_each_setting_is_noted_and_put_back(name: str) -> None:
    world = World()
    with world.kept() as changed:
        SETTINGS[name]()
    assert changed == [name]
    assert world.put_back() == ()
    assert torch.ones(1).device.type == "cpu"


@pytest.mark.parametrize("how", [torch.inference_mode, lambda: torch.inference_mode(True)])
def test_an_inference_mode_that_never_ends_is_noted_and_ended(how: Callable[[], Any], left_on: list[Any]) -> None:
    with World().kept() as changed:
        left_on.append(how())
        left_on[0].__enter__()
        assert torch.is_inference_mode_enabled()
    assert changed == ["the inference mode"]
    assert not torch.is_inference_mode_enabled()
    assert torch.is_grad_enabled()
    assert torch.ones(1).requires_grad_().mul(2).requires_grad


def test_a_device_that_somebody_had_set_before_stays() -> None:
    torch.set_default_device("meta")
    try:
        with World().kept() as changed:
            torch.set_default_device("cpu")
        assert changed == ["the default device"]
        assert torch.get_default_device() == torch.device("meta")
    finally:
        torch.set_default_device(None)


@pytest.mark.parametrize(
    "draw",
    [lambda: torch.rand(1), lambda: torch.manual_seed(1), lambda: nn.Linear(2, 2), lambda: torch.randperm(3)],
)
def test_draws_are_noted_where_nobody_has_a_reason_to_draw(draw: Callable[[], Any]) -> None:
    with World().kept(draws=False) as changed:
        draw()
    assert changed == ["the global generator of random numbers"]
    with World().kept() as changed:
        draw()
    assert changed == []


def test_a_generator_of_ones_own_is_nobodys_matter() -> None:
    with World().kept(draws=False) as changed:
        torch.rand(3, generator=torch.Generator().manual_seed(0))
    assert changed == []


def probed(answer: Any, *, draws: bool = True, may_change: tuple[str, ...] = ()) -> Any:
    """What is seen of an answer that gets a module and a tensor."""

    def probe(answer: Any, case: Case) -> Any:
        return {"values": case.call(answer, model=module())}

    exercise = Exercise("one", "none", "one(model, x)", 1, probe, ("model", "x"), may_change=may_change, draws=draws)
    return run(exercise, answer, [Case("", {"x": torch.ones(2, 3)}, ("model", "x"))]).seen[0]


def breaking(model: nn.Module, x: Tensor) -> None:
    model.eval()
    x.add_(1)
    torch.set_default_dtype(torch.float64)
    raise ArithmeticError("and then it breaks")


def test_what_was_noted_is_not_lost_when_the_answer_raises() -> None:
    seen = probed(breaking)
    assert isinstance(seen, Raised)
    assert seen.type == "ArithmeticError"
    assert set(seen.left_alone["state"]) == {"model", "the world"}
    assert seen.left_alone["memory"] == {"x": ("its numbers",)}
    assert torch.get_default_dtype() is torch.float32


def test_what_the_contract_asks_to_change_is_not_noted() -> None:
    def in_place(model: nn.Module, x: Tensor) -> int:
        x.add_(1)
        return 1

    assert LEFT_ALONE in probed(in_place)
    assert LEFT_ALONE not in probed(in_place, may_change=("x",))


def test_results_of_two_calls_share_nothing() -> None:
    once = torch.zeros(3)

    def probe(answer: Any, case: Case) -> Any:
        case.call(answer)
        return {"values": case.call(answer)}

    exercise = Exercise("one", "none", "one()", 1, probe)
    cases = [Case("", {})]
    shared = {"memory": {"the result": ("its memory, which an earlier result has too",)}}
    assert run(exercise, lambda: once[:2], cases).seen[0][LEFT_ALONE] == shared
    assert LEFT_ALONE not in run(exercise, lambda: once[:2].clone(), cases).seen[0]
    layer = nn.ReLU()
    same = {"state": {"the result": ("it is the very object that an earlier call gave",)}}
    assert run(exercise, lambda: layer, cases).seen[0][LEFT_ALONE] == same


def test_what_torch_changes_of_itself_is_nobodys_patch() -> None:
    """In a process of its own, where nothing of it has happened yet."""
    program = """
import torch
from torch import nn
from autograder.observing.patches import TorchsOwn
own, x = TorchsOwn(), torch.rand(2, 3)
layer = nn.LazyLinear(2)
layer(x)
nn.utils.parametrize.register_parametrization(layer, "weight", nn.Tanh())
torch.export.export(nn.Linear(3, 2), (x,))
torch.compile(nn.Linear(3, 2), backend="eager")(x)
torch.optim.SGD(layer.parameters(), lr=1.0).step()
print(own.put_back())
nn.Linear.forward = nn.Conv2d.forward
nn.functional.relu = torch.abs
print(own.put_back())
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    nothing, patched = said.splitlines()
    assert nothing == "()"
    assert patched == "('the class Linear of torch', 'the function torch.nn.functional.relu')"
