"""A newer chapter under somebody's work: what stays, what is renewed, and that nothing is ever lost."""

from __future__ import annotations

import copy
import json
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.workbench.marks import KEY, content_id, digest
from autograder.workbench.merge import lay, overlap
from autograder.workbench.notebook import Damaged, loads, to_bytes, words

STUB = "def {}(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()"


def cell(kind: str, source: str, name: str | None = None, marks: dict[str, Any] | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {"cell_type": kind, "source": source, "metadata": {"nbgrader": marks} if marks else {}}
    made["id"] = name or content_id(kind, source)
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def prose(source: str) -> dict[str, Any]:
    return cell("markdown", source)


def exercise(name: str, stub: str = STUB) -> list[dict[str, Any]]:
    answer = {"grade_id": name, "solution": True, "grade": False, "locked": False}
    check = {"grade_id": f"check_{name}", "solution": False, "grade": True, "locked": True, "points": 3}
    return [
        cell("code", stub.format(name), name, answer),
        cell("code", f'check("{name}", {name})', f"check_{name}", check),
    ]


def chapter(*cells: dict[str, Any]) -> dict[str, Any]:
    said = digest((one["cell_type"], one["source"]) for one in cells)
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, KEY: {"release": said}}
    return copy.deepcopy({"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def worked(notebook: dict[str, Any], **answers: str) -> dict[str, Any]:
    """Somebody's copy of a chapter, as the working copy has it, with answers in it."""
    mine = lay(notebook, notebook).notebook
    for one in mine["cells"]:
        if one["id"] in answers:
            one["source"] = answers[one["id"]]
            one["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "seen\n"}]
    return mine


def said(notebook: dict[str, Any]) -> list[str]:
    return [words(one) for one in notebook["cells"]]


OLD = chapter(prose("# One"), prose("Long text."), *exercise("relu"), prose("The end."), *exercise("gone"))
NEW = chapter(prose("# One"), prose("Mended text."), *exercise("relu"), prose("More."), *exercise("fresh"))
ANSWER = "def relu(x):\n    return x.clamp(min=0)"


def test_prose_is_renewed_and_an_answer_with_its_outputs_stays():
    done = lay(NEW, worked(OLD, relu=ANSWER)).notebook
    expected = said(NEW)
    expected[2] = ANSWER
    assert said(done) == expected
    assert done["cells"][2]["outputs"][0]["text"] == "seen\n"


def test_an_untouched_notebook_becomes_the_new_chapter_even_without_a_note_of_what_was_given():
    assert said(lay(NEW, OLD).notebook) == said(NEW)


def test_an_untouched_task_is_renewed_and_an_answered_one_is_named():
    changed = chapter(*exercise("relu", STUB.replace("(x)", "(x, slope)")))
    old = chapter(*exercise("relu"))
    assert "slope" in said(lay(changed, worked(old)).notebook)[0]
    done = lay(changed, worked(old, relu=ANSWER))
    assert (said(done.notebook)[0], done.tasks) == (ANSWER, ["relu"])


def test_own_cells_stay_behind_what_they_stood_behind_and_in_their_order():
    mine = worked(OLD)
    for at, name in ((2, "a"), (3, "b"), (5, "c"), (0, "top")):
        mine["cells"].insert(at, cell("code", f"own_{name}", f"id-{name}"))
    order = said(lay(NEW, mine).notebook)
    assert order[:5] == ["own_top", "# One", "Mended text.", "own_a", "own_b"]
    at = order.index('check("relu", relu)')
    assert order[at - 2].startswith("def relu")
    assert order[at - 1] == "own_c"


def test_prose_that_both_have_changed_is_there_twice_theirs_marked_beside_it():
    mine = worked(OLD)
    mine["cells"][1]["source"] = "Long text. My note!"
    done = lay(NEW, mine)
    order = said(done.notebook)
    at = order.index("Mended text.")
    assert order[at + 1].endswith("Long text. My note!")
    assert "the lesson beside it has changed" in order[at + 1]
    assert done.notebook["cells"][at + 1]["metadata"][KEY] == {"kept": OLD["cells"][1]["id"]}


def test_prose_that_only_they_have_changed_is_theirs():
    mine = worked(OLD)
    mine["cells"][0]["source"] = "# One, for me"
    assert said(lay(NEW, mine).notebook)[:2] == ["# One, for me", "Mended text."]


def test_an_answer_whose_exercise_is_gone_stays_without_marks_and_an_untouched_one_goes():
    mine = worked(OLD, gone="def gone(x):\n    return 7")
    done = lay(NEW, mine).notebook
    (kept,) = [one for one in done["cells"] if "return 7" in words(one)]
    assert "nbgrader" not in kept["metadata"]
    assert 'check("gone", gone)' not in said(done)
    assert not any("gone" in one for one in said(lay(NEW, worked(OLD)).notebook))


def test_a_check_that_was_changed_is_renewed_and_what_was_written_into_it_kept():
    mine = worked(OLD)
    mine["cells"][3]["source"] = 'mine = 5\ncheck("relu", relu)'
    done = lay(NEW, mine).notebook
    assert 'check("relu", relu)' in said(done)
    assert any(one.endswith('mine = 5\ncheck("relu", relu)') for one in said(done))


def test_marks_are_the_chapters_and_other_metadata_theirs():
    mine = worked(OLD, relu=ANSWER)
    mine["cells"][2]["metadata"] |= {"collapsed": True, "vscode": {"languageId": "python"}}
    mine["cells"][3]["metadata"]["nbgrader"] = {"grade_id": "check_relu", "points": 100}
    mine["metadata"]["colab"] = {"provenance": []}
    done = lay(NEW, mine).notebook
    assert done["cells"][2]["metadata"]["collapsed"] is True
    assert done["cells"][3]["metadata"]["nbgrader"]["points"] == 3
    assert done["metadata"]["colab"] == {"provenance": []}


def test_of_a_duplicated_answer_the_last_counts_and_the_other_stays_without_marks():
    mine = worked(OLD, relu=ANSWER)
    mine["cells"].insert(2, {**copy.deepcopy(mine["cells"][2]), "source": "def relu(x):\n    return 1"})
    done = lay(NEW, mine).notebook
    marked = [words(one) for one in done["cells"] if one["metadata"].get("nbgrader", {}).get("grade_id") == "relu"]
    assert marked == [ANSWER]
    assert "def relu(x):\n    return 1" in said(done)
    assert lay(NEW, done).notebook == done


def without_ids(mine: dict[str, Any]) -> None:
    for one in mine["cells"]:
        del one["id"]
    mine["nbformat_minor"] = 4


def as_colab(mine: dict[str, Any]) -> None:
    for one in mine["cells"]:
        one["metadata"] = {**one["metadata"], "id": one.pop("id")}
    mine["nbformat_minor"] = 0


def without_marks(mine: dict[str, Any]) -> None:
    for one in mine["cells"]:
        one["metadata"] = {}


def pasted(mine: dict[str, Any]) -> None:
    without_ids(mine)
    without_marks(mine)


@pytest.mark.parametrize("program", [without_ids, as_colab, without_marks, pasted])
def test_what_another_program_took_away_comes_back_and_the_answer_is_found(program):
    mine = worked(chapter(prose("# One"), *exercise("relu")), relu=ANSWER)
    program(mine)
    now = chapter(prose("# One"), prose("New."), *exercise("relu"))
    done = lay(now, mine).notebook
    assert said(done) == ["# One", "New.", ANSWER, 'check("relu", relu)']
    assert [one["id"] for one in done["cells"]] == [one["id"] for one in now["cells"]]
    nbformat.validate(nbformat.from_dict(done))


def test_an_answer_that_was_split_by_hand_stays_in_order():
    mine = worked(OLD, relu="def relu(x):\n    return helper(x)")
    mine["cells"].insert(2, {**copy.deepcopy(mine["cells"][2]), "id": "split", "source": "def helper(x): return x"})
    order = said(lay(NEW, mine).notebook)
    assert order.index("def helper(x): return x") + 1 == order.index("def relu(x):\n    return helper(x)")


def test_a_copy_of_what_was_handed_out_stays_beside_its_emptied_cell():
    now = chapter(*exercise("relu"))
    mine = copy.deepcopy(now)
    mine["cells"].insert(1, {**copy.deepcopy(mine["cells"][0]), "source": ""})
    once = lay(now, mine).notebook
    assert said(once) == [STUB.format("relu"), "", 'check("relu", relu)']
    assert lay(now, once).notebook == once


def test_a_picture_pasted_into_a_note_stays():
    mine = worked(OLD)
    picture = {"image.png": {"image/png": "aGk="}}
    mine["cells"][1] |= {"source": "Long text ![](attachment:image.png)", "attachments": picture}
    assert any(one.get("attachments") == picture for one in lay(NEW, mine).notebook["cells"])


def test_which_chapter_it_is_is_told_by_names_before_all_else():
    other = chapter(prose("# One"), prose("Long text."), *exercise("linear"))
    mine = worked(OLD, relu=ANSWER)
    assert overlap(mine, NEW) > overlap(mine, other)


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"\xff\xfe", b'{"nbformat": 4}', b'{"nbformat": 5, "cells": []}', b'{"nbformat": 3}'),
        *(b'{"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code"}]}', b"[" * 100_000),
    ],
)
def test_what_is_no_notebook_is_refused(content):
    with pytest.raises(Damaged, match="nothing was changed"):
        loads(content)


