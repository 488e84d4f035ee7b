"""Data set `plate-phantom`: drawn trays of rosettes whose leaves, area, treatment and planted effects are known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_core.contract import Arrays, ArraySpec, ConfigError, DatasetCard, Label, Plugin
from zoo_data_plates.drawn import picture
from zoo_data_plates.drawn.layout import Layout, TrayPlan, Well, compound_name, stream, wells
from zoo_data_plates.drawn.outline import FIELD_MM
from zoo_data_plates.drawn.plants import AGE_D, INTERVAL_D, GrowthPlan, plant_of
from zoo_data_plates.well_names import halves, row_name

if TYPE_CHECKING:
    import pandas as pd

_LEAST_SIZE_PX = 16
_MOST_TIMES = 7
_LEAVES, _POT, _CAMERA = 1, 2, 3
_H_PER_D = 24
_FIELD = 0
"""The one field of a well."""


@dataclass(frozen=True)
class PlatePhantomConfig:
    """What is drawn.

    Attributes:
        n_trays: trays; the first ones are the same for every number of them.
        n_rows: of a tray.
        n_columns: of a tray.
        size_px: side of the square images; each shows 48 mm.
        seed: of everything.
        n_times: pictures of each plant, two days apart, the last on day 21.
        n_empty: wells of a tray without a plant.
        ec50_um: of each compound that does something.
        n_inactive: compounds that do nothing, at any dose.
        growth_effect: 0 to 0.9, share of the leaf area that is lost where a treatment has its whole effect.
        colour_effect: 0 to 1, how far leaves turn from green to yellow there.
        response_noise: 0 to 1, standard deviation of the effect among plants that are treated alike.
        plant_noise: 0 to 1, standard deviation of the leaf area's logarithm among them.
        row_effect: -1 to 1, logarithm of the leaf area that the last row has more than the middle, and the first less;
            half of it is the light's.
        column_effect: likewise of columns.
        plate_effect: 0 to 1, likewise the most that a tray has more or less.
        sensor_noise: 0 to 0.5, of the camera, of a range from 0 to 1.
        layout: "random"; "columns", negative controls at the left edge and positive ones at the right, as in many
            screens: the place then gives the response away.
    """

    n_trays: int = 4
    n_rows: int = 6
    n_columns: int = 8
    size_px: int = 96
    seed: int = 0
    n_times: int = 1
    n_empty: int = 0
    ec50_um: tuple[float, ...] = (1.0, 10.0)
    n_inactive: int = 1
    growth_effect: float = 0.5
    colour_effect: float = 0.6
    response_noise: float = 0.08
    plant_noise: float = 0.1
    row_effect: float = 0.25
    column_effect: float = 0.25
    plate_effect: float = 0.2
    sensor_noise: float = 0.015
    layout: Layout = "random"

    def __post_init__(self) -> None:
        ranges: dict[str, tuple[float, float]] = {
            "n_trays": (1, 10_000),
            "n_rows": (1, 32),
            "n_columns": (1, 48),
            "size_px": (_LEAST_SIZE_PX, 4096),
            "seed": (0, 2**63 - 1),
            "n_times": (1, _MOST_TIMES),
            "n_empty": (0, 32 * 48),
            "n_inactive": (0, 100),
            "growth_effect": (0, 0.9),
            "row_effect": (-1, 1),
            "column_effect": (-1, 1),
            "sensor_noise": (0, 0.5),
        }
        ranges |= dict.fromkeys(("colour_effect", "response_noise", "plant_noise", "plate_effect"), (0, 1))
        for name, (low, high) in ranges.items():
            if not low <= getattr(self, name) <= high:
                raise ConfigError(f"data.{name} must be from {low} to {high}. Received: {getattr(self, name)}")
        if self.layout not in ("random", "columns"):
            raise ConfigError(f"data.layout must be random or columns. Received: '{self.layout}'")
        if not all(0 < ec50 < math.inf for ec50 in self.ec50_um):
            raise ConfigError(f"data.ec50_um needs numbers above 0. Received: {self.ec50_um}")
        if not self.ec50_um and not self.n_inactive:
            raise ConfigError("data.ec50_um and data.n_inactive need one compound together. Received: none")
        if self.tray_plan.n_dosed < 1:
            raise ConfigError(
                f"data.n_rows x data.n_columns needs room for {2 * self.tray_plan.n_controls} controls, {self.n_empty} "
                f"empty wells and one more. Received: {self.n_rows} x {self.n_columns}"
            )

    @property
    def tray_plan(self) -> TrayPlan:
        """What decides the contents of wells."""
        ec50_um = (*self.ec50_um, *[math.inf] * self.n_inactive)
        return TrayPlan(self.seed, self.n_rows, self.n_columns, self.n_empty, ec50_um, self.layout)

    @property
    def growth_plan(self) -> GrowthPlan:
        """What acts on plants."""
        names = GrowthPlan.__dataclass_fields__
        return GrowthPlan(**{name: getattr(self, name) for name in names})


@dataclass(frozen=True)
class _View:
    """One picture of a well: `time` counts from 0."""

    well: Well
    time: int


class PlatePhantom:
    """Drawn trays, made when they are read.

    The leaves' masks are no second array of `read`, which would be packed and resized as pictures are: ask `mask`.
    """

    labels = (
        Label("response"),
        Label("leaf_area_mm2", "value", unit="mm2"),
        Label("leaf_count", "value", unit="1"),
    )
    group_columns = ("meta.well_id", "meta.plate", "meta.treatment")
    fold_columns = ("meta.plate", "meta.half")
    split_name: str | None = None

    def __init__(self, config: PlatePhantomConfig) -> None:
        self.config = config

    @cached_property
    def specs(self) -> tuple[ArraySpec, ...]:
        """One picture in colour."""
        size_px = self.config.size_px
        shape, channels = (size_px, size_px, 3), ("red", "green", "blue")
        return (ArraySpec("image", ("y", "x", "c"), shape, "uint8", (0, 255), channels),)

    @cached_property
    def card(self) -> DatasetCard:
        """Says that nothing of this ever grew, and what was planted."""
        return DatasetCard(
            title="Plate phantom",
            summary="Trays of rosettes drawn by a program: controls, dose series, leaf counts and leaf areas.",
            licence="Apache-2.0",
            citation="none: drawn by zoo-data-plates",
            label_source="The drawing itself: pixels of the leaves' mask, leaves of which a pixel is to be seen.",
            drawn=True,
            notes=self._notes(),
            group_namespace=f"plate-phantom-{self.config.seed}",
        )

    def index(self) -> pd.DataFrame:
        """One row a picture: tray by tray, well by well, in the order of time."""
        return self._index.copy()

    def read(self, i: int) -> Arrays:
        """Draw row `i`."""
        view = self._view(i)
        pot, camera = self._stream(view.well, _POT), self._stream(view.well, _CAMERA, view.time)
        return {"image": picture.draw(self._scene(view), self.config.sensor_noise, pot, camera)}

    def mask(self, i: int) -> np.ndarray:
        """Leaves of row `i`, (y, x) uint8: 0 beside the plant, n where the n-th leaf is to be seen, the lowest being 1.

        Raises:
            IndexError: there is no row `i`.
        """
        return picture.mask(self._scene(self._view(i)))

    @property
    def response_auroc(self) -> float:
        """AUROC of a reader who sees each plant's own effect, in the limit of many controls."""
        noise = self.config.response_noise
        if not self._is_visible:
            return 0.5
        return 0.5 * (1 + math.erf(0.5 / noise)) if noise else 1.0

    @property
    def _is_visible(self) -> bool:
        return bool(self.config.growth_effect or self.config.colour_effect)

    @cached_property
    def _views(self) -> list[_View]:
        plan = self.config.tray_plan
        every = (well for tray in range(self.config.n_trays) for well in wells(plan, tray))
        return [_View(well, time) for well in every for time in range(self.config.n_times)]

    @cached_property
    def _index(self) -> pd.DataFrame:
        import pandas as pd

        table = pd.DataFrame([self._row(view) for view in self._views])
        table["meta.replicate"] = table["meta.replicate"].astype("Int64")
        return table

    @cached_property
    def _halves(self) -> dict[str, str]:
        return halves([row_name(number) for number in range(self.config.n_rows)])

    def _row(self, view: _View) -> dict[str, Any]:
        well, content = view.well, view.well.content
        plan = self._scene(view)
        plant, seen = plan.plant, picture.mask(plan)
        name, is_empty = str(well.name), content.role == "empty"
        area_mm2 = np.count_nonzero(seen) * (FIELD_MM / self.config.size_px) ** 2
        series = self.config.n_times > 1
        return {
            "example_id": f"{well.plate}/{name}/{_FIELD}" + (f"/t{view.time}" if series else ""),
            "label.response": {"positive": 1.0, "negative": 0.0}.get(content.role or "", np.nan),
            "label.leaf_area_mm2": np.nan if is_empty else area_mm2,
            "label.leaf_count": np.nan if is_empty else float(len(np.unique(seen)) - 1),
            "meta.plate": well.plate,
            "meta.well": name,
            "meta.well_id": f"{well.plate}/{name}",
            "meta.row": well.name.row,
            "meta.column": well.name.column,
            "meta.field": _FIELD,
            **({"meta.time_h": view.time * INTERVAL_D * _H_PER_D} if series else {}),
            "meta.treatment": content.treatment,
            "meta.concentration": np.nan if content.concentration_um is None else content.concentration_um,
            "meta.concentration_unit": None if is_empty else "uM",
            "meta.control_role": content.role,
            "meta.replicate": well.replicate,
            "meta.half": self._halves[well.name.row],
            "meta.pixel_size_um": 1000 * FIELD_MM / self.config.size_px,
            "meta.hue_deg": np.nan if is_empty else plant.hue_deg,
            "oracle.response": np.nan if is_empty else plant.effect * self._is_visible,
        }

    def _view(self, i: int) -> _View:
        if not 0 <= i < len(self._views):
            raise IndexError(f"plate-phantom has rows 0 to {len(self._views) - 1}. Received: {i}")
        return self._views[i]

    def _scene(self, view: _View) -> picture.Scene:
        config = self.config
        age_d = AGE_D - INTERVAL_D * (config.n_times - 1 - view.time)
        plant = plant_of(config.growth_plan, view.well, age_d)
        if view.well.content.role == "empty":
            return picture.Scene(plant, (), config.size_px)
        return picture.scene(plant, config.size_px, self._stream(view.well, _LEAVES))

    def _stream(self, well: Well, *key: int) -> np.random.Generator:
        return stream(self.config.seed, well.tray, well.name.row_index, well.name.column_index, *key)

    def _notes(self) -> tuple[str, ...]:
        config = self.config
        ec50s = ", ".join(f"{compound_name(n)} {ec50:g} uM" for n, ec50 in enumerate(config.ec50_um)) or "none"
        noise = config.response_noise
        notes = [
            f"{config.n_trays} trays of {config.n_rows} x {config.n_columns} wells, one plant a well.",
            f"EC50 by compound: {ec50s}; {config.n_inactive} more do nothing.",
            f"The best reader possible tells the controls apart with an AUROC of {self.response_auroc:.3f}"
            + (f" and a Z' of {1 - 6 * noise:.2f}." if self._is_visible else "."),
        ]
        planted = [
            f"{name} {value:g}"
            for name, value in (
                ("row", config.row_effect),
                ("column", config.column_effect),
                ("tray", config.plate_effect),
            )
            if value
        ]
        if planted:
            notes.append(f"Planted effects of place on the logarithm of the leaf area: {', '.join(planted)}.")
        if config.layout == "columns":
            notes.append("Planted shortcut: the controls stand at the edges, so that the place tells them apart.")
        return tuple(notes)


plugin = Plugin(
    config=PlatePhantomConfig,
    create=PlatePhantom,
    summary="Drawn trays of rosettes with known leaves, dose response and planted effects of place (not real).",
    presets={"smoke": {"n_trays": 2, "size_px": 64}, "paper": {"n_trays": 12}},
)
