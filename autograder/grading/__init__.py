"""Grading a class: strangers' notebooks in, points out.

Theory of operation
===================

A notebook is a program that somebody else wrote, and it wants points. So the code that runs it may not give any, and the
code that gives points may not run it. Three kinds of process keep that apart; the folders are named after them.

**The controller** (``grade``, ``records``, ``submissions``, ``slots``, ``walls``) runs with the instructor's rights. It
knows the submissions, the private reference and the gradebook. It finds the file that is meant, repairs it from its source and makes a job of
it (``submissions``), has the job run (``slots``), judges what was seen (``submissions``) and writes it down (``records``).
It runs no learner's code and unpickles nothing. ``slots`` and ``walls``, which handle the inside, cannot reach the judge.

**The zygote** (``inside/zygote``) is the first process of a sandbox (``walls``: bubblewrap, seccomp, a control group,
limits), one for each slot. It has imported torch, the course and IPython and computed nothing: forking a process whose
threads have computed hangs the child. It knows no secret, cannot be traced or killed from inside, reads no learner's
word, and does three things when the controller asks: fork a child, interrupt it, end it and wipe what it left.

**The child** (``inside/child``) is one submission. It runs cells and tries answers, in a process where the learner's code
may patch anything. It knows the notebook and, for the check under way, the inputs of its cases: never what is expected.
It decides nothing.

Two channels, both socket pairs made by the controller:

- *control*, controller and zygote, lines of JSON. The controller says ``fork``, ``interrupt``, ``end``; the zygote says
  ``ready``, ``forked``, ``interrupted``, ``gone`` (how the child ended), ``ended`` (clean or not, peak of memory).
- *frames*, controller and child (``wire``): a JSON header and safetensors bytes, each with a limit, numbered by turn. The
  controller says ``start``, ``cell``, ``check``; the child says ``output``, ``run`` (observations) and how the turn ended.
  A frame too large, out of turn or not well formed ends the child and costs the cell. Late frames change nothing.

A check cell is never run. The controller sends the cases' inputs, the child puts back the names that observing needs,
observes, and sends what it saw; the controller judges and writes the cell's only output, from which nbgrader reads
points. What a forger can send are other observations, and to gain by it they have to be the right numbers.

What happens when each dies
---------------------------

- *The child*: the cell under way is lost, with its state (crashed, timed out, out of memory). A fresh child runs the cells
  before it again, without the guilty one and without checks, and goes on behind it.
- *The zygote*: the slot starts another; the submission is run once more if no cell of it was to blame.
- *The controller*: what was seen lies in a store under the hash of all that decides it, what is recorded has a marker.
  Started again, it runs only what it has not seen and records only what has no marker. A killed run costs time, no grade.
- *Two controllers of one class*: the second waits, and the system gives the first one's lock back however it ends. Folders
  of dead slots are told by their locks, too, and swept by the next run.
- *The machine*: files are written whole or not at all (``autograder.files``).
"""
