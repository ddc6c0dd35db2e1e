"""What `autograder.authoring.new` writes for an exercise: one text for each place, with what is to be filled in marked."""

from __future__ import annotations

__all__ = ["ANSWERS", "LESSON", "ORACLE", "PROBE"]

PROBE = '''

# TO DO(@id@): the contract as the lesson says it, its points (1 to 5), what is looked at; @exercise(…) knows core=, by_hand=
@exercise("@id@(x)", points=1)
def @id@(answer: Callable[..., Any], case: Case) -> Observations:
    """TO DO(@id@): what is looked at, in a sentence."""
    return observe(values=case.call(answer))
'''

ORACLE = '''"""Chapter @number@, `@id@`: what is right, and how it is commonly got wrong."""

from __future__ import annotations

from typing import Any

from autograder.authoring.cases import CaseMaker
from autograder.authoring.oracles import Oracle
from autograder.observing.case import Case

__all__ = ["@ID@"]


def _right(x: Any) -> Any:
    # TO DO(@id@): the right answer, torch's own or a plain one of yours
    raise NotImplementedError("@id@: the right answer is not written yet")


def _cases(make: CaseMaker) -> list[Case]:
    # TO DO(@id@): cases picked by hand, small ones first; make.case("two numbers", x=torch.tensor([1.0, 2.0]))
    raise NotImplementedError("@id@: its cases are not written yet")


# TO DO(@id@): three misconceptions or more, each with runnable answers and says=; then space=, what the contract lets vary
@ID@ = Oracle("@id@", _right, _cases, [])
'''

LESSON = '''# %% [markdown]
# ### Exercise: `@id@` (1 point)
#
# TO DO(@id@): what is asked: arguments, result, what is free and what is not.

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# TO DO(@id@): a question.
#
# </details>
# <details><summary>Hint 2</summary>
#
# TO DO(@id@): a direction.
#
# </details>
# <details><summary>Hint 3</summary>
#
# TO DO(@id@): nearly the line.
#
# </details>


# %% exercise="@id@"
def @id@(x):
    """TO DO(@id@): what goes in and what comes out."""
    ### BEGIN SOLUTION
    raise NotImplementedError("TO DO(@id@): the model answer")
    ### END SOLUTION


# %% check="@id@"
check("@id@", @id@)

'''

ANSWERS = """

# TO DO(@id@): five right answers or more in other styles, and for each misconception one in other words than the oracle's
RIGHT["@id@"] = []
WRONG += []
"""
