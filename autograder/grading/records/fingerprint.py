"""Two hashes that tell whether just this is recorded: of the executed notebook, and, quicker, of all that it is made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from nbformat.notebooknode import NotebookNode

from autograder.grading.submissions.prepare import Prepared
from autograder.grading.submissions.verdicts import Result

__all__ = ["fingerprint", "made_of"]


def fingerprint(ready: Prepared, done: NotebookNode, note: str) -> str:
    """The hash of all that is recorded: the executed notebook, the files beside it, when it was handed in, what is said."""
    whole = hashlib.sha256(json.dumps(done, sort_keys=True).encode())
    for name, digest in sorted(_files(ready).items()):
        whole.update(f"\n{name}\n{digest}".encode())
    whole.update(f"\n{ready.timestamp}\n{note}".encode("utf-8", "replace"))
    return whole.hexdigest()


def made_of(basis: Mapping[str, Any], ready: Prepared, result: Result, seen: str) -> str:
    """The hash of all that the executed notebook is made of, and of what goes with it.

    ``basis`` is what scores rest on, ``seen`` the mark of what was seen of the submission; "" where that has none: then
    nobody knows what the notebook is made of.
    """
    if not seen:
        return ""
    judged = {name: (one.state.value, asdict(one.verdict)) for name, one in result.exercises.items()}
    told = [ready.note, result.note, ready.timestamp, basis["code"], basis["versions"]]
    whole = json.dumps([seen, ready.notebook, _files(ready), judged, told], sort_keys=True)
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def _files(ready: Prepared) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in ready.files.items()}
