"""A laboratory's images in memory, and stores of them with tiny shards."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zoo_core.contract import ArraySpec, DatasetCard, ImageError, Label
from zoo_core.data.fingerprint import fingerprint
from zoo_core.data.packed.manifest import LaidOutFor, Plan, Source
from zoo_core.data.packed.plugin import PackedConfig, open_packed
from zoo_core.data.packed.transform import Transform, packed_specs
from zoo_core.data.packed.writing import Packer
from zoo_core.data.splits import hash_split

CARD = DatasetCard("Lab", "Noise.", "CC0-1.0", "none", "chance", drawn=False)
IMAGE = ArraySpec("image", ("y", "x", "c"), (5, 5, 2), "uint8", (0, 255))


@dataclass
class Lab:
    """Noise by row; counts what is read."""

    n: int = 40
    specs: tuple[ArraySpec, ...] = (IMAGE,)
    bad: dict[int, str] = field(default_factory=dict)
    reads: list[int] = field(default_factory=list)
    labels: tuple[Label, ...] = (Label("Mass"),)
    group_columns: tuple[str, ...] = ("meta.patient_id",)
    split_name: str | None = None
    card: DatasetCard = CARD

    def index(self) -> pd.DataFrame:
        number = np.arange(self.n)
        return pd.DataFrame(
            {
                "example_id": [f"i{i:03d}.png" for i in number],
                "label.Mass": pd.array(np.where(number % 5, number % 2, -1), "Int8").astype("Int8"),
                "meta.patient_id": number // 2,
                "meta.sex": np.where(number % 3, "F", None),
                "meta.age": np.where(number % 7, number * 1.5, np.nan),
            }
        )

    def read(self, i: int) -> dict[str, np.ndarray]:
        self.reads.append(i)
        if i in self.bad:
            raise ImageError(self.bad[i])
        return {spec.name: noise(i, spec) for spec in self.specs}


def noise(i: int, spec: ArraySpec) -> np.ndarray:
    rng, (low, high) = np.random.default_rng([i, len(spec.name)]), spec.value_range
    shape = [7 + i % 3 if length is None else length for length in spec.shape]
    return rng.uniform(low, high, shape).round().astype(spec.dtype)


def packer(lab: Any, folder: Path, size_px: int = 5, rows_per_shard: int = 4, dtype: str = "") -> Packer:
    index = lab.index()
    split = hash_split(index, "meta.patient_id", {"validation": 0.2, "test": 0.3})
    transform = Transform(size_px, dtype)
    source = Source("lab", {}, fingerprint(index), lab.card, lab.specs, lab.labels, lab.group_columns, lab.split_name)
    laid_out_for = LaidOutFor(split.name, split.group_column, split.hash, split.counts())
    plan = Plan(source, transform, packed_specs(lab.specs, transform), laid_out_for, rows_per_shard)
    return Packer(lab, index, split, plan, folder)


class Kit:
    """What the tests of this folder make stores with."""

    lab = Lab
    image = IMAGE
    packer = staticmethod(packer)

    def pack(self, lab: Any, folder: Path, **form: Any) -> Any:
        """Pack and say what came of it."""
        return packer(lab, folder, **form).pack(lambda _: None)

    def opened(self, folder: Path) -> Any:
        """The store as a data set."""
        return open_packed(PackedConfig(str(folder)))

    def spec(self, **changed: Any) -> ArraySpec:
        """The lab's spec with some values changed."""
        return replace(IMAGE, **changed)


@pytest.fixture(scope="session")
def kit() -> Kit:
    """Makes stores."""
    return Kit()
