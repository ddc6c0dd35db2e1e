"""Binder: its two scripts do what they say, and the badge opens what they made."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_server.services.config.manager import ConfigManager


@pytest.fixture
def image(root: Path, tmp_path: Path) -> Path:
    """A folder with the course in it, and a Python whose packages' settings lie in a folder of their own."""
    folder = tmp_path / "image"
    for name in ("notebooks", ".ci"):
        shutil.copytree(root / name, folder / name)
    for name in ("postBuild", "start"):
        shutil.copy(root / name, folder / name)
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    asked = f'if [ "$1" = -c ]; then echo "{tmp_path}/prefix"; else exec "{sys.executable}" "$@"; fi'
    python.write_text(f"#!/bin/sh\n{asked}\n")
    python.chmod(0o755)
    settings = tmp_path / "prefix" / "etc" / "jupyter" / "jupyter_server_config.d"
    settings.mkdir(parents=True)
    installed = Path(sys.prefix) / "etc" / "jupyter" / "jupyter_server_config.d" / "nbgrader.json"
    shutil.copy(installed, settings)
    return folder


def run(image: Path, *command: str, **environ: str) -> str:
    path = f"{image.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    env = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"} | {"PATH": path} | environ
    return subprocess.run(command, cwd=image, env=env, check=True, capture_output=True, text=True).stdout


def test_the_image_has_the_working_copy_that_the_badge_opens(root: Path, image: Path) -> None:
    run(image, "./postBuild")
    (opened,) = re.findall(r"urlpath=lab/tree/(\S+?)\)", (root / "README.md").read_text(encoding="utf-8"))
    assert (image / opened).is_file()
    assert opened.startswith("work/")


def test_what_needs_a_course_or_an_exchange_is_off_and_validate_is_on(image: Path) -> None:
    run(image, "./postBuild")
    folder = image.parent / "prefix" / "etc" / "jupyter"
    settings = ConfigManager(read_config_path=[str(folder)], write_config_dir=str(folder)).get("jupyter_server_config")
    extensions = settings["ServerApp"]["jpserver_extensions"]
    assert {name.rpartition(".")[2] for name, on in extensions.items() if on} == {"validate_assignment"}
    kernels = settings["MappingKernelManager"]
    assert 0 < kernels["cull_interval"] < kernels["cull_idle_timeout"]


def test_jupyterlab_is_quiet_there(image: Path) -> None:
    run(image, "./postBuild")
    folder = image.parent / "prefix" / "etc" / "jupyter"
    lab = ConfigManager(read_config_path=[str(folder / "labconfig")], write_config_dir=str(folder))
    disabled = lab.get("page_config")["disabledExtensions"]
    assert disabled["@jupyter/nbgrader:menu"] is disabled["@jupyter/nbgrader:formgrader"] is True
    settings = lab.get("default_setting_overrides")
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    server = ConfigManager(read_config_path=[str(folder)], write_config_dir=str(folder))
    assert server.get("jupyter_server_config")["LabApp"]["check_for_updates_class"].endswith("NeverCheckForUpdate")


def test_threads_are_capped_where_nobody_said_how_many(image: Path) -> None:
    asked = ("./start", "sh", "-c", 'echo "$OMP_NUM_THREADS $1"', "sh", "a b")
    assert run(image, *asked) == "1 a b\n"
    assert run(image, *asked, OMP_NUM_THREADS="4") == "4 a b\n"
