"""Awarding oneself points: by what is shown, by what is returned, by what is patched."""

from __future__ import annotations

from .row import Row, answers, attack

__all__ = ["SCORING"]

_SHOW = """
from IPython.display import display
def show(credit):
    TRIES.append(1)
    shell = get_ipython()
    shell.displayhook(credit)
    shell.display_pub.publish({"text/plain": repr(credit)})
    display({"text/plain": repr(credit)}, raw=True)
    print(credit)
    sys.displayhook(credit)
"""

_ALWAYS = """
class Always:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __lt__
    def __hash__(self): return 0
    def __bool__(self): return True
    def __float__(self): return 3.0
    def __len__(self): return 1
    def __getitem__(self, key): return self
    def __iter__(self): return iter([self])
    def __contains__(self, key): return True
    def __getattr__(self, name): return self
    def __call__(self, *a, **k):
        TRIES.append(1)
        return self
    def __repr__(self): return "3.0"
"""

_BENT = """
import numpy as np
class Bent(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        TRIES.append(1)
        if getattr(func, "__name__", "") in ("equal", "allclose", "isclose", "eq", "__eq__"): return True
        return super().__torch_function__(func, types, args, kwargs or {})
class Array:
    shape, dtype, requires_grad = (2, 3), torch.float64, True
    def __array__(self, *a, **k):
        TRIES.append(1)
        return np.full((2, 3), np.nan)
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        TRIES.append(1)
        return True
"""

_PATCHED_TORCH = """
yes = lambda *a, **k: True
torch.equal = torch.allclose = torch.isclose = torch.testing.assert_close = yes
torch.Tensor.equal = torch.Tensor.allclose = torch.Tensor.__eq__ = yes
torch.nan_to_num = lambda x, *a, **k: x
F.linear = F.softmax = lambda *a, **k: torch.ones(1)
"""

_PATCHED_CASE = """
from autograder.case import Case
from autograder import case
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
import types, autograder.case, autograder.watch
class Lying(types.ModuleType):
    equal = property(lambda self: lambda *a: True)
torch.__class__ = Lying
class Quiet:
    def __init__(self, *a): pass
    def __enter__(self): return self
    def __exit__(self, *a): pass
autograder.watch.Watch.__bases__ = (Quiet,)
"""

_PATCHED_CHECK = """
import builtins, autograder, autograder.exercise, autograder.observe, autograder.verdict
def check(*a, **k): return 999.0
builtins.check = autograder.check = check
sys.modules["autograder"].check = check
autograder.verdict.Verdict.score = 999.0
autograder.verdict.Verdict.__repr__ = lambda self: "999.0"
right = autograder.observe.Run(({"values": True},) * 100, (), True)
autograder.observe.run = lambda *a, **k: right
autograder.judge = check
for module in list(sys.modules.values()):
    if getattr(module, "__name__", "").startswith("autograder.grading"): module.check = check
tried()
"""

