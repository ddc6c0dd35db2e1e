"""Pictures of the CNN: both builds side by side, filters and feature maps, the kernel that slides over an image."""

from course.network.attending import draw_attention
from course.network.builds import draw_builds
from course.network.maps import draw_feature_maps, draw_filters, draw_image
from course.network.slider import slide
from course.network.sliding import draw_sliding_step

__all__ = [
    "draw_attention",
    "draw_builds",
    "draw_feature_maps",
    "draw_filters",
    "draw_image",
    "draw_sliding_step",
    "slide",
]
