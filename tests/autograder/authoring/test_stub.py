"""A group of wrong answers becomes the stub of a misconception: nothing of it runs unread, and tests fail until it is filled in."""

from __future__ import annotations

import ast
import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest
import torch
from grading_class import CHAPTER, InProcess, hand_in

from autograder.__main__ import main
from autograder.authoring import stub
from autograder.authoring.oracles import Misconception, oracles_of
from autograder.authoring.stub import write_stub
from autograder.authoring.unfinished import left
from autograder.grading.grade import grade
from autograder.sample import demo
from autograder.sample.learners import Answer, Submission

FIVE = "def linear(x, weight, bias=None):\n    return F.linear(x, weight, None if bias is None else 5 * bias)"
BY_HAND = "def linear(x, weight, bias=None):\n    return x @ weight.T + (0 if bias is None else 5 * bias)"
RAISES = "    raise NotImplementedError("


@pytest.fixture
def home(root: Path, tmp_path: Path) -> Path:
    source = root / "autograder" / "authoring" / "oracles"
    return Path(
        shutil.copytree(source, tmp_path / source.relative_to(root), ignore=shutil.ignore_patterns("__pycache__"))
    )


def run(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(path: Path) -> None:
    """As an author does who has read the code: take the line away that raises."""
    lines = path.read_text().splitlines(keepends=True)
    assert sum(line.startswith(RAISES) for line in lines) == 1
    path.write_text("".join(line for line in lines if not line.startswith(RAISES)))


def test_the_stub_holds_the_code_and_the_oracle_names_it(home: Path) -> None:
    before = (home / "functional" / "linear.py").read_text()
    made = write_stub("linear", "bias five times", FIVE, "linear", home)
    assert (made.path, made.oracle) == (
        home / "functional" / "linear_bias_five_times.py",
        home / "functional" / "linear.py",
    )
    after = made.oracle.read_text()
    added = [line for line in after.splitlines() if line not in before.splitlines()]
    name = "LINEAR_BIAS_FIVE_TIMES"
    assert added == [
        f"from autograder.authoring.oracles.functional.linear_bias_five_times import {name}",
        f"        {name},",
    ]
    calls = [
        node for node in ast.walk(ast.parse(after)) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Oracle"
    ]
    known = calls[0].args[3]
    assert isinstance(known, ast.List) and ast.unparse(known.elts[-1]) == name
    said = made.text()
    assert "python -m autograder reference functional" in said and str(made.path) in said


def test_nothing_of_the_code_runs_before_it_was_read(home: Path, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    code = f"open({str(witness)!r}, 'w').close()\n@print\ndef linear(x=open({str(witness)!r}, 'w')):\n    return x"
    path = write_stub("linear", "witness", code, "linear", home).path
    with pytest.raises(NotImplementedError, match=r"TO DO\(linear\): linear_witness\.py holds code .* nobody has read"):
        run(path)
    assert not witness.exists()
    read(path)
    run(path)
    assert witness.exists()


def test_once_read_it_is_the_answer_and_without_its_words_the_chapter_is_not_finished(
    home: Path, tmp_path: Path
) -> None:
    path = write_stub("linear", "bias five times", FIVE, "linear", home).path
    assert len(left("functional", tmp_path)) == 2
    read(path)
    made = run(path).LINEAR_BIAS_FIVE_TIMES
    assert isinstance(made, Misconception) and made.name == "bias five times"
    x, weight, bias = torch.ones(1, 2), torch.ones(3, 2), torch.ones(3)
    assert made.variants[0](x, weight, bias).tolist() == [[7.0, 7.0, 7.0]]
    (unwritten,) = left("functional", tmp_path)
    assert "linear_bias_five_times.py" in unwritten and "linear is not finished: what does a learner" in unwritten
    path.write_text(path.read_text().replace("TO DO(linear): ", ""))
    assert left("functional", tmp_path) == []


def test_nothing_is_ever_overwritten(home: Path) -> None:
    first = write_stub("linear", "bias five times", FIVE, "linear", home)
    kept = first.path.read_text(), first.oracle.read_text()
    for name, why in (
        ("bias five times", "has a misconception called|is there already"),
        ("Bias: five-times", "is there already"),
    ):
        with pytest.raises(ValueError, match=why):
            write_stub("linear", name, "linear = 1", "linear", home)
    with pytest.raises(ValueError, match="has a misconception called 'weight not transposed' already"):
        write_stub("linear", "weight not transposed", FIVE, "linear", home)
    assert (first.path.read_text(), first.oracle.read_text()) == kept


@pytest.mark.parametrize("name", ["", "  ", "→", "two\nlines", "x" * 61, " a"])
def test_what_is_no_name_is_told(home: Path, name: str) -> None:
    with pytest.raises(ValueError, match="is no name of a misconception"):
        write_stub("linear", name, FIVE, "linear", home)


@pytest.mark.parametrize(
    "code",
    ["from torch import *\nlinear = 1", "def linear(:", "return 1", "from __future__ import annotations\nlinear = 1"],
)
def test_code_that_cannot_stand_in_a_function_leaves_no_file(home: Path, code: str) -> None:
    before = sorted(home.rglob("*")), (home / "functional" / "linear.py").read_bytes()
    with pytest.raises(ValueError, match=r"cannot stand in a function|is no Python"):
        write_stub("linear", "odd", code, "linear", home)
    assert (sorted(home.rglob("*")), (home / "functional" / "linear.py").read_bytes()) == before


def test_a_text_over_several_lines_stays_what_it_was(home: Path) -> None:
    code = "NOTE = '''a\nb\n    c'''\ndef linear(x, weight, bias=None):\n    return f'''{x}\n{NOTE}'''"
    path = write_stub("linear", 'a "quoted" name', code, "linear", home).path
    read(path)
    made = run(path).LINEAR_A_QUOTED_NAME
    assert (made.variants[0](1, 2), made.name) == ("1\na\nb\n    c", 'a "quoted" name')


def test_what_the_code_takes_from_other_cells_is_named(home: Path) -> None:
    made = write_stub("functional_cnn", "odd", "def functional_cnn(x, p):\n    return relu(x)", "functional_cnn", home)
    assert made.elsewhere == ("relu",) and "takes from other cells: relu" in made.text()


def test_every_exercise_has_an_oracle_that_can_be_found(home: Path) -> None:
    for place, exercise in enumerate(
        one for topic in ("functional", "convolution", "shining", "modes") for one in oracles_of(topic)
    ):
        made = write_stub(exercise, f"odd {place}", "answer = 1", "answer", home)
        assert made.constant in made.oracle.read_text()
        compile(made.oracle.read_text(), made.oracle, "exec")


def test_the_report_shows_the_command_and_the_command_writes_the_stub(
    root: Path, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    course = demo.prepare(root, tmp_path / "course")
    demo.release(course, CHAPTER)
    hand_in(course, Submission("greta", CHAPTER, "five", {"linear": Answer(BY_HAND, 1)}))
    grade("04", course, engine=InProcess())
    monkeypatch.chdir(course)
    monkeypatch.setattr(stub, "HOME", home)
    assert main(["report", "04"]) == 0
    page = (course / "classroom" / "report" / f"{CHAPTER}.html").read_text()
    assert f"python -m autograder misconception {CHAPTER} linear 1 NAME" in page
    assert main(["misconception", "04", "linear", "1", "bias five times"]) == 0
    assert "5 * bias" in (home / "functional" / "linear_bias_five_times.py").read_text()
    assert "python -m autograder reference functional" in capsys.readouterr().out
    assert main(["misconception", "04", "linear", "2", "another"]) == 1
    assert "linear of 04_the_same_cnn_with_functional has no group 2: its groups are 1 to 1" in capsys.readouterr().err
    assert main(["misconception", "04", "relu", "1", "another"]) == 1
    assert "it has no group of wrong answers in this class" in capsys.readouterr().err
