"""Public functions that adapters and tasks share; with `zoo_core.contract` all that a plugin may import."""

from zoo_core.data.augmentation import brighten, flip_left_right, shift, turn_and_flip
from zoo_core.data.dicom import DICOM_RANGE, DicomHeader, DicomImage, read_dicom, read_dicom_header
from zoo_core.data.fetching import cache_folder, fetch_file
from zoo_core.data.images import MAX_PIXELS, read_grey, read_rgb, resize
from zoo_core.data.imbalance import positive_weights
from zoo_core.data.squares import by_percentiles, by_range, edge_of, three_channels, why_no_picture
from zoo_core.evaluation.sigmoid import sigmoid, softmax

__all__ = [
    "DICOM_RANGE",
    "MAX_PIXELS",
    "DicomHeader",
    "DicomImage",
    "brighten",
    "by_percentiles",
    "by_range",
    "cache_folder",
    "edge_of",
    "fetch_file",
    "flip_left_right",
    "positive_weights",
    "read_dicom",
    "read_dicom_header",
    "read_grey",
    "read_rgb",
    "resize",
    "shift",
    "sigmoid",
    "softmax",
    "three_channels",
    "turn_and_flip",
    "why_no_picture",
]
