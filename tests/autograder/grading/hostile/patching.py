"""Awarding oneself points: by putting something else in the place of torch, of Python's library or of our own names."""

from __future__ import annotations

from .row import IN_DISGUISE, SPOILS_INPUT, WITHOUT_MEMORY, WRONG_LINEAR, Row, answers, attack

__all__ = ["PATCHING"]

_PATCHED_TORCH = """
yes = lambda *a, **k: True
torch.equal = torch.allclose = torch.isclose = torch.testing.assert_close = yes
torch.Tensor.equal = torch.Tensor.allclose = torch.Tensor.__eq__ = yes
torch.nan_to_num = lambda x, *a, **k: x
F.linear = F.softmax = lambda *a, **k: torch.ones(1)
"""

_PATCHED_CASE = """
from autograder.observing.case import Case
from autograder.observing import case
Case.unchanged = lambda self: {name: "unchanged" for name in self.given}
Case.unchanged.__code__ = (lambda self: {name: "unchanged" for name in self.given}).__code__
case._same = yes
"""

_MODES = """
from torch.overrides import TorchFunctionMode
class Yes(TorchFunctionMode):
    def __torch_function__(self, func, types, args=(), kwargs=None):
        if getattr(func, "__name__", "") in ("equal", "allclose", "eq"): return True
        return func(*args, **(kwargs or {}))
Yes().__enter__()
"""

_TRACED = """
import ctypes
def trace(frame, event, arg):
    if frame.f_code.co_name in ("unchanged", "_same"):
        for name, value in frame.f_locals.items():
            if value is False or value == "changed": frame.f_locals[name] = True
        ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), 0)
    return trace
sys.settrace(trace)
threading.settrace(trace)
"""

_SWAPPED = """
import types, autograder.observing.case, autograder.observing.watch
class Lying(types.ModuleType):
    equal = property(lambda self: lambda *a: True)
torch.__class__ = Lying
class Quiet:
    def __init__(self, *a): pass
    def __enter__(self): return self
    def __exit__(self, *a): pass
autograder.observing.watch.Watch.__bases__ = (Quiet,)
"""

_PATCHED_CHECK = """
import builtins, autograder, autograder.observing.exercise, autograder.observing.observe, autograder.judging.verdict
def check(*a, **k): return 999.0
builtins.check = autograder.check = check
sys.modules["autograder"].check = check
autograder.judging.verdict.Verdict.score = 999.0
autograder.judging.verdict.Verdict.__repr__ = lambda self: "999.0"
right = autograder.observing.observe.Run(({"values": True},) * 100, (), True)
autograder.observing.observe.run = lambda *a, **k: right
autograder.judging.judge = check
for module in list(sys.modules.values()):
    if getattr(module, "__name__", "").startswith("autograder.grading"): module.check = check
tried()
"""

_FAKE_SHELL = """
import builtins, IPython, IPython.core.getipython
class Fake:
    def __getattr__(self, name): return lambda *a, **k: 999.0
fake = lambda: Fake()
builtins.get_ipython = IPython.get_ipython = IPython.core.getipython.get_ipython = get_ipython = fake
IPython.InteractiveShell._instance = Fake()
tried()
"""

_HOOKS = """
shell = get_ipython()
hook, publish = shell.displayhook, shell.display_pub.publish
sys.displayhook = lambda value: hook(999.0)
shell.display_formatter.format = lambda *a, **k: ({"text/plain": "999.0"}, {})
type(shell).display_pub.publish = None
shell.display_pub.publish = lambda *a, **k: publish({"text/plain": "999.0"})
type(hook).quiet = lambda self: False
tried()
"""

_TRACEBACK = """
shell = get_ipython()
shell.showtraceback = lambda *a, **k: (TRIES.append(1), shell.displayhook(999.0))
shell._showtraceback = shell.showtraceback
shell.set_custom_exc((Exception,), lambda *a, **k: shell.displayhook(999.0))
sys.excepthook = lambda *a: print(999.0)
"""

