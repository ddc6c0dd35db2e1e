"""What can be typed behind ``python -m autograder``, and what each word must be."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path

from autograder.cli.places import class_folder
from course.chapters import find_chapter

__all__ = ["parser"]

_NAMES = "slug, topic or number of a chapter, or the name of another assignment of the class"


def parser() -> argparse.ArgumentParser:
    """The commands with their words; each chooses its name as ``command``."""
    whole = argparse.ArgumentParser("python -m autograder", description="Builds, checks and grades the course.")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")

    one = commands.add_parser("build", help="lessons → solutions → notebooks")
    one.add_argument("chapters", nargs="*", type=_lesson, help="slug, topic or number; all of them by default")
    one.add_argument("--output", type=Path, help="write solutions/ and notebooks/ below this folder instead")

    one = commands.add_parser("new", help="begin an exercise: stubs in every place, and what to fill in")
    one.add_argument("exercise", help="its id: the name of the function or class that is asked for")
    one.add_argument("--chapter", required=True, help="slug, topic or number")

    one = commands.add_parser("site", help="the course as pages, in one folder: pictures, hints, the living explorer")
    one.add_argument("chapters", nargs="*", type=_lesson, help="slug, topic or number; all of them by default")
    one.add_argument("--output", type=Path, default=Path("build", "site"), help="where to (build/site)")
    one.add_argument("--address", metavar="URL", help="where the pages will be found, for their site map")

    one = commands.add_parser("reference", help="write the reference tensors that answers are compared with")
    one.add_argument("chapters", nargs="*", type=_chapter, help="slug, topic or number; all of them by default")
    one.add_argument(
        "--check", action="store_true", help="write nothing; fail where a file is not what is observed today"
    )
    one.add_argument("--seed-file", type=Path, help="make a private reference from this file's bytes")
    one.add_argument("--output", type=Path, help="where to; a private one goes to classroom/reference by default")

    one = commands.add_parser("mutants", help="which small changes to the model solutions the checks do not notice")
    one.add_argument("exercises", nargs="*", metavar="EXERCISE", help="by its id; all of them by default")
    one.add_argument("--budget", type=_count, metavar="N", help="mutants of each exercise; all by default")
    one.add_argument("--inputs", type=_count, default=100, metavar="N", help="random inputs beyond the cases (100)")
    one.add_argument("--jobs", type=_count, default=0, metavar="N", help="at a time; one a processor by default")
    one.add_argument("--json", action="store_true", help="for programs")

    one = commands.add_parser(
        "release", help="make a chapter known to the gradebook, and its notebook ready to hand out"
    )
    one.add_argument("chapter", type=_assignment, help=_NAMES)

    one = commands.add_parser("collect", help="put what a system hands out, a zip or a folder, where it is graded")
    one.add_argument("chapter", type=_chapter, help="slug, topic or number")
    one.add_argument("source", type=Path, metavar="ZIP_OR_FOLDER", help="Canvas', Moodle's, nbgrader's, or plain files")
    one.add_argument("--roster", type=Path, metavar="CSV", help="the same system's table, with its ids of the learners")
    one.add_argument(
        "--match",
        action="append",
        default=[],
        type=_match,
        metavar="KEY=LEARNER",
        help="whose an upload is; repeatable",
    )
    one.add_argument(
        "--times", choices=["zip", "none"], help="take the zip's times for those of handing in, or none of them"
    )
    one.add_argument("--json", action="store_true", help="for programs")

    one = commands.add_parser(
        "grade", help="run and judge what a class handed in, and record it in nbgrader's gradebook"
    )
    one.add_argument("chapter", type=_assignment, help=_NAMES)
    one.add_argument("--student", metavar="ID", help="only this one")
    one.add_argument("--jobs", type=_count, metavar="N", help="submissions at a time; one a processor by default")
    one.add_argument("--cluster", metavar="ADDRESS", help="a Dask cluster, such as tcp://10.0.0.1:8786")
    one.add_argument(
        "--reference", type=Path, metavar="DIR", help="a private reference; classroom/reference by default"
    )
    one.add_argument(
        "--trust-submissions", action="store_true", help="run them without a sandbox, with your own rights"
    )
    one.add_argument(
        "--dry-run", action="store_true", help="say which scores would change although the work did not; write nothing"
    )
    one.add_argument("--json", action="store_true", help="for programs")
    one.add_argument(
        "--watch",
        action="store_true",
        help="go on until interrupted: whoever hands in is graded, as soon as the copy is whole",
    )
    one.add_argument("--exchange", action="store_true", help="with --watch: collect from nbgrader's exchange, too")

    one = commands.add_parser("extend", help="give a learner a date of their own, later than the class's")
    one.add_argument("student", metavar="LEARNER", help="by nbgrader's id")
    one.add_argument("chapter", type=_assignment, help=_NAMES)
    one.add_argument("until", nargs="?", metavar="DATE", help='day, hour and zone: "2027-03-10 18:00 UTC"')
    one.add_argument("--none", action="store_true", help="take it away again")

    one = commands.add_parser(
        "explain", help="why a learner earned what they earned: what was seen, and the sum of the points"
    )
    one.add_argument("student", metavar="LEARNER", help="by nbgrader's id, the name of the folder")
    one.add_argument("chapter", type=_assignment, help=_NAMES)
    one.add_argument("exercise", nargs="?", help="only this one, by its id, or a graded cell by its name")
    one.add_argument("--html", type=Path, metavar="FILE", help="write it as one page, to send on")

    one = commands.add_parser(
        "misconception", help="make a misconception of a group of wrong answers in the report: a stub, to be filled in"
    )
    one.add_argument("chapter", type=_chapter, help="slug, topic or number")
    one.add_argument("exercise", help="by its id")
    one.add_argument("group", type=_count, help="the group's number in the report")
    one.add_argument("name", help="what it is to be called, in a few words")

    one = commands.add_parser("feedback", help="nbgrader's feedback pages of a graded chapter")
    one.add_argument("chapter", type=_assignment, help=_NAMES)
    one.add_argument("--student", metavar="ID", help="only this one")
    one.add_argument("--zip", choices=["canvas", "moodle"], help="pack them under the names that the system takes back")
    one.add_argument("--output", type=Path, help="the zip; classroom/CHAPTER-feedback-SYSTEM.zip by default")

    one = commands.add_parser("report", help="a page on the class: scores, exercises, misconceptions")
    one.add_argument("chapter", type=_assignment, help=_NAMES)
    one.add_argument("--output", type=Path, help="where to; classroom/report by default")
    one.add_argument("--json", action="store_true", help="print the results for programs and write no page")

    one = commands.add_parser("export", help="all grades as a CSV file, or a chapter's marks in the system's own table")
    one.add_argument("chapters", nargs="*", type=_chapter, metavar="CHAPTER", help="with --fill: whose marks")
    one.add_argument("--fill", type=Path, metavar="TABLE.csv", help="fill the table that Canvas or Moodle exported")
    one.add_argument(
        "--column", action="append", default=[], metavar="TITLE", help="which column of it; CHAPTER=TITLE for several"
    )
    one.add_argument("--scale", action="store_true", help="convert marks where the system has another maximum")
    one.add_argument(
        "--output", type=Path, help="where to; classroom/grades.csv, or TABLE-filled.csv beside the table, by default"
    )

    one = commands.add_parser("progress", help="what is solved and tried on this machine, and what comes next")
    one.add_argument("--json", action="store_true", help="for programs")
    one.add_argument("--export", type=Path, metavar="FILE", help="write it to a file: .html as a page, else JSON")
    one.add_argument(
        "--empty", action="store_true", help="begin anew; what was kept is moved aside, and it says where to"
    )

    # With + for its own options, of which it has none, every word that begins with - is JupyterLab's.
    opens = "open the course in JupyterLab, on your own copy in work/"
    one = commands.add_parser("lab", help=opens, description=opens, prefix_chars="+", add_help=False)
    one.usage, one.epilog = "%(prog)s [--instructor] [OPTION ...]", "JupyterLab's own: python -m jupyterlab --help"
    one.formatter_class = argparse.RawDescriptionHelpFormatter  # a command stays on its line
    one.add_argument("+h", "++help", action="help", help=argparse.SUPPRESS)
    formgrader = "--instructor: nbgrader's menu and the formgrader instead, in the class's folder"
    one.add_argument("words", nargs="*", metavar="OPTION", help=f"{formgrader}; all others are JupyterLab's own")
    one.set_defaults(help_on=one.format_help)

    one = commands.add_parser("bundle", help="a wheel and the notebooks for learners, without the model answers")
    one.add_argument("--output", type=Path, default=Path("dist"), metavar="DIR", help="where to; dist by default")

    one = commands.add_parser("update", help="lay a newer chapter under the work in a notebook")
    one.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="the working copy's unless told")
    one.add_argument("--released", type=Path, metavar="DIR", help="where the newer chapters are; notebooks by default")
    one = commands.add_parser("handin", help="pack a chapter's notebook with its checksum, and say what is not solved")
    one.add_argument("what", metavar="CHAPTER_OR_NOTEBOOK", help="slug, topic, number, or the path of a notebook")
    one.add_argument("--output", type=Path, metavar="ZIP", help="where to; beside the notebook by default")
    one.add_argument(
        "--progress", action="store_true", help="your progress goes with it: what is solved, in how many tries"
    )

    one = commands.add_parser(
        "bench", help="what a check costs; and one class graded with stock nbgrader and with ours, to compare"
    )
    one.add_argument(
        "--checks", nargs="*", metavar="ID", help="only what the checks cost, of these exercises or of all"
    )
    one.add_argument("--submissions", type=_count, default=100, metavar="N", help="how many (100 by default)")
    one.add_argument("--growth", action="store_true", help="also grade classes of 10, 30, 100 and 300 with ours")
    one.add_argument("--json", action="store_true", help="for programs")

    one = commands.add_parser("demo", help="the instructor's whole loop on a sample class")
    one.add_argument("chapter", nargs="?", type=_chapter, help="slug, topic or number; three chapters by default")
    return whole


def _lesson(word: str) -> str:
    return word if word == "00_start_here" else _chapter(word)


def _chapter(word: str) -> str:
    try:
        return find_chapter(word).slug
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _assignment(word: str) -> str:
    with contextlib.suppress(ValueError):
        return find_chapter(word).slug
    try:
        from autograder.grading.assignments import name_of
    except ModuleNotFoundError:  # a bundle has no grading
        return _chapter(word)
    try:
        return name_of(word, class_folder())
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _count(word: str) -> int:
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError(f"{word!r} is no number of 1 or more")
    return int(word)


def _match(word: str) -> tuple[str, str]:
    key, sign, learner = word.partition("=")
    if not (sign and key and learner):
        raise argparse.ArgumentTypeError(f"{word!r} is not KEY=LEARNER")
    return key, learner
