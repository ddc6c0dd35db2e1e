"""What a learner does in one sitting, with the network cut: run in a network namespace of its own, told as JSON.

unshare --map-root-user --net python tests/browser/without_network.py FOLDER CHROMIUM
"""

from __future__ import annotations

import json
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
from browser.lab import browser_page
from browser.opened import IDLE, READY, opened
from nbclient import NotebookClient
from playwright.sync_api import Page

from autograder.authoring.site import build_site
from autograder.learner.contents import contents

ROOT = Path(__file__).resolve().parents[2]
CHAPTER = "01_storage_and_strides"
ONE = contents(CHAPTER).exercises[0].exercise
AFTERWARDS = {
    "explorer": "from course.strides import explore\nimport torch\nexplore(torch.arange(24).view(2, 3, 4))",
    "reset": f'from autograder import reset; reset("{ONE}")',
    "solution": f'from autograder import solution; solution("{ONE}")',
    "progress": "from autograder import progress; progress()",
    "handin": "from autograder import handin; handin()",
}


def bring_up_loopback() -> None:
    """In a new namespace even ``lo`` is down, and a kernel is spoken to over it."""
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        up_and_running = 0x1 | 0x40
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", up_and_running))  # SIOCSIFFLAGS


def ways_out() -> list[str]:
    """The interfaces besides ``lo``, and the routes."""
    routes = Path("/proc/net/route").read_text(encoding="ascii").splitlines()[1:]
    return [name for _, name in socket.if_nameindex() if name != "lo"] + routes


def solved(folder: Path) -> dict[str, list[Any]]:
    """What every cell of chapters 00 and 01 shows in a kernel, all exercises solved, and what stands around a check."""
    told = {}
    for path, answers in (
        (folder / "work" / "00_start_here.ipynb", None),
        (folder / "work" / CHAPTER / f"{CHAPTER}.ipynb", ROOT / "solutions" / CHAPTER / f"{CHAPTER}.ipynb"),
    ):
        book = nbformat.read(path, as_version=4)
        if answers is not None:
            model = {one.id: one.source for one in nbformat.read(answers, as_version=4).cells}
            for cell in book.cells:
                if cell.metadata.get("nbgrader", {}).get("solution"):
                    cell.source = model[cell.id]
            nbformat.write(book, path)  # what is handed in is the file
            book.cells += [nbformat.v4.new_code_cell(one, id=name) for name, one in AFTERWARDS.items()]
        NotebookClient(book, timeout=300, resources={"metadata": {"path": str(path.parent)}}).execute()
        if answers is not None:
            kept = [cell for cell in book.cells if cell.id not in AFTERWARDS]
            nbformat.write(nbformat.v4.new_notebook(cells=kept, metadata=book.metadata), path)
        told[path.stem] = [[cell.id, cell.outputs] for cell in book.cells if cell.cell_type == "code"]
    return told


def asked_for(page: Page) -> list[str]:
    """A list that fills with the address of whatever ``page`` asks for."""
    found: list[str] = []
    page.on("request", lambda one: found.append(one.url))
    page.on("websocket", lambda one: found.append(one.url))
    return found


def lab(folder: Path, chromium: str) -> dict[str, Any]:
    """What JupyterLab shows, and what its page asks for, until the first page has run."""
    asked: list[list[str]] = []
    with opened(folder, chromium, watched=lambda page: asked.append(asked_for(page))) as page:
        page.wait_for_function(READY)
        page.wait_for_function(IDLE)
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        shown = page.evaluate("() => window.jupyterapp.shell.currentWidget.context.path")
        outputs = page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.context.model.toJSON().cells.flatMap(one => one.outputs ?? [])"
        )
    return {"path": shown, "outputs": [one["output_type"] for one in outputs], "asked": asked[0]}


def site(folder: Path, chromium: str) -> dict[str, Any]:
    """What the pages show, and what they ask for, read from the disk."""
    build_site(folder, ROOT, ("00_start_here", CHAPTER), "https://example.org/course")
    told: dict[str, Any] = {"asked": [], "pictures": {}}
    with browser_page(chromium) as page:
        told["asked"] = asked_for(page)
        for name in ("index", "00_start_here", CHAPTER, "explorer"):
            page.goto((folder / f"{name}.html").as_uri(), wait_until="networkidle")
            told["pictures"][name] = page.locator("svg[role=img]:visible, .strides:visible").count()
    return told


def main(folder: Path, chromium: str) -> dict[str, Any]:
    """All of it, in the order of a sitting; ``folder`` is empty."""
    bring_up_loopback()
    course = folder / "course"
    shutil.copytree(ROOT / "notebooks", course / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copy(ROOT / "nbgrader_config.py", course)
    # What a program that does want the network leaves behind here: without it, an empty list would say nothing.
    subprocess.run(
        [sys.executable, "-c", "import socket; socket.getaddrinfo('nobody.invalid', 80)"], capture_output=True
    )
    return {
        "ways out": ways_out(),
        "lab": lab(course, chromium),
        "solved": solved(course),
        "packed": (course / "work" / CHAPTER / f"{CHAPTER}.zip").is_file(),
        "site": site(folder / "site", chromium),
    }


if __name__ == "__main__":
    told = main(Path(sys.argv[1]), sys.argv[2])
    (Path(sys.argv[1]) / "told.json").write_text(json.dumps(told), encoding="utf-8")
