"""A slip of an author's, typed in a copy of the course: which exercise, which case, which file and line, and what was raised."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ORACLE = "autograder/authoring/oracles/storage/flat_index.py"
TOPIC = "autograder/authoring/oracles/storage/__init__.py"
PROBES = "autograder/observing/probes/storage.py"
LESSON = "course/lessons/01_storage_and_strides.py"
CHAPTERS = "course/chapters.py"

# Imports what has nothing of an author's in it once; for each job, changes a file, runs a command in a fork, puts the file back.
_RUNNER = """
import io, json, os, pathlib, sys, traceback
import torch, nbgrader.converters, jupytext, IPython

def run(words, env, out):
    os.environ.update(env)
    sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
    try:
        from autograder.__main__ import main
        code = main(words)
    except BaseException:
        traceback.print_exc()
        code = 99
    json.dump([code, sys.stdout.getvalue(), sys.stderr.getvalue()], out)

for words, env, file, text in json.load(sys.stdin):
    path = pathlib.Path(file)
    before = path.read_bytes() if path.is_file() else None
    path.write_text(text, encoding="utf-8")
    read, write = os.pipe()
    if os.fork() == 0:
        with os.fdopen(write, "w", encoding="utf-8") as out:
            run(words, env, out)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as pipe:
        print(pipe.read(), flush=True)
    os.wait()
    path.unlink() if before is None else path.write_bytes(before)
"""


class Slip(NamedTuple):
    """A command, the file in which ``was`` becomes ``wrong``, and what is said: the place, if there is one, stands first."""

    words: str
    file: str
    was: str
    wrong: str
    says: tuple[str, ...]
    at: str = ""
    """What stands in the line that is named; ``wrong`` unless given."""


SLIPS = {
    "the oracle's answer": Slip(
        "reference storage",
        ORACLE,
        "    lambda index, stride, offset=0: offset + dot(index, stride),\n    _indices",
        "    lambda index, stride, offset=0: offset + len(0),\n    _indices",
        ("flat_index: the oracle's answer, here in case 'row 1, column 2 of two rows of three' (index = (1, 2)", "TypeError: object of type 'int' has no len()"),
    ),
    "the oracle's answer takes other arguments": Slip(
        "reference storage",
        ORACLE,
        "    lambda index, stride, offset=0: offset + dot(index, stride),\n    _indices",
        "    lambda index, stride, offset, size: offset,\n    _indices",
        ("flat_index: the oracle's answer", "TypeError: ", "size"),
    ),
    "a wrong answer": Slip(
        "reference storage",
        ORACLE,
        "lambda index, stride, offset=0: sum(index),",
        "lambda index, stride, offset=0: sum(index) * None,",
        ("flat_index: in every case, the misconception 'strides left out', here in case 'row 1", "TypeError: unsupported operand", 'say so: raises="TypeError"'),
    ),
    "a wrong answer with a name that is nowhere": Slip(
        "reference storage", ORACLE, "lambda index, stride, offset=0: sum(index),", "lambda index, stride, offset=0: sum(idx),", ("'strides left out'", "NameError: name 'idx' is not defined")
    ),
    "a case picked by hand": Slip(
        "reference storage", ORACLE, "make.integer(1, n - 1) for n in size)", 'make.integer(1, n - None) for n in size)', ("flat_index: its cases: ",)
    ),
    "cases that are not returned": Slip(
        "reference storage", ORACLE, "    return cases\n", "    cases\n", ("flat_index: its cases: TypeError: 'NoneType' object is not iterable",), at="def _indices"
    ),
    "the recipe of a case of the space": Slip(
        "reference storage", ORACLE, "for step in stride_of(size, one.way))", "for step in stride_of(size, one.wy))", ("flat_index: the case of rank=", "AttributeError: there is no choice called 'wy'; there are rank, way, element")
    ),
    "a case of the space that is not returned": Slip(
        "reference storage", ORACLE, "    return make.case(index=index[one.element]", "    make.case(index=index[one.element]", ("flat_index: the case of rank=", "TypeError"), at="def _drawn"
    ),
    "within= with a choice that is none": Slip(
        "reference storage", ORACLE, 'has_way(one.rank, "no 1 and no 0", one.way)', 'has_way(one.rnk, "no 1 and no 0", one.way)', ("flat_index: within= asked of", "there is no choice called 'rnk'; there are rank, way, element, offset, times")
    ),
    "within= that compares what cannot be compared": Slip(
        "reference storage", ORACLE, 'within=lambda one: has_way(', 'within=lambda one: one.rank > "1" and has_way(', ("flat_index: within= asked of rank=0: TypeError: '>' not supported",)
    ),
    "the same, when mutants are tried": Slip(
        "mutants flat_index --budget 1 --inputs 1 --jobs 1", ORACLE, "for step in stride_of(size, one.way))", "for step in stride_of(size, one.wy))", ("flat_index cannot be tried", "the case of rank=", "no choice called 'wy'")
    ),
    "an oracle that is no Python": Slip("reference storage", ORACLE, "FLAT_INDEX = Oracle(", "FLAT_INDEX = Oracle((", ("the oracles of storage cannot be read: SyntaxError: ",)),
    "a misconception without its words": Slip(
        "reference storage",
        ORACLE,
        '            says="The offset counts slots already. No stride multiplies it.",\n',
        "",
        ("the oracles of storage cannot be read: TypeError: ", "'says'"),
        at='Misconception(\n            "offset counted as a step"',
    ),
    "an import of what is not there": Slip(
        "reference storage", ORACLE, "autograder.authoring.cases", "autograder.authoring.caes", ("the oracles of storage cannot be read: ModuleNotFoundError: No module named 'autograder.authoring.caes'",)
    ),
    "ORACLES that is no Python": Slip("new fresh --chapter storage", TOPIC, "ORACLES = (FLAT_INDEX", "ORACLES = (FLAT_INDEX(", ("SyntaxError",)),
    "a probe that is no Python": Slip("build storage", PROBES, 'whole(case.call(answer))})\n\n\n@exercise("contig', 'whole(case.call(answer)})\n\n\n@exercise("contig', ("SyntaxError: ",)),
    "a probe that raises": Slip("reference storage", PROBES, '"offset" if "offset" in case', 'case["ofset"] if "offset" in case', ("flat_index: the oracle's answer, here in case 'a slice that begins at slot 5'", "KeyError: 'ofset'")),
    "a cell's kind": Slip("build storage", LESSON, "# %% [markdown]", "# %% [markdwn]", ("cannot read '[markdwn]' on the cell's marker; write # %% [markdown]",)),
    "a marker that is none": Slip("build storage", LESSON, "\n\n# %% [markdown]\n", "\n\n# %%[markdown]\n", ("looks like a cell's marker and is none",)),
    "a hint that does not close": Slip("build storage", LESSON, "# </details>\n", "# </detials>\n", ("not closed; </details> is missing in this cell",), at="# <details>"),
    "an exercise that does not exist": Slip("build storage", LESSON, 'exercise="flat_index"', 'exercise="flat_idx"', ("there is no exercise 'flat_idx'; did you mean flat_index",)),
    "two chapters with one number": Slip("build", CHAPTERS, '        8,\n        "training_both_ways"', '        7,\n        "training_both_ways"', ("course/chapters.py: 07_train_and_eval and 07_training_both_ways have the number 7",), at="-"),
    "two lessons with one number": Slip("build", "course/lessons/04_another.py", "", "# %%\n1\n", ("course/lessons/04_another.py:1: this lesson is no chapter, and its number is 04_the_same_cnn_with_functional's",), at="-"),
    "one reference cannot be told from another": Slip(
        "reference storage", ORACLE, "lambda index, stride, offset=0: sum(index),", "lambda index, stride, offset=0: offset + dot(index, stride),", ("flat_index: no case tells the misconception 'strides left out' from the reference",), at="-"
    ),
}  # fmt: skip
TRACED = "the recipe of a case of the space"


@pytest.fixture(scope="module")
def course(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what an author works on."""
    folder = tmp_path_factory.mktemp("authors")
    for name in ("autograder", "course", "tests/answers"):
        shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "nbgrader_config.py", folder)
    return folder


