"""The command line: ``python -m autograder COMMAND``.

Exit codes: 0 when the command did its work, 1 when it could not, 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course.chapters import CHAPTERS, find_chapter

if TYPE_CHECKING:
    from rich.console import Console

    from autograder.grading.grade import GradeResult
    from autograder.grading.own import OwnResult
    from autograder.grading.table import Table

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    >>> main(["progress", "--json"])  # doctest: +ELLIPSIS
    {...}
    0
    """
    # Where this package is installed, jsonschema spends three seconds on a grammar of addresses in all the world's
    # scripts. It does without, and notebooks have none.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    parser = _parser()
    chosen = parser.parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("autograder."):
            raise
        print(f"{parser.prog} {chosen.command}: not among what learners get; it needs the repository", file=sys.stderr)
        return 1
    except (ValueError, OSError, RuntimeError) as error:
        print(f"{parser.prog} {chosen.command}: {error}", file=sys.stderr)
        return 1


_NAMES = "slug, topic or number of a chapter, or the name of another assignment of the class"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m autograder", description="Builds, checks and grades the course.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    one = commands.add_parser("build", help="lessons → solutions → notebooks")
    one.add_argument("chapters", nargs="*", type=_lesson, help="slug, topic or number; all of them by default")
    one.add_argument("--output", type=Path, help="write solutions/ and notebooks/ below this folder instead")
    one.set_defaults(run=_build)

    one = commands.add_parser("new", help="begin an exercise: stubs in every place, and what to fill in")
    one.add_argument("exercise", help="its id: the name of the function or class that is asked for")
    one.add_argument("--chapter", required=True, help="slug, topic or number")
    one.set_defaults(run=_new)

    one = commands.add_parser("site", help="the course as pages, in one folder: pictures, hints, the living explorer")
    one.add_argument("chapters", nargs="*", type=_lesson, help="slug, topic or number; all of them by default")
    one.add_argument("--output", type=Path, default=Path("build", "site"), help="where to (build/site)")
    one.add_argument("--address", metavar="URL", help="where the pages will be found, for their site map")
    one.set_defaults(run=_site)

    one = commands.add_parser("reference", help="write the reference tensors that answers are compared with")
    one.add_argument("chapters", nargs="*", type=_chapter, help="slug, topic or number; all of them by default")
    one.add_argument(
        "--check", action="store_true", help="write nothing; fail where a file is not what is observed today"
    )
    one.add_argument("--seed-file", type=Path, help="make a private reference from this file's bytes")
    one.add_argument("--output", type=Path, help="where to; a private one goes to classroom/reference by default")
    one.set_defaults(run=_reference)

    one = commands.add_parser("mutants", help="which small changes to the model solutions the checks do not notice")
    one.add_argument("exercises", nargs="*", metavar="EXERCISE", help="by its id; all of them by default")
    one.add_argument("--budget", type=_count, metavar="N", help="mutants of each exercise; all by default")
    one.add_argument("--inputs", type=_count, default=100, metavar="N", help="random inputs beyond the cases (100)")
    one.add_argument("--jobs", type=_count, default=0, metavar="N", help="at a time; one a processor by default")
    one.add_argument("--json", action="store_true", help="for programs")
    one.set_defaults(run=_mutants)

    one = commands.add_parser(
        "release", help="make a chapter known to the gradebook, and its notebook ready to hand out"
    )
    one.add_argument("chapter", type=_assignment, help=_NAMES)
    one.set_defaults(run=_release)

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
    one.set_defaults(run=_collect)

    one = commands.add_parser(
        "grade", help="run and judge what a class handed in, and record it in nbgrader's gradebook"
    )
    one.add_argument("chapter", type=_assignment, help=_NAMES)
    one.add_argument("--student", metavar="ID", help="only this one")
    one.add_argument("--jobs", type=int, metavar="N", help="submissions at a time; one a processor by default")
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
    one.set_defaults(run=_grade)

    one = commands.add_parser("extend", help="give a learner a date of their own, later than the class's")
    one.add_argument("student", metavar="LEARNER", help="by nbgrader's id")
    one.add_argument("chapter", type=_assignment, help=_NAMES)
    one.add_argument("until", nargs="?", metavar="DATE", help='day, hour and zone: "2027-03-10 18:00 UTC"')
    one.add_argument("--none", action="store_true", help="take it away again")
    one.set_defaults(run=_extend)

    one = commands.add_parser(
        "explain", help="why a learner earned what they earned: what was seen, and the sum of the points"
    )
    one.add_argument("student", metavar="LEARNER", help="by nbgrader's id, the name of the folder")
    one.add_argument("chapter", type=_assignment, help=_NAMES)
    one.add_argument("exercise", nargs="?", help="only this one, by its id, or a graded cell by its name")
    one.add_argument("--html", type=Path, metavar="FILE", help="write it as one page, to send on")
    one.set_defaults(run=_explain)

    one = commands.add_parser(
        "misconception", help="make a misconception of a group of wrong answers in the report: a stub, to be filled in"
    )
    one.add_argument("chapter", type=_chapter, help="slug, topic or number")
    one.add_argument("exercise", help="by its id")
    one.add_argument("group", type=_count, help="the group's number in the report")
    one.add_argument("name", help="what it is to be called, in a few words")
    one.set_defaults(run=_misconception)

    one = commands.add_parser("feedback", help="nbgrader's feedback pages of a graded chapter")
    one.add_argument("chapter", type=_assignment, help=_NAMES)
    one.add_argument("--student", metavar="ID", help="only this one")
    one.add_argument("--zip", choices=["canvas", "moodle"], help="pack them under the names that the system takes back")
    one.add_argument("--output", type=Path, help="the zip; classroom/CHAPTER-feedback-SYSTEM.zip by default")
    one.set_defaults(run=_feedback)

    one = commands.add_parser("report", help="a page on the class: scores, exercises, misconceptions")
    one.add_argument("chapter", type=_assignment, help=_NAMES)
    one.add_argument("--output", type=Path, help="where to; classroom/report by default")
    one.add_argument("--json", action="store_true", help="print the results for programs and write no page")
    one.set_defaults(run=_report)

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
    one.set_defaults(run=_export)

    one = commands.add_parser("progress", help="what is solved and tried on this machine, and what comes next")
    one.add_argument("--json", action="store_true", help="for programs")
    one.add_argument("--export", type=Path, metavar="FILE", help="write it to a file: .html as a page, else JSON")
    one.add_argument(
        "--empty", action="store_true", help="begin anew; what was kept is moved aside, and it says where to"
    )
    one.set_defaults(run=_progress)

    # With + for its own options, of which it has none, every word that begins with - is JupyterLab's.
    one = commands.add_parser("lab", help="open the course in JupyterLab, on your own copy in work/", prefix_chars="+")
    one.add_argument("words", nargs="*", metavar="WORD", help="--instructor: the formgrader, too; others: JupyterLab's")
    one.set_defaults(run=_lab)

    one = commands.add_parser("bundle", help="a wheel and the notebooks for learners, without the model answers")
    one.add_argument("--output", type=Path, default=Path("dist"), metavar="DIR", help="where to; dist by default")
    one.set_defaults(run=_bundle)

    one = commands.add_parser("update", help="lay a newer chapter under the work in a notebook")
    one.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="the working copy's unless told")
    one.add_argument("--released", type=Path, metavar="DIR", help="where the newer chapters are; notebooks by default")
    one.set_defaults(run=_update)
    one = commands.add_parser("handin", help="pack a chapter's notebook with its checksum, and say what is not solved")
    one.add_argument("what", metavar="CHAPTER_OR_NOTEBOOK", help="slug, topic, number, or the path of a notebook")
    one.add_argument("--output", type=Path, metavar="ZIP", help="where to; beside the notebook by default")
    one.add_argument(
        "--progress", action="store_true", help="your progress goes with it: what is solved, in how many tries"
    )
    one.set_defaults(run=_handin)

    one = commands.add_parser(
        "bench", help="what a check costs; and one class graded with stock nbgrader and with ours, to compare"
    )
    one.add_argument(
        "--checks", nargs="*", metavar="ID", help="only what the checks cost, of these exercises or of all"
    )
    one.add_argument("--submissions", type=int, default=100, metavar="N", help="how many (100 by default)")
    one.add_argument("--growth", action="store_true", help="also grade classes of 10, 30, 100 and 300 with ours")
    one.add_argument("--json", action="store_true", help="for programs")
    one.set_defaults(run=_bench)

    one = commands.add_parser("demo", help="the instructor's whole loop on a sample class")
    one.add_argument("chapter", nargs="?", type=_chapter, help="slug, topic or number; three chapters by default")
    one.set_defaults(run=_demo)
    return parser


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
        return name_of(word, _class())
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


