"""What a class can release and grade by name: the course's chapters, and every other assignment that its folder of sources holds."""

from __future__ import annotations

from pathlib import Path

from course.chapters import CHAPTERS, find_chapter

__all__ = ["is_chapter", "name_of", "notebooks_of", "own_assignments"]


def is_chapter(name: str) -> bool:
    """Whether ``name`` is one of the course's own assignments.

    >>> is_chapter("03_cnn_with_modules"), is_chapter("ps1")
    (True, False)
    """
    return any(one.slug == name for one in CHAPTERS)


def notebooks_of(source: Path, name: str) -> tuple[str, ...]:
    """The notebooks of the assignment ``name`` in the folder ``source``, without their endings, in order."""
    return tuple(sorted(path.stem for path in (source / name).glob("*.ipynb") if path.is_file()))


def own_assignments(source: Path) -> tuple[str, ...]:
    """The assignments in the folder ``source`` that are no chapters: folders with a notebook in them, in order."""
    folders = sorted(one.name for one in source.iterdir() if one.is_dir()) if source.is_dir() else []
    return tuple(name for name in folders if not is_chapter(name) and notebooks_of(source, name))


def name_of(word: str, root: Path) -> str:
    """The assignment that ``word`` means in the class at ``root``: a chapter's slug, topic or number, or a name of its own.

    Raises ``ValueError`` that lists what there is.
    """
    try:
        return find_chapter(word).slug
    except ValueError as error:
        said = str(error)
    from autograder.grading.records.classroom import open_classroom  # takes seconds, and a chapter does without

    try:
        room, _ = open_classroom(root)
    except FileNotFoundError:
        raise ValueError(said) from None
    own = own_assignments(room.source)
    if word in own:
        return word
    there = f"of its own it has {', '.join(own)}" if own else f"{room.source.name} holds no other assignment"
    raise ValueError(f"{said}; {there}")
