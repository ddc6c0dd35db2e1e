"""What a cell shows, in the form that messages have: the controller takes no other, and a frontend would show no other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jupyter_client.jsonutil import json_default

__all__ = ["as_message"]

_LONGEST_INT = 4300  # digits: what Python itself reads, where a notebook has not allowed itself more


def as_message(words: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """``words`` after the round trip that a kernel's messages make, and how many characters they were at first.

    What is shown may be anything: ``display("x", display_id=5)``, a ``_repr_mimebundle_`` with a number in it. A form that is
    no text is left out, as a page leaves it out; metadata that is none, too. Raises ``TypeError`` or ``ValueError`` for what
    is no JSON.

    >>> as_message({"type": "display", "data": {"text/plain": "x", "text/html": 3}, "metadata": None, "id": 5})[0]
    {'type': 'display', 'data': {'text/plain': 'x'}, 'metadata': {}, 'id': '5'}
    """
    text = json.dumps(words, default=json_default, allow_nan=False)
    said = json.loads(text, parse_int=_whole_number)
    if "data" in said:
        said["data"] = {mime: value for mime, value in said["data"].items() if mime.endswith("json") or _is_text(value)}
        said["metadata"] = said["metadata"] if isinstance(said["metadata"], dict) else {}
    if said.get("id") is not None:
        said["id"] = str(said["id"])
    if "traceback" in said:  # an exception may draw its own
        said["traceback"] = [str(line) for line in said["traceback"]]
    return said, len(text)


def _whole_number(digits: str) -> int:
    if len(digits) > _LONGEST_INT:
        raise ValueError(f"a number of {len(digits)} digits; {_LONGEST_INT} are the most that is shown")
    return int(digits)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(line, str) for line in value))
