"""Text from anywhere as a page and a table can hold it: what cannot be seen is made visible."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["plain"]

# Control characters; halves of surrogate pairs, which stand for bytes of a folder's name that are no UTF-8; marks that
# turn the direction of what follows; and what XML cannot hold.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def plain(text: str) -> str:
    r"""``text`` with a visible sign for each character that is none.

    >>> plain("ada\nlovelace"), plain("ada\udcff"), plain("  ")
    ('ada␊lovelace', 'ada�', '␣␣')
    """
    shown = _UNSEEN.sub(lambda found: _sign(ord(found[0])), text)
    return shown if any(map(_is_seen, shown)) else "␣" * len(shown)


def _is_seen(character: str) -> bool:
    """Whether there is ink: blanks have none, nor have signs that only join, part or direct others."""
    return not character.isspace() and unicodedata.category(character) != "Cf"


def _sign(code: int) -> str:
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"
