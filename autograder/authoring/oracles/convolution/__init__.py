"""Chapter 05, convolution by hand: what is right, and how it is commonly got wrong, one exercise a file."""

from __future__ import annotations

from autograder.authoring.oracles.convolution.conv2d import CONV2D
from autograder.authoring.oracles.convolution.conv2d_im2col import CONV2D_IM2COL
from autograder.authoring.oracles.convolution.correlate2d import CORRELATE2D
from autograder.authoring.oracles.convolution.max_pool2d import MAX_POOL2D
from autograder.authoring.oracles.convolution.pad2d import PAD2D
from autograder.authoring.oracles.convolution.windows import WINDOWS

__all__ = ["ORACLES"]

ORACLES = (CORRELATE2D, PAD2D, WINDOWS, CONV2D, CONV2D_IM2COL, MAX_POOL2D)