# What functions keep of earlier calls, and the table in which torch looks up the names of its own.
_CACHES = """
import fnmatch, re, torch.overrides
import autograder.observing.watch as w
class Never:
    def match(self, *words): return None
kept, re.compile = re.compile, lambda *words: Never()
fnmatch._compile_pattern.cache_clear()
fnmatch.fnmatchcase("x", "linear")
re.compile = kept
names = torch.overrides._get_overridable_functions()[1]
for one in [one for one, name in names.items() if name.endswith("linear")]: names[one] = "torch.harmless"
kept, w.resolve_name = w.resolve_name, lambda func: "torch.harmless"
w._forbidden.cache_clear(), w.own_name.cache_clear()
w._forbidden(F.linear, ("linear",))
w.resolve_name = kept
w._forbidden.__wrapped__.__code__ = (lambda func, forbidden: "").__code__
"""

PATCHING: tuple[Row, ...] = (
    answers("patched_torch", _PATCHED_TORCH, linear=WRONG_LINEAR, softmax="def softmax(x, dim):\n    return x * 0"),
    answers(
        "patched_watch",
        "import autograder.observing.watch as w\nw.Watch.__enter__ = lambda self: self\nw.Watch.__exit__ = lambda *a: None",
        softmax="def softmax(x, dim):\n    TRIES.append(1)\n    return F.softmax(x, dim)",
        linear="def linear(x, weight, bias=None):\n    return torch.nn.functional.linear(x, weight, bias)",
    ),
    answers(
        "patched_comparisons",
        _PATCHED_TORCH + _PATCHED_CASE,
        relu=SPOILS_INPUT,
        softmax="def softmax(x, dim):\n    TRIES.append(1)\n    return x * 0",
        points=WITHOUT_MEMORY,
    ),
    answers(
        "patched_with_blocks",
        """
        import contextlib
        managers = contextlib._GeneratorContextManager
        enter, leave = managers.__enter__, managers.__exit__
        def is_ours(self): return "autograder" in self.gen.gi_code.co_filename
        managers.__enter__ = lambda self: None if is_ours(self) else enter(self)
        managers.__exit__ = lambda self, *a: None if is_ours(self) else leave(self, *a)
        """,
        linear="def linear(x, weight, bias=None):\n    TRIES.append(1)\n    return F.linear(x, weight, bias)",
    ),
    answers(
        "modes_left_on",
        _MODES,
        relu=SPOILS_INPUT,
        linear="def linear(x, weight, bias=None):\n    return F.linear(x, weight, bias)",
        points=WITHOUT_MEMORY,
    ),
    answers(
        "swapped_classes",
        _SWAPPED,
        relu=SPOILS_INPUT,
        linear=IN_DISGUISE,
        points=WITHOUT_MEMORY,
    ),
    answers("patched_caches", _CACHES, linear=IN_DISGUISE),
    answers(
        "traced",
        _TRACED,
        relu=SPOILS_INPUT,
        points=WITHOUT_MEMORY,
    ),
    attack("patched_check", _PATCHED_CHECK),
    attack("patched_observe", "import autograder.observing.observe as one\none.plain = lambda value: True\ntried()"),
    attack("names_of_ours", "check = torch = F = nn = autograder = data = 999.0\ntried()"),
    attack(
        "patched_json",
        "import json\ntried()\njson.dumps = lambda *a, **k: '{\"points\": 999}'\n"
        "json.JSONEncoder.encode = lambda *a: '{}'",
        state="crashed",
    ),
    attack(
        "patched_safetensors", "import safetensors.torch\ntried()\nsafetensors.torch.save = lambda *a, **k: b'999.0'"
    ),
    attack(
        "patched_sockets",
        "send = socket.socket.sendall\ntried()\nsocket.socket.sendall = lambda self, data: send(self, data + data)",
    ),
    attack("patched_get_ipython", _FAKE_SHELL),
    attack("patched_display_hooks", _HOOKS.replace("type(shell).display_pub.publish = None\n", "")),
    answers(
        "patched_showtraceback",
        _TRACEBACK,
        linear="def linear(x, weight, bias=None):\n    TRIES.append(1)\n    raise ValueError('999.0')",
    ),
    answers(
        "words_of_the_probe",
        """
        import autograder.observing.probes.functional as p
        words = {"same seed": "same numbers", "other seed": "other numbers"}
        p._numbers = p._spread = p._read_init_params = lambda *a: "evenly within its bound"
        p._three_draws = lambda *a: words
        """,
        init_params="""
        def init_params(generator):
            TRIES.append(1)
            sizes = {"conv_weight": (16, 3, 3, 3), "conv_bias": (16,), "fc_weight": (10, 16384), "fc_bias": (10,)}
            return {name: torch.full(size, 7.0).requires_grad_() for name, size in sizes.items()}
        """,
    ),
)
