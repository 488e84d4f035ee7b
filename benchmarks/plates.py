"""Pictures a second of importing a plate, and fields a second of a shuffled epoch from it and from what else there is.

python benchmarks/plates.py

A plate of one field a well, two channels, drawn as a slope under a camera's noise. It is imported by `zoo plate import`
as a user calls it, once of 8 and once of 16 bit, beside the decoding of its pictures alone and beside ome-zarr's own
`write_image`, both with as many threads as there are cores; all write the same levels. An epoch is read in batches,
fields in random order, channels last, from files in the page cache: by the zoo's reader from the plate and from a
packed store of it, by zarr-python from the plate in a thread pool, and by Pillow from the pictures. All take part in
each round, one after the other; a ratio is the median of the rounds' ratios.
"""

import io
import json
import os
import shlex
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import click
import numpy as np
from PIL import Image

from zoo_core.cli import main
from zoo_core.data.packed.plugin import PackedConfig, PackedDataset
from zoo_core.data.packed.transform import Transform
from zoo_core.data.reader import read_ahead
from zoo_core.runtime.config import Choice, SplitConfig
from zoo_core.runtime.machine import describe_machine
from zoo_core.runtime.packing import Form, pack
from zoo_data_plates.ome_plate import OmePlate, OmePlateConfig

BATCH_SIZE, N_THREADS = 32, len(os.sched_getaffinity(0))
N_ROWS, N_COLUMNS = 16, 24
CHANNELS = ("DNA", "GFP")
NOISE = 0.1
"""Of the range: what a camera adds, which no compression takes away."""

PATTERN = "{well}-{channel}.png"
PACKAGES = ("numpy", "ome-zarr", "pillow", "tensorstore", "zarr")

PLATE, PACKED = "plate", "packed store"
IMPORT, DECODING, OME_ZARR = "zoo plate import", "decoding alone", "ome-zarr's write_image"

Batches = Callable[[int], Iterator[np.ndarray]]
"""An epoch: seed to (example, y, x, c) batches."""


@dataclass(frozen=True)
class Lab:
    """Pictures of a plate, drawn.

    Attributes:
        folder: of the pictures, and of all that is made of them.
        wells: their names.
        size_px: length of y and x.
        dtype: uint8 or uint16.
    """

    folder: Path
    wells: tuple[str, ...]
    size_px: int
    dtype: str

    @property
    def pictures(self) -> Path:
        """Folder of the pictures."""
        return self.folder / "pictures"

    @property
    def table(self) -> Path:
        """What is in the wells."""
        return self.folder / "wells.csv"

    def paths(self, well: str) -> list[Path]:
        """Pictures of a well, channel by channel."""
        return [self.pictures / f"{well}-{channel}.png" for channel in CHANNELS]

    def write(self) -> None:
        """Draw every picture, and the table."""
        self.pictures.mkdir(parents=True)
        roles = ("negative", "positive", "")
        lines = [f"{well},drug,{roles[number % 3]}" for number, well in enumerate(self.wells)]
        self.table.write_text("\n".join(["well,treatment,control_role", *lines]))
        on_all_cores(self._write, self.wells)

    def read(self, well: str) -> np.ndarray:
        """(c, y, x), decoded."""
        return np.stack([np.asarray(Image.open(path)) for path in self.paths(well)])

    def _write(self, well: str) -> None:
        random = np.random.default_rng(list(well.encode()))
        slope = np.linspace(0, 1 - NOISE, self.size_px) * np.ones((self.size_px, 1))
        for path in self.paths(well):
            picture = (slope + NOISE * random.random(slope.shape)) * np.iinfo(self.dtype).max
            Image.fromarray(picture.astype(self.dtype)).save(path)


