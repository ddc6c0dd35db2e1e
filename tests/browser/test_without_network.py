"""With the network cut: a kernel, a check and what stands around it, JupyterLab, and the pages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Read by every Python that starts: whoever is looked up or called, besides this machine itself, is noted.
_LISTENER = """
import os, sys
def listen(event, about):
    if event == "socket.getaddrinfo":
        host = about[0]
    elif event == "socket.connect" and isinstance(about[1], tuple):
        host = about[1][0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else str(host or "")
    if host not in ("", "localhost", "::", "::1", "0.0.0.0") and not host.startswith("127."):
        with open(os.environ["CALLED"], "a", encoding="utf-8") as called:
            print(host, file=called)
sys.addaudithook(listen)
"""


@pytest.fixture(scope="module")
def cut() -> list[str]:
    """The words that run a program in a network namespace of its own; where none can be made, a test is skipped, under CI it fails."""
    unshare = shutil.which("unshare")
    for words in ([unshare, "--map-root-user", "--net"], [unshare, "--net"]) if unshare else ():
        if subprocess.run([*words, "true"], capture_output=True).returncode == 0:
            return [str(word) for word in words]
    reason = "this machine makes no network namespaces (unshare --map-root-user --net)"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def told(cut: list[str], chromium: str, root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What happened in a sitting without a network."""
    folder, own = tmp_path_factory.mktemp("cut"), tmp_path_factory.mktemp("own")
    (own / "sitecustomize.py").write_text(_LISTENER, encoding="utf-8")
    more = {
        "PYTHONPATH": os.pathsep.join([str(own), str(root), str(root / "tests")]),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "CALLED": str(own / "called.txt"),
        "ONE_CNN_PROGRESS": str(own / "progress"),
        "IPYTHONDIR": str(own / "ipython"),
    }
    program = root / "tests" / "browser" / "without_network.py"
    done = subprocess.run(
        [*cut, sys.executable, str(program), str(folder), chromium],
        cwd=root,
        env=os.environ | more,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads((folder / "told.json").read_text(encoding="utf-8"))
    return found | {"called": (own / "called.txt").read_text(encoding="utf-8").split()}


def shown(told: dict[str, Any], cell: str, kind: str = "text/plain") -> str:
    [outputs] = [one for name, one in told["solved"]["01_storage_and_strides"] if name == cell]
    return "\n".join("".join(one["data"].get(kind, "")) for one in outputs if "data" in one)


def test_there_is_no_way_out_and_nobody_looks_for_one(told: dict[str, Any]) -> None:
    assert told["ways out"] == []
    assert set(told["called"]) == {"nobody.invalid"}, "which the sitting looks up itself, so that this list is heard"


def test_the_first_chapters_run_and_every_check_is_solved(told: dict[str, Any]) -> None:
    for cells in told["solved"].values():
        assert [one for _, outputs in cells for one in outputs if one["output_type"] == "error"] == []
    checks = [name for name, _ in told["solved"]["01_storage_and_strides"] if name.startswith("check_")]
    assert len(checks) > 3
    for name in checks:
        assert " solved" in shown(told, name, "text/html"), name


def test_the_desk_works(told: dict[str, Any]) -> None:
    assert "untouched cell" in shown(told, "reset")
    assert "One way to write" in shown(told, "solution")
    assert "01" in shown(told, "progress")
    assert "SHA-256 of the notebook" in shown(told, "handin") and told["packed"]


def test_the_explorer_has_its_picture(told: dict[str, Any]) -> None:
    assert 'role="img"' in shown(told, "explorer", "text/html")
    assert "(2, 3, 4)" in shown(told, "explorer")


def test_jupyterlab_opens_the_course_and_asks_nobody_else(told: dict[str, Any]) -> None:
    assert told["lab"]["path"] == "work/00_start_here.ipynb"
    assert len(told["lab"]["outputs"]) > 3 and "error" not in told["lab"]["outputs"]
    assert {urlsplit(one).hostname for one in told["lab"]["asked"] if not one.startswith(("data:", "blob:"))} == {
        "127.0.0.1"
    }


def test_the_pages_show_their_pictures_from_the_disk_and_ask_nobody(told: dict[str, Any]) -> None:
    assert {urlsplit(one).scheme for one in told["site"]["asked"]} <= {"file", "data", "blob"}
    pictures = told["site"]["pictures"]
    assert pictures["01_storage_and_strides"] >= 4 and pictures["explorer"] >= 1, pictures
