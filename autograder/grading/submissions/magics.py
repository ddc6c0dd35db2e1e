"""A cell's source as plain Python: IPython's prompts, magics and shell lines taken out, in one pass over the text.

IPython's own reading begins anew at the top of the cell for each magic in it: 400 of them in a cell of 100 KB take minutes,
and what it reads is a stranger's text. A magic's own text counts for nothing here.
"""

from __future__ import annotations

import re

from autograder.learner.names import python_of

__all__ = ["without_magics", "without_prompts"]

_EMPTY = re.compile(r"(?:[ \t]*+\n)*+")
_INDENT = re.compile(r"[ \t]*+")
_PROMPTS = (
    re.compile(r"^(?:>>>|\.\.\.)(?: |$)", re.MULTILINE),
    re.compile(r"^(?:In \[\d++\]: ?| *+\.{3,}+: ?)", re.MULTILINE),
)
_LINE = r"(?:[^\\\n]|\\.)*+"  # the rest of a line, and of those that a backslash adds to it
_TEXT = "|".join(rf"{quote * 3}(?:[^{quote}\\]|\\.|{quote}(?!{quote * 2}))*+(?:{quote * 3}|\Z)" for quote in "\"'")
_WORD = "|".join(rf"{quote}(?:[^{quote}\\\n]|\\.)*+{quote}?" for quote in "\"'")
_PIECES = re.compile(
    rf"{_TEXT}|{_WORD}|\#[^\n]*+|\\."
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])"
    r"|(?P<line>^(?P<indent>[ \t]*+)(?:[%!?,;/]|[\w.*]++\?{1,2}+[ \t]*+$))"
    r"|(?P<value>=[ \t]*+[%!])",
    re.DOTALL | re.MULTILINE,
)
_REST = re.compile(_LINE, re.DOTALL)


def without_magics(source: str) -> str:
    """``source`` with ``pass`` in the place of each magic line, and ``None`` in that of each magic's value.

    >>> without_magics("%matplotlib inline\\nfiles = !ls\\nsum?\\nx = 7 % 2  # %x")
    'pass\\nfiles = None\\npass\\nx = 7 % 2  # %x'
    """
    text = without_prompts(source)
    if text.startswith("%%"):
        text = python_of(text)
    found: list[str] = []
    written = place = depth = 0
    while piece := _PIECES.search(text, place):
        kind, place = piece.lastgroup, piece.end()
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth = max(0, depth - 1)
        elif kind is not None and depth == 0:
            found += text[written : piece.start()], f"{piece['indent']}pass" if kind == "line" else "= None"
            written = place = _end(text, place)
    return "".join([*found, text[written:]])


def without_prompts(source: str) -> str:
    """``source`` as if it began at the left margin, without the prompts that were pasted along."""
    text = source[_first(_EMPTY, source) :]
    indent = text[: _first(_INDENT, text)]
    if indent:
        text = re.sub(f"^{indent}", "", text, flags=re.MULTILINE)
    for prompt in _PROMPTS:
        if prompt.match(text):
            text = prompt.sub("", text)
    return text


def _first(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.match(text)
    return 0 if found is None else found.end()


def _end(text: str, place: int) -> int:
    rest = _REST.match(text, place)
    return place if rest is None else rest.end()
