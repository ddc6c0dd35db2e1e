"""A newer chapter laid under somebody's work, cell by cell; a pure function of two notebooks.

A lesson's cell that has no name has an id made of what it says. So each carries the text that was handed out with it, and
three sides are known without a third file: what it was, what the learner made of it, what it is now. Answers and checks
have names; what was handed out under these is noted in the notebook (``given``) when it is laid.
"""

from __future__ import annotations

import copy
import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from autograder.learner.names import bound_by, python_of
from autograder.workbench.marks import KEY, content_id, digest, is_as_released
from autograder.workbench.notebook import Cell, Notebook, named, words

__all__ = ["Laid", "given_by", "lay", "overlap"]

GIVEN = "given"
KEPT = "kept"
_NOTE = "Kept from your notebook: the lesson beside it has changed."
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_MADE = re.compile(r"[0-9a-f]{12}(-\d+)?")  # an id that `content_id` makes
_OWN = "own-"  # how the ids begin that a learner's cells get here
_OURS = ("nbgrader", "editable", "deletable")  # what a chapter's cell says of itself


@dataclass
class Laid:
    """The notebook that came out, and by name: exercises whose task has changed under an answer, cells kept, cells new."""

    notebook: Notebook
    tasks: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    new: int = 0


def given_by(chapter: Notebook) -> dict[str, str]:
    """What was handed out under a name, as digests: the cells of ``chapter`` whose ids do not say it themselves."""
    return {
        cell["id"]: content_id(cell["cell_type"], words(cell))
        for cell in chapter["cells"]
        if not is_as_released(cell["id"], cell["cell_type"], words(cell))
    }


def overlap(learners: Notebook, chapter: Notebook) -> tuple[int, int]:
    """How many cells of ``chapter`` are in ``learners``: those with a name, and all."""
    ours = {cell["id"] for cell in chapter["cells"]}
    found = {name for cell in learners["cells"] for name in (*named(cell), _said(cell)) if name in ours}
    return len(found & given_by(chapter).keys()), len(found)


def lay(chapter: Notebook, learners: Notebook) -> Laid:
    """Lay ``chapter`` under ``learners``, which stays as it is; what comes out shares nothing with either.

    Answers, own cells and outputs stay, also where their exercise is gone. Prose and checks become the chapter's; where
    the learner had changed them, too, theirs is kept in a marked cell beside it. Laid twice it is laid once.
    """
    chapter, learners = copy.deepcopy(chapter), copy.deepcopy(learners)
    given = _given(learners)
    ours = {cell["id"]: cell for cell in chapter["cells"]}
    places = _matched(ours, learners["cells"])
    done = Laid(learners)
    after: dict[str | None, list[Cell]] = defaultdict(list)
    merged: dict[str, Cell] = {}
    partners = _partners(list(ours), learners["cells"], places)
    anchor: str | None = None
    for place, cell in enumerate(learners["cells"]):
        if (name := places.get(place)) is not None:
            anchor = name
            merged[name], theirs = _renewed(ours[name], cell, given, done)
            if theirs is not None:
                after[name].append(theirs)
            continue
        anchor = partners.get(place, anchor)
        if (own := _own(cell, given, ours, done)) is not None:
            after[anchor].append(own)
    cells = [(False, own) for own in after[None]]
    for name, cell in ours.items():
        done.new += name not in merged
        cells += [(True, merged.get(name, cell)), *((False, own) for own in after[name])]
    _one_id_each(cells, set(ours))
    learners["cells"] = [_shaped(cell) for _, cell in cells]
    minor = learners.get("nbformat_minor")
    learners["nbformat"], learners["nbformat_minor"] = 4, max(5, minor) if isinstance(minor, int) else 5
    metadata = learners.setdefault("metadata", {})
    for key, value in chapter["metadata"].items():
        metadata.setdefault(key, value)
    metadata[KEY] = {**chapter["metadata"].get(KEY, {}), GIVEN: given_by(chapter)}
    return done


def _said(cell: Cell) -> str:
    return content_id(cell["cell_type"], words(cell).replace("\r\n", "\n"))


def _given(learners: Notebook) -> dict[str, str]:
    """What is known of what was handed out: noted when it was laid, or the notebook itself where nobody has touched it."""
    stamp = learners.get("metadata", {}).get(KEY)
    stamp = stamp if isinstance(stamp, dict) else {}
    # An own cell may say what was handed out: a copy of an answer that was emptied, say.
    if stamp.get("release") == digest((cell["cell_type"], words(cell)) for cell in learners["cells"]):
        there = [cell for cell in learners["cells"] if words(cell).strip()]
        return {name: _said(cell) for cell in there for name in named(cell) if not name.startswith(_OWN)}
    noted = stamp.get(GIVEN)
    return dict(noted) if isinstance(noted, dict) else {}


def _matched(ours: Mapping[str, Cell], theirs: list[Cell]) -> dict[int, str]:
    """Which cell of the chapter stands at which place: by the surest name, else by what it says, else by what it binds.

    Of several with one name the last counts, as nbgrader has it.
    """
    names = [named(cell) for cell in theirs]
    at: dict[str, int] = {}
    for rank in range(3):
        claimed = dict(at)
        for place, known in enumerate(names):
            name = known[rank] if rank < len(known) else ""
            if name in ours and name not in claimed and place not in claimed.values():
                at[name] = place
    saying: dict[str, list[str]] = defaultdict(list)
    for name, cell in ours.items():
        if name not in at:
            saying[_said(cell)].append(name)
    for place, cell in enumerate(theirs):
        if place not in at.values() and saying[_said(cell)]:
            at[saying[_said(cell)].pop(0)] = place
    for name, cell in ours.items():
        if name not in at and _is_answer(cell) and cell["cell_type"] == "code":
            wanted = bound_by(python_of(words(cell)))
            free = [place for place, one in enumerate(theirs) if place not in at.values() and not _is_noted(one)]
            code = [place for place in free if theirs[place]["cell_type"] == "code"]
            found = [place for place in code if wanted & bound_by(python_of(words(theirs[place])))]
            if len(found) == 1:
                at[name] = found[0]
    return {place: name for name, place in at.items()}


