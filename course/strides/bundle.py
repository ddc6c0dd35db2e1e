"""The explorer for a page without a kernel: its modules as one script, which opens from a disk as from a server."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["script"]

_HERE = Path(__file__).parent
_NAMED = re.compile(r'^import \{ (?P<names>[^}]+) \} from "(?P<path>[^"]+)";$', re.MULTILINE)
_WHOLE = re.compile(r'^import \* as (?P<name>\w+) from "(?P<path>[^"]+)";$', re.MULTILINE)
_DEFAULT = re.compile(r'^import (?P<name>\w+) from "(?P<path>[^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class) (\w+))", re.MULTILINE)


def script(entry: Path = _HERE / "page" / "page.js") -> str:
    """``entry`` and all that it imports as one classic script: browsers refuse modules on ``file:`` addresses.

    It understands how these modules are written: imports of names, of a whole module or of its default, one a line, and
    exports in front of what is declared. Raises ``ValueError`` for anything else.

    >>> script().startswith('"use strict";')
    True
    """
    modules: dict[Path, str] = {}
    _add(entry.resolve(), modules, ())
    body = "\n".join(modules.values())
    return f'"use strict";\n(() => {{\nconst modules = {{}};\n{body}\n}})();\n'


def _add(path: Path, modules: dict[Path, str], above: tuple[Path, ...]) -> None:
    """Put what ``path`` imports before it."""
    if path in modules:
        return
    if path in above:
        raise ValueError(f"{path.name} imports itself, by way of {', '.join(one.name for one in above)}")
    source = path.read_text(encoding="utf-8")
    for pattern in (_NAMED, _WHOLE, _DEFAULT):
        for found in pattern.finditer(source):
            _add((path.parent / found["path"]).resolve(), modules, (*above, path))
    source = _NAMED.sub(lambda found: f"const {{ {found['names']} }} = {_module(found['path'])};", source)
    source = _WHOLE.sub(lambda found: f"const {found['name']} = {_module(found['path'])};", source)
    source = _DEFAULT.sub(lambda found: f"const {found['name']} = {_module(found['path'])}.default;", source)
    exported = _EXPORT.findall(source)
    source = _EXPORT.sub("", source)
    ending = ", ".join(exported)
    if "\nexport default " in source:
        source = source.replace("\nexport default ", "\nconst defaultExport = ")
        ending = ", ".join([*exported, "default: defaultExport"])
    left = re.search(r"^(?:import|export)\b.*$", source, re.MULTILINE)
    if left:
        raise ValueError(f"{path.name}: {left[0]} is written in a way that is not put together here")
    modules[path] = f"{_module(path.name)} = (() => {{\n{source}\nreturn {{ {ending} }};\n}})();"


def _module(path: str) -> str:
    return f'modules["{Path(path).name}"]'
