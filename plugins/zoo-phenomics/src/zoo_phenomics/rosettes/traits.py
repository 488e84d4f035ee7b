"""What is measured on a rosette: its size, shape and colour with their units, and its outline."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from zoo_core.contract import DataError, Trait
from zoo_phenomics.rosettes.segmentation import Rosette

TRAITS = (
    Trait("area_mm2", "mm2", "Projected leaf area."),
    Trait("area_px", "px", "Projected leaf area: pixels of the plant, each once where leaves overlap."),
    Trait("perimeter_px", "px", "Length of the outline (Crofton), with that of holes."),
    Trait("perimeter_mm", "mm", "Length of the outline (Crofton), with that of holes."),
    Trait("diameter_px", "px", "Rosette diameter: longest distance across the plant."),
    Trait("diameter_mm", "mm", "Rosette diameter: longest distance across the plant."),
    Trait("equivalent_diameter_px", "px", "Diameter of the disc of the same area."),
    Trait("equivalent_diameter_mm", "mm", "Diameter of the disc of the same area."),
    Trait("solidity", "1", "Area over that of the convex hull: 1 of a disc, less where leaves stand apart."),
    Trait("extent", "1", "Area over that of the upright bounding box."),
    Trait("compactness", "1", "4 pi area / perimeter^2: 1 of a disc, less where the outline is long."),
    Trait("hue_deg", "deg", "Circular mean of the HSV hue: 60 is yellow, 120 green."),
    Trait("greenness", "1", "Mean b* - a* of CIE L*a*b*: 0 of grey; of leaves the more the lighter the picture is."),
    Trait("leaf_count_estimate", "1", "Blades that stand out of the silhouette: leaves below others are not counted."),
    Trait("is_cut", "1", "1 where the plant reaches an edge of the picture and may go on beyond it, 0 elsewhere."),
)
"""In the order of the columns of a table; the first that is known is shown of every well of a plate."""

_LEAST_BLADE_PX = 3.0
"""Half the width of the widest blade: of narrower ones, pixels make as many peaks as leaves do."""

_PEAK = 0.05
"""Of the widest blade's half width, by how much another rises out of what joins it to its neighbours."""

_NO_SIZE = "the size of a pixel is not known"


@dataclass(frozen=True)
class Measures:
    """Traits of one rosette.

    Attributes:
        values: by name, all of `TRAITS`; NaN where one is not defined.
        missing: why one is not defined, by name.
    """

    values: Mapping[str, float]
    missing: Mapping[str, str]


def measure(image: np.ndarray, rosette: Rosette, pixel_size_um: float | None = None) -> Measures:
    """Measure a rosette.

    How far the count of leaves can be trusted, by drawn plants whose leaves are known: of plants 150 px across it
    misses one or two of up to 9 leaves, and three (at most six) of 10 to 14; of plants 50 px across three and five.
    It rises as one plant grows, and does not tell which of two plants has more leaves: leaves hide one another.

    Args:
        image: (y, x, 3) uint8, sRGB, in which it was found.
        rosette: from `find_rosette`.
        pixel_size_um: edge of a pixel; None or NaN where it is not known.
    Returns:
        Every trait. Without a plant the areas are 0, and all else is missing.
    Raises:
        DataError: the size of a pixel is none, or picture and mask do not fit together.
    """
    if image.shape[:2] != rosette.mask.shape:
        raise DataError(
            f"A rosette is measured in the picture it was found in. Received: a picture of shape {image.shape}, "
            f"a mask of shape {rosette.mask.shape}"
        )
    scale_mm = _scale_mm(pixel_size_um)
    values, missing = _of_plant(image, rosette) if rosette.mask.any() else _of_none(rosette)
    values |= _in_mm(values, scale_mm)
    if math.isnan(scale_mm):
        missing |= {trait.name: _NO_SIZE for trait in TRAITS if trait.unit in ("mm", "mm2")}
    return Measures({trait.name: float(values.get(trait.name, math.nan)) for trait in TRAITS}, missing)