def test_a_notebook_of_format_3_is_taken():
    heading = {"cell_type": "heading", "level": 1, "source": ["One"], "metadata": {}}
    code = {"cell_type": "code", "input": [ANSWER], "language": "python", "outputs": [], "metadata": {}}
    sheet = {"cells": [heading, code], "metadata": {}}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [sheet]}
    done = lay(chapter(prose("# One"), *exercise("relu")), loads(json.dumps(old).encode())).notebook
    assert said(done) == ["# One", ANSWER, 'check("relu", relu)']


def test_half_a_surrogate_pair_is_written_and_read_again():
    mine = worked(OLD, relu="'\ud800 é'")
    assert words(loads(to_bytes(mine))["cells"][2]) == "'\ud800 é'"


TEXT = st.text(max_size=30) | st.sampled_from(
    [ANSWER, STUB.format("relu"), "# One", "%%time\nx = 1", 'check("relu", relu)']
)
PIECES = st.sampled_from([prose("# One"), prose("Long text."), prose("Mended text."), prose("More.")])
EXERCISES = st.sampled_from(["relu", "gone", "fresh"]).map(exercise)


@st.composite
def chapters(draw: st.DrawFn) -> dict[str, Any]:
    blocks = draw(st.lists(PIECES.map(lambda one: [one]) | EXERCISES, unique_by=lambda one: one[0]["id"], max_size=6))
    return chapter(*(one for block in blocks for one in block))


