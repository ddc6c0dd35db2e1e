"""The instructor's whole loop on the sample class, below ``classroom/demo``: release, hand in, grade, feedback, report."""

from __future__ import annotations

import logging
import os
import shutil
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from rich import box
from rich.console import Console
from rich.table import Table
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.commands import commands_on_path
from autograder.grading.grade import grade
from autograder.grading.groups import groups
from autograder.grading.records.export import export, feedback
from autograder.grading.walls.bubblewrap import NoSandbox, require
from autograder.learner.kernel import TRUST
from autograder.report import write_report
from autograder.sample.any_chapter import class_of
from autograder.sample.learners import SAMPLE_CLASS, STUB, Submission

__all__ = ["Graded", "compare", "grade_in_kernels", "hand_in", "play", "prepare", "release"]

SECONDS_A_CELL = 10  # the endless loop of the sample class is cut off after this


@dataclass(frozen=True)
class Graded:
    """A submission, the points that the gradebook holds for it by exercise, and what was not as it deserves."""

    submission: Submission
    points: dict[str, float]
    wrong: tuple[str, ...]


def play(
    repository: Path = Path(__file__).parents[2],
    submissions: Iterable[Submission] = SAMPLE_CLASS,
    *,
    chapter: str | None = None,
) -> int:
    """Release, collect, grade, give feedback, export; print the table. Returns 1 when a grade is not what is deserved.

    The sample class has ``submissions``, or those that are made for one ``chapter``.
    """
    submissions = tuple(submissions) if chapter is None else class_of(chapter, repository)
    chapters = tuple(dict.fromkeys(one.chapter for one in submissions))
    console = Console()
    with commands_on_path(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="nbgrader")  # on its own database sessions: nothing to act on
        folder = prepare(repository, repository / "classroom" / "demo", SECONDS_A_CELL)
        for chapter in chapters:
            release(folder, chapter)
        for one in submissions:
            hand_in(folder, one)
        for chapter in chapters:
            _grade(folder, chapter, console)
        graded = [compare(folder, one) for one in submissions]
        export(folder)
    _print(console, graded)
    shown = folder.relative_to(repository) if folder.is_relative_to(repository) else folder
    for what, where in (
        ("reports", "classroom/report/CHAPTER.html"),
        ("feedback pages", "classroom/feedback/LEARNER/CHAPTER/CHAPTER.html"),
        ("grades", "classroom/grades.csv"),
    ):
        console.print(f"{what:15} {shown}/{where}", highlight=False, soft_wrap=True)
    console.print(
        f"formgrader      cd {shown} && python -m autograder lab --instructor, then Nbgrader → Formgrader",
        highlight=False,
        soft_wrap=True,
    )
    return 1 if any(one.wrong for one in graded) else 0


def _grade(folder: Path, chapter: str, console: Console) -> None:
    """Grade a chapter, and write its feedback pages and its report.

    The sample class is ours: where there is no sandbox it is run without one.
    """
    trust = not sandbox_is_there()
    if trust:
        console.print("no sandbox here: the sample class is trusted, and run without one", highlight=False)
    result = grade(chapter, folder, trust=trust, console=console)
    if result.problems:
        raise RuntimeError("; ".join(result.problems))
    feedback(chapter, folder)
    write_report(chapter, result.counted(), folder / "classroom" / "report", groups=groups(chapter, folder))


def sandbox_is_there() -> bool:
    """Whether submissions can be run in a sandbox on this machine."""
    try:
        require()
    except NoSandbox:
        return False
    return True


def prepare(repository: Path, folder: Path, seconds_a_cell: int | None = None) -> Path:
    """A fresh course directory at ``folder`` with the repository's config and solutions; an old one is cleared away.

    A cell may take ``seconds_a_cell``, or what the config says.
    """
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    shutil.copy(repository / "nbgrader_config.py", folder)
    shutil.copytree(repository / "solutions", folder / "solutions")
    if seconds_a_cell is not None:
        with (folder / "nbgrader_config.py").open("a", encoding="utf-8") as config:
            config.write(f"\nc.SubmissionLimits.cell_seconds = c.Execute.timeout = {seconds_a_cell}\n")
    return folder


def release(folder: Path, chapter: str) -> None:
    """Make the chapter known to the gradebook below ``folder``, and its notebook ready to hand out."""
    _require(_api(folder).generate_assignment(chapter, force=True, create=True), f"releasing {chapter}")


