"""What a learner has tried, on their own machine: one small file an exercise. Reading, remembering, emptying."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from autograder.files import read_file, write_whole
from autograder.judging.verdict import Status, Verdict
from autograder.learner import kernel
from autograder.learner.before import Before

__all__ = ["Tried", "empty", "folder", "remember", "tried", "tried_all"]

HOME = "ONE_CNN_PROGRESS"  # names another folder, for tests and for shared machines


@dataclass(frozen=True)
class Tried:
    """The best that a learner has reached on one exercise.

    ``when`` it was first solved, ``""`` where that is not known; ``met`` are the misconceptions that were recognised on the way;
    ``last`` is the last try; ``tries`` are how many it took to solve it, or how many there were so far, ``None`` where nobody
    has counted from the first one on.
    """

    exercise: str
    score: float
    points: int
    solved: bool
    when: str = ""
    met: tuple[str, ...] = ()
    last: Before | None = None
    tries: int | None = None

    @property
    def overcome(self) -> tuple[str, ...]:
        """The misconceptions that were met, once the exercise is solved."""
        return self.met if self.solved else ()


def folder() -> Path:
    """Where progress is kept: the user's data folder, or what ``ONE_CNN_PROGRESS`` names."""
    named = os.environ.get(HOME)
    return Path(named) if named else platformdirs.user_data_path("one-cnn-two-ways") / "progress"


def remember(verdict: Verdict, last: Before | None = None, now: datetime | None = None) -> None:
    """Keep what is best so far, and this try as the ``last``. Never fails: a full disk costs the memory, not the check."""
    if verdict.status is Status.NOT_ATTEMPTED or kernel.grading():
        return
    with contextlib.suppress(OSError, ValueError, RuntimeError):
        path = folder() / f"{verdict.exercise}.json"
        known = _read(path)
        best = known if known is not None and known.score > verdict.score else verdict
        when = known.when if known is not None else ""
        if verdict.solved and not (known is not None and known.solved):
            when = (now or datetime.now(UTC)).isoformat(timespec="seconds")
        met = list(known.met) if known is not None else []
        if verdict.misconception and verdict.misconception not in met:
            met.append(verdict.misconception)
        last = last or (known.last if known is not None else None)
        tries = 1 if known is None else known.tries
        if known is not None and known.tries is not None and not known.solved:
            tries = known.tries + 1
        one = {"exercise": verdict.exercise, "score": best.score, "points": verdict.points, "solved": best.solved}
        one |= {"when": when, "met": met, "last": last.as_json() if last else None, "tries": tries}
        write_whole(path, json.dumps(one).encode(), lasting=False)


def _read(path: Path) -> Tried | None:
    try:
        one = json.loads(read_file(path))  # an editor may have put a byte order mark before it
        when, met = str(one.get("when") or ""), tuple(map(str, one.get("met") or ()))
        best = str(one["exercise"]), float(one["score"]), int(one["points"]), bool(one["solved"])
        tries = one.get("tries")
        if not 0 <= best[1] <= best[2]:  # nor is it where it is no number
            return None
        return Tried(*best, when, met, Before.of_json(one.get("last")), tries if type(tries) is int else None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return None


def tried(exercise: str) -> Tried | None:
    """What was reached on one exercise; ``None`` where it was not tried, or its file cannot be read."""
    return _read(folder() / f"{exercise}.json")


def tried_all() -> Mapping[str, Tried]:
    """What was reached on every exercise that was tried. A file that cannot be read counts as not tried."""
    found = [_read(path) for path in sorted(folder().glob("*.json"))]
    return {one.exercise: one for one in found if one is not None}


def empty(now: datetime | None = None) -> Path | None:
    """Begin anew: move what is kept, answers too, into a folder beside it, and say which; ``None`` where nothing was kept.

    Raises ``OSError`` where it cannot be moved; then all is as it was.
    """
    home = folder()
    if not home.is_dir() or not any(home.iterdir()):
        return None
    stamp = f"{(now or datetime.now(UTC)):%Y-%m-%d-%H%M%S}"
    names = [f"{home.name}-until-{stamp}", *(f"{home.name}-until-{stamp}-{number}" for number in range(2, 100))]
    target = next(home.with_name(name) for name in names if not home.with_name(name).exists())
    home.rename(target)
    return target
