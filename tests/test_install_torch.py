"""Which build of PyTorch set-up takes: the CPU's, and no gigabytes unasked."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def torch_script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The script in .ci, imported."""
    monkeypatch.syspath_prepend(str(ROOT / ".ci"))
    yield importlib.import_module("install_torch")
    sys.modules.pop("install_torch", None)


class Recorder:
    """Takes down every command; ``fails`` says with what error one ends."""

    def __init__(self, fails: Callable[[tuple[str, ...]], Exception | None] = lambda _: None) -> None:
        self.fails = fails
        self.commands: list[tuple[str, ...]] = []

    def __call__(self, step: str, *arguments: str) -> None:
        self.commands.append(arguments)
        if error := self.fails(arguments):
            raise error


PINNED_TORCH = ("-m", "pip", "install", "--constraint", "pins.txt", "torch")


def test_on_linux_torch_comes_from_pytorch_s_cpu_index_without_what_it_would_bring(torch_script):
    run = Recorder()
    torch_script.install_torch(run, Path("pins.txt"), system="Linux")
    install, check = run.commands
    assert install == (*PINNED_TORCH, "--no-deps", "--index-url", "https://download.pytorch.org/whl/cpu")
    assert check == ("-c", torch_script.IS_FOR_THE_CPU)


@pytest.mark.parametrize("system", ["Darwin", "Windows"])
def test_elsewhere_the_usual_index_has_the_cpu_build(torch_script, system):
    run = Recorder()
    torch_script.install_torch(run, Path("pins.txt"), system=system)
    assert run.commands[0] == (*PINNED_TORCH, "--no-deps")


def test_who_asks_for_cuda_gets_what_the_usual_index_has(torch_script):
    run = Recorder()
    torch_script.install_torch(run, Path("pins.txt"), allow_cuda=True, system="Linux")
    assert run.commands == [PINNED_TORCH]


@pytest.mark.parametrize("failing", ["pip", "-c"])
def test_on_linux_no_cpu_build_stops_the_set_up_and_says_how_to_go_on(torch_script, failing):
    run = Recorder(lambda arguments: torch_script.CommandFailed("no") if failing in arguments else None)
    with pytest.raises(torch_script.TorchUnavailable, match=r"download\.pytorch\.org.*make setup TORCH=cuda"):
        torch_script.install_torch(run, Path("pins.txt"), system="Linux")
    assert all("--no-deps" in command for command in run.commands if "pip" in command)


def test_elsewhere_a_failure_of_pip_is_pip_s_to_explain(torch_script):
    run = Recorder(lambda _: torch_script.CommandFailed("no space left"))
    with pytest.raises(torch_script.CommandFailed, match="no space left"):
        torch_script.install_torch(run, Path("pins.txt"), system="Darwin")


@pytest.mark.parametrize(("cuda", "accepted"), [("None", True), ("'13.0'", False)])
def test_a_cuda_build_is_known_before_anything_of_it_can_be_imported(
    torch_script, tmp_path, monkeypatch, cuda, accepted
):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "version.py").write_text(f"__version__ = '2.13.0'\ncuda = {cuda}\n", encoding="utf-8")
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    with pytest.raises(SystemExit, match="^0$" if accepted else "a CUDA build"):
        exec(torch_script.IS_FOR_THE_CPU, {})


def test_this_very_environment_holds_a_torch_whose_build_can_be_told(torch_script):
    done = subprocess.run([sys.executable, "-c", torch_script.IS_FOR_THE_CPU], capture_output=True, text=True)
    import torch

    assert (done.returncode == 0) == (torch.version.cuda is None), done.stderr
