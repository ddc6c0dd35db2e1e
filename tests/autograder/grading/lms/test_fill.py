"""The table that a system exported gets the gradebook's scores, and not a byte of it besides is another."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest
from grading_class import CHAPTER, SOME, InProcess
from hypothesis import given
from hypothesis import strategies as st
from lms import (
    ADA,
    EARLY,
    EVERYBODY,
    FORMULA,
    MOODLE_GERMAN,
    TWIN,
    ZOE,
    Someone,
    canvas,
    canvas_table,
    enrol,
    moodle,
    moodle_table,
    notebooks,
    zipped,
)
from nbgrader.api import Gradebook

from autograder.__main__ import main
from autograder.grading.grade import grade
from autograder.grading.lms.collect import collect
from autograder.grading.lms.columns import Column, column_for, number_in
from autograder.grading.lms.fill import Filled, fill
from autograder.grading.lms.table import BadTable, read_table

PART = f"{SOME:.2f}"
WITH_COMMA = PART.replace(".", ",")
PERCENT = f"{100 * SOME / 22:.2f}"
SCORES = {"ada": 22.0, "zoe": SOME, "f=x": 0.0}  # ada2 handed in nothing


@pytest.fixture(scope="module")
def _graded(_released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class of four whose Canvas zip was collected and graded."""
    course = Path(shutil.copytree(_released, tmp_path_factory.mktemp("graded") / "course"))
    work = notebooks(course)
    enrol(course)
    roster = course / "canvas.csv"
    roster.write_bytes(canvas_table())
    files = [(canvas(one), work[name], EARLY) for one, name in ((ADA, "all"), (ZOE, "part"), (FORMULA, "none"))]
    assert not collect("04", zipped(course / "a.zip", files), course, roster).problems
    grade("04", course, engine=InProcess())
    return course


@pytest.fixture
def graded(_graded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(_graded, tmp_path / "course"))


def filled(course: Path, content: bytes, *columns: str, scale: bool = False) -> Filled:
    path = course / "table.csv"
    path.write_bytes(content)
    done = fill(path, ["04"], course, columns, scale=scale)
    assert path.read_bytes() == content
    assert (course / "table-filled.csv").read_bytes() == done.content
    return done


def scores_in(content: bytes, column: int, separator: str = ",") -> list[str]:
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=separator))
    return [row[column] for row in rows[1:]]


def held(course: Path) -> dict[str, float]:
    """What nbgrader itself says of each learner who handed in."""
    with Gradebook(f"sqlite:///{course / 'classroom' / 'gradebook.db'}", "one_cnn_two_ways") as book:
        return {one.student_id: float(one.score) for one in book.assignment_submissions(CHAPTER)}


def test_canvas_table_gets_the_scores_and_every_other_byte_stays(graded: Path) -> None:
    assert held(graded) == pytest.approx(SCORES)
    content = canvas_table()
    done = filled(graded, content)
    assert scores_in(done.content, 6) == ["22.00", "22.00", "", PART, "0.00"]
    assert done.problems == ()
    wanted = content.replace(b'"A, B",7.5,,12.3', b'"A, B",7.5,~,12.3')
    for score in (b"22.00", b"", PART.encode(), b"0.00"):
        wanted = wanted.replace(b"~", score, 1)
    assert done.content == wanted
    assert "ada2: left as they were, nothing is recorded" in done.text()
    assert filled(graded, done.content).content == done.content, "filled again, nothing changes"


def test_read_back_it_gives_the_gradebooks_scores(graded: Path) -> None:
    rows = csv.DictReader(io.StringIO(filled(graded, canvas_table()).content.decode("utf-8-sig"), newline=""))
    column = f"{CHAPTER} (9001)"
    read = {row["SIS Login ID"]: float(row[column]) for row in rows if row["ID"] and row[column]}
    assert read == pytest.approx(held(graded), abs=0.005)


def test_excused_learners_and_marks_that_stand_there_are_said(graded: Path) -> None:
    done = filled(graded, canvas_table(grades={"ada": "EX", "zoe": "5", "f=x": "-", "ada2": "12"}))
    assert scores_in(done.content, 6) == ["22.00", "EX", "12", PART, "0.00"]
    assert "ada: excused" in done.text() and f"zoe 5 → {PART}: had a better mark there" in done.text()


