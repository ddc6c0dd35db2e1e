"""The chapters of the course, in the order in which a learner meets them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CHAPTERS", "Chapter", "find_chapter"]


@dataclass(frozen=True)
class Chapter:
    """One chapter: its place in the course, its file name, the topic its exercises belong to, its title."""

    number: int
    name: str
    topic: str
    title: str

    @property
    def slug(self) -> str:
        """The name of the lesson, the nbgrader assignment and the notebook.

        >>> find_chapter("modules").slug
        '03_cnn_with_modules'
        """
        return f"{self.number:02d}_{self.name}"


CHAPTERS = (
    Chapter(1, "storage_and_strides", "storage", "Storage and strides"),
    Chapter(2, "views_and_copies", "views", "Views and copies"),
    Chapter(3, "cnn_with_modules", "modules", "The CNN with modules"),
    Chapter(4, "the_same_cnn_with_functional", "functional", "The same CNN with functions"),
    Chapter(5, "convolution_by_hand", "convolution", "Convolution by hand"),
    Chapter(10, "capstone", "capstone", "Capstone: three builds of one network"),
)


def find_chapter(word: str) -> Chapter:
    """The chapter that ``word`` names: its slug, its topic or its number.

    Raises ``ValueError`` listing the chapters when there is no such chapter.

    >>> find_chapter("04").topic
    'functional'
    """
    for chapter in CHAPTERS:
        if word in (chapter.slug, chapter.topic, str(chapter.number), f"{chapter.number:02d}"):
            return chapter
    known = ", ".join(chapter.slug for chapter in CHAPTERS)
    raise ValueError(f"there is no chapter {word!r}; the chapters are {known}")
