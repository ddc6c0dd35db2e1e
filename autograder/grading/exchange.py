"""nbgrader's exchange, collected so that one odd folder in it costs nobody else, and a kill leaves no half submission.

Everybody may write there. nbgrader's own ``collect`` ends for the whole class at a name or a ``timestamp.txt`` that is no
time, takes what a broken-off ``submit`` left in the place of a whole hand-in, follows links, and where it is killed leaves
half a copy that it takes for whole the next time.
"""

from __future__ import annotations

import shutil
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.apps.api import NbGraderAPI
from nbgrader.exchange import ExchangeError
from nbgrader.exchange.default import ExchangeCollect
from nbgrader.utils import parse_utc
from traitlets.config import Config

from autograder.grading.submissions.learners import cannot_be

__all__ = ["Collect", "collect_from_exchange"]

_ARRIVING = ("classroom", "results", "arriving")  # copies under way, below the class's folder
_SAYS = ("[ERROR] ", "[CRITICAL] ")
_OWNED = " claims to be submitted by "  # nbgrader's warning where the folder's owner is somebody else
_TIME = "timestamp.txt"  # the last but one that nbgrader's submit writes


def collect_from_exchange(config: Config, name: str) -> list[str]:
    """Collect ``name`` from the exchange of a class with these settings: what is new. Gives what went wrong, in lines.

    An exchange of another kind than nbgrader's own is asked as it is.
    """
    config = deepcopy(config)
    config.ExchangeFactory.setdefault("collect", f"{__name__}.Collect")
    done = NbGraderAPI(config=config).collect(name, update=True)
    error, log = str(done.get("error", "")).strip(), str(done.get("log", ""))
    last = error.splitlines()[-1:]
    if last == ["KeyboardInterrupt"]:  # nbgrader takes Ctrl+C for any other failure
        raise KeyboardInterrupt
    said = [line.removeprefix(sign) for line in log.splitlines() for sign in _SAYS if line.startswith(sign)]
    said += [line.strip() for line in log.splitlines() if _OWNED in line]
    return said or (last if not done["success"] else [])


class Collect(ExchangeCollect):
    """nbgrader's ``collect``, a learner at a time and a folder at once."""

    src_records: list[dict[str, Any]]

    def init_src(self) -> None:
        """Look who has handed in, as nbgrader does, without what nobody can have handed in."""
        super().init_src()
        self.src_records = [record for record in self.src_records if record["username"]]

    def _path_to_record(self, path: str) -> dict[str, Any]:
        name = Path(path).name
        try:
            record: dict[str, Any] = super()._path_to_record(path)
        except (ValueError, OverflowError):
            self.log.error("%r in the exchange has no name that nbgrader gives; it is left there", name)
            return {"username": "", "filename": name, "timestamp": datetime.min}
        if cannot_be(record["username"]) or not Path(path).is_dir() or Path(path).is_symlink():
            self.log.error("%r in the exchange is nobody's hand-in; it is left there", name)
            record["username"] = ""
        return record

    def _sort_by_timestamp(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The newest first; what was never finished, or still is being written, behind what was."""
        return sorted(records, key=lambda one: (self._is_finished(one), one["timestamp"]), reverse=True)

    def _is_finished(self, record: dict[str, Any]) -> bool:
        try:
            return (self._source(record) / _TIME).stat().st_size > 0
        except OSError:
            return False

    def _source(self, record: dict[str, Any]) -> Path:
        return Path(self.inbound_path, record["filename"])

    def copy_files(self) -> None:
        """Collect each learner's; what goes wrong with one is said, and the others are collected."""
        for record in list(self.src_records):
            where = self.coursedir.format_path(
                self.coursedir.submitted_directory, record["username"], self.coursedir.assignment_id
            )
            if not self._is_finished(record) and _listed(self._source(record)) == _listed(Path(where)):
                continue
            if _tells_no_time(time := Path(where, _TIME)):
                self.log.error("nothing new is collected of %s: what stands in %s is no time", record["username"], time)
                continue
            self.src_records = [record]
            try:
                super().copy_files()
            except ExchangeError:
                continue  # nbgrader has said why
            except (OSError, RuntimeError) as error:
                self.log.error("%s: %s", record["username"], " ".join(str(error).split()))

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy the folder ``src`` aside, and put it to ``dest`` when it is whole."""
        if any(path.is_symlink() for path in Path(src).rglob("*")):
            raise RuntimeError(f"there is a link in {src}, which no submit makes and which is not followed")
        aside = Path(self.coursedir.root, *_ARRIVING, self.coursedir.assignment_id)
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        try:
            copy = aside / "copy"
            super().do_copy(src, str(copy), log)
            if _tells_no_time(time := copy / _TIME):
                time.unlink()
                time.write_text(Path(src).name.rsplit("+", 3)[2])
            shutil.move(copy, dest)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def _tells_no_time(path: Path) -> bool:
    """Whether something stands in the file that nbgrader takes for no time; its ``collect`` ends there."""
    try:
        text = path.read_text(errors="replace").strip()
        if text:
            parse_utc(text)
    except OSError:
        return False
    except (ValueError, OverflowError):
        return True
    return False


def _listed(folder: Path) -> set[tuple[str, int, int]]:
    """What lies in ``folder``, with sizes and times."""
    found = ((path.relative_to(folder), path.lstat()) for path in folder.rglob("*") if path.is_file())
    return {(str(path), about.st_size, about.st_mtime_ns) for path, about in found}