def test_semicolons_and_decimal_commas_stay_what_they_are(graded: Path) -> None:
    done = filled(graded, canvas_table(possible="22,00", separator=";"))
    assert scores_in(done.content, 6, ";") == ["22,00", "22,00", "", WITH_COMMA, "0,00"]
    done = filled(graded, canvas_table(possible="22,00"))
    assert scores_in(done.content, 6) == ["22,00", "22,00", "", WITH_COMMA, "0,00"]
    assert done.content.count(f'"{WITH_COMMA}"'.encode()) == 1


def test_first_and_last_names_in_columns_of_their_own_and_windows_letters(graded: Path) -> None:
    head = "LastName;FirstName;ID;SIS User ID;SIS Login ID;Section;The same CNN with functions (7)\n"
    people = [(one.last.replace('"', ""), one.first.replace(" 🐙", ""), one) for one in EVERYBODY]
    rows = [f"{last};{first};{one.user};;{one.id};A;\n" for last, first, one in people]
    content = (head + "    Points Possible;;;;;;22,00\n" + "".join(rows)).encode("cp1252")
    done = filled(graded, content)
    assert [line.rpartition(b";")[2] for line in done.content.splitlines()[2:]] == [
        b"22,00",
        b"",
        WITH_COMMA.encode(),
        b"0,00",
    ]
    assert "Müller-Ølgård, Jr.;Zoë;106".encode("cp1252") in done.content


def test_another_maximum_is_refused_and_converted_where_it_is_said(graded: Path) -> None:
    with pytest.raises(BadTable, match=r"is out of 100 there, and .* out of 22.*--scale"):
        filled(graded, canvas_table(possible="100.00"))
    assert scores_in(filled(graded, canvas_table(possible="100"), scale=True).content, 6)[1:] == [
        *("100.00", "", PERCENT, "0.00")
    ]
    with pytest.raises(BadTable, match="read only"):
        filled(graded, canvas_table(possible="(read only)"))


@pytest.mark.parametrize(
    ("column", "wanted"),
    [
        ("The same CNN with functions (9001)", ""),
        ("04 The same CNN with functions (9001)", ""),
        ("Sheet 4: The same CNN with functions, due in May (9001)", ""),
        ("Sheet four (9001)", "Sheet four"),
        ("Sheet four (9001)", "Sheet four (9001)"),
        ("Sheet four (9001)", "9001"),
        ("Sheet = 4 (9001)", "04=Sheet = 4"),
    ],
)
def test_the_column_is_found_by_the_chapters_name_or_as_it_is_said(graded: Path, column: str, wanted: str) -> None:
    done = filled(graded, canvas_table(column=column), *([wanted] if wanted else []))
    assert scores_in(done.content, 6)[1:] == ["22.00", "", PART, "0.00"]


def test_a_column_that_is_not_there_is_never_made(graded: Path) -> None:
    with pytest.raises(
        BadTable, match=r"no column is of the chapter .*--column: 'Essay \(8000\)', 'Sheet four \(9001\)'$"
    ):
        filled(graded, canvas_table(column="Sheet four (9001)"))
    with pytest.raises(BadTable, match="no column is called 'Final Score'"):
        filled(graded, canvas_table(), "Final Score")


@pytest.mark.parametrize("german", [False, True])
def test_moodles_worksheet_is_filled_in_the_sites_language(graded: Path, german: bool) -> None:
    titles, word = (MOODLE_GERMAN, "Teilnehmer/in") if german else (None, "Participant ")
    content = moodle_table(
        [ZOE, FORMULA], word=word, maximum="22,00" if german else "22.00", **({"titles": titles} if titles else {})
    )
    done = filled(graded, content)
    assert scores_in(done.content, 4) == ([WITH_COMMA, "0,00"] if german else [PART, "0.00"])
    before, after = read_table(content), read_table(done.content)
    for old, new in zip(before.rows, after.rows, strict=True):
        assert [cell.text for at, cell in enumerate(old) if at != 4] == [
            cell.text for at, cell in enumerate(new) if at != 4
        ]
    assert done.problems == ("not filled: ada: graded, and no row of this table is theirs",)


