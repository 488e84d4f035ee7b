"""A folder of pictures becomes a plate with the same pixels, whatever ends the import on its way."""

import fcntl
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
import zarr
from ome_zarr_models.v05 import HCS
from PIL import Image

from zoo_core.contract import ConfigError, DataError, MachineError, OutputError
from zoo_data_plates.importing import workers
from zoo_data_plates.importing.importing import RECORD_FILE, ImportJob, ImportReport, import_plate
from zoo_data_plates.importing.plan import Wanted
from zoo_data_plates.importing.table import TableOptions

PATTERN = "{well}_{field}_{channel}.png"
WELLS = ("A01", "A02", "B03")


def silent(what: str, n_done: int, n_all: int) -> None:
    """No progress."""


def pixels(well: str, field: int, channel: int) -> np.ndarray:
    return np.random.default_rng([*well.encode(), field, channel]).integers(0, 65536, (7, 5), np.uint16)


@pytest.fixture
def job(tmp_path: Path) -> ImportJob:
    """Three wells of two fields and two channels, and a table of four."""
    source = tmp_path / "source"
    source.mkdir()
    for well in WELLS:
        for field in (1, 2):
            for channel in (1, 2):
                Image.fromarray(pixels(well, field, channel)).save(source / f"{well}_{field}_{channel}.png")
    table = tmp_path / "wells.csv"
    table.write_text("well,control_role\nA01,negative\nA02,positive\nB03,\nB01,empty\n")
    return ImportJob(source, tmp_path / "plate", PATTERN, table, Wanted("p", {"1": "GFP"}), n_workers=2)


def field(job: ImportJob, well: str, number: int) -> np.ndarray:
    found = zarr.open_array(job.plate / well[0] / str(int(well[1:])) / str(number) / "0", mode="r")[...]
    assert isinstance(found, np.ndarray)
    return found


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_plate_that_is_imported_holds_the_pictures(job: ImportJob) -> None:
    report = import_plate(job, silent)
    for well in WELLS:
        for number in (0, 1):
            wanted = np.stack([pixels(well, number + 1, channel) for channel in (1, 2)])
            np.testing.assert_array_equal(field(job, well, number), wanted)
    assert (report.n_pictures, report.n_fields, report.n_pictures_now) == (12, 6, 12)
    assert (report.size, report.channels, report.dtype) == ((2, 3), ("GFP", "2"), "uint16")
    assert report.gaps.wells == ("B01",)
    assert report.images_per_s is not None
    HCS.from_zarr(zarr.open_group(job.plate, mode="r"))


def test_time_and_z_lie_where_their_axes_are(tmp_path: Path) -> None:
    values = np.random.default_rng(3).integers(0, 255, (2, 1, 3, 7, 5), np.uint8)
    for t in range(2):
        for z in range(3):
            tifffile.imwrite(tmp_path / f"A01_t{t}_z{z}.tif", values[t, 0, z])
    (tmp_path / "wells.csv").write_text("well\nA01\n")
    wanted = Wanted("p", time_step_h=0.25)
    job = ImportJob(tmp_path, tmp_path / "plate", "{well}_t{time}_z{z}.tif", tmp_path / "wells.csv", wanted)
    import_plate(job, silent)
    np.testing.assert_array_equal(field(job, "A01", 0), values)


def test_colours_are_three_channels(tmp_path: Path) -> None:
    values = np.random.default_rng(3).integers(0, 255, (7, 5, 3), np.uint8)
    Image.fromarray(values).save(tmp_path / "A01.png")
    (tmp_path / "wells.csv").write_text("well\nA01\n")
    job = ImportJob(tmp_path, tmp_path / "plate", "{well}.png", tmp_path / "wells.csv", Wanted("p"))
    assert import_plate(job, silent).channels == ("R", "G", "B")
    np.testing.assert_array_equal(field(job, "A01", 0), np.moveaxis(values, -1, 0))


def test_a_channel_without_a_picture_is_black_and_said(job: ImportJob) -> None:
    (job.source / "A02_1_2.png").unlink()
    report = import_plate(job, silent)
    assert report.gaps.channels == {"A02": ("2",)}
    assert not field(job, "A02", 0)[1].any()
    wells = pd.read_parquet(job.plate / "wells.parquet").set_index("well")
    assert list(wells["missing_channels"].fillna("-")) == ["-", "2", "-", "-"]


