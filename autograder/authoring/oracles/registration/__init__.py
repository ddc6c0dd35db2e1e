"""Chapter 06, what a module registers: what is right, and how it is commonly got wrong, one exercise a file."""

from __future__ import annotations

from autograder.authoring.oracles.registration.find_unregistered import FIND_UNREGISTERED
from autograder.authoring.oracles.registration.mini_module import MINI_MODULE
from autograder.authoring.oracles.registration.my_conv2d import MY_CONV2D
from autograder.authoring.oracles.registration.my_linear import MY_LINEAR
from autograder.authoring.oracles.registration.predict_registered import PREDICT_REGISTERED
from autograder.authoring.oracles.registration.running_mean import RUNNING_MEAN
from autograder.authoring.oracles.registration.stacked_mlp import STACKED_MLP

__all__ = ["ORACLES"]

ORACLES = (
    *(PREDICT_REGISTERED, MY_LINEAR, MY_CONV2D, FIND_UNREGISTERED),
    *(STACKED_MLP, RUNNING_MEAN, MINI_MODULE),
)
