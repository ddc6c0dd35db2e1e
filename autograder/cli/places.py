"""The folders that commands work in, from where they are typed."""

from __future__ import annotations

from pathlib import Path

__all__ = ["class_folder", "home_folder"]


def class_folder() -> Path:
    """The class's folder: the one we are in, if it has nbgrader's settings, else the repository."""
    here = Path.cwd()
    return here if (here / "nbgrader_config.py").is_file() else Path(__file__).resolve().parents[2]


def home_folder() -> Path:
    """The folder of the course: the one we are in, if it has the notebooks, else the repository."""
    here = Path.cwd()
    return here if (here / "notebooks" / "00_start_here.ipynb").is_file() else Path(__file__).resolve().parents[2]
