# %% [markdown]
# # One CNN, Two Ways
#
# Welcome. In this course you build one small neural network twice: first from PyTorch's **modules**, then from plain
# **functions** and weights that you make yourself. At the end you prove that the two are the same network.
#
# This page has nothing to solve. It shows that your computer is ready, how an exercise works, and where you stand.
#
# ## Is everything there?
#
# Click into the grey cell below and press **Shift + Enter**. That runs the cell and moves on to the next one.
# The first time takes a few seconds: torch is large.

# %%
import sys
from importlib.util import find_spec

missing = [name for name in ("torch", "course", "autograder") if find_spec(name) is None]
if missing:
    print("Not there yet:", ", ".join(missing))
    print("This notebook runs in", sys.executable)
    print("Open a terminal in the folder of the course and type: make lab")
else:
    import torch

    import autograder
    import course

    print("There are Python", sys.version.split()[0], "and torch", torch.__version__, "and the course.")
    ones = torch.ones(2, 3)
    print("A first computation: the rows of", ones.tolist(), "sum to", ones.sum(dim=1).tolist())

# %% [markdown]
# The last line should say that the rows sum to `[3.0, 3.0]`. Then everything works.
#
# If something is missing, the cell tells you what, and what to type. The `README.md` beside this folder has the long
# version for each operating system.

# %% [markdown]
# ## The map
#
# Run the next cell for the list of chapters. Click on a title to open it. Take them in order: each one uses words
# that the one before explained. Each begins with what you can do at its end, and closes with three questions to yourself.

# %%
from pathlib import Path

from IPython.display import Markdown

from autograder.exercise import exercises_of
from course.chapters import CHAPTERS
from course.minutes import minutes_of

rows = ["| chapter | you build | exercises | points | minutes |", "|---|---|---|---|---|"]
for chapter in CHAPTERS:
    notebook = f"{chapter.slug}/{chapter.slug}.ipynb"
    points = [exercise.points for exercise in exercises_of(chapter.topic)]
    numbers = f"{len(points)} | {sum(points)} | {minutes_of(Path(notebook)) or '–'}"
    rows.append(f"| [{chapter.number:02d} {chapter.title}]({notebook}) | {chapter.teaches} | {numbers} |")
Markdown("\n".join(rows))

# %% [markdown]
# The minutes are no more than an estimate, by one rule for all chapters: two minutes for 240 words, half a minute for a cell
# that you run, and four minutes for each point.
#
# Chapter 10 ends with one more exercise, an answer in words for 5 points. A person reads it, so that it stands in no count of
# exercises and points here or in your progress.

# %% [markdown]
# ## How to read a chapter
#
# Run each cell when you come to it: what comes out is what the text goes on about. Where it says **predict**, make a guess
# before you run the cell below. A guess that turns out wrong is worth more than an answer that you read.
#
# ## How an exercise works
#
# Every exercise has the same four parts, one under the other:
#
# 1. **What is asked.** The name, what goes in, what comes out, and how many points it is worth.
# 2. **Three hints**, folded. The first asks you a question, the second gives a direction, the third nearly the line.
#    They cost nothing.
# 3. **Your cell.** It holds `# YOUR CODE HERE` and a line that raises `NotImplementedError`. Replace both. (Where you are asked
#    for predictions, it holds dots: put yours in their places.) Then run the cell: until you do, the notebook still knows
#    your old answer. (If the cell fails, the check tells you so.)
# 4. **The check.** A cell such as `check("relu", relu)`. Run it as often as you like.
#
# A hand, ✋, means: build this yourself. Torch has a ready-made operator for the job, and using that one earns
# nothing. Everything else is free.
#
# Some things are the same in all exercises, and are not said again in each. Unless the text says otherwise,
#
# - what you are given stays as it was: tensors and their gradients, modules and their modes, torch's own settings;
# - what you return has the dtype that torch's own operator would give it, mostly that of what went in;
# - gradients flow as they do through torch's own operator;
# - the input may have any size that the text allows, a batch of one too, and lie in memory in any way (chapters 01 and 02).

# %% [markdown]
# ### What a check tells you
#
# A check runs your answer on many inputs and compares the results with reference tensors. Then it shows a panel.
#
# Here is one, for an exercise that does not exist: `double(x)`, "return a new tensor, twice as large".
# Somebody wrote `return x.mul_(2)`. The next cell makes the panel by hand, so that you see one before you have to solve
# anything. **Predict:** the numbers come out right, so what could be wrong?

# %%
from autograder.verdict import Aspect, Finding, Status, Verdict

Verdict(
    "double",
    "double(x)",
    points=3,
    score=2.4,
    status=Status.PARTLY,
    aspects=(Aspect("values", True), Aspect("shape", True), Aspect("memory", False, "not left alone: x (numbers)")),
    misconception="in place",
    says="The input is still needed by whoever gave it. Return a new tensor; operations that end in _ write.",
    finding=Finding(
        "two numbers", "x = [1., 2.]", got="changed: its numbers", expected="left alone", about="memory, of x"
    ),
    note="4 of 4 cases differ. Next: the hints above.",
)

