"""A real JupyterLab and one page of it in headless Chromium, for tests that use the course as a person does."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Locator, Page, expect, sync_playwright

PATIENCE = 60_000  # milliseconds until a test gives up on something that ought to appear


@contextmanager
def jupyterlab(folder: Path, environment: dict[str, str] | None = None) -> Iterator[str]:
    """Serve ``folder`` with JupyterLab on a free loopback port; gives its address."""
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser"),
        *("--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", "--IdentityProvider.token=", "--ServerApp.password="),
        *("--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"),
        *(f"--ServerApp.root_dir={folder}", f"--LabApp.user_settings_dir={_quiet(folder)}"),
    ]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with (folder.parent / f"{folder.name}_said.txt").open("w") as said:
        own = {**os.environ, "PATH": path, **(environment or {})}
        with subprocess.Popen(command, cwd=folder, env=own, stdout=subprocess.DEVNULL, stderr=said) as server:
            try:
                yield urljoin(served_at(server, Path(said.name)), "/")
            finally:
                server.terminate()


def served_at(server: subprocess.Popen[bytes], said: Path) -> str:
    """The first page that a JupyterLab writes on standard error, once it listens, which it does after it has told."""
    for _ in range(PATIENCE // 100):
        found = re.search(r"http://127\.0\.0\.1:\d+/\S*", said.read_text())
        if found and _listens(found.group()):
            return found.group()
        try:
            server.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        break
    raise RuntimeError("JupyterLab did not start:\n" + said.read_text())


def _listens(address: str) -> bool:
    at = urlsplit(address)
    try:
        socket.create_connection((at.hostname or "", at.port or 80)).close()
    except ConnectionRefusedError:
        return False
    return True


def _quiet(folder: Path) -> Path:
    """Settings of a JupyterLab that asks nobody about news."""
    settings = folder.parent / f"{folder.name}_settings"
    path = settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    return settings


@contextmanager
def browser_page(chromium: str, dark: bool = False) -> Iterator[Page]:
    """An empty page, 1280 × 900."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        scheme = "dark" if dark else "light"
        page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        yield page
        browser.close()


class Notebook:
    """A notebook that is open in JupyterLab."""

    def __init__(self, page: Page, address: str, path: str) -> None:
        self.page = page
        page.goto(f"{address}lab/tree/{path}?reset")
        page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.context?.isReady")
        page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget.sessionContext?.session?.kernel?.status === 'idle'"
        )
        # Every cell is drawn, also those below the window, so that a test can find them.
        page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.notebookConfig.windowingMode = 'none' }")

    def run_all(self) -> None:
        """Run every cell, as the menu Run → Run All Cells does, and wait until it is done."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")

    def index(self, text: str) -> int:
        """The place of the first code cell whose source has ``text`` in it."""
        script = """text => window.jupyterapp.shell.currentWidget.content.widgets.findIndex(
            cell => cell.model.type === 'code' && cell.model.sharedModel.getSource().includes(text))"""
        place = int(self.page.evaluate(script, text))
        assert place >= 0, f"no code cell has {text!r} in it"
        return place

    def cell(self, text: str) -> Locator:
        """The first code cell whose source has ``text`` in it, scrolled to."""
        place = self.index(text)
        script = "place => window.jupyterapp.shell.currentWidget.content.scrollToItem(place, 'center')"
        self.page.evaluate(script, place)
        return self.page.locator(f".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell >> nth={place}")

    def write(self, text: str, source: str) -> None:
        """Click into that cell, type ``source`` over what is there, and run it with Shift+Enter."""
        self.cell(text).locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.insert_text(source)
        self.page.keyboard.press("Shift+Enter")

    def run(self, text: str) -> Locator:
        """Click into that cell, run it, and give its output area."""
        cell = self.cell(text)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        return cell.locator(".jp-OutputArea-output").first
