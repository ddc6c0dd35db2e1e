"""A stranger's path: of any there is an answer, and of the right ones the right answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lms import EVERYBODY, ZOE, canvas, moodle
from strangers import grows_evenly, steps

from autograder.grading.lms.names import Named, System, named
from autograder.grading.lms.rows import bare, either_way
from autograder.grading.submissions.times import parse_time

WORDS = st.text(st.characters(blacklist_categories=("Cs",)), max_size=12) | st.sampled_from(
    ["_", "LATE", "104", "+", "assignsubmission", "file", "2026-03-01 12:00:00 UTC", "anon", "text.html", ".zip", "04"]
)


@given(st.lists(st.lists(WORDS, max_size=8).map("".join).filter(bool), min_size=1, max_size=4).map(tuple))
def test_any_path_has_an_answer(parts: tuple[str, ...]) -> None:
    found = named(parts, "04", ("03",))
    assert isinstance(found, Named)
    assert found.rest and found.key
    assert found.system is not System.CANVAS or found.id


@given(
    st.text(max_size=40)
    | st.sampled_from(["2026-13-01 12:00:00", "9999-12-31 23:59:59 -2359", "2026-03-01 12:00:00 +9999"])
)
def test_any_text_is_a_time_or_none(text: str) -> None:
    found = parse_time(text)
    assert found is None or found.utcoffset() is not None


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("name", [False, True])
@pytest.mark.parametrize("file", ["04.ipynb", "a_1_2_b.ipynb", "LATE_1_2.ipynb", 'ü, "x" 🐙.ipynb', "text.html"])
def test_canvas_names_say_who_which_and_whether_late(late: bool, name: bool, file: str) -> None:
    for one in EVERYBODY:
        found = named((canvas(one, file, late, name=name),), "04")
        assert (found.system, found.id, found.file, found.late) == (System.CANVAS, str(one.user), one.upload, late)
        assert found.rest == (file.replace('"', "_"),)
        assert not name or bare(found.name) in either_way(one.sortable)


def test_canvas_older_and_anonymous_forms() -> None:
    old = named(("lovelaceada_late_104_2001_04-1.ipynb",), "04")
    assert (old.name, old.late, old.id, old.rest) == ("lovelaceada", True, "104", ("04-1.ipynb",))
    nobody = named(("LATE_anon_AbC12_2001_04.ipynb",), "04")
    assert (nobody.name, nobody.late, nobody.id, nobody.file) == ("", True, "anon_AbC12", 2001)
    typed = named(("lovelaceada_104_text.html",), "04")
    assert (typed.id, typed.typed, typed.file) == ("104", True, 0)


@pytest.mark.parametrize("form", ["new", "old", "flat"])
def test_moodle_names_say_who_and_what(form: str) -> None:
    for one in EVERYBODY:
        found = named(tuple(moodle(one, "my_1_2_work.ipynb", form).split("/")), "04")
        assert (found.system, found.id, found.rest) == (System.MOODLE, str(one.participant), ("my_1_2_work.ipynb",))
        assert found.folder.endswith({"new": "_file", "old": "_file_", "flat": "_file"}[form])
    assert bare(named(tuple(moodle(ZOE).split("/")), "04").name) in either_way(ZOE.full)
    assert named(("again", *moodle(ZOE, "a/b.ipynb").split("/")), "04").rest == ("a", "b.ipynb")


def test_ilias_folders_and_plain_paths() -> None:
    found = named(("Sheet 4", "Lovelace_Ada_al01_77", "04.ipynb"), "04")
    assert (found.system, found.id, found.name) == (System.ILIAS, "al01", "Lovelace, Ada")
    unpacked = named(("downloaded", "04", "extracted", "a.zip", "lovelaceada_104_2001_x.ipynb"), "04")
    assert (unpacked.system, unpacked.id) == (System.CANVAS, "104"), "zip_collect's own folders are no learners"
    plain = named(("class", "ada", "hw.ipynb"), "04")
    assert (plain.system, plain.candidates) == (System.PLAIN, ("class", "ada", "hw"))


def test_long_paths_take_steps_in_proportion() -> None:
    assert grows_evenly(lambda many: steps(lambda: named(("1_" * many,) * 3, "04")), 90)
    assert grows_evenly(lambda many: steps(lambda: named(("1_",) * many, "04")), 90)
