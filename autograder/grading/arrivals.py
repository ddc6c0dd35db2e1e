"""`grade --watch`: each learner who hands in is graded and recorded at once, with slots that stay warm."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from rich.console import Console

from autograder.grading.assignments import is_chapter, name_of
from autograder.grading.exchange import collect_from_exchange
from autograder.grading.grade import grade
from autograder.grading.own import grade_own
from autograder.grading.own_rows import tasks_of
from autograder.grading.records.classroom import open_classroom
from autograder.grading.records.full_disk import DiskFull
from autograder.grading.records.recorded import marker_at
from autograder.grading.records.waiting import GradebookLocked
from autograder.grading.slots.engine import open_engine
from autograder.grading.submissions.learners import cannot_be
from autograder.grading.submissions.locate import is_there
from autograder.grading.submissions.state import State
from autograder.grading.table import clean
from autograder.grading.watch import Arrivals, watch

__all__ = ["grade_arrivals"]


def grade_arrivals(
    chapter: str,
    root: Path,
    *,
    jobs: int | None = None,
    cluster: str | None = None,
    reference: Path | None = None,
    trust: bool = False,
    exchange: bool = False,
    console: Console,
    **words: Any,
) -> None:
    """Grade whoever hands in ``chapter``, or another assignment, in the class at ``root``, until interrupted. ``words`` are `watch`'s own.

    With ``exchange`` nbgrader's exchange is collected from before each look. Raises as `grade` does.
    """
    room, config = open_classroom(root)
    name = name_of(chapter, root)
    # Where it is not released, that is to be said now.
    arrivals = Arrivals(room.submitted, name)
    if is_chapter(name):
        arrivals.elsewhere = room.assignment(name).elsewhere
    else:
        tasks_of(room, name, room.settings(name))
    arrivals.pass_over(lambda student: (marker_at(room.record(name, student)) or {}).get("look"))
    told: set[str] = set()

    def say(text: str) -> None:
        console.print(f"{time.strftime('%H:%M:%S')} {text}", highlight=False, markup=False, soft_wrap=True)

    def fetch() -> None:
        if not exchange:
            return
        for why in collect_from_exchange(config, name):
            if why not in told:
                told.add(why)
                say(f"from the exchange: {clean(why)}")

    with open_engine(jobs, cluster, sandboxed=not trust) as engine:

        def one(student: str) -> bool:
            if why := cannot_be(student):
                say(f"{clean(student)} is not graded: the name of this folder is no learner's: {why}. Rename it.")
                return True
            try:
                if is_chapter(name):
                    result = grade(name, root, student, reference=reference, trust=trust, engine=engine)
                    rows, problems = result.counted(), result.problems
                else:
                    own = grade_own(name, root, student, trust=trust, engine=engine)
                    rows, problems = [dict(row) for row in own.submissions], own.problems
            except (GradebookLocked, DiskFull) as error:
                say(f"{clean(student)} is tried again: {error}")
                return False
            except ValueError:
                if is_there(room.submitted / student):
                    raise
                say(f"{clean(student)} was taken away before it was graded")
                return True
            for row in rows:
                if row["status"] == State.MISSING.value and not is_there(room.submitted / student / name):
                    continue  # a notebook of theirs was looked at, and is of another chapter
                say(f"{clean(str(row['student']))}: {row['status']}, {row['points']:g} of {row['of']:g} points")
            for problem in problems:
                say(clean(problem))
            return not problems

        say(f"{name}: {len(arrivals.graded)} are graded; waiting for more (to stop, press Ctrl+C)")
        watch(arrivals, one, fetch, **words)