# Each command imports what it needs when it runs: `progress` is for learners, who may not have the instructor's extras.


def _build(chosen: argparse.Namespace) -> int:
    from autograder.authoring.build import build

    for path in build(output=chosen.output, chapters=chosen.chapters or None):
        print(path)
    return 0


def _new(chosen: argparse.Namespace) -> int:
    from autograder.authoring.build import ROOT
    from autograder.authoring.new import new

    print(new(chosen.exercise, chosen.chapter, ROOT).text())
    return 0


def _site(chosen: argparse.Namespace) -> int:
    from autograder.authoring.site import ADDRESS, build_site

    files = build_site(chosen.output, chapters=chosen.chapters or None, address=chosen.address or ADDRESS)
    print(f"{len(files)} files in {chosen.output}: open {chosen.output / 'index.html'}")
    return 0


def _reference(chosen: argparse.Namespace) -> int:
    from autograder.authoring import references as record
    from autograder.judging.reference import PUBLIC

    topics = [find_chapter(slug).topic for slug in chosen.chapters] or [one.topic for one in CHAPTERS]
    seed = chosen.seed_file.read_bytes() if chosen.seed_file else record.PUBLIC_SEED
    if chosen.seed_file and len(seed.strip()) < 16:
        raise ValueError(f"{chosen.seed_file} holds fewer than 16 bytes; a seed that can be guessed is no secret")
    directory = chosen.output or (Path("classroom/reference") if chosen.seed_file else PUBLIC)
    if chosen.check:
        stale = record.stale(topics, seed, directory)
        for topic in topics:
            print(f"{topic}: {'not what the oracles observe today' if topic in stale else 'up to date'}")
        return 1 if stale else 0
    for topic, changed in record.write(topics, seed, directory).items():
        print(f"{directory / topic}.safetensors: {'written' if changed else 'unchanged'}")
    return 0


