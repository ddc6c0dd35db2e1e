"""Make .venv ready for every command: Python's own venv, PyTorch, the course and its tools.

Run by make; `python .ci/make_venv.py --lab` is `make lab` where there is no make. When .venv is ready it says nothing.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036  # told before anything newer is used
    sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0])

import argparse
import hashlib
import importlib.util
import json
import os
import platform
import re
import subprocess
import tomllib
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from install_torch import CommandFailed, TorchUnavailable, install_torch

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = Path(".ci", "constraints.txt")
EXTRAS = "instructor,dev"
QUIET_PIP = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}

# What pip prints when nobody answers. "from versions: none" is its last word when it has no index at all.
_NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|name resolution|ConnectTimeout|ReadTimeout|ProxyError|"
    r"Network is unreachable|Connection refused|ConnectionResetError|from versions: none"
)
# With a version pinned twice (a machine's own constraints, ours) pip calls what it cannot find a conflict.
_NOTHING_FITS = re.compile(r"No matching distribution found for (\S+)|available for your environment:\s+(\S+)")
_CONFLICT = "ResolutionImpossible"


@dataclass(frozen=True)
class Stamp:
    """What a finished .venv was made from; when any of it changes, .venv is brought up to date."""

    home: str  # where .venv lies: its scripts name the place, so a moved folder needs a new .venv
    python: str  # "3.11"
    torch: str  # "cpu" or "cuda"
    inputs: str  # digest of the packages asked for and of their pinned versions


class NotOurs(RuntimeError):
    """`.venv` is a link to a folder that holds something else: making it anew would empty that."""


class Venv:
    """The folder .venv under ``root``, its log and its stamp."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder.joinpath(*(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))
        self.log = self.folder / "setup.log"
        self.ready = self.folder / ".ready"

    def inputs(self) -> str:
        """A digest of what decides the packages: a change of lint rules in pyproject.toml is none."""
        project = tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))
        packages = [project.get("build-system"), project.get("project"), project.get("tool", {}).get("setuptools")]
        text = json.dumps(packages, sort_keys=True) + (self.root / CONSTRAINTS).read_text(encoding="utf-8")
        return hashlib.sha256(text.encode()).hexdigest()

    def stamp(self) -> Stamp | None:
        """The stamp of a finished .venv, or None."""
        try:
            return Stamp(**json.loads(self.ready.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def version(self) -> str | None:
        """The version of .venv's own Python, or None when it does not run any more."""
        asked = [str(self.python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        try:
            return subprocess.run(asked, capture_output=True, text=True, errors="replace", check=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            return None

    def leave_others_alone(self) -> None:
        """Raise ``NotOurs`` where .venv is a link to a folder with something in it that was not made for this place."""
        target, stamp = self.folder.resolve(), self.stamp()
        made_here = stamp is not None and stamp.home == str(self.folder)
        holds_something = target.exists() and (not target.is_dir() or any(target.iterdir()))
        if self.folder.is_symlink() and holds_something and not made_here:
            raise NotOurs(
                f".venv is a link to {target}, which holds something else. Remove the link, or empty that folder"
            )

    def create(self) -> None:
        """Make .venv anew, whatever lay there; where it is a link, in the folder that it leads to.

        Raises ``CommandFailed`` with what venv said.
        """
        # If this very Python is the .venv's own, then the one it was made from.
        base = getattr(sys, "_base_executable", None) or sys.executable
        made = subprocess.run(
            [base, "-m", "venv", "--clear", str(self.folder.resolve())],
            capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if made.returncode:
            raise CommandFailed(made.stdout + made.stderr)

    def run(self, step: str, *arguments: str) -> None:
        """Run .venv's Python, all its words going to the log. Raises ``CommandFailed`` with them when it fails."""
        print(f"{step} …", flush=True)
        said: list[str] = []
        live = sys.stdout.isatty()
        # Nested, since an older Python must be able to read this file as far as its first lines.
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"== {step}: python {' '.join(arguments)}\n")
            with subprocess.Popen(
                [str(self.python), *arguments], cwd=self.root, env=os.environ | QUIET_PIP, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace",
            ) as process:  # fmt: skip
                for line in process.stdout or ():
                    log.write(line)
                    said.append(line)
                    if live:
                        print(f"\r\x1b[K  {line.strip()[:76]}", end="", flush=True)
        if live:
            print("\r\x1b[K", end="", flush=True)
        if process.returncode:
            raise CommandFailed("".join(said))


def make_ready(venv: Venv, torch: str | None = None) -> bool:
    """Bring ``venv`` up to date; False when it was already.

    ``torch`` is ``"cpu"`` or ``"cuda"``; None keeps what is there, at first ``"cpu"``. The stamp is taken away before
    the first change and written after the last, so whatever stops half-way is made anew the next time. Raises ``NotOurs``
    before anything is changed.
    """
    old, inputs = venv.stamp(), venv.inputs()
    kind = torch or (old.torch if old else "cpu")
    wanted = Stamp(str(venv.folder), f"{sys.version_info.major}.{sys.version_info.minor}", kind, inputs)
    # Everything but the packages is settled when .venv is created.
    kept = old is not None and replace(old, inputs=inputs) == wanted and venv.version() == wanted.python
    if kept and old == wanted:
        return False
    if not kept:
        venv.leave_others_alone()
    venv.ready.unlink(missing_ok=True)
    if not kept:
        print(f"Making .venv with Python {platform.python_version()} …", flush=True)
        venv.create()
    pinned = ("-m", "pip", "install", "--constraint", str(CONSTRAINTS))
    venv.run("Bringing pip up to date", *pinned, "--upgrade", "pip")
    install_torch(venv.run, CONSTRAINTS, allow_cuda=kind == "cuda")
    venv.run("Installing the course, JupyterLab and nbgrader", *pinned, "--editable", f".[{EXTRAS}]")
    venv.run("Trying it out", "-c", "import torch, jupyterlab, nbgrader, course, autograder")
    venv.run("Quieting JupyterLab", "-m", "autograder.workbench.settings")
    draft = venv.ready.with_suffix(".new")
    draft.write_text(json.dumps(asdict(wanted)), encoding="utf-8")
    draft.replace(venv.ready)
    return True


def explain(said: str, log: Path) -> str:
    """One line on why pip failed and what to do, from what it said.

    >>> explain("ERROR: [Errno 28] No space left on device", Path(".venv/setup.log"))
    'Set-up stopped: [Errno 28] No space left on device. Run `make setup` again. All that was said: .venv/setup.log'
    """
    here = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if _NO_NETWORK.search(said):
        reason = "pip reaches no package index. Connect to a network and run `make setup` again"
    elif (nothing := _NOTHING_FITS.search(said)) or _CONFLICT in said:
        what = next((name for name in nothing.groups() if name), "") if nothing else "set of packages"
        reason = f"pip finds no {what} that fits {here}. Is there a network? If so, use conda: conda env create"
    else:
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        errors = [line for line in lines if re.match(r"ERROR:|\w*Error:", line)]
        last = (errors or lines or ["no reason given"])[-1]
        reason = f"{last.removeprefix('ERROR: ').rstrip('.')}. Run `make setup` again"
    return f"Set-up stopped: {reason}. All that was said: {log}"


def main(arguments: list[str] | None = None) -> int:
    """Make .venv ready; 0 when it is, 1 with one line on stderr when it cannot be."""
    parser = argparse.ArgumentParser(prog="make_venv", description=__doc__)
    parser.add_argument("--torch", choices=("cpu", "cuda"), help="the build of PyTorch; the CPU's unless told")
    parser.add_argument("--lab", action="store_true", help="then open the course in JupyterLab")
    asked = parser.parse_args(arguments)
    if not importlib.util.find_spec("ensurepip"):
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        print(
            f"This Python comes without venv. On Debian and Ubuntu: sudo apt-get install -y {package}", file=sys.stderr
        )
        return 1
    venv = Venv(ROOT)
    try:
        if make_ready(venv, asked.torch):
            print("Ready.")
    except CommandFailed as error:
        print(explain(str(error), venv.log.relative_to(ROOT)), file=sys.stderr)
    except TorchUnavailable as error:
        print(f"Set-up stopped: {error}. Log: {venv.log.relative_to(ROOT)}", file=sys.stderr)
    except NotOurs as error:
        print(f"Set-up stopped: {error}, and run `make setup` again.", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nSet-up was interrupted. Run `make setup` again: it starts anew.", file=sys.stderr)
        return 130
    else:
        return open_lab(venv) if asked.lab else 0
    return 1


def open_lab(venv: Venv) -> int:
    """What `make lab` does when .venv is ready; JupyterLab's exit code."""
    try:
        return subprocess.run([str(venv.python), "-m", "autograder", "lab"], cwd=venv.root).returncode
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
