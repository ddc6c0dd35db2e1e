"""Where a class keeps its things: nbgrader's folders and gradebook, and ours beside them in ``classroom/results``."""

from __future__ import annotations

import hashlib
import json
from copy import deepcopy
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import JSONFileConfigLoader, PyFileConfigLoader

from autograder.files import write_whole
from autograder.grading.records.may_use import limits_of
from autograder.grading.records.which_counts import which_counts
from autograder.grading.settings_files import CONFIG, settings_files
from autograder.grading.slots.job import Limits
from autograder.grading.slots.store import Store
from autograder.grading.submissions.prepare import Assignment, assignment, reference_folder, topic_of

__all__ = ["Classroom", "Settings", "open_classroom", "settings_of"]

_LONGEST_NAME = 150  # bytes of a learner's; a file system takes 255 for a file's name, and endings come to it


@dataclass(frozen=True)
class Settings:
    """How an assignment was last graded, so that nbgrader's own ``autograde`` does it the same way."""

    reference: str = ""  # a folder; empty for the class's own if there is one, else the public one
    limits: Limits | None = None  # in the place of the class's own


@dataclass(frozen=True)
class Classroom:
    """A class's folders, all of them absolute, and where its gradebook is."""

    root: Path
    source: Path
    submitted: Path
    autograded: Path
    db_url: str
    course_id: str
    counts: str = "latest"  # which of a learner's hand-ins
    limits: Limits = field(default_factory=Limits)  # what a submission may use

    @classmethod
    def of(cls, directory: CourseDirectory) -> Classroom:
        """The class that nbgrader means by ``directory``. Raises ``ValueError`` for settings of ours that cannot be meant."""
        root, config = Path(directory.root).absolute(), settings_of(directory)
        return cls(
            root,
            root / directory.source_directory,
            root / directory.submitted_directory,
            root / directory.autograded_directory,
            directory.db_url,
            directory.course_id,
            which_counts(config),
            limits_of(config),
        )

    @property
    def results(self) -> Path:
        """Our folder."""
        return self.root / "classroom" / "results"

    @property
    def store(self) -> Store:
        """What was seen of submissions."""
        return Store(self.results / "seen")

    def records(self, name: str) -> Path:
        """The folder of what is recorded of an assignment, a file a learner."""
        return self.results / "recorded" / name

    @property
    def added(self) -> Path:
        """Whom grading put into the gradebook (`autograder.grading.records.roster`)."""
        return self.results / "added.json"

    def record(self, name: str, student: str) -> Path:
        """The file of what is recorded of a learner's submission; a long name is cut, and told by its hash."""
        return self.records(name) / f"{_short(student)}.json"

    def hand_ins(self, name: str, student: str) -> Path:
        """The folder of what a learner has handed in of an assignment so far, where the best counts."""
        return self.root / "classroom" / "handed_in" / name / _short(student)

    def settings(self, name: str) -> Settings:
        """How ``name`` was last graded; the defaults where it never was, or where nobody can read how."""
        try:
            read = json.loads((self.results / "settings" / f"{name}.json").read_bytes())
            known = {one.name for one in fields(Limits)}
            limits = {key: value for key, value in (read["limits"] or {}).items() if key in known}
            return Settings(str(read["reference"]), Limits(**limits) if limits else None)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return Settings()

    def keep_settings(self, name: str, settings: Settings) -> None:
        """Remember how ``name`` is graded."""
        if settings != self.settings(name):
            write_whole(self.results / "settings" / f"{name}.json", json.dumps(asdict(settings)).encode())

    def reference(self, name: str, settings: Settings | None = None) -> Path:
        """The folder of the reference tensors that ``name`` is graded with."""
        settings = settings or self.settings(name)
        return Path(settings.reference) if settings.reference else reference_folder(topic_of(name), self.root)

    def assignment(self, name: str, notebook: str | None = None, settings: Settings | None = None) -> Assignment:
        """The assignment called ``name``, by ``settings`` or as it was last graded.

        Raises as `autograder.grading.submissions.prepare.assignment`.
        """
        settings = settings or self.settings(name)
        reference = self.reference(name, settings)
        limits = settings.limits or self.limits
        return _assignment(self, name, notebook or name, reference, limits, self._stamp(name, reference))

    def _stamp(self, name: str, reference: Path) -> tuple[tuple[str, int, int], ...]:
        """What changes when the source or the reference does."""
        paths = [path for folder in (self.source / name, reference) for path in sorted(folder.glob("**/*"))]
        return tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in paths if path.is_file())


def _short(student: str) -> str:
    whole = student.encode("utf-8", "surrogateescape")
    if len(whole) <= _LONGEST_NAME:
        return student
    cut = whole[:_LONGEST_NAME].decode("utf-8", "ignore")
    return f"{cut}~{hashlib.sha256(whole).hexdigest()[:16]}"


@lru_cache(maxsize=8)
def _assignment(
    room: Classroom, name: str, notebook: str, reference: Path, limits: Limits, stamp: tuple[Any, ...]
) -> Assignment:
    return assignment(name, room.source, room.submitted, reference, limits, notebook)


def settings_of(directory: CourseDirectory) -> Config:
    """What a class's settings say by now: nbgrader's commands make ``directory`` first, and read the settings afterwards."""
    config: Config = directory.config if directory.parent is None else directory.parent.config
    return config


def open_classroom(root: Path) -> tuple[Classroom, Config]:
    """The class whose ``nbgrader_config.py`` lies in ``root``, and nbgrader's settings for it, the machine's among them.

    Raises ``FileNotFoundError`` where there is none, and ``ValueError`` for settings that cannot be read, or meant.
    """
    root = root.absolute()
    if not (root / CONFIG).is_file():
        raise FileNotFoundError(f"there is no {CONFIG} in {root.name or root}; grade in a class's folder, or name it")
    config = Config()
    for path in settings_files(root):
        config.merge(Config(deepcopy(_read(path))))
    return Classroom.of(CourseDirectory(config=config)), config


def _read(path: Path) -> dict[str, Any]:
    loader = PyFileConfigLoader if path.suffix == ".py" else JSONFileConfigLoader
    try:
        return dict(loader(path.name, path=str(path.parent)).load_config())
    except Exception as error:  # it is a program
        raise ValueError(f"{path} cannot be read: {type(error).__name__}: {error}") from error
