"""Meddling with the process that an answer is observed in: Python's own hooks, torch's settings, descriptors, memory, names."""

from __future__ import annotations

from .row import IN_DISGUISE, RIGHT_RELU, SPOILS_INPUT, WITHOUT_MEMORY, WRONG_LINEAR, Row, answers, attack

__all__ = ["MEDDLING"]

_WRONG_SOFTMAX = "def softmax(x, dim):\n    TRIES.append(1)\n    return x * 0"
_MONITORED = """
if sys.version_info >= (3, 12):
    m = sys.monitoring
    m.use_tool_id(3, "x")
    def called(code, offset, func=None, *more):
        if code.co_name in ("unchanged", "_same", "run", "observe"): raise ValueError("999.0")
    def returned(code, offset, value):
        if code.co_name in ("unchanged", "_same"): raise ValueError("999.0")
    m.register_callback(3, m.events.PY_START, called)
    m.register_callback(3, m.events.PY_RETURN, returned)
    m.set_events(3, m.events.PY_START | m.events.PY_RETURN)
"""

_AUDIT = """
def hook(event, args):
    if event in ("socket.sendall", "object.__getattr__", "compile", "exec", "import") and TRIES: raise RuntimeError("999.0")
sys.addaudithook(hook)
"""

_HUNT = """
import gc
def hunt():
    for one in gc.get_objects():
        name = type(one).__name__
        if name in ("Reference", "Oracle", "Expected"): won(name)
        if name == "Case" and not hasattr(one, "touched"):
            try: object.__setattr__(one, "given", {})
            except Exception: pass
        if name == "Watch":
            for field in list(getattr(one, "__dict__", {})):
                try: setattr(one, field, type(getattr(one, field))())
                except Exception: pass
"""

_PATCH_LATER = """
stop = threading.Event()
def later():
    import autograder.observing.watch as w, autograder.observing.case as c
    while not stop.wait(0.0005):
        w.Watch.__enter__ = lambda self: self
        w.Watch.__exit__ = lambda self, *a: None
        c.Case.unchanged = lambda self: {name: "unchanged" for name in self.given}
        torch.equal = lambda *a: True
        torch.Tensor.__eq__ = lambda *a: True
threading.Thread(target=later, daemon=True).start()
time.sleep(0.05)
"""

_DUP = """
keep = os.dup(1)
for number in range(3, 256):
    try: os.dup2(1, number)
    except OSError: pass
tried()
"""

_PIPES = """
import stat
reading, writing = os.pipe()
for number in range(3, 256):
    try: found = stat.S_ISSOCK(os.fstat(number).st_mode)
    except OSError: continue
    if found: os.dup2(writing, number)
print("TRIED")
"""

_CTYPES = """
import ctypes
def poke(number, to):
    where = id(number) + (24 if sys.version_info < (3, 12) else 24)
    ctypes.c_uint32.from_address(where).value = to
tried()
ctypes.string_at(0)
"""

_MMAP = """
import mmap
hold = [mmap.mmap(-1, 8 << 20) for _ in range(8)]
for one in hold: one.write(b"x" * (8 << 20))
spread = mmap.mmap(-1, 64 << 20)
tried()
"""

_ALARM = """
def alarm(*a): raise RuntimeError("999.0")
signal.signal(signal.SIGALRM, alarm)
"""

_TORCH = """
torch.set_default_dtype(torch.float16)
torch.set_default_device("meta")
torch.use_deterministic_algorithms(True)
torch.set_grad_enabled(False)
torch.set_printoptions(edgeitems=10 ** 9, threshold=10 ** 9)
torch.set_flush_denormal(True)
torch.autograd.set_detect_anomaly(True)
torch.autograd.set_multithreading_enabled(False)
torch.set_float32_matmul_precision("medium")
torch.utils.deterministic.fill_uninitialized_memory = True
torch.backends.mkldnn.enabled = False
tried()
"""

_INFERENCE = """
mode = torch.inference_mode()
mode.__enter__()
torch._C._set_grad_enabled(False)
tried()
"""

