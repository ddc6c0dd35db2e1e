"""The chapters of the course, in the order in which a learner meets them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CHAPTERS", "Chapter", "find_chapter"]


@dataclass(frozen=True)
class Chapter:
    """One chapter: its place in the course, its file name, the topic its exercises belong to, its title, what it teaches."""

    number: int
    name: str
    topic: str
    title: str
    teaches: str

    @property
    def slug(self) -> str:
        """The name of the lesson, the nbgrader assignment and the notebook.

        >>> find_chapter("modules").slug
        '03_cnn_with_modules'
        """
        return f"{self.number:02d}_{self.name}"

    @property
    def label(self) -> str:
        """Number and title, as lists and links show it.

        >>> find_chapter("modules").label
        '03 The CNN with modules'
        """
        return f"{self.number:02d} {self.title}"


CHAPTERS = (
    Chapter(
        1,
        "storage_and_strides",
        "storage",
        "Storage and strides",
        "a tensor read by hand from one block of memory: slots, strides, offset",
    ),
    Chapter(
        2,
        "views_and_copies",
        "views",
        "Views and copies",
        "the strides of every view, and when there is none",
    ),
    Chapter(
        3,
        "cnn_with_modules",
        "modules",
        "The CNN with modules",
        "TinyCNN as a class and as a sequence; what a module owns",
    ),
    Chapter(
        4,
        "the_same_cnn_with_functional",
        "functional",
        "The same CNN with functions",
        "the same network from four tensors and a few functions, and the proof",
    ),
    Chapter(
        5,
        "convolution_by_hand",
        "convolution",
        "Convolution by hand",
        "a convolution as windows over strides and one product, put into the network",
    ),
    Chapter(
        6,
        "what_a_module_registers",
        "registration",
        "What a module registers",
        "layers that nobody can tell from torch's, and the part of a module that keeps them",
    ),
    Chapter(
        7,
        "train_and_eval",
        "modes",
        "Train and eval",
        "dropout and batch norm as functions and as modules; a look inside that leaves no trace",
    ),
    Chapter(
        8,
        "training_both_ways",
        "training",
        "Training both ways",
        "both builds trained on real digits, to the same losses; nine broken loops diagnosed",
    ),
    Chapter(
        9,
        "where_functional_shines",
        "shining",
        "Where functions shine",
        "any module on tensors from elsewhere: attention, filters for each image, tied weights",
    ),
    Chapter(
        10,
        "capstone",
        "capstone",
        "Capstone: three builds of one network",
        "three builds that agree, an ensemble in one pass, a gradient for each sample; when to take which",
    ),
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
