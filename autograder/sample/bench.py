"""The benchmark: what a check costs, and one class of chapter 04, graded by stock nbgrader and by our engine, as ratios."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import cycle, islice
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from rich.console import Console

from autograder.authoring.build import ROOT
from autograder.commands import commands_on_path
from autograder.grading.slots.store import Store
from autograder.judging.reference import PUBLIC
from autograder.learner.kernel import TRUST
from autograder.observing.codec import from_bytes, to_bytes
from autograder.sample import demo
from autograder.sample.checks import show_costs
from autograder.sample.imports import show_imports
from autograder.sample.learners import SAMPLE_CLASS
from autograder.sample.profiled import show_profile
from autograder.sample.waiting import show_waiting

__all__ = ["Cost", "bench", "make_class"]

CHAPTER = "04_the_same_cnn_with_functional"
_FEW = 8  # learners of the small class, which the large one is compared with
_STOCK = (sys.executable, "-m", "nbgrader", "autograde", CHAPTER, "--force", "--log-level=ERROR")
_OURS = (sys.executable, "-m", "autograder", "grade", CHAPTER, "--json")


@dataclass(frozen=True)
class Cost:
    """What one way of grading took: wall-clock and processor seconds of all its processes, and MB of its largest one."""

    wall: float
    cpu: float
    largest: float = 0.0


def make_class(folder: Path, submissions: int) -> Path:
    """A class of ``submissions`` learners at ``folder``: the sample class's kinds in turn, no two notebooks the same.

    The endless loop is left out: what it costs is a matter of the time limit, which is the same for both.
    """
    demo.prepare(ROOT, folder)
    with commands_on_path():
        demo.release(folder, CHAPTER)
    kinds = [one for one in SAMPLE_CLASS if one.chapter == CHAPTER and one.what != "endless loop"]
    for number, kind in enumerate(islice(cycle(kinds), submissions)):
        path = demo.hand_in(folder, replace(kind, learner=f"learner{number:03d}"))
        # Nothing that was seen of one learner's notebook may serve another's: every one says whose it is.
        notebook = nbformat.read(path, as_version=4)
        first = next(cell for cell in notebook.cells if cell.cell_type == "code")
        first.source += f"\n# learner {number:03d}"
        nbformat.write(notebook, path)
    return folder


def bench(
    submissions: int = 100, *, growth: bool = False, as_json: bool = False, checks: Sequence[str] | None = None
) -> int:
    """Print what the checks cost, then grade one class both ways and print what each took.

    With ``checks``, ids of exercises or none for all, nothing is graded. Returns 1 where the grades are not the same.
    Raises ``ValueError`` for a class that is no larger than the small one that it is compared with.
    """
    if checks is None and submissions <= _FEW:
        raise ValueError(
            f"a class of more than {_FEW}, please: what one more submission costs is told from two classes"
        )
    console = Console(stderr=as_json)
    costs = show_costs(console, checks or ())
    if checks is not None:
        if as_json:
            print(json.dumps(costs, indent=2))
        return 0
    imports = show_imports(console)
    waiting = show_waiting(console, CHAPTER)
    with tempfile.TemporaryDirectory() as folder:
        found = {
            **_measure(Path(folder), submissions, growth, console),
            "what a check costs": costs,
            "processor seconds of an import": imports,
            "what a learner waits for": waiting,
        }
    if as_json:
        print(json.dumps(found, indent=2))
    return 0 if found["grades agree"] else 1


def _measure(folder: Path, submissions: int, growth: bool, console: Console) -> dict[str, object]:
    kinds: dict[str, object] = {"submissions": submissions, "processors": len(os.sched_getaffinity(0))}
    console.print(f"a class of {submissions}, {CHAPTER}, {kinds['processors']} processors")

    def said(what: str, cost: Cost, against: Cost | None = None, number: int = submissions) -> Cost:
        ratio = f"   {against.wall / cost.wall:6.1f} times as fast as stock" if against else ""
        each = cost.wall / number
        console.print(
            f"{what:34} {cost.wall:8.1f} s  cpu {cost.cpu:8.1f} s  {each:6.3f} s each  {cost.largest:5.0f} MB{ratio}",
            highlight=False,
            soft_wrap=True,
        )
        kinds[what] = asdict(cost)
        return cost

    stock = said("stock nbgrader autograde", _timed(_STOCK, make_class(folder / "stock", submissions), {TRUST: "1"}))
    two = make_class(folder / "ours", submissions)
    ours = said("ours", _timed(_OURS, two), stock)
    again = said("ours, nothing changed", _timed(_OURS, two))
    one = said("ours, one slot", _timed((*_OURS, "--jobs", "1"), make_class(folder / "one", submissions)), stock)
    floor = said("the floor: fork and exec", _floor(two))
    few = make_class(folder / "few", _FEW)
    ours_few = said(f"ours, a class of {_FEW}", _timed(_OURS, few), number=_FEW)
    floor_few = said(f"the floor, a class of {_FEW}", _floor(few), number=_FEW)
    _mend(two)
    mended = said("ours, the reference mended", _timed(_OURS, two))
    shares = _profiled(make_class(folder / "profiled", submissions), console)
    ours_each, floor_each = _each(ours_few, ours, submissions), _each(floor_few, floor, submissions)
    known = {name: _grades(folder / name) for name in ("stock", "ours", "one")}
    agree = known["stock"] == known["ours"] == known["one"]
    kinds |= {
        "times as fast as stock": round(stock.wall / ours.wall, 2),
        "cpu, stock over ours": round(stock.cpu / ours.cpu, 2),
        "regrade, times as fast": round(ours.wall / again.wall, 2),
        "one slot over two": round(one.wall / ours.wall, 2),
        "ours over the floor": round(ours.wall / floor.wall, 2),
        "one more submission, s": round(ours_each, 3),
        "one more submission over the floor's": round(ours_each / floor_each, 2),
        "start-up, s": round(ours_few.wall - _FEW * ours_each, 1),
        "the floor's start-up, s": round(floor_few.wall - _FEW * floor_each, 1),
        "judged anew, times as fast": round(ours.wall / mended.wall, 2),
        "memory private to a child, MB": _peak_memory(two),
        "grades agree": agree,
        "where the leading process's time goes": {one: round(share, 3) for one, share in shares.items()},
    }
    if growth:
        kinds["growth"] = {
            str(number): asdict(
                said(
                    f"ours, a class of {number}",
                    _timed(_OURS, make_class(folder / str(number), number)),
                    number=number,
                )
            )
            for number in (10, 30, 100, 300)
        }
    for what, value in kinds.items():
        if not isinstance(value, Mapping):
            console.print(f"{what:34} {value}", highlight=False)
    return kinds


def _each(few: Cost, many: Cost, submissions: int) -> float:
    """Seconds that one more submission takes: what a class of ``submissions`` takes longer than one of `_FEW`."""
    return (many.wall - few.wall) / (submissions - _FEW)


def _profiled(folder: Path, console: Console) -> Mapping[str, float]:
    """Grade a class once more under Python's profiler, and say where the leading process's time goes."""
    kept = folder / "grade.profile"
    _timed((sys.executable, "-m", "cProfile", "-o", str(kept), "-m", "autograder", *_OURS[3:]), folder)
    return show_profile(console, kept)


def _mend(folder: Path) -> None:
    """Give a class a reference of its own, the public one with one sentence of relu's mended: all is judged anew."""
    own = folder / "classroom" / "reference"
    own.mkdir()
    for path in PUBLIC.glob("*.safetensors"):
        content = from_bytes(path.read_bytes(), small=True)
        if "relu" in content:
            known = content["relu"]["misconceptions"][0]
            known["says"] = f"{known['says']} Look once more."
        (own / path.name).write_bytes(to_bytes(content, small=True))


