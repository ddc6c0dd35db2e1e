"""The report on disk: a page and a table beside each other, written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from autograder.files import write_whole
from autograder.observing.exercise import catalogue
from autograder.report.export import as_csv
from autograder.report.learner import HasJson, read_learners
from autograder.report.page import as_html
from autograder.report.says import says
from course.chapters import CHAPTERS

if TYPE_CHECKING:
    from autograder.grading.groups import Group

__all__ = ["feedback_pages", "write_report"]


def write_report(
    chapter_slug: str,
    results: Iterable[HasJson | Mapping[str, Any]],
    folder: Path,
    title: str | None = None,
    feedback: Path | None = None,
    groups: Sequence[Group] = (),
    judged: bool = True,
    tries: Mapping[str, Sequence[int]] | None = None,
) -> tuple[Path, Path]:
    """Write the report on ``results`` as ``chapter_slug.html`` and ``chapter_slug.csv`` in ``folder``; return both paths.

    ``results`` are `autograder.grading.submissions.verdicts.Result`, or what their ``as_json`` gave. ``title`` is the chapter's own
    by default. ``feedback`` is nbgrader's folder of feedback pages, by default the one called so beside ``folder``; the
    page links to those that are there. ``groups`` are those of `autograder.grading.groups.groups`; ``judged`` and ``tries`` are as `as_html` has them. Raises ``ValueError`` for results of another shape.
    """
    learners = read_learners(results)
    titles = {chapter.slug: chapter.title for chapter in CHAPTERS}
    pages = feedback_pages(
        chapter_slug, [one.student for one in learners], folder, feedback or folder.absolute().parent / "feedback"
    )
    order = tuple(catalogue())
    html = as_html(
        title or titles.get(chapter_slug, chapter_slug),
        chapter_slug,
        learners,
        says,
        pages,
        order,
        groups,
        judged,
        tries,
    )
    page, table = folder / f"{chapter_slug}.html", folder / f"{chapter_slug}.csv"
    write_whole(page, html.encode())
    write_whole(table, as_csv(learners, order).encode())
    return page, table


def feedback_pages(chapter_slug: str, students: Iterable[str], folder: Path, feedback: Path) -> dict[str, str]:
    """The address of each learner's feedback page as seen from ``folder``, for the learners who have one."""
    pages = {}
    for student in students:
        if student in ("", ".", "..") or os.sep in student:
            continue  # the name of no folder: it must not lead elsewhere
        path = feedback / student / chapter_slug / f"{chapter_slug}.html"
        if os.path.isfile(path):  # unlike Path.is_file, it takes any name
            relative = os.path.relpath(path.absolute(), folder.absolute())
            pages[student] = quote(os.fsencode(Path(relative).as_posix()))
    return pages
