"""The try before: what is kept of it, and what a panel says of it. Only what is sure: the same came out, or an aspect turned."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from autograder.judging import sentences
from autograder.judging.judgement import Judgement
from autograder.judging.reference import PUBLIC
from autograder.judging.verdict import Status
from autograder.observing.codec import Listed, Raised, to_bytes
from autograder.observing.exercise import Exercise
from autograder.observing.observe import Run

__all__ = ["Before", "before_of", "digest_of", "with_before"]

Told = TypeVar("Told", bound=Judgement)


@dataclass(frozen=True)
class Before:
    """A try as it is remembered.

    ``seen`` tells what came out in every case from everything else that might have, with the cases it was tried on; empty
    where nobody can say.
    """

    status: str
    aspects: Mapping[str, bool] = field(default_factory=dict)
    misconception: str = ""
    right: int | None = None  # entries of an answer to a question
    seen: str = ""

    def as_json(self) -> dict[str, Any]:
        """For the file of the exercise."""
        return asdict(self)

    @classmethod
    def of_json(cls, one: Any) -> Before | None:
        """What `as_json` gave; ``None`` where it is anything else."""
        try:
            aspects = {str(name): bool(holds) for name, holds in one["aspects"].items()}
            right = None if one["right"] is None else int(one["right"])
            return cls(str(one["status"]), aspects, str(one["misconception"]), right, str(one["seen"]))
        except (TypeError, KeyError, ValueError, AttributeError):
            return None


def before_of(verdict: Judgement, seen: str) -> Before | None:
    """What the next try is to know of this one; nothing of one that was not begun or was stopped."""
    if verdict.status in (Status.NOT_ATTEMPTED, Status.INTERRUPTED):
        return None
    right = sum(one.state == "right" for one in verdict.entries) if verdict.entries else None
    aspects = {one.name: one.holds for one in verdict.aspects}
    return Before(str(verdict.status), aspects, verdict.misconception, right, seen)


def with_before(verdict: Told, now: Before | None, before: Before | None) -> Told:
    """``verdict`` with what the try ``before`` has to do with it. A solved one after a solved one is not spoken of."""
    if now is None or before is None or before.status == Status.SOLVED:
        return verdict
    said = _said(now, before)
    again = bool(now.misconception) and now.misconception == before.misconception
    note = verdict.note.replace(sentences.NEXT, sentences.NEXT_HINT)
    return replace(verdict, before=said, again=again, note=note)


def _said(now: Before, before: Before) -> str:
    if now.seen and now.seen == before.seen:
        return sentences.nothing_new()
    both = [name for name in now.aspects if name in before.aspects]
    if now.right is not None and before.right is not None:
        return sentences.entries_since(now.right, before.right)
    return sentences.since(
        [name for name in both if now.aspects[name] and not before.aspects[name]],
        [name for name in both if not now.aspects[name] and not before.aspects[name]],
        [name for name in both if before.aspects[name] and not now.aspects[name]],
    )


def digest_of(exercise: Exercise, run: Run) -> str:
    """Tells what was seen in every case from anything else; ``""`` where it cannot be written down.

    The line in which an answer raised does not count: moving it changes nothing of what comes out.
    """
    try:
        seen = to_bytes({"seen": _without_places(run.seen), "used": tuple(run.used)})
    except Exception:  # what an answer gives back may be anything
        return ""
    return hashlib.sha256(_reference(PUBLIC / f"{exercise.topic}.safetensors") + seen).hexdigest()


def _without_places(value: Any) -> Any:
    match value:
        case Raised():
            return Raised(value.type, value.message, left_alone=value.left_alone)
        case Mapping():
            return {key: _without_places(one) for key, one in value.items()}
        case Listed():
            return Listed(_without_places(one) for one in value)
        case Sequence() if isinstance(value, tuple):
            return tuple(_without_places(one) for one in value)
    return value


def _reference(path: Path) -> bytes:
    """Tells the cases of a topic from those of another version of the course."""
    try:
        return _sum(path, path.stat().st_mtime_ns)
    except OSError:
        return b""


@lru_cache(maxsize=16)
def _sum(path: Path, modified: int) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()
