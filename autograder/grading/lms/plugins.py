"""What nbgrader's own commands take by name: ``nbgrader zip_collect`` and ``nbgrader export`` that do what ours do.

In a class's ``nbgrader_config.py``::

    c.ZipCollectApp.extractor_plugin = "autograder.grading.lms.plugins.Extractor"
    c.ZipCollectApp.collector_plugin = "autograder.grading.lms.plugins.Collector"
    c.ExportApp.plugin_class = "autograder.grading.lms.plugins.FillTable"
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin, ExtractorPlugin, FileNameCollectorPlugin
from traitlets import Bool, List, Unicode

from autograder.files import write_whole
from autograder.grading.lms.archive import Refused, open_archive
from autograder.grading.lms.columns import wishes
from autograder.grading.lms.fill import fill_table
from autograder.grading.lms.matching import class_people, matched
from autograder.grading.lms.table import read_table
from autograder.grading.lms.uploads import NOTEBOOKS, pick
from autograder.grading.records.classroom import Classroom
from autograder.grading.records.full_disk import is_full
from autograder.grading.records.plugins import course_directory

__all__ = ["Collector", "Extractor", "FillTable"]


class Extractor(ExtractorPlugin):
    """Unpacks what was put into ``downloaded/CHAPTER/archive`` as `autograder.grading.lms.archive` reads it: nothing leads outside."""

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Write every file of every archive, and say what is refused."""
        with open_archive(Path(archive_path)) as archive:
            for member in archive.members:
                try:
                    write_whole(_as_notebook(Path(extracted_path, *member.parts)), archive.read(member))
                except Refused:
                    continue  # it is among the refused
                except OSError as error:  # a name that no folder here can have
                    if is_full(error):
                        raise
                    archive.refused[member.path] = f"it cannot be written: {error.strerror or error}"
            for name, why in archive.refused.items():
                self.log.warning("refused: %s: %s", name, why)


def _as_notebook(path: Path) -> Path:
    """Where a notebook with a browser's ending behind its own is put, since nbgrader goes by the last one."""
    plain = path.with_suffix("") if path.name.lower().endswith(NOTEBOOKS[1:]) else path
    return path if plain.exists() else plain


class Collector(FileNameCollectorPlugin):
    """Says whose a file is, and whether it is the notebook that counts: of each learner one is collected."""

    roster = Unicode("", help="the table of the system's that holds its numbers or ids").tag(config=True)

    def collect(self, submitted_file: str) -> dict[str, Any] | None:
        """The learner's id and the assignment's name for the notebook that counts; nothing for other files."""
        return self._known().get(str(Path(submitted_file)))

    def _known(self) -> dict[str, dict[str, Any]]:
        if not hasattr(self, "_found"):
            self._found = self._look()
        return self._found

    def _look(self) -> dict[str, dict[str, Any]]:
        app = self.parent
        folder = Path(app._format_collect_path(app.extracted_directory))
        room, name = Classroom.of(course_directory(self)), app.coursedir.assignment_id
        task = room.assignment(name)
        people = class_people(room, name, Path(self.roster) if self.roster else None)
        found: dict[str, dict[str, Any]] = {}
        with open_archive(folder) as archive:
            for upload, student, words in matched(archive, name, task.others, people, {})[0]:
                if not student:
                    self.log.warning("not matched: %s, %s: %s", upload.key, upload.original, words)
                    continue
                picked = pick(upload, archive, name, task.source, times=False)
                for said in picked.says:
                    self.log.warning("%s: %s", student, said)
                if picked.notebook is not None:
                    says: dict[str, Any] = {"student_id": student, "file_id": name}
                    if picked.when is not None:
                        says["timestamp"] = picked.when.strftime("%Y-%m-%d %H:%M:%S UTC")
                    found[str(folder / picked.original)] = says
        return found


class FillTable(ExportPlugin):
    """``nbgrader export`` into the table that Canvas or Moodle exported: the marks of ``--assignment``, and no other byte."""

    table = Unicode("", help="the table that the system exported").tag(config=True)
    column = List(Unicode(), help="which column of it, as CHAPTER=TITLE").tag(config=True)
    scale = Bool(False, help="convert marks where the system has another maximum").tag(config=True)

    def export(self, gradebook: Gradebook) -> None:
        """Write the filled table to ``to``, ``…-filled.csv`` beside the table by default."""
        if not self.table or not self.assignment:
            raise ValueError("name the system's table with --FillTable.table, and the chapters with --assignment")
        path, names = Path(self.table), [str(one) for one in self.assignment]
        done = fill_table(
            read_table(path.read_bytes()),
            gradebook,
            Classroom.of(course_directory(self)),
            names,
            wishes(self.column, names),
            scale=self.scale,
            only=[str(one) for one in self.student],
        )
        to = Path(self.to) if self.to else path.with_name(f"{path.stem}-filled{path.suffix or '.csv'}")
        write_whole(to, done.content)
        for line in done.said:
            self.log.info(line)
        for line in done.problems:
            self.log.warning(line)
        self.log.info("filled: %s", to)
