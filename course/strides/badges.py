"""A layout in short: shape, stride, offset, contiguous or not, overlap, bytes; each with a sign and a reason."""

from __future__ import annotations

from dataclasses import dataclass

from course.strides.explain import why_not_contiguous, why_overlap, zero_strides
from course.strides.scene import Scene, count_read

__all__ = ["Badge", "badges", "elements_words", "storage_words"]


@dataclass(frozen=True)
class Badge:
    """A few words about a tensor; ``warns`` when there is something to look out for, ``why`` in a sentence or two."""

    words: str
    why: str = ""
    warns: bool = False


def badges(scene: Scene, shares: bool | None = None) -> tuple[Badge, ...]:
    """What there is to say of the scene's layout. ``shares`` is whether it shares its storage with the chain's start.

    >>> from course.strides.layout import Layout
    >>> layout = Layout((3, 2), (1, 3))
    >>> scene = Scene("x", layout, "float32", 4, (range(3), range(2)), ("0.",) * 6, range(6), ("0.",) * 6)
    >>> [badge.words for badge in badges(scene, shares=True)]
    ['shape (3, 2)', 'stride (1, 3)', 'offset 0', '✗ not contiguous', '⇄ shares storage', '✓ no overlap', '24 bytes']
    """
    layout = scene.layout
    contiguous = Badge("✓ contiguous", "Row by row, the elements lie in neighbouring slots.")
    if not layout.is_contiguous:
        contiguous = Badge("✗ not contiguous", _sentence(why_not_contiguous(layout)))
    overlap = Badge("✓ no overlap", "No two elements share a slot.")
    if layout.overlaps:
        why = " ".join(_sentence(words) for words in (zero_strides(layout), why_overlap(layout)) if words)
        overlap = Badge("⚠ elements overlap", why, warns=True)
    sharing = {
        None: (),
        True: (
            Badge("⇄ shares storage", "It reads the memory that the chain began with: writing to one shows in both."),
        ),
        False: (
            Badge("❐ own storage", "A step copied: writing to it leaves the tensor that the chain began with alone."),
        ),
    }[shares]
    size = Badge(
        _count(layout.numel * scene.itemsize, "byte"),
        f"{_count(layout.numel, 'element')} of {scene.dtype}, {_count(scene.itemsize, 'byte')} each.",
    )
    return (
        Badge(f"shape {layout.size}", "How many places every dimension has."),
        Badge(f"stride {layout.stride}", "By how many slots one step along every dimension moves."),
        Badge(f"offset {layout.offset}", "The slot of the first element."),
        contiguous,
        *sharing,
        overlap,
        size,
    )


def elements_words(scene: Scene) -> str:
    """How many elements there are, and which of them are in sight."""
    words = _count(scene.layout.numel, "element")
    if scene.all_elements:
        return words
    return f"{words} · shown here: [{', '.join(f'{part.start}:{part.stop}' for part in scene.window)}]"


def storage_words(scene: Scene, several: bool = False) -> str:
    """What the storage is: how many slots, of what, how many are read and which are in sight.

    Where ``several`` tensors read it, how many one of them reads is left out.
    """
    layout = scene.layout
    words = [
        _count(layout.storage_size, "slot"),
        scene.dtype,
        _count(layout.storage_size * scene.itemsize, "byte"),
    ]
    read = None if several else count_read(layout)
    if layout.storage_size and read is not None:
        words.append(
            "every slot is read" if read == layout.storage_size else f"{read:,} read, the others struck through"
        )
    if not scene.all_slots:
        words.append(f"shown here: slots {scene.slots.start:,} to {scene.slots.stop - 1:,}")
    return " · ".join(words)


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'s' * (number != 1)}"


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:].rstrip('.')}."
