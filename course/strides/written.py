"""An exploration written down as plain values, for a page that goes on with it without a kernel."""

from __future__ import annotations

from typing import Any

from course.strides.reading import read, stored_in
from course.strides.trail import Trail

__all__ = ["MOST_SLOTS", "written"]

MOST_SLOTS = 20_000
"""Storages larger than that are not written down."""


def written(trail: Trail) -> dict[str, Any] | None:
    """The start's layout and what its slots hold, and the chain done on it; None where that is too much, or not all.

    >>> found = written(Trail.of("arange(3).view(3, 1)"))
    >>> found["size"], found["stored"], found["chain"]
    ([3], ['0', '1', '2'], '.view(3, 1)')
    """
    scene = read(trail.start, trail.name)
    layout = scene.layout
    if scene.remark or layout.storage_size > MOST_SLOTS:
        return None
    return {
        "name": trail.name,
        "size": list(layout.size),
        "stride": list(layout.stride),
        "offset": layout.offset,
        "slots": layout.storage_size,
        "dtype": scene.dtype,
        "itemsize": scene.itemsize,
        "stored": list(stored_in(trail.start, range(layout.storage_size))),
        "chain": "".join(record.text for record in trail.records[: trail.shown]),
    }
