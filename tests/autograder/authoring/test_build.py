"""Lessons become solutions and notebooks: the same bytes each time, and never over a learner's work."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.authoring.build import HoldsWork, LessonError, ReleaseError, build, release
from autograder.observing.exercise import exercises_of, find
from course.chapters import CHAPTERS, find_chapter

STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
START = "00_start_here"
SLUG = "04_the_same_cnn_with_functional"


def lesson(topic: str, **answers: str) -> str:
    """A small lesson on ``topic``; ``answers`` are other texts of a learner's cell."""
    cells = ["# %% [markdown]\n# # A lesson\n", "# %%\nfrom autograder import check\n"]
    for one in exercises_of(topic):
        answer = answers.get(one.id, f"def {one.id}(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION\n")
        cells.append(f'# %% exercise="{one.id}"\n{answer}')
        cells.append(f'# %% check="{one.id}"\ncheck("{one.id}", {one.id})\n')
    return "\n".join(cells)


def course(place: Path, root: Path) -> Path:
    (place / "course/lessons").mkdir(parents=True)
    shutil.copy(root / "nbgrader_config.py", place)
    for chapter in CHAPTERS:
        write(place, chapter.slug, lesson(chapter.topic))
    write(place, START, "# %% [markdown]\n# Welcome.\n")
    return place


def write(place: Path, slug: str, text: str) -> None:
    (place / "course/lessons" / f"{slug}.py").write_text(text, encoding="utf-8")


@pytest.fixture
def place(tmp_path: Path, root: Path) -> Path:
    """A course of small lessons, not built yet."""
    return course(tmp_path / "the course", root)


def notebook(place: Path, slug: str, side: str = "notebooks") -> Any:
    return nbformat.read(place / side / slug / f"{slug}.ipynb", as_version=4)


def cell(place: Path, name: str, side: str = "notebooks", slug: str = SLUG) -> Any:
    return next(one for one in notebook(place, slug, side).cells if one.id == name)


def files(place: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(place)): path.read_bytes()
        for side in ("solutions", "notebooks")
        for path in sorted((place / side).rglob("*"))
        if path.is_file()
    }


def edit(path: Path, **changes: Any) -> None:
    """Save the notebook at ``path`` as JupyterLab would, its exercise ``relu`` changed."""
    whole = nbformat.read(path, as_version=4)
    next(one for one in whole.cells if one.id == "relu").update(changes)
    nbformat.write(whole, path)


def test_every_chapter_becomes_a_solution_and_a_notebook_and_the_start_a_notebook_alone(place: Path) -> None:
    written = [str(path.relative_to(place)) for path in build(place)]
    chapters = [f"{chapter.slug}/{chapter.slug}.ipynb" for chapter in CHAPTERS]
    sides = [f"{side}/{chapter}" for side in ("solutions", "notebooks") for chapter in chapters]
    assert sorted(written) == sorted([*sides, "notebooks/00_start_here.ipynb"])
    assert sorted(files(place)) == sorted(written)


def test_two_builds_in_two_places_give_the_same_bytes(place: Path, tmp_path: Path) -> None:
    build(place)
    build(place, output=tmp_path / "elsewhere")
    assert files(place) == files(tmp_path / "elsewhere")


def test_a_second_build_writes_nothing(place: Path) -> None:
    build(place)
    assert build(place) == []


def test_a_notebook_holds_no_outputs_no_versions_and_ends_with_one_newline(place: Path) -> None:
    build(place)
    for name, content in files(place).items():
        whole = json.loads(content)
        assert (whole["nbformat"], whole["nbformat_minor"]) == (4, 5), name
        assert whole["metadata"]["kernelspec"]["name"] == "python3"
        assert "version" not in whole["metadata"]["language_info"]
        assert b"jupytext" not in content and content.endswith(b"}\n")
        assert content.decode() == json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        code = [one for one in whole["cells"] if one["cell_type"] == "code"]
        assert all(one["outputs"] == [] and one["execution_count"] is None for one in code)


