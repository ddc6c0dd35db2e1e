"""Grading what comes in as it comes in: who has handed in something whole and new is graded, again and again.

watchfiles and watchdog were looked at: they tell that something was written, not that a copy is complete, and folders on a
network have to be looked through anyway.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder.grading.submissions.looks import Elsewhere, look_at
from autograder.grading.submissions.read import LARGEST_NOTEBOOK, content_of

__all__ = ["Arrivals", "watch"]


@dataclass
class Arrivals:
    """Who has handed in ``chapter`` below ``folder`` since the last look, as soon as nothing is being written there.

    ``elsewhere`` gives the notebooks in a learner's folder that lie beside the one of ``chapter`` and may be meant all the same.
    A folder is settled when it is the same in two looks, and its notebooks are whole. One that stays broken is settled
    after ``patience`` looks: then it is what was handed in, and grading says what is wrong with it. What is no file, or
    larger than any notebook that is read, is not read here either.
    """

    folder: Path
    chapter: str
    patience: int = 15
    elsewhere: Elsewhere = lambda home: ()
    graded: dict[str, str] = field(default_factory=dict)
    moving: dict[str, tuple[str, int]] = field(default_factory=dict)

    def settled(self) -> list[str]:
        """The learners whose work is new, whole, and not being written to, in the order of their names."""
        found = []
        for student, now in self._looks():
            if self.graded.get(student) == now:
                self.moving.pop(student, None)
                continue
            before, times = self.moving.get(student, ("", 0))
            times = times + 1 if before == now else 0
            self.moving[student] = now, times
            if times and (times >= self.patience or self._is_whole(student)):
                found.append(student)
                self.graded[student] = self.moving.pop(student)[0]
        return found

    def pass_over(self, recorded: Callable[[str], str | None]) -> None:
        """Take for graded whose folder looks as it did when what is ``recorded`` of them was read."""
        self.graded |= {student: now for student, now in self._looks() if now == recorded(student)}

    def _looks(self) -> Iterator[tuple[str, str]]:
        for home in sorted(self.folder.glob("*")):
            if now := look_at(home, self.chapter, self.elsewhere):
                yield home.name, now

    def _is_whole(self, student: str) -> bool:
        home = self.folder / student
        for path in [*(home / self.chapter).glob("*.ipynb"), *self.elsewhere(home)]:
            try:
                content = content_of(path, LARGEST_NOTEBOOK)
                if content is not None and len(content) <= LARGEST_NOTEBOOK:
                    json.loads(content)
            except (OSError, ValueError):
                return False
            except RecursionError:  # nested without end: grading says so
                continue
        return True


def watch(
    arrivals: Arrivals,
    grade: Callable[[str], bool],
    fetch: Callable[[], None] = lambda: None,
    *,
    seconds: float = 2.0,
    goes_on: Callable[[], bool] = lambda: True,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """``fetch`` what is elsewhere, ``grade`` each learner who has arrived, look again after so many ``seconds``.

    Who could not be graded, where ``grade`` says ``False``, is tried again at the next look.
    It may be stopped at any moment: what was graded is recorded, what was not is graded when it is started again.
    """
    while goes_on():
        fetch()
        for student in arrivals.settled():
            if not grade(student):
                arrivals.graded.pop(student, None)
        sleep(seconds)
