"""Chapter 06, `running_mean`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Misconception, Oracle
from autograder.authoring.oracles.beginning import begins_in_eval
from autograder.authoring.space import FLOATS, LAYOUTS, NO_GRAD_WORDS, Chosen, Space, absent, fits
from autograder.observing.case import Case

__all__ = ["RUNNING_MEAN", "RunningMean"]


class RunningMean(nn.Module):
    """``x (N, num_features)`` minus the mean of all rows seen in training."""

    mean: Any
    count: Any

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.make(torch.zeros(num_features), torch.tensor(0))

    def make(self, mean: Tensor, count: Tensor) -> None:
        """Give both their homes."""
        self.register_buffer("mean", mean)
        self.register_buffer("count", count)

    def update(self, rows: Tensor) -> None:
        """Count the rows, then move the mean."""
        total = self.mean * self.count + rows.detach().sum(0)
        self.count = self.count + len(rows)
        self.mean = total / self.count

    def forward(self, x: Tensor) -> Tensor:
        """The rows less the mean."""
        if self.training:
            self.update(x)
        return x - self.mean


def _runs(make: CaseMaker) -> list[Case]:
    a, b, n, m, k = make.sizes(5, 2, 7)
    single, double = torch.float32, torch.float64

    def case(name: str, modes: str, *batches: Tensor, loaded_before: int = 0, new: bool = False) -> Case:
        """``new``: look at the mode, too, that the module is made in."""
        words = modes.split()
        rows = ", ".join(f"{len(x)} rows in {mode}" for x, mode in zip(batches, words, strict=True))
        leaves = [f"x{number}" for number, _ in enumerate(batches, 1)]
        inputs: dict[str, Any] = dict(zip(leaves, batches, strict=True))
        shown = f"RunningMean({batches[0].shape[1]}), {str(batches[0].dtype)[6:]}: {rows}"
        if loaded_before:
            inputs["loaded before"] = loaded_before
            shown += f"; its state loaded into a new one before batch {loaded_before}"
        for number, (one, other) in enumerate(pairwise(batches), 2):
            if one.dtype != other.dtype:
                shown += f"; moved to {str(other.dtype)[6:]} before batch {number}"
        if new:
            inputs["new"] = True
        return make.case(
            name,
            num_features=batches[0].shape[1],
            modes=tuple(words),
            leaves=" ".join(leaves),
            shown=shown,
            **inputs,
        )

    def rows(count: int, features: int = a, dtype: torch.dtype = double, shift: float = 2.0) -> Tensor:
        return make.normal(count, features, dtype=dtype) + shift

    return [
        case(
            "two batches of a number each",
            "train train",
            torch.tensor([[2.0], [4.0]]),
            torch.tensor([[6.0], [1.0], [2.0]]),
            new=True,
        ),
        case("three batches, then eval", "train train train eval", rows(n), rows(1), rows(m), rows(k)),
        case("eval first", "eval train eval train", rows(m), rows(n), rows(k), rows(m)),
        case("float32, eval in between", "train eval eval train", *(rows(count, b, single) for count in (k, n, 1, m))),
        case("one row at a time", "train train train eval", *(rows(1, b) for _ in range(4))),
        case(
            "saved, and loaded into another",
            "train train train eval",
            rows(n),
            rows(m),
            rows(k),
            rows(n),
            loaded_before=3,
        ),
        case("saved, and used in eval", "train eval train", rows(k, b), rows(m, b), rows(n, b), loaded_before=2),
        case("moved to float64 on the way", "train train eval", rows(n, b, single), rows(m, b), rows(n, b)),
        case(
            "not contiguous, with an offset", "train train eval", *(make.scattered(rows(count)) for count in (m, n, k))
        ),
        case("many rows", "train train eval", rows(60, 1), rows(9, 1), rows(2, 1)),
        case("far from zero", "train train eval", *(rows(count, shift=30.0) for count in (n, m, k))),
    ]


def _drawn(make: CaseMaker, one: Chosen) -> Case:
    modes = tuple(one.modes.split())
    inputs: dict[str, Any] = {}
    for number, count in enumerate(one.rows[: len(modes)], 1):
        dtype = torch.float32 if one.moved and number == 1 else one.dtype
        inputs[f"x{number}"] = make.drawn(count, one.features, layout=one.x_layout, scale=one.scale, dtype=dtype)
    rows = ", ".join(f"{count} in {mode}" for count, mode in zip(one.rows, modes, strict=False))
    first = "float32" if one.moved else str(one.dtype)[6:]
    words = f"RunningMean({one.features}), {first}, rows: {rows}; in memory: {one.x_layout}"
    words += f"; its state loaded into a new one before batch {one.loaded}" if one.loaded != absent else ""
    return make.case(
        num_features=one.features,
        modes=modes,
        leaves=" ".join(inputs) if one.asking else "",
        shown=words + ("; moved to float64 before batch 2" if one.moved else ""),
        no_grad=one.no_grad,
        **inputs,
        **({"loaded before": one.loaded} if one.loaded != absent else {}),
    )


_SPACE = Space(
    _drawn,
    features=(1, 2, 5),
    rows=((1, 1, 1, 1), (3, 1, 4, 2), (5, 5, 5, 5), (20, 2, 30, 1)),
    modes=("train train eval train", "eval train train eval", "train eval eval train", "train train train train"),
    loaded=(absent, 2, 3, 4),
    moved=(False, True),
    asking=(True, False),
    no_grad=(False, True),
    scale=(1.0, 10.0),
    x_layout=LAYOUTS,
    dtype=FLOATS,
    within=(
        lambda one: not one.moved or one.dtype == torch.float64,
        lambda one: not one.no_grad or not one.asking,
        *(lambda one, number=number: fits(one.x_layout, (one.rows[number], one.features)) for number in range(4)),
    ),
    words={
        "features": "the number of features is {}",
        "rows": "the batches have {} rows",
        "modes": "the batches come in the modes {}",
        "loaded": "the state is loaded into another module before batch {}",
        "moved": "the module is moved to float64 on the way: {}",
        "asking": "gradients are asked for: {}",
        **NO_GRAD_WORDS,
        "scale": "the numbers are spread by {}",
        "x_layout": "the batches lie in memory like this: {}",
    },
)


def _but(**methods: Any) -> type[nn.Module]:
    return type("Wrong", (RunningMean,), methods)


def _plain(self: Any, mean: Tensor, count: Tensor) -> None:
    self.mean, self.count = mean, count


def _plain_and_a_number(self: Any, mean: Tensor, count: Tensor) -> None:
    self.mean, self.count = mean, 0


def _update_in_place(self: Any, rows: Tensor) -> None:
    with torch.no_grad():
        total = self.count + len(rows)
        self.mean.copy_((self.mean * self.count + rows.sum(0)) / total)
        self.count.copy_(total)


def _parameter(self: Any, mean: Tensor, count: Tensor) -> None:
    self.mean = nn.Parameter(mean, requires_grad=False)
    self.register_buffer("count", count)


def _update_parameter(self: Any, rows: Tensor) -> None:
    with torch.no_grad():
        self.mean.mul_(self.count).add_(rows.sum(0))
        self.count += len(rows)
        self.mean.div_(self.count)


def _mean_of_means(self: Any, rows: Tensor) -> None:
    """The mean of the batches' means, rows counted for show."""
    vars(self)["_batches"] = vars(self).get("_batches", 0) + 1
    self.count = self.count + len(rows)
    self.mean = self.mean + (rows.detach().mean(0) - self.mean) / vars(self)["_batches"]