def test_the_markers_become_nbgraders_metadata_and_points_come_from_the_exercise(place: Path) -> None:
    build(place)
    answer, check = (cell(place, name).metadata.nbgrader for name in ("linear", "check_linear"))
    assert (answer.grade_id, answer.solution, answer.grade, answer.locked) == ("linear", True, False, False)
    assert (check.grade_id, check.solution, check.grade, check.locked) == ("check_linear", False, True, True)
    assert check.points == find("linear").points
    assert all("nbgrader" not in one.metadata for one in notebook(place, SLUG).cells[:2])
    assert "exercise" not in cell(place, "linear").metadata


def test_the_solution_keeps_the_answer_and_the_notebook_does_not(place: Path) -> None:
    build(place)
    assert "return x" in cell(place, "linear", "solutions").source
    assert "return x" not in cell(place, "linear").source


@pytest.mark.parametrize(
    ("answer", "stub"),
    [
        (
            'def relu(x):\n    """Doc."""\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n',
            'def relu(x):\n    """Doc."""\n    # YOUR CODE HERE\n    raise NotImplementedError()',
        ),
        (
            "relu = {'a': ...}\n### BEGIN SOLUTION\nrelu = {'a': 1}\n### END SOLUTION\n",
            "relu = {'a': ...}\n# YOUR CODE HERE",
        ),
        ("### BEGIN SOLUTION\ndef relu(x):\n    return 1\n### END SOLUTION\n", "# YOUR CODE HERE"),
        (
            "class relu:\n    size = 1\n    ### BEGIN SOLUTION\n    def forward(self): ...\n    ### END SOLUTION\n",
            "class relu:\n    size = 1\n    # YOUR CODE HERE",
        ),
        (
            "class relu:\n    def forward(self):\n        ### BEGIN SOLUTION\n        return 1\n        ### END SOLUTION\n",
            "class relu:\n    def forward(self):\n        # YOUR CODE HERE\n        raise NotImplementedError()",
        ),
        (
            "### BEGIN SOLUTION\na = 1\n### END SOLUTION\ndef relu(x):\n    ### BEGIN SOLUTION\n    b\n    ### END SOLUTION\n",
            "# YOUR CODE HERE\ndef relu(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()",
        ),
    ],
    ids=["function", "dictionary", "whole cell", "class body", "method", "both"],
)
def test_a_stub_raises_only_inside_a_function(place: Path, answer: str, stub: str) -> None:
    write(place, SLUG, lesson("functional", relu=answer))
    build(place, chapters=["functional"])
    assert cell(place, "relu").source == stub
    exec(cell(place, "relu").source, {})  # "Run all" gets past it


def test_a_written_answer_is_graded_by_hand(place: Path) -> None:
    write(place, SLUG, lesson("functional") + '\n# %% [markdown] exercise="reflect" points=4\n# My answer.\n')
    build(place, chapters=["functional"])
    written = cell(place, "reflect")
    assert (written.cell_type, written.source) == ("markdown", "YOUR ANSWER HERE")
    assert written.metadata.nbgrader | {"checksum": "", "cell_type": ""} == {
        "grade": True, "grade_id": "reflect", "locked": False, "points": 4, "schema_version": 3, "solution": True,
        "task": False, "checksum": "", "cell_type": "",
    }  # fmt: skip


def test_a_cell_that_comes_in_leaves_the_ids_of_the_others(place: Path) -> None:
    build(place)
    before = [one.id for one in notebook(place, SLUG).cells]
    write(place, SLUG, "# %% [markdown]\n# New.\n\n" + lesson("functional"))
    build(place)
    assert [one.id for one in notebook(place, SLUG).cells][1:] == before


