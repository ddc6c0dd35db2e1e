"""A notebook's JSON without what nobody grades: stored outputs, attached pictures, the notebook's own metadata.

It reads a stranger's bytes: of any bytes there are bytes, in one pass, with no more memory than what is kept. A streaming
parser would hold a picture as a whole, and takes no ``NaN``, which Jupyter writes; nothing that is left behind is parsed here.
"""

from __future__ import annotations

import re

__all__ = ["TooManySigns", "without_outputs"]

_MOST_SIGNS = 8_000_000  # strings and brackets: ten seconds' worth; 40 MB of printed lines have two million
_SIGN = re.compile(rb'("(?:[^"\\]++|\\.)*+")(\s*+:\s*+)?+|[][{}]|"', re.DOTALL)
_OPEN, _CLOSE = b"[{", b"]}"
_CLOSES = {ord("]"): ord("["), ord("}"): ord("{")}

# What is left behind, by the brackets that are open where it stands: format 4, and formats 2 and 3 with their sheets.
_LEFT = {
    b"{": {b'"metadata"'},
    b"{[{": {b'"outputs"', b'"attachments"'},
    b"{[{[{": {b'"outputs"'},
}
_DEEPEST = max(map(len, _LEFT))
_LONGEST_KEY = max(len(key) for keys in _LEFT.values() for key in keys)


class TooManySigns(ValueError):
    """More strings and brackets than are looked at."""


def without_outputs(content: bytes) -> bytes:
    """``content`` with an empty list or object in the place of each that is left behind; what is no JSON stays none.

    Line breaks stay, so that every line has the number that it has in the file. Raises `TooManySigns` for more than are looked at.

    >>> without_outputs(b'{"cells": [{"source": "x", "outputs": [{"data": "[["}]}], "metadata": {"a": {}}}')
    b'{"cells": [{"source": "x", "outputs": []}], "metadata": {}}'
    """
    kept: list[memoryview | bytes] = []
    whole = memoryview(content)
    open_now = bytearray()
    start, left, due = 0, 0, -1  # from where bytes are kept, or left; how deep that is; where its bracket has to stand
    for number, found in enumerate(_SIGN.finditer(content)):
        if number >= _MOST_SIGNS:
            raise TooManySigns
        at = found.start()
        sign = content[at]
        if sign in _OPEN:
            open_now.append(sign)
            if at == due:
                kept.append(whole[start : at + 1])
                start, left = at + 1, len(open_now)
        elif sign in _CLOSE:
            if not open_now or open_now[-1] != _CLOSES[sign]:
                break  # no JSON: whoever parses it says so
            if len(open_now) == left:
                kept.append(b"\n" * content.count(b"\n", start, at))
                start, left = at, 0
            open_now.pop()
        elif found.end(1) < 0:
            break  # a string without an end
        elif not left and found.end(2) > 0 and found.end(1) - at <= _LONGEST_KEY and len(open_now) <= _DEEPEST:
            due = found.end() if found[1] in _LEFT.get(bytes(open_now), ()) else due
    if not kept:
        return content
    if not left:
        kept.append(whole[start:])
    return b"".join(kept)