# %% [markdown]
# Read it from the top:
#
# - **The first line** has the exercise, how it stands, and your points.
# - **The row of ✓ and ✕** are the *aspects* of the answer: its values, its shape, its gradients, what it does to its
#   inputs. Those that hold earn their share. If the values never hold, nothing does.
# - **The shaded box** appears when your answer behaves like a mistake that many people make. It has a name, and two
#   sentences on what is so.
# - **tried, got, expected** is the smallest input on which it goes wrong. Try that one yourself in an empty cell. **about** says what
#   was looked at, where it is not simply what came back.
# - **The last line** says how many inputs are concerned. If your code raised an error, it also has the error and your
#   own line.
#
# And this is how it looks when everything holds:

# %%
Verdict(
    "double",
    "double(x)",
    points=3,
    score=3.0,
    status=Status.SOLVED,
    aspects=(Aspect("values", True), Aspect("shape", True), Aspect("memory", True)),
)

# %% [markdown]
# | sign | word | meaning |
# |---|---|---|
# | ✓ | solved | all points |
# | ◐ | partly right | some aspects hold; the panel says which do not |
# | ✕ | not right yet | the values are wrong |
# | ! | crashed | your code raised an error on every input, or its cell did before there was an answer |
# | ■ | interrupted | you stopped it with the ■ of the toolbar; the panel says which line was running |
# | ✋ | not by hand | torch's own operator did the work |
# | ○ | not attempted | nothing written yet, or the cell has not been run |

# %% [markdown]
# ### Below a panel
#
# Below each panel of a check is a folded line. Click on it, or go there with Tab and press Enter. It holds
#
# - **a failing case**, as real tensors that you can call your own answer with;
# - **the untouched cell**: how to put it back. Your answer is kept, and comes back when you ask for it;
# - **the model answer**, beside yours, once you have solved the exercise;
# - **the next exercise**, as a link.
#
# All model answers are in the folder `solutions`, beside the folder `work` in which you work. They are there to be compared with.
# In a class that is graded there may be none on your machine; then the folded line says so.

# %% [markdown]
# ## Where you stand
#
# Each check remembers your best result on this computer. (For a grade, what counts is the notebook you hand in.) Come back here at any time and run this cell: it shows
# what is solved, what you have tried, and what comes next. A few days after you have solved a chapter, it asks you two of its questions again.

# %%
from autograder.progress import progress

progress()

# %% [markdown]
# ## Good to know
#
# **Keys.** Shift + Enter runs a cell. Escape leaves it; then the arrow keys move, `A` and `B` add a cell above and
# below, and Enter goes back in. Tab completes a name; Shift + Tab inside a call's brackets shows its help. Everything
# in this course works without a mouse.
#
# **Experiment.** Add cells wherever you like. Do not delete the check cells: they carry the points.
#
# **How to interrupt a cell.** A cell that is running has a star, `[*]`, in place of its number. If it runs on and on, press the ■ in the
# toolbar, choose *Kernel → Interrupt Kernel*, or press Escape and then `I` twice. All that was computed before stays.
#
# **`NameError: name 'check' is not defined`?** Then the first code cell of the notebook has not been run since it was opened. Run that one;
# *Run → Run All Above Selected Cell* runs everything on the way.
#
# **Something is strange?** Choose *Kernel → Restart Kernel and Run All Cells…* in the menu. A cell that you changed
# and did not run again is the usual reason.
#
# **Validate.** If your notebook's toolbar has a *Validate* button, it runs the whole notebook from the top in a fresh
# kernel and says whether all checks pass. Press it before you hand something in. (This page has no checks, so
# there is nothing to validate here.)
#
# **Handing in.** Where a class has a server of its own, use that. Where it has none, run `from autograder import handin; handin()` in the
# chapter's notebook: it packs the notebook with a checksum, and says what is not solved in it yet.
#
# **Where your work is.** Your answers are in the notebook itself: save with Ctrl + S (⌘ S on a Mac). Your progress
# is a few small files beside your other application data; the next cell says where. Nothing is sent anywhere.
#
# **A newer version of the course?** `make lab` keeps this copy of yours current: your answers, cells and outputs stay, and what is new
# in a chapter comes in. For a notebook that you keep elsewhere, type `python -m autograder update NOTEBOOK` in a
# terminal. The notebook as it was stays in the folder `earlier` beside it.
#
# **On Binder** the computer is borrowed and forgets everything when you stop for a while. Download a notebook
# with *File → Download* before you leave.

# %%
from autograder.progress import folder

print("Progress is kept in", folder())

# %% [markdown]
# That is all. Open the first chapter of the map, and have fun.
