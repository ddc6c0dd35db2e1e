"""An exercise from its contract to green tests, as docs/authors.md tells it: the page's own blocks, in a copy of the course."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.authoring.build import ROOT
from autograder.authoring.new import new, stubs
from course.chapters import find_chapter

PLACES = {
    "probe": "autograder/observing/probes/views.py",
    "oracle": "autograder/authoring/oracles/views/squeeze_layout.py",
    "lesson": "course/lessons/02_views_and_copies.py",
    "answers": "tests/answers/views/__init__.py",
}
NEEDED = ("autograder", "course", "tests/answers")
FILES = (
    "nbgrader_config.py",
    "pyproject.toml",
    "tests/conftest.py",
    "tests/judging.py",
    "tests/autograder/conftest.py",
)
TESTS = ("test_catalogue.py", "test_answers.py")


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of what an author works on."""
    for name in NEEDED:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (*FILES, *(f"tests/autograder/authoring/{one}" for one in TESTS)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def typed(course: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What ``python -m …`` says in the copy."""
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=course,
        env={**os.environ, "PYTHONPATH": str(course)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_worked_example_goes_from_its_contract_to_green_tests(course: Path) -> None:
    begun = typed(course, "autograder", "new", "squeeze_layout", "--chapter", "views")
    assert begun.returncode == 0, begun.stderr
    assert [line.split()[1].rstrip(":") for line in begun.stdout.splitlines()[1:5]] == list(PLACES.values())
    for command in ("reference", "build"):
        refused = typed(course, "autograder", command, "views")
        assert refused.returncode == 1
        assert "Traceback" not in refused.stderr
        for path in PLACES.values():
            assert re.search(rf"{re.escape(path)}:\d+: squeeze_layout is not finished: \w", refused.stderr)

    page = (ROOT / "docs/authors.md").read_text(encoding="utf-8")
    blocks = dict(re.findall(r"```python (probe|oracle|lesson|answers)\n(.*?)```", page, re.DOTALL))
    for place, stub in stubs("squeeze_layout", find_chapter("views")).items():
        path = course / PLACES[place]
        text = path.read_text(encoding="utf-8")
        assert text.count(stub.strip("\n")) == 1
        path.write_text(text.replace(stub.strip("\n"), blocks[place].strip("\n")), encoding="utf-8")

    unrecorded = typed(course, "autograder", "build", "views")
    assert "exercise 'squeeze_layout' has no reference tensors" in unrecorded.stderr
    for command in ("reference", "build"):
        done = typed(course, "autograder", command, "views")
        assert done.returncode == 0, done.stderr
    # The reference earns all, a stub nothing, each misconception its name, other styles everything: the course's own tests.
    tests = [f"tests/autograder/authoring/{one}" for one in TESTS]
    green = typed(course, "pytest", "-q", "-p", "no:cacheprovider", "-k", "squeeze_layout", *tests)
    assert green.returncode == 0, green.stdout[-4000:] + green.stderr[-1000:]
    said = int((re.search(r"(\d+) passed", green.stdout) or ["", "0"])[1])
    assert said > 30, green.stdout[-2000:]


@pytest.mark.parametrize(
    ("name", "chapter", "says"),
    [
        ("relu", "views", "there is an exercise 'relu' already, in the chapter on functional"),
        ("class", "views", "'class' is a word of Python's own"),
        ("squeeze-layout", "views", "'squeeze-layout' cannot name an exercise: small letters"),
        ("../away", "views", "cannot name an exercise"),
        ("torch", "views", "views.py uses the name 'torch' already"),
        ("layout", "views", "layout.py is there already; choose another name"),
        ("squeeze_layout", "vjews", "vjews"),
    ],
)
def test_a_name_that_cannot_be_taken_is_one_line_and_nothing_is_written(
    name: str, chapter: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []
    monkeypatch.setattr("autograder.authoring.new.write_whole", lambda path, content: written.append(path))
    with pytest.raises(ValueError, match=re.escape(says)) as told:
        new(name, chapter, ROOT)
    assert "\n" not in str(told.value)
    assert written == []
