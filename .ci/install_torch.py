"""Which build of PyTorch: nobody downloads gigabytes of CUDA without having asked for it.

On macOS and Windows the usual package index has PyTorch for the CPU. On Linux it has the CUDA build, which brings
several GB of libraries that a course with small images never uses; so there PyTorch's own CPU index is taken, as its
documentation says. (Asking pip for its plan first is no way round: for a wheel whose index serves no metadata beside
it, even `--dry-run` downloads the whole wheel.) Wheels of your own that pip's find-links names are welcome.
"""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Protocol

__all__ = ["CPU_INDEX", "IS_FOR_THE_CPU", "CommandFailed", "Run", "TorchUnavailable", "install_torch"]

CPU_INDEX = "https://download.pytorch.org/whl/cpu"

# Ends with an error if the torch that is installed is a CUDA build. It reads torch's own record, since torch cannot be
# imported before its dependencies are there.
IS_FOR_THE_CPU = """\
import pathlib, runpy, sys, sysconfig
record = pathlib.Path(sysconfig.get_path("platlib"), "torch", "version.py")
sys.exit("a CUDA build" if runpy.run_path(str(record)).get("cuda") else 0)
"""


class CommandFailed(Exception):
    """A command ended with an error; the message is what it printed."""


class TorchUnavailable(Exception):
    """PyTorch for the CPU cannot be had; the message says what to do."""


class Run(Protocol):
    """How this module reaches the environment's Python."""

    def __call__(self, step: str, *arguments: str) -> None:
        """Say ``step``, then run Python with ``arguments``. Raises ``CommandFailed``."""


def install_torch(run: Run, constraints: Path, *, allow_cuda: bool = False, system: str | None = None) -> None:
    """Install torch, as ``constraints`` pin it: for the CPU, unless ``allow_cuda``.

    ``system`` is what ``platform.system()`` says, unless given. Raises ``TorchUnavailable`` when on Linux no CPU build
    can be had, ``CommandFailed`` when pip fails otherwise.
    """
    plain = ("-m", "pip", "install", "--constraint", str(constraints), "torch")
    if allow_cuda:
        run("Installing PyTorch, with CUDA where there is such a build (several GB)", *plain)
        return
    index = ("--index-url", CPU_INDEX) if (system or platform.system()) == "Linux" else ()
    try:
        # Without dependencies: the CPU index has few versions of them, and a CUDA build would bring its gigabytes
        # before it is found out. They come with the course, from the usual index.
        run("Installing PyTorch for the CPU", *plain, "--no-deps", *index)
        run("Looking that it is the CPU's", "-c", IS_FOR_THE_CPU)
    except CommandFailed as error:
        if not index:
            raise
        raise TorchUnavailable(
            f"PyTorch for the CPU could not be had from {CPU_INDEX}, and the usual index has the CUDA build (several "
            "GB). Run `make setup` again where that address can be reached, or take the big one: make setup TORCH=cuda"
        ) from error
