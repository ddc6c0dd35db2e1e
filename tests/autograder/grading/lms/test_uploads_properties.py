"""A stranger's files: of any of them there is an upload, whose files lie below the learner's folder and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path, PurePosixPath

import nbformat
import pytest
from grading_class import CHAPTER
from hypothesis import given, settings
from hypothesis import strategies as st
from strangers import torn

from autograder.grading.lms.archive import Archive, Member
from autograder.grading.lms.uploads import are_packers_times, pick, uploads_of
from autograder.grading.submissions.repair import Source, source_of

ROOT = Path(__file__).parents[4]
FILE = f"{CHAPTER}.ipynb"
RIGHT = (ROOT / "notebooks" / CHAPTER / FILE).read_bytes()
OTHER = (ROOT / "notebooks" / "03_cnn_with_modules" / "03_cnn_with_modules.ipynb").read_bytes()
START = datetime(2026, 3, 1, tzinfo=UTC)

PATHS = st.sampled_from(
    [
        *(f"ada_104_2001_{FILE}", "ada_LATE_104_2002_a.ipynb", "ada_104_text.html", "ada_104_2003_data.csv"),
        *(
            f"Ada_311_assignsubmission_file/{FILE}",
            "Ada_311_assignsubmission_file/x/y.ipynb",
            "Ada_311_assignsubmission_file/x/d",
        ),
        *(f"ada/{CHAPTER}/{FILE}", f"ada/{CHAPTER}/timestamp.txt", f"ada/{CHAPTER}/x/timestamp.txt", "ada/a.ipynb"),
        *(f"ada+{CHAPTER}+2026-03-01 12:00:00 UTC/{FILE}", f"ada+{CHAPTER}+2026-03-02 12:00:00 UTC/a.ipynb"),
        *("ö" * 200 + ".ipynb", "x/" + "a" * 300, "zoe_1_2_" + "b" * 300 + ".ipynb"),
    ]
)
CONTENTS = (
    st.sampled_from([RIGHT, OTHER, b"", b"{}", b"2026-03-01 12:00:00 +0200"]) | st.binary(max_size=30) | torn(RIGHT)
)


@cache
def source() -> Source:
    return source_of(nbformat.read(ROOT / "solutions" / CHAPTER / FILE, as_version=4))


def member(path: str, content: bytes, hours: int | None) -> Member:
    when = None if hours is None else START + timedelta(hours=hours)
    return Member(tuple(path.split("/")), len(content), when, lambda: content)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(PATHS, CONTENTS, st.none() | st.integers(0, 3)), max_size=6), st.booleans())
def test_any_files_are_uploads_with_files_below_the_learners_folder(
    files: list[tuple[str, bytes, int | None]], times: bool
) -> None:
    archive = Archive([member(*one) for one in files])
    uploads, others = uploads_of(archive.members, CHAPTER, frozenset(), lambda words: (-1, ""))
    assert sum(len(one.files) for one in uploads) + len(others) == len(files)
    given_contents = {content for _, content, _ in files}
    for upload in uploads:
        picked = pick(upload, archive, CHAPTER, source(), times)
        assert picked.notebook is None or picked.notebook in given_contents
        for name, content in (picked.files | picked.others).items():
            path = PurePosixPath(name)
            assert (
                not path.is_absolute() and ".." not in path.parts and all(len(one.encode()) < 200 for one in path.parts)
            )
            assert content in given_contents and name not in (FILE, "timestamp.txt")


def test_what_carries_the_chapters_marks_is_taken_before_what_does_not() -> None:
    for name in ("a.ipynb", FILE):
        files = [
            (f"ada/{CHAPTER}/{name}", OTHER, 1),
            (f"ada/{CHAPTER}/z.ipynb", RIGHT, 0),
            (f"ada/{CHAPTER}/b.ipynb", b"{", 2),
        ]
        archive = Archive([member(*one) for one in files])
        (upload,), _ = uploads_of(archive.members, CHAPTER, frozenset(), lambda words: (-1, ""))
        assert pick(upload, archive, CHAPTER, source(), True).notebook == RIGHT


@pytest.mark.parametrize(
    ("hours", "saved", "packed"),
    [
        ([0.0, 0.001, 0.002], 300, True),  # three, one after the other
        ([0.0, 0.001], 0, True),  # just now
        ([0.0, 0.001], 300, False),  # two, long before the archive was saved
        ([0.5, 0.0, 0.2], 0, False),  # not in order
        ([0.0, 5.0, 9.0], 9, False),  # nobody packs for nine hours
        ([], 0, False),
    ],
)
def test_times_of_packing_follow_each_other(hours: list[float], saved: int, packed: bool) -> None:
    members = [Member(("a",), 0, START + timedelta(hours=one), lambda: b"") for one in hours]
    assert are_packers_times(members, START + timedelta(hours=saved)) is packed
