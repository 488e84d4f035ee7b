"""Data set `chestxray14`: NIH's chest radiographs, in the folder as NIH ships it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from zoo_core.api import read_grey
from zoo_core.contract import (
    Arrays,
    ArraySpec,
    ConfigError,
    DataError,
    DatasetCard,
    ImageError,
    Label,
    Plugin,
    SecondTruth,
)
from zoo_data_chestxray14.findings import LABELS
from zoo_data_chestxray14.nih_folder import NihFolder, open_folder
from zoo_data_chestxray14.nih_tables import KNOWN_VERSIONS, LabelTable, read_boxes, read_labels, read_names
from zoo_data_chestxray14.radiologists import RADIOLOGISTS, RADIOLOGISTS_FINDINGS, read_radiologists

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ChestXray14Config:
    """Where the data are.

    Attributes:
        root: the folder NIH ships; a partial download works on the images that are there.
        label_file: name of the label table in it, where there are several.
        radiologist_file: table of what radiologists said of some images, in ROOT or with its whole path; empty for
            `google2019_nih-chest-xray-labels.csv` where ROOT has it. Predictions are then judged by it as well.
        label_sha256: refuse any other label table: published versions differ in the labels of some images.
    """

    root: str = ""
    label_file: str = ""
    radiologist_file: str = ""
    label_sha256: str = ""

    def __post_init__(self) -> None:
        if self.label_sha256 and (len(self.label_sha256) != 64 or set(self.label_sha256) - set("0123456789abcdef")):
            raise ConfigError(
                f"data.label_sha256 must be 64 digits 0-9, a-f, or empty. Received: '{self.label_sha256}'"
            )


class ChestXray14:
    """NIH's radiographs; nothing is read before it is asked for."""

    specs = (ArraySpec("image", ("y", "x", "c"), (None, None, 1), "uint8", (0, 255)),)
    labels: tuple[Label, ...] = LABELS
    group_columns = ("meta.patient_id",)

    def __init__(self, config: ChestXray14Config) -> None:
        self.config = config

    @cached_property
    def card(self) -> DatasetCard:
        """What it is; with a root, also how much of it is there and which labels."""
        return DatasetCard(
            title="NIH ChestX-ray14",
            summary="Frontal chest radiographs of the NIH Clinical Center with 14 findings.",
            licence="Free to use with attribution to the NIH Clinical Center (nihcc.app.box.com/v/ChestXray-NIHCC)",
            citation="Wang et al. 2017, ChestX-ray8, CVPR",
            label_source=(
                "Mined from radiology reports by a program and not read again. Against radiologists the positive "
                "predictive value of Pneumothorax is .458."
            ),
            drawn=False,
            notes=self._notes() if self.config.root else (),
            group_namespace="nih-chestxray14",
        )

    @property
    def split_name(self) -> str | None:
        """`official` where both of NIH's lists are there; None also while no root is given."""
        if not self.config.root:
            return None
        folder = self._folder
        return "official" if folder.train_list and folder.test_list else None

    def index(self) -> pd.DataFrame:
        """One row for each image that is there, in the order of NIH's table."""
        return self._rows.copy()

    def read(self, i: int) -> Arrays:
        """The image of row `i`."""
        if not 0 <= i < len(self._paths):
            raise IndexError(f"chestxray14 has rows 0 to {len(self._paths) - 1}. Received: {i}")
        path = self._paths[i]
        try:
            return {"image": read_grey(path)}
        except ImageError as error:
            raise ImageError(f"{path.name} {error}") from error

    def boxes(self) -> pd.DataFrame:
        """NIH's hand-drawn boxes on the images that are there; none without `BBox_List_2017.csv`."""
        import pandas as pd

        if self._folder.boxes is None:
            return pd.DataFrame(columns=["example_id", "label", "x_min", "y_min", "width", "height"])
        boxes = read_boxes(self._folder.boxes)
        return boxes[boxes["example_id"].isin(self._rows["example_id"])].reset_index(drop=True)

    def second_truth(self) -> SecondTruth | None:
        """What radiologists say of the images that are there; None without their table."""
        table = self._read_again
        return None if table is None else SecondTruth(RADIOLOGISTS, RADIOLOGISTS_FINDINGS, table.copy())

    @cached_property
    def _read_again(self) -> pd.DataFrame | None:
        if self._folder.radiologists is None:
            return None
        table = read_radiologists(self._folder.radiologists)
        return table[table["example_id"].isin(self._rows["example_id"])].reset_index(drop=True)

    @cached_property
    def _folder(self) -> NihFolder:
        return open_folder(self.config.root, self.config.label_file, self.config.radiologist_file)

    @cached_property
    def _table(self) -> LabelTable:
        table = read_labels(self._folder.labels)
        if self.config.label_sha256 not in ("", table.sha256):
            raise DataError(
                f"{self._folder.labels.name} has the SHA-256 {table.sha256}. Wanted, by data.label_sha256: "
                f"{self.config.label_sha256}"
            )
        return table

    @cached_property
    def _rows(self) -> pd.DataFrame:
        rows = self._table.rows
        rows = rows[rows["example_id"].isin(list(self._folder.images))].reset_index(drop=True)
        if rows.empty:
            raise DataError(
                f"Data set 'chestxray14': none of the {len(self._table.rows):,} images of {self._folder.labels.name} "
                f"is among the {len(self._folder.images):,} PNG files in the image folders of {self.config.root}"
            )
        if self.split_name:
            rows.insert(1, "split", self._official_split(rows["example_id"]))
        return rows

    @cached_property
    def _paths(self) -> list[Path]:
        return [self._folder.images[name] for name in self._rows["example_id"]]

    def _official_split(self, names: pd.Series) -> pd.Series:
        train, test = (set(read_names(path)) for path in (self._folder.train_list, self._folder.test_list) if path)
        both = sorted(train & test)
        if both:
            raise DataError(f"{both[0]} is in both train_val_list.txt and test_list.txt. Take the lists NIH ships")
        neither = names[~names.isin(list(train | test))]
        if len(neither):
            raise DataError(
                f"{len(neither):,} images, such as {neither.iloc[0]}, are in neither train_val_list.txt nor "
                "test_list.txt. Take the lists NIH ships, or remove both for a split by patient"
            )
        return names.isin(list(test)).map({True: "test", False: "train"})

    def _notes(self) -> tuple[str, ...]:
        again = self._read_again
        version = KNOWN_VERSIONS.get(self._table.sha256, "no version known here")
        return (
            f"{len(self._rows):,} of {len(self._table.rows):,} images are there.",
            f"Label file {self._folder.labels.name}, SHA-256 {self._table.sha256} ({version}).",
            *(() if again is None else (f"Radiologists read {len(again):,} of them again.",)),
            *(
                ()
                if self.split_name
                else ("train_val_list.txt and test_list.txt are not both there: no official split.",)
            ),
        )


plugin = Plugin(
    config=ChestXray14Config,
    create=ChestXray14,
    summary="112,120 frontal chest radiographs of the NIH with 14 findings; give the folder as chestxray14=ROOT.",
)