_REPRS = """
class Gigantic:
    def __repr__(self): return "x" * (300 << 20)
    def _repr_html_(self): return "<b>" * (60 << 20)
    def _repr_mimebundle_(self, *a, **k): return {"text/plain": "y" * (60 << 20), "a/b": Gigantic}
class Nasty(BaseException):
    def __str__(self): raise Nasty
    __repr__ = __str__
class Silent(Exception):
    def __str__(self): raise Nasty
    def __repr__(self): sys.exit("999.0")
    @property
    def __traceback__(self): raise Nasty
    @property
    def __notes__(self): raise Nasty
"""

_BASES = """
class Stop(BaseException): pass
class Group(BaseException):
    @property
    def args(self): raise Stop
"""

_FORKED = """
child = os.fork()
if child == 0:
    pass  # both go on, and both answer
else:
    tried()
"""

_WRITEFILE = """%%writefile autograder.py
raise SystemExit("999.0")
"""

_LIMITS = """
sys.setrecursionlimit(60)
sys.setswitchinterval(100)
sys.set_int_max_str_digits(640)
os.nice(19)
os.umask(0o777)
os.chdir("/tmp")
os.environ.clear()
sys.dont_write_bytecode = False
sys.flags.__class__
tried()
"""

_CLOSURES = """
import gc, types
for one in gc.get_objects():
    if isinstance(one, types.FunctionType) and one.__qualname__.startswith("prober."):
        for cell in one.__closure__ or ():
            held = cell.cell_contents
            if callable(held):
                cell.cell_contents = lambda *a, **k: {"values": 1.0}
TRIES.append(1)
"""

_TENSORS = """
class Chameleon(torch.Tensor):
    def __eq__(self, other): return True
    def detach(self): return torch.ones(2, 3)
    def clone(self): return torch.ones(2, 3)
    def numpy(self): return 999.0
    def tolist(self): return [999.0]
    def size(self, *a): return torch.Size([2, 3])
    shape = property(lambda self: torch.Size([2, 3]))
    dtype = property(lambda self: torch.float32)
    def data_ptr(self): raise SystemExit(999)
    def __reduce_ex__(self, n): return (os._exit, (0,))
    def __del__(self): TRIES.append(1)
"""

