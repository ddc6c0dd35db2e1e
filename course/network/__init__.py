"""Pictures of the CNN: both builds, where every tensor lives, filters and feature maps, the kernel, and how training went.

``slide`` is a widget: ipywidgets is imported when it is first asked for.
"""

from typing import TYPE_CHECKING, Any

from course.network.attending import draw_attention
from course.network.builds import draw_builds
from course.network.confusion import draw_confusion
from course.network.gallery import draw_images
from course.network.losses import draw_losses
from course.network.maps import draw_feature_maps, draw_filters, draw_image
from course.network.sliding import draw_sliding_step
from course.network.where import where

if TYPE_CHECKING:
    from course.network.slider import slide

__all__ = [
    "draw_attention",
    "draw_builds",
    "draw_confusion",
    "draw_feature_maps",
    "draw_filters",
    "draw_image",
    "draw_images",
    "draw_losses",
    "draw_sliding_step",
    "slide",
    "where",
]


def __getattr__(name: str) -> Any:
    if name == "slide":
        from course.network.slider import slide

        return slide
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
