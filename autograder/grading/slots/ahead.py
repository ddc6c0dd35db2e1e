"""Starting slots while the rest of the program is still being imported: both take seconds, on processors of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from autograder.grading.slots.warm import Warm, processors
from autograder.grading.walls.bubblewrap import NoSandbox
from autograder.grading.walls.limits import Limits
from autograder.grading.wire.later import mentioned

__all__ = ["started", "to_run"]


@contextmanager
def started(root: Path, slug: str, slots: int | None, *, sandboxed: bool = True) -> Iterator[Sequence[Warm]]:
    """The zygotes that grading the chapter ``slug`` of the class in ``root`` will want; none where nothing is new.

    ``slots`` is one a processor unless told. They start with what the chapter's own cells mention of `wire.later.LATER`. All
    of it is a guess, and a wrong one costs a moment. Where there is no sandbox, that is said later, by who needs it.
    """
    wanted = min(processors() if slots is None else slots, to_run(root, slug))
    with ExitStack() as ends:
        zygotes: list[Warm] = []
        imports = _mentioned(root, slug) if wanted else ()
        try:
            for _ in range(wanted):
                zygotes.append(ends.enter_context(closing(Warm(Limits(), sandboxed=sandboxed, imports=imports))))
        except NoSandbox:
            pass
        yield zygotes


def to_run(root: Path, slug: str) -> int:
    """How many submissions are newer than what is recorded of them, where a class has its files as the course has them."""
    recorded = root / "classroom" / "results" / "recorded" / slug
    return sum(
        _time(path) > _time(recorded / f"{path.parent.parent.name}.json")
        for path in (root / "classroom" / "submitted").glob(f"*/{slug}/{slug}.ipynb")
    )


def _mentioned(root: Path, slug: str) -> tuple[str, ...]:
    """What the cells of the chapter's source will have imported."""
    try:
        cells = json.loads((root / "solutions" / slug / f"{slug}.ipynb").read_bytes())["cells"]
        return mentioned("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def _time(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0
