"""What of the course goes into the sandbox: what a learner imports, and nothing that knows an answer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

__all__ = ["home_of", "stage"]

# Everything else of grading/ is the controller's own.
_INSIDE = ("cases", "child", "frames", "observations", "prctl", "pristine", "processes", "shell", "sink", "zygote")
_INSTRUCTORS = ("__main__", "build", "demo", "sample_class")


def home_of(package: str) -> Path:
    """The directory of an installed ``package``, wherever the import system finds it.

    Raises ``ModuleNotFoundError`` for one that is not there.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            f"there is no package {package!r} for the sandbox; install the project: pip install -e ."
        )
    return Path(next(iter(spec.submodule_search_locations)))


def stage(target: Path) -> None:
    """Copy the student's side of ``course`` and ``autograder`` into ``target``.

    Left behind: the lessons (they hold the solutions), the oracles, the reference tensors, the controller.
    """
    _copy(home_of("course"), target / "course", leave=("lessons",))
    source = home_of("autograder")
    for path in _student_side(source):
        copy = target / "autograder" / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
        _copy_compiled(path, copy)


def _student_side(source: Path) -> Iterator[Path]:
    yield from (path for path in source.glob("*.py") if path.stem not in _INSTRUCTORS)
    yield from (source / "probes").glob("*.py")
    yield source / "reference" / "__init__.py"
    yield source / "grading" / "__init__.py"
    yield from (source / "grading" / f"{name}.py" for name in _INSIDE)


def _copy(source: Path, target: Path, leave: tuple[str, ...]) -> None:
    shutil.copytree(source, target, ignore=lambda folder, names: [name for name in names if name in leave])


def _copy_compiled(path: Path, copy: Path) -> None:
    """The compiled file, too: nobody can write one inside, and compiling everything takes time at every start."""
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
        (copy.parent / "__pycache__").mkdir(exist_ok=True)
        shutil.copy2(compiled, copy.parent / "__pycache__" / compiled.name)
