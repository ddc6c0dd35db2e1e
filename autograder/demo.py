"""The instructor's whole loop on the sample class, with nbgrader's own steps, below ``classroom/demo``."""

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
from nbgrader.plugins import CsvExportPlugin
from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.build import commands_on_path
from autograder.kernel import TRUST
from autograder.sample_class import SAMPLE_CLASS, STUB, Submission

__all__ = ["Graded", "grade_class", "hand_in", "play", "prepare", "release"]

SECONDS_A_CELL = 10  # the endless loop of the sample class is cut off after this


@dataclass(frozen=True)
class Graded:
    """A submission, the points that the gradebook holds for it by exercise, and what was not as it deserves."""

    submission: Submission
    points: dict[str, float]
    wrong: tuple[str, ...]


def play(repository: Path = Path(__file__).parent.parent, submissions: Iterable[Submission] = SAMPLE_CLASS) -> int:
    """Release, collect, grade, give feedback, export; print the table. Returns 1 when a grade is not what is deserved."""
    submissions = tuple(submissions)
    console = Console()
    with commands_on_path(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="nbgrader")  # on its own database sessions: nothing to act on
        graded, folder, grades = _play(repository, submissions, console)
    _print(console, graded)
    shown = folder.relative_to(repository) if folder.is_relative_to(repository) else folder
    console.print(f"feedback pages  {shown}/classroom/feedback/LEARNER/CHAPTER/CHAPTER.html", highlight=False)
    console.print(f"grades          {shown / grades.relative_to(folder)}", highlight=False)
    console.print(f"formgrader      cd {shown} && jupyter lab, then the menu Nbgrader → Formgrader", highlight=False)
    return 1 if any(one.wrong for one in graded) else 0


def _play(repository: Path, submissions: tuple[Submission, ...], console: Console) -> tuple[list[Graded], Path, Path]:
    folder = prepare(repository, repository / "classroom" / "demo")
    for chapter in dict.fromkeys(one.chapter for one in submissions):
        release(folder, chapter)
    for one in submissions:
        hand_in(folder, one)
    return grade_class(folder, submissions, console), folder, _export(folder)


def prepare(repository: Path, folder: Path) -> Path:
    """A fresh course directory at ``folder`` with the repository's config and solutions; an old one is cleared away."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    shutil.copy(repository / "nbgrader_config.py", folder)
    shutil.copytree(repository / "solutions", folder / "solutions")
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


def grade_class(folder: Path, submissions: Iterable[Submission], console: Console) -> list[Graded]:
    """Grade and give feedback, one submission after the other, and compare with what each deserves.

    The sample class is ours, so its kernels are trusted; see ``docs/instructors.md`` for a class that is not.
    """
    graded = []
    for one in track(tuple(submissions), "grading", console=console):
        with _trusted_kernel():
            _require(_api(folder).autograde(one.chapter, one.learner, force=True), f"grading {one.learner}")
        _require(_api(folder).generate_feedback(one.chapter, one.learner, force=True), f"feedback for {one.learner}")
        points = _points(folder, one)
        graded.append(Graded(one, points, tuple(_differences(folder, one, points))))
    return graded


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


def _export(folder: Path) -> Path:
    path = folder / "classroom" / "grades.csv"
    with Gradebook(f"sqlite:///{folder / 'classroom' / 'gradebook.db'}", "one_cnn_two_ways") as gradebook:
        CsvExportPlugin(to=str(path)).export(gradebook)
    return path


def _api(folder: Path) -> NbGraderAPI:
    loaded = PyFileConfigLoader("nbgrader_config.py", path=str(folder)).load_config()
    config = Config(loaded)
    config.Execute.timeout = SECONDS_A_CELL
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
