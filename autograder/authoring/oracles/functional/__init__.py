"""Chapter 04, the same CNN with functions: what is right, and how it is commonly got wrong, one exercise a file."""

from __future__ import annotations

from autograder.authoring.oracles.functional.functional_cnn import FUNCTIONAL_CNN
from autograder.authoring.oracles.functional.init_params import INIT_PARAMS
from autograder.authoring.oracles.functional.linear import LINEAR
from autograder.authoring.oracles.functional.params_from_module import PARAMS_FROM_MODULE
from autograder.authoring.oracles.functional.relu import RELU
from autograder.authoring.oracles.functional.softmax import SOFTMAX
from autograder.authoring.oracles.functional.which_api import SITUATIONS, WHICH_API

__all__ = ["ORACLES", "SITUATIONS"]

ORACLES = (INIT_PARAMS, RELU, LINEAR, SOFTMAX, PARAMS_FROM_MODULE, FUNCTIONAL_CNN, WHICH_API)