def _mutants(chosen: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import Progress

    from autograder.authoring.mutants.survey import survey, text

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=chosen.json or not console.is_terminal) as progress:
        bar = progress.add_task("mutants", total=None)
        found = survey(
            chosen.exercises,
            chosen.budget,
            chosen.inputs,
            chosen.jobs,
            tell=lambda exercise, done, of: progress.update(bar, description=exercise, completed=done, total=of),
        )
    print(json.dumps([one.as_json() for one in found], indent=2) if chosen.json else text(found))
    return 0 if all(one.sound for one in found) else 1


def _release(chosen: argparse.Namespace) -> int:
    from autograder.grading.assignments import is_chapter

    if is_chapter(chosen.chapter):
        from autograder.authoring.build import release

        print(f"ready to hand out: {release(chosen.chapter)}")
    else:
        from autograder.grading.records.export import release_own

        print(f"ready to hand out: {release_own(chosen.chapter, _class())}")
    return 0


def _class() -> Path:
    """The class's folder: the one we are in, if it has nbgrader's settings, else the repository."""
    here = Path.cwd()
    return here if (here / "nbgrader_config.py").is_file() else Path(__file__).resolve().parent.parent


def _collect(chosen: argparse.Namespace) -> int:
    from autograder.commands import commands_on_path
    from autograder.grading.lms.collect import collect

    times = {"zip": True, "none": False}.get(chosen.times)
    with commands_on_path():
        found = collect(chosen.chapter, chosen.source, _class(), chosen.roster, dict(chosen.match), times)
    print(json.dumps(found.as_json(), indent=2) if chosen.json else found.text())
    return 1 if found.problems else 0


def _grade(chosen: argparse.Namespace) -> int:
    if chosen.exchange and not chosen.watch:
        raise ValueError("--exchange goes with --watch; to collect once, use nbgrader collect")
    from autograder.grading.assignments import is_chapter

    if not is_chapter(chosen.chapter):
        return _grade_own(chosen)
    if chosen.watch:
        return _watch(chosen)
    from autograder.grading.unchanged import unchanged

    began, whole = time.monotonic(), chosen.student is None and not chosen.dry_run
    how = {
        "reference": str(chosen.reference.absolute()) if chosen.reference else "",
        "trusted": chosen.trust_submissions,
    }
    found = unchanged(_class(), find_chapter(chosen.chapter).slug, how) if whole else None
    if found is None:
        return _grade_all(chosen, how if whole else None)
    seconds = time.monotonic() - began
    if chosen.json:
        print(json.dumps({**found.result, "seconds": round(seconds, 3)}, indent=2))
    else:
        from rich.console import Console

        from autograder.grading.table import show

        show(found.table, Console(), f"nothing has changed since the last time; 0 run, 0 recorded, {seconds:.1f} s")
    return 0


def _grade_own(chosen: argparse.Namespace) -> int:
    """Grade an assignment that is no chapter."""
    if chosen.dry_run or chosen.reference is not None:
        raise ValueError(f"{chosen.chapter} is no chapter: leave out --dry-run and --reference")
    if chosen.watch:
        return _watch(chosen)
    from rich.console import Console

    from autograder.grading.own import grade_own

    console = None if chosen.json else Console()
    result = grade_own(
        chosen.chapter,
        _class(),
        chosen.student,
        chosen.jobs,
        chosen.cluster,
        chosen.trust_submissions,
        console=console,
    )
    return _graded(result, result.table(), console)


