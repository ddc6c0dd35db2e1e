"""The IPython shell that runs a submission's cells: a notebook kernel's shell whose messages go to a `Sink`."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import getpass
import sys
from typing import Any, NoReturn

from ipykernel.compiler import XCachingCompiler
from ipykernel.displayhook import ZMQShellDisplayHook
from ipykernel.zmqshell import ZMQDisplayPublisher, ZMQInteractiveShell
from IPython.core.error import StdinNotImplementedError, UsageError
from traitlets import Type
from traitlets.config import Config

from autograder.grading.inside.sink import Sink, Stream

__all__ = ["Shell", "connect", "make_shell", "run_cell"]


class _Hook(ZMQShellDisplayHook):
    """Sends a cell's value."""

    sink: Sink | None = None

    def start_displayhook(self) -> None:
        self.msg = {"content": {"data": {}, "metadata": {}}}

    def finish_displayhook(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        content, self.msg = (self.msg or {}).get("content", {}), None
        if content.get("data") and self.sink is not None:
            metadata = content["metadata"] or {}
            self.sink.show(type="result", data=content["data"], metadata=metadata, count=content["execution_count"])


class _Publisher(ZMQDisplayPublisher):
    """Sends what ``display`` shows."""

    sink: Sink | None = None

    def publish(
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        *more: Any,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **rest: Any,
    ) -> None:
        self._flush_streams()
        self._validate_data(data, metadata or {})
        if self.sink is not None:
            name = (transient or {}).get("display_id")
            kind = "update" if update else "display"
            self.sink.show(type=kind, data=data, metadata=metadata or {}, id=name)

    def clear_output(self, wait: bool = False) -> None:
        self._flush_streams()
        if self.sink is not None:
            self.sink.show(type="clear", wait=bool(wait))


class Shell(ZMQInteractiveShell):
    """A notebook's shell without a kernel behind it."""

    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)
    sink: Sink | None = None

    def _showtraceback(self, etype: type[BaseException], evalue: BaseException, stb: list[str]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        if self.sink is not None:
            self.sink.show(type="error", ename=str(etype.__name__), evalue=str(evalue), traceback=list(stb))
        self._last_traceback = stb

    def enable_gui(self, gui: Any = None) -> None:
        """There is no window to show: only "none" is possible."""
        if gui not in (None, "inline"):
            raise UsageError(f"there is no {gui} window here; use %matplotlib inline")

    def ask_exit(self) -> None:
        """``exit`` and ``quit`` end nothing: the cells that follow are still to be graded."""


def make_shell() -> Shell:
    """The shell, not yet connected. History stays off: it would start a thread and a database."""
    config = Config()
    config.HistoryManager.enabled = False
    shell = Shell.instance(config=config, compiler_class=XCachingCompiler)
    shell.user_module.__builtins__ = builtins
    return shell


def connect(shell: Shell, sink: Sink) -> None:
    """Let everything that ``shell`` shows leave through ``sink``."""
    shell.sink = shell.displayhook.sink = shell.display_pub.sink = sink
    sys.stdout, sys.stderr = Stream(sink, "stdout"), Stream(sink, "stderr")
    sys.stdin = open("/dev/null")  # noqa: SIM115 - it is the process's for good
    builtins.input = _no_input("raw_input")
    getpass.getpass = _no_input("getpass")


def run_cell(shell: Shell, source: str, count: int, loop: asyncio.AbstractEventLoop) -> BaseException | None:
    """Run one cell as a kernel would, in a running event loop, and return what ended it, if anything did."""
    shell.execution_count = count
    task = loop.create_task(_run(shell, source))
    with contextlib.suppress(KeyboardInterrupt):
        loop.run_until_complete(task)
    if not task.done():  # interrupted while it was waiting: what it waits for is cancelled, as in a kernel
        task.cancel()
    result = loop.run_until_complete(task)
    error: BaseException | None = result.error_before_exec or result.error_in_exec
    return error


async def _run(shell: Shell, source: str) -> Any:
    """What ipykernel's ``do_execute`` does: cells with a top-level await as a task, all others straight."""
    if "await" not in source and "async" not in source:
        return shell.run_cell(source, store_history=True)
    broken = None
    try:
        transformed = shell.transform_cell(source)
    except Exception:
        transformed, broken = source, sys.exc_info()
    if not shell.should_run_async(source, transformed_cell=transformed, preprocessing_exc_tuple=broken):
        return shell.run_cell(source, store_history=True)
    task = asyncio.ensure_future(
        shell.run_cell_async(source, store_history=True, transformed_cell=transformed, preprocessing_exc_tuple=broken)
    )
    result = None
    try:
        result = await task
    finally:
        shell.events.trigger("post_execute")
        shell.events.trigger("post_run_cell", result)
    return result


def _no_input(name: str) -> Any:
    def ask(prompt: str = "", stream: Any = None) -> NoReturn:
        raise StdinNotImplementedError(f"{name} was called, but this frontend does not support input requests.")

    return ask