@st.composite
def work_on(draw: st.DrawFn, base: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """A learner's copy of ``base`` after some edits, and every text that is theirs."""
    mine = lay(base, base).notebook if draw(st.booleans()) else copy.deepcopy(base)
    texts: list[str] = []
    for number in range(draw(st.integers(0, 8))):
        cells = mine["cells"]
        at = draw(st.integers(0, len(cells)))
        do = draw(st.sampled_from(["insert", "edit", "delete", "double", "move", "unmark", "unname", "split", "kind"]))
        if do == "insert" or at == len(cells):
            cells.insert(at, cell(draw(st.sampled_from(["code", "markdown", "raw"])), draw(TEXT), f"own-{number}"))
        elif do == "edit":
            cells[at]["source"] = draw(TEXT)
        elif do == "delete":
            del cells[at]
        elif do == "double":
            cells.insert(at, copy.deepcopy(cells[at]))
        elif do == "move":
            cells.insert(draw(st.integers(0, len(cells) - 1)), cells.pop(at))
        elif do == "unmark":
            cells[at]["metadata"] = {}
        elif do == "unname":
            cells[at].pop("id", None)
        elif do == "kind":
            cells[at]["cell_type"] = draw(st.sampled_from(["code", "markdown", "raw"]))
        elif do == "split":
            source = cells[at]["source"]
            cut = draw(st.integers(0, len(source)))
            cells.insert(at, {**copy.deepcopy(cells[at]), "source": source[:cut], "id": f"split-{number}"})
            cells[at + 1]["source"] = source[cut:]
    given_out = {one["source"] for one in base["cells"]}
    texts = [one["source"] for one in mine["cells"] if one["source"] not in given_out]
    return mine, texts


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_nothing_that_a_learner_wrote_is_ever_lost_and_twice_is_once(data):
    base, now = data.draw(chapters()), data.draw(chapters())
    mine, texts = data.draw(work_on(base))
    before = copy.deepcopy((now, mine))
    done = lay(now, mine).notebook
    assert (now, mine) == before
    everything = said(done)
    for text in texts:
        assert any(text in one for one in everything), text
    named = [one["metadata"]["nbgrader"]["grade_id"] for one in done["cells"] if "nbgrader" in one["metadata"]]
    assert sorted(named) == sorted(one["id"] for one in now["cells"] if "nbgrader" in one["metadata"])
    ids = [one["id"] for one in done["cells"]]
    assert len(ids) == len(set(ids))
    again = lay(now, done).notebook
    assert to_bytes(again) == to_bytes(done)
    nbformat.validate(nbformat.from_dict(json.loads(to_bytes(done))))
