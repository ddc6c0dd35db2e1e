"""A released chapter mended as its author would, an answer written as a learner would."""

from __future__ import annotations

from pathlib import Path

from autograder.workbench.marks import KEY, content_id, digest
from autograder.workbench.notebook import read, to_bytes, words

SLUG = "04_the_same_cnn_with_functional"
ANSWER = "def relu(x):\n    return x.clamp(min=0)  # mine"


def mend(path: Path, mended: str) -> None:
    """Change a chapter's first prose as its author would: another text, another id, another stamp."""
    chapter = read(path)
    chapter["cells"][0] |= {"source": mended, "id": content_id("markdown", mended)}
    chapter["metadata"][KEY] = {"release": digest((one["cell_type"], words(one)) for one in chapter["cells"])}
    path.write_bytes(to_bytes(chapter))


def answer(path: Path, exercise: str = "relu", source: str = ANSWER) -> None:
    notebook = read(path)
    (one,) = [one for one in notebook["cells"] if one["id"] == exercise]
    one["source"] = source
    path.write_bytes(to_bytes(notebook))


def said(path: Path) -> list[str]:
    return [words(one) for one in read(path)["cells"]]
