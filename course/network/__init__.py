"""Pictures of the CNN: both builds side by side, where every tensor lives, filters and feature maps, the sliding kernel."""

from course.network.builds import draw_builds
from course.network.maps import draw_feature_maps, draw_filters, draw_image
from course.network.slider import slide
from course.network.sliding import draw_sliding_step
from course.network.where import where

__all__ = ["draw_builds", "draw_feature_maps", "draw_filters", "draw_image", "draw_sliding_step", "slide", "where"]
