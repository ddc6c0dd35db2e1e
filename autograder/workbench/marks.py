"""What a released notebook says of itself: ids made of what its cells say, and a digest of the whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

__all__ = ["KEY", "content_id", "digest", "is_as_released"]

KEY = "one_cnn"  # in the metadata of a notebook, and of a cell that was kept


def content_id(kind: str, source: str) -> str:
    """The id of a lesson's cell that has no name: what it says, so that a cell which comes in leaves other ids alone.

    >>> content_id("markdown", "# Views")
    '9f3ab33590bf'
    """
    return hashlib.sha256(f"{kind}\n{source}".encode("utf-8", "surrogatepass")).hexdigest()[:12]


def is_as_released(name: str, kind: str, source: str) -> bool:
    """Whether a cell with this id still says what it said when it was handed out; no for cells that have a name.

    >>> is_as_released("9f3ab33590bf-2", "markdown", "# Views"), is_as_released("relu", "code", "def relu(x): ...")
    (True, False)
    """
    return name.partition("-")[0] == content_id(kind, source.replace("\r\n", "\n"))


def digest(cells: Iterable[tuple[str, str]]) -> str:
    """SHA-256 of what cells (type, source) say, in their order: outputs, metadata and empty cells do not count.

    JupyterLab changes metadata on saving and adds an empty cell after the last one that is run; neither is work.
    """
    said = [[kind, source] for kind, source in cells if source.strip()]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