MEDDLING: tuple[Row, ...] = (
    answers("monitored", _MONITORED, relu=SPOILS_INPUT, linear=IN_DISGUISE, points=WITHOUT_MEMORY),
    answers("audited", _AUDIT, linear=WRONG_LINEAR, shows="", state="crashed"),
    answers(
        "hunted", _HUNT, relu=SPOILS_INPUT.replace("TRIES", "hunt(); TRIES", 1), shows="", state="crashed", points={}
    ),
    answers("patches_later", _PATCH_LATER, relu=SPOILS_INPUT, points=WITHOUT_MEMORY),
    attack("descriptors_over_output", _DUP, shows="", state="crashed"),
    attack("channel_into_a_pipe", _PIPES, shows="", state="crashed"),
    attack("null_pointer", _CTYPES, state="crashed"),
    attack("mapped_memory", _MMAP),
    answers(
        "alarm_in_a_check",
        _ALARM,
        linear="""
        def linear(x, weight, bias=None):
            signal.setitimer(signal.ITIMER_REAL, 0.002)
            time.sleep(0.1)
            return x * 0
        """,
        shows="",
    ),
    attack("torch_settings", _TORCH),
    attack("inference_mode_left_on", _INFERENCE),
    answers(
        "settings_in_an_answer",
        "",
        linear="def linear(x, weight, bias=None):\n    TRIES.append(1)\n    torch.set_default_dtype(torch.float64)\n    torch.set_grad_enabled(False)\n    torch.manual_seed(0)\n    torch.set_default_device('meta')\n    torch.set_num_threads(7)\n    return x * 0",
    ),
    attack("gigantic_reprs", _REPRS + "tried()\nGigantic()"),
    answers(
        "exceptions_that_raise",
        _REPRS,
        linear="def linear(x, weight, bias=None):\n    TRIES.append(1)\n    raise Silent('999.0')",
        shows="",
    ),
    attack("exception_without_words", _REPRS + "tried()\nraise Silent", shows="", state="crashed"),
    attack("base_exception", _BASES + "tried()\nraise Stop"),
    answers(
        "base_exceptions_in_a_check",
        _BASES,
        linear="def linear(x, weight, bias=None):\n    TRIES.append(1)\n    raise Group",
        softmax="def softmax(x, dim):\n    raise GeneratorExit",
        functional_cnn="def functional_cnn(x, params):\n    raise BaseExceptionGroup('999.0', [Stop(), KeyboardInterrupt()])",
    ),
    answers(
        "keyboard_interrupt_in_a_check",
        "",
        linear="def linear(x, weight, bias=None):\n    TRIES.append(1)\n    raise KeyboardInterrupt",
    ),
    answers(
        "generators_as_answers",
        "",
        linear="def linear(x, weight, bias=None):\n    TRIES.append(1)\n    yield x @ weight.T",
        softmax="async def softmax(x, dim):\n    return x * 0",
        functional_cnn="functional_cnn = iter(int, 1)",
        params_from_module="params_from_module = (one for one in iter(int, 1))",
        which_api="which_api = iter(lambda: 'a', 'b')",
        shows="",
    ),
    answers(
        "recursion_to_death",
        "sys.setrecursionlimit(10 ** 9)",
        linear="def linear(x, weight, bias=None):\n    return linear(x, weight, bias)",
        shows="",
        state="out of memory",
        states={"linear": "out of memory"},
    ),
    attack("goes_on_twice", _FORKED),
    attack("limits_of_python", _LIMITS),
    answers("closures_bent", _CLOSURES, linear=WRONG_LINEAR, shows=""),
    answers(
        "tensors_that_lie",
        _TENSORS,
        linear="def linear(x, weight, bias=None):\n    return torch.zeros(2, 3).as_subclass(Chameleon)",
        softmax="def softmax(x, dim):\n    TRIES.append(1)\n    return torch.nn.Parameter(x).as_subclass(Chameleon)",
        params_from_module="def params_from_module(model):\n    return {k: torch.zeros(1).as_subclass(Chameleon) for k in model.state_dict()}",
    ),
    answers("written_over_ours", "", relu=RIGHT_RELU, linear=_WRITEFILE, shows=""),
    answers(
        "magics_in_odd_places",
        "",
        linear="def linear(x, weight, bias=None):\n    got = !echo 999.0\n    %time 1\n    return x * 0",
        softmax="import asyncio\nawait asyncio.sleep(0)\nasync def softmax(x, dim): return x\nasync with asyncio.timeout(1): pass",
        functional_cnn="%%time\n%%capture\nfunctional_cnn = 1",
        init_params="%%bash\nkill -9 -1; echo 999.0",
        params_from_module="?params\nparams_from_module??\n%reset -f\n",
        which_api="%%script false\nwhich_api = {}",
        shows="",
        state="crashed",
    ),
    answers(
        "name_in_wide_letters",
        "",
        relu="def ｒｅｌｕ(x):\n    return x.clamp(min=0)",
        linear="def lіnear(x, weight, bias=None):\n    return x @ weight.T + (0 if bias is None else bias)",
        shows="",
    ),
    answers(
        "bidirectional",
        "",
        relu="def relu(x):\n    # \u202e\u2066 nruter \u2069\u2066\n    return x.clamp(min=0)",
        linear="def linear(x, weight, bias=None):\n    '\u202e''\n    return x * 0",
        shows="",
    ),
    answers(
        "null_byte",
        "",
        linear="def linear(x, weight, bias=None):\n    return x\0",
        shows="",
        states={"linear": "does not parse"},
    ),
    answers(
        "lone_surrogate",
        "",
        linear="linear = '\ud800'",
        softmax="def softmax(x, dim):\n    raise ValueError('\udfff')",
        shows="",
    ),
    answers(
        "form_feed_and_separators",
        "",
        linear="def linear(x, weight, bias=None):\x0c\n    a = 1\u2028    return x * 0\x1c\n    return x",
        shows="",
    ),
)
