"""What learners get without the model answers: nothing of them is inside, and a check works from it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest

from autograder.__main__ import main
from autograder.authoring import bundle as bundling
from autograder.observing.exercise import exercises_of
from course.chapters import CHAPTERS

# The stride explorer computes views itself, and asks first what chapter 02 asks first, too.
EXPLORER = {("course/strides/merging.py", "if prod(size) != prod(new_size):\nreturn None")}
SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)


@pytest.fixture(scope="module")
def made(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    bundling.bundle(folder)
    return folder


def wheel_of(folder: Path) -> Path:
    (wheel,) = folder.glob("*.whl")
    return wheel


def lines(text: str) -> list[str]:
    """A source without indents, empty lines and comments: so that neither hides a line that was copied."""
    stripped = (line.strip() for line in text.split("\n"))
    return [line for line in stripped if line and not line.startswith("#")]


def pieces(root: Path) -> list[tuple[str, str]]:
    """Of every model answer the pairs of lines, and single lines that are long: its words, whatever their indent."""
    found = []
    for path in sorted((root / "course" / "lessons").glob("*.py")):
        for solution in SOLUTION.findall(path.read_text(encoding="utf-8")):
            own = lines(solution)
            pairs = ["\n".join(pair) for pair in pairwise(own)]
            found += [(path.stem, piece) for piece in pairs if len(piece) > 40]
            found += [(path.stem, line) for line in own if len(line) > 60]
    return found


def test_nothing_of_a_model_answer_is_inside(root: Path, made: Path) -> None:
    with zipfile.ZipFile(wheel_of(made)) as wheel:
        files = {name: wheel.read(name).decode("utf-8", "replace") for name in wheel.namelist()}
    texts = {name: "\n".join(lines(text)) for name, text in files.items()}
    searched = pieces(root)
    assert len({chapter for chapter, _ in searched}) == len(CHAPTERS)
    assert {(name, piece) for name, text in texts.items() for _, piece in searched if piece in text} == EXPLORER
    assert [name for name, text in texts.items() if "### BEGIN SOLUTION" in text] == []


def test_the_notebooks_are_those_that_are_handed_out(root: Path, made: Path) -> None:
    released = {path.relative_to(root): path.read_bytes() for path in (root / "notebooks").rglob("*.ipynb")}
    assert {path.relative_to(made): path.read_bytes() for path in made.rglob("*.ipynb")} == released
    assert not any(b"BEGIN SOLUTION" in content for content in released.values())


def test_the_search_would_find_a_model_answer(root: Path) -> None:
    lesson = (root / "course" / "lessons" / "04_the_same_cnn_with_functional.py").read_text(encoding="utf-8")
    text = "\n".join(lines(lesson))
    assert all(piece in text for chapter, piece in pieces(root) if chapter.startswith("04"))


def test_no_file_of_the_author_s_or_the_instructor_s_is_inside(made: Path) -> None:
    with zipfile.ZipFile(wheel_of(made)) as wheel:
        names = wheel.namelist()
    folders = {name.split("/")[1] for name in names if name.startswith("autograder/") and name.count("/") > 1}
    assert folders == {"observing", "judging", "learner", "workbench", "cli"} | {"grading"}
    assert [name for name in names if name.startswith("autograder/grading/")] == ["autograder/grading/__init__.py"]
    assert [name for name in names if re.search(r"lessons|oracle|solution|authoring", name)] == []
    references = {Path(name).stem for name in names if name.endswith(".safetensors")}
    assert references == {chapter.topic for chapter in CHAPTERS}


def test_the_wheel_puts_the_quiet_settings_into_the_environment(root: Path, made: Path) -> None:
    learner = root / "autograder" / "workbench" / "jupyter" / "learner"
    with zipfile.ZipFile(wheel_of(made)) as wheel:
        data = {name.partition(".data/data/etc/jupyter/")[2]: wheel.read(name) for name in wheel.namelist()}
    wanted = {path.relative_to(learner).as_posix(): path.read_bytes() for path in learner.rglob("*.json")}
    assert {name: data.get(name) for name in wanted} == wanted


@pytest.fixture(scope="module")
def installed(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", str(folder / "packages")]
    subprocess.run([*pip, str(wheel_of(made))], check=True, capture_output=True)
    shutil.copytree(made / "notebooks", folder / "notebooks")
    return folder


def run(installed: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(installed / "packages")}
    return subprocess.run([sys.executable, *words], cwd=installed, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def checked(installed: Path) -> dict[str, list[str]]:
    """What every check says of a wrong answer, by topic: asked in one process, which has nothing but the wheel."""
    code = f"""
import json
import autograder
from autograder import check
from autograder.observing.exercise import exercises_of
assert autograder.__file__.startswith({str(installed)!r}), autograder.__file__
topics = {[one.topic for one in CHAPTERS]!r}
said = {{one: [check(each.id, lambda *a, **k: 0).status for each in exercises_of(one)] for one in topics}}
print(json.dumps(said))
"""
    done = run(installed, "-c", code)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("topic", [one.topic for one in CHAPTERS])
def test_a_check_works_from_the_wheel(checked: dict[str, list[str]], topic: str) -> None:
    assert len(checked[topic]) == len(exercises_of(topic)) > 0
    assert "solved" not in checked[topic]


def test_a_right_answer_is_solved_from_the_wheel(installed: Path) -> None:
    answer = "from autograder import check\ndef relu(x): return x.clamp(min=0)\nprint(check('relu', relu).status)"
    done = run(installed, "-c", answer)
    assert "solved" in done.stdout.lower(), done.stdout + done.stderr


def test_the_working_copy_is_made_from_the_wheel_and_what_is_not_there_is_said(installed: Path) -> None:
    assert run(installed, "-m", "autograder", "update").returncode == 0
    assert (installed / "work" / "00_start_here.ipynb").is_file()
    done = run(installed, "-m", "autograder", "grade", "04")
    assert (done.returncode, "needs the repository" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr
    own = run(installed, "-m", "autograder", "grade", "ps1")
    assert (own.returncode, "there is no chapter 'ps1'" in own.stderr) == (2, True)


def test_a_notebook_with_work_in_it_is_not_handed_out(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    text = (root / "notebooks" / "00_start_here.ipynb").read_text(encoding="utf-8")
    (folder / "00_start_here.ipynb").write_text(text.replace("One CNN", "My CNN"), encoding="utf-8")
    with pytest.raises(ValueError, match="somebody has worked"):
        bundling.bundle(tmp_path / "out", tmp_path)
    assert not (tmp_path / "out").exists()


def test_the_command_says_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bundle", "--output", str(tmp_path)]) == 0
    assert str(wheel_of(tmp_path)) in capsys.readouterr().out