def changed(course: Path, slip: Slip) -> str:
    path = course / slip.file
    before = path.read_text(encoding="utf-8") if slip.was else ""
    assert slip.was in before
    return before.replace(slip.was, slip.wrong, 1) if slip.was else slip.wrong


@pytest.fixture(scope="module")
def told(course: Path) -> dict[str, tuple[int, str, str]]:
    """Exit code, output and errors of each slip's command; of some more, too."""
    jobs = {name: (one.words.split(), {}, one.file, changed(course, one)) for name, one in SLIPS.items()}
    jobs["traced"] = (jobs[TRACED][0], {"AUTOGRADER_TRACEBACK": "1"}, *jobs[TRACED][2:])
    renamed = (course / ORACLE).read_text(encoding="utf-8").replace('"no dimension"', '"no dimension at all"')
    jobs["renamed"] = (["reference", "storage", "--check"], {}, ORACLE, renamed)
    done = subprocess.run(
        [sys.executable, "-c", _RUNNER],
        input=json.dumps(list(jobs.values())),
        cwd=course,
        env={**os.environ, "PYTHONPATH": str(course), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return dict(zip(jobs, (tuple(json.loads(line)) for line in done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_told_with_its_place_and_without_a_traceback(
    course: Path, told: dict[str, tuple[int, str, str]], name: str
) -> None:
    slip, (code, _, said) = SLIPS[name], told[name]
    assert code == 1, said
    assert said.startswith(f"python -m autograder {slip.words.split()[0]}: ")
    assert "Traceback (most recent call last)" not in said
    for words in slip.says:
        assert words in said
    if slip.at == "-":
        return
    text = changed(course, slip)
    line = text[: text.index((slip.at or slip.wrong).strip())].count("\n") + 1
    assert re.search(rf"(^|: ){re.escape(slip.file)}:{line}: ", said, re.MULTILINE), f"{slip.file}:{line} in {said}"
    assert len(said.splitlines()) <= 4


def test_the_whole_traceback_is_there_for_who_asks(told: dict[str, tuple[int, str, str]]) -> None:
    code, _, whole = told["traced"]
    assert code == 99, "the exception came out of main, as it would out of the process"
    assert "Traceback (most recent call last)" in whole and "in _drawn" in whole
    assert "AUTOGRADER_TRACEBACK=1" in told[TRACED][2]


def test_a_reference_that_does_not_fit_the_cases_any_more_is_told_by_its_exercises(
    told: dict[str, tuple[int, str, str]],
) -> None:
    code, said, _ = told["renamed"]
    assert code == 1
    assert "storage: not what the oracles observe today: flat_index\n" in said
    assert "without --check" in said