@click.command()
@click.option("--wells", "n", default=N_ROWS * N_COLUMNS, show_default=True, help="Of the plate that is drawn.")
@click.option("--size", "size_px", default=512, show_default=True, help="Length of y and x.")
@click.option("--rounds", default=5, show_default=True, help="In which every way takes part.")
@click.option(
    "--given", default="", help="SOURCE and options of `zoo plate import`: pictures that are imported as well."
)
@click.option("--at", type=click.Path(path_type=Path), help="Folder for the files.  [default: a temporary one]")
def plates(n: int, size_px: int, rounds: int, given: str, at: Path | None) -> None:
    """Measure importing and reading side by side."""
    load = os.getloadavg()
    every = [f"{chr(65 + row)}{column:02}" for row in range(N_ROWS) for column in range(1, N_COLUMNS + 1)]
    with tempfile.TemporaryDirectory(dir=at) as folder:
        labs = [Lab(Path(folder) / dtype, tuple(every[:n]), size_px, dtype) for dtype in ("uint8", "uint16")]
        for lab in labs:
            lab.write()
        importing = {f"drawn, {lab.dtype}": compared(import_rates(lab, rounds), IMPORT) for lab in labs}
        if given:
            importing["given"] = compared(given_rates(shlex.split(given), Path(folder) / "given", rounds), IMPORT)
        readers = made_readers(labs[0], Path(folder))
        reading = epoch_rates(readers, rounds)
    report = {
        "importing_pictures_per_s": importing,
        "reading_fields_per_s": compared(reading, PLATE),
        "packed_to_others": compared(reading, PACKED)["ratios"],
        "n_wells": n,
        "size_px": size_px,
        "n_channels": len(CHANNELS),
        "rounds": rounds,
        "versions": {name: version(name) for name in PACKAGES},
        "load_before_and_after": [load, os.getloadavg()],
        "machine": asdict(describe_machine()),
    }
    click.echo(json.dumps(report, indent=2))


def compared(rates: dict[str, list[float]], ours: str) -> dict[str, object]:
    """Median of each way, and of the rounds' ratios of ours to it, with their range."""
    ratios = {name: np.divide(rates[ours], values) for name, values in rates.items() if name != ours}
    return {
        "medians": {name: round(float(np.median(values)), 1) for name, values in rates.items()},
        "ratios": {name: f"{np.median(r):.2f} ({r.min():.2f} to {r.max():.2f})" for name, r in ratios.items()},
    }


def import_rates(lab: Lab, rounds: int) -> dict[str, list[float]]:
    """Pictures a second of each way, in each round."""
    n = len(lab.wells) * len(CHANNELS)
    rates: dict[str, list[float]] = {IMPORT: [], DECODING: [], OME_ZARR: []}
    for number in range(rounds):
        given = [str(lab.pictures), "--pattern", PATTERN, "--wells", str(lab.table), "--drawn"]
        rates[IMPORT].append(imported(given, lab.folder / "plate.zarr", keep=number == rounds - 1))
        rates[DECODING].append(n / seconds_of(partial(on_all_cores, lab.read, lab.wells)))
        rates[OME_ZARR].append(n / seconds_of(partial(written_by_ome_zarr, lab, lab.folder / "theirs.zarr")))
    return rates


def given_rates(given: list[str], plate: Path, rounds: int) -> dict[str, list[float]]:
    """Pictures a second of an import as a user told it."""
    return {IMPORT: [imported(given, plate, keep=False) for _ in range(rounds)]}


def imported(given: list[str], plate: Path, keep: bool) -> float:
    """Pictures a second of one import: all its time, from the look at names to the index."""
    source, *options = given
    with redirect_stdout(io.StringIO()) as said:
        code = main(["plate", "import", source, str(plate), *options, "--json"])
    if code:
        raise click.ClickException(f"zoo plate import ended with {code}")
    if not keep:
        shutil.rmtree(plate)
    return float(json.loads(said.getvalue())["images_per_s"])


