"""What of the course goes into the sandbox: what a learner imports, and nothing that knows an answer."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from autograder.sides import DOOR, SANDBOX

__all__ = ["home_of", "sources", "stage"]


def home_of(package: str) -> Path:
    """The directory of an installed ``package``, wherever the import system finds it.

    Raises ``ModuleNotFoundError`` for one that is not there.

    >>> home_of("autograder").name
    'autograder'
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"there is no package {package!r}; install the project: pip install -e .")
    return Path(next(iter(spec.submodule_search_locations)))


def sources(folders: Iterable[str]) -> Iterator[Path]:
    """The Python files of ``folders`` (names from `autograder.sides`), in one order on every machine.

    >>> sorted({path.suffix for path in sources(("judging",))})
    ['.py']
    """
    home = home_of("autograder")
    for folder in folders:
        yield from sorted((home / folder).rglob("*.py"))


def stage(target: Path) -> None:
    """Copy the student's side of ``course`` and ``autograder`` into ``target``.

    Left behind: the lessons (they hold the solutions), the oracles, the reference tensors, the controller.
    """
    _copy(home_of("course"), target / "course", leave=("lessons",))
    source = home_of("autograder")
    for path in (*(source / name for name in DOOR), *sources(SANDBOX)):
        copy = target / "autograder" / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
        _copy_compiled(path, copy)


def _copy(source: Path, target: Path, leave: tuple[str, ...]) -> None:
    shutil.copytree(source, target, ignore=lambda folder, names: [name for name in names if name in leave])


def _copy_compiled(path: Path, copy: Path) -> None:
    """The compiled file, too: nobody can write one inside, and compiling everything takes time at every start."""
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
        (copy.parent / "__pycache__").mkdir(exist_ok=True)
        shutil.copy2(compiled, copy.parent / "__pycache__" / compiled.name)