# A process that is started counts as its own memory what the one had that started it: so a small one does.
_WITNESS = """
import json, resource, subprocess, sys, time
began = time.monotonic()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
wall, used = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([code, wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""


def _timed(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Cost:
    """Run ``command`` in ``folder`` and measure it and every process it waited for."""
    with commands_on_path():
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _WITNESS, *command],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            errors="replace",
            check=True,
        )
    code, wall, processor, largest = json.loads(done.stdout)
    if code:
        raise RuntimeError(f"{' '.join(command[2:4])} ended with {code}:\n{done.stderr[-3000:]}")
    return Cost(round(wall, 3), round(processor, 3), round(largest, 1))


def _floor(folder: Path) -> Cost:
    """Fork a warm interpreter and ``exec`` the same cells, checks included, as many at a time as there are processors.

    No sandbox, no outputs, no gradebook: what any engine has to do at the very least.
    """
    paths = sorted((folder / "classroom" / "submitted").glob(f"*/{CHAPTER}/{CHAPTER}.ipynb"))
    with tempfile.TemporaryDirectory() as progress:
        command = (sys.executable, "-c", _FLOOR, str(len(os.sched_getaffinity(0))), *map(str, paths))
        return _timed(command, folder, {"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg", "ONE_CNN_PROGRESS": progress})


_FLOOR = """
import ast, contextlib, io, json, os, sys
from autograder.grading.inside import zygote
from autograder.grading.wire import later
zygote.grow_warm(later.mentioned(open(path).read() for path in sys.argv[2:]))  # as warm as ours
slots, running = int(sys.argv[1]), set()
for path in sys.argv[2:]:
    cells = [cell for cell in json.load(open(path))["cells"] if cell["cell_type"] == "code"]
    while len(running) >= slots:
        running.discard(os.wait()[0])
    child = os.fork()
    if child == 0:
        names = {"__name__": "__main__"}
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            for cell in cells:
                source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
                with contextlib.suppress(BaseException):
                    tree = ast.parse(source)  # the last value is shown, as a kernel shows it
                    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
                    exec(compile(tree, "cell", "exec"), names)
                    if last is not None:
                        value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
                        for way in ("_repr_html_", "_repr_mimebundle_"):
                            if hasattr(value, way):
                                getattr(value, way)()
                                break
        os._exit(0)
    running.add(child)
while running:
    running.discard(os.wait()[0])
"""


def _grades(folder: Path) -> dict[str, dict[str, float]]:
    with Gradebook(f"sqlite:///{folder / 'classroom' / 'gradebook.db'}", "one_cnn_two_ways") as gradebook:
        return {
            one.student.id: {grade.name: float(grade.score) for notebook in one.notebooks for grade in notebook.grades}
            for one in gradebook.assignment_submissions(CHAPTER)
        }


def _peak_memory(folder: Path) -> float | None:
    """The most memory that was private to one child, in MB, of all that the store remembers."""
    store = Store(folder / "classroom" / "results" / "seen")
    peaks = [outcome.peak_memory for outcome in map(store.get, store) if outcome is not None]
    return round(max(peaks) / 1e6, 1) if peaks else None
