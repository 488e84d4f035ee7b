"""Task `rosette-growth`: traits of a rosette from a picture of it, such as leaf area and number of leaves."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zoo_core.api import edge_of, why_no_picture
from zoo_core.contract import Arrays, ArraySpec, ConfigError, Example, Label, Plugin, PrimaryMetric, Reporting
from zoo_phenomics.pictures import SquarePictures, refuse_no_edge
from zoo_phenomics.plate_response import POSITION
from zoo_phenomics.rosettes.growth import growth_curves
from zoo_phenomics.rosettes.segmentation import find_rosette
from zoo_phenomics.rosettes.traits import TRAITS, outlines
from zoo_phenomics.rosettes.traits import measure as measure_rosette

SEGMENTATION = "segmentation"

TIME = "meta.time_h"
"""Column of the baseline that knows how old a plant is and sees nothing of it."""

PLANTS, LEAST_TIMES = ("meta.plant_id", "meta.well_id"), 2
"""Columns that say which plant it is, and points in time that a curve has at least."""


@dataclass(frozen=True)
class RosetteGrowthConfig:
    """What of the task can be set.

    Attributes:
        image_size_px: edge of the square that the network sees; a smaller picture of a fixed size is not enlarged.
        label_names: values to predict, in the order of the outputs; empty for all that the data set has.
        label_units: their units, as the data set has them.
        augment: whether training turns and mirrors pictures and changes their brightness.
    """

    image_size_px: int = 96
    label_names: tuple[str, ...] = ()
    label_units: tuple[str, ...] = ()
    augment: bool = True

    def __post_init__(self) -> None:
        refuse_no_edge(self.image_size_px)
        if self.label_units and len(self.label_units) != len(self.label_names):
            raise ConfigError(
                "task.label_units needs one unit for each of task.label_names. Received: "
                f"{len(self.label_units)} and {len(self.label_names)}"
            )


class RosetteGrowth(SquarePictures):
    """Regression of traits from pictures of rosettes."""

    config: RosetteGrowthConfig
    primary_metric = PrimaryMetric("mean.r2", "max", tolerance=0.01)
    reporting = Reporting(
        metrics=("r2", "mae", "rmse"), baselines={"position": POSITION, "time": (TIME,)}, noun="trait"
    )
    traits = TRAITS
    image_baselines = {SEGMENTATION: "the green pixels of the picture alone"}  # noqa: RUF012 - read only

    def __init__(self, config: RosetteGrowthConfig) -> None:
        self.config = config
        units = config.label_units or ("",) * len(config.label_names)
        pairs = zip(config.label_names, units, strict=True)
        self.labels = tuple(Label(name, "value", unit=unit or None) for name, unit in pairs)

    def with_data(self, labels: Sequence[Label], specs: Sequence[ArraySpec]) -> RosetteGrowthConfig:
        """The configuration with the values of the data set, where none are set, and with their units."""
        units = {label.name: label.unit or "" for label in labels if label.kind == "value"}
        names = self.config.label_names or tuple(units)
        if self.config.label_units:
            return self.config
        return dataclasses.replace(
            self.config, label_names=names, label_units=tuple(units.get(name, "") for name in names)
        )

    def accepts(self, specs: Sequence[ArraySpec]) -> str | None:
        """None, or why these arrays are no colour pictures."""
        reason = why_no_picture(specs)
        image = next((spec for spec in specs if spec.name == "image"), None)
        if reason or image is None or (image.length("c") == 3 and image.dtype == "uint8"):
            return reason
        return f"needs pictures in red, green and blue, uint8. Received: {image.length('c')} channels, {image.dtype}"

    def select(self, labels: Sequence[Label]) -> tuple[str, ...]:
        """Those of the values that the data set has."""
        offered = {label.name for label in labels if label.kind == "value"}
        return tuple(name for name in self.config.label_names if name in offered)

    def fit(self, rows: pd.DataFrame, specs: Sequence[ArraySpec]) -> Arrays:
        """The square's edge, and mean and spread of each value, which the network sees as 0 and 1."""
        truth = rows.reindex(columns=[f"label.{name}" for name in self.config.label_names]).astype(float)
        mean, spread = truth.mean().fillna(0), truth.std().fillna(0)
        return {
            "image_size_px": edge_of(specs, self.config.image_size_px),
            "mean": mean.to_numpy(np.float32),
            "spread": spread.where(spread > 0, 1).to_numpy(np.float32),
        }

    def head(self, features: Any) -> Any:
        """One number a value from the features' mean over the picture."""
        import keras

        pooled = keras.layers.GlobalAveragePooling2D(dtype="float32", name="pooled")(features)
        return keras.layers.Dense(len(self.labels), dtype="float32", name="values")(pooled)

    def loss(self, targets: Any, outputs: Any, fitted: Arrays) -> Any:
        """Huber's loss in units of the training values' spread: a few odd plants do not decide.

        Source:
            Huber 1964, Robust estimation of a location parameter.
        """
        from keras import ops

        error = ops.abs(outputs - (targets - fitted["mean"]) / fitted["spread"])
        return ops.where(error < 1, 0.5 * error**2, error - 0.5)

    def predict(self, outputs: np.ndarray, fitted: Arrays) -> np.ndarray:
        """(example, value), float32, in the unit of each."""
        values: np.ndarray = (outputs * fitted["spread"] + fitted["mean"]).astype(np.float32)
        return values

    def baseline_features(self, kind: str, example: Example) -> np.ndarray:
        """(feature,): share of the picture that is rosette, and its square root, by colour alone."""
        share = find_rosette(example.arrays["image"]).mask.mean()
        return np.array([share, np.sqrt(share)])

    def measure(self, example: Example) -> Mapping[str, float]:
        """Traits of the rosette that colour finds, in mm too where the row has `meta.pixel_size_um`."""
        image, pixel_size = example.arrays["image"], example.row.get("meta.pixel_size_um")
        return measure_rosette(image, find_rosette(image), None if pd.isna(pixel_size) else float(pixel_size)).values

    def series(self, traits: pd.DataFrame) -> pd.DataFrame:
        """Leaf area of each plant over time, in mm2 where the size of a pixel is known."""
        plant = next((name for name in PLANTS if name in traits), None)
        if TIME not in traits or plant is None or (traits.groupby(plant)[TIME].nunique() < LEAST_TIMES).all():
            return pd.DataFrame()
        area, unit = ("area_mm2", "mm2") if traits["trait.area_mm2"].notna().all() else ("area_px", "px")
        curves = growth_curves(traits, plant, TIME, f"trait.{area}")
        renamed = curves.rename(columns={"plant": "name", "area": "value", "smooth_area": "smooth"})
        points = renamed[["name", "time_h", "value", "smooth", "flag"]].assign(trait=area, unit=unit)
        return points.assign(example_id=traits["example_id"])

    def outlines(self, example: Example) -> Sequence[np.ndarray]:
        """Around the rosette that colour finds, and its holes."""
        return outlines(find_rosette(example.arrays["image"]).mask)


SMOKE = {"trainer": {"n_epochs": 1, "global_batch_size": 16}, "task": {"image_size_px": 64}}
"""Does everything once; its numbers mean nothing."""

DEFAULT = {
    "data": {"name": "plate-phantom"},
    "topology": {"name": "mobilenetv2"},
    "trainer": {"schedule": "cosine", "warmup_epochs": 0.5, "n_epochs": 15, "global_batch_size": 32},
}

plugin = Plugin(
    config=RosetteGrowthConfig,
    create=RosetteGrowth,
    summary="Leaf area, number of leaves and other values of a rosette, from a picture of it.",
    presets={"smoke": SMOKE, "default": DEFAULT},
)
