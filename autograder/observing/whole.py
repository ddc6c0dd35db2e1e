"""Floats where whole numbers are asked for: sizes, strides, offsets and slots."""

from __future__ import annotations

from typing import Any

__all__ = ["whole"]


def whole(value: Any) -> Any:
    """``value`` with every float in it as a word: 6.0 is not 6, and who reads it sees why.

    >>> whole((6.0, 2)), whole([True, (0.5,)])
    (('6.0 (a float)', 2), [True, ('0.5 (a float)',)])
    """
    match value:
        case float():
            return f"{float.__repr__(value)} (a float)"
        case list():
            return [whole(item) for item in value]
        case tuple():
            return tuple(whole(item) for item in value)
    return value
