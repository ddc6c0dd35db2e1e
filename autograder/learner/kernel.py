"""What `check` has to know of where it runs: who asks, who could be asked, and who shows what it returns."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

__all__ = [
    *("UntrustedKernel", "grading", "interrupted", "nobody_asked", "refuse_untrusted", "shell", "shows_values"),
    "validating",
]

TRUST = "AUTOGRADER_TRUST_KERNEL"
_IMPATIENCE = 2.0  # seconds in which pressing ■ again means what pressing it has meant


class UntrustedKernel(RuntimeError):
    """Points were asked for in a kernel where the submission's own code could award itself any."""

    def _render_traceback_(self) -> list[str]:
        return [f"UntrustedKernel: {self}"]


def grading() -> bool:
    """Whether nbgrader is grading a submission in this kernel."""
    return os.environ.get("NBGRADER_EXECUTION", "validate") != "validate"


def validating() -> bool:
    """Whether nbgrader's Validate button, or ``nbgrader validate``, runs this kernel."""
    return os.environ.get("NBGRADER_VALIDATING") == "1"


def refuse_untrusted() -> None:
    """Raise `UntrustedKernel` when a submission is being graded in its own kernel without the instructor's word for it.

    A learner's kernel and nbgrader's Validate button pass.
    """
    if grading() and os.environ.get(TRUST) != "1":
        raise UntrustedKernel(
            "no points are given here. nbgrader is running this submission in its own kernel, where its code could "
            f"award itself points. If you trust this class's submissions, grade with {TRUST}=1 in the environment."
        )


class _Again:
    """Python's own handler of Ctrl-C and ■, but for a moment in which it does nothing."""

    until = 0.0

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if time.monotonic() > self.until:
            signal.default_int_handler(number, frame)


_again = _Again()


def interrupted() -> None:
    """An answer was interrupted: whoever presses ■ once more within two seconds gets the panel all the same.

    After that an interrupt is one again, as what stands behind the check may need. A notebook's kernel puts its own handler
    back before the next cell.
    """
    _again.until = time.monotonic() + _IMPATIENCE
    with contextlib.suppress(ValueError):  # not the main thread: nobody can interrupt another
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _again)


@contextlib.contextmanager
def nobody_asked() -> Iterator[None]:
    """While this lasts, nothing that an answer kept hold of can ask the learner: neither the notebook's own ``input`` and
    ``getpass`` under other names, nor, in a terminal, a standard input imported by name.
    """
    kernel = getattr(shell(), "kernel", None)
    if kernel is not None and isinstance(getattr(kernel, "_allow_stdin", None), bool):
        allowed, kernel._allow_stdin = kernel._allow_stdin, False
        try:
            yield
        finally:
            kernel._allow_stdin = allowed
        return
    with _empty_input() if kernel is None else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def _empty_input() -> Iterator[None]:
    """File descriptor 0 is at its end: who reads it all the same does not wait."""
    try:
        kept = os.dup(0)
    except OSError:  # there is none
        yield
        return
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        os.dup2(nothing, 0)
        yield
    finally:
        os.dup2(kept, 0)
        os.close(nothing)
        os.close(kept)


def shows_values() -> bool:
    """Whether a notebook shows the value of the cell that runs; plain Python, a terminal and `jupyter console` show its number alone."""
    kernel = getattr(shell(), "kernel", None)
    return kernel is not None and ("google.colab" in sys.modules or _asked_by_a_notebook(kernel))


def _asked_by_a_notebook(kernel: Any) -> bool:
    """Whether who asks names a cell (JupyterLab, VS Code) or has nobody who could type (nbconvert, nbgrader).

    A console does neither. A notebook that does not name its cells is taken for one, and gets the words beside its page.
    """
    try:
        request = kernel.get_parent("shell")
        names_a_cell = "cellId" in request["metadata"]
        return names_a_cell or not request["content"]["allow_stdin"]
    except (AttributeError, KeyError, TypeError):
        return True


def shell() -> Any:
    """IPython, where this runs in it; else ``None``."""
    if "IPython" not in sys.modules:
        return None
    from IPython.core.getipython import get_ipython

    return get_ipython()
