"""What instructors type around grading: handing out, collecting, dates, feedback, reports, exports."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping

from autograder.cli.places import class_folder
from autograder.cli.told import Run, of_authors

__all__ = ["COMMANDS"]

# Each command imports what it needs when it runs: so the command line itself starts at once.


def _release(chosen: argparse.Namespace) -> int:
    from autograder.grading.assignments import is_chapter
    from autograder.grading.records.classroom import open_classroom
    from autograder.grading.records.half_made import finish_gradebook

    finish_gradebook(open_classroom(class_folder())[0].db_url)
    if is_chapter(chosen.chapter):
        from autograder.authoring.build import release

        print(f"ready to hand out: {release(chosen.chapter, output=class_folder())}")
    else:
        from autograder.grading.records.export import release_own

        print(f"ready to hand out: {release_own(chosen.chapter, class_folder())}")
    return 0


def _collect(chosen: argparse.Namespace) -> int:
    from autograder.commands import commands_on_path
    from autograder.grading.lms.collect import collect

    times = {"zip": True, "none": False}.get(chosen.times)
    with commands_on_path():
        found = collect(chosen.chapter, chosen.source, class_folder(), chosen.roster, dict(chosen.match), times)
    print(json.dumps(found.as_json(), indent=2) if chosen.json else found.text())
    return 1 if found.problems else 0


def _extend(chosen: argparse.Namespace) -> int:
    if (chosen.until is None) is not chosen.none:
        raise ValueError("give a date, or --none to take away the one that was given")
    from autograder.grading.records.classroom import open_classroom
    from autograder.grading.records.extensions import extend, parse_date

    until = None if chosen.none else parse_date(chosen.until)
    room, _ = open_classroom(class_folder())
    print(extend(room, chosen.chapter, chosen.student, until))
    return 0


def _feedback(chosen: argparse.Namespace) -> int:
    from autograder.grading.records.export import feedback

    pages = feedback(chosen.chapter, class_folder(), chosen.student)
    print(f"feedback pages: {pages}")
    if chosen.zip is None:
        return 0
    from autograder.grading.lms.returned import pack

    done = pack(chosen.chapter, class_folder(), chosen.zip, pages, chosen.student, chosen.output)
    print(done.text())
    return 1 if done.problems else 0


def _explain(chosen: argparse.Namespace) -> int:
    from autograder.grading.assignments import is_chapter

    if not is_chapter(chosen.chapter):
        from autograder.grading.explain_own import explain_own

        if chosen.html is not None:
            raise ValueError(
                f"{chosen.chapter} is no chapter: leave out --html; its page is the one that feedback writes"
            )
        print(explain_own(chosen.student, chosen.chapter, class_folder(), chosen.exercise).text())
        return 0
    from autograder.files import write_whole
    from autograder.grading.explain import explain
    from autograder.report.explained import as_page, as_words

    found = explain(chosen.student, chosen.chapter, class_folder(), chosen.exercise)
    print(as_words(found))
    if chosen.html is not None:
        write_whole(chosen.html.absolute(), as_page(found).encode("utf-8", "replace"))
        print(f"page: {chosen.html}")
    return 0


def _report(chosen: argparse.Namespace) -> int:
    from autograder.grading.assignments import is_chapter

    known = is_chapter(chosen.chapter)
    if known:
        from autograder.grading.records.recorded import recorded

        results = recorded(chosen.chapter, class_folder())
    else:
        from autograder.grading.own_rows import recorded_own

        results = recorded_own(chosen.chapter, class_folder())
    if chosen.json:
        print(json.dumps(results, indent=2))
        return 0
    from autograder.grading.groups import groups
    from autograder.grading.tries import tries_of
    from autograder.report import write_report

    alike = groups(chosen.chapter, class_folder()) if known else ()
    tries = tries_of(chosen.chapter, class_folder()) if known else {}
    folder = chosen.output or class_folder() / "classroom" / "report"
    pages = class_folder() / "classroom" / "feedback"
    page, table = write_report(chosen.chapter, results, folder, feedback=pages, groups=alike, judged=known, tries=tries)
    print(f"report: {page}\ntable:  {table}")
    return 0


def _export(chosen: argparse.Namespace) -> int:
    if chosen.fill is not None:
        from autograder.commands import commands_on_path
        from autograder.grading.lms.fill import fill

        with commands_on_path():
            done = fill(chosen.fill, chosen.chapters, class_folder(), chosen.column, chosen.output, scale=chosen.scale)
        print(done.text())
        return 1 if done.problems else 0
    if chosen.chapters or chosen.column or chosen.scale:
        raise ValueError("chapters, --column and --scale go with --fill; without it, all grades are written")
    from autograder.grading.records.export import export

    print(f"grades: {export(class_folder(), chosen.output)}")
    return 0


COMMANDS: Mapping[str, Run] = {
    "release": of_authors(_release),
    "collect": _collect,
    "extend": _extend,
    "feedback": _feedback,
    "explain": _explain,
    "report": _report,
    "export": _export,
}
