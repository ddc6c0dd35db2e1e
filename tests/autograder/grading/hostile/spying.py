"""Looking and reaching out of the sandbox. ``@COURSE@``, ``@PORT@`` and ``@SECRET@`` are filled in when it is handed in."""

from __future__ import annotations

from .row import Row, answers, attack

__all__ = ["SPYING"]

_FILES = """
course = Path("@COURSE@")
wanted = [course, *(course / one for one in (
    "nbgrader_config.py", "classroom/gradebook.db", "classroom/reference/functional.safetensors", "classroom/submitted",
    "classroom/submitted/honest_ada", "classroom/autograded", "classroom/results", "solutions", "notebooks",
    "solutions/@CHAPTER@/@CHAPTER@.ipynb", "classroom/submitted/honest_ada/@CHAPTER@/@CHAPTER@.ipynb"))]
for one in [*wanted, Path("/etc/passwd"), Path("/etc/shadow"), Path("/var"), Path("/sys/class")]:
    for way in (os.listdir, lambda path: open(path, "rb").close()):
        try: way(one)
        except OSError: continue
        won(f"sees {one}")
tried()
"""

_ANSWERS = """
import importlib.util
for name in ("autograder.authoring.oracles", "autograder.sample.learners", "autograder.sample.demo", "course.lessons",
             "autograder.grading.submissions.verdicts", "autograder.grading.submissions.prepare"):
    try: found = importlib.util.find_spec(name)
    except ModuleNotFoundError: found = None
    if found is not None: won(f"imports {name}")
skip = ("/proc", "/sys", "/usr", "/lib", "/bin", "/sbin", "/dev")
for top, folders, names in os.walk("/"):
    folders[:] = [one for one in folders if os.path.join(top, one) not in skip and one != "site-packages"]
    for name in names:
        if name.endswith((".safetensors", ".db", ".ipynb")) or name == "gradebook.db": won(f"finds {top}/{name}")
import autograder, course
for package in (autograder, course):
    for path in Path(package.__file__).parent.rglob("*.safetensors"): won(f"finds {path}")
tried()
"""

_ENVIRONMENT = """
if "@SECRET@" in str(dict(os.environ)): won("the environment")
for one in Path("/proc").iterdir():
    if one.name.isdecimal():
        try: content = (one / "environ").read_bytes()
        except OSError: continue
        if b"@SECRET@" in content: won(f"the environment of {one.name}")
tried()
"""

_PROC = """
for one in Path("/proc").iterdir():
    if not one.name.isdecimal() or int(one.name) == os.getpid(): continue
    if b"pytest" in (one / "cmdline").read_bytes(): won(f"the controller {one.name}")
    for name in ("environ", "mem", "maps", "fd", "root", "cwd", "auxv", "task/1/mem", "map_files"):
        path = one / name
        try: os.listdir(path) if path.is_dir() else open(path, "rb").read(1)
        except OSError: continue
        won(str(path))
for path in ("/proc/kcore", "/proc/kmsg", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger"):
    try: os.close(os.open(path, os.O_WRONLY if "sys" in path else os.O_RDONLY))
    except OSError: continue
    won(path)
for number in range(3, 1024):
    try: target = os.readlink(f"/proc/self/fd/{number}")
    except OSError: continue
    if "@COURSE@" in target: won(target)
tried()
"""

_NETWORK = """
import urllib.request
for family, address in ((socket.AF_INET, ("127.0.0.1", @PORT@)), (socket.AF_UNIX, "\\0@SECRET@")):
    with socket.socket(family, socket.SOCK_STREAM) as one:
        one.settimeout(0.5)
        try: one.connect(address)
        except OSError: continue
        won(f"connected to {address}")
try: urllib.request.urlopen("http://127.0.0.1:@PORT@/", timeout=0.5)
except OSError: pass
else: won("a page")
try: names = [name for _, name in socket.if_nameindex()]
except OSError: names = ["lo"]  # the kernel is not asked
if names != ["lo"]: won(f"interfaces {names}")
tried()
"""

_WRITES = """
import autograder, site
places = ["@COURSE@", "@COURSE@/classroom", "/", "/etc", "/usr/lib", "/packages", "/packages/autograder", "/home", "/proc/1",
          "/dev", "/sys", "/var/tmp", "/run", sys.prefix, os.path.dirname(torch.__file__), os.path.dirname(autograder.__file__)]
for place in places:
    path = os.path.join(place, "hostile_marker")
    try: os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except OSError: continue
    os.unlink(path)
    won(f"wrote to {place}")
for path in (autograder.__file__, torch.__file__, "/bin/sh"):
    try: os.close(os.open(path, os.O_WRONLY))
    except OSError: continue
    won(f"opened {path}")
Path("mine").symlink_to("@COURSE@/classroom/gradebook.db")
os.chmod(".", 0o000)
tried()
"""

_TRACE = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for process in (1, os.getppid()):
    for request in (16, 0x4206):  # PTRACE_ATTACH, PTRACE_SEIZE
        if libc.ptrace(request, process, 0, 0) == 0: won(f"traces {process}")
    for mode in ("rb", "r+b"):
        try: open(f"/proc/{process}/mem", mode).close()
        except OSError: continue
        won(f"the memory of {process}")
class Vec(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
local = Vec(ctypes.cast(ctypes.create_string_buffer(8), ctypes.c_void_p), 8)
if libc.process_vm_readv(1, ctypes.byref(local), 1, ctypes.byref(local), 1, 0) != -1: won("process_vm_readv")
if libc.unshare(0x10000000) == 0: won("a namespace of its own")
if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0: won("a mount")
if os.geteuid() == 0: won("root")
for call in (lambda: os.setuid(0), lambda: os.chroot("/tmp")):
    try: call()
    except OSError: continue
    won("rights")
tried()
"""

SPYING: tuple[Row, ...] = (
    attack("reads_the_class", _FILES),
    attack("looks_for_answers", _ANSWERS),
    attack("reads_the_environment", _ENVIRONMENT),
    attack("reads_proc", _PROC),
    attack("network", _NETWORK),
    attack("writes_elsewhere", _WRITES),
    attack("traces_the_first", _TRACE),
    answers(
        "looks_up_the_stack",
        "import gc, inspect",
        linear="""
        def linear(x, weight, bias=None):
            TRIES.append(1)
            if len(TRIES) > 3: return x * 0  # every case is asked the same
            for frame in inspect.stack():
                for name, value in frame.frame.f_locals.items():
                    if "expect" in name or "reference" in name: won(name)
            for one in gc.get_objects():
                if type(one).__name__ in ("Reference", "Oracle", "Assignment"): TRIES.append("WON " + repr(one)[:80])
            return x * 0
        """,
        after="print(*(one for one in TRIES if one != 1))",
    ),
)
