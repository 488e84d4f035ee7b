"""Public functions that adapters and tasks share; with `zoo_core.contract` all that a plugin may import."""

from zoo_core.data.images import read_grey, read_rgb, resize
from zoo_core.evaluation.sigmoid import sigmoid

__all__ = ["read_grey", "read_rgb", "resize", "sigmoid"]