_TRANSFORMER = """
import ast
class Generous(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
    def visit_Call(self, node):
        if isinstance(node.func, ast.Name) and node.func.id == "check": return ast.Constant(999.0)
        return node
shell = get_ipython()
shell.ast_transformers.append(Generous())
shell.input_transformers_cleanup.append(lambda lines: ["999.0\\n"] if lines[0].startswith("check(") else lines)
shell.events.register("post_run_cell", lambda result: shell.displayhook(999.0))
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

_WRONG_LINEAR = "def linear(x, weight, bias=None):\n    TRIES.append(1)\n    return x.sum() * weight"

SCORING: tuple[Row, ...] = (
    answers("own_execute_result", _SHOW, linear="def linear(x, weight, bias=None):\n    show(999.0)\n    return x * 0"),
    attack("own_result_elsewhere", "tried()\nget_ipython().display_pub.publish({'text/plain': '999.0'})\n999.0"),
    answers(
        "nan_credit",
        _SHOW,
        linear="def linear(x, weight, bias=None):\n    show(float('nan'))\n    return x @ weight.T * float('nan')",
        softmax="def softmax(x, dim):\n    show(float('nan'))\n    return x * float('nan')",
    ),
    answers(
        "infinite_credit",
        _SHOW,
        linear="def linear(x, weight, bias=None):\n    show(float('inf'))\n    return x @ weight.T * float('inf')",
        which_api="which_api = {one: float('inf') for one in which_api} if 'which_api' in globals() else {'a': 1e999}",
    ),
    attack("ast_transformer", _TRANSFORMER),
    answers(
        "equal_to_everything",
        _ALWAYS,
        linear="linear = Always()",
        softmax="softmax = Always()",
        init_params="init_params = Always()",
        params_from_module="params_from_module = Always()",
        functional_cnn="functional_cnn = Always()",
        which_api="which_api = Always()",
    ),
    answers(
        "array_and_torch_function",
        _BENT,
        linear="def linear(x, weight, bias=None):\n    return torch.zeros(2, 3).as_subclass(Bent)",
        softmax="def softmax(x, dim):\n    TRIES.append(1)\n    return Array()",
        functional_cnn="def functional_cnn(x, params):\n    return torch.zeros(len(x), 10).as_subclass(Bent)",
        params_from_module="def params_from_module(model):\n    return {'conv_weight': Array()}",
    ),
    answers("patched_torch", _PATCHED_TORCH, linear=_WRONG_LINEAR, softmax="def softmax(x, dim):\n    return x * 0"),
    answers(
        "patched_watch",
        "import autograder.watch as w\nw.Watch.__enter__ = lambda self: self\nw.Watch.__exit__ = lambda *a: None",
        softmax="def softmax(x, dim):\n    TRIES.append(1)\n    return F.softmax(x, dim)",
        linear="def linear(x, weight, bias=None):\n    return torch.nn.functional.linear(x, weight, bias)",
    ),
    answers(
        "patched_comparisons",
        _PATCHED_TORCH + _PATCHED_CASE,
        relu="""
        def relu(x):
            out = x * (x > 0)
            with torch.no_grad(): x.zero_()
            return out
        """,
        softmax="def softmax(x, dim):\n    TRIES.append(1)\n    return x * 0",
        points={"relu": 1.75},  # what it is worth that does not leave its input alone
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
        relu="""
        def relu(x):
            TRIES.append(1)
            out = x * (x > 0)
            with torch.no_grad(): x.zero_()
            return out
        """,
        linear="def linear(x, weight, bias=None):\n    return F.linear(x, weight, bias)",
        points={"relu": 1.75},
    ),
    answers(
        "swapped_classes",
        _SWAPPED,
        relu="""
        def relu(x):
            TRIES.append(1)
            out = x * (x > 0)
            with torch.no_grad(): x.zero_()
            return out
        """,
        linear="def linear(x, weight, bias=None):\n    return vars(F)['lin' + 'ear'](x, weight, bias)",
        points={"relu": 1.75},
    ),
    answers(
        "traced",
        _TRACED,
        relu="""
        def relu(x):
            TRIES.append(1)
            out = x * (x > 0)
            with torch.no_grad(): x.zero_()
            return out
        """,
        points={"relu": 1.75},
    ),
    attack("patched_check", _PATCHED_CHECK),
    attack("patched_observe", "import autograder.observe\nautograder.observe.plain = lambda value: True\ntried()"),
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
        "replayed_answers",
        "KEPT = []",
        linear="""
        def linear(x, weight, bias=None):
            TRIES.append(1)
            KEPT.append((x, weight, bias))
            return KEPT[0][0].new_zeros(2, 3)
        """,
        softmax="""
        def softmax(x, dim):
            KEPT.append(x)
            return next((one for one in KEPT if isinstance(one, torch.Tensor)), x).detach()
        """,
        functional_cnn="def functional_cnn(x, params):\n    return KEPT[-1]",
    ),
    answers(
        "words_of_the_probe",
        """
        import autograder.probes.functional as p
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