def _counting_batches(self: Any, rows: Tensor) -> None:
    self.count = self.count + 1
    self.mean = self.mean + (rows.detach().mean(0) - self.mean) / self.count


def _halfway(self: Any, rows: Tensor) -> None:
    first = int(self.count) == 0
    self.count = self.count + len(rows)
    batch = rows.detach().mean(0)
    self.mean = batch if first else (self.mean + batch) / 2


def _batch_only(self: Any, rows: Tensor) -> None:
    self.count = self.count + len(rows)
    self.mean = rows.detach().mean(0)


def _attached(self: Any, rows: Tensor) -> None:
    total = self.mean * self.count + rows.sum(0)
    self.count = self.count + len(rows)
    self.mean = total / self.count


def _subtract_first(self: Any, x: Tensor) -> Tensor:
    out = x - self.mean
    if self.training:
        self.update(x)
    return out


def _always(self: Any, x: Tensor) -> Tensor:
    self.update(x)
    return x - self.mean


def _only_in_eval(self: Any, x: Tensor) -> Tensor:
    if self.training:
        self.update(x)
        return x
    return x - self.mean


def _float_count(self: Any, mean: Tensor, count: Tensor) -> None:
    self.register_buffer("mean", mean)
    self.register_buffer("count", count.float())


def _not_saved(self: Any, mean: Tensor, count: Tensor) -> None:
    self.register_buffer("mean", mean, persistent=False)
    self.register_buffer("count", count, persistent=False)