def _partners(order: list[str], theirs: list[Cell], places: Mapping[int, str]) -> dict[int, str]:
    """The new cell that stands where one of the older chapter stood: between the same neighbours, in the same order."""
    taken = set(places.values())
    found: dict[int, str] = {}
    follows = -1
    for place, cell in enumerate(theirs):
        if place in places:
            follows = order.index(places[place])
        elif not _is_noted(cell) and _is_lessons(cell):
            after = order[follows + 1 :]
            gap = after[: next((at for at, name in enumerate(after) if name in taken), len(after))]
            if (name := next((name for name in gap if name not in found.values()), None)) is not None:
                found[place] = name
    return found


def _is_lessons(cell: Cell) -> bool:
    """Whether a cell came with a chapter: marked by nbgrader, or with an id as `content_id` makes them."""
    return "nbgrader" in cell.get("metadata", {}) or any(_MADE.fullmatch(name) for name in named(cell))


def _is_noted(cell: Cell) -> bool:
    return KEY in cell.get("metadata", {})


def _is_answer(cell: Cell) -> bool:
    marks = cell.get("metadata", {}).get("nbgrader")
    return isinstance(marks, dict) and bool(marks.get("solution"))


def _renewed(ours: Cell, cell: Cell, given: Mapping[str, str], done: Laid) -> tuple[Cell, Cell | None]:
    """The chapter's cell with what the learner made of it, and what is kept beside it where both have changed it."""
    name, same = ours["id"], words(ours) == words(cell) and ours["cell_type"] == cell["cell_type"]
    untouched = _said(cell) in (given.get(name), _said(ours)) or is_as_released(name, cell["cell_type"], words(cell))
    named_here = not is_as_released(name, ours["cell_type"], words(ours))
    theirs = not same and not untouched and (_is_answer(ours) or not named_here)
    whole = {key: value for key, value in cell.items() if key not in ("cell_type", "id")}
    whole |= {"cell_type": ours["cell_type"], "id": name}
    metadata = {key: value for key, value in cell.get("metadata", {}).items() if key not in _OURS}
    whole["metadata"] = metadata | ours["metadata"]
    if theirs:
        if not named_here:
            whole["cell_type"] = cell["cell_type"]  # prose of the chapter's that did not change: all of it is theirs
        elif given.get(name, _said(ours)) != _said(ours):
            done.tasks.append(name)
    elif not same:
        whole["source"] = ours["source"]
        whole.pop("attachments", None)
        whole |= {key: ours[key] for key in ("outputs", "execution_count", "attachments") if key in ours}
    return whole, None if same or untouched or theirs else _beside(cell, name, done)


def _own(cell: Cell, given: Mapping[str, str], ours: Mapping[str, Cell], done: Laid) -> Cell | None:
    """A cell that the chapter does not have: None where it is the older chapter's and nobody has touched it."""
    names = named(cell)
    kind, source = cell["cell_type"], words(cell)
    if any(is_as_released(name, kind, source) for name in names if name not in ours):
        return None
    if any(given.get(name) == _said(cell) for name in names if name not in ours):
        return None
    if "nbgrader" not in cell.get("metadata", {}):
        edited = not _is_noted(cell) and next(
            (name for name in names if name not in ours and _MADE.fullmatch(name)), ""
        )
        return _beside(cell, edited, done) if edited and source.strip() else cell
    if (
        names and names[0] in ours
    ):  # a copy of a cell that is there; marked twice, nbgrader would take one of them at random
        cell["metadata"] = {key: value for key, value in cell["metadata"].items() if key not in _OURS}
        return cell
    return _beside(cell, names[0] if names else "", done)


def _beside(cell: Cell, name: str, done: Laid) -> Cell:
    """The learner's cell as one of their own, marked in words and in its metadata."""
    done.kept.append(name)
    source = words(cell)
    note = {"code": f"# {_NOTE}\n", "markdown": f"*{_NOTE}*\n\n"}.get(cell["cell_type"], "")
    metadata = {key: value for key, value in cell.get("metadata", {}).items() if key not in (*_OURS, "id")}
    kept = {**cell, "metadata": {**metadata, KEY: {KEPT: name}}}
    if not source.startswith("%%"):  # a cell magic is the first line, or none
        kept["source"] = note + source
    kept["id"] = f"kept-{hashlib.sha256(source.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
    return kept


def _shaped(cell: Cell) -> Cell:
    """The cell with outputs where its type has them: by hand and by programs types are changed without."""
    if cell["cell_type"] == "code":
        return {"outputs": [], "execution_count": None, "metadata": {}} | cell
    return {"metadata": {}} | {key: value for key, value in cell.items() if key not in ("outputs", "execution_count")}


def _one_id_each(cells: list[tuple[bool, Cell]], ours: set[str]) -> None:
    """Every cell has an id of its own: the chapter's cells theirs, the rest the one they have where it is free."""
    taken = set(ours)
    for number, (chapters, cell) in enumerate(cells, 1):
        name = cell.get("id")
        if not chapters and (not isinstance(name, str) or not _ID.fullmatch(name) or name in taken):
            name = f"{_OWN}{number}-{_said(cell)}"
            while name in taken:
                name += "x"
            cell["id"] = name
        taken.add(cell["id"])
