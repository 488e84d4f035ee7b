"""Data set `medmnist`: small medical images of MedMNIST, a local file or the published one."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_core.api import cache_folder, fetch_file
from zoo_core.contract import Arrays, ArraySpec, ConfigError, DataError, DatasetCard, Label, Plugin
from zoo_data_medmnist.facts import CITATION, FACTS, SIZES_PX, SOLID, Facts, address, checksum, file_name
from zoo_data_medmnist.npz_file import PARTS, Member, read_images, read_labels, read_members

if TYPE_CHECKING:
    import pandas as pd

IMAGE = "meta.image"
"""The group of an image, which is itself: MedMNIST names no patients."""


NO_PATIENTS = (
    "MedMNIST names no patients: each image is a group of its own, and images of one patient may lie in several parts "
    "where its authors did not see to it."
)


@dataclass(frozen=True)
class MedMNISTConfig:
    """Which file.

    Attributes:
        root: a local .npz file of MedMNIST, or a folder that holds it under its published name; empty to fetch the
            published file.
        file: name of the data set, such as pneumoniamnist; may be left empty where `root` is a file of that name.
        size_px: edge of the images, 28, 64, 128 or 224; 0 for 28, or for what a local file holds.
    """

    root: str = ""
    file: str = ""
    size_px: int = 0

    def __post_init__(self) -> None:
        if self.file:
            _refuse_unknown(self.file, "data.file")
        if self.size_px not in (0, *SIZES_PX):
            raise ConfigError(
                f"data.size_px needs one of {', '.join(map(str, SIZES_PX))}, or 0. Received: {self.size_px}"
            )


class MedMNIST:
    """Images of one of MedMNIST's flat data sets; nothing is read before it is asked for."""

    group_columns = (IMAGE,)
    split_name = "official"

    def __init__(self, config: MedMNISTConfig) -> None:
        self.config = config

    def __reduce__(self) -> tuple[Any, ...]:
        """As its configuration alone: another process reads the images itself."""
        return MedMNIST, (self.config,)

    @cached_property
    def card(self) -> DatasetCard:
        """What it is; with a file, also how many images, and whether it is the published one."""
        if not self._name:
            return DatasetCard(
                title="MedMNIST",
                summary=f"Twelve sets of small medical images; data.file chooses one of {', '.join(FACTS)}.",
                licence="CC BY 4.0; DermaMNIST CC BY-NC 4.0",
                citation=CITATION,
                label_source="Of each set its own.",
                drawn=False,
            )
        facts = self._facts
        return DatasetCard(
            title=facts.title,
            summary=f"{facts.summary}, as small squares.",
            licence=facts.licence,
            citation=f"{CITATION}; {facts.source}",
            label_source=facts.label_source,
            drawn=False,
            notes=self._notes() if self.config.root else (),
        )

    @property
    def specs(self) -> tuple[ArraySpec, ...]:
        """Squares of the size that the file has."""
        if self.config.root:
            height, width, n_channels = self._shape
        else:
            height = width = self.config.size_px or SIZES_PX[0]
            n_channels = self._facts.n_channels if self._name else 1
        return (ArraySpec("image", ("y", "x", "c"), (height, width, n_channels), "uint8", (0, 255)),)

    @property
    def labels(self) -> tuple[Label, ...]:
        """Those of the data set; known once it is chosen."""
        return self._facts.labels if self._name else ()

    def index(self) -> pd.DataFrame:
        """One row an image: the training images, the validation images, the test images, each as in the file."""
        import pandas as pd

        counts = {part: self._members[f"{part}_images"].shape[0] for part in PARTS}
        names = [f"{part}-{number:06}" for part, n in counts.items() for number in range(n)]
        splits = [PARTS[part] for part, n in counts.items() for _ in range(n)]
        columns = {f"label.{name}": values for name, values in self._values.items()}
        return pd.DataFrame({"example_id": names, "split": splits, **columns, IMAGE: names})

    def read(self, i: int) -> Arrays:
        """The image of row `i`."""
        first = 0
        for images in self._images:
            if first <= i < first + len(images):
                # A copy, as the rows of a mapped file cannot be written to.
                return {"image": np.array(images[i - first]).reshape(self._shape)}
            first += len(images)
        raise IndexError(f"medmnist has rows 0 to {first - 1}. Received: {i}")

    @cached_property
    def _name(self) -> str:
        """Of the data set; empty where nothing says which it is."""
        path = Path(self.config.root)
        if self.config.file or not self.config.root or path.is_dir():
            return self.config.file
        stem = path.stem.partition("_")[0]
        _refuse_unknown(stem, "The name of a MedMNIST file (or else data.file)")
        return stem

    @property
    def _chosen(self) -> str:
        """The name, where there is one."""
        if not self._name:
            raise DataError(
                "Data set 'medmnist' needs a file: give it as --data medmnist=FILE.npz, or choose a published one with "
                f"--set data.file=NAME, of {', '.join(FACTS)}"
            )
        return self._name

    @property
    def _facts(self) -> Facts:
        return FACTS[self._chosen]

    @cached_property
    def _path(self) -> Path:
        size_px = self.config.size_px or SIZES_PX[0]
        name = file_name(self._chosen, size_px)
        if not self.config.root:
            return fetch_file(address(self._chosen, size_px), checksum(self._chosen, size_px), _kept(name))
        root = Path(self.config.root)
        path = root / name if root.is_dir() else root
        if not path.is_file():
            raise DataError(
                f"Data set 'medmnist' needs a .npz file, or a folder with '{name}'. Received: '{path}', which is not "
                f"there: fetch it from {address(self._chosen, size_px)}, or leave the name of the file out"
            )
        return path

    @cached_property
    def _members(self) -> dict[str, Member]:
        members, facts = read_members(self._path), self._facts
        _, *size = members["train_images"].shape
        n_channels = size[2] if len(size) == 3 else 1
        if n_channels != facts.n_channels:
            raise DataError(f"'{self._path}': {facts.title} has {facts.n_channels} channels. Received: {n_channels}")
        if self.config.size_px and size[:2] != [self.config.size_px] * 2:
            raise DataError(
                f"'{self._path}' needs images of data.size_px={self.config.size_px}. Received: {size[0]} x {size[1]} px"
            )
        return members

    @property
    def _shape(self) -> tuple[int, int, int]:
        _, height, width, *_ = self._members["train_images"].shape
        return height, width, self._facts.n_channels

    @cached_property
    def _values(self) -> dict[str, np.ndarray]:
        """(example,) float64, by label."""
        found, facts = read_labels(self._path), self._facts
        kinds = facts.labels[0].class_names or (0, 1)
        if found.shape[1] != len(facts.labels) or not np.isin(found, np.arange(len(kinds))).all():
            raise DataError(
                f"'{self._path}': {facts.title} has {len(facts.labels)} label(s) from 0 to {len(kinds) - 1}. Received: "
                f"{found.shape[1]} from {found.min():g} to {found.max():g}. Name the right one with data.file"
            )
        columns = found if facts.positive else 1 - found
        return {label.name: columns[:, number] for number, label in enumerate(facts.labels)}

    @cached_property
    def _images(self) -> list[np.ndarray]:
        return read_images(self._path, self._members)

    def _notes(self) -> tuple[str, ...]:
        counts = [self._members[f"{part}_images"].shape[0] for part in PARTS]
        wanted, size_px = self._facts.n_examples, self._shape[0]
        parts = f"{counts[0]:,} training, {counts[1]:,} validation and {counts[2]:,} test images of {size_px} px."
        other = "" if tuple(counts) == wanted else f" Published are {wanted[0]:,}, {wanted[1]:,} and {wanted[2]:,}."
        return (
            parts + other,
            NO_PATIENTS,
            self._provenance(),
        )

    def _provenance(self) -> str:
        with self._path.open("rb") as file:
            received = f"md5:{hashlib.file_digest(file, 'md5').hexdigest()}"
        size_px = self._shape[0]
        if size_px in SIZES_PX and received == checksum(self._chosen, size_px):
            return f"The file is the published one ({received})."
        return f"The file is not the published one: its checksum is {received}."


def _kept(name: str) -> Path:
    return cache_folder() / "medmnist" / name


def _refuse_unknown(name: str, what: str) -> None:
    if name in FACTS:
        return
    if name in SOLID:
        raise ConfigError(f"{what} needs a data set of flat images. Received: '{name}', which holds volumes")
    near = difflib.get_close_matches(name, FACTS, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    raise ConfigError(f"{what} needs one of: {', '.join(FACTS)}. {hint}Received: '{name}'")


plugin = Plugin(
    config=MedMNISTConfig,
    create=MedMNIST,
    summary="Twelve sets of small medical images (MedMNIST); give a file as medmnist=FILE.npz or name one of them.",
)
