"""A file that is called a notebook and is something else: what it is, by how it begins, and what to do.

It looks at a stranger's first bytes, and of any bytes there are words or none.
"""

from __future__ import annotations

import re

__all__ = ["other_kind"]

_BEGINS = (
    (b"PK\x03\x04", "a zip archive. Unpack it, and hand in the notebook that is in it"),
    (b"\x1f\x8b", "a compressed file. Unpack it, and hand in the notebook that is in it"),
    (b"%PDF", "a PDF. Hand in the .ipynb file that it was made from"),
    (b"\x89PNG", "a picture. Hand in the .ipynb file itself"),
    (b"version https://git-lfs", "a pointer of Git LFS to a file elsewhere. Hand in the file itself"),
)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_UTF_32 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|\?xml|!--)", re.IGNORECASE)
_SIGN_IN = re.compile(rb"type\s*=\s*[\"']?password|sign[ -]?in|log[ -]?in", re.IGNORECASE)
_PYTHON = re.compile(rb"\s*(?:#|import |from |def |class |\"\"\")")
_LOOKED_AT = 1 << 16  # bytes


def other_kind(content: bytes) -> str:
    """In words, what ``content`` is instead of a notebook; nothing where its beginning does not say.

    >>> other_kind(b"PK\\x03\\x04...")
    'this is not a notebook but a zip archive. Unpack it, and hand in the notebook that is in it.'
    >>> other_kind(b"{}")
    ''
    """
    first = content[:_LOOKED_AT]
    if not first.strip():
        return "this is not a notebook: the file is empty. Save the notebook, and hand it in again."
    for begins, what in _BEGINS:
        if first.startswith(begins):
            return f"this is not a notebook but {what}."
    if _PAGE.match(first):
        signs_in = ", perhaps a sign-in page," if _SIGN_IN.search(first) else ""
        return f"this is not a notebook but a web page{signs_in} that was saved in its place. Download the notebook itself."
    if first.startswith(_UTF_16) or _is_wide(first):
        kind = "UTF-32" if first.startswith(_UTF_32) else "UTF-16"
        return (
            f"this file is written in {kind}, and a notebook is UTF-8. Open it in an editor and save it as UTF-8, or "
            "download it from JupyterLab again."
        )
    if not first.strip(b"\0"):
        return "this is not a notebook: the file holds nothing but zeros. Save the notebook, and hand it in again."
    if _PYTHON.match(first):
        return "this is not a notebook but a Python file. Hand in the .ipynb file."
    return ""


def _is_wide(first: bytes) -> bool:
    """Whether every second byte of the beginning is zero, as of plain letters in UTF-16 without its mark."""
    start = first[: min(len(first) // 2 * 2, 64)]
    return len(start) >= 4 and any(not any(start[one::2]) and all(start[1 - one :: 2]) for one in (0, 1))