def _of_plant(image: np.ndarray, rosette: Rosette) -> tuple[dict[str, float], dict[str, str]]:
    values = _shape(rosette) | _colour(image, rosette.mask)
    n_blades = count_blades(rosette.mask)
    if math.isnan(n_blades):
        return values, {"leaf_count_estimate": f"no leaf is {2 * _LEAST_BLADE_PX:g} px wide"}
    return values | {"leaf_count_estimate": n_blades}, {}


def _of_none(rosette: Rosette) -> tuple[dict[str, float], dict[str, str]]:
    why = rosette.missing or "there is no plant"
    return {"area_px": 0.0}, {trait.name: why for trait in TRAITS if not trait.name.startswith("area")}


def count_blades(mask: np.ndarray) -> float:
    """Peaks of the distance to the outline, one a blade; NaN where even the widest blade is only a few pixels wide.

    Args:
        mask: (y, x) bool, with a plant.
    """
    from scipy import ndimage
    from skimage.morphology import local_maxima, reconstruction

    inside = np.pad(mask, 2)
    half_width = ndimage.gaussian_filter(ndimage.distance_transform_edt(inside), 1)
    widest = float(half_width.max())
    if widest < _LEAST_BLADE_PX:
        return math.nan
    # skimage's own h_maxima tells two pixels of one peak apart where heights are no whole numbers.
    lowered = reconstruction(half_width - _PEAK * widest, half_width)
    peaks = local_maxima(lowered) & inside
    return float(ndimage.label(peaks, np.ones((3, 3)))[1])


def outlines(mask: np.ndarray, tolerance_px: float = 0.7) -> list[np.ndarray]:
    """A plant's outlines, for drawing.

    Args:
        mask: (y, x) bool.
        tolerance_px: how far a line may lie from the outline.
    Returns:
        Polygons (vertex, 2) of y, x, in pixels from the middle of the first one, closed: each part's, and each hole's.
    """
    from skimage.measure import approximate_polygon, find_contours

    # A plant that reaches an edge gets its outline there, too.
    contours = find_contours(np.pad(mask, 1).astype(np.float32), 0.5)
    return [approximate_polygon(contour - 1, tolerance_px) for contour in contours]


def _scale_mm(pixel_size_um: float | None) -> float:
    if pixel_size_um is None or math.isnan(pixel_size_um):
        return math.nan
    if not 0 < pixel_size_um < math.inf:
        raise DataError(f"A pixel needs a size above 0 um. Received: {pixel_size_um}")
    return pixel_size_um / 1000


def _in_mm(values: Mapping[str, float], scale_mm: float) -> dict[str, float]:
    lengths = {name: value for name, value in values.items() if name.endswith("_px") and name != "area_px"}
    in_mm = {name.removesuffix("px") + "mm": value * scale_mm for name, value in lengths.items()}
    return in_mm | {"area_mm2": values["area_px"] * scale_mm**2}


def _shape(rosette: Rosette) -> dict[str, float]:
    from skimage.measure import regionprops

    # Parts that are told apart by thin petioles are one plant.
    whole = regionprops(rosette.mask.astype(np.uint8))[0]
    perimeter = float(whole.perimeter_crofton)
    return {
        "area_px": float(whole.area),
        "perimeter_px": perimeter,
        "diameter_px": float(whole.feret_diameter_max),
        "equivalent_diameter_px": float(whole.equivalent_diameter_area),
        "solidity": float(whole.solidity),
        "extent": float(whole.extent),
        "compactness": 4 * math.pi * float(whole.area) / perimeter**2,
        "is_cut": float(rosette.is_cut),
    }


def _colour(image: np.ndarray, mask: np.ndarray) -> dict[str, float]:
    """Of pixels that are leaf all over, where there are any: those of the outline are half soil."""
    from scipy import ndimage
    from skimage.color import rgb2hsv, rgb2lab

    inner = ndimage.binary_erosion(mask)
    pixels = image[inner if inner.any() else mask][np.newaxis]
    angle = 2 * np.pi * rgb2hsv(pixels)[..., 0]
    lab = rgb2lab(pixels)
    hue = math.atan2(float(np.sin(angle).mean()), float(np.cos(angle).mean()))
    return {"hue_deg": math.degrees(hue) % 360, "greenness": float((lab[..., 2] - lab[..., 1]).mean())}
