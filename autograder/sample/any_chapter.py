"""A sample class for any chapter: made of its solutions, of the stubs, and of one wrong idea that people have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import nbformat

from autograder.observing.exercise import exercises_of
from autograder.sample.learners import SAMPLE_CLASS, STUB, Answer, Submission
from course.chapters import find_chapter

__all__ = ["WRONG_IDEAS", "class_of"]

# No other exercise of the chapter leans on these.
WRONG_IDEAS: Mapping[str, tuple[str, Answer]] = {
    "storage": (
        "contiguous_stride",
        Answer("def contiguous_stride(size):\n    return tuple(size)", 0.08, "sizes for strides"),
    ),
    "registration": (
        "my_linear",
        Answer(
            "class MyLinear(nn.Module):\n"
            "    def __init__(self, in_features, out_features, bias=True):\n"
            "        super().__init__()\n"
            "        self.weight = torch.rand(out_features, in_features)\n"
            "        self.bias = torch.rand(out_features) if bias else None\n\n"
            "    def forward(self, x):\n"
            "        return F.linear(x, self.weight, self.bias)",
            0,
            "plain tensors",
        ),
    ),
    "training": (
        "cross_entropy",
        Answer(
            "def cross_entropy(logits, target):\n    return F.nll_loss(F.log_softmax(F.softmax(logits, 1), 1), target)",
            0,
            "softmax twice",
        ),
    ),
}

# It says that it has earned everything, and shows it as nbgrader reads it.
_HOSTILE = """
class Full(float):
    def _repr_html_(self):
        return "<b>all points</b>"


def check(exercise, answer=None):
    return Full(1000)


import autograder
autograder.check = check
check("everything")
""".strip()


def class_of(chapter: str, repository: Path) -> tuple[Submission, ...]:
    """A class of the chapter ``chapter``: the made-up learners that it has, or some made of its solution notebook.

    >>> [one.what for one in class_of("08", Path("."))][:3]
    ['perfect', 'half done', 'blank']
    """
    found = find_chapter(chapter)
    known = tuple(one for one in SAMPLE_CLASS if one.chapter == found.slug)
    return known if len(known) > 4 else _made(found.slug, found.topic, _solutions(repository, found.slug))


def _solutions(repository: Path, slug: str) -> dict[str, str]:
    notebook = nbformat.read(repository / "solutions" / slug / f"{slug}.ipynb", as_version=4)
    marked = ((cell, cell.metadata.get("nbgrader", {})) for cell in notebook.cells if cell.cell_type == "code")
    return {marks["grade_id"]: cell.source for cell, marks in marked if marks.get("solution")}


def _made(slug: str, topic: str, solutions: Mapping[str, str]) -> tuple[Submission, ...]:
    exercises = exercises_of(topic)
    solved = {one.id: Answer(solutions[one.id], one.points) for one in exercises}
    half = dict(list(solved.items())[: len(solved) // 2])
    first, last = exercises[0].id, exercises[-1].id
    crash = Answer(
        'raise RuntimeError("this cell never gets to its answer")', 0, "the cell that should define it failed"
    )
    endless = Answer("while True:\n    pass", 0, "was stopped")
    made = [
        Submission("ada", slug, "perfect"),
        Submission("carl", slug, "half done", half, rest=STUB),
        Submission("dorothy", slug, "blank", rest=STUB),
    ]
    if topic in WRONG_IDEAS:
        exercise, answer = WRONG_IDEAS[topic]
        made.append(Submission("emil", slug, f"misconception: {answer.says}", {exercise: answer}))
    return (
        *made,
        Submission("hedy", slug, "crashes", {last: crash}),
        Submission("ivan", slug, "endless loop", {first: endless}),
        Submission("mallory", slug, "hostile: gives itself points", {first: Answer(_HOSTILE, 0)}, rest=STUB),
    )