def _watch(chosen: argparse.Namespace) -> int:
    if chosen.json or chosen.dry_run or chosen.student is not None:
        raise ValueError(
            "--watch grades everybody who comes, for people to read: leave out --json, --dry-run and --student"
        )
    from rich.console import Console

    from autograder.grading.arrivals import grade_arrivals

    console = Console()
    try:
        grade_arrivals(
            chosen.chapter,
            _class(),
            jobs=chosen.jobs,
            cluster=chosen.cluster,
            reference=chosen.reference,
            trust=chosen.trust_submissions,
            exchange=chosen.exchange,
            console=console,
        )
    except KeyboardInterrupt:
        console.print("stopped; what was graded is recorded, and the rest is graded the next time", highlight=False)
    return 0


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """While torch and nbgrader are imported, nothing is looked for that could be thrown away: an eighth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # what was imported stays
        gc.enable()


def _grade_all(chosen: argparse.Namespace, how: Mapping[str, Any] | None) -> int:
    """Grade what is there; remember what is said ``how``, where it is of a whole class."""
    from autograder.grading.slots import ahead

    slots = chosen.jobs if chosen.cluster is None and chosen.student is None else 0
    with ahead.started(_class(), chosen.chapter, slots, sandboxed=not chosen.trust_submissions) as started:
        with _undisturbed():
            from rich.console import Console

            from autograder.grading.grade import grade
            from autograder.grading.rows import table_of
            from autograder.grading.witness import Witness

        witness = None if how is None else Witness(_class(), chosen.chapter, how)
        console = None if chosen.json else Console()
        result = grade(
            chosen.chapter,
            _class(),
            chosen.student,
            chosen.jobs,
            chosen.cluster,
            chosen.reference,
            chosen.trust_submissions,
            dry_run=chosen.dry_run,
            started=started,
            console=console,
        )
        if witness is not None:
            witness.keep(result)
    return _graded(result, table_of(result), console)


def _graded(result: GradeResult | OwnResult, table: Table, console: Console | None) -> int:
    """Say what was graded: to people as a table, without a ``console`` to programs."""
    from autograder.grading.table import show

    if console is None:
        print(json.dumps(result.as_json(), indent=2))
    else:
        show(table, console, f"{result.executed} run, {result.recorded} recorded, {result.seconds:.1f} s")
    return 1 if result.problems else 0


def _feedback(chosen: argparse.Namespace) -> int:
    from autograder.grading.records.export import feedback

    pages = feedback(chosen.chapter, _class(), chosen.student)
    print(f"feedback pages: {pages}")
    if chosen.zip is None:
        return 0
    from autograder.grading.lms.returned import pack

    done = pack(chosen.chapter, _class(), chosen.zip, pages, chosen.student, chosen.output)
    print(done.text())
    return 1 if done.problems else 0


def _extend(chosen: argparse.Namespace) -> int:
    if (chosen.until is None) is not chosen.none:
        raise ValueError("give a date, or --none to take away the one that was given")
    from autograder.grading.records.classroom import open_classroom
    from autograder.grading.records.extensions import extend, parse_date

    until = None if chosen.none else parse_date(chosen.until)
    room, _ = open_classroom(_class())
    print(extend(room, chosen.chapter, chosen.student, until))
    return 0


def _explain(chosen: argparse.Namespace) -> int:
    from autograder.grading.assignments import is_chapter

    if not is_chapter(chosen.chapter):
        from autograder.grading.explain_own import explain_own

        if chosen.html is not None:
            raise ValueError(
                f"{chosen.chapter} is no chapter: leave out --html; its page is the one that feedback writes"
            )
        print(explain_own(chosen.student, chosen.chapter, _class(), chosen.exercise).text())
        return 0
    from autograder.files import write_whole
    from autograder.grading.explain import explain
    from autograder.report.explained import as_page, as_words

    found = explain(chosen.student, chosen.chapter, _class(), chosen.exercise)
    print(as_words(found))
    if chosen.html is not None:
        write_whole(chosen.html.absolute(), as_page(found).encode("utf-8", "replace"))
        print(f"page: {chosen.html}")
    return 0


def _misconception(chosen: argparse.Namespace) -> int:
    from autograder.authoring.stub import write_stub
    from autograder.grading.groups import groups

    found = [one for one in groups(chosen.chapter, _class()) if one.exercise == chosen.exercise]
    group = next((one for one in found if one.number == chosen.group), None)
    if group is None:
        there = f"its groups are 1 to {len(found)}" if found else "it has no group of wrong answers in this class"
        raise ValueError(f"{chosen.exercise} of {chosen.chapter} has no group {chosen.group}: {there}")
    if not group.example:
        raise ValueError(
            "none of this group's code can be shown without a learner's name: write its misconception by hand"
        )
    print(write_stub(group.exercise, chosen.name, group.example, group.answer).text())
    return 0


def _report(chosen: argparse.Namespace) -> int:
    from autograder.grading.assignments import is_chapter

    known = is_chapter(chosen.chapter)
    if known:
        from autograder.grading.records.recorded import recorded

        results = recorded(chosen.chapter, _class())
    else:
        from autograder.grading.own_rows import recorded_own

        results = recorded_own(chosen.chapter, _class())
    if chosen.json:
        print(json.dumps(results, indent=2))
        return 0
    from autograder.grading.groups import groups
    from autograder.grading.tries import tries_of
    from autograder.report import write_report

    alike = groups(chosen.chapter, _class()) if known else ()
    tries = tries_of(chosen.chapter, _class()) if known else {}
    folder = chosen.output or _class() / "classroom" / "report"
    pages = _class() / "classroom" / "feedback"
    page, table = write_report(chosen.chapter, results, folder, feedback=pages, groups=alike, judged=known, tries=tries)
    print(f"report: {page}\ntable:  {table}")
    return 0


def _export(chosen: argparse.Namespace) -> int:
    if chosen.fill is not None:
        from autograder.commands import commands_on_path
        from autograder.grading.lms.fill import fill

        with commands_on_path():
            done = fill(chosen.fill, chosen.chapters, _class(), chosen.column, chosen.output, scale=chosen.scale)
        print(done.text())
        return 1 if done.problems else 0
    if chosen.chapters or chosen.column or chosen.scale:
        raise ValueError("chapters, --column and --scale go with --fill; without it, all grades are written")
    from autograder.grading.records.export import export

    print(f"grades: {export(_class(), chosen.output)}")
    return 0


def _bench(chosen: argparse.Namespace) -> int:
    from autograder.sample.bench import bench

    return bench(chosen.submissions, growth=chosen.growth, as_json=chosen.json, checks=chosen.checks)


def _progress(chosen: argparse.Namespace) -> int:
    from autograder.learner.progress import export, progress
    from autograder.learner.record import empty

    if chosen.export is not None:
        print(f"progress: {export(chosen.export)}")
    if chosen.empty:
        kept = empty()
        print(f"emptied; what was there, kept answers too, is in {kept}" if kept else "there was nothing to empty")
    if chosen.export is not None or chosen.empty:
        return 0
    print(json.dumps(progress().as_json(), indent=2) if chosen.json else repr(progress()))
    return 0


def _home() -> Path:
    """The folder of the course: the one we are in, if it has the notebooks, else the repository."""
    here = Path.cwd()
    return here if (here / "notebooks" / "00_start_here.ipynb").is_file() else Path(__file__).resolve().parent.parent


def _lab(chosen: argparse.Namespace) -> int:
    from autograder.workbench.copy import bring_up_to_date
    from autograder.workbench.lab import open_lab

    words = [word for word in chosen.words if word != "--instructor"]
    if words != chosen.words:  # nbgrader's formgrader takes its class from the folder
        return open_lab(_class(), words, instructor=True)
    for line in bring_up_to_date(home := _home()):
        print(line)
    return open_lab(home, words)


def _bundle(chosen: argparse.Namespace) -> int:
    from autograder.authoring.bundle import bundle

    for path in bundle(chosen.output):
        print(path)
    return 0


def _update(chosen: argparse.Namespace) -> int:
    from autograder.workbench.copy import RELEASED, bring_up_to_date
    from autograder.workbench.update import update

    if not chosen.notebooks and chosen.released is None:
        print("\n".join(bring_up_to_date(_home())) or "nothing new")
        return 0
    failed = False
    for path in chosen.notebooks:
        try:
            print(update(path, chosen.released or _home() / RELEASED).text())
        except (ValueError, OSError) as error:
            failed = True
            print(error, file=sys.stderr)
    return int(failed)


def _handin(chosen: argparse.Namespace) -> int:
    from autograder.learner.handin import handin

    print(repr(handin(chosen.what, chosen.output, progress=chosen.progress)))
    return 0


def _demo(chosen: argparse.Namespace) -> int:
    from autograder.sample.demo import play

    return play(chapter=chosen.chapter)


if __name__ == "__main__":
    sys.exit(main())
