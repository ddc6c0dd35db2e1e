"""Progress worth opening: sums, titles, links, minutes, what was overcome, and what is asked again some days later."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from autograder import check
from autograder.__main__ import main
from autograder.judging.verdict import Status, Verdict
from autograder.learner import answers
from autograder.learner.contents import contents, contents_of
from autograder.learner.links import address, fragment
from autograder.learner.progress import Progress, export, progress
from autograder.learner.recall import asked_again
from autograder.learner.record import Tried, empty, folder, remember, tried, tried_all
from autograder.observing.exercise import catalogue, exercises_of
from course.chapters import CHAPTERS, find_chapter
from course.minutes import minutes_of

DAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
VIEWS = find_chapter("views")


def solved(*topics: str, when: datetime = DAY) -> dict[str, Tried]:
    return {
        one.id: Tried(one.id, one.points, one.points, True, when.isoformat())
        for topic in topics
        for one in exercises_of(topic)
    }


def test_a_misconception_is_overcome_when_the_exercise_is_solved() -> None:
    name = check("relu", lambda x: x.abs()).misconception
    assert name == "absolute value"
    assert progress().as_json()["overcome"] == 0
    check("relu", lambda x: x.clamp(min=0))
    known = tried("relu")
    assert known is not None and known.overcome == (name,)
    assert "1 misconception overcome" in repr(progress()) and "overcome: absolute value" in repr(progress())


def test_the_best_stays_and_so_does_the_day_it_was_solved() -> None:
    best = Verdict("relu", "relu(x)", 2, 2.0, Status.SOLVED)
    remember(best, now=DAY)
    remember(Verdict("relu", "relu(x)", 2, 0.0, Status.WRONG), now=DAY + timedelta(days=1))
    remember(best, now=DAY + timedelta(days=2))
    known = tried("relu")
    assert known is not None and (known.solved, known.score) == (True, 2.0)
    assert datetime.fromisoformat(known.when) == DAY


def test_what_was_kept_before_there_were_days_still_counts() -> None:
    folder().mkdir(parents=True, exist_ok=True)
    (folder() / "relu.json").write_text('{"exercise": "relu", "score": 2.0, "points": 2, "solved": true}')
    assert progress().tried["relu"] == Tried("relu", 2.0, 2, True)
    assert progress().asked == ()


def test_sums_by_chapter_and_minutes_left() -> None:
    known = Progress(solved("views")).as_json()
    chapter = next(one for one in known["chapters"] if one["chapter"] == VIEWS.slug)
    assert (chapter["solved"], chapter["score"], chapter["minutes left"]) == (9, 29, 0)
    assert chapter["title"] == "02 Views and copies"
    assert known["score"] == 29 and known["minutes left"] == sum(one["minutes left"] for one in known["chapters"])


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda one: one.slug)
def test_of_an_untouched_chapter_all_minutes_are_left_and_each_exercise_takes_some_off(
    chapter: object, root: Path
) -> None:
    one = next(each for each in CHAPTERS if each is chapter)
    whole = minutes_of(root / f"notebooks/{one.slug}/{one.slug}.ipynb")
    assert Progress({}).minutes_left(one) == whole
    left, known = [whole], {}
    for exercise in exercises_of(one.topic):
        known[exercise.id] = Tried(exercise.id, exercise.points, exercise.points, True)
        left.append(Progress(known).minutes_left(one))
    assert left == sorted(left, reverse=True) and left[-1] == 0


class Links(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if tag == "a" and name == "href"]


@pytest.mark.parametrize("place", [".", "notebooks", f"notebooks/{VIEWS.slug}"])
def test_links_lead_to_notebooks_that_are_there_from_wherever_it_is_run(
    place: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root / place)
    links = Links(progress()._repr_html_()).found
    assert len(links) == len(CHAPTERS) + len(catalogue()) + 1
    assert all(Path(one.partition("#")[0]).is_file() for one in links)
    assert links[0].endswith("#" + fragment(contents(CHAPTERS[0].slug).exercises[0].heading))


def test_where_no_notebook_is_near_there_are_titles_and_no_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = progress()._repr_html_()
    assert Links(page).found == [] and "02 Views and copies" in page
    assert address(VIEWS) is None


def test_all_done_is_said() -> None:
    known = Progress(solved(*(one.topic for one in CHAPTERS)))
    assert "All done." in repr(known) and "All done." in known._repr_html_()
    assert "left" not in known._summary()


@pytest.mark.parametrize(
    ("days", "due"), [(2, False), (3, True), (9, True), (10, True), (17, False), (30, True), (37, False)]
)
def test_two_questions_come_back_after_some_days_for_a_week(days: int, due: bool) -> None:
    asked = asked_again(solved("views"), DAY + timedelta(days=days))
    assert bool(asked) is due
    assert all((one.chapter, one.days, len(one.questions)) == (VIEWS, days, 2) for one in asked)


def test_the_same_all_week_and_others_the_next_time() -> None:
    known = solved("views")
    first, last, later = (asked_again(known, DAY + timedelta(days=days))[0].questions for days in (3, 9, 10))
    assert first == last
    assert not set(first) & set(later)


def test_a_chapter_that_is_not_solved_or_nobody_knows_when_asks_nothing() -> None:
    known = solved("views")
    later = DAY + timedelta(days=5)
    part = {name: one for name, one in known.items() if name != "view_stride"}
    assert asked_again(part, later) == ()
    unknown = Tried("view_stride", 5, 5, True)
    assert asked_again(known | {"view_stride": unknown}, later) == ()
    assert asked_again(known | {"view_stride": Tried("view_stride", 5, 5, True, "some day")}, later) == ()


def test_of_many_chapters_the_two_that_were_solved_first_are_asked_about() -> None:
    known = solved("storage", when=DAY) | solved("views", when=DAY - timedelta(days=1)) | solved("modules", when=DAY)
    asked = asked_again(known, DAY + timedelta(days=4))
    assert [one.chapter.topic for one in asked] == ["views", "storage"]


def test_the_answer_is_folded_and_the_question_is_text() -> None:
    [asked] = asked_again(solved("views"), DAY + timedelta(days=3))
    page, words = asked.html(), asked.text()
    for one in asked.questions:
        assert page.index("<details>") > page.index("<pre")
        assert one.then.split()[0] not in words.split("Do you")[0]
    assert "What the chapter says" in page and "The answer stands under" in words


def test_a_question_is_taken_with_its_cell_and_the_words_after_it() -> None:
    def cell(kind: str, source: str) -> dict[str, object]:
        return {"cell_type": kind, "metadata": {}, "source": source}

    cells = [
        cell("markdown", "## Sums\n\nSome words.\n\n**Predict:** how many?"),
        cell("code", "print(1 + 1)"),
        cell("markdown", "Two, as always. And next. **Predict:** the sum?"),
        cell("code", "network.draw()"),
        cell("markdown", "A picture.\n\n**Predict:** nothing comes after this"),
    ]
    [one] = contents_of(cells).questions
    assert (one.heading, one.asks, one.code) == ("Sums", "**Predict:** how many?", "print(1 + 1)")
    assert one.then == "Two, as always. And next."


def test_export_writes_a_page_or_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check("relu", lambda x: x.clamp(min=0))
    assert main(["progress", "--export", str(tmp_path / "p.json")]) == 0
    assert json.loads((tmp_path / "p.json").read_text(encoding="utf-8"))["solved"] == 1
    assert main(["progress", "--export", str(tmp_path / "p.html")]) == 0
    assert "1 of 64 exercises solved" in (tmp_path / "p.html").read_text(encoding="utf-8")
    assert str(tmp_path / "p.html") in capsys.readouterr().out


def test_one_command_empties_it_keeps_a_copy_and_says_where(capsys: pytest.CaptureFixture[str]) -> None:
    check("relu", lambda x: x.clamp(min=0))
    assert main(["progress", "--empty"]) == 0
    said = capsys.readouterr().out
    assert progress().tried == {}
    [copy] = folder().parent.glob(f"{folder().name}-until-*")
    assert str(copy) in said and (copy / "relu.json").is_file()
    assert main(["progress", "--empty"]) == 0
    assert "nothing to empty" in capsys.readouterr().out
    shutil.rmtree(copy)


def test_emptied_twice_in_a_second_both_copies_are_kept() -> None:
    copies = []
    for _ in range(2):
        check("relu", lambda x: x.clamp(min=0))
        copies.append(empty(DAY))
    assert len(set(copies)) == 2 and all(one is not None and one.is_dir() for one in copies)
    assert tried_all() == {}


def test_tries_are_counted_until_the_exercise_is_solved_and_not_after() -> None:
    for score, status in ((0.0, Status.WRONG), (0.0, Status.NOT_ATTEMPTED), (1.0, Status.PARTLY), (2.0, Status.SOLVED)):
        remember(Verdict("relu", "relu(x)", 2, score, status))
    remember(Verdict("relu", "relu(x)", 2, 2.0, Status.SOLVED))
    known = tried("relu")
    assert known is not None and known.tries == 3
    exercises = {one["exercise"]: one for known in progress().as_json()["chapters"] for one in known["exercises"]}
    assert (exercises["relu"]["tries"], exercises["linear"]["tries"]) == (3, 0)


@pytest.mark.parametrize("before", ["", ', "tries": "many"', ', "tries": true'])
def test_where_nobody_has_counted_from_the_first_try_on_no_number_is_claimed(before: str) -> None:
    folder().mkdir(parents=True, exist_ok=True)
    (folder() / "relu.json").write_text(f'{{"exercise": "relu", "score": 0.0, "points": 2, "solved": false{before}}}')
    remember(Verdict("relu", "relu(x)", 2, 2.0, Status.SOLVED))
    known = tried("relu")
    assert known is not None and known.solved and known.tries is None


@pytest.mark.parametrize(
    "content",
    [
        '{"exercise": "relu", "score": 2.0, "points": Infinity, "solved": true}',
        '{"exercise": "relu", "score": NaN, "points": 2, "solved": false}',
        f'{{"exercise": "relu", "score": {"9" * 400}, "points": 2, "solved": true}}',
        '{"exercise": "relu", "score": -3.0, "points": 2, "solved": false}',
        '{"exercise": "relu", "score": 40.0, "points": 2, "solved": true}',
        "[" * 100_000,
    ],
    ids=[
        *("points without end", "a score that is no number", "a score larger than a float", "a score below 0"),
        *("a score above the points", "nested without end"),
    ],
)
def test_a_damaged_file_counts_as_not_tried_and_the_next_try_is_kept(content: str) -> None:
    folder().mkdir(parents=True, exist_ok=True)
    (folder() / "relu.json").write_text(content)
    assert tried("relu") is None
    assert progress().as_json()["score"] == 0
    remember(Verdict("relu", "relu(x)", 2, 2.0, Status.SOLVED), now=DAY)
    kept = tried("relu")
    assert kept is not None and (kept.solved, kept.score) == (True, 2.0)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_among_the_files_counts_as_not_tried_and_nobody_waits_for_it() -> None:
    (folder() / "answers").mkdir(parents=True, exist_ok=True)
    os.mkfifo(folder() / "relu.json")
    os.mkfifo(folder() / "answers" / "relu.json")
    assert tried_all() == {}
    assert answers.kept(folder(), "relu") == []
    assert not answers.keep(folder(), "relu", "def relu(x): ...")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_an_editor_has_saved_with_a_byte_order_mark_still_counts(encoding: str) -> None:
    remember(Verdict("relu", "relu(x)", 2, 2.0, Status.SOLVED), now=DAY)
    answers.keep(folder(), "relu", "an answer")
    for path in (folder() / "relu.json", folder() / "answers" / "relu.json"):
        path.write_text(path.read_text(encoding="utf-8"), encoding=encoding)
    remember(Verdict("relu", "relu(x)", 2, 0.0, Status.WRONG))
    known = tried("relu")
    assert known is not None and (known.solved, known.score) == (True, 2.0)
    assert answers.keep(folder(), "relu", "another") and answers.kept(folder(), "relu") == ["an answer", "another"]


def test_an_exercise_that_is_worth_less_than_it_was_adds_no_more_than_that() -> None:
    folder().mkdir(parents=True, exist_ok=True)
    (folder() / "relu.json").write_text('{"exercise": "relu", "score": 5.0, "points": 5, "solved": true}')
    known = progress().as_json()
    assert (known["solved"], known["score"]) == (1, 2)
    assert "relu                   solved  2 of 2" in repr(progress())


@pytest.mark.parametrize("name", ["progress.html", "progress.json"])
def test_half_a_character_in_a_damaged_file_breaks_no_export(name: str, tmp_path: Path) -> None:
    folder().mkdir(parents=True, exist_ok=True)
    damaged = {"exercise": "relu", "score": 2.0, "points": 2, "solved": True, "when": "2026-01-01", "met": ["\ud800"]}
    (folder() / "relu.json").write_text(json.dumps(damaged))
    assert "relu" in export(tmp_path / name).read_text(encoding="utf-8")
