"""Chapter 02, views and copies: what is right, and how it is commonly got wrong, one exercise a file."""

from __future__ import annotations

from autograder.authoring.oracles.views.expand_layout import EXPAND_LAYOUT
from autograder.authoring.oracles.views.flatten_batch import FLATTEN_BATCH
from autograder.authoring.oracles.views.has_overlap import HAS_OVERLAP
from autograder.authoring.oracles.views.infer_size import INFER_SIZE
from autograder.authoring.oracles.views.is_contiguous import IS_CONTIGUOUS
from autograder.authoring.oracles.views.slice_layout import SLICE_LAYOUT
from autograder.authoring.oracles.views.to_channels_last import TO_CHANNELS_LAST
from autograder.authoring.oracles.views.transpose_layout import TRANSPOSE_LAYOUT
from autograder.authoring.oracles.views.view_stride import VIEW_STRIDE

__all__ = ["ORACLES"]

ORACLES = (
    TRANSPOSE_LAYOUT,
    SLICE_LAYOUT,
    EXPAND_LAYOUT,
    IS_CONTIGUOUS,
    INFER_SIZE,
    VIEW_STRIDE,
    HAS_OVERLAP,
    TO_CHANNELS_LAST,
    FLATTEN_BATCH,
)
