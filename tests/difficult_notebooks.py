"""Notebooks made to be difficult for whoever runs cells without a kernel: their cells stand between ``---``."""

from __future__ import annotations

__all__ = ["DIFFICULT"]

STREAMS = """
print("one")
import sys; print("to stderr", file=sys.stderr)
---
import os; _ = os.system("echo from a shell; echo its errors >&2")
---
import subprocess; print(subprocess.run(["echo", "from a program"]).returncode)
---
!echo from a bang
---
print("unfinished", end="")
---
sys.stdout.write("returns a number")
---
import warnings; warnings.warn("careful")
---
print("\\r1\\r2\\b3 \\x1b[31mred\\x1b[0m ünïcode 🙂")
---
import logging; logging.getLogger("some").warning("logged")
"""

VALUES = """
1 + 1
---
_ + 40
---
Out[1], In[1]
---
"hidden";
---
None
---
class Rich:
    def _repr_html_(self): return "<b>bold</b>"
    def _repr_latex_(self): return "$x$"
Rich()
---
class Bundle:
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": "plain", "text/html": "<i>i</i>", "application/json": {"a": [1, None, 2.5]}}, {"text/html": {"isolated": True}}
Bundle()
---
class Broken:
    def __repr__(self): raise ValueError("no repr")
Broken()
---
{"a": list(range(30)), "b": {"c": "d" * 80}}
---
import torch; torch.eye(3)
---
x = 5
x
---
1; 2
3
---
[1, 2, 3][::-1]
# a comment at the end
"""

DISPLAYS = """
from IPython.display import HTML, Image, JSON, Javascript, Latex, Markdown, SVG, clear_output, display, update_display
display(HTML("<b>x</b>"), Markdown("*y*"), 3)
---
print("before"); display("between"); print("after"); 7
---
handle = display("first", display_id="name")
---
handle.update("changed later")
---
update_display(HTML("again"), display_id="name")
---
display("shown twice", display_id="name")
---
print("gone"); clear_output(); print("stays")
---
print("replaced"); clear_output(wait=True); print("by this")
---
print("kept, since nothing follows"); clear_output(wait=True)
---
display({"text/plain": "raw", "text/html": "<p>raw</p>"}, raw=True, metadata={"text/html": {"a": 1}})
---
display(SVG('<svg xmlns="http://www.w3.org/2000/svg"/>'), Latex("$a$"))
---
display()
---
import matplotlib.pyplot as plt
plt.plot([1, 2, 3]); plt.title("one")
---
figure, axes = plt.subplots(1, 2)
axes[0].imshow([[1, 2], [3, 4]])
plt.show()
print("after the picture")
---
plt.figure(); plt.plot([0, 1])
plt.figure(); plt.plot([1, 0]);
---
figure
---
plt.get_fignums(), plt.get_backend()
---
from PIL import Image as Picture; Picture.new("RGB", (4, 4), "red")
"""

ERRORS = """
1 / 0
---
def inner(x):
    return x["missing"]
def outer():
    return inner({})
outer()
---
this is no python
---
    indented = 1
---
undefined_name
---
try:
    1 / 0
except ZeroDivisionError as error:
    raise ValueError("another") from error
---
class Own(Exception): pass
raise Own("mine", 3)
---
print("some output first"); raise KeyError("then this")
---
import torch; torch.zeros(2, 3) @ torch.zeros(2, 3)
---
assert 1 == 2, "not equal"
---
input("name? ")
---
import getpass; getpass.getpass()
---
raise SystemExit(2)
---
raise KeyboardInterrupt
---
print("still here")
"""

MAGICS = """
%matplotlib inline
---
%%capture caught
print("not shown"); 3
---
caught.stdout
---
%%writefile note.txt
written
---
print(open("note.txt").read())
---
%mkdir deep
---
%cd deep
---
%pwd
---
%cd -q ..
---
%env SOME=thing
---
!echo $SOME
---
lines = !echo a; echo b
lines
---
%%bash
echo in bash; echo wrong >&2; pwd | xargs basename
---
%%bash
exit 3
---
%%html
<b>magic</b>
---
%who_ls
---
%no_such_magic
---
%run note.txt
---
%load_ext autoreload
---
%autoreload 2
---
%xmode Plain
---
1 / 0
---
%xmode Context
---
get_ipython().run_line_magic("pwd", "") is not None
---
get_ipython().__class__.__mro__[-2].__name__, get_ipython().execution_count
---
abs?
---
%precision 3
---
3.14159265
---
%reset -f
---
x
"""

ASYNC = """
import asyncio
await asyncio.sleep(0.001, "slept")
---
async def two(): return 2
await two()
---
[await one for one in (two(), two())]
---
asyncio.run(two())
---
task = asyncio.create_task(two())
---
await task
---
async with asyncio.timeout(5): print("inside")
---
raise (await two())
---
import threading
thread = threading.Thread(target=lambda: print("from a thread")); thread.start(); thread.join()
---
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(2) as pool: print(list(pool.map(abs, [-1, -2])))
---
import multiprocessing
with multiprocessing.get_context("fork").Pool(2) as pool: print(pool.map(abs, [-3, -4]))
"""

STATE = """
import os, sys, random
__name__, os.path.basename(sys.path[sys.path.index("") + 1]), os.path.basename(os.getcwd())
---
import torch; torch.manual_seed(3); torch.rand(2)
---
torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled()
---
sys.stdout.isatty(), sys.stdout.encoding, sys.stdin.read() if False else ""
---
import inspect
def shown(x):
    return x + 1
print(inspect.getsource(shown))
---
import pickle
class Thing: pass
pickle.loads(pickle.dumps(Thing())).__class__ is Thing
---
from dataclasses import dataclass
@dataclass
class Point: x: int = 0
Point(3)
---

---
del os
---
import ipywidgets; slider = ipywidgets.IntSlider(value=3); slider.value
---
import tqdm.auto if False else None
---
globals()["Thing"].__module__, sys.modules["__main__"].Thing is Thing
"""

DIFFICULT = {
    "streams": STREAMS,
    "values": VALUES,
    "displays": DISPLAYS,
    "errors": ERRORS,
    "magics": MAGICS,
    "async": ASYNC,
    "state": STATE,
}
