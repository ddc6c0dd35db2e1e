"""The house: folders show what is trusted, contracts hold who may import whom, and the contracts can break."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder import sides
from autograder.grading.walls.staging import sources

TRUSTED = ("walls", "slots", "submissions", "records", "lms")


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """What `make lint` runs, on the house in ``folder``."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    return subprocess.run([*command, "--no-cache"], cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def copy(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(root / "pyproject.toml", folder)
    for package in ("course", "autograder"):
        shutil.copytree(root / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "*.safetensors"))
    return folder


def test_every_contract_is_kept(copy: Path) -> None:
    done = lint_imports(copy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("grading/walls/limits.py", "import autograder.judging.judge", "cannot give points"),
        ("grading/slots/job.py", "import autograder.judging.compare", "cannot give points"),
        ("grading/slots/pool.py", "import autograder.learner.check", "cannot give points"),
        ("grading/inside/child.py", "import autograder.grading.submissions.verdicts", "holds nothing trusted"),
        ("grading/inside/shell.py", "import autograder.authoring.oracles", "holds nothing trusted"),
        ("grading/inside/sink.py", "import autograder.grading.walls.limits", "holds nothing trusted"),
        ("grading/slots/warm.py", "import autograder.grading.inside.zygote", "started by name"),
        ("grading/wire/frames.py", "import autograder.grading.slots.job", "knows neither of them"),
        ("grading/submissions/read.py", "import autograder.grading.records.classroom", "those that know less"),
        ("grading/submissions/state.py", "import sqlalchemy", "Only records writes grades"),
        ("grading/records/export.py", "import autograder.judging.judge", "Only submissions judges"),
        ("grading/records/export.py", "import autograder.grading.lms.collect", "those that know less"),
        ("observing/codec.py", "import autograder.judging.compare", "knows nothing of who judges"),
        ("judging/show.py", "import autograder.authoring.cases", "knows nothing of who judges"),
        ("judging/show.py", "import autograder.files", "write no files"),
    ],
)
def test_an_import_that_runs_the_wrong_way_breaks_its_contract(copy: Path, file: str, line: str, contract: str) -> None:
    path = copy / "autograder" / file
    before = path.read_text()
    path.write_text(before + f"\n{line}\n")
    try:
        done = lint_imports(copy)
    finally:
        path.write_text(before)
    broken = [one for one in done.stdout.replace("\n", " ").split("KEPT") if "BROKEN" in one]
    assert done.returncode == 1
    assert contract in " ".join(" ".join(broken).split())


def test_the_course_imports_nothing_of_the_autograder(copy: Path) -> None:
    path = copy / "course" / "data.py"
    before = path.read_text()
    path.write_text(before + "\nimport autograder.observing.case\n")
    try:
        assert lint_imports(copy).returncode == 1
    finally:
        path.write_text(before)


def test_the_sides_name_folders_that_are_there(root: Path) -> None:
    for side in (sides.LEARNERS, sides.BESIDE, sides.SANDBOX):
        for folder in side:
            assert (root / "autograder" / folder / "__init__.py").is_file()
    for name in sides.DOOR:
        assert (root / "autograder" / name).is_file()


def test_every_folder_of_grading_is_on_one_side(root: Path) -> None:
    folders = {path.parent.name for path in (root / "autograder" / "grading").glob("*/__init__.py")}
    beside = {folder.removeprefix("grading/") for folder in sides.SANDBOX if folder.startswith("grading/")}
    assert folders == beside | set(TRUSTED)


@pytest.mark.parametrize(
    "file",
    [
        *("observing/codec", "grading/wire/frames", "grading/wire/observations"),
        *("grading/slots/conversation", "grading/slots/outputs"),
        *("grading/submissions/read", "grading/submissions/repair", "grading/submissions/operators"),
        "grading/submissions/never_there",
        *("grading/lms/archive", "grading/lms/names", "grading/lms/table", "grading/lms/uploads"),
    ],
)
def test_a_file_that_reads_a_strangers_bytes_says_so_and_has_a_test_of_any(root: Path, file: str) -> None:
    said = ast.get_docstring(ast.parse((root / "autograder" / f"{file}.py").read_text(encoding="utf-8"))) or ""
    assert "reads a stranger's" in said
    folder, name = file.rsplit("/", 1)
    tests = [path.read_text("utf-8") for path in (root / "tests" / "autograder" / folder).glob(f"test_{name}*.py")]
    assert "@given(" in "".join(tests)


def test_what_goes_beside_a_learners_code_is_the_folders_and_nothing_else(root: Path) -> None:
    package = root / "autograder"
    found = {path.relative_to(package).as_posix() for path in sources(sides.SANDBOX)}
    assert {"observing/codec.py", "judging/judge.py", "learner/check.py", "grading/inside/child.py"} <= found
    assert all(name.startswith(tuple(f"{folder}/" for folder in sides.SANDBOX)) for name in found)


@pytest.mark.parametrize(
    "module", ["autograder", "autograder.judging.judge", "autograder.observing.codec", "autograder.learner.progress"]
)
def test_what_a_learner_imports_loads_nothing_of_the_instructors(module: str) -> None:
    trusted = ("autograder.grading", "autograder.authoring", "autograder.report", "autograder.sample", "nbgrader")
    program = f"""
import importlib, sys
importlib.import_module({module!r})
from autograder.observing.exercise import catalogue
catalogue()
print([name for name in sys.modules if name.startswith({trusted!r})])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("old", ["execute.TrustedExecute", "exporter.SubmissionExporter"])
def test_addresses_that_classes_already_name_go_on_working(old: str) -> None:
    from traitlets.utils.importstring import import_item

    name = old.rpartition(".")[2]
    assert import_item(f"autograder.grading.{old}") is import_item(f"autograder.grading.records.plugins.{name}")
    assert import_item("autograder.lessons.stubs.RunnableStubs").__module__ == "autograder.authoring.lessons.stubs"
