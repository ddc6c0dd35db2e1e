"""Half an answer: what of it is written, and what is a stub still, absent, or there under another name."""

from __future__ import annotations

import re
from difflib import get_close_matches

from autograder.judging import sentences
from autograder.observing.codec import Raised
from autograder.observing.handed_in import EMPTY, STUB, WRITTEN
from autograder.observing.observe import Run

__all__ = ["half_of", "is_unfinished"]

_NO_FORWARD = re.compile(r'^Module \[\w+\] is missing the required "(forward)" function')
_NO_ATTRIBUTE = re.compile(r"^'(\w+)' object has no attribute '(\w{1,60})'")


def half_of(run: Run) -> str:
    """What is there and what is missing, in a sentence; nothing where nothing is written, or nothing is missing.

    >>> from autograder.observing.handed_in import HandedIn
    >>> crash = Raised("NotImplementedError", "", "raise NotImplementedError()", 9, "forward")
    >>> half_of(Run((crash,), handed_in=HandedIn(("class", "Net"), {"__init__": "written", "forward": "stub"})))
    '__init__ is written. forward is still to be written: it only raises NotImplementedError.'
    """
    functions = run.handed_in.functions
    written = [name for name, state in functions.items() if state == WRITTEN]
    crashes = [one for one in run.seen if isinstance(one, Raised)]
    if not written:
        return ""
    absent = list(dict.fromkeys(filter(None, (_absent(one, run.handed_in.form) for one in crashes))))
    unfinished = [one for one in crashes if is_unfinished(one) and one.number]
    stubs = [name for name, state in functions.items() if state == STUB]
    empty = [name for name, state in functions.items() if state == EMPTY] if absent else []
    parts = [sentences.not_written(stubs)] if stubs else []
    parts += [sentences.empty(empty)] if empty else []
    parts += [sentences.absent(name, get_close_matches(name, functions, n=1, cutoff=0.7)) for name in absent]
    for one in unfinished:
        if one.inside not in stubs and _is_raised_there(one):
            inside = one.inside if one.inside.isidentifier() else ""
            parts.append(sentences.begun(inside, inside in functions, (one.number, one.line)))
            break
    there = [name for name in written if name not in {one.inside for one in unfinished}]
    return " ".join([*([sentences.written(there)] if there and (stubs or absent) else []), *parts]) if parts else ""


def is_unfinished(one: Raised) -> bool:
    """Whether something is still to be written. torch raises the same error for what it cannot do, in a line that is written.

    >>> is_unfinished(Raised("NotImplementedError", "", "raise NotImplementedError()", 9))
    True
    >>> is_unfinished(Raised("NotImplementedError", "not implemented for 'Long'", "out = F.unfold(x.long(), 2)", 9))
    False
    >>> is_unfinished(Raised("NotImplementedError", "not implemented for 'Float8_e5m2'"))
    False
    """
    if one.type != "NotImplementedError" or not one.message:
        return one.type == "NotImplementedError"
    if not one.number:  # nobody's own line: torch says it of what came out, or of a class without a forward
        return bool(_NO_FORWARD.match(one.message))
    return not one.line or _is_raised_there(one)


def _is_raised_there(one: Raised) -> bool:
    """Whether the learner's own line says so."""
    return one.line.startswith("raise") or "NotImplementedError" in one.line


def _absent(one: Raised, form: tuple[object, ...]) -> str:
    """The method that a check looked for in vain."""
    if one.number:
        return ""
    if one.type == "NotImplementedError" and (found := _NO_FORWARD.match(one.message)):
        return found[1]
    if one.type == "AttributeError" and (found := _NO_ATTRIBUTE.match(one.message)) and form[1:] == (found[1],):
        return found[2]
    return ""