@pytest.mark.parametrize("german", [False, True])
def test_a_row_that_moodle_has_locked_is_left_as_it_is_and_said(graded: Path, german: bool) -> None:
    content = moodle_table([ZOE, FORMULA], grades={"f=x": "0.00"}, **({"titles": MOODLE_GERMAN} if german else {}))
    content = content.replace(b"Yes", b"Nein" if german else b"No")
    done = filled(graded, content)
    assert done.content == content
    assert f"zoe ({PART}): locked there, left as they were" in done.text()
    assert "1 mark in" in done.text(), "the other one's mark stands there already"


def test_a_mark_that_would_go_down_is_told_from_one_that_would_not(graded: Path) -> None:
    done = filled(graded, moodle_table([ZOE, FORMULA], grades={"zoe": "1.00", "f=x": "5.00"}))
    assert f"zoe 1.00 → {PART}: had another mark there" in done.text()
    assert "f=x 5.00 → 0.00: had a better mark there" in done.text()


def test_two_of_one_name_are_told_apart_by_what_was_collected_or_not_filled(graded: Path) -> None:
    done = filled(graded, moodle_table())
    assert scores_in(done.content, 4) == ["", "", PART, "0.00"]
    assert sum("learners have this name" in one for one in done.said) == 2
    assert done.problems == ("not filled: ada: graded, and no row of this table is theirs",)
    work = (graded / "classroom" / "submitted" / "ada" / CHAPTER / f"{CHAPTER}.ipynb").read_bytes()
    files = [(moodle(one), work, EARLY) for one in (ADA, TWIN)]
    sheet = graded / "sheet.csv"
    sheet.write_bytes(moodle_table())
    collect("04", zipped(graded / "m.zip", files), graded, sheet, {"311": "ada", "312": "ada2"})
    grade("04", graded, engine=InProcess())
    assert scores_in(filled(graded, moodle_table()).content, 4) == ["22.00", "22.00", PART, "0.00"]


@pytest.mark.parametrize(
    ("old", "new"),
    [(",22.00,", ',"Fail, Pass",'), (",22.00,", ",Default competence scale,"), ("Maximum grade", "Scale")],
)
def test_an_assignment_that_moodle_grades_by_a_scale_takes_no_points(graded: Path, old: str, new: str) -> None:
    content = moodle_table([ZOE], maximum="Fail, Pass" if new == "Scale" else "22.00").decode().replace(old, new)
    with pytest.raises(BadTable, match="graded there by a scale"):
        filled(graded, content.encode())


def test_words_that_stand_where_a_mark_goes_are_said(graded: Path) -> None:
    done = filled(graded, canvas_table(grades={"ada": "complete", "zoe": "-", "f=x": "incomplete"}))
    assert scores_in(done.content, 6)[1:] == ["22.00", "", PART, "0.00"]
    assert "ada complete → 22.00, f=x incomplete → 0.00: had another mark there" in done.text()


def test_whom_canvas_has_not_assigned_it_to_is_left_as_they_were_and_said(graded: Path) -> None:
    done = filled(graded, canvas_table(grades={"ada": "N/A", "ada2": "N/A"}))
    assert scores_in(done.content, 6)[1:] == ["N/A", "N/A", PART, "0.00"]
    assert f"{CHAPTER}: 2 marks in the column" in done.text()
    assert "ada (22 points): N/A there, left as they were: Canvas takes no mark" in done.text()


def test_a_row_that_could_be_two_learners_is_nobodys(graded: Path) -> None:
    content = canvas_table([ADA]).replace(b"104,s104,ada", b"9104,zoe,ada")
    done = filled(graded, content)
    assert done.content == content
    assert "its ids are those of 2 learners: ada, zoe" in done.text()


def test_the_systems_number_of_one_is_not_the_id_of_another(graded: Path) -> None:
    with Gradebook(f"sqlite:///{graded / 'classroom' / 'gradebook.db'}", "one_cnn_two_ways") as book:
        book.update_or_create_student("9106", last_name="Noether", first_name="Emmy")
        book.update_or_create_submission(CHAPTER, "9106")
    people = [Someone("stranger", "Stranger", "A", 9106, 1, 1), Someone("who", "Noether", "Emmy", 9106, 1, 1)]
    other, herself = (filled(graded, canvas_table([one])) for one in people)
    assert scores_in(other.content, 6)[1:] == [""]
    assert "9106 is the system's number there, and another learner's id in the gradebook" in other.text()
    assert scores_in(herself.content, 6)[1:] == ["0.00"]


