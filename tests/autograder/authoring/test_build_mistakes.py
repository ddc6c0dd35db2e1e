"""What an author is told about a lesson that cannot be built: the line, what is wrong, what to do."""

from __future__ import annotations

from pathlib import Path, PurePath

import pytest

from autograder.authoring.lessons.lesson import LessonError, parse, read
from autograder.authoring.lessons.mistakes import mistakes
from autograder.observing.exercise import exercises_of

PATH = PurePath("course/lessons/04_x.py")

RELU = '''\
# %% exercise="relu"
def relu(x):
    """Above zero."""
    ### BEGIN SOLUTION
    return x.clamp(min=0)
    ### END SOLUTION

# %% check="relu"
check("relu", relu)
'''


def others(topic: str = "functional", *without: str) -> str:
    """Faultless cells for every exercise of ``topic`` but some."""
    cells = [
        f'\n# %% exercise="{one.id}"\ndef f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION\n'
        f'\n# %% check="{one.id}"\ncheck("{one.id}", f)\n'
        for one in exercises_of(topic)
        if one.id not in without
    ]
    return "".join(cells)


def told(text: str, topic: str | None = "functional") -> str:
    """All that is said about a lesson of this text; the other exercises of its chapter follow, without fault."""
    whole = text + (others(topic, "relu") if topic else "")
    return str(LessonError.of(PATH, mistakes(parse(whole, PATH), topic)))


def test_a_lesson_without_mistakes_is_told_nothing() -> None:
    assert told(RELU) == ""