def test_processes_write_what_threads_write(job: ImportJob, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import_plate(job, silent)
    monkeypatch.setattr(workers, "FIELDS_WORTH_PROCESSES", 1)
    other = replace(job, plate=tmp_path / "other")
    import_plate(other, silent)
    theirs, ours = everything(other.plate), everything(job.plate)
    assert theirs == ours


def test_progress_goes_from_nothing_to_all(job: ImportJob) -> None:
    seen: list[tuple[str, int, int]] = []
    import_plate(job, lambda *told: seen.append(told))
    assert seen == [
        *(("looking at pictures", n, 12) for n in range(1, 13)),
        *(("writing fields", n, 6) for n in range(7)),
    ]


def test_a_second_import_of_a_complete_plate_does_nothing(job: ImportJob) -> None:
    import_plate(job, silent)
    before = everything(job.plate)
    report = import_plate(job, silent)
    assert everything(job.plate) == before
    assert report.n_pictures_now == 0
    assert report.images_per_s is None
    assert report.n_fields == 6


OTHERS: list[tuple[dict[str, object], str]] = [
    ({"pattern": "{well}_{field}_{channel}.{index}"}, "pattern"),
    ({"options": TableOptions(roles={"negative": "positive"})}, "table"),
    ({"wanted": Wanted("q", {"1": "GFP"})}, "design"),
    ({"wanted": Wanted("p", {"1": "RFP"})}, "design"),
]


@pytest.mark.parametrize("is_finished", [True, False])
@pytest.mark.parametrize(("change", "what"), OTHERS)
def test_another_import_does_not_go_on(job: ImportJob, change: dict[str, object], what: str, is_finished: bool) -> None:
    import_plate(job, silent)
    if not is_finished:
        (job.plate / "index.parquet").unlink()
    before = everything(job.plate)
    with pytest.raises(OutputError, match=f"begun by another import, with other .*{what}"):
        import_plate(replace(job, **change), silent)
    assert everything(job.plate) == before


def test_pictures_that_came_later_are_another_import(job: ImportJob) -> None:
    import_plate(job, silent)
    Image.fromarray(pixels("A03", 1, 1)).save(job.source / "A03_1_1.png")
    with pytest.raises(OutputError, match="other number of pictures, pictures"):
        import_plate(job, silent)


def test_a_folder_that_holds_something_else_is_left_alone(job: ImportJob) -> None:
    job.plate.mkdir()
    (job.plate / "thesis.txt").write_text("do not lose")
    with pytest.raises(OutputError, match="something else"):
        import_plate(job, silent)
    assert everything(job.plate) == {"thesis.txt": b"do not lose"}


def test_a_plate_of_other_origin_is_left_alone(job: ImportJob) -> None:
    import_plate(job, silent)
    (job.plate / RECORD_FILE).unlink()
    for is_finished in (True, False):
        if not is_finished:
            (job.plate / "index.parquet").unlink()
        with pytest.raises(OutputError, match="other origin"):
            import_plate(job, silent)


def test_two_imports_do_not_write_to_one_plate(job: ImportJob) -> None:
    import_plate(job, silent)
    (job.plate / "index.parquet").unlink()
    with (job.plate / RECORD_FILE).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(OutputError, match="Another import is writing"):
            import_plate(job, silent)
    import_plate(job, silent)


def test_a_picture_that_is_damaged_is_named_and_the_import_goes_on_once_it_is_mended(job: ImportJob) -> None:
    path = job.source / "A02_2_1.png"
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    with pytest.raises(DataError, match=r"1 of 6 fields .* 'A02_2_1\.png' is damaged: .*--skip-damaged"):
        import_plate(job, silent)
    assert not (job.plate / "index.parquet").exists()
    path.write_bytes(whole)
    report = import_plate(job, silent)
    assert report.n_pictures_now == 2
    np.testing.assert_array_equal(field(job, "A02", 1)[0], pixels("A02", 2, 1))


def test_damaged_fields_are_left_out_where_that_was_asked(job: ImportJob) -> None:
    path = job.source / "A02_2_1.png"
    path.write_bytes(path.read_bytes()[:-40])
    report = import_plate(replace(job, skip_damaged=True), silent)
    assert [(one.well, one.field, one.path) for one in report.damaged] == [("A02", 1, "A02_2_1.png")]
    assert report.n_pictures_now == 10
    assert not (job.plate / "A" / "2" / "1").exists()
    HCS.from_zarr(zarr.open_group(job.plate, mode="r"))
    for name in job.source.iterdir():
        name.write_bytes(name.read_bytes()[:-40])
    with pytest.raises(DataError, match="6 of 6 fields"):
        import_plate(replace(job, skip_damaged=True, plate=job.plate.with_name("none")), silent)


def test_a_picture_that_changes_while_it_is_imported_is_named(job: ImportJob) -> None:
    def change(what: str, n_done: int, n_all: int) -> None:
        if what == "writing fields" and n_done == 0:
            Image.fromarray(pixels("B03", 1, 1)[:4]).save(job.source / "B03_2_2.png")

    with pytest.raises(DataError, match=r"'B03_2_2\.png' is 4 x 5 uint16 now, and was 7 x 5 uint16"):
        import_plate(job, change)


def test_a_worker_that_is_killed_is_said_and_the_import_goes_on(
    job: ImportJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(what: str, n_done: int, n_all: int) -> None:
        for child in multiprocessing.active_children():
            os.kill(int(child.pid or 0), signal.SIGKILL)

    with monkeypatch.context() as patch:
        patch.setattr(workers, "FIELDS_WORTH_PROCESSES", 1)
        with pytest.raises(MachineError, match="fewer --workers"):
            import_plate(job, kill)
    import_plate(job, silent)


KILLED = """
import os, signal, sys
from pathlib import Path
from zoo_data_plates.importing import importing, plan, table, workers

def kill(what, n_done, n_all):
    if what == "writing fields" and n_done >= int(sys.argv[5]):
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    source, plate, wells, pattern = sys.argv[1:5]
    workers.FIELDS_WORTH_PROCESSES = int(sys.argv[6])
    wanted = plan.Wanted("p", {"1": "GFP"})
    job = importing.ImportJob(Path(source), Path(plate), pattern, Path(wells), wanted, table.TableOptions(), 2)
    importing.import_plate(job, kill)
"""


@pytest.mark.parametrize(("n_done", "fields_worth_processes"), [(0, 1000), (3, 1000), (2, 1)])
def test_an_import_that_was_killed_goes_on_to_the_same_plate(
    job: ImportJob, tmp_path: Path, n_done: int, fields_worth_processes: int
) -> None:
    whole = replace(job, plate=tmp_path / "whole")
    import_plate(whole, silent)
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    given = (job.source, job.plate, job.table, job.pattern, n_done, fields_worth_processes)
    # The output ends when the last process that holds it has ended: the workers too.
    ended = subprocess.run([sys.executable, script, *map(str, given)], capture_output=True, check=False, timeout=120)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert not (job.plate / "index.parquet").exists()
    n_written = len(list(job.plate.glob("[A-Z]/*/[0-9]/zarr.json")))
    assert n_written >= n_done
    report = import_plate(job, silent)
    assert report.n_pictures_now == 2 * (6 - n_written)
    assert everything(job.plate) == everything(whole.plate)


def test_a_kill_before_the_import_was_noted_is_no_hindrance(job: ImportJob) -> None:
    import_plate(job, silent)
    for path in job.plate.glob("*.parquet"):
        path.unlink()
    for path in job.plate.glob("[A-Z]/*/[0-9]"):
        shutil.rmtree(path)
    (job.plate / RECORD_FILE).unlink()
    assert import_plate(job, silent).n_pictures_now == 12


def test_mistakes_leave_nothing_behind(job: ImportJob) -> None:
    with pytest.raises(ConfigError):
        import_plate(replace(job, pattern="{site}"), silent)
    job.table.write_text("well\nA01\nA01\n")
    with pytest.raises(DataError, match="two rows for well A01"):
        import_plate(job, silent)
    assert not job.plate.exists()


def bbbc013(root: Path, plate: Path) -> ImportJob:
    options = TableOptions(
        columns={"control": "role", "dose_index": "concentration", "compound_inferred": "treatment"},
        roles={"-1": "negative", "1": "positive"},
        unit="index",
    )
    wanted = Wanted("BBBC013", {"1": "FKHR-GFP", "2": "DNA"})
    pattern = "Channel{channel}-{index}-{row}-{column}.png"
    return ImportJob(root / "images", plate, pattern, root / "platemap.csv", wanted, options, 2)


def test_bbbc013_is_imported_as_it_was_acquired(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    root = shared_data("hcs_bbbc013_plate")
    job = bbbc013(root, tmp_path / "plate")
    report: ImportReport = import_plate(job, silent)
    assert (report.n_pictures, report.n_fields, report.size) == (192, 96, (8, 12))
    assert (report.gaps.wells, report.gaps.rows, report.gaps.fields, dict(report.gaps.channels)) == ((), (), (), {})
    assert report.samples == {"0": 72}
    HCS.from_zarr(zarr.open_group(job.plate, mode="r"))
    wells = pd.read_parquet(job.plate / "wells.parquet").set_index("well")
    correlations: dict[str, list[float]] = {"negative": [], "positive": []}
    for record in pd.read_csv(root / "platemap.csv").to_dict("records"):
        image = field(job, record["well"], 0)
        for n in (1, 2):
            acquired = np.asarray(Image.open(root / "images" / record[f"channel{n}_png"]))
            np.testing.assert_array_equal(image[n - 1], acquired)
        role = wells["control_role"][record["well"]]
        if role in correlations:
            correlations[role].append(float(np.corrcoef(image[0].ravel(), image[1].ravel())[0, 1]))
    # The golden values of PROVENANCE.md.
    assert np.mean(correlations["negative"]) == pytest.approx(0.262, abs=5e-4)
    assert np.mean(correlations["positive"]) == pytest.approx(0.784, abs=5e-4)
    assert json.loads((job.plate / RECORD_FILE).read_text())["n_pictures"] == 192