def test_canvas_table_with_first_and_last_names_apart_has_no_learner_called_points_possible(graded: Path) -> None:
    content = canvas_table([ADA]).decode("utf-8-sig").replace("Student,", "LastName,FirstName,")
    content = content.replace("    Points Possible,", "    Points Possible,,").replace(
        '"Lovelace, Ada"', "Lovelace,Ada"
    )
    done = filled(graded, content.encode())
    assert "Points Possible" not in done.text() and scores_in(done.content, 7)[1:] == ["22.00"]


def test_moodles_gradebook_export_takes_points_where_there_is_a_column_of_them(graded: Path) -> None:
    name = "Assignment: The same CNN with functions"
    head = f"First name,Last name,ID number,Email address,{name} (Real),{name} (Percentage),{name} (Feedback)\n"
    rows = "".join(
        f'"{one.first}",{"=SUM(A1)" if one is FORMULA else "X"},{one.id},,-,-,"Well, =done"\n' for one in EVERYBODY
    )
    assert scores_in(filled(graded, (head + rows).encode()).content, 4) == ["22.00", "-", PART, "0.00"]
    only = head.replace(f"{name} (Real),", "Other,")
    assert scores_in(filled(graded, (only + rows).encode()).content, 5) == ["100.00 %", "-", f"{PERCENT} %", "0.00 %"]


def test_cells_that_a_spreadsheet_would_run_stay_and_are_said(graded: Path) -> None:
    done = filled(graded, canvas_table())
    assert b'"=SUM(A1), @Bob"' in done.content
    assert "1 cell of this table would be run by a spreadsheet" in done.text()


def test_nobody_is_guessed_and_who_is_missing_is_said(graded: Path) -> None:
    content = canvas_table([ADA]).replace(b"104", b"999").replace(b"s999", b"s1").replace(b",ada,", b",al,")
    done = filled(graded, content)
    assert "2 learners have this name" in done.text()
    assert "ada, f=x, zoe: graded, and no row of this table is theirs" in done.text()
    assert done.content == content


def test_canvas_own_test_student_is_no_problem(graded: Path) -> None:
    content = canvas_table() + b'"Student, Test",999,,,"A, B",,,\r\n'
    done = filled(graded, content)
    assert done.problems == () and "row 7 is nobody's: Student, Test is nobody in the gradebook" in done.text()
    assert done.content.endswith(b'"Student, Test",999,,,"A, B",,,\r\n')


def test_a_zero_that_is_not_for_the_answers_is_said(graded: Path) -> None:
    path = graded / "classroom" / "submitted" / "ada2" / CHAPTER / f"{CHAPTER}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text("{nope")
    grade("04", graded, engine=InProcess())
    done = filled(graded, canvas_table())
    assert "f=x (not attempted)" in done.text() and "ada2 (unreadable)" in done.text()


def test_the_command_writes_beside_the_table_or_where_it_is_said(
    graded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(graded)
    (graded / "t.csv").write_bytes(canvas_table())
    assert main(["export", "--fill", "t.csv", "04", "--output", "out.csv"]) == 0
    assert scores_in((graded / "out.csv").read_bytes(), 6)[1] == "22.00"
    assert f"{CHAPTER}: 3 marks in the column '{CHAPTER} (9001)'" in capsys.readouterr().out
    assert main(["export", "--fill", "t.csv"]) == 1
    assert "needs a chapter" in capsys.readouterr().err
    assert main(["export", "04"]) == 1
    assert main(["export", "--fill", "t.csv", "04", "05"]) == 1


@given(st.floats(0, 1000), st.sampled_from([22.0, 100.0]), st.booleans())
def test_a_mark_is_read_back_to_two_decimals(points: float, of: float, comma: bool) -> None:
    column = Column(0, "x", "canvas", comma=comma)
    assert number_in(column.written(points, of, None)) == pytest.approx(points, abs=0.0051)
    assert number_in(column.written(points, of, 50.0)) == pytest.approx(points / of * 50, abs=0.0051)


def test_a_table_that_names_nobody_is_refused() -> None:
    with pytest.raises(BadTable, match="no column of this table says who is meant"):
        column_for(read_table(b"a,b,c\n1,2,3\n"), "04")