@pytest.mark.parametrize(
    ("was", "wrong", "says"),
    [
        ('exercise="relu"', 'exercise="rellu"', "04_x.py:1: there is no exercise 'rellu'; did you mean relu"),
        ('# %% check="relu"\ncheck("relu", relu)', "", '04_x.py:1: exercise \'relu\' has no check; a cell below it needs # %% check="relu"'),
        ('# %% exercise="relu"', "# %%", '04_x.py:8: check \'relu\' has no exercise; a cell above it needs # %% exercise="relu"'),
        ("    ### BEGIN SOLUTION\n", "", "04_x.py:5: ### END SOLUTION without a ### BEGIN SOLUTION"),
        ("    ### END SOLUTION\n", "", "04_x.py:4: the solution region is not closed"),
        ("    return", "    ### BEGIN SOLUTION\n    return", "04_x.py:5: ### BEGIN SOLUTION inside the solution region of line 4"),
        ("    ### BEGIN SOLUTION\n    return x.clamp(min=0)\n    ### END SOLUTION", "    return 1", "04_x.py:1: exercise 'relu' has no solution region"),
        ('# %% exercise="relu"', "# %%", "04_x.py:4: a solution region in a cell that is no exercise"),
        ('check("relu", relu)', "### BEGIN SOLUTION\n### END SOLUTION\ncheck('relu', relu)", "04_x.py:9: a solution region in a cell that is no exercise"),
        ('check("relu", relu)', 'check("linear", relu)', "04_x.py:8: the cell of this check is to be one call and nothing else"),
        ('check("relu", relu)', 'check("relu", relu)\nprint()', "04_x.py:8: the cell of this check is to be one call"),
        ('check("relu", relu)', 'check("relu")', "04_x.py:8: the cell of this check is to be one call"),
        ('check("relu", relu)', 'check("relu", lambda x: x)', "04_x.py:8: the cell of this check is to be one call"),
        ('check("relu", relu)', 'verdict = check("relu", relu)', "04_x.py:8: the cell of this check is to be one call"),
        ('check("relu", relu)', 'check("relu", relu', "04_x.py:9: the check is not Python: '(' was never closed"),
        ('check("relu", relu)', 'check("relu", rleu)', "04_x.py:8: 'rleu' is checked, but its exercise on line 1 does not define it"),
        ('exercise="relu"', "exercise=relu", "04_x.py:1: cannot read 'exercise=relu' on the cell's marker"),
        ('exercise="relu"', 'exercise "relu"', "04_x.py:1: cannot read 'exercise \"relu\"' on the cell's marker"),
        ('exercise="relu"', 'excercise="relu"', "04_x.py:1: a cell's marker knows no 'excercise'; it knows exercise, check, points"),
        ('exercise="relu"', 'exercise="relu" points=3', "04_x.py:1: points= is for a written answer only"),
        ('exercise="relu"', 'exercise="relu" check="relu"', "04_x.py:1: a cell is an exercise or a check, not both"),
        ('exercise="relu"', '[raw] exercise="relu"', "04_x.py:1: exercise 'relu' is a raw cell"),
        ('check="relu"', '[markdown] check="relu"', "04_x.py:8: a check is a code cell"),
        ("return x.clamp(min=0)", "return x.clamp(min=0", "04_x.py:5: the solution is not Python: '(' was never closed"),
        ('    """Above zero."""\n    ### BEGIN SOLUTION', "### BEGIN SOLUTION", "04_x.py:3: without the solution the cell is not Python: expected an indented block"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(was: str, wrong: str, says: str) -> None:
    assert was in RELU
    assert says in told(RELU.replace(was, wrong))


def test_a_check_above_its_exercise_is_told() -> None:
    exercise, check = RELU.split("\n\n")
    assert "04_x.py:1: the check of 'relu' stands above its exercise on line 4" in told(f"{check}\n{exercise}\n")


def test_an_exercise_and_a_check_that_are_there_twice_are_told() -> None:
    said = told(f"{RELU}\n{RELU}")
    assert "04_x.py:11: exercise 'relu' is there twice; the first is on line 1" in said
    assert "04_x.py:18: check 'relu' is there twice; the first is on line 8" in said


def test_an_exercise_of_another_chapter_is_told() -> None:
    said = told(RELU.replace("relu", "tiny_cnn"))
    assert "04_x.py:1: exercise 'tiny_cnn' belongs to the chapter on modules, not to this one (functional)" in said


def test_an_exercise_of_the_chapter_that_the_lesson_does_not_use_is_told() -> None:
    assert told("# %%\n1\n") == "course/lessons/04_x.py:1: this lesson does not use exercise 'relu' of its chapter (functional)"  # fmt: skip


def test_an_exercise_in_a_lesson_that_is_no_assignment_is_told() -> None:
    assert "04_x.py:1: exercise 'relu' in a lesson that is no assignment" in told(RELU, None)


def test_all_mistakes_are_told_together_and_in_the_order_of_the_lines() -> None:
    said = told(
        RELU.replace("    ### END SOLUTION\n", "").replace('check("relu", relu)', "") + '\n# %% chekc="relu"\n1\n'
    )
    assert [line.split(":")[1] for line in said.splitlines()] == ["4", "7", "10"]


def test_a_region_in_a_class_body_wants_something_of_the_class_to_stay() -> None:
    lesson = RELU.replace("def relu(x):", "class relu:")
    assert told(lesson) == ""
    assert "without the solution the cell is not Python" in told(lesson.replace('    """Above zero."""\n', ""))


def test_several_names_may_be_checked_as_a_tuple() -> None:
    both = RELU.replace("def relu(x)", "def up(x): ...\ndef down(x)").replace(", relu)", ", (up, down))")
    assert told(both) == ""


def test_a_written_answer_brings_its_points_and_has_no_check() -> None:
    written = '# %% [markdown] exercise="reflect" points=4\n# Because.\n'
    assert told(RELU + written) == ""
    assert "04_x.py:10: the written answer 'reflect' needs its points" in told(RELU + written.replace(" points=4", ""))
    assert "'re-flect' cannot name an exercise" in told(RELU + written.replace("reflect", "re-flect"))
    said = told(RELU + written + '\n# %% check="reflect"\ncheck("reflect", relu)\n')
    assert "04_x.py:13: 'reflect' is a written answer, graded by hand: it has no check" in said


def test_markers_in_strings_are_no_cells_and_lose_nothing() -> None:
    lesson = parse('# %%\nx = """\n# %% [markdown]\n"""\n\n# %% [markdown]\n# End.\n', PATH)
    assert [(cell.line, cell.source) for cell in lesson.cells] == [(1, 'x = """\n# %% [markdown]\n"""'), (6, "End.")]


def test_a_header_and_magics_are_read_as_jupytext_does() -> None:
    header = "# ---\n# jupyter:\n#   jupytext:\n#     formats: ipynb,py:percent\n# ---\n\n"
    lesson = parse(header + "# %%\n# %matplotlib inline\n", PATH)
    assert [(cell.line, cell.source) for cell in lesson.cells] == [(7, "%matplotlib inline")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", r"04_x.py:1: there is text before the first cell|04_x.py:1: there is no cell"),
        ("x = 1\n\n# %%\n2\n", r"04_x.py:1: there is text before the first cell"),
        ("# ---\n# jupyter:\n#   kernelspec: [\n# ---\n\n# %%\n1\n", r"04_x.py:1: "),
    ],
)
def test_a_file_without_cells_is_told(text: str, says: str) -> None:
    with pytest.raises(LessonError, match=says):
        parse(text, PATH)


def test_a_file_that_is_not_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "04_x.py"
    path.write_bytes(b"# %%\n1\n# caf\xe9\n")
    with pytest.raises(LessonError, match=r"course/lessons/04_x.py:3: these bytes are not UTF-8"):
        read(path, PATH)
