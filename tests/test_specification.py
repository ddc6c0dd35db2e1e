"""docs/SPECIFICATION.md: every promise has a test, and every test that it names exists. They are looked for, not run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

READERS = ("To a learner", "To an instructor", "To an author")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
HELD = re.compile(rf"{TEST.pattern}(?:, {TEST.pattern})*")


def rows(text: str) -> Iterator[tuple[int, str, str, str]]:
    """The lines of the tables: their number in the text, whom they promise what, and what holds it."""
    reader = ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("## "):
            reader = line.removeprefix("## ")
        elif line.startswith("|") and not re.fullmatch(r"\|(---\|)+|\| promise \| held by \|", line):
            promise, _, held = line.removeprefix("|").strip().removesuffix("|").partition("|")
            yield number, reader, promise.strip(), held.strip()


def names_of_tests(path: Path) -> set[str]:
    """The names of the tests in a file, by its text; those that are always skipped are none."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            marks = {ast.unparse(one).partition("(")[0] for one in node.decorator_list}
            if marks.isdisjoint({"pytest.mark.skip", "pytest.mark.xfail"}):
                found.add(node.name)
    return found


def problems(text: str, root: Path) -> list[str]:
    """What is wrong with a specification, in the order of its lines."""
    found, seen, known = [], set(), dict[str, set[str]]()
    for number, reader, promise, held in rows(text):
        if reader not in READERS:
            found.append(f"line {number}: it is promised to nobody")
        if not promise or (reader, promise) in seen:
            found.append(f"line {number}: no promise, or one that stands there twice: {promise!r}")
        seen.add((reader, promise))
        if not HELD.fullmatch(held):
            found.append(f"line {number}: no test, or not written as `tests/file.py::test_name`: {held!r}")
        for file, name in TEST.findall(held):
            if file not in known:
                known[file] = names_of_tests(root / file) if (root / file).is_file() else set()
            if name not in known[file]:
                found.append(f"line {number}: {file} has no {name}")
    return found


def test_every_promise_has_a_test_that_exists(root: Path) -> None:
    assert problems((root / "docs" / "SPECIFICATION.md").read_text(encoding="utf-8"), root) == []


def test_there_are_promises_to_everybody(root: Path) -> None:
    read = [reader for _, reader, _, _ in rows((root / "docs" / "SPECIFICATION.md").read_text(encoding="utf-8"))]
    assert {reader: read.count(reader) > 15 for reader in READERS} == dict.fromkeys(READERS, True)


HERE = "`tests/test_specification.py::test_there_are_promises_to_everybody`"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (f"| It holds. | {HERE} |", None),
        (f"| It holds. | {HERE}, {HERE} |", None),
        ("| It holds. |  |", "no test"),
        ("| It holds. |", "no test"),
        ("| It holds. | by hand |", "no test"),
        (f"| It holds. | {HERE} and more |", "no test"),
        (f"|  | {HERE} |", "no promise"),
        (f"| It holds. | {HERE.replace('promises', 'riches')} |", "has no test_there_are_riches_to_everybody"),
        (f"| It holds. | {HERE.replace('test_specification', 'test_nothing')} |", "tests/test_nothing.py has no"),
        ("| It holds. | `tests/test_specification.py::test_that_is_skipped` |", "has no test_that_is_skipped"),
        (f"| It holds. | {HERE} |\n| It holds. | {HERE} |", "stands there twice"),
        (f"## To the moon\n| It holds. | {HERE} |", "promised to nobody"),
    ],
)
def test_what_is_wrong_with_a_line_is_found(root: Path, line: str, says: str | None) -> None:
    found = problems(f"## To a learner\n\n| promise | held by |\n|---|---|\n{line}\n", root)
    assert (found == []) if says is None else any(says in one for one in found)


def test_a_test_that_is_always_skipped_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "test_one.py"
    path.write_text("@pytest.mark.skip(reason='no')\ndef test_a(): ...\nclass TestB:\n    def test_b(self): ...\n")
    assert names_of_tests(path) == {"test_b"}
