"""nbgrader's own commands in a class's directory: the same notebooks, and points that the gradebook knows."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.__main__ import main
from autograder.authoring.build import ReleaseError, build, release
from autograder.authoring.lessons.work import holds_work
from autograder.observing.exercise import exercises_of

SLUG = "03_cnn_with_modules"


@pytest.fixture(scope="module")
def lessons(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """One small lesson on modules, whose answers are all wrong."""
    place = tmp_path_factory.mktemp("lessons")
    (place / "course/lessons").mkdir(parents=True)
    shutil.copy(root / "nbgrader_config.py", place)
    cells = ["# %%\nfrom autograder import check\n"]
    for one in exercises_of("modules"):
        cells.append(f'# %% exercise="{one.id}"\n### BEGIN SOLUTION\nf = print\n### END SOLUTION\n')
        cells.append(f'# %% check="{one.id}"\ncheck("{one.id}", f)\n')
    (place / f"course/lessons/{SLUG}.py").write_text("\n".join(cells), encoding="utf-8")
    return place


@pytest.fixture
def class_(tmp_path: Path, root: Path) -> Path:
    """The directory of a class, with nothing in it but nbgrader's settings."""
    place = tmp_path / "a class"
    place.mkdir()
    shutil.copy(root / "nbgrader_config.py", place)
    return place


def nbgrader(place: Path, *words: str, **environment: str) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=place, env=os.environ | {"PATH": path} | environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def points(place: Path, gradebook_file: str = "classroom/gradebook.db") -> dict[str, float]:
    query = "select base_cell.name, max_score from grade_cells join base_cell on base_cell.id = grade_cells.id"
    with sqlite3.connect(place / gradebook_file) as gradebook:
        return dict(gradebook.execute(query).fetchall())


EXPECTED = {f"check_{one.id}": float(one.points) for one in exercises_of("modules")}


def test_a_release_makes_the_points_known_and_is_what_a_build_makes(
    lessons: Path, class_: Path, tmp_path: Path
) -> None:
    build(lessons, output=tmp_path / "built", chapters=["03"])
    released = release("03", lessons, class_)
    assert released == class_ / f"notebooks/{SLUG}/{SLUG}.ipynb"
    assert released.read_bytes() == (tmp_path / f"built/notebooks/{SLUG}/{SLUG}.ipynb").read_bytes()
    assert points(class_) == EXPECTED


def test_the_command_releases_in_the_class_in_whose_folder_it_is_typed(
    class_: Path, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(class_)
    before = (root / f"notebooks/{SLUG}/{SLUG}.ipynb").read_bytes()
    assert main(["release", "03"]) == 0
    released = class_ / f"notebooks/{SLUG}/{SLUG}.ipynb"
    assert str(released) in capsys.readouterr().out
    assert released.read_bytes() == before
    assert points(class_) == EXPECTED


def test_a_second_release_touches_no_file(lessons: Path, class_: Path) -> None:
    first = release("03", lessons, class_).stat()
    second = release("03", lessons, class_).stat()
    assert (first.st_ino, first.st_mtime_ns) == (second.st_ino, second.st_mtime_ns)
    assert points(class_) == EXPECTED


def test_a_first_release_that_is_stopped_leaves_a_gradebook_that_the_next_one_finishes(
    class_: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop() -> str:
        raise KeyboardInterrupt

    monkeypatch.chdir(class_)
    with monkeypatch.context() as patch:
        patch.setattr("nbgrader.api.get_alembic_version", stop)
        with pytest.raises(KeyboardInterrupt):
            main(["release", "03"])
    assert main(["release", "03"]) == 0
    with sqlite3.connect(class_ / "classroom" / "gradebook.db") as gradebook:
        assert len(gradebook.execute("select version_num from alembic_version").fetchall()) == 1
    assert points(class_)


def test_nbgraders_own_command_makes_the_same_notebook(lessons: Path, class_: Path, tmp_path: Path) -> None:
    build(lessons, output=tmp_path / "built", chapters=["03"])
    shutil.copytree(tmp_path / "built/solutions", class_ / "solutions")
    nbgrader(class_, "generate_assignment", SLUG)
    name = f"notebooks/{SLUG}/{SLUG}.ipynb"
    assert (class_ / name).read_bytes() == (tmp_path / "built" / name).read_bytes()
    assert points(class_) == EXPECTED


@pytest.mark.slow
def test_a_deleted_check_comes_back_is_graded_and_the_release_is_then_fixed(lessons: Path, class_: Path) -> None:
    released = release("03", lessons, class_)
    submitted = class_ / f"classroom/submitted/ann/{SLUG}/{SLUG}.ipynb"
    submitted.parent.mkdir(parents=True)
    whole = nbformat.read(released, as_version=4)
    whole.cells = [one for one in whole.cells if one.id != "check_conv_output_size"]
    answer = "def f(size, kernel_size, stride=1, padding=0, dilation=1):\n    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1"
    next(one for one in whole.cells if one.id == "conv_output_size").source = answer
    nbformat.write(whole, submitted)

    nbgrader(class_, "autograde", SLUG, AUTOGRADER_TRUST_KERNEL="1")
    nbgrader(class_, "generate_feedback", SLUG)
    nbgrader(class_, "export")

    score = EXPECTED["check_conv_output_size"]
    assert f",{score},0.0,{score},{sum(EXPECTED.values())}" in (class_ / "grades.csv").read_text()
    assert (class_ / f"classroom/feedback/ann/{SLUG}/{SLUG}.html").is_file()

    more = class_ / "more"
    shutil.copytree(lessons, more)
    lesson = more / f"course/lessons/{SLUG}.py"
    lesson.write_text(lesson.read_text() + '\n# %% [markdown] exercise="why" points=2\n# So.\n')
    before = released.read_bytes()
    with pytest.raises(ReleaseError, match=r"Cannot add or remove cells .* there are submissions"):
        release("03", more, class_)
    assert released.read_bytes() == before


def test_a_class_of_nbgraders_own_making_gets_the_chapter_into_its_own_folders(
    lessons: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nbgrader(tmp_path, "quickstart", "own")
    place = tmp_path / "own"
    monkeypatch.chdir(tmp_path)
    released = release("03", lessons, place)
    assert released == place / f"release/{SLUG}/{SLUG}.ipynb"
    assert {one.name for one in (place / "source").iterdir()} == {"header.ipynb", "ps1", SLUG}
    header = nbformat.read(place / "source/header.ipynb", as_version=4).cells
    made = nbformat.read(released, as_version=4)
    assert [one.source for one in made.cells[: len(header)]] == [one.source for one in header]
    assert not holds_work(released)
    assert "raise NotImplementedError" not in made.cells[-2].source, "the course's stubs, with which `Run all` runs"
    assert release("03", lessons, place) == released
    assert points(place, "gradebook.db") == EXPECTED
