"""How good is a check? Every small change to the model solution is tried on it, and those that it does not notice are told.

A mutant is the model solution with one change. `check` notices nearly all: they lose points. One that keeps them all is
compared with the model solution on random inputs from the exercise's `Space`, beyond the cases. If it differs on one,
it is *a wrong answer that would get full points*, and the input that shows it is the case that is missing. If it never
does, it is equivalent as far as seen, and no error.

mutmut and cosmic-ray, which are well kept, do something else: they change the files of a package in place and run its test
suite, a process each time. Here the check is the test, what is changed is a cell of a lesson, a trial takes
milliseconds, and what matters comes after it: whether a survivor differs at all, and on which input. Of their changes
(cosmic-ray's can be called by themselves) about half of ours is missing: arguments, keywords, statements, calls.

- ``model``: the model solution in its lesson, and what of the lesson it needs
- ``changes``: all its mutants
- ``trial``: what becomes of one of them
- ``workers``: processes that try them, with an end to their time and memory
- ``survey``: all of it for some exercises, and what is told
"""
