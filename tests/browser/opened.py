"""The course as `python -m autograder lab` opens it, in headless Chromium."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from browser.lab import browser_page, served_at
from playwright.sync_api import Page

__all__ = ["IDLE", "READY", "opened"]

RESTORED = "() => window.jupyterapp?.restored.then(() => true)"
READY = "() => window.jupyterapp?.shell.currentWidget?.context?.isReady"
IDLE = "() => window.jupyterapp.shell.currentWidget.sessionContext?.session?.kernel?.status === 'idle'"


@contextmanager
def opened(
    course: Path, chromium: str, *words: str, watched: Callable[[Page], object] = lambda page: None
) -> Iterator[Page]:
    """The page that `python -m autograder lab` opens, in an account that has no settings yet; ``watched`` sees it empty."""
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    account = {name: str(course.parent / name.lower()) for name in places}
    command = [sys.executable, "-m", "autograder", "lab", *words, "--no-browser", "--ServerApp.ip=127.0.0.1"]
    command += ["--ServerApp.port=0", "--IdentityProvider.token=", "--expose-app-in-browser"]
    with (course.parent / "said.txt").open("w+") as said:
        server = subprocess.Popen(command, cwd=course, env=os.environ | account, stderr=said, start_new_session=True)
        try:
            with browser_page(chromium) as page:
                watched(page)
                page.goto(served_at(server, Path(said.name)))
                page.wait_for_function(RESTORED)
                yield page
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait()
