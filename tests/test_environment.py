"""One environment, said in four places: pyproject.toml, environment.yml, the pins, and what the code imports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def requirements(lines: list[str]) -> dict[str, SpecifierSet]:
    """Canonical name → range."""
    parsed = [Requirement(line) for line in lines]
    return {canonicalize_name(requirement.name): requirement.specifier for requirement in parsed}


LEARNER = requirements(PROJECT["dependencies"])
INSTRUCTOR = requirements(PROJECT["optional-dependencies"]["instructor"])
DEV = requirements(PROJECT["optional-dependencies"]["dev"])


def conda() -> tuple[list[str], list[str]]:
    """What environment.yml has conda install, and what pip."""
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    (by_pip,) = (line["pip"] for line in listed if isinstance(line, dict))
    return [line for line in listed if isinstance(line, str)], by_pip


def pins() -> dict[str, Requirement]:
    """Canonical name → pin."""
    lines = (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    parsed = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(pin.name): pin for pin in parsed}


def third_party_imports(source: str) -> set[str]:
    """The top-level modules that ``source`` imports from outside of Python and of the project."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module.split(".")[0])
    return names - sys.stdlib_module_names - {"course", "autograder"}


def undeclared(folder: str, declared: set[str]) -> list[str]:
    """``file: module`` for every import in ``folder`` that no declared package provides."""
    providers = packages_distributions()
    return [
        f"{path.relative_to(ROOT)}: {module}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for module in sorted(third_party_imports(path.read_text(encoding="utf-8")))
        if not {canonicalize_name(name) for name in providers.get(module, [])} & declared
    ]


def test_conda_takes_the_packages_of_pyproject_at_the_versions_that_make_takes():
    by_conda, by_pip = conda()
    assert [re.split("[=<>]", line)[0] for line in by_conda] == ["python", "pip"]
    asked = [line for line in by_pip if not line.startswith("-")]
    assert requirements(asked) == LEARNER | INSTRUCTOR | {"pytest": DEV["pytest"]}
    assert "-e ." in by_pip
    constraints = [line.split()[1] for line in by_pip if line.startswith("--constraint ")]
    assert constraints == [".ci/constraints.txt"]
    assert (ROOT / constraints[0]).is_file()


def test_conda_s_torch_is_the_cpu_build_from_where_make_takes_it():
    (index,) = (line.split()[1] for line in conda()[1] if line.startswith("--extra-index-url "))
    assert index in (ROOT / ".ci" / "install_torch.py").read_text(encoding="utf-8")


def test_conda_s_python_is_one_that_pyproject_accepts():
    (python,) = (line for line in conda()[0] if line.startswith("python="))
    assert SpecifierSet(PROJECT["requires-python"]).contains(python.removeprefix("python="))


def test_conda_s_environment_has_the_project_s_name():
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert listed["name"] == PROJECT["name"]
    assert listed["channels"] == ["conda-forge"]


def test_binder_finds_environment_yml():
    # repo2docker looks into these folders first, and then nowhere else.
    assert not (ROOT / "binder").exists()
    assert not (ROOT / ".binder").exists()


@pytest.mark.parametrize("name", sorted(LEARNER | INSTRUCTOR | DEV))
def test_every_package_asked_for_is_pinned_within_its_range(name):
    (pin,) = pins()[name].specifier
    assert (LEARNER | INSTRUCTOR | DEV)[name].contains(pin.version)


def test_pins_mean_the_same_on_every_machine():
    for name, pin in pins().items():
        (exact,) = pin.specifier
        assert exact.operator == "==", name
        assert pin.url is None, name
        assert Version(exact.version).local is None, f"{name} is pinned to one machine's build"
        assert not re.match(r"nvidia-|cuda-|triton", name), f"{name} belongs to CUDA"


def test_no_grammar_is_built_when_notebooks_are_to_be_read():
    program = "import sys, nbformat; print(sorted({'lark', 'rfc3987_syntax'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_pins_admit_the_oldest_python_of_all():
    oldest = PROJECT["requires-python"].removeprefix(">=") + ".0"
    pinned = {name: next(iter(pin.specifier)).version for name, pin in pins().items()}
    installed = [item for item in distributions() if pinned.get(canonicalize_name(item.name)) == item.version]
    assert installed, "none of the pins is installed here: make setup"
    needs = {item.name: item.metadata.get("Requires-Python") or "" for item in installed}
    assert {name: python for name, python in needs.items() if not SpecifierSet(python).contains(oldest)} == {}


def test_one_oldest_python_is_said_everywhere():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    oldest = PROJECT["requires-python"].removeprefix(">=")
    assert settings["mypy"]["python_version"] == oldest
    assert settings["ruff"]["target-version"] == "py" + oldest.replace(".", "")
    as_tuple = f"sys.version_info < ({oldest.replace('.', ', ')})"
    assert as_tuple in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert as_tuple in (ROOT / ".ci" / "make_venv.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", ["course", "autograder"])
def test_what_the_packages_import_is_declared(folder):
    assert undeclared(folder, set(LEARNER | INSTRUCTOR)) == []


def test_what_the_tests_import_is_declared():
    places = [ROOT / ".ci", *(ROOT / "tests").rglob(".")]
    own = {path.stem for place in places for path in place.iterdir()}
    missing = undeclared("tests", set(LEARNER | INSTRUCTOR | DEV))
    assert [line for line in missing if line.rpartition(": ")[2] not in own] == []


def test_an_undeclared_import_would_be_seen():
    assert third_party_imports("import os, numpy.linalg\nfrom course import data\nfrom . import x") == {"numpy"}
    assert undeclared("course", set()) != []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_make_command_on_the_page_exists(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    commands = re.findall(r"(?:^[ $]*|`|&& )make ([a-z]+)\b(?=[^`\n]*(?:`|$))", text, flags=re.MULTILINE)
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert commands, f"{page} names no command"
    assert set(commands) <= targets
