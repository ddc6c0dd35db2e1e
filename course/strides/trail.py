"""Where an exploration is: the tensor that it began with, what was done since, and which stage is looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from torch import Tensor

from course.strides.chain import ChainError, Record, Step, parse, run, shares_storage, start_tensor
from course.strides.draw import MARKS, Stage
from course.strides.reading import MOST_DIMENSIONS

__all__ = ["Trail"]


@dataclass(frozen=True)
class Trail:
    """A start, called ``name`` in the code, and the records behind it; ``shown`` is the stage looked at, 0 the start.

    >>> trail = Trail.of("arange(6).view(2, 3).t().view(6)")
    >>> trail.code, tuple(trail.tensor.size())
    ('torch.arange(6).view(2, 3).t()', (3, 2))
    """

    start: Tensor
    name: str
    records: tuple[Record, ...] = ()
    shown: int = 0

    @classmethod
    def of(cls, text: str) -> Trail:
        """The trail of a chain with a start. Raises ``ChainError`` for what is none."""
        chain = parse(text)
        if chain.start is None:
            raise ChainError(f"{text.strip()} goes on from a tensor: begin with one, as in arange(24){text.strip()}", 0)
        name = chain.start.text if chain.start.text.startswith("torch.") else f"torch.{chain.start.text}"
        start = start_tensor(chain.start)
        if start.ndim > MOST_DIMENSIONS:
            raise ChainError(f"{name} has {start.ndim} dimensions, {MOST_DIMENSIONS} can be shown", 0)
        return cls(start, name).then(chain.steps)

    def then(self, steps: Iterable[Step]) -> Trail:
        """The trail after these steps, done on the tensor that is looked at; later stages are given up.

        It ends with the first step that torch refuses. Raises ``ChainError`` for a step that the chain refuses, or
        that gives more dimensions than can be shown.
        """
        records = list(self.records[: self.shown])
        for record in run(self.tensor, steps):
            if record.tensor is not None and record.tensor.ndim > MOST_DIMENSIONS:
                raise ChainError(
                    f"{record.text} gives {record.tensor.ndim} dimensions, {MOST_DIMENSIONS} can be shown; nothing was done"
                )
            records.append(record)
        return replace(self, records=tuple(records), shown=len(records))

    @property
    def tensor(self) -> Tensor:
        """The tensor at the stage that is looked at; after an error, the one before it."""
        done = (record.tensor for record in reversed(self.records[: self.shown]) if record.tensor is not None)
        return next(done, self.start)

    @property
    def code(self) -> str:
        """The torch code that gives this tensor, without the steps that failed."""
        return self.name + "".join(record.text for record in self.records[: self.shown] if record.tensor is not None)

    @property
    def shares(self) -> bool:
        """Whether the tensor that is looked at shares the storage of the start."""
        return shares_storage(self.start, self.tensor)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The history as the pictures have it, the start in front."""
        steps = (
            Stage(one.text, one.kind, one.layout.size if one.tensor is not None else None, one.explanation)
            for one in self.records
        )
        return (Stage(self.name, "start", tuple(self.start.size())), *steps)

    def __str__(self) -> str:
        lines = []
        for stage in self.stages:
            word = "tensor" if stage.kind == "start" else stage.kind
            lines.append(
                f"{MARKS[stage.kind]} {stage.text}  {word} {stage.size}"
                if stage.size is not None
                else f"{MARKS[stage.kind]} {stage.text}  {word}: {stage.why}"
            )
        return "\n".join(lines)
