"""Where nbgrader reads a class's settings: the machine's files and the user's, then the class's own, each over those before it.

Grading goes by all of them, as nbgrader's own commands and the formgrader do: else a late rule of the whole machine would
count on one page and not on another.
"""

from __future__ import annotations

from pathlib import Path

from jupyter_core.paths import jupyter_config_path

__all__ = ["CONFIG", "settings_files"]

CONFIG = "nbgrader_config.py"
_NAMES = ("jupyter_config", "nbgrader_config")
_ENDINGS = (".py", ".json")


def settings_files(root: Path) -> list[Path]:
    """Those that there are for the class in ``root``, in the order in which they are read; `CONFIG` of ``root`` among them."""
    folders = [Path(one) for one in reversed(jupyter_config_path())]  # which names the one that counts most first
    names = [folder / f"{name}{ending}" for name in _NAMES for folder in folders for ending in _ENDINGS]
    own = [root / f"nbgrader_config{ending}" for ending in _ENDINGS]
    return [path for path in (*names, *own) if path.is_file()]