def _exponential(share: float) -> Any:
    def update(self: Any, rows: Tensor) -> None:
        self.count = self.count + len(rows)
        self.mean = (1 - share) * self.mean + share * rows.detach().mean(0)

    return update


def _counting(number_of: Any) -> Any:
    """What counts as the number of rows."""

    def update(self: Any, rows: Tensor) -> None:
        total = self.mean * self.count + rows.detach().sum(0)
        self.count = self.count + number_of(rows)
        self.mean = total / self.count

    return update


def _over_everything(self: Any, rows: Tensor) -> None:
    total = self.mean * self.count + rows.detach().mean() * len(rows)
    self.count = self.count + len(rows)
    self.mean = total / self.count


def _sum_kept(self: Any, rows: Tensor) -> None:
    self.count = self.count + len(rows)
    self.mean = self.mean + rows.detach().sum(0)


def _counted_first(self: Any, rows: Tensor) -> None:
    self.count = self.count + len(rows)
    self.mean = (self.mean * self.count + rows.detach().sum(0)) / self.count


def _batch_mean_as_a_row(self: Any, rows: Tensor) -> None:
    self.count = self.count + len(rows)
    self.mean = self.mean + (rows.detach().mean(0) - self.mean) / self.count


def _both_parameters(self: Any, mean: Tensor, count: Tensor) -> None:
    self.mean = nn.Parameter(mean, requires_grad=False)
    self.count = nn.Parameter(count, requires_grad=False)


def _both_learned(self: Any, mean: Tensor, count: Tensor) -> None:
    self.mean, self.count = nn.Parameter(mean), nn.Parameter(count.float())  # whole numbers ask for no gradient


def _learned(self: Any, mean: Tensor, count: Tensor) -> None:
    self.mean = nn.Parameter(mean)
    self.register_buffer("count", count)


def _count_of_size(*size: int) -> Any:
    def make(self: Any, mean: Tensor, count: Tensor) -> None:
        self.register_buffer("mean", mean)
        self.register_buffer("count", torch.zeros(size or mean.shape, dtype=torch.int64))

    return make


def _count_left_plain(self: Any, mean: Tensor, count: Tensor) -> None:
    self.register_buffer("mean", mean)
    self.count = count


def _mean_left_plain(self: Any, mean: Tensor, count: Tensor) -> None:
    self.mean = mean
    self.register_buffer("count", count)


def _numbers(self: Any, mean: Tensor, count: Tensor) -> None:
    self.mean, self.count = 0, 0


def _count_as_a_number(self: Any, mean: Tensor, count: Tensor) -> None:
    self.register_buffer("mean", mean)
    self.count = 0


def _started_at(value: float) -> Any:
    return lambda self, mean, count: RunningMean.make(self, mean + value, count)


def _divided(self: Any, x: Tensor) -> Tensor:
    if self.training:
        self.update(x)
    return (x - self.mean) / (x.std(0) + 1e-5)


def _only_in_training(self: Any, x: Tensor) -> Tensor:
    if not self.training:
        return x
    self.update(x)
    return x - self.mean


def _updates_only_in_eval(self: Any, x: Tensor) -> Tensor:
    if not self.training:
        self.update(x)
    return x - self.mean


def _in_place(self: Any, x: Tensor) -> Tensor:
    if self.training:
        self.update(x)
    with torch.no_grad():
        return x.sub_(self.mean)


def _written_over(self: Any, x: Tensor) -> Tensor:
    out = RunningMean.forward(self, x)
    x.data.copy_(out.data)
    return out


