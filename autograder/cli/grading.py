"""``grade``: once, only what has changed, or watching for who hands in."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from autograder.cli.places import class_folder
from autograder.cli.told import Run
from autograder.importing import undisturbed
from course.chapters import find_chapter

if TYPE_CHECKING:
    from rich.console import Console

    from autograder.grading.grade import GradeResult
    from autograder.grading.own import OwnResult
    from autograder.grading.table import Table

__all__ = ["COMMANDS"]

# Each command imports what it needs when it runs: so the command line itself starts at once.


def _grade(chosen: argparse.Namespace) -> int:
    if chosen.exchange and not chosen.watch:
        raise ValueError("--exchange goes with --watch; to collect once, use nbgrader collect")
    from autograder.grading.assignments import is_chapter

    if not is_chapter(chosen.chapter):
        return _grade_own(chosen)
    if chosen.watch:
        return _watch(chosen)
    from autograder.grading.unchanged import unchanged

    began, whole = time.monotonic(), chosen.student is None and not chosen.dry_run
    how = {
        "reference": str(chosen.reference.absolute()) if chosen.reference else "",
        "trusted": chosen.trust_submissions,
    }
    found = unchanged(class_folder(), find_chapter(chosen.chapter).slug, how) if whole else None
    if found is None:
        return _grade_all(chosen, how if whole else None)
    seconds = time.monotonic() - began
    if chosen.json:
        print(json.dumps({**found.result, "seconds": round(seconds, 3)}, indent=2))
    else:
        from rich.console import Console

        from autograder.grading.table import show

        show(found.table, Console(), f"nothing has changed since the last time; 0 run, 0 recorded, {seconds:.1f} s")
    return 0


def _grade_own(chosen: argparse.Namespace) -> int:
    """Grade an assignment that is no chapter."""
    if chosen.dry_run or chosen.reference is not None:
        raise ValueError(f"{chosen.chapter} is no chapter: leave out --dry-run and --reference")
    if chosen.watch:
        return _watch(chosen)
    with undisturbed():
        from rich.console import Console

        from autograder.grading.own import grade_own

    console = None if chosen.json else Console()
    result = grade_own(
        chosen.chapter,
        class_folder(),
        chosen.student,
        chosen.jobs,
        chosen.cluster,
        chosen.trust_submissions,
        console=console,
    )
    return _graded(result, result.table(), console)


def _watch(chosen: argparse.Namespace) -> int:
    if chosen.json or chosen.dry_run or chosen.student is not None:
        raise ValueError(
            "--watch grades everybody who comes, for people to read: leave out --json, --dry-run and --student"
        )
    with undisturbed():
        from rich.console import Console

        from autograder.grading.arrivals import grade_arrivals

    console = Console()
    try:
        grade_arrivals(
            chosen.chapter,
            class_folder(),
            jobs=chosen.jobs,
            cluster=chosen.cluster,
            reference=chosen.reference,
            trust=chosen.trust_submissions,
            exchange=chosen.exchange,
            console=console,
        )
    except KeyboardInterrupt:
        console.print("stopped; what was graded is recorded, and the rest is graded the next time", highlight=False)
    return 0


def _grade_all(chosen: argparse.Namespace, how: Mapping[str, Any] | None) -> int:
    """Grade what is there; remember what is said ``how``, where it is of a whole class."""
    from autograder.grading.slots import ahead

    slots = chosen.jobs if chosen.cluster is None and chosen.student is None else 0
    slug = find_chapter(chosen.chapter).slug
    with ahead.started(class_folder(), slug, slots, sandboxed=not chosen.trust_submissions) as started:
        with undisturbed():
            from rich.console import Console

            from autograder.grading.grade import grade
            from autograder.grading.rows import table_of
            from autograder.grading.witness import Witness

        witness = None if how is None else Witness(class_folder(), chosen.chapter, how)
        console = None if chosen.json else Console()
        result = grade(
            chosen.chapter,
            class_folder(),
            chosen.student,
            chosen.jobs,
            chosen.cluster,
            chosen.reference,
            chosen.trust_submissions,
            dry_run=chosen.dry_run,
            started=started,
            console=console,
        )
        if witness is not None:
            witness.keep(result)
    return _graded(result, table_of(result), console)


def _graded(result: GradeResult | OwnResult, table: Table, console: Console | None) -> int:
    """Say what was graded: to people as a table, without a ``console`` to programs."""
    from autograder.grading.table import show

    if console is None:
        print(json.dumps(result.as_json(), indent=2))
    else:
        show(table, console, f"{result.executed} run, {result.recorded} recorded, {result.seconds:.1f} s")
    return 1 if result.problems else 0


COMMANDS: Mapping[str, Run] = {
    "grade": _grade,
}
