"""Where the best of a learner's hand-ins counts: all of them are kept, looked at together, and one is chosen.

A hand-in is kept in ``classroom/handed_in`` before it is graded, whole or not at all, and never changed. Which one counts is
worked out from all of them each time, by today's checks, dates and late rule: nothing has to be remembered of it, so a
second `grade` chooses the same, and one that was killed costs nobody a better score.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import nbformat

from autograder.grading.records.basis import work_of
from autograder.grading.records.classroom import Classroom
from autograder.grading.slots.job import Job, Outcome
from autograder.grading.submissions.prepare import Assignment, Prepared, prepare_kept
from autograder.grading.submissions.verdicts import Result, decide, not_run

__all__ = ["HandedIn", "handed_in", "keep", "result_of"]

_SAME = 1e-6  # points: less is rounding
_UNFINISHED = ".unfinished"


@dataclass
class HandedIn:
    """What one learner has handed in, the latest last, and what was ``seen`` of it, by the keys of its jobs."""

    student: str
    tries: tuple[Prepared, ...]
    seen: dict[str, Outcome] = field(default_factory=dict)

    def unseen(self) -> Mapping[str, Job]:
        """What has to be run before one can be chosen, by key."""
        return {one.key: one.job for one in self.tries if one.job is not None and one.key not in self.seen}

    def chosen(
        self,
        task: Assignment,
        result_of: Callable[[Prepared, Outcome | None], Result],
        points: Callable[[Prepared, Result], float],
    ) -> tuple[Prepared, Outcome | None]:
        """The hand-in that counts, and what was seen of it: the one with the most ``points``, the latest of equals."""
        if len(self.tries) == 1:
            return self.tries[0], self._outcome(self.tries[0])
        worth = [points(one, result_of(one, self._outcome(one))) for one in self.tries]
        at = max(place for place, one in enumerate(worth) if one > max(worth) - _SAME)
        ready, latest = self.tries[at], len(self.tries) - 1
        number = f"{at + 1} of {len(self.tries)}"
        words = f"the best counts: hand-in {number}" + ("" if at == latest else f"; the latest earns {worth[-1]:g}")
        note = "; ".join(filter(None, [ready.note, words]))
        works = hashlib.sha256("".join(sorted(_mark(task, one) for one in self.tries)).encode()).hexdigest()
        last = self.tries[latest]
        chosen = replace(ready, note=note, hand_in=number, works=works, latest=work_of(task, last), look=last.look)
        return chosen, self._outcome(ready)

    def _outcome(self, one: Prepared) -> Outcome | None:
        return self.seen[one.key] if one.key else None


def result_of(task: Assignment, ready: Prepared, outcome: Outcome | None) -> Result:
    """What a submission is worth by what was seen of it, nothing where it was not run."""
    return not_run(task, ready) if outcome is None else decide(task, ready, outcome)


def handed_in(room: Classroom, task: Assignment, ready: Prepared) -> HandedIn:
    """What the learner of ``ready`` has handed in of which one counts: ``ready`` alone where the latest does."""
    if room.counts != "best" or not task.topic or ready.nothing_handed_in:
        return HandedIn(ready.student, (ready,))
    now = _mark(task, ready)
    earlier = (one for one in _kept(room, task, ready.student) if _mark(task, one) != now)
    return HandedIn(ready.student, (*earlier, ready))


def keep(room: Classroom, task: Assignment, ready: Prepared) -> None:
    """Keep what was handed in, where the best counts, unless it is kept already."""
    if room.counts != "best" or not task.topic or ready.job is None:
        return
    mark = _mark(task, ready)
    if any(_mark(task, one) == mark for one in _kept(room, task, ready.student)):
        return
    folder = room.hand_ins(task.name, ready.student)
    unfinished = folder / _UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)  # of a run that was killed
    files = {**ready.files, f"{task.notebook}.ipynb": nbformat.writes(ready.notebook).encode("utf-8", "surrogatepass")}
    if ready.timestamp:
        files["timestamp.txt"] = ready.timestamp.encode()
    for name, content in files.items():
        path = unfinished / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    number = 1 + max((int(path.name.partition("-")[0]) for path in _folders(room, task, ready.student)), default=0)
    unfinished.rename(folder / f"{number:03d}-{mark[:12]}")


def _kept(room: Classroom, task: Assignment, student: str) -> list[Prepared]:
    return [prepare_kept(task, student, path) for path in _folders(room, task, student)]


def _folders(room: Classroom, task: Assignment, student: str) -> list[Path]:
    found = room.hand_ins(task.name, student).glob("[0-9][0-9][0-9]-*")
    return sorted(path for path in found if path.is_dir() and path.name[:3].isdecimal())


def _mark(task: Assignment, ready: Prepared) -> str:
    """What tells hand-ins apart: what was written, and when it was handed in."""
    return hashlib.sha256(f"{work_of(task, ready)} {ready.timestamp}".encode()).hexdigest()
