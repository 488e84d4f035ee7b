"""What the plugins of this repository are checked on: one line for each data set that needs files.

`FILES` names for each such data set what writes a few small files, odd in size, into an empty folder and says what ROOT
is. `DATA` names the data set of a task whose own choice needs files. A plugin that is neither here nor works without
files fails `test_plugins.py`.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import tomli_w
from PIL import Image

from zoo_core.data.packed.transform import Transform
from zoo_core.runtime.packing import Form, choose_source, pack
from zoo_data_plates.ngff.design import Channel, PlateDesign
from zoo_data_plates.ngff.writing import create_plate, finish_plate, write_field

N_PLANTS, N_DAYS = 3, 4
N_SCANS = 13
N_LEAVES = 29
PACKED_PX = 16


def picture(path: Path, seed: int, shape: tuple[int, ...]) -> str:
    """Write a picture of noise, and give its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, shape, np.uint8)).save(path)
    return path.name


def leaves(folder: Path) -> Path:
    """Photographs of two classes, of two sizes; as many as give every part of a split one."""
    for i in range(N_LEAVES):
        picture(folder / ("blight", "healthy")[i % 2] / f"leaf{i}.png", i, (37 + i % 2, 41, 3))
    return folder


def plants(folder: Path) -> Path:
    """Three plants on four days."""
    rows = [
        {
            "image": f"{picture(folder / f'p{plant}-{day}.png', 9 * plant + day, (7, 5 + plant, 3))}",
            "plant": f"p{plant}",
            "timestamp": f"2022-08-{day + 1:02d}T12:30:00",
            "area": 100 * plant + day,
        }
        for plant in range(N_PLANTS)
        for day in range(N_DAYS)
    ]
    pd.DataFrame(rows).to_csv(folder / "labels.csv", index=False)
    return folder


def plate(folder: Path) -> Path:
    """Five fields of 7 x 5 pixels in three wells."""
    design = PlateDesign(
        name="P1",
        n_rows=2,
        n_columns=3,
        channels=(Channel("DNA", "0000FF"), Channel("GFP", "00FF00", (10, 200))),
        dtype="uint16",
        pixel_size_um=0.65,
    )
    wells = {"A01": 1, "A03": 3, "B02": 1}
    create_plate(folder / "plate.zarr", design, wells)
    rng = np.random.default_rng(0)
    for well, n_fields in wells.items():
        for field in range(n_fields):
            image = rng.integers(*design.full_range, (2, 7, 5), design.dtype, endpoint=True)
            write_field(folder / "plate.zarr", design, well, field, image)
    table = pd.DataFrame({"well": list(wells), "control_role": ["negative", "positive", None]})
    finish_plate(folder / "plate.zarr", table)
    return folder / "plate.zarr"


def store(folder: Path) -> Path:
    """Drawn radiographs, packed, in several shards."""
    data, split = choose_source([{"data": {"name": "chest-phantom", "n_patients": 12, "size_px": 24}}])
    pack(data, split, Form(Transform(PACKED_PX), rows_per_shard=5), folder / "store")
    return folder / "store"


def lab(folder: Path) -> Path:
    """A laboratory's table of thirteen scans of seven patients, one of them not to be read."""
    names = [picture(folder / "images" / f"scan{i}.png", i, (9 + i % 3, 7)) for i in range(N_SCANS)]
    (folder / "images" / names[5]).write_bytes(b"no picture")
    table = pd.DataFrame({"image": names, "patient": [f"patient {i // 2}" for i in range(N_SCANS)]})
    table.assign(Effusion=[("1", "0", "")[i % 3] for i in range(N_SCANS)]).to_csv(folder / "lab.csv", index=False)
    description = {
        "dataset": "table",
        "table": "lab.csv",
        "root": "images",
        "file": "image",
        "group": {"column": "patient", "name": "patient_id"},
        "labels": {"Effusion": "Effusion"},
    }
    (folder / "lab.toml").write_text(tomli_w.dumps(description))
    return folder / "lab.toml"


def npz(folder: Path) -> Path:
    """A file of ten pictures as MedMNIST lays them out."""
    rng, arrays = np.random.default_rng(0), {}
    for part, n in {"train": 5, "val": 3, "test": 2}.items():
        arrays[f"{part}_images"] = rng.integers(0, 256, (n, 7, 5), np.uint8)
        arrays[f"{part}_labels"] = (np.arange(n, dtype=np.uint8) % 2)[:, np.newaxis]
    np.savez_compressed(folder / "pneumoniamnist.npz", **arrays)
    return folder / "pneumoniamnist.npz"


FILES: dict[str, Callable[[Path], Path]] = {
    "leaf-folder": leaves,
    "medmnist": npz,
    "ome-plate": plate,
    "packed": store,
    "plant-series": plants,
    "table": lab,
}
"""By data set, what writes its files and gives its ROOT."""

REAL = {"chestxray14": "nih_root"}
"""By data set, the fixture that gives its ROOT, where only the real files will do."""

DATA = {"leaf-disease": "leaf-folder"}
"""By task, the data set among `FILES` that it is checked on, where its own choice needs files."""
