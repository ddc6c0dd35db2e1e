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


def executed(path: Path, where: Path | None = None) -> NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": where or path.parent}}).execute()
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
    notebook = executed(tmp_path / "notebooks" / "00_start_here.ipynb", where=root / "notebooks")
    text = str(notebook.cells)
    assert stderr(notebook) == []
    assert "A first computation" in text
    assert "exercises solved" in text
    [course_map] = [
        out.data["text/markdown"]
        for cell in notebook.cells
        for out in cell.get("outputs", [])
        if "text/markdown" in out.get("data", {})
    ]
    rows = course_map.splitlines()[2:]
    assert len(rows) == len(CHAPTERS)
    for chapter, row in zip(CHAPTERS, rows, strict=True):
        title, teaches, exercises, points, minutes = (part.strip() for part in row.strip("|").split(" | "))
        assert title == f"[{chapter.number:02d} {chapter.title}]({chapter.slug}/{chapter.slug}.ipynb)"
        assert teaches == chapter.teaches
        assert int(exercises) == len(exercises_of(chapter.topic))
        assert int(points) == sum(one.points for one in exercises_of(chapter.topic))
        assert int(minutes) > 0


def test_the_readme_lists_every_chapter_with_what_it_teaches(root: Path) -> None:
    text = (root / "README.md").read_text()
    rows = re.findall(r"^\| \[(\d\d .*?)\]\((notebooks/.*?)\) \| (.*?) \|$", text, re.MULTILINE)
    assert rows == [
        (f"{one.number:02d} {one.title}", f"notebooks/{one.slug}/{one.slug}.ipynb", one.teaches) for one in CHAPTERS
    ]


@each_chapter
def test_a_lesson_opens_with_what_you_can_do_at_its_end(chapter: Chapter, root: Path) -> None:
    first = nbformat.read(root / "solutions" / chapter.slug / f"{chapter.slug}.ipynb", as_version=4).cells[0].source
    assert first.startswith(f"# {chapter.number:02d} · {chapter.title}\n")
    can = first.partition("**At the end you can**")[2]
    assert len(re.findall(r"^- ", can, re.MULTILINE)) >= 3


@each_chapter
def test_a_lesson_closes_with_three_questions_and_a_way_on(chapter: Chapter, root: Path) -> None:
    text = (root / "course/lessons" / f"{chapter.slug}.py").read_text()
    recap = text.partition("# ### Three questions\n")[2]
    assert re.findall(r"<details><summary>(\d)\. ", recap) == ["1", "2", "3"]
    assert recap.count("</details>") == 3
    questions = re.findall(r"<summary>(.*?)</summary>", recap, re.DOTALL)
    assert not any("`" in one for one in questions), "Markdown is not read inside of a summary: <code>"
    following = [one for one in CHAPTERS if one.number == chapter.number + 1]
    assert all(f"(../{one.slug}/{one.slug}.ipynb)" in recap.partition("</details>")[2] for one in following)
    assert "](../00_start_here.ipynb)" in recap


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