RUNNING_MEAN = Oracle(
    "running_mean",
    RunningMean,
    _runs,
    [
        Misconception(
            "plain attributes",
            _but(make=_plain),
            _but(make=_plain, update=_update_in_place),
            _but(make=_plain_and_a_number),
            _but(make=_numbers),
            _but(make=_mean_left_plain),
            _but(make=_count_left_plain),
            _but(make=_count_as_a_number),
            says="Plain attributes are not saved and not moved. register_buffer makes them part of the module.",
        ),
        Misconception(
            "parameter",
            _but(make=_parameter, update=_update_parameter),
            _but(make=_learned, update=_update_parameter),
            _but(make=_both_parameters, update=_update_parameter),
            _but(make=_both_learned, update=_update_parameter),
            says="A parameter is what an optimiser learns, and it stands in parameters() even when it asks for no gradient. "
            "Statistics are buffers.",
        ),
        Misconception(
            "updates in eval",
            _but(forward=_always),
            says="In eval the mean is frozen: rows are neither counted nor averaged. Ask self.training.",
        ),
        Misconception(
            "torch.no_grad() taken for eval",
            _but(update=lambda self, rows: RunningMean.update(self, rows) if torch.is_grad_enabled() else None),
            says="torch.no_grad() only stops the recording of a graph. In training rows are counted there, too: "
            "ask self.training alone.",
        ),
        Misconception(
            "mean of means",
            _but(update=_mean_of_means),
            _but(update=_halfway),
            _but(update=_exponential(0.5)),
            _but(update=_counting_batches),
            says="A batch of one row would count as much as a batch of a hundred. Every row counts the same: sums and counts.",
        ),
        Misconception(
            "the mean of this batch",
            _but(update=_batch_only),
            says="Asked for is the mean of all rows so far. What was seen before counts, too.",
        ),
        Misconception(
            "the mean hangs in the graph",
            _but(update=_attached),
            says="To autograd the mean is a constant. Detach what it is computed from, or gradients flow into old batches.",
        ),
        Misconception(
            "subtracted before it is counted",
            _but(forward=_subtract_first),
            says="The rows of this batch are counted first; then the new mean is subtracted.",
        ),
        Misconception(
            "subtracted in eval only",
            _but(forward=_only_in_eval),
            says="The mean is subtracted in both modes. Only the counting is for training.",
        ),
        Misconception(
            "a count of float",
            _but(make=_float_count),
            says="A count is a whole number: an int64 tensor without dimensions, torch.tensor(0).",
        ),
        Misconception(
            "a moving average",
            _but(update=_exponential(0.1)),
            _but(update=_exponential(0.9)),
            says="A share of the new and the rest of the old is what batch norm keeps. Here every row so far counts the same: "
            "the old mean times the old count, plus the new rows, by the new count.",
        ),
        Misconception(
            "one mean for all features",
            _but(update=_over_everything),
            says="Each feature has a mean of its own: over the rows alone, dimension 0.",
        ),
        Misconception(
            "something else counted than rows",
            _but(update=_counting(lambda rows: rows.numel())),
            _but(update=_counting(lambda rows: 1)),
            says="count goes up by the rows of the batch, len(x): not by its numbers, and not by one.",
        ),
        Misconception(
            "never divided by the count",
            _but(update=_sum_kept),
            says="A sum is no mean yet. The old mean times the old count, plus the new rows' sum, is divided by the new count.",
        ),
        Misconception(
            "the new count for the old mean",
            _but(update=_counted_first),
            says="The old mean is the sum of the old rows by the old count. Multiply it by that, before the count goes up.",
        ),
        Misconception(
            "a batch's mean counted as one row",
            _but(update=_batch_mean_as_a_row),
            says="mean + (row − mean) / count is right for one row. A batch of n moves the mean n times as far.",
        ),
        Misconception(
            "a count of another size",
            _but(make=_count_of_size(1)),
            _but(make=_count_of_size()),
            says="One count for all: a tensor without dimensions, torch.tensor(0).",
        ),
        Misconception(
            "a mean of another size",
            _but(make=lambda self, mean, count: RunningMean.make(self, mean[None], count)),
            says="The mean is (num_features,). Broadcasting does the rest: it needs no dimension for the rows.",
        ),
        Misconception(
            "another start than zeros",
            _but(make=_started_at(1.0)),
            says="Before the first batch the mean is zeros: in eval, x comes back as it is.",
        ),
        begins_in_eval(lambda num_features: RunningMean(num_features).eval()),
        Misconception(
            "subtracted in training only",
            _but(forward=_only_in_training),
            says="The mean is subtracted in both modes. Only the counting is for training.",
        ),
        Misconception(
            "counted in eval only",
            _but(forward=_updates_only_in_eval),
            says="The other way round: rows are counted in training, and in eval the mean is frozen.",
        ),
        Misconception(
            "divided by the deviation, too",
            _but(forward=_divided),
            says="Asked for is the mean alone: nothing is divided.",
        ),
        Misconception(
            "in place",
            _but(forward=_in_place),
            _but(forward=_written_over),
            says="x -= … writes into the batch, which is somebody else's. x - self.mean makes a new tensor.",
        ),
        Misconception(
            "gradient lost",
            _but(forward=torch.no_grad()(RunningMean.forward)),
            says="The mean is a constant to autograd, x is not: no_grad and detach belong around the counting, not around x.",
        ),
        Misconception(
            "buffers that are not saved",
            _but(make=_not_saved),
            says="With persistent=False the state_dict leaves them out, and what was seen is lost with the object.",
        ),
    ],
    # A count divided by a count is float32 in torch, also where the rows are float64: that is no mistake.
    tolerance="float32",
    space=_SPACE,
)