def written_by_ome_zarr(lab: Lab, plate: Path) -> None:
    """Each field by the reference implementation: half and half of it, until the longer side is below 256."""
    from ome_zarr.scale import Methods
    from ome_zarr.writer import write_image

    n_levels = max(0, int(np.log2(lab.size_px / 128)))
    factors = [2**number for number in range(1, n_levels + 1)]

    def write(well: str) -> None:
        write_image(
            lab.read(well),
            str(plate / well[0] / well[1:] / "0"),
            scale_factors=factors,
            method=Methods.LOCAL_MEAN,
            axes="cyx",
            storage_options={"chunks": (1, lab.size_px, lab.size_px)},
        )

    on_all_cores(write, lab.wells)
    shutil.rmtree(plate)


def seconds_of(work: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def on_all_cores(work: Callable[[str], object], wells: tuple[str, ...]) -> None:
    """Call it for each well."""
    with ThreadPoolExecutor(N_THREADS) as pool:
        for _ in pool.map(work, wells):
            pass


def epoch_rates(readers: dict[str, Batches], rounds: int) -> dict[str, list[float]]:
    """Fields a second of each reader in each round; the round before the first warms up and is not counted."""
    refuse_different(readers)
    rates: dict[str, list[float]] = {name: [] for name in readers}
    for seed in range(rounds + 1):
        for name, read in readers.items():
            start = time.perf_counter()
            n = sum(len(batch) for batch in read(seed))
            rates[name].append(n / (time.perf_counter() - start))
    return {name: values[1:] for name, values in rates.items()}


def refuse_different(readers: dict[str, Batches]) -> None:
    """A reader that gives something else is no competitor."""
    first = {name: next(iter(read(0))) for name, read in readers.items()}
    other = [name for name, batch in first.items() if not np.array_equal(batch, first[PLATE])]
    if other:
        raise click.ClickException(f"{', '.join(other)}: gives other values than the plate")


def made_readers(lab: Lab, folder: Path) -> dict[str, Batches]:
    """Every reader, of the plate that was imported last."""
    config = OmePlateConfig(str(lab.folder / "plate.zarr"))
    pack(Choice("ome-plate", config), SplitConfig(), Form(Transform(lab.size_px)), folder / "packed")
    plate, packed = OmePlate(config), PackedDataset(PackedConfig(str(folder / "packed")))
    n = len(lab.wells)
    return {
        PLATE: partial(read_by_zoo, plate, n),
        PACKED: partial(read_by_zoo, packed, n),
        "zarr-python, thread pool": zarr_reader(plate, lab.folder / "plate.zarr"),
        "Pillow, thread pool": partial(pool_batches, lambda row: np.moveaxis(lab.read(lab.wells[row]), 0, -1), n),
    }


def permuted(n: int, seed: int) -> list[np.ndarray]:
    """Rows of the batches of an epoch."""
    return np.split(np.random.default_rng(seed).permutation(n), range(BATCH_SIZE, n, BATCH_SIZE))


def read_by_zoo(data: OmePlate | PackedDataset, n: int, seed: int) -> Iterator[np.ndarray]:
    """As a run reads it: batches ahead of time, each in one request."""
    for arrays in read_ahead(data.read_batch, permuted(n, seed), N_THREADS):
        yield arrays["image"]


def pool_batches(read: Callable[[int], np.ndarray], n: int, seed: int) -> Iterator[np.ndarray]:
    """Examples read side by side, in order, and stacked."""
    with ThreadPoolExecutor(N_THREADS) as pool:
        images = pool.map(read, np.concatenate(permuted(n, seed)).tolist())
        for rows in permuted(n, seed):
            yield np.stack([next(images) for _ in rows])


def zarr_reader(plate: OmePlate, folder: Path) -> Batches:
    """The same arrays by zarr-python, opened before."""
    import zarr

    wells = plate.index()["meta.well"]
    arrays = [zarr.open_array(folder / well[0] / str(int(well[1:])) / "0" / "0", mode="r") for well in wells]
    return partial(pool_batches, lambda row: np.moveaxis(np.asarray(arrays[row][...]), 0, -1), len(arrays))


if __name__ == "__main__":
    plates()
