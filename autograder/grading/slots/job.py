"""The unit of work, bytes in and bytes out: one sanitised notebook to run, and all that was seen of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from autograder.grading.walls.limits import Limits
from autograder.grading.wire.observations import handed_in_of, pack_run
from autograder.observing.codec import from_bytes, to_bytes
from autograder.observing.observe import Run

__all__ = ["Cell", "CellEnd", "Job", "Limits", "Outcome", "Ran"]


@dataclass(frozen=True)
class Cell:
    """A code cell as it will be run: its place in the notebook, its source, and the exercise that it checks, if any."""

    place: int
    source: str
    checks: str = ""
    answer: str = ""  # what the source's check cell hands to check: "linear", or "(one, two)" for several names


@dataclass(frozen=True)
class Job:
    """A submission ready to run.

    ``cases`` holds, for each exercise, its cases' inputs as bytes (`autograder.grading.wire.cases`): never what is expected.
    ``files`` are the files beside the notebook by their relative POSIX path. ``topic`` is empty for a foreign course.
    """

    topic: str
    cells: tuple[Cell, ...]
    cases: Mapping[str, bytes]
    limits: Limits = field(default_factory=Limits)
    files: Mapping[str, bytes] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """As one block of bytes, for another process or machine; never pickle.

        >>> job = Job("functional", (Cell(0, "1 + 1"),), {"relu": b"cases"}, files={"notes.txt": b""})
        >>> Job.from_bytes(job.to_bytes()) == job
        True
        """
        return to_bytes(
            {
                "topic": self.topic,
                "cells": [asdict(cell) for cell in self.cells],
                "cases": {name: _as_tensor(content) for name, content in self.cases.items()},
                "limits": asdict(self.limits),
                "files": {name: _as_tensor(content) for name, content in self.files.items()},
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Job:
        """Read back what `to_bytes` wrote; `CodecError` when it is something else."""
        tree = from_bytes(data)
        cases, files = ({name: _as_bytes(one) for name, one in tree[key].items()} for key in ("cases", "files"))
        cells = tuple(Cell(**cell) for cell in tree["cells"])
        return cls(tree["topic"], cells, cases, Limits(**tree["limits"]), files)


class CellEnd(StrEnum):
    """How a cell ended."""

    DONE = "done"
    ERROR = "error"
    TIMED_OUT = "timed out"
    CRASHED = "crashed"  # the process was gone
    OUT_OF_MEMORY = "out of memory"
    NOT_RUN = "not run"  # the notebook's time was up


@dataclass(frozen=True)
class Ran:
    """What was seen of one cell: nbformat outputs as plain dicts, its execution count, and of a check cell the `Run`."""

    place: int
    end: CellEnd
    outputs: tuple[Mapping[str, Any], ...] = ()
    count: int | None = None
    run: Run | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ran) and self._all() == other._all()

    def _all(self) -> tuple[object, ...]:
        return self.place, self.end, self.outputs, self.count, self.run

    def packed(self) -> Tensor | None:
        """The run as bytes."""
        return None if self.run is None else _as_tensor(pack_run(self.run))


class _Later(Ran):
    """One whose run is read when it is asked for: most of reading an outcome is reading runs, and few are judged anew."""

    def __init__(self, place: int, end: CellEnd, outputs: Any, count: int | None, packed: Tensor) -> None:
        super().__init__(place, end, outputs, count)
        del self.__dict__["run"]
        self.__dict__["_packed"] = packed

    @cached_property
    def run(self) -> Run | None:
        return _read_run(from_bytes(_as_bytes(self.__dict__["_packed"])))

    def packed(self) -> Tensor | None:
        packed: Tensor = self.__dict__["_packed"]
        return packed


@dataclass(frozen=True)
class Outcome:
    """All cells of a submission, in order, with what they cost; ``mark`` is the hash of it as it is kept, if it is."""

    cells: tuple[Ran, ...]
    seconds: float = 0.0
    peak_memory: int = 0
    mark: str = field(default="", compare=False)

    def to_bytes(self) -> bytes:
        """As one block of bytes, never pickle.

        >>> Outcome.from_bytes(Outcome((Ran(0, CellEnd.DONE, run=Run(({"values": 3},))),)).to_bytes()).cells[0].run
        Run(seen=({'values': 3},), used=(), attempted=True)
        """
        cells = [
            {
                "place": one.place,
                "end": one.end.value,
                "outputs": one.outputs,
                "count": one.count,
                "run": one.packed(),
            }
            for one in self.cells
        ]
        return to_bytes({"cells": cells, "seconds": self.seconds, "peak_memory": self.peak_memory})

    @classmethod
    def from_bytes(cls, data: bytes, *, later: bool = False) -> Outcome:
        """Read back what `to_bytes` wrote; `CodecError` when it is something else.

        With ``later``, for bytes that were read before, each run is read when it is asked for.
        """
        tree = from_bytes(data)
        cells = tuple(_read_cell(one) for one in tree["cells"])
        if not later:
            _ = [one.run for one in cells]  # what cannot be read is said now
        return cls(cells, tree["seconds"], tree["peak_memory"])


def _as_tensor(content: bytes) -> Tensor:
    # safetensors carry a tensor as it is, while bytes among JSON would be written in hexadecimal.
    return torch.frombuffer(bytearray(content), dtype=torch.uint8) if content else torch.empty(0, dtype=torch.uint8)


def _as_bytes(content: Tensor) -> bytes:
    return content.numpy().tobytes()


def _read_cell(one: Mapping[str, Any]) -> Ran:
    about = one["place"], CellEnd(one["end"]), one["outputs"], one["count"]
    packed = one["run"]
    return _Later(*about, packed) if isinstance(packed, Tensor) else Ran(*about, _read_run(packed))


def _read_run(tree: Mapping[str, Any] | None) -> Run | None:
    if tree is None:
        return None
    return Run(tree["seen"], tree["used"], tree["attempted"], handed_in_of(tree.get("handed in")))
