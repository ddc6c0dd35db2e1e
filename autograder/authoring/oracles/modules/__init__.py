"""Chapter 03, the CNN with modules: what is right, and how it is commonly got wrong, one exercise a file."""

from __future__ import annotations

from autograder.authoring.oracles.modules.conv_output_size import CONV_OUTPUT_SIZE
from autograder.authoring.oracles.modules.count_parameters import COUNT_PARAMETERS
from autograder.authoring.oracles.modules.network import TinyCNN, network_inputs
from autograder.authoring.oracles.modules.predict_proba import PREDICT_PROBA
from autograder.authoring.oracles.modules.sequential_cnn import SEQUENTIAL_CNN
from autograder.authoring.oracles.modules.tiny_cnn import TINY_CNN

__all__ = ["ORACLES", "TinyCNN", "network_inputs"]

ORACLES = (CONV_OUTPUT_SIZE, TINY_CNN, SEQUENTIAL_CNN, COUNT_PARAMETERS, PREDICT_PROBA)
