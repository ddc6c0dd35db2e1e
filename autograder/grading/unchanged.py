"""Whether a class is as it was when it was last graded. Asked before torch and nbgrader are imported, which takes longer.

All that decides what `grade` would say is hashed: submissions, sources, reference, settings, our code, the versions of what
it stands on, and what is recorded, gradebook included. Where one byte differs, or something cannot be read, the class is
graded as always.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

from autograder.files import write_whole
from autograder.grading.settings_files import settings_files
from autograder.grading.table import Table
from autograder.sides import SEEN_THROUGH

__all__ = ["LARGEST_READ", "Folders", "Unchanged", "keep", "look", "unchanged"]

_RESULTS = ("classroom", "results")
_PACKAGES = (*SEEN_THROUGH, "nbgrader", "nbformat", "nbconvert", "sqlalchemy", "jupyter-core")
_PURE = {"contextlib", "pathlib", "nbgrader", "nbconvert", "traitlets", "autograder", "course"}
# Words by which settings may ask for something outside of them.
_ELSEWHERE = {
    *(
        "open",
        "read_text",
        "read_bytes",
        "exists",
        "is_file",
        "is_dir",
        "iterdir",
        "glob",
        "rglob",
        "stat",
        "cwd",
        "home",
    ),
    *("expanduser", "exec", "eval", "compile", "__import__", "__builtins__", "globals", "load_subconfig", "getattr"),
}
_GRADEBOOK = ("", "-wal", "-journal")  # SQLite's file, and what it has not yet written into it
LARGEST_READ = 256 << 20  # bytes: of a larger file that was handed in nothing is read, and its size is said
_MOST_FILES = 20_000  # of one learner; grading does not look at more


@dataclass(frozen=True)
class Folders:
    """Where a chapter of a class lies: what is read, and what is written. All of them absolute paths."""

    source: str
    submitted: str
    reference: str
    autograded: str
    gradebook: str


@dataclass(frozen=True)
class Unchanged:
    """What `grade` said the last time, as a table and for programs."""

    table: Table
    result: Mapping[str, Any]


def look(root: Path, chapter: str, how: Mapping[str, Any], folders: Folders) -> str:
    """The hash of all that is read when ``chapter`` of the class in ``root`` is graded ``how``.

    Raises ``OSError``, and ``ValueError`` where the class's settings may say something else tomorrow.
    """
    whole = hashlib.sha256()
    packages = {name: version(name) for name in _PACKAGES}
    settings = settings_files(root)
    for path in settings:
        if path.suffix == ".py" and not _says_the_same_every_time(path.read_bytes()):
            raise ValueError(f"what {path.name} says depends on more than its text")
    words = [chapter, dict(how), asdict(folders), platform.python_version(), packages]
    whole.update(json.dumps(words, sort_keys=True).encode())
    submitted = Path(folders.submitted)
    home = Path(__file__).resolve().parents[2]
    read = (
        settings,
        *(_below(home / package, ".py") for package in ("autograder", "course")),
        _below(Path(folders.reference)),
        [root / "classroom" / "extensions.json"],
        _below(root / "classroom" / "reference"),  # there may be one of the class's own now
        _below(Path(folders.source) / chapter),
    )
    for paths in read:
        _add(whole, paths)
    for one in sorted(submitted.iterdir()):
        _add(whole, _below(one / chapter, most=_MOST_FILES), LARGEST_READ)
    return whole.hexdigest()


def _says_the_same_every_time(config: bytes) -> bool:
    """Whether settings depend on nothing but their own text and packages whose versions are known; to run them takes seconds.

    >>> _says_the_same_every_time(b"from pathlib import Path; c.CourseDirectory.course_id = 'cnn'")
    True
    >>> _says_the_same_every_time(b"import os; c.CourseDirectory.course_id = os.environ['COURSE']")
    False
    """
    for one in ast.walk(ast.parse(config)):
        packages: set[str] = set()
        match one:
            case ast.Import(names):
                packages = {name.name.partition(".")[0] for name in names}
            case ast.ImportFrom(module):
                packages = {(module or "").partition(".")[0]}
            case ast.Name(word) | ast.Attribute(attr=word) if word in _ELSEWHERE:
                return False
        if not packages <= _PURE:
            return False
    return True


def _written(root: Path, chapter: str, folders: Folders) -> str:
    """The hash of all that grading has written: the gradebook, our records, and that the graded notebooks are there."""
    whole = hashlib.sha256()
    results = root.joinpath(*_RESULTS)
    _add(whole, [Path(folders.gradebook + ending) for ending in _GRADEBOOK])
    _add(whole, _below(results / "recorded" / chapter))
    _add(whole, [results / "added.json", results / "settings" / f"{chapter}.json"])
    _add(whole, _below(root / "classroom" / "handed_in" / chapter))
    whole.update(f"seen: {(results / 'seen').is_dir()}\n".encode())
    for path in sorted(Path(folders.autograded).glob(f"*/{chapter}/*")):
        about = path.lstat()
        whole.update(f"{path}\n{about.st_size} {about.st_mtime_ns}\n".encode())
    return whole.hexdigest()


def keep(
    root: Path,
    chapter: str,
    how: Mapping[str, Any],
    folders: Folders,
    before: str,
    said: Unchanged,
    holds: Callable[[], bool],
) -> None:
    """Keep what was ``said`` of a class that is now as it was ``before``, when `look` looked at it.

    Who handed in meanwhile is graded the next time, and ``holds`` asks whether the gradebook is still as was said: else
    nothing is kept. Raises as `look`.
    """
    written = _written(root, chapter, folders)
    if look(root, chapter, how, folders) != before or not holds() or _written(root, chapter, folders) != written:
        return
    content = {
        "read": before,
        "written": written,
        "folders": asdict(folders),
        "table": asdict(said.table),
        "result": dict(said.result),
    }
    write_whole(_file(root, chapter), json.dumps(content).encode())


def unchanged(root: Path, chapter: str, how: Mapping[str, Any]) -> Unchanged | None:
    """What grading ``chapter`` ``how`` said the last time, where it would say the same today; ``None`` where it may not."""
    root = root.absolute()
    with contextlib.suppress(Exception):  # whatever is wrong with the class is for the full run to say
        kept = json.loads(_file(root, chapter).read_bytes())
        folders = Folders(**kept["folders"])
        if _written(root, chapter, folders) == kept["written"] and look(root, chapter, how, folders) == kept["read"]:
            return Unchanged(Table.of(kept["table"]), kept["result"])
    return None


def _file(root: Path, chapter: str) -> Path:
    return root.joinpath(*_RESULTS, "unchanged", f"{chapter}.json")


def _below(folder: Path, ending: str = "", most: int | None = None) -> Iterator[Path]:
    found = list(islice(folder.rglob(f"*{ending}"), None if most is None else most + 1))
    if most is not None and len(found) > most:
        raise ValueError(f"there are more than {most} files in {folder}")
    return (path for path in sorted(found) if "__pycache__" not in path.parts)


def _add(whole: Any, paths: Iterable[Path], largest: int | None = None) -> None:
    """Add every file with its name, and the name of what is none: a link may lead anywhere, and is graded as one.

    Of a file with more than ``largest`` bytes its size and its time are added: a learner's may say that it is endless.
    """
    for path in paths:
        whole.update(f"{path}\n".encode("utf-8", "surrogateescape"))
        if path.is_symlink():
            whole.update(f"link to {path.readlink()}\n".encode("utf-8", "surrogateescape"))
        elif path.is_file():
            about = path.stat()
            if largest is not None and about.st_size > largest:
                whole.update(f"{about.st_size} bytes, {about.st_mtime_ns}\n".encode())
            else:
                with path.open("rb") as file:
                    whole.update(hashlib.file_digest(file, "sha256").digest())
        else:
            whole.update(b"folder" if path.is_dir() else b"nothing" if not path.exists() else b"no file")
