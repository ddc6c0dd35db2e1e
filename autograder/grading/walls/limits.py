"""What a submission may use."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FOR_A_CHECK", "Limits"]

# Bytes of memory beyond what its cells may use, for observing answers beside a cell that has taken all there was.
FOR_A_CHECK = 256 << 20


@dataclass(frozen=True)
class Limits:
    """What a submission may use. Times are wall-clock seconds, sizes bytes."""

    cell_seconds: float = 30.0
    notebook_seconds: float = 300.0
    memory: int = 2 << 30
    processes: int = 64
    file_size: int = 64 << 20
    output: int = 4 << 20

    @property
    def of_the_walls(self) -> tuple[int, int, int]:
        """What a sandbox is made for: memory, processes and files. Time and output are told with each job."""
        return self.memory, self.processes, self.file_size
