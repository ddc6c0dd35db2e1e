"""Each lesson as it is used: its solutions earn full marks, its released notebook nothing, and both run to the end."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from autograder.observing.exercise import Exercise, exercises_of
from course.chapters import CHAPTERS, Chapter

each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda one: one.slug)


def executed(path: Path, **options: object) -> NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": path.parent}}, **options).execute()
    return notebook


def scores(notebook: NotebookNode) -> dict[str, float]:
    """What nbgrader reads of each check cell; no stderr and no error may stand before it."""
    found = {}
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id", "").startswith("check_"):
            [output] = cell.outputs
            assert output.output_type == "execute_result"
            assert "text/html" in output.data
            found[cell.metadata.nbgrader.grade_id.removeprefix("check_")] = float(output.data["text/plain"])
    return found


def stderr(notebook: NotebookNode) -> list[str]:
    return [out.text for cell in notebook.cells for out in cell.get("outputs", []) if out.get("name") == "stderr"]


@each_chapter
def test_the_solutions_earn_full_marks(chapter: Chapter, root: Path) -> None:
    notebook = executed(root / "solutions" / chapter.slug / f"{chapter.slug}.ipynb")
    assert scores(notebook) == {one.id: one.points for one in exercises_of(chapter.topic)}
    assert stderr(notebook) == []


@each_chapter
def test_the_released_notebook_runs_to_the_end_and_earns_nothing(chapter: Chapter, root: Path, tmp_path: Path) -> None:
    # The committed notebook may hold a learner's work: what is released is made anew.
    from autograder.authoring.build import build

    build(output=tmp_path, chapters=[chapter.slug])
    notebook = executed(tmp_path / "notebooks" / chapter.slug / f"{chapter.slug}.ipynb")  # raises if a cell does
    assert scores(notebook) == {one.id: 0.0 for one in exercises_of(chapter.topic)}
    assert stderr(notebook) == []
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id", "").startswith("check_"):
            assert "not attempted" in cell.outputs[0].data["text/html"]


def test_the_first_page_runs_to_the_end(root: Path, tmp_path: Path) -> None:
    from autograder.authoring.build import build

    build(output=tmp_path, chapters=["00_start_here"])
    notebook = executed(tmp_path / "notebooks" / "00_start_here.ipynb")
    text = str(notebook.cells)
    assert stderr(notebook) == []
    assert "A first computation" in text
    assert "exercises solved" in text


ALL_EXERCISES = [(chapter, exercise) for chapter in CHAPTERS for exercise in exercises_of(chapter.topic)]


@pytest.mark.parametrize(("chapter", "exercise"), ALL_EXERCISES, ids=lambda one: getattr(one, "id", ""))
def test_the_lesson_says_points_and_what_is_forbidden_and_has_three_hints(
    chapter: Chapter, exercise: Exercise, root: Path
) -> None:
    text = (root / "course/lessons" / f"{chapter.slug}.py").read_text()
    section = text.partition(f"### Exercise: `{exercise.id}`")[2].partition(f'# %% check="{exercise.id}"')[0]
    assert re.match(rf" \({exercise.points} points?\)", section), "the heading says how many points"
    assert section.count("<details><summary>Hint ") == 3
    assert ("✋" in section) == bool(exercise.by_hand)


@each_chapter
def test_no_cell_is_higher_than_a_screen(chapter: Chapter, root: Path) -> None:
    notebook = nbformat.read(root / "solutions" / chapter.slug / f"{chapter.slug}.ipynb", as_version=4)
    for cell in notebook.cells:
        assert cell.source.count("\n") < 45, cell.source[:80]


@each_chapter
def test_pictures_and_prose_point_nowhere_but_into_the_course(chapter: Chapter, root: Path) -> None:
    """No network: no image or script of a page comes from elsewhere, and links to notebooks lead somewhere."""
    text = (root / "course/lessons" / f"{chapter.slug}.py").read_text()
    assert not re.search(r"<(img|script|iframe)", text)
    for link in re.findall(r"\]\(([^)]+\.ipynb)\)", text):
        assert (root / "notebooks" / chapter.slug / link).resolve().is_file(), link
