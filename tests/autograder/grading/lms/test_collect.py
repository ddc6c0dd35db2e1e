"""What Canvas, Moodle and nbgrader hand out lies where it is graded: the right notebook, the right learner, nobody guessed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from grading_class import CHAPTER, submitted
from lms import (
    ADA,
    EARLY,
    EVERYBODY,
    FORMULA,
    LATE,
    TWIN,
    ZOE,
    canvas,
    canvas_table,
    enrol,
    moodle,
    moodle_table,
    notebooks,
    zipped,
)

from autograder.__main__ import main
from autograder.grading.lms.collect import Collected, collect
from autograder.learner.handin import SUMS, handin

FILE = f"{CHAPTER}.ipynb"
DAY = datetime(2026, 3, 2, 8, 0, 0)


def whats(found: Collected) -> dict[str, str]:
    return {one.learner or one.key: one.what for one in found.lines}


def kept(course: Path, learner: str) -> dict[str, object]:
    path = course / "classroom" / "collected" / CHAPTER / learner / "upload.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


@pytest.fixture
def work(course: Path) -> dict[str, bytes]:
    made = notebooks(course)
    enrol(course)
    return made


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    path = tmp_path / "canvas.csv"
    path.write_bytes(canvas_table())
    return path


def test_canvas_zip_is_collected_by_its_numbers_names_or_not(
    course: Path, tmp_path: Path, work: dict[str, bytes], roster: Path
) -> None:
    path = zipped(
        tmp_path / "submissions.zip",
        [
            (canvas(ADA), work["all"], EARLY),
            (canvas(TWIN, late=True), work["part"], LATE),
            (canvas(ZOE, "homework 4 (final).ipynb"), work["none"], EARLY),
            (canvas(FORMULA, name=False), work["all"], EARLY),
        ],
    )
    found = collect("04", path, course, roster)
    assert whats(found) == dict.fromkeys(["ada", "ada2", "zoe", "f=x"], "collected")
    assert submitted(course, "ada").read_bytes() == work["all"]
    assert submitted(course, "ada2").read_bytes() == work["part"]
    assert submitted(course, "zoe").read_bytes() == work["none"]
    assert kept(course, "ada2")["late"] is True and kept(course, "ada")["late"] is False
    assert kept(course, "zoe")["original"] == canvas(ZOE, "homework 4 (final).ipynb")
    assert (kept(course, "zoe")["id"], kept(course, "zoe")["file"]) == ("106", 2003)
    assert sorted(one.name for one in submitted(course, "zoe").parent.iterdir()) == [FILE, "timestamp.txt"]


@pytest.mark.parametrize("form", ["new", "old", "flat"])
@pytest.mark.parametrize("blind", [False, True])
def test_moodle_zip_is_collected_in_its_old_and_new_forms_and_blind(
    course: Path, tmp_path: Path, work: dict[str, bytes], form: str, blind: bool
) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_bytes(moodle_table())
    path = zipped(
        tmp_path / "c-a-77.zip",
        [
            (moodle(one, "my work.ipynb", form, blind), work["all"] + b"\n" * number, EARLY)
            for number, one in enumerate(EVERYBODY)
        ],
    )
    found = collect("04", path, course, sheet)
    # Two of one name: the sheet has no id that the gradebook knows, so neither is guessed.
    assert whats(found) == {"311": "not matched", "312": "not matched", "zoe": "collected", "f=x": "collected"}
    assert all("learners have this name" in one.says for one in found.problems)
    again = collect("04", path, course, sheet, {"311": "ada", "312": "ada2"})
    assert whats(again) == {"ada": "collected", "ada2": "collected", "zoe": "unchanged", "f=x": "unchanged"}
    assert submitted(course, "ada2").read_bytes() == work["all"] + b"\n"
    assert whats(collect("04", path, course, sheet)) == dict.fromkeys(["ada", "ada2", "zoe", "f=x"], "unchanged")


def test_without_a_table_a_name_that_one_learner_has_is_enough_and_two_are_listed(
    course: Path, tmp_path: Path, work: dict[str, bytes]
) -> None:
    path = zipped(tmp_path / "a.zip", [(canvas(one), work["all"], EARLY) for one in (ADA, ZOE, FORMULA)])
    found = collect("04", path, course)
    assert whats(found) == {"104": "not matched", "zoe": "collected", "f=x": "collected"}
    assert found.problems[0].says == "2 learners have this name: ada (Lovelace, Ada), ada2 (Lovelace, Ada)"
    assert not submitted(course, "ada").exists()


def test_who_is_not_matched_is_listed_with_the_likeliest_and_written_nowhere(
    course: Path, tmp_path: Path, work: dict[str, bytes]
) -> None:
    name = canvas(ZOE).replace("müllerølgårdjrzoë", "mullerolgardzoe")
    found = collect("04", zipped(tmp_path / "a.zip", [(name, work["all"], EARLY)]), course)
    assert [one.what for one in found.lines] == ["not matched"]
    assert "likeliest zoe (Müller" in found.lines[0].says
    assert "--match KEY=LEARNER" in found.text()
    assert not (course / "classroom" / "submitted").exists() or not any((course / "classroom" / "submitted").iterdir())


def test_the_table_decides_and_a_number_it_does_not_have_is_nobodys(
    course: Path, tmp_path: Path, work: dict[str, bytes]
) -> None:
    roster = tmp_path / "canvas.csv"
    roster.write_bytes(canvas_table([ADA, TWIN]))
    found = collect("04", zipped(tmp_path / "a.zip", [(canvas(ZOE), work["all"], EARLY)]), course, roster)
    assert found.lines[0].says.startswith("the table has no row with the number 106; likeliest zoe")


def test_a_class_whose_gradebook_lists_nobody_is_the_tables(course: Path, tmp_path: Path, roster: Path) -> None:
    work = notebooks(course)
    found = collect("04", zipped(tmp_path / "a.zip", [(canvas(ADA), work["all"], EARLY)]), course, roster)
    assert whats(found) == {"ada": "collected"}, "by its SIS Login ID"


def test_of_several_notebooks_the_newest_that_carries_the_chapters_marks_is_taken_and_the_others_are_kept(
    course: Path, tmp_path: Path, work: dict[str, bytes], roster: Path
) -> None:
    other = (course / "solutions" / "03_cnn_with_modules" / "03_cnn_with_modules.ipynb").read_bytes()
    path = zipped(
        tmp_path / "a.zip",
        [
            (canvas(ADA, "hw-1.ipynb", upload=2010), work["all"], EARLY),
            (canvas(ADA, "hw.ipynb", upload=2009), work["part"], LATE),
            (canvas(ADA, FILE, upload=2011), other, LATE),
            (canvas(ADA, "data.txt", upload=2012), b"numbers", LATE),
        ],
    )
    found = collect("04", path, course, roster)
    assert whats(found) == {"ada": "collected"}
    assert "taken: " in found.lines[0].says and "2 other notebooks kept beside" in found.lines[0].says
    folder = submitted(course, "ada").parent
    assert submitted(course, "ada").read_bytes() == work["all"]
    assert (folder / "data.txt").read_bytes() == b"numbers"
    earlier = course / "classroom" / "collected" / CHAPTER / "ada" / "earlier"
    assert {one.read_bytes() for one in earlier.iterdir()} == {work["part"], other}


def test_in_moodle_the_newest_is_told_by_its_time_else_by_its_name_else_not_at_all(
    course: Path, tmp_path: Path, work: dict[str, bytes]
) -> None:
    def of(name: str, *files: tuple[str, bytes, datetime]) -> bytes | None:
        shutil.rmtree(course / "classroom" / "submitted", ignore_errors=True)
        shutil.rmtree(course / "classroom" / "collected", ignore_errors=True)
        path = zipped(tmp_path / f"{name}.zip", [(moodle(ZOE, one), content, when) for one, content, when in files])
        collect("04", path, course)
        return submitted(course, "zoe").read_bytes() if submitted(course, "zoe").exists() else None

    assert of("times", ("b.ipynb", work["all"], LATE), ("a.ipynb", work["part"], EARLY)) == work["all"]
    now = datetime.now()
    assert of("name", ("a.ipynb", work["part"], now), (FILE, work["all"], now)) == work["all"]
    assert of("neither", ("a.ipynb", work["part"], now), ("b.ipynb", work["all"], now)) is None
    folder = submitted(course, "zoe").parent
    assert sorted(one.name for one in folder.iterdir()) == ["a.ipynb", "b.ipynb"], "grade says which two"


def test_handed_in_again_takes_the_place_of_what_was_collected_and_the_older_one_is_kept(
    course: Path, tmp_path: Path, work: dict[str, bytes], roster: Path
) -> None:
    first = zipped(tmp_path / "1.zip", [(canvas(ADA), work["part"], EARLY), (canvas(ZOE), work["none"], EARLY)])
    second = zipped(
        tmp_path / "2.zip",
        [
            (canvas(ADA, f"{CHAPTER}-1.ipynb", late=True, upload=2050), work["all"], LATE),
            (canvas(ZOE), work["none"], EARLY),
        ],
    )
    assert whats(collect("04", first, course, roster)) == {"ada": "collected", "zoe": "collected"}
    before = submitted(course, "zoe").stat().st_mtime_ns
    assert whats(collect("04", second, course, roster)) == {"ada": "updated", "zoe": "unchanged"}
    assert submitted(course, "ada").read_bytes() == work["all"]
    assert submitted(course, "zoe").stat().st_mtime_ns == before
    earlier = course / "classroom" / "collected" / CHAPTER / "ada" / "earlier"
    assert [one.read_bytes() for one in earlier.iterdir()] == [work["part"]]
    assert whats(collect("04", first, course, roster))["ada"] == "older"
    assert submitted(course, "ada").read_bytes() == work["all"]
    assert whats(collect("04", second, course, roster)) == {"ada": "unchanged", "zoe": "unchanged"}


def test_what_somebody_changed_or_put_there_is_left_alone(
    course: Path, tmp_path: Path, work: dict[str, bytes], roster: Path
) -> None:
    path = zipped(tmp_path / "1.zip", [(canvas(ADA), work["part"], EARLY), (canvas(ZOE), work["none"], EARLY)])
    submitted(course, "zoe").parent.mkdir(parents=True)
    submitted(course, "zoe").write_bytes(work["all"])
    found = collect("04", path, course, roster)
    assert whats(found) == {"ada": "collected", "zoe": "left alone"}
    assert "was handed in another way" in found.problems[0].says
    assert submitted(course, "zoe").read_bytes() == work["all"]
    submitted(course, "ada").write_bytes(work["all"])
    assert "was changed by hand since" in collect("04", path, course, roster).problems[0].says
    assert submitted(course, "ada").read_bytes() == work["all"]
    os.truncate(submitted(course, "ada"), 1 << 40)  # a file may say that it is larger than any memory
    assert "was changed by hand since" in collect("04", path, course, roster).problems[0].says


def test_the_time_is_the_zips_unless_it_may_be_that_of_packing(
    course: Path, tmp_path: Path, work: dict[str, bytes], roster: Path
) -> None:
    stamp = submitted(course, "ada").parent / "timestamp.txt"
    real = zipped(tmp_path / "1.zip", [(canvas(ADA), work["all"], EARLY), (canvas(ZOE), work["all"], LATE)])
    assert "of handing in" in collect("04", real, course, roster).times
    assert stamp.read_text() == EARLY.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC\n")
    now = datetime.now()
    packed = zipped(tmp_path / "2.zip", [(canvas(ADA, upload=2050, late=True), work["part"], now)])
    found = collect("04", packed, course, roster)
    assert "packed it" in found.times
    assert found.lines[0].says == "the system says it was late, and not when"
    assert not stamp.exists()
    collect("04", packed, course, roster, times=True)
    assert stamp.exists()


def test_folders_of_nbgraders_exchange_collect_and_plain_files_are_read(
    course: Path, tmp_path: Path, work: dict[str, bytes]
) -> None:
    inbound = tmp_path / "inbound"
    for folder, content in (
        (f"zoe+{CHAPTER}+2026-03-01 12:00:00 UTC+abc", work["part"]),
        (f"zoe+{CHAPTER}+2026-03-02 12:00:00 +0200+def", work["all"]),
        ("ada+03_cnn_with_modules+2026-03-02 12:00:00 UTC", work["none"]),
    ):
        (inbound / folder).mkdir(parents=True)
        (inbound / folder / FILE).write_bytes(content)
    found = collect("04", inbound, course)
    assert (whats(found), len(found.others)) == ({"zoe": "collected"}, 1)
    assert submitted(course, "zoe").read_bytes() == work["all"]
    assert (submitted(course, "zoe").parent / "timestamp.txt").read_text() == "2026-03-02 10:00:00 UTC\n"
    tree = tmp_path / "tree"
    for name, text in ((FILE, work["all"]), ("timestamp.txt", b"2026-03-02 12:00:00 +0200"), ("sub/data.txt", b"x")):
        (tree / "ada2" / CHAPTER / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / "ada2" / CHAPTER / name).write_bytes(text)
    assert whats(collect("04", tree, course)) == {"ada2": "collected"}
    folder = submitted(course, "ada2").parent
    assert (folder / "timestamp.txt").read_text() == "2026-03-02 10:00:00 UTC\n"
    assert (folder / "sub" / "data.txt").read_bytes() == b"x"
    plain = tmp_path / "plain"
    (plain / "f=x").mkdir(parents=True)
    (plain / "f=x" / "whatever.ipynb").write_bytes(work["part"])
    (plain / "ada.ipynb").write_bytes(work["none"])
    (plain / "nobody at all.ipynb").write_bytes(work["none"])
    assert whats(collect("04", plain, course)) == {
        "ada": "collected",
        "f=x": "collected",
        "nobody at all": "not matched",
    }


def test_a_zip_in_the_zip_is_opened_and_what_is_no_notebook_is_handed_in_as_it_is(
    course: Path, tmp_path: Path, work: dict[str, bytes], roster: Path
) -> None:
    inner = zipped(tmp_path / "inner.zip", [("hw/mine.ipynb", work["all"], EARLY), ("hw/data.txt", b"1", EARLY)])
    path = zipped(
        tmp_path / "a.zip",
        [
            (canvas(ADA, "hw.zip"), inner.read_bytes(), EARLY),
            (canvas(ZOE, "essay.pdf"), b"%PDF", LATE),
            (canvas(TWIN, "broken.zip"), b"PK\x03\x04nonsense", LATE),
            (canvas(FORMULA, "text.html").replace("_2004_text", "_text"), b"<p>hello</p>", LATE),
        ],
    )
    found = collect("04", path, course, roster)
    assert submitted(course, "ada").read_bytes() == work["all"]
    assert (submitted(course, "ada").parent / "data.txt").read_bytes() == b"1"
    assert (submitted(course, "zoe").parent / "essay.pdf").exists() and not submitted(course, "zoe").exists()
    assert "broken one" in next(iter(found.refused.values()))
    assert "text was typed into the system" in next(one.says for one in found.lines if one.learner == "f=x")


def test_no_link_on_the_way_to_a_learners_folder_is_followed(
    course: Path, tmp_path: Path, work: dict[str, bytes], roster: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    submitted(course, "ada").parent.parent.parent.mkdir(parents=True, exist_ok=True)
    submitted(course, "ada").parent.parent.symlink_to(elsewhere)
    submitted(course, "zoe").parent.mkdir(parents=True)
    (submitted(course, "zoe").parent / "work").symlink_to(elsewhere)
    inner = zipped(tmp_path / "i.zip", [("a.ipynb", work["all"], EARLY), ("work/data.txt", b"1", EARLY)]).read_bytes()
    path = zipped(tmp_path / "a.zip", [(canvas(ADA), work["all"], EARLY), (canvas(ZOE, "hw.zip"), inner, LATE)])
    found = collect("04", path, course, roster)
    assert whats(found) == {"ada": "left alone", "zoe": "left alone"}
    assert list(elsewhere.iterdir()) == []


def test_another_chapters_notebook_is_handed_in_and_said(
    course: Path, tmp_path: Path, work: dict[str, bytes], roster: Path
) -> None:
    other = (course / "solutions" / "03_cnn_with_modules" / "03_cnn_with_modules.ipynb").read_bytes()
    found = collect("04", zipped(tmp_path / "a.zip", [(canvas(ADA), other, EARLY)]), course, roster)
    assert found.lines[0].says == "no cell of this chapter was found in it; grade says what it is"
    assert submitted(course, "ada").read_bytes() == other


def test_the_command_says_what_became_of_each_and_ends_in_1_where_somebody_is_missing(
    course: Path,
    tmp_path: Path,
    work: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(course)
    path = zipped(tmp_path / "a.zip", [(canvas(ADA), work["all"], EARLY), (canvas(ZOE), work["all"], LATE)])
    assert main(["collect", "04", str(path)]) == 1
    assert "1 not matched, 1 collected" in capsys.readouterr().out
    assert main(["collect", "04", str(path), "--match", "104=ada"]) == 0
    assert main(["collect", "04", str(path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out.partition("\n{")[2].join(["{", ""]))
    assert {one["what"] for one in said["uploads"]} == {"unchanged"}
    assert main(["collect", "04", str(tmp_path / "none.zip")]) == 1
    assert "there is no " in capsys.readouterr().err
    other = zipped(tmp_path / "b.zip", [(canvas(FORMULA).replace("sum", "total"), work["all"], EARLY)])
    assert main(["collect", "04", str(other), "--match", "107=f=x"]) == 0
    assert submitted(course, "f=x").exists()
    assert main(["collect", "04", str(path), "--match", "999=ada"]) == 1
    said = capsys.readouterr().out
    assert "2 unchanged, 1 not matched" in said  # what became of the others is said, too
    assert "not matched: 999, --match 999=ada: no upload has this key" in said


def test_who_was_named_by_hand_is_remembered_before_anything_is_graded(
    course: Path, tmp_path: Path, work: dict[str, bytes]
) -> None:
    """Listed in the gradebook or not, and whatever id the table has for them."""
    sheet = tmp_path / "sheet.csv"
    sheet.write_bytes(moodle_table([ADA]))
    path = zipped(tmp_path / "m.zip", [(moodle(ADA), work["all"], EARLY)])
    for name in ("guest", "ada3"):
        assert whats(collect("04", path, course, sheet, {"311": name})) == {name: "collected"}
        assert whats(collect("04", path, course, sheet)) == {name: "unchanged"}
    assert whats(collect("04", path, course)) == {"ada3": "unchanged"}


def test_without_a_list_who_was_named_by_hand_is_not_collected_twice(course: Path, tmp_path: Path) -> None:
    sheet, content = tmp_path / "sheet.csv", notebooks(course)["all"]
    sheet.write_bytes(moodle_table([ADA]))
    path = zipped(tmp_path / "m.zip", [(moodle(ADA), content, EARLY)])
    assert whats(collect("04", path, course, sheet, {"311": "guest"})) == {"guest": "collected"}
    assert whats(collect("04", path, course, sheet)) == {"guest": "unchanged"}
    assert not submitted(course, "ada@example.org").exists()


def test_a_run_that_is_killed_at_any_file_is_made_whole_by_the_next(
    course: Path, tmp_path: Path, work: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def handed(name: str, notebook: str, data: bytes) -> Path:
        files = [
            (moodle(ADA), work[notebook], DAY),
            (moodle(ADA, "a.csv"), data, DAY),
            (moodle(ADA, "z.csv"), data, DAY),
        ]
        return zipped(tmp_path / name, files)

    class Killed(BaseException):
        pass

    first, second = handed("1.zip", "part", b"1"), handed("2.zip", "all", b"2")
    real, folder = os.replace, submitted(course, "ada").parent
    for path in (first, second):
        for writes in range(8):
            left = [writes]

            def replace(source: Path, target: Path, left: list[int] = left) -> None:
                left[0] -= 1
                if left[0] < 0:
                    unfinished = Path(source)  # a killed process cleans nothing up
                    unfinished.with_name(f".{unfinished.name}").write_bytes(unfinished.read_bytes())
                    raise Killed
                real(source, target)

            with monkeypatch.context() as patch:
                patch.setattr(os, "replace", replace)
                with contextlib.suppress(Killed):
                    collect("04", path, course, None, {"311": "ada"})
        (line,) = collect("04", path, course, None, {"311": "ada"}).lines
        assert line.what == "unchanged"
        assert sorted(one.name for one in folder.iterdir()) == [FILE, "a.csv", "z.csv"]
    assert submitted(course, "ada").read_bytes() == work["all"] and (folder / "a.csv").read_bytes() == b"2"
    (folder / "a.csv").write_bytes(b"by hand")
    (line,) = collect("04", second, course, None, {"311": "ada"}).lines
    assert line.what == "left alone"


def test_work_that_was_collected_as_somebody_elses_is_said(
    course: Path, tmp_path: Path, work: dict[str, bytes]
) -> None:
    path = zipped(tmp_path / "m.zip", [(moodle(ADA), work["all"], EARLY)])
    collect("04", path, course, None, {"311": "zoe"})
    (line,) = collect("04", path, course, None, {"311": "ada"}).lines
    assert (
        line.what == "collected"
        and f"was collected as zoe's before; if it is not theirs, move zoe/{CHAPTER}" in line.says
    )


def test_a_worksheet_without_any_id_says_what_to_do(course: Path, tmp_path: Path) -> None:
    """A site may hide addresses, and blind marking names."""
    content = notebooks(course)["all"]
    path = zipped(tmp_path / "m.zip", [(moodle(ADA), content, EARLY)])
    sheet = tmp_path / "sheet.csv"
    sheet.write_bytes(moodle_table([ADA]).replace(b"ada@example.org", b""))
    (line,) = collect("04", path, course, sheet).lines
    assert "the table has no id of Ada Lovelace" in line.says and "nbgrader db student import" in line.says
    sheet.write_text("Identifier,Status,Grade,Maximum grade\nParticipant 311,Submitted for grading,,22.00\n")
    (line,) = collect("04", path, course, sheet).lines
    assert "the table has no id of number 311" in line.says and "--match" in line.says


@pytest.mark.parametrize("ending", [".ipynb.txt", ".ipynb.json"])
def test_a_notebook_with_a_browsers_ending_is_one(
    course: Path, tmp_path: Path, work: dict[str, bytes], ending: str
) -> None:
    path = zipped(tmp_path / "m.zip", [(moodle(ZOE, f"{CHAPTER}{ending}"), work["part"], EARLY)])
    assert whats(collect("04", path, course)) == {"zoe": "collected"}
    assert submitted(course, "zoe").read_bytes() == work["part"]


def packed_by(course: Path, tmp_path: Path, learner: str, content: bytes, changed: bytes = b"") -> bytes:
    """What `python -m autograder handin` makes of a learner's notebook; ``changed`` takes the notebook's place afterwards."""
    place = tmp_path / learner / FILE
    place.parent.mkdir()
    place.write_bytes(content)
    made = handin(place).path
    if changed:
        with zipfile.ZipFile(made) as old:
            sums = old.read(SUMS)
        zipped(made, [(FILE, changed, EARLY), (SUMS, sums, EARLY)])
    return made.read_bytes()


@pytest.mark.parametrize("system", ["canvas", "moodle", "plain"])
def test_what_a_learner_packed_to_hand_in_is_taken_as_it_is(
    course: Path, tmp_path: Path, work: dict[str, bytes], roster: Path, system: str
) -> None:
    content = packed_by(course, tmp_path, "zoe", work["part"])
    name = f"{CHAPTER}.zip"
    path = {"canvas": canvas(ZOE, name), "moodle": moodle(ZOE, name), "plain": f"zoe/{name}"}[system]
    found = collect(
        "04", zipped(tmp_path / "a.zip", [(path, content, EARLY)]), course, roster if system == "canvas" else None
    )
    assert whats(found) == {"zoe": "collected"}
    assert submitted(course, "zoe").read_bytes() == work["part"]
    assert "checksum" not in found.text()


def test_a_checksum_that_does_not_fit_is_said_and_the_notebook_taken_all_the_same(
    course: Path, tmp_path: Path, work: dict[str, bytes]
) -> None:
    content = packed_by(course, tmp_path, "zoe", work["part"], changed=work["all"])
    found = collect("04", zipped(tmp_path / "a.zip", [(f"zoe/{CHAPTER}.zip", content, EARLY)]), course)
    assert whats(found) == {"zoe": "collected"}
    assert "its checksum is not the one packed beside it" in found.text()
    assert submitted(course, "zoe").read_bytes() == work["all"]


@pytest.mark.parametrize("first", [True, False], ids=["whole before", "nothing before"])
def test_an_upload_that_cannot_be_unpacked_leaves_what_is_there(
    first: bool, course: Path, tmp_path: Path, work: dict[str, bytes], roster: Path
) -> None:
    path = tmp_path / "submissions.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr(canvas(ADA), work["all"])
    if first:
        assert whats(collect("04", path, course, roster)) == {"ada": "collected"}
    content = path.read_bytes()
    path.write_bytes(content.replace(b"nbgrader", b"nbgradex", 1))
    found = collect("04", path, course, roster)
    assert whats(found) == {"ada": "left alone"}
    assert "Bad CRC-32" in found.text() and "get it anew" in found.text()
    assert found.problems
    assert submitted(course, "ada").exists() is first
    assert not first or submitted(course, "ada").read_bytes() == work["all"]
    path.write_bytes(content)
    assert whats(collect("04", path, course, roster)) == {"ada": "unchanged" if first else "collected"}
