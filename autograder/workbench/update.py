"""A newer chapter laid under a learner's notebook, as files: found by its marks, copied before it is written, or left alone."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from autograder.files import write_whole
from autograder.workbench.marks import KEY, digest
from autograder.workbench.merge import lay, overlap
from autograder.workbench.notebook import Damaged, Notebook, loads, read, to_bytes, words

__all__ = ["EARLIER", "START", "Updated", "chapters_in", "holds_work", "keep_copy", "release_of", "update"]

EARLIER = "earlier"  # the folder beside a notebook that takes what it was; nobody takes a file in it for the notebook
START = "00_start_here"


@dataclass(frozen=True)
class Updated:
    """What became of the notebook at ``path``: ``copy`` is what it was, None where nothing had to change.

    ``tasks`` are answered exercises whose task is another now, ``kept`` is how many cells were kept beside renewed ones.
    """

    path: Path
    chapter: str
    copy: Path | None = None
    new: int = 0
    kept: int = 0
    tasks: tuple[str, ...] = ()

    def text(self) -> str:
        """One line for people.

        >>> print(Updated(Path("a.ipynb"), "04_x", Path("earlier/a-1.ipynb"), new=1, tasks=("relu",)).text())
        a.ipynb: now as 04_x is; new cells: 1; look again at: relu; as it was: earlier/a-1.ipynb
        """
        if self.copy is None:
            return f"{self.path}: nothing new in {self.chapter}"
        said = [f"{self.path}: now as {self.chapter} is"]
        said += [f"new cells: {self.new}"] if self.new else []
        said += [f"cells of yours kept beside changed ones: {self.kept}"] if self.kept else []
        said += [f"look again at: {', '.join(self.tasks)}"] if self.tasks else []
        return "; ".join([*said, f"as it was: {self.copy}"])


def update(path: Path, released: Path) -> Updated:
    """Lay the newer chapter, one of those in the folder ``released``, under the work in the notebook at ``path``.

    Which chapter it is, its cells say, whatever the file is called. Where something changes, the notebook as it was is
    kept in ``earlier/`` beside it. Raises ``ValueError`` where it cannot be read or told, ``OSError`` where it cannot be
    written; then it is as it was.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():  # to read a pipe would wait for ever
        raise ValueError(f"{path}: it is no file; nothing was changed")
    content = path.read_bytes()
    try:
        learners = loads(content)
    except Damaged as error:
        raise Damaged(f"{path}: {error}") from None
    slug, chapter = _chapter(path, learners, chapters_in(released))
    try:
        done = lay(chapter, learners)
        if done.notebook == learners:
            return Updated(path, slug)
        whole = to_bytes(done.notebook)
    except RecursionError:
        raise Damaged(f"{path}: it is nested too deeply; nothing was changed") from None
    if path.read_bytes() != content:
        raise ValueError(f"{path} was saved while it was read; run the command again")
    copy = keep_copy(path, content)
    write_whole(path, whole)
    return Updated(path, slug, copy, done.new, len(done.kept), tuple(done.tasks))


def chapters_in(released: Path) -> dict[str, Path]:
    """The released notebooks below a folder, by chapter. Raises ``ValueError`` where there are none."""
    found = {path.stem: path for path in sorted(released.glob("*/*.ipynb")) if path.stem == path.parent.name}
    if (start := released / f"{START}.ipynb").is_file():
        found = {START: start} | found
    if not found:
        raise ValueError(f"there are no released notebooks in {released}; name their folder with --released")
    return found


def keep_copy(path: Path, content: bytes) -> Path:
    """Write ``content`` beside ``path`` under today's date, never over another file; return where."""
    stem = f"{path.stem}-{datetime.datetime.now():%Y-%m-%d-%H%M%S}"
    folder = path.parent / EARLIER
    folder.mkdir(parents=True, exist_ok=True)
    for more in range(1, 1000):
        copy = folder / (f"{stem}.ipynb" if more == 1 else f"{stem}-{more}.ipynb")
        try:
            copy.open("xb").close()  # the name is ours from here on
        except FileExistsError:
            continue
        try:
            write_whole(copy, content)
        except BaseException:
            copy.unlink(missing_ok=True)  # an empty file would look like what the notebook was
            raise
        return copy
    raise FileExistsError(f"{folder} holds a thousand copies of this second")


def release_of(notebook: Notebook) -> str | None:
    """Which release a notebook says it is of."""
    stamp = notebook.get("metadata", {}).get(KEY)
    release = stamp.get("release") if isinstance(stamp, dict) else None
    return release if isinstance(release, str) else None


def holds_work(notebook: Notebook) -> bool:
    """Whether the cells say anything but what they said when the notebook was released."""
    return release_of(notebook) != digest((cell["cell_type"], words(cell)) for cell in notebook["cells"])


def _chapter(path: Path, learners: Notebook, chapters: dict[str, Path]) -> tuple[str, Notebook]:
    """The chapter that has most cells in common with the learner's notebook, those with names first."""
    read_in = {slug: read(one) for slug, one in chapters.items()}
    shared = {slug: overlap(learners, one) for slug, one in read_in.items()}
    most = max(shared.values())
    best = [slug for slug, found in shared.items() if found == most]
    if most == (0, 0):
        raise ValueError(f"{path}: no cell of it is of a chapter in {', '.join(chapters)}; nothing was changed")
    if len(best) > 1:
        raise ValueError(f"{path}: it could be {' or '.join(best)}; nothing was changed")
    return best[0], read_in[best[0]]
