"""Lessons → solutions → notebooks: reads lessons, has nbgrader make the learners' notebooks, puts all in place."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.authoring.lessons.lesson import Lesson, LessonError, read
from autograder.authoring.lessons.mistakes import mistakes
from autograder.authoring.lessons.notebook import notebook, to_bytes
from autograder.authoring.lessons.work import HoldsWork, guard, stamp
from autograder.authoring.mistakes import chapters_given_twice
from autograder.authoring.unfinished import left, unrecorded
from autograder.commands import commands_on_path
from autograder.converter import converter_of, reason
from autograder.files import write_whole
from autograder.learner.contents import CONTENTS, as_bytes, contents_of
from course.chapters import CHAPTERS, find_chapter

__all__ = ["ROOT", "START", "HoldsWork", "LessonError", "ReleaseError", "build", "release"]

ROOT = Path(__file__).resolve().parents[2]
START = "00_start_here"  # a lesson without exercises, and so no assignment
LESSONS = Path("course", "lessons")
CONFIG = "nbgrader_config.py"
STUBS, STAMP = (f"autograder.authoring.lessons.stubs.{name}" for name in ("RunnableStubs", "StampRelease"))


class ReleaseError(RuntimeError):
    """nbgrader could not make a learner's notebook of ours."""


def build(root: Path = ROOT, output: Path | None = None, chapters: Iterable[str] | None = None) -> list[Path]:
    """Make ``solutions/`` and ``notebooks/`` below ``output`` of the lessons below ``root``; return what was written.

    ``output`` is ``root`` unless told. ``chapters`` are slugs, topics or numbers, ``"00_start_here"`` among them; all
    unless told. A file that is right already is left alone. Nothing is written unless everything can be: raises
    `LessonError` when an author has something to change, `HoldsWork` when a notebook in place holds a learner's work,
    `ReleaseError` when nbgrader fails.
    """
    output = root if output is None else output
    slugs = _slugs(chapters)
    lessons = _lessons(root, slugs, alone=chapters is None)
    _guard(output, slugs)
    solutions = {slug: to_bytes(notebook(lesson)) for slug, lesson in lessons.items() if slug != START}
    config = _config(root)
    # As `nbgrader generate_assignment --no-db` has it: a build has no gradebook.
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    notebooks = _generate(config, solutions)
    files = _files(solutions, notebooks)
    if (output / CONTENTS).is_dir():  # the course itself: its package knows what its own notebooks hold
        files |= {CONTENTS / f"{slug}.json": _contents(content) for slug, content in notebooks.items()}
    if START in lessons:
        start = notebook(lessons[START])
        stamp(start)
        files[Path("notebooks", f"{START}.ipynb")] = to_bytes(start)
    _guard(output, slugs)
    return _place(output, files)


def release(chapter: str, root: Path = ROOT, output: Path | None = None) -> Path:
    """Make ``chapter`` known to the gradebook of the class in ``output``; return its notebook, ready to hand out.

    ``output`` is ``root`` unless told; it holds the ``nbgrader_config.py`` that says where the gradebook is, and the folders
    of sources and released notebooks. Solution and notebook are put in place there as by `build`, which says what it raises.
    A chapter may be released again, as long as no cells were added or removed once there are submissions: that is a
    `ReleaseError`.
    """
    output = root if output is None else output
    slug = find_chapter(chapter).slug
    lessons = _lessons(root, [slug], alone=False)
    config = _config(output)
    place = _take_the_class(config, output)
    there = CourseDirectory(config=config)
    solution, released = (
        place / folder / slug / f"{slug}.ipynb" for folder in (there.source_directory, there.release_directory)
    )
    guard([released])
    content = to_bytes(notebook(lessons[slug]))
    _take_our_steps(config)
    made = _generate(config, {slug: content})[slug]
    guard([released])
    _place(place, {solution: content, released: made})
    return released


def _slugs(chapters: Iterable[str] | None) -> list[str]:
    if chapters is None:
        return [START, *(chapter.slug for chapter in CHAPTERS)]
    return list(dict.fromkeys(START if word == START else find_chapter(word).slug for word in chapters))


def _lessons(root: Path, slugs: Iterable[str], *, alone: bool) -> dict[str, Lesson]:
    """The lessons of these chapters, free of mistakes. ``alone``: there may be no others."""
    lessons: dict[str, Lesson] = {}
    told: list[str] = chapters_given_twice(CHAPTERS)
    for slug in slugs:
        try:
            lessons[slug] = read(root / LESSONS / f"{slug}.py", LESSONS / f"{slug}.py")
            if found := mistakes(lessons[slug], None if slug == START else find_chapter(slug).topic):
                raise LessonError.of(lessons[slug].path, found)
        except LessonError as error:
            told.append(str(error))
        if slug != START:
            told += _unfinished(slug, root)
    if alone:
        for path in sorted((root / LESSONS).glob("*.py")):
            if path.stem not in slugs:
                told.append(f"{LESSONS / path.name}:1: {_no_chapter(path.stem)}")
    if told:
        raise LessonError("\n".join(told))
    return lessons