def hand_in(folder: Path, submission: Submission) -> Path:
    """Write what the learner hands in: the released notebook with their answers in its cells."""
    name = f"{submission.chapter}.ipynb"
    released = nbformat.read(folder / "notebooks" / submission.chapter / name, as_version=4)
    solved = nbformat.read(folder / "solutions" / submission.chapter / name, as_version=4)
    solutions = {cell.id: cell.source for cell in solved.cells}
    for cell in released.cells:
        marks = cell.metadata.get("nbgrader", {})
        if not marks.get("solution"):
            continue
        if marks["grade_id"] in submission.answers:
            cell.source = submission.answers[marks["grade_id"]].source
        elif submission.rest != STUB:
            cell.source = solutions[cell.id]
    path = folder / "classroom" / "submitted" / submission.learner / submission.chapter / name
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(released, path)
    return path


def grade_in_kernels(folder: Path, submissions: Iterable[Submission]) -> list[Graded]:
    """The same by stock nbgrader, in kernels that are trusted; and compare with what each submission deserves."""
    graded = []
    for one in submissions:
        with _trusted_kernel():
            _require(_api(folder).autograde(one.chapter, one.learner, force=True), f"grading {one.learner}")
        _require(_api(folder).generate_feedback(one.chapter, one.learner, force=True), f"feedback for {one.learner}")
        graded.append(compare(folder, one))
    return graded


def compare(folder: Path, one: Submission) -> Graded:
    """What the gradebook and the feedback page say of a submission, against what it deserves."""
    points = _points(folder, one)
    return Graded(one, points, tuple(_differences(folder, one, points)))


def _differences(folder: Path, one: Submission, points: dict[str, float]) -> Iterator[str]:
    for exercise, deserved in one.deserves().items():
        if abs(points.get(exercise, -1) - deserved) > 1e-6:
            yield f"{exercise}: {points.get(exercise)} instead of {deserved}"
    page = folder / "classroom" / "feedback" / one.learner / one.chapter / f"{one.chapter}.html"
    text = page.read_text(encoding="utf-8")
    for exercise, answer in one.answers.items():
        if answer.says not in text:
            yield f"{exercise}: the feedback does not say {answer.says!r}"


def _points(folder: Path, one: Submission) -> dict[str, float]:
    with Gradebook(f"sqlite:///{folder / 'classroom' / 'gradebook.db'}", "one_cnn_two_ways") as gradebook:
        try:
            notebook = gradebook.find_submission_notebook(one.chapter, one.chapter, one.learner)
        except MissingEntry:
            return {}
        return {grade.name.removeprefix("check_"): float(grade.score) for grade in notebook.grades}


def _api(folder: Path) -> NbGraderAPI:
    loaded = PyFileConfigLoader("nbgrader_config.py", path=str(folder)).load_config()
    config = Config(loaded)
    # The first is nbgrader's own default; the second keeps each kernel's start-up notes off the console.
    config.Execute.extra_arguments = ["--HistoryManager.hist_file=:memory:", "--IPKernelApp.log_level=ERROR"]
    api = NbGraderAPI(config=config)
    api.log.setLevel(logging.CRITICAL)
    return api


def _require(result: dict[str, object], what: str) -> None:
    if not result["success"]:
        raise RuntimeError(f"{what} did not work: {result.get('error') or result.get('log')}")


@contextmanager
def _trusted_kernel() -> Iterator[None]:
    before = os.environ.get(TRUST)
    os.environ[TRUST] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[TRUST]
        else:
            os.environ[TRUST] = before


def _print(console: Console, graded: list[Graded]) -> None:
    for chapter in dict.fromkeys(one.submission.chapter for one in graded):
        rows = [one for one in graded if one.submission.chapter == chapter]
        table = Table(title=chapter, title_justify="left", box=box.SIMPLE_HEAD)
        for heading, justify in (("learner", "left"), ("handed in", "left"), ("points", "left"), ("sum", "right")):
            table.add_column(heading, justify=justify)  # type: ignore[arg-type]
        table.add_column("as deserved")
        for one in rows:
            numbers = [one.points.get(exercise, float("nan")) for exercise in one.submission.deserves()]
            each = " ".join(f"{number:<4g}" for number in numbers)
            table.add_row(
                one.submission.learner, one.submission.what, each, f"{sum(numbers):g}", "no" if one.wrong else "yes"
            )
        console.print(table)
        console.print(f"points of: {', '.join(rows[0].submission.deserves())}\n", highlight=False)
    for one in graded:
        for difference in one.wrong:
            console.print(f"{one.submission.learner}, {one.submission.chapter}: {difference}", highlight=False)