def test_cells_that_say_the_same_have_ids_of_their_own(place: Path) -> None:
    write(place, START, "# %%\n1\n\n# %%\n1\n\n# %%\n1\n")
    build(place, chapters=[START])
    names = [one["id"] for one in json.loads((place / f"notebooks/{START}.ipynb").read_text())["cells"]]
    assert len(set(names)) == 3


def test_a_learners_answer_is_never_overwritten_and_nothing_else_is_written(place: Path) -> None:
    build(place)
    path = place / f"notebooks/{SLUG}/{SLUG}.ipynb"
    edit(path, source="def relu(x):\n    return x.clamp(min=0)")
    write(place, find_chapter("modules").slug, lesson("modules") + "\n# %%\n2\n")
    before = files(place)
    with pytest.raises(HoldsWork, match=rf"{SLUG}\.ipynb: somebody has worked in here.*--output DIR"):
        build(place)
    with pytest.raises(HoldsWork, match=SLUG):
        release("04", place)
    assert files(place) == before
    assert not (place / "classroom/gradebook.db").exists()


def test_a_notebook_that_was_only_run_and_saved_may_be_replaced(place: Path) -> None:
    build(place)
    path = place / f"notebooks/{SLUG}/{SLUG}.ipynb"
    fresh = path.read_bytes()
    stream = nbformat.v4.new_output("stream", text="hello")
    edit(path, outputs=[stream], execution_count=3)
    whole = nbformat.read(path, as_version=4)
    whole.metadata.language_info["version"] = "3.11.4"
    whole.cells.append(nbformat.v4.new_code_cell())  # JupyterLab adds one below the last cell that is run
    nbformat.write(whole, path)
    assert build(place) == [path]
    assert path.read_bytes() == fresh


@pytest.mark.parametrize("content", [b"", b"no notebook", b"{}", b"[]", b"\xff\xfe", b'{"cells": [], "metadata": {}}'])
def test_a_file_that_is_no_released_notebook_is_left_alone(place: Path, content: bytes) -> None:
    path = place / f"notebooks/{START}.ipynb"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(HoldsWork, match=START):
        build(place)
    assert files(place) == {f"notebooks/{START}.ipynb": content}


def test_files_beside_a_notebook_stay(place: Path) -> None:
    build(place)
    beside = place / f"notebooks/{SLUG}/my notes.ipynb"
    beside.write_text("mine")
    write(place, SLUG, lesson("functional") + "\n# %%\n2\n")
    assert len(build(place)) == 2
    assert beside.read_text() == "mine"


def test_all_lessons_are_looked_at_before_anything_is_written(place: Path) -> None:
    for chapter in CHAPTERS:
        write(place, chapter.slug, "# %%\n1\n")
    with pytest.raises(LessonError, match=r"(?s)03_cnn_with_modules.py:1: .*04_the_same_cnn_with_functional.py:1: "):
        build(place)
    assert files(place) == {}


def test_a_chapter_without_its_lesson_is_told(place: Path) -> None:
    (place / f"course/lessons/{SLUG}.py").unlink()
    with pytest.raises(LessonError, match=rf"course/lessons/{SLUG}.py: there is no such file"):
        build(place)


def test_a_lesson_that_is_no_chapter_is_told(place: Path) -> None:
    write(place, "99_extra", "# %%\n1\n")
    with pytest.raises(LessonError, match=r"course/lessons/99_extra.py:1: this lesson is no chapter"):
        build(place)


def test_one_chapter_can_be_built_alone_by_any_of_its_names(place: Path) -> None:
    for word in ("04", "functional", SLUG):
        shutil.rmtree(place / "notebooks", ignore_errors=True)
        assert place / f"notebooks/{SLUG}/{SLUG}.ipynb" in build(place, chapters=[word])
        assert [path.name for path in (place / "notebooks").iterdir()] == [SLUG]


def test_a_class_without_settings_is_told(place: Path, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"there is no nbgrader_config\.py in .*; copy the one of the course there"):
        release("04", place, tmp_path / "class")