def _no_chapter(stem: str) -> str:
    taken = next((one.slug for one in CHAPTERS if stem.partition("_")[0] == f"{one.number:02d}"), None)
    if taken is None:
        return "this lesson is no chapter; name it in course/chapters.py"
    return f"this lesson is no chapter, and its number is {taken}'s; give it another, and name it in course/chapters.py"


def _unfinished(slug: str, root: Path) -> list[str]:
    """What keeps a chapter from being handed out although its lesson may be faultless."""
    topic = find_chapter(slug).topic
    return left(topic, root) or [
        f"{LESSONS / slug}.py:1: exercise {one!r} has no reference tensors, so nothing could be judged; "
        f"write them: python -m autograder reference {topic}"
        for one in unrecorded(topic)
    ]


def _released(slug: str) -> Path:
    return Path("notebooks", f"{START}.ipynb") if slug == START else Path("notebooks", slug, f"{slug}.ipynb")


def _guard(output: Path, slugs: Iterable[str]) -> None:
    guard(output / _released(slug) for slug in slugs)


def _files(solutions: Mapping[str, bytes], notebooks: Mapping[str, bytes]) -> dict[Path, bytes]:
    """What to write where, the instructor's side first."""
    ours = {Path("solutions", slug, f"{slug}.ipynb"): content for slug, content in solutions.items()}
    return ours | {_released(slug): content for slug, content in notebooks.items()}


def _contents(notebook: bytes) -> bytes:
    return as_bytes(contents_of(json.loads(notebook)["cells"]))


def _config(directory: Path) -> Config:
    """The settings of nbgrader_config.py, so that plain `nbgrader generate_assignment` makes the very same notebook."""
    path = directory.resolve() / CONFIG
    if not path.is_file():
        raise ReleaseError(f"there is no {CONFIG} in {directory}; copy the one of the course there")
    return PyFileConfigLoader(path.name, path=str(path.parent)).load_config()


def _take_the_class(config: Config, directory: Path) -> Path:
    """Write out what nbgrader finds in the class's folder, since a notebook is made in another one; return that folder."""
    if "root" not in config.CourseDirectory:
        config.CourseDirectory.root = str(directory.absolute())
    there = CourseDirectory(config=config)
    place = Path(there.root).absolute()
    kind, colon, path = there.db_url.partition("sqlite:///")
    config.CourseDirectory.db_url = f"{kind}{colon}{place / path}" if colon else there.db_url
    for name in ("header", "footer"):
        if path := config.IncludeHeaderFooter.get(name):
            config.IncludeHeaderFooter[name] = str(place / path)
    return place


def _take_our_steps(config: Config) -> None:
    """Have a class whose settings are not the course's make the course's own notebook: stubs that run, and a stamp."""
    steps = [
        step if isinstance(step, str) else f"{step.__module__}.{step.__name__}"
        for step in GenerateAssignment(config=config).preprocessors
    ]
    if STAMP not in steps:
        steps = [STUBS if step.endswith(".ClearSolutions") else step for step in steps]
        config.GenerateAssignment.preprocessors = [*steps, STAMP]


def _generate(config: Config, solutions: Mapping[str, bytes]) -> dict[str, bytes]:
    """Have nbgrader make the learner's notebook of each solution, in a course directory of its own."""
    made: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as folder, commands_on_path():
        directory = Path(folder).resolve()
        config.CourseDirectory.root = str(directory)
        for slug, content in solutions.items():
            app = converter_of(GenerateAssignment, config, slug)
            course = app.coursedir
            source = directory / course.source_directory / slug / f"{slug}.ipynb"
            source.parent.mkdir(parents=True)
            source.write_bytes(content)
            why = reason(app)
            target = directory / course.release_directory / slug / f"{slug}.ipynb"
            if why or not target.is_file():
                raise ReleaseError(f"nbgrader could not make {slug} ready to hand out: {why or 'it wrote none'}")
            made[slug] = target.read_text(encoding="utf-8").encode()  # nbconvert writes \r\n on Windows
    return made


def _place(output: Path, files: Mapping[Path, bytes]) -> list[Path]:
    """Write each file in one step, so that a crash leaves whole ones; those that are right already stay untouched."""
    written = []
    for name, content in files.items():
        path = output / name
        if path.is_file() and path.read_bytes() == content:
            continue
        write_whole(path, content)
        written.append(path)
    return written
